package dev.lizard.cli;

import dev.lizard.base.LizardException;
import dev.lizard.generate.ChatSession;
import java.util.ArrayList;
import java.util.List;

/** The conversations of one chat: branches forked from one another, of which one is spoken to. Owns them. */
final class ChatBranches implements AutoCloseable {
    private final List<ChatSession> branches = new ArrayList<>();
    private int current;

    ChatBranches(ChatSession first) {
        branches.add(first);
    }

    ChatSession current() {
        return branches.get(current);
    }

    /** Number of the branch spoken to, from 1. */
    int number() {
        return current + 1;
    }

    /** Goes on in a copy of the current branch. */
    void fork() {
        branches.add(current().fork());
        current = branches.size() - 1;
    }

    /**
     * Goes on in another branch.
     *
     * @throws LizardException USAGE where there is no such number
     */
    void choose(String number) {
        int wanted = number.matches("\\d{1,6}") ? Integer.parseInt(number) : 0;
        if (wanted < 1 || wanted > branches.size()) {
            throw LizardException.usage(
                    "no branch '%s': expected 1 to %d; /fork alone makes a new one".formatted(number, branches.size()));
        }
        current = wanted - 1;
    }

    /** Puts another conversation in the current branch's place. */
    void replace(ChatSession session) {
        branches.set(current, session).close();
    }

    @Override
    public void close() {
        branches.forEach(ChatSession::close);
    }
}
