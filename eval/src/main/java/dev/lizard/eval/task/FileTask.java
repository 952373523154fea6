package dev.lizard.eval.task;

import dev.lizard.base.Hashes;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A task that is data.
 *
 * @param name the file's, without its ending
 * @param file what it says
 */
record FileTask(String name, TaskFile file) implements Task {
    /** Makes the item of a line. */
    private interface Maker {
        Item make(DataItem data, String id, Map<String, String> traits);
    }

    @Override
    public String about() {
        return file.about();
    }

    @Override
    public List<String> groups() {
        return file.groups();
    }

    @Override
    public List<Measure> measures() {
        return switch (file.ask()) {
            case Asking.Choice choice -> ChoiceItems.measures(choice);
            case Asking.Continuation continuation -> ContinuationItems.measures(continuation);
            case Asking.Text text -> TextItems.measures(text);
            case Asking.Written written -> WrittenItems.measures(written);
        };
    }

    @Override
    public List<Item> items(TaskSource source) {
        Path data = DataFile.find(source, file.data());
        return switch (file.ask()) {
            case Asking.Choice choice -> items(data, new ChoiceItems(file, choice, source)::item);
            case Asking.Continuation continuation ->
                items(data, new ContinuationItems(file, continuation, source)::item);
            case Asking.Text text -> new TextItems(text, source).of(data);
            case Asking.Written written -> items(data, new WrittenItems(file, written, source)::item);
        };
    }

    private List<Item> items(Path data, Maker maker) {
        Map<String, Phrase> phrases = new LinkedHashMap<>();
        file.traits().forEach((trait, source) -> phrases.put(trait, new Phrase("traits." + trait, source)));
        List<Item> items = new ArrayList<>();
        for (DataItem line : DataFile.items(data)) {
            DataItem item = line.mapped(file.clean()::clean);
            Map<String, String> traits = new LinkedHashMap<>();
            phrases.forEach((trait, phrase) -> traits.put(trait, phrase.render(item)));
            items.add(maker.make(item, Integer.toString(items.size()), traits));
        }
        return items;
    }

    @Override
    public Optional<String> parts() {
        boolean one = file.ask() instanceof Asking.Choice && file.traits().size() == 1;
        return one ? file.traits().keySet().stream().findFirst() : Optional.empty();
    }

    @Override
    public String basis(TaskSource source) {
        String data = Hashes.sha256(DataFile.find(source, file.data()));
        return Hashes.sha256(file + data);
    }
}
