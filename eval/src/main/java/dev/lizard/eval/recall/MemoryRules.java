package dev.lizard.eval.recall;

import dev.lizard.base.Json;
import dev.lizard.mixer.MixerSpecs;
import dev.lizard.tensor.RandomStream;
import java.util.ArrayList;
import java.util.List;

/** The rules that are compared. */
final class MemoryRules {
    private MemoryRules() {}

    /** Those of the literature by their formulas. */
    static List<MemoryRule> formulas(long seed) {
        List<MemoryRule> rules = new ArrayList<>(List.of(
                new AdditiveMemory("additive, unit keys", AdditiveMemory::unit),
                new AdditiveMemory("additive, 1 + elu", AdditiveMemory::elu),
                new AdditiveMemory("additive, relu", x -> x.clampMin(0)),
                new AdditiveMemory("additive, softmax pair", AdditiveMemory.softmaxPair(1)),
                new AdditiveMemory("additive, softmax pair x3", AdditiveMemory.softmaxPair(3))));
        for (int r : new int[] {8, 16, 24}) {
            RandomStream random = RandomStream.named(seed, "probes/taylor/" + r);
            rules.add(new AdditiveMemory("additive, Taylor of " + r, AdditiveMemory.taylor(r, random)));
        }
        for (double decay : new double[] {0.99, 0.98, 0.95}) {
            rules.add(new AdditiveMemory("additive, decay " + decay, AdditiveMemory::unit, decay));
        }
        return rules;
    }

    /** Every mixer there is, with its initial parameters. */
    static List<MemoryRule> mixers(long seed) {
        List<MemoryRule> rules = new ArrayList<>();
        for (String mixer : MixerSpecs.names()) {
            String name = "mixer " + mixer;
            rules.add(MixerMemory.initial(
                    name, MixerSpecs.read(Json.object().put("mixer", mixer), MixerMemory.DIMS, name), seed));
        }
        return rules;
    }
}
