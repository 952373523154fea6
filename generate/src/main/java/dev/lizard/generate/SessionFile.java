package dev.lizard.generate;

import dev.lizard.base.Hashes;
import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.SafetensorsFile;
import dev.lizard.checkpoint.StoredTensor;
import dev.lizard.checkpoint.StoredType;
import dev.lizard.checkpoint.WeightSource;
import dev.lizard.checkpoint.Weights;
import dev.lizard.model.Decoder;
import dev.lizard.model.DecoderState;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A session in a safetensors file: the state's tensors under {@code state.}, the scores of the next token, the last ids
 * and the set of ids seen; in the metadata the model's fingerprint, notes, and a SHA-256 over all that is in the
 * file, so that a torn one is refused.
 */
final class SessionFile {
    private static final String STATE = "state.";
    private static final String LOGITS = "logits";
    private static final String TAIL = "tail";
    private static final String SEEN = "seen";
    private static final String NOTE = "note.";
    private static final String FORMAT = "format";
    private static final String FORMAT_VALUE = "lizard-session-1";
    private static final String MODEL = "model";
    private static final String TOKENS = "tokens";
    private static final String HISTORY = "history";
    static final String CONTENT = "sha256";

    private SessionFile() {}

    /**
     * What is to be written of a state, for as long as the innermost scope is open.
     *
     * @param logits scores of the next token; null before the first
     * @param model {@link ModelFingerprint} of its decoder
     */
    static StoredSession store(
            DecoderState state, History history, float @Nullable [] logits, String model, Map<String, String> notes) {
        Map<String, Tensor> tensors = new TreeMap<>();
        state.tensors().forEach((name, tensor) -> tensors.put(STATE + name, tensor));
        int[] tail = history.tail();
        long[] seen = history.seen().toLongArray();
        tensors.put(TAIL, Tensors.of(tail, tail.length));
        tensors.put(SEEN, Tensors.of(seen, seen.length));
        if (logits != null) {
            tensors.put(LOGITS, Tensors.of(logits, logits.length));
        }
        Map<String, String> metadata = new TreeMap<>();
        metadata.put(FORMAT, FORMAT_VALUE);
        metadata.put(MODEL, model);
        metadata.put(TOKENS, Long.toString(history.count()));
        metadata.put(HISTORY, Long.toHexString(history.hash()));
        notes.forEach((name, text) -> metadata.put(NOTE + name, text));
        List<StoredTensor> stored = new ArrayList<>();
        tensors.forEach((name, tensor) -> {
            Tensor host = tensor.detach().to(Device.CPU).contiguous();
            stored.add(StoredTensor.of(name, host));
        });
        return new StoredSession(stored, metadata);
    }

    static Loaded read(Decoder decoder, String model, Path file) {
        try (SafetensorsFile source = SafetensorsFile.open(file)) {
            Map<String, String> metadata = metadata(source, file);
            checkContent(source, metadata, file);
            check(
                    metadata,
                    MODEL,
                    model,
                    file,
                    "state of another model",
                    "load it with the model, --dtype and recipe that wrote it");
            return new Loaded(restore(decoder, source, metadata, file), notes(metadata));
        }
    }

    /** What {@link #read} found: a state, which the caller closes, and the notes saved with it. */
    record Loaded(Snapshot snapshot, Map<String, String> notes) {}

    /**
     * The notes alone, without a look at the rest.
     *
     * @throws LizardException INPUT where the file is missing or is none of a session
     */
    static Map<String, String> notes(Path file) {
        try (SafetensorsFile source = SafetensorsFile.open(file)) {
            return notes(metadata(source, file));
        }
    }

    private static Map<String, String> metadata(SafetensorsFile source, Path file) {
        Map<String, String> metadata = new TreeMap<>(source.metadata());
        check(metadata, FORMAT, FORMAT_VALUE, file, "not a saved session", "give a file that --save-state wrote");
        return metadata;
    }

    private static Map<String, String> notes(Map<String, String> metadata) {
        Map<String, String> notes = new LinkedHashMap<>();
        metadata.forEach((key, value) -> {
            if (key.startsWith(NOTE)) {
                notes.put(key.substring(NOTE.length()), value);
            }
        });
        return notes;
    }

