package dev.lizard.text;

import org.jspecify.annotations.Nullable;

/** A text file in parts that are cut at blank lines. */
final class TextPieces implements Pieces {
    /** A text is cut at the first blank line after this many characters, or at any after twice as many. */
    static final int PART = 1 << 16;

    private final DataReader reader;
    private @Nullable String pendingLine;
    private boolean begun;

    TextPieces(DataReader reader) {
        this.reader = reader;
    }

    @Override
    public @Nullable Piece next() {
        StringBuilder text = new StringBuilder();
        String line = pendingLine == null ? reader.nextLine(PART) : pendingLine;
        while (line != null) {
            text.append(line);
            boolean blank = line.isBlank();
            line = reader.nextLine(PART);
            if (text.length() >= 2 * PART || (blank && text.length() >= PART)) {
                break;
            }
        }
        pendingLine = line;
        if (text.isEmpty()) {
            return null;
        }
        boolean first = !begun;
        begun = true;
        return new Part(text.toString(), first, line == null);
    }

    @Override
    public void close() {
        reader.close();
    }
}
