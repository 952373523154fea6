package dev.lizard.model;

import dev.lizard.base.Nearest;
import dev.lizard.checkpoint.Checkpoint;
import dev.lizard.mixer.Form;
import dev.lizard.mixer.HeadDims;
import dev.lizard.mixer.Mixer;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.MixerState;
import dev.lizard.mixer.Positions;
import dev.lizard.mixer.Rotary;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A decoder of the Llama family: embedding, pre-norm blocks, last norm, output layer. Which family it is, is data
 * ({@link ModelConfig}); which mixer each layer has, is too.
 *
 * <p>It owns its weights. Any of them can be bound to another tensor, such as a trainable leaf, and any layer can be
 * given another mixer. Not safe for use by several threads at once.
 */
public final class Decoder implements LanguageModel, AutoCloseable {
    private final ModelConfig config;
    private final DType dtype;
    private final Device device;
    private final Scope scope = Scope.owner();
    private final Map<String, Weight> weights = new LinkedHashMap<>();
    private final Map<String, Linear> projections;
    private final Weight embedding;
    private final Weight head;
    private final Norm last;
    private final List<Block> blocks;
    private final List<Mixer> mixers = new ArrayList<>();
    private final Rotary rotary;
    private final Positions start;
    private long changes;
    private @Nullable Execution execution;
    private long executions;

    /** Where the weights come from; called once for each, in the order of the forward pass. */
    @FunctionalInterface
    interface Source {
        Tensor get(String name, long[] shape);
    }

    Decoder(ModelConfig config, DType dtype, Device device, Source source) {
        this.config = config;
        this.dtype = dtype;
        this.device = device;
        boolean whole = false;
        try (Scope work = Scope.open()) {
            WeightShapes.of(config)
                    .forEach((name, shape) ->
                            weights.put(name, new Weight(name, dtype, scope.adopt(source.get(name, shape)))));
            whole = true;
        } finally {
            if (!whole) {
                scope.close();
            }
        }
        Stack stack = Stack.of(config, weights, dtype);
        embedding = stack.embedding();
        head = stack.head();
        last = stack.last();
        blocks = stack.blocks();
        projections = stack.projections();
        rotary = config.rope().rotary(config.headWidth());
        start = Positions.start(rotary);
        for (MixerSpec spec : config.softmaxSpecs()) {
            mixers.add(spec.create(config.headDims(), Map.of()));
        }
    }

    /**
     * Reads config and base weights; every layer has its teacher's softmax.
     *
     * @throws dev.lizard.base.LizardException INPUT for an unsupported config, a missing tensor or one of another shape
     */
    public static Decoder load(Checkpoint checkpoint, DType dtype, Device device) {
        return DecoderLoader.load(checkpoint, dtype, device, note -> {});
    }

    /** Normal weights of deviation 0.02, divided by √(2 layers) for projections that write to the residual stream. */
    public static Decoder random(ModelConfig config, RandomStream random, DType dtype, Device device) {
        return DecoderLoader.random(config, random, dtype, device);
    }

    public ModelConfig config() {
        return config;
    }

    @Override
    public int vocabulary() {
        return config.vocabSize();
    }

    /** Type of activations and, unless bound otherwise, weights. */
    @Override
    public DType dtype() {
        return dtype;
    }

    @Override
    public Device device() {
        return device;
    }

    public HeadDims headDims() {
        return config.headDims();
    }

    public int layers() {
        return blocks.size();
    }

    // ---- weights ------------------------------------------------------------------------------------------------

    /** The weights as bound now, by Hugging Face name, in the order of the forward pass. */
    public Map<String, Tensor> weights() {
        Map<String, Tensor> bound = new LinkedHashMap<>();
        weights.forEach((name, weight) -> bound.put(name, weight.tensor()));
        return Collections.unmodifiableMap(bound);
    }

    /**
     * Uses {@code tensor}, which stays its owner's, in place of a weight. The tensor it replaces is freed if it was the
     * decoder's own.
     *
     * @throws IllegalArgumentException for an unknown name or another shape
     */
    public void bind(String name, Tensor tensor) {
        weight(name).bind(tensor);
    }

