package dev.lizard.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.util.ArrayList;
import java.util.Set;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class RopeConfigTest {
    private static RopeConfig read(String text) {
        ObjectNode node = (ObjectNode) Json.parse(text, "c.json", LizardException.Kind.INPUT);
        return new RopeKeys(new ConfigKeys(node, "c.json"), 4096, 64, Set.of(RopeKeys.FULL), new ArrayList<>()).read();
    }

    @Test
    void bothSpellingsMeanTheSame() {
        RopeConfig old = read("{\"rope_theta\": 5e5, \"rope_scaling\": {\"type\": \"linear\", \"factor\": 4}}");
        RopeConfig newer = read("{\"rope_theta\": 5e5, \"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 4}}");
        RopeConfig five =
                read("{\"rope_parameters\": {\"rope_theta\": 5e5, \"rope_type\": \"linear\", \"factor\": 4.0}}");
        assertThat(old).isEqualTo(newer).isEqualTo(five);
        assertThat(old.frequencies(64)[3]).isEqualTo(Math.pow(5e5, -6.0 / 64) / 4);
        assertThat(read("{}")).isEqualTo(new RopeConfig(10_000, new RopeScaling.None()));
        assertThat(read("{\"rope_scaling\": null}").frequencies(64)[0]).isEqualTo(1);
    }

    @Test
    void llama3KeepsShortWavesAndSlowsLongOnes() {
        RopeConfig rope = read("""
            {"rope_theta": 500000.0, "rope_scaling": {"rope_type": "llama3", "factor": 32.0,
             "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}}\
            """);
        double[] plain = read("{\"rope_theta\": 500000.0}").frequencies(64);
        double[] scaled = rope.frequencies(64);
        assertThat(scaled[0]).isEqualTo(plain[0]);
        assertThat(scaled[31]).isEqualTo(plain[31] / 32);
        int blended = 16; // a wave of 4,442 tokens, between 8192 / 4 and 8192 / 1
        double wave = 2 * Math.PI / plain[blended];
        double share = (8192 / wave - 1) / 3;
        assertThat(scaled[blended])
                .isCloseTo((1 - share) * plain[blended] / 32 + share * plain[blended], Offset.offset(1e-12));
    }

    @Test
    void yarnRampsBetweenKeptAndSlowed() {
        RopeConfig rope = read("""
            {"rope_theta": 10000.0, "rope_scaling": {"rope_type": "yarn", "factor": 4.0,
             "original_max_position_embeddings": 1024}}\
            """);
        assertThat(rope.scaling()).isEqualTo(new RopeScaling.Yarn(4, 1024, 32, 1, 0.1 * Math.log(4) + 1, true));
        double[] plain = read("{}").frequencies(64);
        double[] scaled = rope.frequencies(64);
        // Pair 5.65 turns 32 times in 1,024 tokens and pair 17.69 once: a ramp from 5 to 18.
        for (int i = 0; i < 32; i++) {
            double slowed = Math.clamp((i - 5) / 13.0, 0.0, 1.0);
            assertThat(scaled[i])
                    .as("pair %d", i)
                    .isCloseTo((1 - slowed) * plain[i] + slowed * plain[i] / 4, Offset.offset(1e-12));
        }
    }

    @Test
    void storedFactorsDivide() {
        StringBuilder text = new StringBuilder("{\"rope_scaling\": {\"rope_type\": \"factors\", \"factors\": [2");
        text.append(", 1".repeat(31)).append("]}}");
        double[] scaled = read(text.toString()).frequencies(64);
        assertThat(scaled[0]).isEqualTo(0.5);
        assertThat(scaled[1]).isEqualTo(Math.pow(10_000, -2.0 / 64));
    }
}
