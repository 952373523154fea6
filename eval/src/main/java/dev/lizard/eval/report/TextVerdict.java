package dev.lizard.eval.report;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** How well a student predicts the held-out text, beside its teacher. */
record TextVerdict(Pairing pair) {
    void tell(List<String> kept, List<String> lost, List<String> open, List<Verdict.Brief> brief) {
        Optional<Difference> bits = find("bits_per_byte").or(() -> find("nll"));
        if (bits.isEmpty()) {
            open.add("How well both predict a held-out text was not measured.");
            return;
        }
        Difference loss = bits.get();
        boolean nats = loss.student().metric().equals("nll");
        double more =
                nats ? Math.expm1(loss.value()) : loss.value() / loss.teacher().value();
        String name = nats ? "perplexity" : "bits a byte";
        String figures = "%s, %s".formatted(loss.metric().words(), plainStory(loss));
        if (loss.value() <= 0) {
            kept.add("It predicts the held-out text as well as the teacher: " + figures + ".");
            brief.add(new Verdict.Brief("no more", name + " on the held-out text than the teacher"));
        } else {
            lost.add("It predicts the held-out text worse: %s (%s %s).".formatted(figures, percent(more), name));
            brief.add(new Verdict.Brief(percent(more), name + " on the held-out text"));
        }
        if (loss.interval() == null) {
            open.add("The loss on the held-out text is of one text and one seed; how much it would vary is not known.");
        }
        find("agreement")
                .ifPresent(agreement -> kept.add("It puts the same token first as the teacher at %s of the positions."
                        .formatted(agreement.student().show())));
    }

    private static String plainStory(Difference loss) {
        return "%s \u2192 %s".formatted(loss.teacher().show(), loss.student().show());
    }

    private static String percent(double share) {
        return Double.isFinite(share) ? String.format(Locale.ROOT, "%+.1f %%", 100 * share) : "more";
    }

    private Optional<Difference> find(String metric) {
        return pair.differences().stream()
                .filter(row -> row.student().task().equals(Measured.HELD_OUT)
                        && row.student().metric().equals(metric)
                        && row.student().traits().isEmpty())
                .findFirst();
    }
}