    private static Snapshot restore(Decoder decoder, WeightSource source, Map<String, String> metadata, Path file) {
        DecoderState state = decoder.newState(1);
        boolean whole = false;
        try (Scope work = Scope.open()) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            for (String name : source.names()) {
                if (name.startsWith(STATE)) {
                    tensors.put(name.substring(STATE.length()), load(source, name));
                }
            }
            state.restore(tensors, file.toString());
            History history = history(source, metadata, decoder.config().vocabSize(), file);
            if (history.count() != state.tokens()) {
                throw bad(file, TOKENS, state.tokens() + " as the state has read", history.count());
            }
            Snapshot snapshot = new Snapshot(
                    state,
                    history,
                    source.contains(LOGITS) ? logits(source, decoder.config().vocabSize(), file) : null);
            whole = true;
            return snapshot;
        } finally {
            if (!whole) {
                state.close();
            }
        }
    }

    private static History history(WeightSource source, Map<String, String> metadata, int vocabulary, Path file) {
        long count = number(metadata, TOKENS, 10, file);
        long[] tail = load(source, TAIL).longs();
        if (tail.length != Math.min(count, History.TAIL)) {
            throw bad(file, TAIL, "the last %d of %d ids".formatted(History.TAIL, count), tail.length);
        }
        for (long id : tail) {
            if (id < 0 || id >= vocabulary) {
                throw bad(file, TAIL, "ids below " + vocabulary, id);
            }
        }
        BitSet seen = BitSet.valueOf(load(source, SEEN).longs());
        if (seen.length() > vocabulary) {
            throw bad(file, SEEN, "ids below " + vocabulary, seen.length() - 1);
        }
        int[] ids = Arrays.stream(tail).mapToInt(id -> (int) id).toArray();
        return History.restored(seen, ids, count, number(metadata, HISTORY, 16, file));
    }

    private static float[] logits(WeightSource source, int vocabulary, Path file) {
        float[] logits = load(source, LOGITS).floats();
        if (logits.length != vocabulary) {
            throw bad(file, LOGITS, vocabulary + " scores", logits.length);
        }
        return logits;
    }

    private static long number(Map<String, String> metadata, String key, int radix, Path file) {
        String text = String.valueOf(metadata.get(key));
        try {
            return Long.parseUnsignedLong(text, radix);
        } catch (NumberFormatException e) {
            throw bad(file, key, "a number", text);
        }
    }

    private static LizardException bad(Path file, String key, String expected, Object found) {
        return LizardException.at(
                LizardException.Kind.INPUT,
                "bad session file",
                file + "/" + key,
                expected,
                found,
                "save the session again");
    }

    private static Tensor load(WeightSource source, String name) {
        StoredType stored = source.info(name).type();
        DType dtype = switch (stored) {
            case I8 -> DType.INT8;
            case I32 -> DType.INT32;
            case I64 -> DType.INT64;
            case F64 -> DType.FLOAT64;
            case BF16 -> DType.BFLOAT16;
            case BOOL -> DType.BOOL;
            default -> DType.FLOAT32;
        };
        return Weights.load(source, name, dtype, Device.CPU);
    }

    private static void checkContent(WeightSource source, Map<String, String> metadata, Path file) {
        String recorded = metadata.remove(CONTENT);
        String found = content(source, metadata);
        if (!found.equals(recorded)) {
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "torn or changed session file",
                    file + "/" + CONTENT,
                    String.valueOf(recorded),
                    found,
                    "save the session again");
        }
    }

    /** The SHA-256 of all tensors and of {@code metadata} without it. */
    static String content(WeightSource source, Map<String, String> metadata) {
        MessageDigest digest = StoredSession.digest(metadata);
        for (String name : new TreeSet<>(source.names())) {
            StoredSession.add(digest, name + source.info(name).shape(), source.raw(name));
        }
        return Hashes.hex(digest);
    }

    private static void check(
            Map<String, String> metadata, String key, String expected, Path file, String what, String whatToDo) {
        String found = metadata.get(key);
        if (!expected.equals(found)) {
            throw LizardException.at(
                    LizardException.Kind.INPUT, what, file + "/" + key, expected, String.valueOf(found), whatToDo);
        }
    }
}
