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
        current = index(number);
    }

    /**
     * Ends a branch; those behind it move up. Where it was the one spoken to, the first is.
     *
     * @throws LizardException USAGE where there is no such number, or no other branch
     */
    void drop(String number) {
        int index = index(number);
        if (branches.size() == 1) {
            throw LizardException.usage("the only branch stays: expected another beside it; /reset forgets it");
        }
        branches.remove(index).close();
        current = current == index ? 0 : current > index ? current - 1 : current;
    }

    private int index(String number) {
        int wanted = number.matches("\\d{1,6}") ? Integer.parseInt(number) : 0;
        if (wanted < 1 || wanted > branches.size()) {
            throw LizardException.usage(
                    "no branch '%s': expected 1 to %d; /fork alone makes a new one".formatted(number, branches.size()));
        }
        return wanted - 1;
    }

    /** A line each: number, turns, tokens; a star before the one spoken to. */
    String list() {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < branches.size(); i++) {
            ChatSession branch = branches.get(i);
            lines.append(i == 0 ? "" : "\n")
                    .append(i == current ? "* " : "  ")
                    .append("%d: %d turns, %,d tokens"
                            .formatted(i + 1, branch.turns(), branch.stats().tokens()));
        }
        return lines.toString();
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
