package dev.lizard.eval.kernels;

import dev.lizard.base.LizardException;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Engine;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.cuda.Card;
import dev.lizard.tensor.cuda.CudaReport;
import dev.lizard.tensor.cuda.CudaTimer;
import dev.lizard.tensor.kernel.DecodeKernel;
import dev.lizard.tensor.kernel.LizardBackward;
import dev.lizard.tensor.kernel.LizardForward;
import dev.lizard.tensor.kernel.LizardInputs;
import dev.lizard.tensor.kernel.SlotAttention;
import dev.lizard.tensor.kernel.SlotInputs;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Times the kernels of the joint Lizard mixer and of exact slots on a card, and libtorch's causal softmax attention on the same queries,
 * keys and values, which come without their rotation there.
 *
 * <p>Calls follow one another without a pause ({@link CudaTimer}); those shorter than what the host needs to queue one,
 * some tens of microseconds, show the host's time instead.
 */
public final class KernelBench {
    /** First tokens and slots, those of a 135M student. */
    private static final int FIRST = 4;

    private static final int SLOTS = 704;
    private static final double WARM_NANOS = 5e7; // until the card's clocks are up

    private final Device device;
    private final KernelSpeed.Place place;
    private final int warmup;
    private final int runs;
    private final long seed;
    private final Consumer<KernelSpeed> each;

    /**
     * @param warmup calls before those that count, at least
     * @param runs calls that count
     * @param seed of the inputs
     * @param each receives every result as it comes, and may end the work by an exception
     */
    public KernelBench(
            Device device, KernelSpeed.Place place, int warmup, int runs, long seed, Consumer<KernelSpeed> each) {
        this.device = device;
        this.place = place;
        this.warmup = warmup;
        this.runs = runs;
        this.seed = seed;
        this.each = each;
    }

    /**
     * Refuses where no kernel can run.
     *
     * @throws LizardException ENVIRONMENT without a CUDA device or NVRTC, or on a card that is too old
     */
    public static void requireCard(Device device) {
        if (!device.isCuda()) {
            throw LizardException.environment("no CUDA device for the kernels: expected cuda or cuda:N but found "
                    + device + "; run `lizard doctor` where there is an NVIDIA card");
        }
        CudaReport.compiler();
        CudaReport.refusal(Card.of(device)).ifPresent(why -> {
            throw LizardException.environment("no kernels on %s: %s; run `lizard doctor`".formatted(device, why));
        });
    }

    /** Why there are no kernels for sequences of such sizes on this card; empty where there are. */
    public Optional<String> refusal(KernelShape s) {
        return LizardForward.refusal(device, DType.BFLOAT16, s.width(), s.half(), s.window())
                .or(() -> LizardBackward.refusal(device, s.width(), s.half()));
    }

    /**
     * Whole sequences: forward, backward and both, of the mixer and of softmax attention.
     *
     * @throws LizardException USAGE for sizes that have no kernel
     */
    public void sequences(KernelShape s) {
        refusal(s).ifPresent(why -> {
            throw LizardException.usage("no kernel for --shape %s on %s: %s".formatted(s, device, why));
        });
        try (Scope scope = Scope.open();
                Gradients off = Gradients.off()) {
            RandomInputs random = new RandomInputs(device, seed);
            LizardInputs in = random.lizard(s);
            Tensor dy = random.heads(s, s.heads()); // [B, H, T, d]
            mixer(s, in, dy);
            slots(s, random, dy);
            softmax(s, in, dy);
        }
    }

    private void mixer(KernelShape s, LizardInputs in, Tensor dy) {
        KernelWork forward = KernelWork.forward(s, true);
        KernelWork backward = KernelWork.backward(s);
        time("lizard_forward", s, KernelWork.forward(s, false), () -> LizardForward.run(in, false, false));
        time("lizard_forward_save", s, forward, () -> LizardForward.run(in, true, false));
        LizardForward.Result once = LizardForward.run(in, true, false);
        time("lizard_backward", s, backward, () -> slopes(in, once, dy));
        time("lizard_forward_backward", s, forward.plus(backward), () -> {
            slopes(in, LizardForward.run(in, true, false), dy);
        });
    }

    private static void slopes(LizardInputs in, LizardForward.Result result, Tensor dy) {
        LizardBackward.run(in, result.y(), Objects.requireNonNull(result.saved()), dy);
    }

    /** Window, first tokens and slots in place of the memory; and the target of what scores learn. */
    private void slots(KernelShape s, RandomInputs random, Tensor dy) {
        SlotInputs in = random.slots(s, FIRST, SLOTS);
        Tensor scores = random.normal(DType.FLOAT32, s.batch(), s.keyHeads(), s.tokens());
        KernelWork forward = KernelWork.slotsForward(s, FIRST + SLOTS);
        KernelWork backward = KernelWork.slotsBackward(s, FIRST + SLOTS);
        time("slots_forward", s, forward, () -> SlotAttention.forward(in, scores));
        SlotAttention.Result once = SlotAttention.forward(in, scores);
        time("slots_backward", s, backward, () -> SlotAttention.backward(in, once.y(), once.saved(), dy));
        time("slots_forward_backward", s, forward.plus(backward), () -> {
            SlotAttention.Result result = SlotAttention.forward(in, scores);
            SlotAttention.backward(in, result.y(), result.saved(), dy);
        });
        time("slots_most", s, KernelWork.slotsMost(s), () -> SlotAttention.most(in));
    }

    private void softmax(KernelShape s, LizardInputs in, Tensor dy) {
        KernelWork forward = KernelWork.softmaxForward(s);
        time("softmax_forward", s, forward, () -> in.q().scaledDotProductAttention(in.k(), in.v(), true));
        time("softmax_forward_backward", s, forward.plus(KernelWork.softmaxBackward(s)), () -> {
            try (Gradients on = Gradients.on()) {
                Tensor q = in.q().detach().requiresGrad(true);
                Tensor k = in.k().detach().requiresGrad(true);
                Tensor v = in.v().detach().requiresGrad(true);
                q.scaledDotProductAttention(k, v, true).backward(dy);
            }
        });
    }

    /** One token of so many sequences, in SmolLM2-135M's mixers: the time of a layer. */
    public void decode(int batch) {
        KernelShape s = KernelShape.token(batch);
        if (!DecodeKernel.serves(s.width(), s.half(), s.window(), DType.BFLOAT16, device)) {
            throw LizardException.environment("no decoding kernel on %s; run `lizard doctor`".formatted(device));
        }
        try (Scope scope = Scope.open();
                Gradients off = Gradients.off();
                DecodeStep step = new DecodeStep(new RandomInputs(device, seed), s)) {
            double[] times = times(step::run);
            for (int i = 0; i < times.length; i++) {
                times[i] /= DecodeStep.LAYERS;
            }
            KernelWork work = KernelWork.decode(s, DecodeStep.MODEL_WIDTH);
            each.accept(KernelSpeed.of("lizard_decode", s, work, times, place));
        }
    }

    private void time(String kernel, KernelShape shape, KernelWork work, Runnable call) {
        double[] times = times(() -> {
            try (Scope results = Scope.open()) {
                call.run();
            }
        });
        each.accept(KernelSpeed.of(kernel, shape, work, times, place));
    }

    /** Milliseconds of each call that counts. */
    private double[] times(Runnable call) {
        long start = System.nanoTime();
        for (int i = 0; i < warmup || System.nanoTime() - start < WARM_NANOS; i++) {
            call.run();
            Engine.synchronize(device);
        }
        return CudaTimer.milliseconds(device, runs, call);
    }
}
