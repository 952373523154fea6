package dev.lizard.text;

import dev.lizard.base.Hashes;
import java.io.Reader;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The {@link Tokenizer} of a {@code tokenizer.json}, which is examined before the native library gets it. */
final class NativeTokenizer implements Tokenizer {
    private final String json;
    private final JsonNode root;
    private final String where;
    private final Vocabulary vocabulary;
    private final TokenizerSettings settings;
    private final TextFrame frame;
    private final RunLimit limit;
    private final NativeEncoder encoder;
    private final RenderingEncoder renderings;
    /** Made on first use: few texts need them. */
    private @Nullable NativeEncoder masked;

    private @Nullable NativeEncoder unmarked;
    private @Nullable TextCuts cuts;
    private boolean closed;

    NativeTokenizer(String json, JsonNode root, TokenizerSettings settings, String where) {
        this.limit = TokenizerChecks.check(root, where);
        this.json = json;
        this.root = root;
        this.where = where;
        this.vocabulary = new Vocabulary(root, where);
        this.settings = settings;
        this.frame = TextFrame.of(new Section(root, where), vocabulary);
        this.encoder = new NativeEncoder(json, limit, where);
        this.renderings = new RenderingEncoder(
                new AddedTokens(root),
                TokenizerVariants.marksBeginning(root),
                this::encodeWithOffsets,
                (text, addSpecial) -> framed(masked().encodeWithOffsets(text), addSpecial),
                (text, addSpecial) -> framed(unmarked().encodeWithOffsets(text), addSpecial));
    }

    @Override
    public int[] encode(String text, boolean addSpecial) {
        if (text.length() > 2 * TextParts.PART) {
            return stream(new StringReader(text), addSpecial).rest();
        }
        int[] ids = encoder.ids(text);
        return addSpecial ? frame.around(ids) : ids;
    }

    @Override
    public TokenStream stream(Reader text, boolean addSpecial) {
        return new TokenStream(text, cuts(), new Parts(), addSpecial ? frame : TextFrame.NONE);
    }

    @Override
    public TokenStream streamContinuation(Reader text, int previous) {
        return new TokenStream(text, cuts(), new Parts(), previous);
    }

    @Override
    public int cut(CharSequence text, int from, int to) {
        return cuts().last(text, from, to);
    }

    private synchronized TextCuts cuts() {
        if (cuts == null) {
            cuts = new TextCuts(root);
        }
        return cuts;
    }

    /** Parts of one text. */
    private final class Parts implements TokenStream.Parts {
        @Override
        public int[] first(String text) {
            return encoder.ids(text);
        }

        @Override
        public int[] next(String text, int previous) {
            return renderings.marksBeginning()
                    ? encodeContinuation(Rendering.trusted(text), Math.max(0, previous))
                            .ids()
                    : encoder.ids(text);
        }
    }

    @Override
    public int[] encodeLiteral(String text) {
        return encode(Rendering.quoted(text), false).ids();
    }

    @Override
    public Tokenized encodeWithOffsets(String text, boolean addSpecial) {
        return framed(encoder.encodeWithOffsets(text), addSpecial);
    }

    @Override
    public Tokenized encode(Rendering text, boolean addSpecial) {
        return renderings.encode(text, addSpecial);
    }

    @Override
    public Tokenized encodeContinuation(Rendering text, int previous) {
        return renderings.continuation(text, vocabulary.isAdded(previous));
    }

    private Tokenized framed(Tokenized tokenized, boolean addSpecial) {
        return addSpecial ? frame.around(tokenized) : tokenized;
    }

    private synchronized NativeEncoder masked() {
        if (masked == null) {
            masked = variant(TokenizerVariants.masked(root, new AddedTokens(root)));
        }
        return masked;
    }

    private synchronized NativeEncoder unmarked() {
        if (unmarked == null) {
            unmarked = variant(TokenizerVariants.unmarked(TokenizerVariants.masked(root, new AddedTokens(root))));
        }
        return unmarked;
    }

    private NativeEncoder variant(JsonNode changed) {
        if (closed) {
            throw new IllegalStateException("the tokenizer is closed");
        }
        return new NativeEncoder(changed.toString(), limit, where);
    }

    @Override
    public StreamDecoder streamDecoder(boolean skipSpecial, boolean continuing) {
        return new StreamDecoder(vocabulary, skipSpecial, vocabulary.stripsFirstSpace() && !continuing);
    }

    /** The library's own decoding, for tests to hold ours against. */
    String referenceDecode(int[] ids, boolean skipSpecial) {
        return encoder.decode(ids, skipSpecial);
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
    public byte[] bytes(int id) {
        return vocabulary.bytes(id);
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
        return Hashes.sha256(json);
    }

    @Override
    public void writeTo(Path folder) {
        TokenizerFolder.write(this, folder);
    }

    @Override
    public synchronized void close() {
        closed = true;
        encoder.close();
        for (NativeEncoder variant : new NativeEncoder[] {masked, unmarked}) {
            if (variant != null) {
                variant.close();
            }
        }
    }
}
