package dev.lizard.cli;

import dev.lizard.base.Json;
import dev.lizard.base.Progress;
import dev.lizard.text.StreamDecoder;
import dev.lizard.text.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lizard tokenize}: text to ids and back. */
@Command(name = "tokenize", description = "Shows the tokens of a text, and the text they give back.")
final class TokenizeCommand implements Action {
    /** Tokens that are kept for the second half of the output. */
    private static final long MOST_KEPT = 1 << 24;

    /** Bytes from which a file takes so long that progress is shown. */
    private static final long LONG_FILE = 1 << 22;

    @Option(names = "--model", paramLabel = "MODEL", required = true, description = ModelPlace.HELP)
    String model;

    @Option(names = "--text", paramLabel = "S", description = "The text.")
    @Nullable
    String text;

    @Option(names = "--file", paramLabel = "F", description = "A file with the text, in UTF-8; -: standard input.")
    @Nullable
    Path file;

    @Option(names = "--no-special", description = "Adds no tokens of the model's own, such as one that begins a text.")
    boolean noSpecial;

    private final Map<Integer, String> spellings = new HashMap<>();

    @Override
    public int run(Context context) {
        Console console = context.console();
        try (Tokenizer tokenizer = ModelPlace.openTokenizer(ModelPlace.find(model, context))) {
            List<int[]> kept = new ArrayList<>();
            long count = 0;
            try (TextInput input = open();
                    Progress progress = progress(console, input)) {
                Iterator<int[]> parts = input.tokens(reader -> tokenizer.stream(reader, !noSpecial));
                String opening = "{\"ids\":[";
                while (parts.hasNext()) {
                    int[] ids = parts.next();
                    console.emitPart(opening); // not before the first part: there may be no such text
                    opening = "";
                    show(console, tokenizer, ids, count);
                    count += ids.length;
                    if (count <= MOST_KEPT || !again()) {
                        kept.add(ids);
                    }
                    progress.update(input.bytes(), "%,d tokens".formatted(count));
                }
            }
            if (count <= MOST_KEPT || !again()) {
                back(console, tokenizer, kept.iterator(), count);
            } else {
                kept.clear();
                // Reading a long file once more costs less memory than its tokens.
                try (TextInput input = open()) {
                    back(console, tokenizer, input.tokens(reader -> tokenizer.stream(reader, !noSpecial)), count);
                }
            }
        }
        return 0;
    }

    private TextInput open() {
        return TextInput.of(text, file, "--text and --file");
    }

    /** Whether the text can be read a second time. */
    private boolean again() {
        return file != null && !TextArgument.isStandardInput(file);
    }

    private static Progress progress(Console console, TextInput input) {
        return input.size() < LONG_FILE ? Progress.NONE : console.progress("tokenize", "bytes", input.size());
    }

    private void show(Console console, Tokenizer tokenizer, int[] ids, long before) {
        if (console.json()) {
            String list = Arrays.stream(ids).mapToObj(Integer::toString).collect(Collectors.joining(","));
            console.emitPart((before > 0 && ids.length > 0 ? "," : "") + list);
            return;
        }
        StringBuilder lines = new StringBuilder();
        for (int id : ids) {
            String number = Integer.toString(id);
            lines.repeat(' ', Math.max(0, 7 - number.length()))
                    .append(number)
                    .append("  ")
                    .append(spelt(tokenizer, id))
                    .append(System.lineSeparator());
        }
        console.stream(lines.toString());
    }

    /** The piece as JSON writes it; kept, for texts are long and vocabularies are not. */
    private String spelt(Tokenizer tokenizer, int id) {
        return spellings.computeIfAbsent(id, one -> Json.line(tokenizer.piece(one)));
    }

    /** The end of the output: pieces for programs, the text for people. */
    private void back(Console console, Tokenizer tokenizer, Iterator<int[]> parts, long count) {
        StreamDecoder decoder = tokenizer.streamDecoder(true);
        console.emitPart("],\"pieces\":[");
        console.stream("%d tokens; back to text: ".formatted(count));
        String comma = "";
        while (parts.hasNext()) {
            StringBuilder pieces = new StringBuilder();
            StringBuilder decoded = new StringBuilder();
            for (int id : parts.next()) {
                pieces.append(comma).append(spelt(tokenizer, id));
                decoded.append(decoder.append(id));
                comma = ",";
            }
            console.emitPart(pieces.toString());
            console.stream(decoded.toString());
        }
        console.emitPart("]}\n");
        console.print(decoder.finish());
    }
}
