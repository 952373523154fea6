package dev.lizard.eval.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.eval.task.Answer.Likelihood;
import dev.lizard.eval.task.Request.Candidate;
import dev.lizard.text.ByteTokenizer;
import dev.lizard.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A task is added without code: each key has its effect, each mistake its line. */
class TaskFileTest {
    private static final Tokenizer BYTES = ByteTokenizer.open(List.of("<|end|>"));

    private static final String CHOICE = """
        about: "a test"
        data: items.jsonl
        ask:
          type: choice
          prompt: "Q: {{ q }}"
          from: options
          gold: "{{ gold }}"
        """;

    @TempDir
    private Path folder;

    private Path yaml;

    @BeforeEach
    void name() {
        yaml = folder.resolve("mine.yaml");
    }

    @AfterAll
    static void close() {
        BYTES.close();
    }

    private Task task(String text) throws IOException {
        Files.writeString(yaml, text);
        return Tasks.builtIn().find(List.of(yaml.toString())).getFirst();
    }

    private List<Item> items(String task, String... lines) throws IOException {
        Files.createDirectories(folder.resolve("data/deep"));
        Files.writeString(folder.resolve("data/deep/items.jsonl"), String.join("\n", lines) + "\n");
        return task(task).items(new TaskSource(folder.resolve("data"), BYTES, 0));
    }

    private static List<Candidate> candidates(Item item) {
        return ((Request.Likelihoods) item.request()).candidates();
    }

    private static Map<String, Item.Value> judged(Item item, double... logLikelihoods) {
        return item.judge()
                .judge(new Answer.Likelihoods(DoubleStream.of(logLikelihoods)
                        .mapToObj(value -> new Likelihood(value, 2, 1))
                        .toList()));
    }

    private static double value(Item item, String name, double... logLikelihoods) {
        return judged(item, logLikelihoods).get(name).sum();
    }

    private String at(String place) {
        return folder.resolve("data/deep/items.jsonl") + place;
    }

    @Test
    void choicesFollowThePromptAndTheLikeliestCounts() throws IOException {
        Task task = task(CHOICE + "  metrics: [acc, acc_norm]\n");
        assertThat(task.name()).isEqualTo("mine");
        assertThat(task.about()).isEqualTo("a test");
        assertThat(task.measures()).extracting(Measure::name).containsExactly("acc", "acc_norm");
        Item item = items(
                        CHOICE + "  metrics: [acc, acc_norm]\n",
                        "{\"q\": \"x\", \"options\": [\"ab\", \"abcdefghij\"], \"gold\": 1}")
                .getFirst();
        assertThat(item.id()).isEqualTo("0");
        assertThat(candidates(item))
                .containsExactly(new Candidate("Q: x", " ab"), new Candidate("Q: x", " abcdefghij"));
        assertThat(value(item, "acc", -5, -6)).isZero();
        assertThat(value(item, "acc_norm", -5, -6)).isOne();
        assertThat(value(item, "acc", -6, -5)).isOne();
        assertThat(judged(item, -1, -1)).containsOnlyKeys("acc", "acc_norm");
    }

    @Test
    void charactersBytesAndTokensNormaliseDifferently() throws IOException {
        String line = "{\"q\": \"x\", \"options\": [\"äöü\", \"abcd\"], \"gold\": 0}";
        String metrics = "  metrics: [acc_norm]\n";
        // By character -4/3 and -5/4; by byte -4/6 and -5/4; by token -4/2 and -5/2.
        assertThat(value(items(CHOICE + metrics, line).getFirst(), "acc_norm", -4, -5))
                .isZero();
        assertThat(value(items(CHOICE + metrics + "  normalise: bytes\n", line).getFirst(), "acc_norm", -4, -5))
                .isOne();
        assertThat(value(items(CHOICE + metrics + "  normalise: tokens\n", line).getFirst(), "acc_norm", -4, -5))
                .isOne();
    }

    @Test
    void inlineChoicesHaveTheirOwnPromptsAndOneContinuation() throws IOException {
        Item item = items("""
            about: "partial scoring"
            data: items.jsonl
            ask:
              type: choice
              prompt: "{{ s.split('_')[0] }}{{ choice }}"
              choices: ["{{ a }}", "{{ b }}"]
              continuation: "{{ s.split('_')[1].strip() }}"
              gold: "{{ right }}"
              gold_is: text
            """, "{\"s\": \"So _ won.\", \"a\": \"Ada\", \"b\": \"Bo\", \"right\": \"Bo\"}")
                .getFirst();
        assertThat(candidates(item)).containsExactly(new Candidate("So Ada", " won."), new Candidate("So Bo", " won."));
        assertThat(value(item, "acc", -2, -1)).isOne();
    }

