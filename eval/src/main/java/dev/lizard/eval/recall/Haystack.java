package dev.lizard.eval.recall;

import dev.lizard.eval.task.LongTexts;
import dev.lizard.eval.task.TaskSource;
import dev.lizard.tensor.RandomStream;
import dev.lizard.text.synthetic.Stories;
import java.util.ArrayList;
import java.util.List;

/** Texts in which something is hidden, another each time. */
sealed interface Haystack {
    /** Books, or what else the user's folder has of plain text; stories where there is nothing. */
    static Haystack of(TaskSource source) {
        List<String> texts = LongTexts.of(source).stream()
                .map(Haystack::oneLine)
                .filter(text -> !text.isEmpty())
                .toList();
        return texts.isEmpty() ? new Tales() : new Books(texts);
    }

    /** As the items' trait tells it. */
    String name();

    /** At least {@code characters} of whole sentences on one line, from the beginning of one. */
    String text(int characters, RandomStream random);

    /** A few plain sentences over and over: which, and in what order, is drawn. */
    record Filler() implements Haystack {
        private static final int BLOCK = 5;
        private static final List<String> SENTENCES = List.of(
                "The grass is green.",
                "The sky is blue.",
                "The sun is yellow.",
                "Here we go.",
                "There and back again.",
                "The road is long.",
                "The water is cold.",
                "The wind is mild today.",
                "A bird sits in the tree.",
                "The door stands open.",
                "Someone walks by.",
                "The bread is fresh.",
                "It is a quiet day.",
                "The clock goes on.");

        @Override
        public String name() {
            return "filler";
        }

        @Override
        public String text(int characters, RandomStream random) {
            StringBuilder block = new StringBuilder();
            for (int sentence : Draws.distinct(0, SENTENCES.size(), BLOCK, random)) {
                block.append(SENTENCES.get(sentence)).append(' ');
            }
            return block.toString().repeat(characters / block.length() + 1);
        }
    }

    /** Stories made by rule, for where there are no books. */
    record Tales() implements Haystack {
        private static final Stories STORIES = new Stories();

        @Override
        public String name() {
            return "stories";
        }

        @Override
        public String text(int characters, RandomStream random) {
            return oneLine(STORIES.beginning(characters + 1, random));
        }
    }

    /**
     * From a random place of a random book; a short book is followed by others.
     *
     * @param texts on one line each
     */
    record Books(List<String> texts) implements Haystack {
        @Override
        public String name() {
            return "book";
        }

        @Override
        public String text(int characters, RandomStream random) {
            List<String> enough = texts.stream()
                    .filter(text -> text.length() > 2 * characters)
                    .toList();
            if (!enough.isEmpty()) {
                String book = Draws.one(enough, random);
                int from = random.nextInt(book.length() - characters);
                int sentence = Sentences.next(book, from);
                return book.substring(sentence < book.length() - characters ? sentence : from);
            }
            List<String> parts = new ArrayList<>();
            for (int length = 0; length < characters; length += parts.getLast().length() + 1) {
                parts.add(Draws.one(texts, random));
            }
            return String.join(" ", parts);
        }
    }

    /** All white space as single spaces. */
    static String oneLine(String text) {
        return text.strip().replaceAll("\\s+", " ");
    }
}
