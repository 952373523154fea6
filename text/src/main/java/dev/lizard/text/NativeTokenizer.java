package dev.lizard.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import dev.lizard.base.LizardException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The {@link Tokenizer} that encodes with Hugging Face's native library. Ids are fetched through the library's own
 * calls rather than its {@code Encoding}, which would copy spans, masks and pieces of every text as well.
 */
final class NativeTokenizer implements Tokenizer {
    static {
        // The native library is inside the jar: no download, no CUDA flavour, no call home.
        System.setProperty("ai.djl.offline", "true");
    }

    private final String json;
    private final JsonNode root;
    private final String where;
    private final Vocabulary vocabulary;
    private final TokenizerSettings settings;
    private final HuggingFaceTokenizer encoder;
    private final RenderingEncoder renderings;
    /** Made on first use: few texts need them. */
    private @Nullable HuggingFaceTokenizer masked;

    private @Nullable HuggingFaceTokenizer unmarked;
    private boolean closed;

    NativeTokenizer(String json, JsonNode root, TokenizerSettings settings, String where) {
        this.json = json;
        this.root = root;
        this.where = where;
        this.vocabulary = new Vocabulary(root, where);
        this.settings = settings;
        this.encoder = load(json, where);
        this.renderings = new RenderingEncoder(
                new AddedTokens(root),
                TokenizerVariants.marksBeginning(root),
                (text, addSpecial) -> encode(encoder, text, addSpecial),
                (text, addSpecial) -> encode(masked(), text, addSpecial),
                (text, addSpecial) -> encode(unmarked(), text, addSpecial));
    }

    @Override
    public int[] encode(String text, boolean addSpecial) {
        return ids(encoder, text, addSpecial);
    }

    @Override
    public int[] encodeLiteral(String text) {
        return encode(Rendering.quoted(text), false).ids();
    }

    @Override
    public Tokenized encodeWithOffsets(String text, boolean addSpecial) {
        return encode(encoder, text, addSpecial);
    }

    @Override
    public Tokenized encode(Rendering text, boolean addSpecial) {
        return renderings.encode(text, addSpecial);
    }

    @Override
    public Tokenized encodeContinuation(Rendering text, int previous) {
        return renderings.continuation(text, vocabulary.isAdded(previous));
    }

    private static Tokenized encode(HuggingFaceTokenizer encoder, String text, boolean addSpecial) {
        String clean = wellFormed(text);
        TokenizersLibrary library = TokenizersLibrary.LIB;
        long encoding = library.encode(handle(encoder), clean, addSpecial);
        try {
            int[] ids = narrow(library.getTokenIds(encoding));
            long[] inserted = library.getSpecialTokenMask(encoding);
            CharSpan[] spans = library.getTokenCharSpans(encoding);
            int[] starts = new int[ids.length];
            int codePoint = 0;
            int index = 0;
            for (int i = 0; i < ids.length; i++) {
                CharSpan span = spans[i];
                if (inserted[i] != 0 || span == null) {
                    starts[i] = -1;
                    continue;
                }
                // Spans count code points; tokens of one character share a start, so starts never fall.
                if (span.getStart() > codePoint) {
                    index = clean.offsetByCodePoints(index, span.getStart() - codePoint);
                    codePoint = span.getStart();
                }
                starts[i] = index;
            }
            return new Tokenized(ids, starts);
        } finally {
            library.deleteEncoding(encoding);
        }
    }

    private static int[] ids(HuggingFaceTokenizer tokenizer, String text, boolean addSpecial) {
        TokenizersLibrary library = TokenizersLibrary.LIB;
        long encoding = library.encode(handle(tokenizer), wellFormed(text), addSpecial);
        try {
            return narrow(library.getTokenIds(encoding));
        } finally {
            library.deleteEncoding(encoding);
        }
    }

    private static int[] narrow(long[] ids) {
        int[] narrow = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            narrow[i] = (int) ids[i];
        }
        return narrow;
    }

    /** Halves of surrogate pairs are no characters and have no UTF-8: they become U+FFFD. */
    private static String wellFormed(String text) {
        StringBuilder clean = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!Character.isSurrogate(c)) {
                continue;
            }
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
                continue;
            }
            clean = clean == null ? new StringBuilder(text) : clean;
            clean.setCharAt(i, '\uFFFD');
        }
        return clean == null ? text : clean.toString();
    }

    private static long handle(HuggingFaceTokenizer tokenizer) {
        if (tokenizer.isReleased()) {
            throw new IllegalStateException("the tokenizer is closed");
        }
        return tokenizer.getHandle();
    }

    private synchronized HuggingFaceTokenizer masked() {
        if (masked == null) {
            masked = variant(TokenizerVariants.masked(root, new AddedTokens(root)));
        }
        return masked;
    }

    private synchronized HuggingFaceTokenizer unmarked() {
        if (unmarked == null) {
            unmarked = variant(TokenizerVariants.unmarked(TokenizerVariants.masked(root, new AddedTokens(root))));
        }
        return unmarked;
    }

    private HuggingFaceTokenizer variant(JsonNode changed) {
        if (closed) {
            throw new IllegalStateException("the tokenizer is closed");
        }
        return load(changed.toString(), where);
    }

    private static HuggingFaceTokenizer load(String json, String where) {
        Map<String, String> options = Map.of("truncation", "false", "padding", "false", "modelMaxLength", "-1");
        try {
            return HuggingFaceTokenizer.newInstance(
                    new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)), options);
        } catch (IOException | RuntimeException unreadable) {
            throw new LizardException(
                    LizardException.Kind.INPUT,
                    "unreadable tokenizer in %s: %s; use a tokenizer.json written by Hugging Face's tokenizers"
                            .formatted(where, unreadable.getMessage()),
                    unreadable);
        } catch (LinkageError noLibrary) {
            throw new LizardException(
                    LizardException.Kind.ENVIRONMENT,
                    "the tokenizer's native library does not load: %s; set DJL_CACHE_DIR to a writable folder"
                            .formatted(noLibrary.getMessage()),
                    noLibrary);
        }
    }

    @Override
    public StreamDecoder streamDecoder(boolean skipSpecial, boolean continuing) {
        return new StreamDecoder(vocabulary, skipSpecial, vocabulary.stripsFirstSpace() && !continuing);
    }

    /** The library's own decoding, for tests to hold ours against. */
    String referenceDecode(int[] ids, boolean skipSpecial) {
        long[] wide = new long[ids.length];
        for (int i = 0; i < ids.length; i++) {
            wide[i] = ids[i];
        }
        return encoder.decode(wide, skipSpecial);
    }

    @Override
    public int vocabSize() {
        return vocabulary.size();
    }

    @Override
    public OptionalInt bosId() {
        return settings.bosId();
    }

    @Override
    public List<Integer> eosIds() {
        return settings.eosIds();
    }

    @Override
    public String piece(int id) {
        return vocabulary.piece(id);
    }

    @Override
    public OptionalInt id(String piece) {
        return vocabulary.id(piece);
    }

    @Override
    public boolean isSpecial(int id) {
        return vocabulary.isSpecial(id);
    }

    @Override
    public TokenizerSettings settings() {
        return settings;
    }

    @Override
    public String json() {
        return json;
    }

    @Override
    public String sha256() {
        return Sha256.of(json.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void writeTo(Path folder) {
        TokenizerFolder.write(this, folder);
    }

    @Override
    public synchronized void close() {
        closed = true;
        encoder.close();
        for (HuggingFaceTokenizer variant : new HuggingFaceTokenizer[] {masked, unmarked}) {
            if (variant != null) {
                variant.close();
            }
        }
    }
}