    @Test
    void lettersAreCountedAndOptionsTurnedRound() throws IOException {
        String lettered = """
            about: "letters"
            data: items.jsonl
            ask:
              type: choice
              prompt: "{{ q }} A. {{ options[0] }} B. {{ options[1] }}\\nAnswer:"
              choices: [A, B]
              delimiter: "-"
              gold: "{{ gold }}"
              gold_is: letter
            """;
        String line = "{\"q\": \"x\", \"options\": [\"one\", \"two\"], \"gold\": \"B\"}";
        Item plain = items(lettered, line).getFirst();
        assertThat(candidates(plain)).extracting(Candidate::continuation).containsExactly("-A", "-B");
        assertThat(judged(plain, -1, -2))
                .isEqualTo(Map.of(
                        "acc", Item.Value.of(0),
                        "picked A", Item.Value.of(1),
                        "picked B", Item.Value.of(0),
                        "right A", Item.Value.of(0),
                        "right B", Item.Value.of(1)));

        Item turned = items(lettered + "  rotate: options\n  metrics: [acc, acc_all]\n", line)
                .getFirst();
        assertThat(candidates(turned))
                .extracting(Candidate::prompt)
                .containsExactly(
                        "x A. one B. two\nAnswer:",
                        "x A. one B. two\nAnswer:",
                        "x A. two B. one\nAnswer:",
                        "x A. two B. one\nAnswer:");
        Map<String, Item.Value> always = judged(turned, -1, -2, -1, -2);
        assertThat(always.get("acc").sum()).isEqualTo(0.5, within(1e-12));
        assertThat(always.get("acc_all").sum()).isZero();
        assertThat(always.get("picked A").sum()).isOne();
        assertThat(always.get("right A").sum()).isEqualTo(0.5, within(1e-12));
        assertThat(judged(turned, -2, -1, -1, -2).get("acc_all").sum()).isOne();
    }

    @Test
    void examplesAreTheFirstOfTheSameGroupAndBehindTheDescription() throws IOException {
        Files.createDirectories(folder.resolve("data"));
        Files.writeString(folder.resolve("data/dev.jsonl"), """
            {"q": "1", "options": ["a", "b"], "gold": 0, "subject": "s"}
            {"q": "2", "options": ["a", "b"], "gold": 1, "subject": "t"}
            {"q": "3", "options": ["a", "b"], "gold": 1, "subject": "s"}
            {"q": "4", "options": ["a", "b"], "gold": 1, "subject": "s"}
            """);
        String shots = """
            description: "About {{ subject }}.\\n"
            few_shot: {data: dev.jsonl, count: 2, by: subject, separator: "|"}
            traits: {subject: "{{ subject }}"}
            groups: [mine]
            """;
        String line = "{\"q\": \"x\", \"options\": [\"c\", \"d\"], \"gold\": 1, \"subject\": \"s\"}";
        Item item = items(CHOICE + shots, line).getFirst();
        assertThat(candidates(item).getFirst().prompt()).isEqualTo("About s.\nQ: 1 a|Q: 3 b|Q: x");
        assertThat(item.traits()).isEqualTo(Map.of("subject", "s"));
        assertThat(task(CHOICE + shots).groups()).containsExactly("mine");
        assertThatThrownBy(() -> items(CHOICE + shots, line.replace("\"s\"", "\"t\"")))
                .hasMessage(
                        "too few examples in %s: expected 2 with subject 't' but found 1; lower few_shot.count of"
                                + " the task, or add some",
                        folder.resolve("data/dev.jsonl"));
    }

    @Test
    void bracketsGoWhereTheyAreToBeCleaned() throws IOException {
        Item item = items(CHOICE + "clean: brackets\n", """
            {"q": " Mend it [title] Take [a] glue [step] now. ", "options": ["x [sub] y", "z"], "gold": 0}\
            """).getFirst();
        assertThat(candidates(item).getFirst()).isEqualTo(new Candidate("Q: Mend it. Take glue now.", " x y"));
    }

