package dev.lizard.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TemplateErrorTest {
    private static final Clock NOON = Clock.fixed(Instant.parse("2024-07-06T12:34:56Z"), ZoneOffset.UTC);

    @Test
    void whatIsNotSupportedIsNamedWithItsLine() {
        refused("a\n{% include 'x' %}", "line 2", "the statement 'include'");
        refused("\n\n{{ x | tojosn }}", "line 3", "the filter 'tojosn'", "did you mean 'tojson'?");
        refused("{% if x %}\n{% elif x is definde %}{% endif %}", "line 2", "the test 'definde'", "'defined'");
        refused("{% for x in y recursive %}{% endfor %}", "line 1", "a recursive loop");
        refused("{{ 2 ** 3 }}", "line 1", "'**'");
        refused("{{ f(*x) }}", "line 1", "'*'");
        refused("{% set x | upper %}{% endset %}", "line 1", "'set'");
        refused("{# one\ntwo #}\n{{ lipsum() }}", "line 3", "the function 'lipsum'");
        refused("{{ 'a'.format(1) }}", "line 1", "'format' of a string");
        refused("{{ strftime_now('%Z') }}", "line 1", "'%Z'");
    }

    @Test
    void whatIsMalformedIsNamedWithItsLine() {
        refused("\n{% if x %}", "line 2", "'if' is never closed");
        refused("{% endif %}", "line 1", "'endif' without its beginning");
        refused("a\n{{ x", "line 2", "never closed with '}}'");
        refused("{{ 'x }}", "line 1", "a string is never closed");
        refused("{# x", "line 1", "a comment is never closed");
        refused("{{ x y }}", "line 1", "expected '}}' but found 'y'");
        refused("{{ }}", "line 1", "expected an expression but found '}}'");
        refused("{{ a ? b }}", "line 1", "unexpected character '?'");
        refused("{% for x y %}{% endfor %}", "line 1", "expected 'in' but found 'y'");
        refused("{% break %}", "line 1", "outside of a loop");
        refused("{{ 99999999999999999999 }}", "line 1", "too large");
        refused("{{ '\\uZZZZ' }}", "line 1", "bad escape");
        refused("{{ " + "(".repeat(5_000) + " }}", "line 1", "nested");
        refused("{{ " + "-".repeat(200_000) + "1 }}", "nest too deep");
        refused("{{ 1" + "+1".repeat(200_000) + " }}", "nest too deep");
        refused("{{ raise_exception('a\\nb') }}", "conversation: a b;");
        refused("{% if x %}".repeat(5_000), "line 1", "nesting");
    }

    @Test
    void whatFailsWhileRenderingIsNamedWithItsLine() {
        refused("{% set x = 1 %}\n{{ x +\n 'a' }}", "line 2", "an integer + a string");
        refused("\n{{ missing.key }}", "line 2", "'missing' is undefined, so it has no 'key'");
        refused("{{ raise_exception('not so') }}", "line 1", "refuses the conversation: not so");
        refused("{% for x in 5 %}{% endfor %}", "line 1", "an integer has no items");
        refused("{% set a, b = [1] %}", "line 1", "2 names", "1 values");
        refused("{% set x.y = 1 %}", "line 1", "'x' is no namespace");
        refused("{% macro m() %}{{ m() }}{% endmacro %}\n{{ m() }}", "line 1", "calls itself too often");
        refused("{{ range(1000000000) }}", "line 1", "a range of more than");
        refused("{{ 'abcdefgh' * 1000000000 }}", "line 1", "too long");
        refused("{{ namespace() | tojson }}", "line 1", "tojson cannot write a namespace");
    }

    @Test
    void datesAreWrittenAsStrftimeDoes() {
        String source = "{{ strftime_now('%d %b %Y|%A %B %m %y %H:%M:%S %j 100%%') }}";
        assertThat(Template.parse(source, NOON).render(Map.of()))
                .isEqualTo("06 Jul 2024|Saturday July 07 24 12:34:56 188 100%");
    }

    @Test
    void longTemplatesAndInputsAreRendered() {
        String text = "x\ud83e\udd16\n".repeat(200_000);
        assertThat(Template.parse("{{ t }}" + "{% if a %}\n{{ a }}{% endif %}".repeat(5_000), NOON)
                        .render(Map.of("t", text)))
                .isEqualTo(text);
        assertThat(Template.parse("", NOON).render(Map.of())).isEmpty();
    }

    @Test
    void anyGarbageIsRenderedOrRefusedInOneLine() {
        String[] parts = {
            "{{",
            "}}",
            "{%",
            "%}",
            "{#",
            "#}",
            "-",
            " ",
            "\n",
            "'",
            "\"",
            "if",
            "endif",
            "for",
            "x",
            "in",
            "set",
            "=",
            "(",
            ")",
            "[",
            "]",
            ".",
            "|",
            "trim",
            "is",
            "defined",
            "1",
            "+",
            "~",
            ":",
            ",",
            "{",
            "}",
            "not",
            "else",
            "\\",
            "macro",
            "endfor",
            "endset",
            "loop",
            "messages",
            "and",
            "%",
            "*"
        };
        Random random = new Random(seed());
        int rendered = 0;
        for (int round = 0; round < 20_000; round++) {
            StringBuilder source = new StringBuilder();
            for (int i = random.nextInt(14); i >= 0; i--) {
                source.append(parts[random.nextInt(parts.length)]).append(random.nextBoolean() ? " " : "");
            }
            try {
                Template.parse(source.toString(), NOON).render(Map.of("x", "y"));
                rendered++;
            } catch (LizardException refused) {
                assertThat(refused)
                        .hasMessageStartingWith("chat template, line ")
                        .hasMessageNotContaining("\n");
            }
        }
        assertThat(rendered).isBetween(100, 19_900);
    }

    private static long seed() {
        long seed = Long.getLong("lizard.seed", new Random().nextLong());
        System.out.println("repeat with -Dlizard.seed=" + seed);
        return seed;
    }

    private static void refused(String source, String... parts) {
        assertThatThrownBy(() -> Template.parse(source, NOON).render(Map.of()))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.INPUT))
                .hasMessageStartingWith("chat template")
                .hasMessageContainingAll(parts);
    }
}
