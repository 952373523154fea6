package dev.lizard.text.synthetic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.RandomStream;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FactTest {
    @Test
    void factsAreSaidInManyWaysAndTheAnswerStandsInTheStatement() {
        RandomStream random = new RandomStream(4);
        Set<String> forms = new HashSet<>();
        for (int i = 0; i < 2000; i++) {
            Fact fact = Fact.invented(random);
            String[] words = fact.asked().replaceAll("[.]$", "").split(" ");
            String answer = words[words.length - 1];
            assertThat(fact.stated()).contains(answer).isNotEqualTo(fact.asked());
            forms.add(fact.stated().replace(answer, "#").replaceAll("[A-Z][a-z]+", "@"));
        }
        assertThat(Fact.wordings()).isGreaterThanOrEqualTo(20);
        assertThat(forms).hasSizeGreaterThanOrEqualTo(20);
    }
}
