package dev.lizard.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.Adapter;
import dev.lizard.checkpoint.LoraPair;
import dev.lizard.mixer.Form;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LiveTensors.class)
class LoraTest {
    private static final LoraSpec SPEC = new LoraSpec(3, 6, List.of("q_proj", "model.layers.1.mlp.down_proj"));

    /** Of which none is zero. */
    private static Map<String, Tensor> trained(Decoder decoder) {
        Map<String, Tensor> factors = factors(decoder);
        factors.forEach((name, factor) -> {
            if (name.contains("lora_B")) {
                factor.add_(Tensors.of(new RandomStream(9).normal((int) factor.count(), 0.3), factor.shape()));
            }
        });
        return factors;
    }

    private static Map<String, Tensor> factors(Decoder decoder) {
        Map<String, Tensor> factors = new LinkedHashMap<>();
        for (ParameterBuffer.Entry entry : Lora.initial(decoder, SPEC, new RandomStream(1), "lora")) {
            factors.put(entry.name(), entry.initial());
        }
        return factors;
    }

    @Test
    void initialFactorsChangeNothingAndAreNamedAsInPeft() {
        try (Decoder decoder = TinyModels.random(TinyModels.config(Family.LLAMA), DType.FLOAT32)) {
            Tensor ids = TinyModels.ids(1, 1, 7, 50);
            Tensor before = decoder.hidden(ids, Form.CHUNK);
            Map<String, Tensor> factors = factors(decoder);
            assertThat(factors.keySet())
                    .containsExactly(
                            "model.layers.0.self_attn.q_proj.lora_A.weight",
                            "model.layers.0.self_attn.q_proj.lora_B.weight",
                            "model.layers.1.self_attn.q_proj.lora_A.weight",
                            "model.layers.1.self_attn.q_proj.lora_B.weight",
                            "model.layers.1.mlp.down_proj.lora_A.weight",
                            "model.layers.1.mlp.down_proj.lora_B.weight");
            Tensor a = factors.get("model.layers.1.mlp.down_proj.lora_A.weight");
            assertThat(a.shape()).containsExactly(3, 48);
            double bound = 1 / Math.sqrt(48);
            assertThat(a.abs().amax().item()).isBetween(0.9 * bound, bound);
            Lora.attach(decoder, SPEC, factors);
            assertThat(Shared.difference(decoder.hidden(ids, Form.CHUNK), before))
                    .isZero();
        }
    }

    @Test
    void attachedEqualsMergedAndReadBack() {
        for (DType dtype : List.of(DType.FLOAT32, DType.BFLOAT16)) {
            double tolerance = dtype == DType.FLOAT32 ? 1e-5 : 0.1;
            try (Decoder decoder = TinyModels.random(TinyModels.config(Family.QWEN2), dtype)) {
                Tensor ids = TinyModels.ids(1, 1, 7, 50);
                Tensor plain = decoder.hidden(ids, Form.CHUNK).to(DType.FLOAT32);
                Lora.attach(decoder, SPEC, trained(decoder));
                Tensor attached = decoder.hidden(ids, Form.CHUNK).to(DType.FLOAT32);
                assertThat(Shared.difference(attached, plain)).isGreaterThan(0.1);

                Adapter adapter = Lora.adapter(decoder, Optional.of("base")).orElseThrow();
                assertThat(adapter.rank()).isEqualTo(3);
                assertThat(adapter.alpha()).isEqualTo(6);
                assertThat(adapter.targetModules()).containsExactly("model.layers.1.mlp.down_proj", "q_proj");
                Lora.detach(decoder);
                assertThat(Lora.adapter(decoder, Optional.empty())).isEmpty();
                assertThat(Shared.difference(decoder.hidden(ids, Form.CHUNK).to(DType.FLOAT32), plain))
                        .isZero();
                Lora.attach(decoder, adapter, "adapter");
                assertThat(Shared.relative(decoder.hidden(ids, Form.CHUNK).to(DType.FLOAT32), attached))
                        .isLessThan(tolerance);
                Lora.merge(decoder);
                assertThat(Lora.adapter(decoder, Optional.empty())).isEmpty();
                assertThat(Shared.relative(decoder.hidden(ids, Form.CHUNK).to(DType.FLOAT32), attached))
                        .isLessThan(tolerance);
            }
        }
    }

