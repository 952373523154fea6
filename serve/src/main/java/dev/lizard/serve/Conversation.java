package dev.lizard.serve;

import dev.lizard.generate.ReadText;
import dev.lizard.text.Message;
import dev.lizard.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What was read and written in a session so far; never changed, so that copies of it cost nothing. It holds no state:
 * its tokens are the key under which the scheduler keeps one.
 *
 * @param ids all tokens that were read
 * @param turns where each turn ended
 * @param messages what was said, where it is a chat; else none
 * @param read how the chat's template wrote that
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared, never changed.
record Conversation(int[] ids, List<Turn> turns, List<Message> messages, ReadText read) {
    static final Conversation EMPTY = new Conversation(new int[0], List.of(), List.of(), ReadText.NOTHING);

    /**
     * The end of a turn.
     *
     * @param asked tokens before the answer
     * @param tokens behind it; 0 where the template writes it differently now, so that none of it counts as read
     * @param written characters of the prompt before the answer
     * @param messages in all
     */
    record Turn(int asked, int tokens, int written, int messages) {}

    Conversation {
        turns = List.copyOf(turns);
        messages = List.copyOf(messages);
    }

    boolean isChat() {
        return !messages.isEmpty();
    }

    boolean isPlain() {
        return messages.isEmpty() && ids.length > 0;
    }

    /** All its tokens and {@code more}. */
    int[] followedBy(int[] more) {
        int[] all = Arrays.copyOf(ids, ids.length + more.length);
        System.arraycopy(more, 0, all, ids.length, more.length);
        return all;
    }

    /** Whether the turns could have made it: what comes from a file may be anything. */
    boolean isSound() {
        int tokens = 0;
        int said = 0;
        for (Turn turn : turns) {
            boolean forgotten = turn.asked == 0 && turn.tokens == 0 && turn.written == 0 && isChat();
            boolean ordered = turn.asked >= tokens && turn.tokens >= turn.asked && turn.tokens <= ids.length;
            if (!(forgotten || ordered) || turn.messages < said || turn.messages > messages.size()) {
                return false;
            }
            if (turn.written < 0 || turn.written > read.prompt().length()) {
                return false;
            }
            tokens = turn.tokens;
            said = turn.messages;
        }
        return true;
    }

    /** After an answer to a plain prompt, of which {@link #ids} is the beginning. */
    Conversation plain(int[] prompt, List<Integer> answer) {
        int[] all = joined(prompt, answer);
        return new Conversation(all, and(turns, new Turn(prompt.length, all.length, 0, 0)), List.of(), read);
    }

    /**
     * After an answer in a chat.
     *
     * @param asked all messages before it
     * @param written how the template wrote these
     * @param prompt the tokens of that
     * @param message the answer
     * @param answer the tokens of it
     */
    Conversation chat(
            List<Message> asked,
            String written,
            int[] prompt,
            Message message,
            List<Integer> answer,
            Tokenizer tokenizer) {
        boolean agrees = read.lengthIn(written) >= 0;
        List<Turn> before = agrees
                ? turns
                : turns.stream().map(turn -> new Turn(0, 0, 0, turn.messages)).toList();
        int[] all = joined(prompt, answer);
        List<Message> said = and(asked, message);
        Turn turn = new Turn(prompt.length, all.length, written.length(), said.size());
        return new Conversation(all, and(before, turn), said, ReadText.of(written, answer, tokenizer));
    }

    private static <T> List<T> and(List<T> list, T more) {
        List<T> all = new ArrayList<>(list);
        all.add(more);
        return all;
    }

    private static int[] joined(int[] prompt, List<Integer> answer) {
        return IntStream.concat(Arrays.stream(prompt), answer.stream().mapToInt(id -> id))
                .toArray();
    }

    /** As it was after its first {@code count} turns. */
    Conversation afterTurns(int count, Tokenizer tokenizer) {
        if (count == 0) {
            return EMPTY;
        }
        Turn turn = turns.get(count - 1);
        List<Integer> said = Arrays.stream(ids, turn.asked, turn.tokens).boxed().toList();
        return new Conversation(
                Arrays.copyOf(ids, turn.tokens),
                turns.subList(0, count),
                messages.subList(0, turn.messages),
                turn.tokens == 0
                        ? ReadText.NOTHING
                        : ReadText.of(read.prompt().substring(0, turn.written), said, tokenizer));
    }

    /** As it was after its first {@code count} tokens; of a chat where a turn ends there. */
    Conversation afterTokens(int count, Tokenizer tokenizer) {
        int whole = (int) turns.stream()
                .filter(turn -> turn.tokens > 0 && turn.tokens <= count)
                .count();
        if (isChat() || count == 0) {
            int last = turns.stream().map(Turn::tokens).toList().lastIndexOf(count);
            if (count > 0 && last < 0) {
                throw ApiError.field("tokens", "the end of a turn: " + ends(), Integer.toString(count));
            }
            return afterTurns(count == 0 ? 0 : last + 1, tokenizer);
        }
        return new Conversation(Arrays.copyOf(ids, count), turns.subList(0, whole), List.of(), read);
    }

    private String ends() {
        List<String> ends = new ArrayList<>(List.of("0"));
        turns.stream().filter(turn -> turn.tokens > 0).forEach(turn -> ends.add(Integer.toString(turn.tokens)));
        return String.join(", ", ends);
    }
}
