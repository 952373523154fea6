package dev.lizard.text;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * A tokenizer of bytes: id {@code b} is byte {@code b}, special tokens follow from 256. It needs no training, loses no
 * text and is an ordinary {@code tokenizer.json} that any reader of those opens.
 */
public final class ByteTokenizer {
    private ByteTokenizer() {}

    /** The {@code tokenizer.json} of 256 bytes and {@code specials}, ids 256, 257, ... in their order. */
    public static String json(List<String> specials) {
        List<String> tokens = new ArrayList<>();
        for (int b = 0; b < 256; b++) {
            tokens.add(String.valueOf(ByteAlphabet.charOf(b)));
        }
        List<TokenizerJson.Added> added = new ArrayList<>();
        for (String special : specials) {
            if (special.isEmpty() || tokens.contains(special)) {
                throw new IllegalArgumentException("special token '" + special + "' is empty or taken");
            }
            added.add(new TokenizerJson.Added(tokens.size(), special, true));
            tokens.add(special);
        }
        return new TokenizerJson(tokens, List.of(), added)
                .byteLevel(PreTokenizer.GPT2, null, OptionalInt.empty(), OptionalInt.empty())
                .toString();
    }

    /** Opens it; the first of {@code specials}, where there is one, ends a text. */
    public static Tokenizer open(List<String> specials) {
        TokenizerSettings settings = specials.isEmpty() ? TokenizerSettings.none() : TokenizerSettings.ofEos(256);
        return Tokenizers.fromJson(json(specials), settings, "the byte tokenizer");
    }
}