    @Test
    void stepsFollowTheUpdatesAndTheirChanges() {
        for (DType dtype : List.of(DType.FLOAT32, DType.BFLOAT16)) {
            try (Decoder decoder = TinyModels.random(TinyModels.config(Family.QWEN2), dtype)) {
                Map<String, Tensor> factors = trained(decoder);
                factors.values().forEach(factor -> factor.requiresGrad(true));
                Tensor ids = TinyModels.ids(1, 1, 7, 50);
                double bare = difference(decoder, ids);
                Execution before = decoder.execution();
                Lora.attach(decoder, SPEC, factors);
                double attached = difference(decoder, ids);
                Execution updated = decoder.execution();
                assertThat(updated).isNotSameAs(before).isSameAs(decoder.execution());
                try (Gradients off = Gradients.off()) {
                    factors.values().iterator().next().mul_(3.0);
                }
                double changed = difference(decoder, ids);
                assertThat(decoder.execution()).isNotSameAs(updated);
                Lora.detach(decoder);
                double detached = difference(decoder, ids);
                assertThat(List.of(bare, attached, changed, detached))
                        .allMatch(error -> error < (dtype == DType.FLOAT32 ? 1e-5 : 5e-2));
            }
        }
    }

    /** Of pieces and steps from the whole, which knows nothing of what is computed once. */
    private static double difference(Decoder decoder, Tensor ids) {
        try (Scope scope = Scope.open();
                DecoderState state = decoder.newState(1);
                Gradients off = Gradients.off()) {
            Tensor expected = decoder.hidden(ids, Form.CHUNK).to(DType.FLOAT32);
            Tensor first = decoder.advance(ids.narrow(1, 0, 5), state);
            Tensor second = decoder.advance(ids.narrow(1, 5, 1), state);
            Tensor third = decoder.advance(ids.narrow(1, 6, 1), state);
            return Shared.relative(Tensors.cat(1, first, second, third).to(DType.FLOAT32), expected);
        }
    }

    @Test
    void gradientsReachTheFactorsOnly() {
        try (Decoder decoder = TinyModels.random(TinyModels.config(Family.LLAMA), DType.BFLOAT16)) {
            Map<String, Tensor> factors = factors(decoder);
            factors.values().forEach(f -> f.requiresGrad(true));
            Lora.attach(decoder, SPEC, factors);
            Tensor ids = TinyModels.ids(1, 1, 7, 50);
            Losses.nextToken(decoder, decoder.hidden(ids, Form.CHUNK), ids, 4);
            factors.forEach((name, f) -> assertThat(f.grad()).as(name).isNotNull());
            decoder.weights().forEach((name, w) -> assertThat(w.grad()).as(name).isNull());
        }
    }

    @Test
    void wrongTargetsAndAdaptersAreNamed() {
        try (Decoder decoder = TinyModels.random(TinyModels.config(Family.LLAMA), DType.FLOAT32)) {
            LoraSpec typo = new LoraSpec(3, 6, List.of("q_proj", "k_prj"));
            assertThatThrownBy(() -> Lora.initial(decoder, typo, new RandomStream(1), "lora"))
                    .isInstanceOfSatisfying(
                            LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.USAGE))
                    .hasMessageContaining("lora.targets")
                    .hasMessageContaining("'k_prj'")
                    .hasMessageContaining("k_proj");
            LoraPair pair = LoraPair.of(1, 32, 99, 1, new float[32], new float[99]);
            String module = "model.layers.0.self_attn.q_proj";
            Adapter wide = Adapter.of(List.of("q_proj"), Optional.empty(), Map.of(module, pair));
            assertThatThrownBy(() -> Lora.attach(decoder, wide, "a/adapter_model.safetensors"))
                    .hasMessageContaining("a/adapter_model.safetensors/" + module)
                    .hasMessageContaining("[32, 32]")
                    .hasMessageContaining("[99, 32]");
            Adapter lost = Adapter.of(List.of("q"), Optional.empty(), Map.of("model.layers.0.q_proj", pair));
            assertThatThrownBy(() -> Lora.attach(decoder, lost, "a"))
                    .hasMessageContaining("a/model.layers.0.q_proj")
                    .hasMessageContaining("did you mean");
        }
    }
}
