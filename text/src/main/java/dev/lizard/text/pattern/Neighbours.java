package dev.lizard.text.pattern;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/** Whether an expression, or an assertion in it, may ever look at two neighbours of a text together. */
final class Neighbours {
    private final Positions positions;
    private final Map<Node, Neighbours> bodies = new HashMap<>();

    Neighbours(Positions positions) {
        this.positions = positions;
        for (Node.Gate gate : positions.gates()) {
            bodies.computeIfAbsent(gate.body(), body -> new Neighbours(new Positions(body)));
        }
    }

    boolean meet(int left, int right) {
        return meetInside(left, right) || any(positions.askedFirst(), Neighbours::looksBack);
    }

    private interface Question {
        boolean of(Neighbours self, Node.Gate gate);
    }

    private boolean any(BitSet gates, Question question) {
        return gates.stream().anyMatch(g -> question.of(this, positions.gates().get(g)));
    }

    private Neighbours body(Node.Gate gate) {
        Neighbours body = bodies.get(gate.body());
        if (body == null) {
            throw new IllegalStateException("an assertion of another expression");
        }
        return body;
    }

    /** What is asked behind {@code left} sees {@code right} too, and so does an assertion that reads across. */
    private boolean meetInside(int left, int right) {
        for (int p = 0; p < positions.count(); p++) {
            if (positions.set(p).has(left)
                    && (readsNext(positions.follow(p), right)
                            || any(positions.asked(p), (self, gate) -> self.sees(gate, right)))) {
                return true;
            }
        }
        return positions.gates().stream()
                .anyMatch(
                        gate -> gate.sight() == Node.Sight.BEHIND || body(gate).meetInside(left, right));
    }

    private boolean readsNext(BitSet next, int right) {
        return next.stream().anyMatch(p -> positions.set(p).has(right));
    }

    /** Whether the answer of {@code gate} may depend on {@code right}, which follows. */
    private boolean sees(Node.Gate gate, int right) {
        return switch (gate.sight()) {
            case AHEAD -> body(gate).beginsWith(right);
            case BEHIND, END, AROUND -> true;
        };
    }

    private boolean beginsWith(int right) {
        return readsNext(positions.first(), right)
                || any(positions.askedFirst(), (self, gate) -> self.sees(gate, right));
    }

    /** Whether the answer of {@code gate}, asked where a match begins, may depend on what stands before it. */
    private boolean looksBack(Node.Gate gate) {
        return switch (gate.sight()) {
            case AHEAD -> {
                Neighbours body = body(gate);
                yield body.any(body.positions.askedFirst(), Neighbours::looksBack);
            }
            case END -> false;
            case BEHIND, AROUND -> true;
        };
    }
}
