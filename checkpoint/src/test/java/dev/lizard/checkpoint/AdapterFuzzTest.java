package dev.lizard.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.base.fuzz.FuzzContract;
import dev.lizard.base.fuzz.FuzzFolder;
import dev.lizard.base.fuzz.Mutator;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;

/** Adapter folders of peft. */
class AdapterFuzzTest extends FuzzContract {
    private static final String CONFIG = """
        {"peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": "a/b", "r": 2, "lora_alpha": 4,
         "lora_dropout": 0.05, "bias": "none", "target_modules": ["q_proj", "v_proj"], "inference_mode": true,
         "fan_in_fan_out": false, "init_lora_weights": true, "modules_to_save": null, "rank_pattern": {},
         "alpha_pattern": {}, "layers_to_transform": null, "revision": null, "use_rslora": false,
         "use_dora": false}\
        """;

    @TempDir
    Path temp = Path.of(".");

    private FuzzFolder folder = new FuzzFolder(temp);

    @Override
    public String name() {
        return "adapter";
    }

    @Override
    public List<Map<String, byte[]>> samples() {
        folder = new FuzzFolder(temp);
        Map<String, List<Long>> shapes = new LinkedHashMap<>();
        for (String module : List.of("q_proj", "v_proj")) {
            shapes.put(AdapterFiles.aName("model.layers.0.self_attn." + module), List.of(2L, 4L));
            shapes.put(AdapterFiles.bName("model.layers.0.self_attn." + module), List.of(6L, 2L));
        }
        return List.of(
                Map.of(AdapterFiles.CONFIG, CONFIG.getBytes(UTF_8), AdapterFiles.WEIGHTS, WeightFiles.of(shapes)));
    }

    @Override
    public Map<String, byte[]> mutate(Map<String, byte[]> sample, Mutator mutator) {
        return mutator.random().nextInt(4) == 0 ? WeightFiles.mutate(sample, mutator) : mutator.files(sample);
    }

    @Override
    public void read(Map<String, byte[]> input) throws IOException {
        Adapter adapter = Adapter.read(folder.with(input));
        adapter.pairs().keySet().forEach(adapter::pair);
    }
}
