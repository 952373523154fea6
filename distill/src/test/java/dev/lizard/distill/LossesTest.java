package dev.lizard.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.mixer.Form;
import dev.lizard.mixer.LizardSpec;
import dev.lizard.mixer.Mixer;
import dev.lizard.mixer.MixerInput;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.Positions;
import dev.lizard.model.Decoder;
import dev.lizard.model.MixerObserver;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.text.Batch;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What each kind of loss gives to the parameters is what automatic differentiation of its formula gives. */
@ExtendWith(LiveTensors.class)
class LossesTest {
    private static final int VOCABULARY = 64;
    private static final int LAYERS = 3;
    private static final Batch BATCH = new Numbers(20, VOCABULARY, 9).batch(0, 2);
    private static final String TERMS = "{type: sum, terms: [{loss: {type: next-token}}, {weight: 0.5, loss: {type: kl,"
            + " temperature: 2}}, {weight: 3, loss: {type: hidden-state, input: student}}]}";

    private static StageRecipe stage(String loss, String train, String more) {
        return Recipe.of(TinyTeacher.tree("""
            name: tiny
            mixer: {mixer: lizard}
            stages: [{name: only, loss: %s, train: %s, tokens: 1, learning_rate: 1e-3 %s}]
            """.formatted(loss, train, more)))
                .stages()
                .getFirst();
    }

    private static Student student(Decoder decoder) {
        SortedMap<Integer, MixerSpec> specs = new TreeMap<>();
        for (int layer = 0; layer < LAYERS; layer++) {
            specs.put(layer, new LizardSpec(LizardSpec.Variant.JOINT, 6, 8, 2, 4, 64, LizardSpec.Branches.BOTH));
        }
        return new Student(decoder, specs, 0);
    }

    /** Away from where training begins, so that nothing is zero by chance. */
    private static void stir(Student student) {
        Tensor values = student.buffer().values();
        float[] noise = new RandomStream(3).normal((int) values.count(), 0.05);
        try (Gradients off = Gradients.off()) {
            values.add_(Tensors.of(noise, noise.length));
        }
    }

    private static void close(float[] actual, float[] expected) {
        double difference = 0;
        double size = 0;
        for (int i = 0; i < expected.length; i++) {
            difference = Math.max(difference, Math.abs(expected[i] - actual[i]));
            size = Math.max(size, Math.abs(expected[i]));
        }
        assertThat(size).isPositive();
        assertThat(difference).isLessThan(1e-3 * size);
    }

