package dev.lizard.langchain4j;

import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.ModelFiles;
import dev.lizard.model.Models;
import dev.lizard.model.OpenModel;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a {@link LizardChatModel} is made of. What a request says goes before what is said here. */
public final class LizardChatModelBuilder {
    private final DefaultChatRequestParameters.Builder<?> defaults = new DefaultChatRequestParameters.Builder<>();
    private @Nullable Path model;
    private @Nullable Path student;
    private @Nullable String name;
    private Device device = Device.CPU;
    private DType dtype = DType.FLOAT32;
    private @Nullable Long seed;
    private List<ChatModelListener> listeners = List.of();

    LizardChatModelBuilder() {}

    /** A folder or a .gguf file; must be given. */
    public LizardChatModelBuilder model(Path place) {
        model = place;
        return this;
    }

    /** The folder of a student of that model that has no weights of its own. */
    public LizardChatModelBuilder student(Path folder) {
        student = folder;
        return this;
    }

    /** What requests may call it; the last name of its path where none is given. */
    public LizardChatModelBuilder modelName(String called) {
        name = called;
        return this;
    }

    /** Where it computes; the CPU where nothing is said. */
    public LizardChatModelBuilder device(Device place) {
        device = place;
        return this;
    }

    /** In what it computes; float32 where nothing is said. */
    public LizardChatModelBuilder dtype(DType type) {
        dtype = type;
        return this;
    }

    /** 0 for the likeliest token always; 1 where nothing is said. */
    public LizardChatModelBuilder temperature(double value) {
        defaults.temperature(value);
        return this;
    }

    /** Only the likeliest tokens whose probabilities sum to this; 1 for all. */
    public LizardChatModelBuilder topP(double value) {
        defaults.topP(value);
        return this;
    }

    /** Only so many of the likeliest tokens; 0 for all. */
    public LizardChatModelBuilder topK(int value) {
        defaults.topK(value);
        return this;
    }

    /** Subtracted from the scores of tokens that were written. */
    public LizardChatModelBuilder presencePenalty(double value) {
        defaults.presencePenalty(value);
        return this;
    }

    /** The same, as often as they were. */
    public LizardChatModelBuilder frequencyPenalty(double value) {
        defaults.frequencyPenalty(value);
        return this;
    }

    /** Most tokens of an answer; 4,096 where nothing is said. */
    public LizardChatModelBuilder maxOutputTokens(int value) {
        defaults.maxOutputTokens(value);
        return this;
    }

    /** Texts that end an answer and are left out. */
    public LizardChatModelBuilder stopSequences(List<String> texts) {
        defaults.stopSequences(texts);
        return this;
    }

    /** Of all draws: the same request gets the same answer. Another for each request where none is given. */
    public LizardChatModelBuilder seed(long value) {
        seed = value;
        return this;
    }

    public LizardChatModelBuilder listeners(List<ChatModelListener> all) {
        listeners = List.copyOf(all);
        return this;
    }

    /**
     * Opens the model.
     *
     * @throws LizardException INPUT where it cannot be read, USAGE where none was named
     */
    public LizardChatModel build() {
        if (model == null) {
            throw LizardException.usage("no model: expected a folder or a .gguf file; give it to model()");
        }
        ModelFiles files = new ModelFiles(model, Optional.ofNullable(student));
        OpenModel open = Models.openWithTokenizer(files, dtype, device);
        boolean whole = false;
        try {
            Path path = student == null ? model : student;
            String called =
                    name != null ? name : String.valueOf(path.getFileName()).replaceFirst("\\.gguf$", "");
            ChatRequestParameters parameters = defaults.modelName(called).build();
            LizardChatModel made = new LizardChatModel(new Answers(open, called, seed), parameters, listeners);
            whole = true;
            return made;
        } finally {
            if (!whole) {
                open.close();
            }
        }
    }
}
