package dev.lizard.cli;

import dev.lizard.base.Activity;
import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import dev.lizard.base.Progress;
import dev.lizard.checkpoint.FolderLock;
import dev.lizard.eval.generation.Prompt;
import dev.lizard.eval.inside.Aspect;
import dev.lizard.eval.inside.Examination;
import dev.lizard.eval.inside.Pair;
import dev.lizard.eval.result.Findings;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.model.OpenModel;
import dev.lizard.text.Tokenizer;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code lizard examine}: what is inside a student, and how it writes, beside its teacher. */
@Command(
        name = "examine",
        description = {
            "Looks inside a converted model beside its teacher, and at what both write.",
            "Errors of heads, weights, half-lives of gates, what each part of a mixer gives and what is lost without"
                    + " it, mixing",
            "matrices, agreement, repetition, answers. It joins results.json of the folder; 'lizard report' draws it."
        })
final class ExamineCommand implements Action {
    @Option(names = "--model", paramLabel = "MODEL", required = true, description = "The student. " + ModelPlace.HELP)
    String model;

    @Option(names = "--student", paramLabel = "STUDENT", description = ModelOption.STUDENT_HELP)
    @Nullable
    String student;

    @Option(
            names = "--teacher",
            paramLabel = "MODEL",
            description = "The model that it was made from; with --student that of --model if not given.")
    @Nullable
    String teacher;

