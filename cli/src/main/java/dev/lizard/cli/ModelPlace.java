package dev.lizard.cli;

import dev.lizard.base.Activity;
import dev.lizard.base.LizardException;
import dev.lizard.base.Progress;
import dev.lizard.checkpoint.GgufFile;
import dev.lizard.checkpoint.HubDownload;
import dev.lizard.checkpoint.HubName;
import dev.lizard.checkpoint.HubOptions;
import dev.lizard.model.Models;
import dev.lizard.model.OpenModel;
import dev.lizard.text.Tokenizer;
import dev.lizard.text.Tokenizers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the argument MODEL means: a folder or file, a name on the hub, or the teacher that is built in. */
final class ModelPlace {
    /** How help texts describe the argument. */
    static final String HELP = "A folder, a .gguf file, a hub name owner/name, or demo.";

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

    /** Loads a model in the type and onto the device that the user chose. The caller closes it. */
    static OpenModel open(String model, Context context) {
        return noted(Models.open(find(model, context), context.dtype(), context.device()), context);
    }

    /** The same for one who will ask it for the tokenizer. */
    static OpenModel openWithTokenizer(String model, Context context) {
        return noted(Models.openWithTokenizer(find(model, context), context.dtype(), context.device()), context);
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
