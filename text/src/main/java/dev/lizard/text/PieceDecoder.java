package dev.lizard.text;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import java.util.ArrayList;
import java.util.List;

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

    List<String> KINDS = List.of("ByteLevel", "Metaspace", "Sequence", "Replace", "ByteFallback", "Fuse", "Strip");

    /** Reads the {@code decoder} section. */
    static PieceDecoder of(Section decoder) {
        List<Section> steps = new ArrayList<>();
        if (decoder.type().equals("Sequence")) {
            Section list = decoder.at("decoders").list();
            for (int i = 0; i < list.node().size(); i++) {
                steps.add(list.at(i).object());
            }
        } else {
            steps.add(decoder);
        }
        boolean spaces = false;
        boolean strips = false;
        for (Section step : steps) {
            switch (step.type()) {
                case "ByteLevel" -> {
                    return new ByteLevel();
                }
                case "Replace" -> {
                    requireSpace(step.at("pattern").at("String"), "\u2581");
                    requireSpace(step.at("content"), " ");
                    spaces = true;
                }
                case "Metaspace" -> {
                    step.spells("replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep");
                    requireSpace(step.at("replacement"), "\u2581");
                    spaces = true;
                    strips = !step.node()
                                    .path("prepend_scheme")
                                    .asString("always")
                                    .equals("never")
                            && step.node().path("add_prefix_space").asBoolean(true);
                }
                case "Strip" -> {
                    requireSpace(step.at("content"), " ");
                    step.at("stop").whole(0, 0);
                    strips = step.at("start").whole(0, 1) > 0;
                }
                case "ByteFallback", "Fuse" -> {
                    // Both say how bytes are joined, which streaming bytes does by itself.
                }
                default -> throw unsupported(decoder, step.type());
            }
        }
        if (!spaces) {
            throw unsupported(
                    decoder, steps.isEmpty() ? "none" : steps.getFirst().type());
        }
        return new SentencePiece(strips);
    }

    /** Streams turn {@code U+2581} into spaces, and drop one at the beginning: other signs are not understood. */
    private static void requireSpace(Section text, String only) {
        if (!text.text().equals(only)) {
            throw text.wrong("'" + only + "', as SentencePiece has it");
        }
    }

    private static LizardException unsupported(Section decoder, String type) {
        return LizardException.at(
                LizardException.Kind.INPUT,
                "unsupported decoder",
                decoder.where(),
                "ByteLevel, Metaspace or a SentencePiece sequence",
                type,
                Nearest.hintOr(type, KINDS, "use a model with a byte-level BPE or SentencePiece tokenizer"));
    }
}