    private static float[] take(Student student) {
        float[] gradients = student.buffer().gradients().floats();
        student.buffer().zeroGradients();
        return gradients;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{type: attention-weights}",
                "{type: mixing-matrix}",
                "{type: attention-output, relative: true}",
                "{type: attention-output, relative: true, input: student}"
            })
    void mixersByThemselves(String loss) {
        try (Decoder decoder = TinyTeacher.untaught(VOCABULARY, LAYERS);
                Student student = student(decoder);
                Scope kept = Scope.owner()) {
            StageRecipe stage = stage(loss, "{mixer: all}", "");
            student.prepare(stage, "tiny.yaml/stages.0");
            stir(student);
            student.seat(stage);
            double reported = student.objective(stage).accumulate(BATCH, 0.5).item();
            float[] local = take(student);
            Tensor[] total = {Tensors.zeros(DType.FLOAT32, Device.CPU)};
            decoder.hidden(Ids.inputs(BATCH, Device.CPU), Form.CHUNK, (layer, in, heads) -> {
                Tensor part = naive(
                        stage.loss(),
                        student.mixers().get(layer),
                        student.teachers().get(layer),
                        in);
                total[0] = kept.adopt(total[0].add(part.div((double) LAYERS)));
            });
            total[0].mul(0.5).backward();
            assertThat(total[0].item()).isCloseTo(reported, within(1e-4 * reported));
            close(local, take(student));
        }
    }

    private static Tensor naive(Loss loss, Mixer mixer, Mixer teacher, MixerInput in) {
        MixerInput plain = new MixerInput(
                in.x().detach(), in.q().detach(), in.k().detach(), in.v().detach(), in.at());
        if (loss instanceof Loss.AttentionOutput) {
            Tensor goal = teacher.parallel(plain).detach();
            return mixer.parallel(plain)
                    .sub(goal)
                    .square()
                    .mean()
                    .div(goal.square().mean().item())
                    .mul(1000);
        }
        Tensor mine = mixer.materialize(plain); // [B, H, T, T]
        Tensor goal = teacher.materialize(plain).detach();
        long rows = mine.size(0) * mine.size(1) * mine.size(2);
        if (loss instanceof Loss.AttentionWeights) {
            return goal.mul(mine.clampMin(1e-12).log()).sum().div(-(double) rows);
        }
        Tensor flat = mine.sub(goal).reshape(mine.size(0) * mine.size(1), mine.size(2) * mine.size(3));
        return flat.square().sum(1, false).sqrt().mean();
    }

    /** ‖h − goal‖ a token, meant over tokens; composed of plain operations. */
    private static Tensor length(Tensor hidden, Tensor goal) {
        return hidden.sub(goal).square().sum(2, false).sqrt().mean();
    }

    private static List<Tensor> streams(Decoder decoder, Student student, Scope kept) {
        student.leave();
        List<Tensor> streams = new ArrayList<>();
        try (Gradients off = Gradients.off()) {
            decoder.hidden(Ids.inputs(BATCH, Device.CPU), Form.CHUNK, BlockTransfer.collector(streams, kept));
        }
        student.enter();
        return streams;
    }

    @Test
    void blocksByThemselves() {
        try (Decoder decoder = TinyTeacher.untaught(VOCABULARY, LAYERS);
                Student student = student(decoder);
                Positions at = decoder.positions(null);
                Scope kept = Scope.owner()) {
            StageRecipe stage = stage("{type: hidden-state}", "{mixer: all, lora: {rank: 2}, base: [mlp]}", "");
            student.prepare(stage, "tiny.yaml/stages.0");
            stir(student);
            student.seat(stage);
            double reported = student.objective(stage).accumulate(BATCH, 0.5).item();
            float[] local = take(student);
            List<Tensor> streams = streams(decoder, student, kept);
            Tensor total = Tensors.zeros(DType.FLOAT32, Device.CPU);
            for (int layer = 0; layer < LAYERS; layer++) {
                Tensor out = decoder.block(layer, streams.get(layer), at, Form.PARALLEL, Tape.OFF);
                total = total.add(length(out, streams.get(layer + 1)).div((double) LAYERS));
            }
            total.mul(0.5).backward();
            assertThat(total.item()).isCloseTo(reported, within(1e-4 * reported));
            close(local, take(student));
        }
    }

    @ParameterizedTest
    @CsvSource({"false", "true"})
    void alongTheWholePass(boolean recompute) {
        try (Decoder decoder = TinyTeacher.untaught(VOCABULARY, LAYERS);
                Student student = student(decoder);
                Scope kept = Scope.owner()) {
            StageRecipe stage = stage(TERMS, "{mixer: all, lora: {rank: 2}, base: all}", ", recompute: " + recompute);
            student.prepare(stage, "tiny.yaml/stages.0");
            stir(student);
            student.seat(stage);
            double reported = student.objective(stage).accumulate(BATCH, 0.5).item();
            float[] actual = take(student);

            List<Tensor> goals = streams(decoder, student, kept);
            Tensor ids = Ids.inputs(BATCH, Device.CPU);
            student.leave();
            Tensor taught = decoder.logits(decoder.hidden(ids, Form.PARALLEL))
                    .detach()
                    .div(2)
                    .logSoftmax(-1);
            student.enter();
            List<Tensor> streams = new ArrayList<>();
            Tensor hidden = decoder.hidden(ids, Form.PARALLEL, new Keeper(streams, kept));
            Tensor logits = decoder.logits(hidden).reshape(40, VOCABULARY);
            Tensor total = logits.crossEntropy(Ids.targets(BATCH, Device.CPU).reshape(40));
            Tensor q = decoder.logits(hidden).div(2).logSoftmax(-1);
            total = total.add(taught.exp().mul(taught.sub(q)).sum().mul(0.5 * 4 / 40));
            for (int depth = 1; depth <= LAYERS; depth++) {
                total = total.add(length(streams.get(depth), goals.get(depth)).mul(3.0 / LAYERS));
            }
            total.mul(0.5).backward();
            assertThat(total.item()).isCloseTo(reported, within(1e-4 * reported));
            close(actual, take(student));
        }
    }

    /** Keeps what a pass with gradients shows, with its graph. */
    private record Keeper(List<Tensor> streams, Scope kept) implements MixerObserver {
        @Override
        public void observe(int layer, MixerInput in, Tensor heads) {}

        @Override
        public void hidden(int depth, Tensor hidden) {
            streams.add(kept.adopt(hidden.view(hidden.shape())));
        }
    }

    @Test
    void hiddenStatesAloneReachEveryLayer() {
        try (Decoder decoder = TinyTeacher.untaught(VOCABULARY, LAYERS);
                Student student = student(decoder)) {
            StageRecipe stage = stage("{type: hidden-state, input: student}", "{mixer: all}", "");
            student.prepare(stage, "tiny.yaml/stages.0");
            student.seat(stage);
            assertThat(student.objective(stage).accumulate(BATCH, 1).item()).isPositive();
            for (int layer = 0; layer < LAYERS; layer++) {
                Tensor leaf = student.buffer().parameters().get(Student.name(layer, "query_map"));
                assertThat(leaf.grad().abs().amax().item())
                        .as("layer %d", layer)
                        .isPositive();
            }
        }
    }

    /** Of the taped pass: an observer adds the gradient of the sum of a layer's heads. */
    @ParameterizedTest
    @CsvSource({"false", "true"})
    void headsThatAnObserverPushes(boolean recompute) {
        try (Decoder decoder = TinyTeacher.untaught(VOCABULARY, LAYERS);
                Student student = student(decoder)) {
            StageRecipe stage = stage("{type: next-token}", "{mixer: all, lora: {rank: 2}}", "");
            student.prepare(stage, "tiny.yaml/stages.0");
            stir(student);
            student.seat(stage);
            Tensor ids = Ids.inputs(BATCH, Device.CPU);
            List<Integer> seen = new ArrayList<>();
            MixerObserver push = (layer, in, heads) -> {
                seen.add(layer);
                if (layer == 1) {
                    Gradients.collect(heads, Tensors.ones(DType.FLOAT32, Device.CPU, heads.shape()));
                }
            };
            try (Positions at = decoder.positions(null);
                    Tape tape = new Tape()) {
                Tensor hidden = decoder.hidden(ids, at, Form.CHUNK, tape, recompute, push);
                hidden.sum().backward();
                tape.unwind();
            }
            float[] actual = take(student);
            assertThat(seen).containsExactlyInAnyOrder(0, 1, 2);
            Tensor[] heads = new Tensor[1];
            try (Scope kept = Scope.owner()) {
                Tensor hidden = decoder.hidden(ids, Form.CHUNK, (layer, in, out) -> {
                    if (layer == 1) {
                        heads[0] = kept.adopt(out.view(out.shape()));
                    }
                });
                hidden.sum().add(heads[0].sum()).backward();
            }
            close(actual, take(student));
        }
    }

    /** Another model of the same sizes: what it says is learnt, not what the student's own teacher says. */
    @Test
    void anotherTeacher() {
        try (Decoder decoder = TinyTeacher.untaught(VOCABULARY, LAYERS);
                Decoder other = Decoder.random(decoder.config(), new RandomStream(77), DType.FLOAT32, Device.CPU);
                Student student = student(decoder)) {
            for (String loss : List.of(
                    "{type: kl}", "{type: hidden-state}", "{type: attention-output}", "{type: mixing-matrix}", TERMS)) {
                StageRecipe stage = stage(loss, "{mixer: all}", ", teacher: other");
                student.prepare(stage, "tiny.yaml/stages.0");
                student.seat(stage);
                double own = student.objective(stage).accumulate(BATCH, 1).item();
                double others = student.objective(stage, Optional.of(other))
                        .accumulate(BATCH, 1)
                        .item();
                assertThat(others).as(loss).isPositive().isNotCloseTo(own, within(1e-4 * own));
                student.leave();
            }
        }
    }

    @Test
    void theTeacherOfTrainedBaseWeightsIsTheModelAsItWas() {
        try (Decoder decoder = TinyTeacher.untaught(VOCABULARY, LAYERS);
                Student student = student(decoder)) {
            Tensor ids = Ids.inputs(BATCH, Device.CPU);
            float[] before = decoder.hidden(ids, Form.CHUNK).floats();
            StageRecipe stage = stage("{type: kl}", "{base: all}", "");
            student.prepare(stage, "tiny.yaml/stages.0");
            student.seat(stage);
            stir(student);
            assertThat(decoder.hidden(ids, Form.CHUNK).floats()).isNotEqualTo(before);
            student.objective(stage).accumulate(BATCH, 1);
            student.leave();
            assertThat(decoder.hidden(ids, Form.CHUNK).floats()).isEqualTo(before);
        }
    }
}
