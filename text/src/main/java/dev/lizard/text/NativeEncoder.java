package dev.lizard.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import dev.lizard.base.LizardException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * A tokenizer inside Hugging Face's native library. Ids are fetched through the library's own calls rather than its
 * {@code Encoding}, which would copy spans, masks and pieces of every text as well. It adds nothing around a text.
 */
final class NativeEncoder implements AutoCloseable {
    static {
        // The native library is inside the jar: no download, no CUDA flavour, no call home.
        System.setProperty("ai.djl.offline", "true");
    }

    private final HuggingFaceTokenizer tokenizer;
    private final RunLimit limit;
    private final String where;

    /** Hands over a {@code tokenizer.json} that was examined ({@link TokenizerChecks}). */
    NativeEncoder(String json, RunLimit limit, String where) {
        this.limit = limit;
        this.where = where;
        Map<String, String> options = Map.of("truncation", "false", "padding", "false", "modelMaxLength", "-1");
        try {
            tokenizer = HuggingFaceTokenizer.newInstance(
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

    int[] ids(String text) {
        long encoding = encode(wellFormed(text));
        try {
            return narrow(TokenizersLibrary.LIB.getTokenIds(encoding));
        } finally {
            TokenizersLibrary.LIB.deleteEncoding(encoding);
        }
    }

    Tokenized encodeWithOffsets(String text) {
        String clean = wellFormed(text);
        TokenizersLibrary library = TokenizersLibrary.LIB;
        long encoding = encode(clean);
        try {
            int[] ids = narrow(library.getTokenIds(encoding));
            CharSpan[] spans = library.getTokenCharSpans(encoding);
            int[] starts = new int[ids.length];
            int codePoint = 0;
            int index = 0;
            for (int i = 0; i < ids.length; i++) {
                CharSpan span = spans[i];
                if (span == null) {
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

    /** The library's own decoding. */
    String decode(int[] ids, boolean skipSpecial) {
        long[] wide = new long[ids.length];
        for (int i = 0; i < ids.length; i++) {
            wide[i] = ids[i];
        }
        return tokenizer.decode(wide, skipSpecial);
    }

    private long encode(String clean) {
        if (tokenizer.isReleased()) {
            throw new IllegalStateException("the tokenizer is closed");
        }
        limit.check(clean, where);
        try {
            return TokenizersLibrary.LIB.encode(tokenizer.getHandle(), clean, false);
        } catch (RuntimeException refused) {
            throw new LizardException(
                    LizardException.Kind.INPUT,
                    "text that the tokenizer of %s cannot encode: %s; use the model's own tokenizer files"
                            .formatted(where, refused.getMessage()),
                    refused);
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

    @Override
    public void close() {
        tokenizer.close();
    }
}
