package dev.lizard.text;

import dev.lizard.base.LizardException;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds what the assistant said in a rendered conversation. A template is a program, so the places are found by
 * rendering: what it writes up to a turn, with the generation prompt, is context, and what the turn adds is learnt up
 * to the EOS that ends it. Templates that rewrite earlier turns (dropping their reasoning) are searched for the
 * generation prompt and the turn's content instead.
 */
final class Conversation {
    private final ChatFormat format;
    private final List<String> endings;
    private final String where;

    /** {@code endings} are the pieces that end a turn. */
    Conversation(ChatFormat format, List<String> endings, String where) {
        this.format = format;
        this.endings = endings;
        this.where = where;
    }

    LabelledText label(List<Message> messages) {
        String whole = format.render(messages, false);
        List<LabelledText.Span> learnt = new ArrayList<>();
        int cursor = 0;
        for (int i = 0; i < messages.size(); i++) {
            if (!messages.get(i).role().equals("assistant")) {
                continue;
            }
            LabelledText.Span span = turn(whole, messages, i, cursor);
            learnt.add(span);
            cursor = span.end();
        }
        return new LabelledText(whole, learnt);
    }

    private LabelledText.Span turn(String whole, List<Message> messages, int turn, int cursor) {
        // Some templates refuse to render nothing, so an opening assistant turn has no context.
        String context = turn == 0 ? "" : format.render(messages.subList(0, turn), true);
        String upTo = format.render(messages.subList(0, turn + 1), false);
        if (whole.startsWith(upTo) && upTo.startsWith(context) && context.length() >= cursor) {
            return new LabelledText.Span(context.length(), ending(whole, context.length(), upTo.length()));
        }
        String before = turn == 0 ? "" : format.render(messages.subList(0, turn), false);
        String prompt = context.startsWith(before) ? context.substring(before.length()) : "";
        int opening = prompt.isBlank() ? -1 : whole.indexOf(prompt, cursor);
        String content = messages.get(turn).content().strip();
        int begin = opening < 0 ? -1 : whole.indexOf(content, opening + prompt.length());
        if (begin < 0) {
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "assistant turn not found",
                    where,
                    "the chat template to write turn " + (turn + 1) + " as it was said",
                    "a text without it",
                    "use a chat template that keeps every turn");
        }
        int said = begin + content.length();
        for (String ending : endings) {
            if (whole.startsWith(ending, said)) {
                return new LabelledText.Span(begin, said + ending.length());
            }
        }
        return new LabelledText.Span(begin, said);
    }

    /** The end of the last ending between {@code begin} and {@code end}, else {@code end}. */
    private int ending(String whole, int begin, int end) {
        int last = -1;
        for (String ending : endings) {
            int at = whole.lastIndexOf(ending, end - ending.length());
            if (at >= begin) {
                last = Math.max(last, at + ending.length());
            }
        }
        return last < 0 ? end : last;
    }
}
