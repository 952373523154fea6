package dev.lizard.cli;

import dev.lizard.base.Activity;
import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.Progress;
import dev.lizard.checkpoint.AtomicFiles;
import dev.lizard.generate.Score;
import dev.lizard.generate.Scorer;
import dev.lizard.model.OpenModel;
import dev.lizard.text.Tokenizer;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

/** {@code lizard score}: how well a model predicts texts. */
@Command(
        name = "score",
        description = "Gives the negative log-likelihood, in nats, of each token of a text but the first.")
final class ScoreCommand implements Action {
    @Mixin
    private final ModelOption model = new ModelOption();

    @Option(names = "--text-file", paramLabel = "F", description = "A file with one text, in UTF-8; -: standard input.")
    @Nullable
    Path textFile;

    @Option(
            names = "--ids-file",
            paramLabel = "F.jsonl",
            description = "A file with one {\"ids\": [...]} a line, each a text of its own; -: standard input.")
    @Nullable
    Path idsFile;

    @Option(
            names = "--context",
            paramLabel = "N",
            defaultValue = "0",
            description = "Cuts a text into windows of N predictions, each read afresh; 0: one (default: 0).")
    int context;

    @Option(names = "--likeliest", description = "Also says in --json of each token whether it was the likeliest.")
    boolean likeliest;

    @Option(names = "--out", paramLabel = "F", description = "Also writes the lines of --json to this file.")
    @Nullable
    Path out;

    @Override
    public int run(Context given) {
        if ((textFile == null) == (idsFile == null)) {
            throw LizardException.usage("expected one of --text-file and --ids-file but found %s; give one"
                    .formatted(textFile == null ? "neither" : "both"));
        }
        if (context < 0) {
            throw LizardException.usage("--context out of range: expected 0 or more but found " + context);
        }
        List<int[]> ids = idsFile == null ? List.of() : read(idsFile);
        List<Score> scores = new ArrayList<>();
        try (TextInput text = TextInput.of(textFile == null ? "" : null, textFile, "--text-file");
                OpenModel open = ModelPlace.openWithTokenizer(model.place(), given);
                Words words = new Words(tokenizer(open))) {
            Scorer scorer = new Scorer(open.decoder(), likeliest);
            List<int[]> texts = textFile == null ? ids : List.of(encode(words, text));
            long total = texts.stream().mapToLong(one -> one.length).sum();
            long before = 0;
            try (Progress progress = given.console().progress("score", "tokens", total)) {
                for (int[] one : texts) {
                    Score score = scorer.score(one, context, words.bytes(one), progress.after(before + 1));
                    before += one.length;
                    if (out != null) {
                        scores.add(score);
                    }
                    given.console().emitLarge(score);
                    given.console().print(line(score));
                }
            }
        }
        if (out != null) {
            write(scores, out);
        }
        return 0;
    }

    private static void write(List<Score> scores, Path out) {
        AtomicFiles.write(out, channel -> {
            Writer lines = Channels.newWriter(channel, StandardCharsets.UTF_8);
            for (Score score : scores) {
                Json.write(score, lines);
                lines.write('\n');
            }
            lines.flush();
        });
    }

    private static int[] encode(Words words, TextInput text) {
        try (Activity _ = Activity.begin("turning the text into tokens")) {
            return words.encode(text);
        }
    }

    private static String line(Score score) {
        String bits =
                score.bitsPerByte() == null ? "" : String.format(Locale.ROOT, "  %.4f bits/byte", score.bitsPerByte());
        return String.format(
                Locale.ROOT,
                "%d tokens  mean NLL %.4f  perplexity %.3f%s",
                score.tokens(),
                score.meanNll(),
                score.perplexity(),
                bits);
    }

    /** Ids can be scored without a tokenizer; then bits per byte are unknown. */
    private Optional<Tokenizer> tokenizer(OpenModel open) {
        try {
            return Optional.of(open.openTokenizer());
        } catch (LizardException e) {
            if (textFile == null && e.kind() == LizardException.Kind.INPUT) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private record Words(Optional<Tokenizer> tokenizer) implements AutoCloseable {
        int[] encode(TextInput text) {
            List<int[]> parts = new ArrayList<>();
            text.tokens(reader -> tokenizer.orElseThrow().stream(reader, true)).forEachRemaining(parts::add);
            int[] all = new int[parts.stream().mapToInt(part -> part.length).sum()];
            int length = 0;
            for (int[] part : parts) {
                System.arraycopy(part, 0, all, length, part.length);
                length += part.length;
            }
            return all;
        }

        long bytes(int[] ids) {
            return ids.length == 0
                    ? 0
                    : tokenizer.map(t -> Scorer.bytes(ids, t)).orElse(0L);
        }

        @Override
        public void close() {
            tokenizer.ifPresent(Tokenizer::close);
        }
    }

    private static List<int[]> read(Path file) {
        List<int[]> all = new ArrayList<>();
        int number = 0;
        for (String line : TextArgument.read(file).lines().toList()) {
            number++;
            if (!line.isBlank()) {
                String where = TextArgument.name(file) + " line " + number;
                all.add(ids(Json.parse(line, where, LizardException.Kind.INPUT), where));
            }
        }
        if (all.isEmpty()) {
            throw LizardException.input(
                    "nothing to score in %s: expected lines {\"ids\": [...]}".formatted(TextArgument.name(file))
                            + " but found none; check the file");
        }
        return all;
    }

    private static int[] ids(JsonNode node, String where) {
        JsonNode array = node.path("ids");
        int[] ids = new int[array.size()];
        boolean whole = array.isArray();
        for (int i = 0; i < ids.length; i++) {
            whole &= array.get(i).isInt();
            ids[i] = array.get(i).asInt(-1);
        }
        if (!whole) {
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "bad ids",
                    where,
                    "{\"ids\": [whole numbers]}",
                    node.toString().length() > 60 ? node.toString().substring(0, 60) + "..." : node,
                    "correct the line");
        }
        return ids;
    }
}
