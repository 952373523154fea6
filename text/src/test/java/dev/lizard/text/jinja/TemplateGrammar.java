package dev.lizard.text.jinja;

import java.util.List;
import java.util.SplittableRandom;

/** Random templates, mostly well-formed, of all that the language has and some that it has not. */
record TemplateGrammar(SplittableRandom random) {
    static final List<String> NAMES = List.of(
            "messages",
            "tools",
            "bos_token",
            "add_generation_prompt",
            "message",
            "ns",
            "loop",
            "x",
            "y",
            "nothing",
            "undefined_name",
            "numbers",
            "words");

    static final List<String> FILTERS = List.of(
            "trim",
            "upper",
            "length",
            "join(',')",
            "tojson",
            "tojson(indent=2)",
            "first",
            "last",
            "list",
            "string",
            "int",
            "float",
            "default('d')",
            "default('d', true)",
            "replace('a', 'b')",
            "selectattr('role', 'equalto', x)",
            "map(attribute='role')",
            "rejectattr('role')",
            "dictsort",
            "items",
            "reverse",
            "sort",
            "unique",
            "sum",
            "indent(4)",
            "indent(2, true)",
            "batch(2)",
            "slice(3)",
            "groupby('role')",
            "safe",
            "e",
            "capitalize",
            "title",
            "min",
            "max",
            "abs",
            "round(1)",
            "wordcount",
            "truncate(5)",
            "center(20)",
            "format(1)",
            "nosuch");

    static final List<String> CALLS = List.of(
            "split()",
            "split(',')",
            "strip()",
            "lstrip('x')",
            "startswith('a')",
            "endswith(('a', 'b'))",
            "items()",
            "get('role')",
            "get('x', 1)",
            "keys()",
            "values()",
            "upper()",
            "title()",
            "replace('a', 'b')",
            "rsplit('-', 1)",
            "append(1)",
            "nosuch()",
            "join(words)",
            "format(1)",
            "find('a')",
            "count('a')",
            "zfill(9)");

    static final List<String> OPERATORS = List.of(
            "+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", ">=", "and", "or", "in", "not in", "is", "|");

    static final List<String> TESTS = List.of(
            "defined",
            "none",
            "string",
            "mapping",
            "iterable",
            "sequence",
            "number",
            "odd",
            "divisibleby 3",
            "true",
            "equalto 1",
            "in [1, 2]",
            "not defined",
            "nosuch");

    String template() {
        StringBuilder out = new StringBuilder();
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
            out.append(statement(3));
        }
        return out.toString();
    }

    private String statement(int depth) {
        String dash = random.nextInt(4) == 0 ? "-" : "";
        String inner = depth == 0 ? "text\n" : statement(depth - 1);
        return switch (random.nextInt(12)) {
            case 0 -> "{%" + dash + " for x in " + expression(2) + " %}" + inner + "{% endfor " + dash + "%}";
            case 1 -> "{% for x, y in " + expression(2) + " if x %}" + inner + "{% else %}-{% endfor %}";
            case 2 -> "{% if " + expression(2) + dash + " %}" + inner + "{% elif x %}1{% else %}2{% endif %}";
            case 3 -> "{% set x = " + expression(3) + " %}";
            case 4 -> "{% set ns.a = " + expression(2) + " %}{% set ns = namespace(a=1) %}";
            case 5 -> "{% macro m(x, y=1) %}" + inner + "{% endmacro %}{{ m(" + expression(1) + ") }}";
            case 6 -> "{# " + inner + " #}";
            case 7 -> "{% raw %}" + inner + "{% endraw %}";
            case 8 -> "{% filter upper %}" + inner + "{% endfilter %}{% set b %}" + inner + "{% endset %}";
            case 9 -> "{% with x = " + expression(1) + " %}" + inner + "{% endwith %}{% break %}";
            case 10 -> "{% call m(1) %}" + inner + "{% endcall %}{% generation %}a{% endgeneration %}";
            default -> "{{" + dash + " " + expression(3) + " }}";
        };
    }

    String expression(int depth) {
        if (depth == 0) {
            return atom();
        }
        String left = expression(depth - 1);
        return switch (random.nextInt(11)) {
            case 0 -> left + " " + any(OPERATORS) + " " + expression(depth - 1);
            case 1 -> left + " | " + any(FILTERS);
            case 2 -> left + "." + any(CALLS);
            case 3 -> left + " is " + any(TESTS);
            case 4 -> left + "[" + expression(depth - 1) + "]";
            case 5 -> left + "[" + atom() + ":" + atom() + ":" + (random.nextInt(5) - 2) + "]";
            case 6 -> "(" + left + " if " + expression(depth - 1) + " else " + atom() + ")";
            case 7 -> "[" + left + ", " + atom() + "]";
            case 8 -> "{'a': " + left + ", " + atom() + ": 2}";
            case 9 -> "not " + left;
            default -> left;
        };
    }

    private String atom() {
        return switch (random.nextInt(10)) {
            case 0 -> Long.toString(random.nextInt(5));
            case 1 -> Long.toString(1L << random.nextInt(63));
            case 2 -> "'a b'";
            case 3 -> "1.5e3";
            case 4 -> "range(" + random.nextInt(2000) + ")";
            case 5 -> "none";
            case 6 -> "'x' * " + random.nextInt(100_000);
            default -> any(NAMES);
        };
    }

    private String any(List<String> of) {
        return of.get(random.nextInt(of.size()));
    }
}
