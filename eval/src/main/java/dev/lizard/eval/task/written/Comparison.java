package dev.lizard.eval.task.written;

import java.util.List;
import java.util.regex.Pattern;

/** How well a written answer fits a right one, from 0 to 1. Only DROP's have more than one span. */
public enum Comparison {
    /** Equal as they stand. */
    EXACT {
        @Override
        double of(String written, List<String> spans) {
            return written.equals(spans.getFirst()) ? 1 : 0;
        }
    },
    /** The right one stands somewhere in the written, in capitals or small. */
    CONTAINS {
        @Override
        double of(String written, List<String> spans) {
            int flags = Pattern.LITERAL | Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE;
            return Pattern.compile(spans.getFirst(), flags).matcher(written).find() ? 1 : 0;
        }
    },
    /** As {@link #CONTAINS} of words without articles and punctuation: the measure of open-book Natural Questions. */
    CONTAINS_WORDS {
        @Override
        double of(String written, List<String> spans) {
            return SquadWords.normal(written).contains(SquadWords.normal(spans.getFirst())) ? 1 : 0;
        }
    },
    SQUAD_EXACT {
        @Override
        double of(String written, List<String> spans) {
            return SquadWords.exact(written, spans.getFirst());
        }
    },
    SQUAD_F1 {
        @Override
        double of(String written, List<String> spans) {
            return SquadWords.f1(written, spans.getFirst());
        }
    },
    DROP_EXACT {
        @Override
        double of(String written, List<String> spans) {
            return DropWords.exact(written, spans);
        }
    },
    DROP_F1 {
        @Override
        double of(String written, List<String> spans) {
            return DropWords.f1(written, spans);
        }
    };

    abstract double of(String written, List<String> spans);

    /** With the right answer that it fits best. */
    public final double best(String written, List<List<String>> right) {
        return right.stream().mapToDouble(spans -> of(written, spans)).max().orElseThrow();
    }
}