    @Option(
            names = "--text-file",
            paramLabel = "F",
            required = true,
            description = "Held-out text, in UTF-8; -: standard input.")
    Path textFile;

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "The folder of results.json.")
    Path out;

    @Option(
            names = "--only",
            paramLabel = "LIST",
            hideParamSyntax = true,
            split = ",",
            description = "Only these, with commas between: heads, weights, horizons, shares, positions, without,"
                    + " attention, agreement, repetition, answers.")
    @Nullable
    List<String> only;

    @Option(
            names = "--length",
            paramLabel = "N",
            defaultValue = "512",
            description = "Tokens of a window of the text (default: ${DEFAULT-VALUE}).")
    int length;

    @Option(
            names = "--windows",
            paramLabel = "N",
            defaultValue = "8",
            description = "Windows at most (default: ${DEFAULT-VALUE}).")
    int windows;

    @Option(
            names = "--prompts",
            paramLabel = "F.jsonl",
            description = "Prompts to answer, {\"kind\": ..., \"prompt\": ...} a line; thirty of ours if not given.")
    @Nullable
    Path prompts;

    @Option(
            names = "--answer-tokens",
            paramLabel = "N",
            defaultValue = "64",
            description = "Tokens of an answer at most (default: ${DEFAULT-VALUE}).")
    int answerTokens;

    @Option(
            names = "--written",
            paramLabel = "N",
            defaultValue = "2000",
            description = "Tokens that each model writes to see how it repeats itself (default: ${DEFAULT-VALUE}).")
    int written;

    @Option(
            names = "--layer",
            paramLabel = "N",
            description = "Whose mixing matrix is kept; that with the head of the largest error if not given.")
    @Nullable
    Integer layer;

    @Option(names = "--head", paramLabel = "N", description = "Its head; that of the largest error if not given.")
    @Nullable
    Integer head;

    @Option(
            names = "--shown",
            paramLabel = "N",
            defaultValue = "32",
            description = "Tokens of that matrix, 256 at most (default: ${DEFAULT-VALUE}).")
    int shown;

    private static final int LARGEST_SHOWN = 256;

    @Override
    public int run(Context context) {
        Ranges.require("--length", length, 2, Integer.MAX_VALUE - 1);
        Ranges.require("--windows", windows, 1, Integer.MAX_VALUE);
        Ranges.require("--answer-tokens", answerTokens, 1, Integer.MAX_VALUE);
        Ranges.require("--written", written, 4, Integer.MAX_VALUE);
        Ranges.require("--shown", shown, 1, LARGEST_SHOWN);
        Set<Aspect> aspects = aspects();
        List<Prompt> asked = prompts == null
                ? Prompt.builtIn()
                : Prompt.read(TextArgument.read(prompts), TextArgument.name(prompts));
        if (teacher == null && student == null) {
            throw LizardException.usage(
                    "no teacher: expected --teacher MODEL but found none; give the model that the student was made"
                            + " from");
        }
        String taught = ModelPlace.join(model, student);
        String teaching = teacher == null ? model : teacher;
        String text = TextArgument.read(textFile);
        try (FolderLock _ = FolderLock.take(out);
                OpenModel teachers = ModelPlace.openWithTokenizer(teaching, context);
                Tokenizer tokenizer = teachers.openTokenizer();
                OpenModel students = ModelPlace.openWithTokenizer(taught, context)) {
            Pair pair = new Pair(teachers, students, tokenizer);
            List<String> names = EvalCommand.names(List.of(teaching, taught));
            Examination.Settings settings = new Examination.Settings(
                    names.getFirst(),
                    names.getLast(),
                    tokenizer.encode(text, true),
                    TextArgument.name(textFile),
                    length,
                    windows,
                    asked,
                    answerTokens,
                    written,
                    layer,
                    head,
                    shown);
            try (Examination examination = new Examination(pair, settings, context.interrupt()::requested)) {
                examine(examination, aspects, provenance(names, List.of(teachers, students), context), context);
            }
        }
        return 0;
    }

    private Set<Aspect> aspects() {
        if (only == null) {
            return EnumSet.allOf(Aspect.class);
        }
        Set<Aspect> aspects = EnumSet.noneOf(Aspect.class);
        Map<String, Aspect> known = new LinkedHashMap<>();
        EnumSet.allOf(Aspect.class).forEach(aspect -> known.put(aspect.label(), aspect));
        for (String name : only) {
            Aspect aspect = known.get(name);
            if (aspect == null) {
                String all = "there are " + String.join(", ", known.keySet());
                throw LizardException.usage(
                        "unknown '%s' in --only; %s".formatted(name, Nearest.hintOr(name, known.keySet(), all)));
            }
            aspects.add(aspect);
        }
        return aspects;
    }

    private static Map<String, String> provenance(List<String> names, List<OpenModel> models, Context context) {
        Map<String, String> provenance = new LinkedHashMap<>();
        for (int i = 0; i < names.size(); i++) {
            provenance.put("model " + names.get(i), "sha256 " + models.get(i).sha256());
        }
        provenance.put("dtype", context.dtype().toString().toLowerCase(Locale.ROOT));
        provenance.put("device", context.device().toString());
        provenance.put("version", Version.current());
        return provenance;
    }

    private void examine(
            Examination examination, Set<Aspect> aspects, Map<String, String> provenance, Context context) {
        for (Aspect aspect : aspects) {
            Findings found;
            try (Activity _ = Activity.begin("examining " + aspect);
                    Progress progress =
                            aspect.writes() ? context.console().progress(aspect.label(), "tokens", 0) : Progress.NONE) {
                found = examination.measure(aspect, progress);
            }
            context.interrupt().check("what was examined before is in " + out);
            found.provenance.putAll(provenance);
            found.provenance.put("command " + aspect.label(), String.join(" ", context.arguments()));
            ResultSet results = found.results();
            results.writeInto(out);
            emit(results, context.console());
            String text = ExamineText.of(aspect, results);
            if (!text.isEmpty()) {
                context.console().print(text);
            }
        }
    }

    /** A line for each row, with the name of its list. */
    private static void emit(ResultSet results, Console console) {
        ObjectNode tree = Json.MAPPER.valueToTree(results);
        for (var part : tree.properties()) {
            if (part.getValue() instanceof ArrayNode rows && !part.getKey().equals("story")) {
                for (JsonNode row : rows) {
                    ObjectNode line = Json.object().put("list", part.getKey());
                    console.emit(line.setAll((ObjectNode) row));
                }
            }
        }
    }
}