    @Test
    void aContinuationIsJudgedByGreedyWritingAndItsLikelihood() throws IOException {
        Item item = items("""
            about: "a last word"
            data: items.jsonl
            ask: {type: continuation, prompt: "{{ c }}", continuation: "{{ w }}"}
            """, "{\"c\": \"I am\", \"w\": \"here\"}").getFirst();
        assertThat(candidates(item)).containsExactly(new Candidate("I am", " here"));
        Map<String, Item.Value> missed = judged(item, -3);
        assertThat(missed).isEqualTo(Map.of("acc", Item.Value.of(0), "perplexity", Item.Value.of(-3)));
        assertThat(task(Files.readString(yaml)).measures().getLast().of(List.of(Item.Value.of(-3), Item.Value.of(-1))))
                .isEqualTo(Math.exp(2), within(1e-9));
    }

    @Test
    void aTextIsCutIntoWindowsWhoseWordsAndBytesAddUp() throws IOException {
        String text = """
            about: "texts"
            data: items.jsonl
            ask: {type: text, field: t, window: 8}
            """;
        List<Item> items = items(text, "{\"t\": \"one two three four\"}", "{\"t\": \"ä b\"}", "{\"t\": \"c\"}");
        assertThat(items).hasSize(3); // two whole windows of 18 bytes, one that is all there is; one byte has none
        assertThat(((Request.Tokens) items.get(1).request()).ids())
                .containsExactly(116, 104, 114, 101, 101, 32, 102, 111); // "three fo"
        Map<String, Item.Value> first =
                items.getFirst().judge().judge(new Answer.Rolling(java.util.Collections.nCopies(7, 1f)));
        assertThat(first)
                .isEqualTo(Map.of(
                        "perplexity", new Item.Value(-7, 7),
                        "word_perplexity", new Item.Value(-7, 1), // "ne two ": one begins there
                        "byte_perplexity", new Item.Value(-7, 7),
                        "bits_per_byte", new Item.Value(-7, 7)));
        assertThat(items(text.replace("8}", "8, tokens: 9}"), "{\"t\": \"one two three four\"}"))
                .hasSize(1);
        assertThat(items(text.replace("8}", "8, metrics: [perplexity]}"), "{\"t\": \"ä b\"}")
                        .getFirst()
                        .judge()
                        .judge(new Answer.Rolling(List.of(1f, 1f, 1f))))
                .containsOnlyKeys("perplexity");
    }

    @Test
    void aTaskCanBeLikeABuiltInOne() throws IOException {
        Item item = items("like: arc_easy\nabout: \"mine\"\ndata: items.jsonl\n", """
            {"query": "Q", "choices": ["a", "b"], "gold": 0}\
            """)
                .getFirst();
        assertThat(candidates(item).getFirst()).isEqualTo(new Candidate("Q", " a"));
        assertThatThrownBy(() -> task("like: arc_esy\n"))
                .hasMessageEndingWith(
                        "mine.yaml/like: expected the name of a built-in task but found 'arc_esy'; did you mean"
                                + " 'arc_easy'?");
    }

    @Test
    void mistakesInTheFileNameTheNearestRightKey() {
        assertThatThrownBy(() -> task(CHOICE + "few_shots: 5\n"))
                .hasMessageContaining("unknown key 'few_shots' in " + yaml + "/few_shots: expected one of about, ")
                .hasMessageEndingWith("but found 5; did you mean 'few_shot'?");
        assertThatThrownBy(() -> task(CHOICE.replace("choice", "chioce")))
                .hasMessageContaining("/ask.type: expected one of choice, continuation, ")
                .hasMessageEndingWith("but found \"chioce\"; did you mean 'choice'?");
        assertThatThrownBy(() -> task(CHOICE + "  metrics: [acc, acc_nrm]\n"))
                .hasMessageEndingWith(
                        "/ask.metrics: expected some of acc, acc_norm but found 'acc_nrm'; did you mean 'acc_norm'?");
        assertThatThrownBy(() -> task(CHOICE + "  choices: [A, B]\n"))
                .hasMessageEndingWith(
                        "/ask.choices: expected two or more, or the field that holds them under 'from', but"
                                + " found both; give one of both");
        assertThatThrownBy(() -> task(CHOICE + "  rotate: options\n"))
                .hasMessageEndingWith(
                        "/ask.rotate: expected letters under 'choices' beside it but found 'from'; take it out");
        assertThatThrownBy(() -> task(CHOICE.replace("{{ q }}", "{{ q ")))
                .hasMessageStartingWith("bad value in " + yaml + "/ask.prompt: template, line 1: ");
        assertThatThrownBy(() -> task("""
            about: "t"
            data: a.txt
            description: "d"
            ask: {type: text, window: 8}
            """))
                .hasMessageEndingWith("/description: it has no effect where 'ask' is of type text; take it out");
    }

