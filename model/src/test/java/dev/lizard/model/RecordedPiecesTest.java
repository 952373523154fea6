package dev.lizard.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.mixer.Form;
import dev.lizard.mixer.LizardSpec;
import dev.lizard.mixer.LolcatsSpec;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.SlotRule;
import dev.lizard.mixer.SlotSpec;
import dev.lizard.mixer.SlotType;
import dev.lizard.mixer.WindowSpec;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.node.ObjectNode;

/** Pieces of texts that are replayed on the card give what whole passes give. */
@Tag("gpu")
@ExtendWith(LiveTensors.class)
class RecordedPiecesTest {
    private static final Device CUDA = Device.cuda(0);
    private static final List<MixerSpec> SPECS = List.of(
            new LizardSpec(LizardSpec.Variant.JOINT, 64, 64, 2, 4, 256, LizardSpec.Branches.BOTH),
            new LizardSpec(LizardSpec.Variant.SUM, 64, 64, 2, 4, 256, LizardSpec.Branches.BOTH),
            new LizardSpec(LizardSpec.Variant.JOINT, 50, 4, 16, 2, 4, 256, LizardSpec.Branches.BOTH),
            new LolcatsSpec(32, 16, LizardSpec.Branches.BOTH),
            new WindowSpec(64, 4, 0),
            exact(0),
            exact(300)); // a piece ends before the limit, one crosses it, others lie beyond

    /** Who is kept hangs on places alone, so that rounding does not choose. */
    private static LizardSpec exact(int limit) {
        SlotSpec slots = new SlotSpec(40, 16, SlotType.INT8, limit, 0, SlotRule.RANDOM);
        return new LizardSpec(
                LizardSpec.Variant.JOINT, 50, 4, 16, 0, 4, 256, LizardSpec.Branches.BOTH, LizardSpec.Far.NONE, slots);
    }

    private static Decoder decoder(MixerSpec spec, DType dtype) {
        ObjectNode config = TinyModels.config(Family.LLAMA);
        config.put("hidden_size", 256).put("head_dim", 64).put("intermediate_size", 512);
        config.put("num_attention_heads", 4).put("num_key_value_heads", 2);
        Decoder decoder = Decoder.random(TinyModels.parsed(config), new RandomStream(1), dtype, CUDA);
        Map<String, Tensor> parameters = new HashMap<>();
        spec.initial(decoder.headDims(), new RandomStream(2))
                .forEach(p -> parameters.put(p.name(), decoder.own(p.initial().to(CUDA))));
        for (int layer = 0; layer < decoder.layers(); layer++) {
            decoder.replaceMixer(layer, spec.create(decoder.headDims(), parameters));
        }
        return decoder;
    }

    @Test
    void textsInPiecesThatComeAgainAreThoseOfOnePass() {
        for (DType dtype : List.of(DType.FLOAT32, DType.BFLOAT16)) {
            for (MixerSpec spec : SPECS) {
                try (Scope scope = Scope.open();
                        Gradients off = Gradients.off();
                        Decoder decoder = decoder(spec, dtype)) {
                    for (int text = 0; text < 4; text++) { // as ever, recorded, and twice replayed
                        Tensor ids = TinyModels.ids(text, 1, 459, 50).to(CUDA);
                        Tensor expected = decoder.hidden(ids, Form.CHUNK);
                        Tensor read = pieces(decoder, ids, 128, 128, 128, 70, 5);
                        assertThat(Shared.relative(
                                        read.to(DType.FLOAT32).to(Device.CPU),
                                        expected.to(DType.FLOAT32).to(Device.CPU)))
                                .as("%s, %s, text %d", spec, dtype, text)
                                .isLessThan(dtype == DType.FLOAT32 ? 1e-4 : 4e-2);
                    }
                }
            }
        }
    }

    private static Tensor pieces(Decoder decoder, Tensor ids, long... lengths) {
        try (DecoderState state = decoder.newState(1)) {
            List<Tensor> parts = new ArrayList<>();
            long from = 0;
            for (long length : lengths) {
                parts.add(decoder.advance(ids.narrow(1, from, length), state));
                from += length;
            }
            return Tensors.cat(parts, 1);
        }
    }
}