    private Weight weight(String name) {
        Weight weight = weights.get(name);
        if (weight == null) {
            throw new IllegalArgumentException("no weight " + name + "; " + Nearest.hint(name, weights.keySet()));
        }
        return weight;
    }

    /**
     * Uses {@code tensors}, which stay their owner's, in place of weights, until {@link #restore}.
     *
     * @throws IllegalArgumentException for an unknown name or another shape
     */
    public void substitute(Map<String, Tensor> tensors) {
        tensors.forEach((name, tensor) -> weight(name).substitute(tensor));
    }

    /** Uses its own weights again in place of those that were substituted. */
    public void restore() {
        weights.values().forEach(Weight::restore);
    }

    /** Takes ownership: {@code tensor} is freed with the decoder. */
    public Tensor own(Tensor tensor) {
        return scope.adopt(tensor);
    }

    /** The projections by module path. */
    Map<String, Linear> projections() {
        return projections;
    }

    // ---- mixers -------------------------------------------------------------------------------------------------

    public Mixer mixer(int layer) {
        return mixers.get(layer);
    }

    /** Gives a layer another mixer, whose parameters stay their owner's. */
    public void replaceMixer(int layer, Mixer mixer) {
        mixers.set(layer, mixer);
        changes++;
    }

    /** The mixer of each layer as data. */
    public List<MixerSpec> mixerSpecs() {
        return mixers.stream().map(Mixer::spec).toList();
    }

    // ---- forward ------------------------------------------------------------------------------------------------

    /**
     * Where tokens of whole sequences stand. The caller closes it, after what reads it was back-propagated.
     *
     * @param documents where each token's document begins in its sequence, int32 [B, T]: none sees another; null where
     *     each token sees all before it
     */
    public Positions positions(@Nullable Tensor documents) {
        return documents == null ? Positions.start(rotary) : Positions.packed(rotary, documents);
    }

    /** Final hidden states, after the last norm [B, T, D], of whole sequences of int64 ids [B, T]. */
    @Override
    public Tensor hidden(Tensor ids, Form form) {
        return hidden(ids, form, null);
    }

    /** As {@link #hidden(Tensor, Form)}; {@code observer} sees each layer. */
    public Tensor hidden(Tensor ids, Form form, @Nullable MixerObserver observer) {
        return hidden(ids, start, form, observer);
    }

    /** As {@link #hidden(Tensor, Form, MixerObserver)} of tokens at {@linkplain #positions positions}. */
    public Tensor hidden(Tensor ids, Positions at, Form form, @Nullable MixerObserver observer) {
        Tensor x = embedding.use().embedding(ids); // [B, T, D]
        notify(observer, 0, x);
        for (int i = 0; i < blocks.size(); i++) {
            x = replace(x, block(i, x, at, form, observer));
            notify(observer, i + 1, x);
        }
        return replace(x, last.apply(x));
    }

    /**
     * As {@link #hidden(Tensor, Form)}, for training: once a gradient was back-propagated from the result, {@code tape}
     * carries it on to all leaves.
     *
     * @param recompute keeps only the input of each layer and computes the layer again on the way back, so that memory
     *     hardly grows with depth
     */
    public Tensor hidden(Tensor ids, Form form, Tape tape, boolean recompute) {
        return hidden(ids, start, form, tape, recompute, null);
    }

    /**
     * As {@link #hidden(Tensor, Form, Tape, boolean)} of tokens at {@linkplain #positions positions}; {@code observer}
     * sees each layer once, with gradients on. Where one is wanted of what it sees, that is a leaf, to which it may
     * {@linkplain Gradients#collect add} a gradient.
     */
    public Tensor hidden(
            Tensor ids, Positions at, Form form, Tape tape, boolean recompute, @Nullable MixerObserver observer) {
        TapedPass pass = new TapedPass(blocks, mixers, last, at, form, recompute, observer);
        return pass.run(embedding.use().embedding(ids), tape);
    }

    /** One block with its mixer: the residual stream before it to that after it, both [B, T, D]. */
    public Tensor block(int layer, Tensor x, Positions at, Form form, Tape tape) {
        Mixer mixer = mixers.get(layer);
        return blocks.get(layer).apply(x, at, in -> mixer.forward(in, form, tape), tape);
    }

