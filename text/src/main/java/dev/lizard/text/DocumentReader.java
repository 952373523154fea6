package dev.lizard.text;

import dev.lizard.base.LizardException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Goes through files and makes a {@link Document} of each record, or of each part of a text file. */
final class DocumentReader implements Iterator<Document>, AutoCloseable {
    /** A text file is cut at the first blank line after this many characters, or at any after twice as many. */
    static final int PART = 1 << 16;

    private static final int LONGEST_RECORD = 1 << 28;

    private final Iterator<Path> files;
    private final Tokenizer tokenizer;
    private final Optional<ChatFormat> chat;
    private final List<String> endings;
    private @Nullable Path file;
    private @Nullable DataReader reader;
    private @Nullable String pendingLine;
    private @Nullable Document next;
    private boolean any;

    DocumentReader(Iterator<Path> files, Tokenizer tokenizer, Optional<ChatFormat> chat) {
        this.files = files;
        this.tokenizer = tokenizer;
        this.chat = chat;
        this.endings = tokenizer.eosIds().stream().map(tokenizer::piece).toList();
    }

    @Override
    public boolean hasNext() {
        while (next == null) {
            Path current = file;
            DataReader open = reader;
            if (current == null || open == null) {
                if (!files.hasNext()) {
                    return false;
                }
                file = files.next();
                reader = new DataReader(file);
                any = false;
                continue;
            }
            next = DataFiles.isJsonLines(current) ? nextRecord(open) : nextPart(open);
            if (next != null) {
                any = true;
                continue;
            }
            close();
            if (!any) {
                throw LizardException.at(
                        LizardException.Kind.INPUT, "no text", current, "text", "an empty file", "leave the file out");
            }
        }
        return true;
    }

    @Override
    public Document next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        Document document = next;
        next = null;
        if (document == null) {
            throw new NoSuchElementException();
        }
        return document;
    }

    private @Nullable Document nextRecord(DataReader open) {
        while (true) {
            String line = open.nextLine(LONGEST_RECORD);
            if (line == null) {
                return null;
            }
            if (line.length() >= LONGEST_RECORD) {
                throw LizardException.at(
                        LizardException.Kind.INPUT,
                        "record too long",
                        open.where(),
                        "fewer than " + LONGEST_RECORD + " characters a line",
                        "more",
                        "cut the record or use .txt");
            }
            if (!line.isBlank()) {
                Document document = document(DataRecord.parse(line, open.where()), open.where());
                if (document.ids().length > 0) {
                    return document;
                }
            }
        }
    }

    private Document document(DataRecord parsed, String where) {
        return switch (parsed) {
            case DataRecord.Text(String text) -> plain(text, !text.isEmpty());
            case DataRecord.Instruction instruction -> answered(instruction.prompt(), instruction.output());
            case DataRecord.Pair(String prompt, String answer) -> answered(prompt, answer);
            case DataRecord.Chat(List<Message> messages) -> {
                ChatFormat format = chat.orElseThrow(() -> LizardException.at(
                        LizardException.Kind.INPUT,
                        "no chat template",
                        where,
                        "a model with one, to write 'messages' with",
                        "none",
                        "use data with 'text' or a model with a chat template"));
                LabelledText text = new Conversation(format, endings, where).label(messages);
                // The template writes BOS and the endings itself.
                Document document = text.tokenize(tokenizer, false);
                yield endsItself(document.ids()) ? document : ended(document, false);
            }
        };
    }

    private Document answered(String prompt, String answer) {
        String text = prompt + answer;
        LabelledText.Span learnt = new LabelledText.Span(prompt.length(), text.length());
        return ended(new LabelledText(text, List.of(learnt)).tokenize(tokenizer, true), true);
    }

    /** The next part of a text file; EOS follows the last. */
    private @Nullable Document nextPart(DataReader open) {
        StringBuilder text = new StringBuilder();
        String line = pendingLine == null ? open.nextLine(PART) : pendingLine;
        while (line != null) {
            text.append(line);
            boolean blank = line.isBlank();
            line = open.nextLine(PART);
            if (text.length() >= 2 * PART || (blank && text.length() >= PART)) {
                break;
            }
        }
        pendingLine = line;
        return text.isEmpty() ? null : plain(text.toString(), line == null);
    }

    private Document plain(String text, boolean last) {
        int[] ids = tokenizer.encode(text, true);
        boolean[] learn = new boolean[ids.length];
        Arrays.fill(learn, true);
        if (ids.length > 0 && tokenizer.bosId().orElse(-1) == ids[0]) {
            learn[0] = false;
        }
        Document document = new Document(ids, learn);
        return last ? ended(document, true) : document;
    }

    private Document ended(Document document, boolean learn) {
        List<Integer> eos = tokenizer.eosIds();
        return eos.isEmpty() ? document : LabelledText.append(document, eos.getFirst(), learn);
    }

    /** Whether EOS is the last token, or the last but white space. */
    private boolean endsItself(int[] ids) {
        for (int i = ids.length - 1; i >= Math.max(0, ids.length - 3); i--) {
            if (tokenizer.eosIds().contains(ids[i])) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void close() {
        DataReader open = reader;
        reader = null;
        file = null;
        pendingLine = null;
        if (open != null) {
            open.close();
        }
    }
}
