package dev.lizard.distill;

import dev.lizard.base.LizardException;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.MixerSpecs;
import dev.lizard.model.ModelConfig;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/** What recipes say of slots, checked and completed where the mixer and the model are known. */
final class SlotStages {
    private static final String LIMIT = "distance_limit";

    private SlotStages() {}

    /** First tokens and slots are read no farther away than the model was trained for, unless {@code mixer} says. */
    static void limit(ObjectNode mixer, ModelConfig model) {
        int kept = mixer.path("first").asInt(0) + mixer.path("slots").asInt(0);
        boolean known = MixerSpecs.keys(mixer.path("mixer").asString("")).contains(LIMIT);
        if (known && kept > 0 && !mixer.has(LIMIT)) {
            int near = mixer.path("window").asInt(128) + mixer.path("first").asInt(0);
            mixer.put(LIMIT, Math.max(model.maxPositions(), near));
        }
    }

    /**
     * @param where the recipe, for messages
     * @throws LizardException USAGE for a stage that is about slots where there are none, or where no token of a
     *     sequence could come to hold one
     */
    static void require(Recipe recipe, Collection<MixerSpec> mixers, String where) {
        MixerSpec mixer = Collections.max(mixers, Comparator.comparingInt(MixerSpec::slots));
        for (int i = 0; i < recipe.stages().size(); i++) {
            StageRecipe stage = recipe.stages().get(i);
            boolean judges = stage.loss().has(Loss.Importance.class);
            boolean draws = !stage.randomSlots().isEmpty();
            String key = recipe.key(where, i) + (judges ? "/loss" : "/random_slots");
            if ((judges || draws) && mixer.slots() == 0) {
                throw fault("slots that are not there", key, "a mixer with slots", mixer.keys(), "give it some");
            }
            if (judges && mixers.stream().noneMatch(MixerSpec::judges)) {
                throw fault("a score that is not learned", key, "slot_score learned", mixer.keys(), "take one out");
            }
            if (judges && draws && stage.loss().parts().size() == 1) {
                throw fault(
                        "a key without effect",
                        recipe.key(where, i) + "/random_slots",
                        "none beside importance",
                        stage.randomSlots(),
                        "take it out");
            }
            long near = mixer.fills() - mixer.slots();
            if (judges && recipe.sequenceLength() <= near) {
                throw fault(
                        "sequences that no token leaves",
                        where + "/sequence_length",
                        "more than " + near,
                        recipe.sequenceLength(),
                        "lengthen them, or narrow the window");
            }
            List<Integer> range = stage.randomSlots();
            if (draws && range.get(1) > mixer.slots()) {
                throw fault("more slots than there are", key, "at most " + mixer.slots(), range, "lower the most");
            }
        }
    }

    private static LizardException fault(String what, String where, Object expected, Object found, String advice) {
        return LizardException.at(
                LizardException.Kind.USAGE, what, where, String.valueOf(expected), String.valueOf(found), advice);
    }
}
