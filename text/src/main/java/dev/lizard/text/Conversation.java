package dev.lizard.text;

import dev.lizard.base.LizardException;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds what the assistant said in a rendered conversation. A template is a program, so the places are found by
 * rendering: what it writes up to a turn, with the generation prompt, is context, and what the turn adds is learnt up
 * to the EOS that ends it: words, calls of tools and what the template writes around them. Where templates rewrite
 * earlier turns (dropping their reasoning), a turn is where its own words are quoted.
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
        Rendering whole = format.render(messages, false);
        List<LabelledText.Span> lossSpans = new ArrayList<>();
        int cursor = 0;
        for (int i = 0; i < messages.size(); i++) {
            if (!messages.get(i).role().equals("assistant")) {
                continue;
            }
            LabelledText.Span span = turn(whole, messages, i, cursor);
            lossSpans.add(span);
            cursor = span.end();
        }
        return new LabelledText(whole, lossSpans);
    }

    private LabelledText.Span turn(Rendering rendering, List<Message> messages, int turn, int cursor) {
        String whole = rendering.text();
        // Some templates refuse to render nothing, so an opening assistant turn has no context.
        String context =
                turn == 0 ? "" : format.render(messages.subList(0, turn), true).text();
        String upTo = format.render(messages.subList(0, turn + 1), false).text();
        if (whole.startsWith(upTo) && upTo.startsWith(context) && context.length() >= cursor) {
            return new LabelledText.Span(context.length(), ending(whole, context.length(), upTo.length()));
        }
        String before =
                turn == 0 ? "" : format.render(messages.subList(0, turn), false).text();
        String prompt = context.startsWith(before) ? context.substring(before.length()) : "";
        LabelledText.Span words = words(rendering, messages, turn, cursor, prompt);
        int end = words.end();
        for (String ending : endings) {
            int at = whole.indexOf(ending, words.end());
            if (at >= 0
                    && noneBetween(rendering, words.end(), at)
                    && (end == words.end() || at + ending.length() < end)) {
                end = at + ending.length();
            }
        }
        return new LabelledText.Span(words.begin(), end);
    }

    /** Where the turn's own words are, from the first that is quoted from {@code cursor} on to the last. */
    private LabelledText.Span words(Rendering whole, List<Message> messages, int turn, int cursor, String prompt) {
        int begin = -1;
        int end = -1;
        for (Rendering.Quote quote : whole.quotes()) {
            if (quote.source() == turn && quote.begin() >= cursor) {
                begin = begin < 0 ? quote.begin() : begin;
                end = quote.end();
            }
        }
        if (begin >= 0) {
            // What the template writes before the words of a turn, the name of a call say, is the turn's as well.
            int opening = prompt.isBlank() ? -1 : whole.text().lastIndexOf(prompt, begin - prompt.length());
            boolean own = opening >= cursor && noneBetween(whole, opening + prompt.length(), begin);
            return new LabelledText.Span(own ? opening + prompt.length() : begin, end);
        }
        int opening = prompt.isBlank() ? -1 : whole.text().indexOf(prompt, cursor);
        String content = messages.get(turn).content().strip();
        int found = opening < 0 ? -1 : whole.text().indexOf(content, opening + prompt.length());
        if (found < 0) {
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "assistant turn not found",
                    where,
                    "the chat template to write turn " + (turn + 1) + " as it was said",
                    "a text without it",
                    "use a chat template that keeps every turn");
        }
        return new LabelledText.Span(found, found + content.length());
    }

    private static boolean noneBetween(Rendering whole, int begin, int end) {
        return whole.quotes().stream().noneMatch(quote -> quote.begin() < end && quote.end() > begin);
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
