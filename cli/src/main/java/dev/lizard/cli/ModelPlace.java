package dev.lizard.cli;

import dev.lizard.base.Activity;
import dev.lizard.base.LizardException;
import dev.lizard.base.Progress;
import dev.lizard.checkpoint.GgufFile;
import dev.lizard.checkpoint.HubDownload;
import dev.lizard.checkpoint.HubName;
import dev.lizard.checkpoint.HubOptions;
import dev.lizard.checkpoint.ModelFiles;
import dev.lizard.model.Models;
import dev.lizard.model.OpenModel;
import dev.lizard.text.Tokenizer;
import dev.lizard.text.Tokenizers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What the argument MODEL means: a folder or file, a name on the hub, or the teacher that is built in. */
final class ModelPlace {
    /** How help texts describe the argument. */
    static final String HELP = "A folder, a .gguf file, a hub name owner/name, or demo.";

    private static final char BESIDE = '+';

    private ModelPlace() {}

    /**
     * The path of a model; one on the hub is downloaded once, {@code demo} unpacked once.
     *
     * @throws LizardException INPUT where there is no such model, ENVIRONMENT where it cannot be downloaded
     */
    static Path find(String model, Context context) {
        if (model.equals(DemoTeacher.NAME)) {
            try (Activity _ = Activity.begin("unpacking the built-in teacher")) {
                return DemoTeacher.unpacked(context.settings().cache());
            }
        }
        if (!model.isEmpty() && Files.exists(Path.of(model))) {
            return Path.of(model);
        }
        if (!HubName.matches(model)) {
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "no model",
                    "'" + model + "'",
                    "a folder, a .gguf file, a hub name owner/name or 'demo'",
                    "nothing there",
                    "check the path or its spelling");
        }
        Map<String, String> environment = new HashMap<>(context.environment());
        environment.put("LIZARD_CACHE", context.settings().cache().toString());
        HubOptions hub = HubOptions.from(environment, context.settings().offline());
        try (Progress progress = new Download(context.console(), model)) {
            return new HubDownload(hub).fetch(model, progress);
        }
    }

    /** The argument that means a student over a model; the model alone without one. */
    static String join(String model, @Nullable String student) {
        return student == null ? model : model + BESIDE + student;
    }

    /**
     * A model, or {@code MODEL+STUDENT}.
     *
     * @throws LizardException as {@link #find}, and INPUT where there is no such student
     */
    static ModelFiles files(String model, Context context) {
        int beside = beside(model);
        return beside < 0
                ? ModelFiles.of(find(model, context))
                : new ModelFiles(
                        find(model.substring(0, beside), context),
                        Optional.of(StudentPlace.find(model.substring(beside + 1))));
    }

    /** Where a student is named, or -1: files may have the sign in their names. */
    private static int beside(String model) {
        return Files.exists(Path.of(model)) ? -1 : model.indexOf(BESIDE);
    }

    /** The last name of a path, that of a student where there is one. */
    static String lastName(String model) {
        String path = model.substring(beside(model) + 1).replaceAll("[/\\\\]+$", "");
        return path.substring(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
                .replaceFirst("\\.gguf$", "");
    }

    /** Loads a model in the type and onto the device that the user chose. The caller closes it. */
    static OpenModel open(String model, Context context) {
        return noted(Models.open(files(model, context), context.dtype(), context.device()), context);
    }

    /** The same for one who will ask it for the tokenizer. */
    static OpenModel openWithTokenizer(String model, Context context) {
        return noted(Models.openWithTokenizer(files(model, context), context.dtype(), context.device()), context);
    }

    private static OpenModel noted(OpenModel open, Context context) {
        open.notes().forEach(context.console()::warn);
        return open;
    }

    /** The tokenizer of the model at {@code path}, without its weights. The caller closes it. */
    static Tokenizer openTokenizer(Path path) {
        try (Activity _ = Activity.begin("loading the tokenizer of " + path)) {
            return loadTokenizer(path);
        }
    }

    private static Tokenizer loadTokenizer(Path path) {
        if (Files.isDirectory(path)) {
            return Tokenizers.open(path);
        }
        try (GgufFile gguf = GgufFile.open(path)) {
            return Tokenizers.fromGguf(gguf.metadata(), path.toString());
        }
    }

    /** Shows nothing before the first bytes came: a model in the cache is not downloaded. */
    private static final class Download implements Progress {
        private final Console console;
        private final String model;
        private @Nullable Progress shown;

        Download(Console console, String model) {
            this.console = console;
            this.model = model;
        }

        @Override
        public void update(long done, String detail) {
            if (shown == null) {
                shown = console.progress("download of " + model, "bytes", 0);
            }
            shown.update(done, detail);
        }

        @Override
        public void close() {
            if (shown != null) {
                shown.close();
            }
        }
    }
}
