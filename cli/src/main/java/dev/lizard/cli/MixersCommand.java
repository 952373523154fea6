package dev.lizard.cli;

import dev.lizard.mixer.MixerCard;
import dev.lizard.mixer.MixerSpecs;
import picocli.CommandLine.Command;

/** {@code lizard mixers}: the mixers there are. */
@Command(
        name = "mixers",
        description = "Lists the mixers: what they keep of a sequence, what they can, where they come from.",
        footer = {
            "",
            "State is the numbers that a layer keeps: H query heads, G key/value heads of width d, T tokens read,",
            "w window, m first, f and p features, s slots, and n = m + w beside a memory, w being at least 1 where n"
                    + " is not",
            "0. They are float32, a cache's of the model's type, slots' as slot_type says; slots of lizard come on"
                    + " top.",
            "All compute in three forms: parallel, chunk, recurrent."
        })
final class MixersCommand implements Action {
    @Override
    public int run(Context context) {
        context.console()
                .print("%-16s %-32s %-6s %-9s %-33s %s".formatted("mixer", "state", "first", "branches", "source", ""));
        for (MixerCard card : MixerSpecs.cards()) {
            context.console()
                    .result(
                            card,
                            "%-16s %-32s %-6s %-9s %-33s %s"
                                    .formatted(
                                            card.name(),
                                            card.state(),
                                            card.firstTokens() ? "yes" : "no",
                                            card.branches() ? "yes" : "no",
                                            card.source(),
                                            card.about()));
        }
        return 0;
    }
}
