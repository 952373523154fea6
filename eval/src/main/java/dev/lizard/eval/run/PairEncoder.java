package dev.lizard.eval.run;

import dev.lizard.base.LizardException;
import dev.lizard.eval.task.Request.Candidate;
import dev.lizard.text.Tokenizer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Prompts and continuations as tokens, divided as lm-evaluation-harness does: both are encoded together, the prompt
 * alone as well, and what is longer in the first than the second is the continuation. White space at the prompt's end
 * goes with the continuation. What the tokenizer itself puts before a text (a BOS) comes first; what it puts after one
 * does not.
 */
final class PairEncoder {
    private final Tokenizer tokenizer;
    private final int[] before;

    PairEncoder(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
        before = before(tokenizer);
    }

    /** A continuation in tokens: what stands before {@code from}, at least one token, is given. */
    @SuppressWarnings("ArrayRecordComponent") // A plain carrier: never compared, never a key.
    record Pair(int[] ids, int from) {}

    private static int[] before(Tokenizer tokenizer) {
        int[] plain = tokenizer.encode("a", false);
        int[] framed = tokenizer.encode("a", true);
        for (int at = 0; at + plain.length <= framed.length; at++) {
            if (Arrays.equals(plain, 0, plain.length, framed, at, at + plain.length)) {
                return Arrays.copyOf(framed, at);
            }
        }
        return new int[0];
    }

    /** The candidates of one item; a prompt that several have is encoded once. Safe from many threads. */
    List<Pair> encode(List<Candidate> candidates) {
        Map<String, int[]> prompts = new HashMap<>();
        return candidates.stream().map(candidate -> encode(candidate, prompts)).toList();
    }

    private Pair encode(Candidate candidate, Map<String, int[]> prompts) {
        String given = candidate.prompt();
        int end = given.length();
        while (end > 0 && isSpace(given.charAt(end - 1))) {
            end--;
        }
        int[] context = prompts.computeIfAbsent(given.substring(0, end), this::prompt);
        int[] whole = join(before, tokenizer.encode(given + candidate.continuation(), false));
        if (context.length == 0) {
            return new Pair(join(new int[] {start()}, whole), 1);
        }
        int from = Math.min(context.length, whole.length - 1);
        return new Pair(join(context, Arrays.copyOfRange(whole, from, whole.length)), context.length);
    }

    /** A prompt that is read to its end, with what the model expects before a text. */
    int[] prompt(String text) {
        return join(before, tokenizer.encode(text, false));
    }

    /** What stands before the first token where nothing else does. */
    private int start() {
        List<Integer> ends = tokenizer.eosIds();
        if (tokenizer.bosId().isEmpty() && ends.isEmpty()) {
            throw LizardException.input("an empty prompt cannot be asked of this model: expected a token that begins or"
                    + " ends a text in its tokenizer but found neither; give the task a prompt");
        }
        return tokenizer.bosId().orElseGet(ends::getFirst);
    }

    /** As Python's {@code rstrip} sees it. */
    private static boolean isSpace(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
    }

    private static int[] join(int[] first, int[] second) {
        int[] all = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }
}
