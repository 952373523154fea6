package dev.lizard.text;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.base.LizardException;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Which bytes a piece of the vocabulary stands for, after the {@code decoder} section of a {@code tokenizer.json}. */
sealed interface PieceDecoder {
    /** The bytes of one piece; {@code added} where it is an added token, spelt as it is rather than encoded. */
    byte[] bytes(String piece, boolean added);

    /** Whether the first space of a text is an artefact of the encoding and goes. */
    boolean stripsFirstSpace();

    /** Pieces are spelt in the {@link ByteAlphabet}. */
    record ByteLevel() implements PieceDecoder {
        @Override
        public byte[] bytes(String piece, boolean added) {
            byte[] bytes = added ? null : ByteAlphabet.bytesOf(piece);
            return bytes == null ? piece.getBytes(UTF_8) : bytes;
        }

        @Override
        public boolean stripsFirstSpace() {
            return false;
        }
    }

    /** SentencePiece: U+2581 is a space, {@code <0xE2>} one byte. */
    record SentencePiece(boolean stripsFirstSpace) implements PieceDecoder {
        @Override
        public byte[] bytes(String piece, boolean added) {
            if (!added && piece.length() == 6 && piece.startsWith("<0x") && piece.endsWith(">")) {
                try {
                    return new byte[] {(byte) Integer.parseInt(piece, 3, 5, 16)};
                } catch (NumberFormatException notAByte) {
                    return piece.getBytes(UTF_8);
                }
            }
            return piece.replace('\u2581', ' ').getBytes(UTF_8);
        }
    }

    /** Reads the {@code decoder} section; {@code where} names the file for the error. */
    static PieceDecoder of(JsonNode decoder, String where) {
        List<JsonNode> steps = decoder.path("type").asString("").equals("Sequence")
                ? List.copyOf(decoder.path("decoders").values())
                : List.of(decoder);
        boolean spaces = false;
        boolean strips = false;
        for (JsonNode step : steps) {
            String type = step.path("type").asString("none");
            switch (type) {
                case "ByteLevel" -> {
                    return new ByteLevel();
                }
                case "Replace" ->
                    spaces |= step.path("pattern").path("String").asString("").equals("\u2581");
                case "Metaspace" -> {
                    spaces = true;
                    strips = !step.path("prepend_scheme").asString("always").equals("never")
                            && step.path("add_prefix_space").asBoolean(true);
                }
                case "Strip" -> strips = step.path("start").asInt(0) > 0;
                case "ByteFallback", "Fuse" -> {
                    // Both say how bytes are joined, which streaming bytes does by itself.
                }
                default -> throw unsupported(where, type);
            }
        }
        if (!spaces) {
            throw unsupported(where, steps.getFirst().path("type").asString("none"));
        }
        return new SentencePiece(strips);
    }

    private static LizardException unsupported(String where, String type) {
        return LizardException.at(
                LizardException.Kind.INPUT,
                "unsupported decoder",
                where + "/decoder",
                "ByteLevel, Metaspace or a SentencePiece sequence",
                type,
                "use a model with a byte-level BPE or SentencePiece tokenizer");
    }
}
