package dev.lizard.text;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The pieces of a {@code tokenizer.json} by id and by text, and the bytes that each stands for. */
final class Vocabulary {
    private final List<@Nullable String> pieces = new ArrayList<>();
    private final Map<String, Integer> ids = new HashMap<>();
    private final BitSet added = new BitSet();
    private final BitSet special = new BitSet();
    private final PieceDecoder decoder;

    /** Reads the sections {@code model.vocab}, {@code added_tokens} and {@code decoder}, examined before. */
    Vocabulary(JsonNode root, String where) {
        JsonNode vocab = root.path("model").path("vocab");
        if (vocab.isArray()) {
            // Unigram: [piece, score] pairs in the order of their ids.
            for (JsonNode pair : vocab) {
                put(pieces.size(), pair.path(0).asString(""));
            }
        } else {
            vocab.properties().forEach(entry -> put(entry.getValue().asInt(), entry.getKey()));
        }
        for (JsonNode token : root.path("added_tokens")) {
            int id = token.path("id").asInt();
            put(id, token.path("content").asString(""));
            added.set(id);
            special.set(id, token.path("special").asBoolean(false));
        }
        decoder = PieceDecoder.of(new Section(root.path("decoder"), where + "/decoder"));
    }

    private void put(int id, String piece) {
        while (pieces.size() <= id) {
            pieces.add(null);
        }
        pieces.set(id, piece);
        ids.put(piece, id);
    }

    int size() {
        return pieces.size();
    }

    String piece(int id) {
        String piece = known(id) ? pieces.get(id) : null;
        return piece == null ? "" : piece;
    }

    OptionalInt id(String piece) {
        Integer id = ids.get(piece);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    boolean isSpecial(int id) {
        return known(id) && special.get(id);
    }

    /** Whether {@code id} is found in a text before anything else is. */
    boolean isAdded(int id) {
        return known(id) && added.get(id);
    }

    /** The bytes of {@code id}; none for an id without a piece (models may have more rows than their tokenizer). */
    byte[] bytes(int id) {
        String piece = piece(id);
        return piece.isEmpty() ? new byte[0] : decoder.bytes(piece, added.get(id));
    }

    boolean stripsFirstSpace() {
        return decoder.stripsFirstSpace();
    }

    private boolean known(int id) {
        if (id < 0) {
            throw new IllegalArgumentException("negative token id " + id);
        }
        return id < pieces.size();
    }
}
