package dev.lizard.eval.demo;

import dev.lizard.distill.Recipe;
import dev.lizard.distill.StageRecipe;
import dev.lizard.model.Models;
import dev.lizard.model.OpenModel;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import java.nio.file.Path;
import java.util.List;

/** Makes all text of a demo: a corpus large enough that no stage reads a document twice, and what is held out. */
final class DemoTexts {
    private static final double TEMPERATURE = 1.0;

    private DemoTexts() {}

    /** Writes the corpus; gives the held-out texts, which are the same however large it is. */
    static HeldOutText write(Demo.Options options, DemoSize size, Recipe recipe, Path corpus) {
        int length = recipe.sequenceLength() - 1;
        int documents = documents(recipe);
        int own = (int) Math.round(size.share() * documents);
        try (Scope work = Scope.open();
                OpenModel teacher = Models.open(options.teacher(), DType.FLOAT32, Device.CPU)) {
            TeacherSamples samples = new TeacherSamples(length, TEMPERATURE, options.seed());
            List<String> prose = samples.draw(teacher.decoder(), 0, size.proseWindows());
            List<String> written = samples.draw(teacher.decoder(), size.proseWindows(), own);
            new DemoCorpus(length, documents, options.seed()).write(written, corpus);
            return HeldOutText.of(prose, size, teacher.config().maxPositions(), options.seed());
        }
    }

    private static int documents(Recipe recipe) {
        double sequences = recipe.batch();
        for (StageRecipe stage : recipe.stages()) {
            sequences += (double) stage.steps(recipe.tokensPerStep()) * recipe.batch() * recipe.accumulate();
        }
        return (int) Math.ceil(sequences / (1 - recipe.heldOut().share()));
    }
}
