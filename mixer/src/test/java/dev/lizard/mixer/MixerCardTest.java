package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.node.ObjectNode;

class MixerCardTest {
    private static final HeadDims DIMS = new HeadDims(576, 9, 3, 64);
    private static final long TOKENS = 777;

    static List<MixerCard> cards() {
        return MixerSpecs.cards();
    }

    @Test
    void everyMixerHasACard() {
        assertThat(cards()).extracting(MixerCard::name).isEqualTo(MixerSpecs.names());
        assertThat(cards()).allSatisfy(card -> assertThat(card.source()).isNotBlank());
    }

    /** As published, and with first tokens. */
    @ParameterizedTest
    @MethodSource("cards")
    void itsExpressionIsTheNumberOfNumbers(MixerCard card) {
        ObjectNode node = Json.object().put("mixer", card.name());
        compare(card, node);
        if (card.firstTokens()) {
            compare(card, node.put("first", 5));
        }
    }

    private static void compare(MixerCard card, ObjectNode node) {
        MixerSpec spec = MixerSpecs.read(node, DIMS, "test");
        Map<String, Object> keys = spec.keys();
        long window = number(keys, "window");
        long first = number(keys, "first");
        Map<Character, Long> values = new HashMap<>(Map.of('H', 9L, 'G', 3L, 'd', 64L, 'T', TOKENS));
        values.put('w', window);
        values.put('m', first);
        values.put('n', first + window == 0 ? 0 : first + Math.max(1, window));
        values.put('N', number(keys, "state"));
        values.put('s', number(keys, "slots"));
        values.put('f', number(keys, "features"));
        values.put('p', number(keys, "features"));
        assertThat(new Expression(card.state().replace(" ", ""), values).sum())
                .as("%s", spec)
                .isEqualTo(spec.stateNumbers(DIMS, TOKENS));
    }

    private static long number(Map<String, Object> keys, String key) {
        return keys.get(key) instanceof Integer number ? number : 0;
    }

    /** Sums of products of letters, numbers and brackets. */
    private static final class Expression {
        private final String text;
        private final Map<Character, Long> values;
        private int at;

        Expression(String text, Map<Character, Long> values) {
            this.text = text;
            this.values = values;
        }

        long sum() {
            long sum = product();
            while (at < text.length() && text.charAt(at) == '+') {
                at++;
                sum += product();
            }
            return sum;
        }

        private long product() {
            long product = factor();
            while (at < text.length() && "*/".indexOf(text.charAt(at)) >= 0) {
                boolean times = text.charAt(at++) == '*';
                product = times ? product * factor() : product / factor();
            }
            return product;
        }

        private long factor() {
            char first = text.charAt(at++);
            if (first == '(') {
                long inner = sum();
                at++;
                return inner;
            }
            return Character.isDigit(first) ? first - '0' : values.get(first);
        }
    }
}
