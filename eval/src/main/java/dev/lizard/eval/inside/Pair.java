package dev.lizard.eval.inside;

import dev.lizard.base.LizardException;
import dev.lizard.base.LizardException.Kind;
import dev.lizard.mixer.HeadDims;
import dev.lizard.model.Decoder;
import dev.lizard.model.OpenModel;
import dev.lizard.text.Tokenizer;

/**
 * A student beside the teacher it was made from.
 *
 * @param teacher its owner's, as the others are
 * @param tokenizer the teacher's
 */
public record Pair(OpenModel teacher, OpenModel student, Tokenizer tokenizer) {
    /**
     * Checks that they can be compared.
     *
     * @throws LizardException INPUT for a student of another vocabulary or of layers of another shape
     */
    public Pair {
        if (student.config().vocabSize() != teacher.config().vocabSize()) {
            throw refused(
                    student,
                    "student of another vocabulary",
                    "the teacher's %,d ids".formatted(teacher.config().vocabSize()),
                    "%,d".formatted(student.config().vocabSize()));
        }
        String expected = shape(teacher.decoder());
        if (!expected.equals(shape(student.decoder()))) {
            throw refused(student, "student of another shape", expected, shape(student.decoder()));
        }
        try (Tokenizer own = student.openTokenizer()) {
            if (!own.json().equals(tokenizer.json())) {
                throw refused(student, "student of another vocabulary", "the teacher's tokenizer", "another");
            }
        }
    }

    private static LizardException refused(OpenModel student, String what, String expected, String found) {
        return LizardException.at(
                Kind.INPUT, what, student.path(), expected, found, "give the teacher that it was made from");
    }

    private static String shape(Decoder decoder) {
        HeadDims dims = decoder.headDims();
        return "%d layers, %d wide, of %d heads of %d"
                .formatted(decoder.layers(), dims.width(), dims.heads(), dims.headWidth());
    }
}