    /** As {@link #block(int, Tensor, Positions, Form, Tape)} without gradients; {@code observer} sees its mixer. */
    public Tensor block(int layer, Tensor x, Positions at, Form form, @Nullable MixerObserver observer) {
        return blocks.get(layer).apply(x, at, in -> {
            Tensor heads = mixers.get(layer).forward(in, form, Tape.OFF); // [B, H, T, d]
            if (observer != null) {
                observer.observe(layer, in, heads);
            }
            return heads;
        });
    }

    private static void notify(@Nullable MixerObserver observer, int depth, Tensor x) {
        if (observer != null) {
            observer.hidden(depth, x);
        }
    }

    /** Frees our hold of {@code before}; with gradients on, the graph keeps what it needs. */
    private static Tensor replace(Tensor before, Tensor after) {
        before.close();
        return after;
    }

    /** The output layer's weight [V, D]. */
    Weight head() {
        return head;
    }

    /** Scores of the next token [..., V] for hidden states [..., D]. */
    @Override
    public Tensor logits(Tensor hidden) {
        return hidden.linear(head.use(), null);
    }

    /** What steps are run with, made of the parameters as they are now. */
    Execution execution() {
        Execution known = execution;
        if (known != null && known.isCurrent()) {
            return known;
        }
        if (known != null) {
            known.close();
        }
        Execution made = new Execution(this);
        executions++;
        execution = made;
        return made;
    }

    /** How often what depends on parameters alone was computed: once for each state of them that was generated with. */
    public long executions() {
        return executions;
    }

    /** How often a weight was bound, an update or a mixer replaced. */
    long changes() {
        long all = changes;
        for (Weight weight : weights.values()) {
            all += weight.changes();
        }
        for (Linear linear : projections.values()) {
            all += linear.changes();
        }
        return all;
    }

    List<Block> blocks() {
        return blocks;
    }

    List<Mixer> mixers() {
        return mixers;
    }

    /** Whether passes of training over whole sequences, output layer and embedding frozen, can be recorded. */
    public boolean trainsGraphed() {
        return device.isCuda()
                && !head.tensor().requiresGrad()
                && !embedding.tensor().requiresGrad()
                && mixers.stream().allMatch(mixer -> mixer.trainsGraphed(dtype, device));
    }

    /** Lets {@code owner} keep what passes over so many tokens read beside weights and parameters. */
    public void keep(long tokens, Scope owner) {
        rotary.keep(tokens, device, owner);
    }

    Rotary rotary() {
        return rotary;
    }

    /** An empty state for {@code batch} sequences. The caller closes it. */
    @Override
    public DecoderState newState(int batch) {
        List<MixerState> states = new ArrayList<>();
        for (Mixer mixer : mixers) {
            states.add(mixer.newState(batch, dtype, device));
        }
        return new DecoderState(states, batch);
    }

    /**
     * Reads T ≥ 1 more tokens: ids [B, T] to final hidden states [B, T, D], and updates the state, whose rows may have
     * read different numbers of tokens. Long texts are read in pieces, so that memory does not grow with them.
     */
    @Override
    public Tensor advance(Tensor ids, DecoderState state) {
        Tensor hidden = Gradients.enabled() ? learning(ids, state) : execution().advance(ids, state);
        state.count(ids.size(1));
        return hidden;
    }

    private Tensor learning(Tensor ids, DecoderState state) {
        try (Positions at = Positions.of(rotary, state.read())) {
            return advance(ids, state, at, blocks, mixers);
        }
    }

    @Override
    public @Nullable GraphedDecode graphed(DecoderState state) {
        return GraphedDecode.served(this) ? new GraphedDecode(this, state) : null;
    }

    Tensor advance(Tensor ids, DecoderState state, Positions at, List<Block> through, List<Mixer> with) {
        Tensor x = embedding.use().embedding(ids); // [B, T, D]
        for (int i = 0; i < blocks.size(); i++) {
            Mixer mixer = with.get(i);
            MixerState memory = state.layer(i);
            x = replace(x, through.get(i).apply(x, at, in -> mixer.advance(in, memory)));
        }
        return replace(x, last.apply(x));
    }

    @Override
    public void close() {
        if (execution != null) {
            execution.close();
            execution = null;
        }
        start.close();
        rotary.close();
        scope.close();
    }
}
