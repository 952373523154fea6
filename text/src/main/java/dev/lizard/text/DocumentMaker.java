package dev.lizard.text;

import dev.lizard.base.LizardException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Turns what a {@link PieceReader} finds into tokens. Many threads may use it at once. */
final class DocumentMaker {
    private static final Document NOTHING = new Document(new int[0], new boolean[0]);

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

    /** May be without tokens. */
    Document of(Pieces.Piece piece) {
        return switch (piece) {
            case Pieces.Line(String json, String where) -> document(DataRecord.parse(json, where), where);
            case Pieces.Row(RecordFields fields, int ignored) -> document(DataRecord.of(fields), fields.where());
            case Pieces.Part(String text, boolean first, boolean last) ->
                plain(
                        first
                                ? tokenizer.encode(text, true)
                                : tokenizer
                                        .encodeContinuation(Rendering.trusted(text), ordinary)
                                        .ids(),
                        last);
            case Pieces.End ignored -> NOTHING;
        };
    }

    private Document document(DataRecord parsed, String where) {
        return switch (parsed) {
            case DataRecord.Text(String text) ->
                plain(LongText.encode(tokenizer, Rendering.quoted(text), true).ids(), !text.isEmpty());
            case DataRecord.Instruction instruction -> answered(instruction.prompt(), instruction.output());
            case DataRecord.Pair(String prompt, String answer) -> answered(prompt, answer);
            case DataRecord.Chat(List<Message> messages, int given, var extras) -> {
                ChatFormat format = chat.orElseThrow(() -> LizardException.at(
                        LizardException.Kind.INPUT,
                        "no chat template",
                        where,
                        "a model with one, to write conversations with",
                        "none",
                        "use data with 'text' or a model with a chat template"));
                LabelledText text = new Conversation(format.with(extras), endings, where)
                        .label(messages)
                        .after(assistants(messages, given));
                // The template writes BOS and the endings itself.
                Document document = text.tokenize(tokenizer, false);
                yield endsItself(document.ids()) ? document : ended(document, false);
            }
        };
    }

    private Document answered(String prompt, String answer) {
        String text = prompt + answer;
        LabelledText.Span learnt = new LabelledText.Span(prompt.length(), text.length());
        return ended(new LabelledText(Rendering.quoted(text), List.of(learnt)).tokenize(tokenizer, true), true);
    }

    private static int assistants(List<Message> messages, int first) {
        return (int) messages.stream()
                .limit(first)
                .filter(message -> message.role().equals("assistant"))
                .count();
    }

    private Document plain(int[] ids, boolean last) {
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
}
