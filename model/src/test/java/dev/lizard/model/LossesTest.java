package dev.lizard.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.mixer.Form;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LiveTensors.class)
class LossesTest {
    private static final List<String> LEAVES =
            List.of("model.embed_tokens.weight", "model.layers.0.self_attn.k_proj.weight", "model.norm.weight");

    private static Tensor targets() {
        Tensor targets = TinyModels.ids(5, 2, 7, 50);
        targets.narrow(1, 2, 2).fill_(Losses.IGNORE_INDEX);
        return targets;
    }

    @Test
    void chunkedLossAndGradientsAreThoseOfPlainCrossEntropy() {
        try (Decoder decoder = TinyModels.random(TinyModels.config(Family.LLAMA), DType.FLOAT64)) {
            LEAVES.forEach(name ->
                    decoder.bind(name, decoder.weights().get(name).copy().requiresGrad(true)));
            Tensor ids = TinyModels.ids(4, 2, 7, 50);
            Tensor loss = decoder.logits(decoder.hidden(ids, Form.CHUNK))
                    .reshape(14, 50)
                    .crossEntropy(targets().reshape(14));
            loss.backward();
            List<Tensor> expected = takeGradients(decoder);
            for (int rows : new int[] {1, 3, 7, 100}) {
                Tensor chunked = Losses.nextToken(decoder, decoder.hidden(ids, Form.CHUNK), targets(), rows, 0.5);
                assertThat(Math.abs(chunked.item() - loss.item())).isLessThan(1e-6);
                List<Tensor> actual = takeGradients(decoder);
                for (int i = 0; i < LEAVES.size(); i++) {
                    assertThat(Shared.relative(actual.get(i).mul(2), expected.get(i)))
                            .as("%s with %d rows", LEAVES.get(i), rows)
                            .isLessThan(1e-7);
                }
            }
        }
    }

    private static List<Tensor> takeGradients(Decoder decoder) {
        List<Tensor> gradients = new ArrayList<>();
        for (String name : LEAVES) {
            Tensor gradient = decoder.weights().get(name).grad();
            gradients.add(gradient.copy());
            gradient.zero_();
        }
        return gradients;
    }

    @Test
    void nothingCountsNothingLost() {
        try (Decoder decoder = TinyModels.random(TinyModels.config(Family.LLAMA), DType.BFLOAT16);
                Scope work = Scope.open()) {
            Tensor ids = TinyModels.ids(4, 1, 3, 50);
            Tensor none = Tensors.of(new long[] {-100, -100, -100}, 1, 3);
            Tensor hidden = decoder.hidden(ids, Form.CHUNK);
            long before = work.size();
            assertThat(Losses.nextToken(decoder, hidden, none, 2).item()).isZero();
            assertThat(work.size()).isEqualTo(before + 1);
            try (Gradients off = Gradients.off()) {
                assertThat(TokenLikelihoods.nll(decoder, hidden, none).floats()).containsOnly(0f);
            }
        }
    }
}
