package dev.lizard.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.Interrupt;
import dev.lizard.base.LizardException;
import java.lang.management.ManagementFactory;
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
        refused("{% extends 'x' %}", "line 1", "the statement 'extends'");
        refused("{% import 'x' as x %}", "line 1", "the statement 'import'");
        refused("{% block b %}{% endblock %}", "line 1", "the statement 'block'");
        refused("\n\n{{ x | tojosn }}", "line 3", "the filter 'tojosn'", "did you mean 'tojson'?");
        refused("{{ 'a b' | wordwrap(1) }}", "line 1", "the filter 'wordwrap'");
        refused("{% if x %}\n{% elif x is definde %}{% endif %}", "line 2", "the test 'definde'", "'defined'");
        refused("{# one\ntwo #}\n{{ lipsum() }}", "line 3", "the function 'lipsum'");
        refused("{{ 'a'.encode() }}", "line 1", "'encode' of a string");
        refused("{{ [].append(1) }}", "line 1", "'append' of a list");
        refused("{{ strftime_now('%Q') }}", "line 1", "'%Q'");
        assertThat(Template.parse("{% if x %}{{ 1 | tojosn }}{% endif %}", NOON).render(Map.of()))
                .isEmpty();
    }

    @Test
    void argumentsThatAreNotUnderstoodAreNamed() {
        refused("{{ [] | sort(revers=true) }}", "the filter 'sort' has no argument 'revers'", "'reverse'");
        refused("\n{{ 'a' | replace('a', 'b', cnt=1) }}", "line 2", "'replace' has no argument 'cnt'", "'count'");
        refused("{{ 'a' | replace('a') }}", "the filter 'replace' needs the argument 'new'");
        refused("{{ 'a' | upper(1) }}", "the filter 'upper' takes at most 0 arguments, not 1");
        refused("{{ 'a'.split(',', separator=1) }}", "the method 'split' has no argument 'separator'");
        refused("{{ 'a'.strip(chars='a') }}", "the method 'strip' has no argument 'chars'");
        refused("{{ 'a' | trim('a', chars='b') }}", "the filter 'trim' is given 'chars' twice");
        refused("{{ [1] | map(attribute='a', defualt=1) | list }}", "the filter 'map' has no argument 'defualt'");
        refused("{{ 1 is divisibleby(n=2) }}", "the test 'divisibleby' has no argument 'n'");
        refused("{{ range(stop=2) }}", "the function 'range' has no argument 'stop'");
        refused("{{ [1] | tojson(indnt=2) }}", "the filter 'tojson' has no argument 'indnt'", "'indent'");
        refused("{% macro m(a) %}{% endmacro %}{{ m(b=1) }}", "the macro 'm' has no argument 'b'");
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
        refused("{{ " + "9".repeat(2_000) + " }}", "line 1", "too large");
        refused("{{ '\\uZZZZ' }}", "line 1", "bad escape");
        refused("{{ " + "(".repeat(5_000) + " }}", "line 1", "nested");
        refused("{{ " + "-".repeat(200_000) + "1 }}", "line 1", "nested more than 200 deep");
        refused("{{ 1" + "+1".repeat(200_000) + " }}", "nest too deep");
        refused("{{ raise_exception('a\\nb') }}", "conversation: a\\nb;");
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
        refused("{{ namespace() | tojson }}", "line 1", "tojson cannot write a namespace");
    }

    @Test
    void whatCostsTooMuchIsRefusedInTime() {
        String tooMany = "more than 2000\\d+ steps";
        String tooLong = "longer than \\d+ characters";
        costly("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}", tooMany);
        costly("{% macro m(n) %}{{ m(n+1) if n < 90 }}{{ m(n+1) if n < 90 }}{% endmacro %}{{ m(0) }}", tooMany);
        costly("{% for a in [1] * 1000000000 %}{% endfor %}", tooMany);
        costly(
                "{% set l = [1] * 100000 %}{% for a in l %}{{ l | sort | unique | list | length }}{% endfor %}",
                tooMany);
        costly("{% for a in range(99999) %}{{ a in range(99999) }}{% endfor %}", "more than 2\\d+ steps");
        costly("{{ range(3) | batch(1000000000, 'x') | list }}", tooMany);
        costly("{{ range(3) | slice(1000000000) | list }}", tooMany);
        String doubled = "{% set ns = namespace(x='aaaaaaaaaaaaaaaa') %}{% for i in range(40) %}{% set ns.x = ";
        costly(doubled + "ns.x ~ ns.x %}{% endfor %}{{ ns.x }}", tooLong);
        costly(doubled + "ns.x + ns.x %}{% endfor %}{{ ns.x }}", tooLong);
        costly(doubled + "ns.x | replace('a', 'aaaa') %}{% endfor %}", tooLong);
        costly(doubled + "ns.x | replace('', ns.x) %}{% endfor %}", tooLong);
        costly(doubled + "[ns.x, ns.x] | join %}{% endfor %}", tooLong);
        costly(doubled + "[ns.x, ns.x] %}{% endfor %}{{ ns.x }}", tooLong);
        costly(doubled + "'%s%s' | format(ns.x, ns.x) %}{% endfor %}", tooLong);
        costly(doubled + "'{0}{0}'.format(ns.x) %}{% endfor %}", tooLong);
        costly("{{ 'abcdefgh' * 1000000000 }}", tooLong);
        costly("{{ 'a\nb' | indent(2000000000) }}", tooLong);
        costly("{{ [1, [2]] | tojson(indent=100000000) }}", tooLong);
        costly("{{ 'a' | center(2000000000) }}", tooLong);
        costly("{{ '%1000000000d' | format(1) }}", tooLong);
        costly("{{ '%.1000000000d' | format(1) }}", tooLong);
        costly("{{ '{:1000000000}'.format(1) }}", "longer than");
        costly("{{ 'a'.zfill(99999999999999999999) }}", tooLong);
        costly("{{ '\t'.expandtabs(1000000000) }}", tooLong);
        costly("{{ 'a'.ljust(1000000000) }}", tooLong);
        costly("{% for i in range(100000) %}{{ 'a' * 10000 }}{% endfor %}", tooLong);
        costly("{% set x = 'a' * 10000000 %}{% for i in range(100000) %}{{ 'b' in x }}{% endfor %}", tooMany);
        costly(
                "{% set x = 'a' * 10000000 %}{% for i in range(100000) %}{% set y = x.upper() %}{% endfor %}",
                "on the way");
        costly("{{ 9 ** 99999999999 }}", "an integer of more than");
        costly(
                "{% set ns = namespace(x=3) %}{% for i in range(100) %}{% set ns.x = ns.x * ns.x %}{% endfor %}",
                "bits");
        costly("{{ '%.999999999f' | format(1.5) }}", "places");
        costly("{% set ns = namespace() %}{% set ns.x = [ns] %}{{ ns }}", "nest too deep");
        costly("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", "nest too deep");
    }

    private static void costly(String source, String problem) {
        long start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        assertThatThrownBy(() -> Template.parse(source, NOON).render(Map.of()))
                .isInstanceOf(LizardException.class)
                .hasMessageStartingWith("chat template")
                .hasMessageFindingMatch(problem);
        long spent = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - start;
        assertThat(spent).as(source).isLessThan(5_000_000_000L);
    }

    @Test
    void anInterruptEndsARendering() {
        Interrupt interrupt = new Interrupt();
        interrupt.request();
        String source = "{% for a in range(100000) %}{{ a }}{% endfor %}";
        assertThatThrownBy(() -> Template.parse(source, NOON).write(Map.of(), interrupt))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.INTERRUPTED));
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
                assertThat(refused).hasMessageStartingWith("chat template").hasMessageNotContaining("\n");
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
