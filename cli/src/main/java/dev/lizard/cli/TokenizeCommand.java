package dev.lizard.cli;

import dev.lizard.base.Json;
import dev.lizard.text.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lizard tokenize}: text to ids and back. */
@Command(name = "tokenize", description = "Shows the tokens of a text, and the text they give back.")
final class TokenizeCommand implements Action {
    private record Tokens(List<Integer> ids, List<String> pieces) {}

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

    @Override
    public int run(Context context) {
        String given = TextArgument.of(text, file, "--text and --file");
        try (Tokenizer tokenizer = ModelPlace.openTokenizer(ModelPlace.find(model, context))) {
            int[] ids = tokenizer.encode(given, !noSpecial);
            List<Integer> list = Arrays.stream(ids).boxed().toList();
            List<String> pieces = new ArrayList<>();
            for (int id : ids) {
                pieces.add(tokenizer.piece(id));
            }
            Console console = context.console();
            console.emit(new Tokens(list, pieces));
            for (int i = 0; i < ids.length; i++) {
                console.print("%7d  %s".formatted(ids[i], Json.line(pieces.get(i))));
            }
            console.print("%d tokens; back to text: %s".formatted(ids.length, tokenizer.decode(ids, true)));
        }
        return 0;
    }
}
