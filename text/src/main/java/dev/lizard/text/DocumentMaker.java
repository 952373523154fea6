package dev.lizard.text;

import dev.lizard.base.LizardException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Turns what a {@link PieceReader} finds into tokens. Many threads may use it at once. */
final class DocumentMaker {
    private final Tokenizer tokenizer;
    private final Optional<ChatFormat> chat;
    private final List<String> endings;
    /** A token that stands for the text before a part: any that is no control token. */
    private final int ordinary;

    DocumentMaker(Tokenizer tokenizer, Optional<ChatFormat> chat) {
        this.tokenizer = tokenizer;
        this.chat = chat;
        int[] letter = tokenizer.encodeLiteral("a");
        this.ordinary = letter.length == 0 ? 0 : letter[letter.length - 1];
        this.endings = tokenizer.eosIds().stream().map(tokenizer::piece).toList();
    }

    /** Gives {@code parts} the document of a piece, of which nothing may be left but its end. */
    void write(Pieces.Piece piece, Consumer<DocumentPart> parts) {
        switch (piece) {
            case Pieces.Line(String json, String where) -> record(DataRecord.parse(json, where), where, parts);
            case Pieces.Row(RecordFields fields, int ignored) -> record(DataRecord.of(fields), fields.where(), parts);
            case Pieces.Part(String text, boolean first, boolean last) -> {
                plain(
                        first
                                ? tokenizer.encode(text, true)
                                : tokenizer
                                        .encodeContinuation(Rendering.trusted(text), ordinary)
                                        .ids(),
                        parts);
                end(last, true, parts);
            }
            case Pieces.End ignored -> {}
        }
    }

    private void record(DataRecord parsed, String where, Consumer<DocumentPart> parts) {
        switch (parsed) {
            case DataRecord.Text(Passage text) -> {
                LongText.encode(tokenizer, text, true, part -> plain(part.ids(), parts));
                end(text.length() > 0, true, parts);
            }
            case DataRecord.Instruction instruction -> answered(instruction.prompt(), instruction.output(), parts);
            case DataRecord.Pair(Passage prompt, Passage answer) -> answered(prompt, answer, parts);
            case DataRecord.Chat(List<Message> messages, int given, var extras) -> {
                ChatFormat format = chat.orElseThrow(() -> LizardException.at(
                        LizardException.Kind.INPUT,
                        "no chat template",
                        where,
                        "a model with one, to write conversations with",
                        "none",
                        "use data with 'text' or a model with a chat template"));
                chat(
                        new Conversation(format.with(extras), endings, where)
                                .label(messages)
                                .after(assistants(messages, given)),
                        parts);
            }
        }
    }

    /** The template writes BOS and the endings itself. */
    private void chat(LabelledText text, Consumer<DocumentPart> parts) {
        Ending ending = new Ending();
        LongText.encode(tokenizer, text.text(), false, part -> {
            ending.read(part.ids());
            parts.accept(masked(part, text.lossSpans()));
        });
        end(!ending.is(tokenizer.eosIds()), false, parts);
    }

    private void answered(Passage prompt, Passage answer, Consumer<DocumentPart> parts) {
        Passage text = Passage.of(prompt, answer);
        List<LabelledText.Span> spans = List.of(new LabelledText.Span(prompt.length(), text.length()));
        LongText.encode(tokenizer, text, true, part -> parts.accept(masked(part, spans)));
        end(true, true, parts);
    }

    private static DocumentPart masked(Tokenized part, List<LabelledText.Span> spans) {
        return new DocumentPart(part.ids(), LabelledText.lossMask(spans, part.starts()), false);
    }

    private static int assistants(List<Message> messages, int first) {
        return (int) messages.stream()
                .limit(first)
                .filter(message -> message.role().equals("assistant"))
                .count();
    }

    private void plain(int[] ids, Consumer<DocumentPart> parts) {
        boolean[] mask = new boolean[ids.length];
        Arrays.fill(mask, true);
        if (ids.length > 0 && tokenizer.bosId().orElse(-1) == ids[0]) {
            mask[0] = false;
        }
        parts.accept(new DocumentPart(ids, mask, false));
    }

    /** Ends a document, with EOS where it {@code needs} one and there is one. */
    private void end(boolean needs, boolean counts, Consumer<DocumentPart> parts) {
        List<Integer> eos = tokenizer.eosIds();
        parts.accept(
                needs && !eos.isEmpty()
                        ? new DocumentPart(new int[] {eos.getFirst()}, new boolean[] {counts}, true)
                        : new DocumentPart(new int[0], new boolean[0], true));
    }

    /** Whether EOS is the last token, or the last but white space. */
    private static final class Ending {
        private int[] last = {};

        void read(int[] ids) {
            int[] all = Arrays.copyOf(last, last.length + ids.length);
            System.arraycopy(ids, 0, all, last.length, ids.length);
            last = Arrays.copyOfRange(all, Math.max(0, all.length - 3), all.length);
        }

        boolean is(List<Integer> eos) {
            return Arrays.stream(last).anyMatch(eos::contains);
        }
    }
}