    @Test
    void malformedItemsAreNamedByFileLineAndField() {
        String whole = "{\"q\": \"x\", \"options\": [\"a\", \"b\"], \"gold\": 0}";
        assertThatThrownBy(() -> items(CHOICE, whole, whole.replace("\"q\"", "\"qq\"")))
                .hasMessage(
                        "malformed item in " + at(":2/q") + ": expected the field that 'prompt' of the task asks for"
                                + " but found only qq, options, gold; did you mean 'qq'?");
        assertThatThrownBy(() -> items(CHOICE, whole.replace("\"x\"", "null")))
                .hasMessage(
                        "malformed item in " + at(":1/q") + ": expected the field that 'prompt' of the task asks for"
                                + " but found null; correct the item");
        assertThatThrownBy(() -> items(CHOICE, whole.replace("\"b\"", "{}")))
                .hasMessage("malformed item in " + at(":1/options") + ": expected a list of two texts or more but found"
                        + " [\"a\",{}]; correct the item");
        assertThatThrownBy(() -> items(CHOICE, whole, "", whole.replace("0}", "2}")))
                .hasMessage("malformed item in " + at(":3/gold")
                        + ": expected the index of a choice, 0 to 1 but found '2'; correct the item");
        assertThatThrownBy(() -> items(CHOICE + "  gold_is: letter\n", whole.replace("0}", "\"C\"}")))
                .hasMessage("malformed item in " + at(":1/gold")
                        + ": expected the letter of a choice, A to B but found 'C'; correct the item");
        assertThatThrownBy(() -> items(CHOICE + "  gold_is: text\n", whole))
                .hasMessage("malformed item in " + at(":1/gold")
                        + ": expected one of its choices but found '0'; correct the item");
        assertThatThrownBy(() -> items(CHOICE, "[1]"))
                .hasMessage(
                        "malformed item in " + at(":1") + ": expected an object but found an array; correct the line");
        assertThatThrownBy(() -> items(CHOICE, whole, "{\"q\": "))
                .hasMessageStartingWith("malformed text in " + at(":2") + " line 1 column ");
        assertThatThrownBy(() -> items(CHOICE, ""))
                .hasMessage("no items in " + at("") + ": expected a line of JSON each but found none; check the file");
        assertThatThrownBy(() -> items(CHOICE.replace("{{ q }}", "{{ q.strip().nothing[0] }}"), whole))
                .hasMessageContaining("malformed item in " + at(":1/q") + ": expected what 'prompt' can use but found");
    }

    @Test
    void dataThatIsNotThereOrUnclearIsSaid() throws IOException {
        Task task = task(CHOICE);
        assertThatThrownBy(() -> task.items(new TaskSource(null, BYTES, 0)))
                .hasMessage("no data for the task: expected a folder with items.jsonl but found no --data; give --data"
                        + " DIR");
        Path data = folder.resolve("data");
        assertThatThrownBy(() -> task.items(new TaskSource(data, BYTES, 0)))
                .hasMessage(
                        "no data in %s: expected a folder with items.jsonl but found nothing; check the path of --data",
                        data);
        Files.createDirectories(data);
        Files.writeString(data.resolve("item.jsonl"), "");
        assertThatThrownBy(() -> task.items(new TaskSource(data, BYTES, 0)))
                .hasMessage(
                        "no data in %s: expected one file items.jsonl (or items.jsonl.gz) at any depth but found"
                                + " none; did you mean 'item.jsonl'?",
                        data);
        Files.writeString(data.resolve("items.jsonl"), "");
        Files.writeString(data.resolve("items.jsonl.gz"), "");
        assertThatThrownBy(() -> task.items(new TaskSource(data, BYTES, 0)))
                .hasMessage(
                        "unclear data in %s: expected one file items.jsonl (or items.jsonl.gz) at any depth but found"
                                + " '%s' and '%s'; leave one, or name a folder below",
                        data, data.resolve("items.jsonl"), data.resolve("items.jsonl.gz"));
    }
}
