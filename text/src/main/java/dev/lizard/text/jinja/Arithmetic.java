package dev.lizard.text.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** The operators on two values. */
final class Arithmetic {
    private Arithmetic() {}

    static Value of(String sign, Value left, Value right, int line, Budget budget) {
        if (!sign.equals("~") && Values.isNumber(left) && Values.isNumber(right)) {
            return numbers(sign, left, right, line);
        }
        return switch (sign) {
            case "~" ->
                Value.of(new TextBuilder(budget)
                        .append(Repr.text(left, budget))
                        .append(Repr.text(right, budget))
                        .build());
            case "+" -> sum(left, right, line, budget);
            case "*" ->
                Values.isNumber(left) ? repeated(right, left, line, budget) : repeated(left, right, line, budget);
            case "%" -> {
                if (!(left instanceof Value.Str(Text format, boolean safe))) {
                    throw cannot(sign, left, right, line);
                }
                yield new Value.Str(PercentFormat.format(format, right, line, budget), safe);
            }
            default -> throw cannot(sign, left, right, line);
        };
    }

    private static RuntimeException cannot(String sign, Value left, Value right, int line) {
        return TemplateError.at(line, "cannot compute %s %s %s".formatted(Values.type(left), sign, Values.type(right)));
    }

    private static Value sum(Value left, Value right, int line, Budget budget) {
        if (left instanceof Value.Str(Text a, boolean safeA) && right instanceof Value.Str(Text b, boolean safeB)) {
            // What is safe stays so: the other side is escaped.
            Text first = safeB && !safeA ? PythonText.escaped(a, budget) : a;
            Text second = safeA && !safeB ? PythonText.escaped(b, budget) : b;
            return new Value.Str(
                    new TextBuilder(budget).append(first).append(second).build(), safeA || safeB);
        }
        if (left instanceof Value.Seq(List<Value> a, Value.Seq.Kind kindA)
                && right instanceof Value.Seq(List<Value> b, Value.Seq.Kind kindB)) {
            boolean lists = kindA == Value.Seq.Kind.LIST && kindB == Value.Seq.Kind.LIST;
            if (lists || (kindA.isTuple() && kindB.isTuple())) {
                budget.step((long) a.size() + b.size());
                List<Value> both = new ArrayList<>(a);
                both.addAll(b);
                return new Value.Seq(both, lists ? Value.Seq.Kind.LIST : Value.Seq.Kind.TUPLE);
            }
        }
        throw cannot("+", left, right, line);
    }

    private static Value repeated(Value of, Value count, int line, Budget budget) {
        if (!(count instanceof Value.Int) && !(count instanceof Value.Bool)) {
            throw cannot("*", of, count, line);
        }
        long times = Math.max(Values.whole(count, "*", line), 0);
        if (of instanceof Value.Str(Text text, boolean safe)) {
            return new Value.Str(new TextBuilder(budget).repeat(text, times).build(), safe);
        }
        if (of instanceof Value.Seq(List<Value> items, Value.Seq.Kind kind)
                && (kind == Value.Seq.Kind.LIST || kind.isTuple())) {
            if (Math.multiplyHigh(items.size(), times) != 0 || items.size() * times < 0) {
                throw TemplateError.beyond("a list repeated %d times".formatted(times));
            }
            budget.step(items.size() * times);
            List<Value> all = new ArrayList<>();
            for (long i = 0; i < times && !items.isEmpty(); i++) {
                all.addAll(items);
            }
            return new Value.Seq(all, kind == Value.Seq.Kind.LIST ? kind : Value.Seq.Kind.TUPLE);
        }
        throw cannot("*", of, count, line);
    }

    private static Value numbers(String sign, Value left, Value right, int line) {
        boolean whole = !(left instanceof Value.Real) && !(right instanceof Value.Real);
        if ("/ // %".contains(sign) && Numbers.real(right) == 0) {
            throw TemplateError.at(line, "division by zero");
        }
        if (whole && !sign.equals("/")) {
            BigInteger a = Numbers.whole(left);
            BigInteger b = Numbers.whole(right);
            if (sign.equals("**") && b.signum() < 0) {
                return power(a.doubleValue(), b.doubleValue(), line);
            }
            return whole(sign, a, b, line);
        }
        double a = Numbers.real(left);
        double b = Numbers.real(right);
        return switch (sign) {
            case "+" -> new Value.Real(a + b);
            case "-" -> new Value.Real(a - b);
            case "*" -> new Value.Real(a * b);
            case "/" -> new Value.Real(a / b);
            case "//" -> new Value.Real(Math.floor((a - modulo(a, b)) / b + 0.25));
            case "%" -> new Value.Real(modulo(a, b));
            case "**" -> power(a, b, line);
            default -> throw new IllegalArgumentException(sign);
        };
    }

    private static double modulo(double a, double b) {
        double rest = a % b;
        return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest == 0 ? Math.copySign(0, b) : rest;
    }

    private static Value power(double a, double b, int line) {
        double power = Math.pow(a, b);
        if ((a == 0 && b < 0) || (Double.isInfinite(power) && Double.isFinite(a) && Double.isFinite(b))) {
            throw TemplateError.at(line, "a power beyond all numbers");
        }
        if (a < 0 && Double.isNaN(power)) {
            throw TemplateError.unsupported(line, "a complex number");
        }
        return new Value.Real(power);
    }

    private static Value whole(String sign, BigInteger a, BigInteger b, int line) {
        long bits = switch (sign) {
            case "*" -> (long) a.bitLength() + b.bitLength();
            case "**" -> a.bitLength() <= 1 ? 1 : b.bitLength() > 31 ? Long.MAX_VALUE : a.bitLength() * b.longValue();
            default -> Math.max(a.bitLength(), b.bitLength());
        };
        if (bits > Numbers.MOST_BITS) {
            throw TemplateError.at(line, "an integer of more than %d bits".formatted(Numbers.MOST_BITS));
        }
        return new Value.Int(
                switch (sign) {
                    case "+" -> a.add(b);
                    case "-" -> a.subtract(b);
                    case "*" -> a.multiply(b);
                    case "//" -> {
                        BigInteger[] parts = a.divideAndRemainder(b);
                        boolean below = parts[1].signum() != 0 && parts[1].signum() != b.signum();
                        yield below ? parts[0].subtract(BigInteger.ONE) : parts[0];
                    }
                    case "%" -> {
                        BigInteger rest = a.mod(b.abs());
                        yield b.signum() < 0 && rest.signum() != 0 ? rest.add(b) : rest;
                    }
                    case "**" -> power(a, b);
                    default -> throw new IllegalArgumentException(sign);
                });
    }

    private static BigInteger power(BigInteger a, BigInteger b) {
        return a.bitLength() <= 1 && b.bitLength() > 31
                // Only 0, 1, -1 and -2 get here with such an exponent.
                ? a.signum() == 0 ? a : b.testBit(0) ? a : BigInteger.ONE
                : a.pow(b.intValueExact());
    }
}
