package dev.lizard.distill;

import dev.lizard.model.Decoder;
import java.util.function.Function;

/** Who a stage learns from: the decoder as it was before it was changed, or another model. */
interface Teacher {
    /** Lets {@code use} run the teacher; the student is itself again afterwards. */
    <T> T ask(Function<Decoder, T> use);

    /** Another model, which stays its owner's. */
    static Teacher of(Decoder other) {
        return new Teacher() {
            @Override
            public <T> T ask(Function<Decoder, T> use) {
                return use.apply(other);
            }
        };
    }
}
