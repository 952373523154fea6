package dev.lizard.distill;

import dev.lizard.mixer.Form;
import dev.lizard.mixer.MixerInput;
import dev.lizard.mixer.Positions;
import dev.lizard.model.Decoder;
import dev.lizard.model.MixerObserver;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.text.Batch;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Hidden states block by block (MOHAWK, stage 2): from the teacher's residual stream before it, each block in which
 * anything trains learns to give the teacher's stream after it.
 *
 * <pre>
 *   L = mean over blocks and tokens of ‖h_student − h_teacher‖        h [B, T, D]
 * </pre>
 *
 * The teacher's streams of all layers are held, and the graph of one block at a time.
 *
 * @param decoder the student
 * @param teacher gives the streams
 * @param parameters what is trained
 * @param weight factor on the loss
 */
record BlockTransfer(Decoder decoder, Teacher teacher, ParameterBuffer parameters, double weight) implements Objective {
    private static final Pattern LAYER = Pattern.compile("\\.layers\\.(\\d+)\\.");

    @Override
    public Tensor accumulate(Ids ids, double share) {
        try (Scope work = Scope.open();
                Positions at = decoder.positions(ids.documents())) {
            List<Tensor> streams = streams(teacher, ids, work);
            SortedSet<Integer> layers = trained();
            Tensor total = Tensors.zeros(DType.FLOAT32, decoder.device());
            for (int layer : layers) {
                try (Scope block = Scope.open();
                        Tape tape = new Tape()) {
                    Tensor out = decoder.block(layer, streams.get(layer), at, Form.CHUNK, tape); // [B, T, D]
                    Distances error = Distances.length(out, streams.get(layer + 1), 1);
                    double factor = weight / layers.size();
                    tape.backward(out, error.gradient().mul(factor * share));
                    total.add_(error.value().mul(factor).to(DType.FLOAT32));
                }
            }
            return work.promote(total);
        }
    }

    /** The residual stream before the first block and after each [B, T, D], in {@code owner}, without gradients. */
    private static List<Tensor> streams(Teacher teacher, Ids ids, Scope owner) {
        List<Tensor> streams = new ArrayList<>();
        teacher.ask(taught -> {
            try (Scope work = Scope.open();
                    Gradients off = Gradients.off()) {
                ids.pass(taught, collector(streams, owner));
                return streams;
            }
        });
        return streams;
    }

    /** Keeps each residual stream in {@code owner}. */
    static MixerObserver collector(List<Tensor> streams, Scope owner) {
        return new MixerObserver() {
            @Override
            public void observe(int layer, MixerInput in, Tensor heads) {}

            @Override
            public void hidden(int depth, Tensor hidden) {
                streams.add(owner.adopt(hidden.detach()));
            }
        };
    }

    /** The layers with a parameter that moves. */
    private SortedSet<Integer> trained() {
        SortedSet<Integer> layers = new TreeSet<>();
        parameters.parameters().forEach((name, leaf) -> {
            Matcher layer = LAYER.matcher(name);
            if (leaf.requiresGrad() && layer.find()) {
                layers.add(Integer.parseInt(layer.group(1)));
            }
        });
        return layers;
    }

    @Override
    public String diagnose(Batch batch) {
        return NonFinite.first(decoder, batch, parameters);
    }
}
