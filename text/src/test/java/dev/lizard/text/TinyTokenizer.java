package dev.lizard.text;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import tools.jackson.databind.node.ObjectNode;

/** Tokenizer files made for a test: bytes 0 to 255, {@code <s>} 256 and {@code </s>} 257, {@code th} 258, {@code the} 259. */
final class TinyTokenizer {
    static final int FREE = 260;

    private TinyTokenizer() {}

    static ObjectNode json() {
        List<String> tokens = new java.util.ArrayList<>();
        for (int b = 0; b < 256; b++) {
            tokens.add(String.valueOf(ByteAlphabet.charOf(b)));
        }
        tokens.addAll(List.of("<s>", "</s>", "th", "the"));
        return new TokenizerJson(
                        tokens,
                        List.of(new TokenizerJson.Merge("t", "h"), new TokenizerJson.Merge("th", "e")),
                        List.of(new TokenizerJson.Added(256, "<s>", true), new TokenizerJson.Added(257, "</s>", true)))
                .byteLevel(PreTokenizer.QWEN2, null, OptionalInt.of(256), OptionalInt.empty());
    }

    /** A folder with this tokenizer and other files: names and texts in turn. */
    static Path folder(Path folder, String... files) throws java.io.IOException {
        Files.writeString(folder.resolve("tokenizer.json"), json().toString());
        for (int i = 0; i < files.length; i += 2) {
            Files.writeString(folder.resolve(files[i]), files[i + 1]);
        }
        return folder;
    }

    static int[] encode(Path folder, String text) {
        try (Tokenizer tokenizer = Tokenizers.open(folder)) {
            return tokenizer.encode(text, false);
        }
    }
}
