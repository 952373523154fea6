package dev.lizard.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.LizardException;
import dev.lizard.base.Origin;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every key of a recipe and of pretraining: below its range, above it, of another type, misspelt, contradicted. */
class KeyRangesTest {
    private static final String PRETRAIN = """
        model: {hidden_size: 32}
        steps: 5
        synthetic: {weight: 1}
        """;

    private static ConfigTree tree(String kind) {
        return TinyTeacher.tree(kind.equals("recipe") ? TinyTeacher.RECIPE : PRETRAIN);
    }

    private static Object bind(String kind, ConfigTree tree) {
        return kind.equals("recipe") ? Recipe.of(tree) : tree.bind(PretrainConfig.class);
    }

    private static Origin flag(String assignment) {
        return new Origin(Origin.Layer.FLAG, "--set " + assignment.replaceFirst("=.*", ""));
    }

    private static void refused(String kind, String assignment, String message) {
        assertThatThrownBy(() -> bind(
                        kind,
                        ConfigTree.empty().set(assignment, flag(assignment)).over(tree(kind))))
                .as(assignment)
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.USAGE))
                .hasMessageContaining(message)
                .hasMessageContaining("--set " + assignment.replaceFirst("=.*", ""));
    }

    @ParameterizedTest
    @CsvFileSource(resources = "/key-faults.csv", delimiter = '|', quoteCharacter = '`')
    void nonsenseIsRefusedAtItsKey(String kind, String assignment, String message) {
        refused(kind, assignment, message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "stages.0.clip=0",
                "stages.0.labels=all",
                "stages.0.recompute=false",
                "stages.0.teacher_kl=0",
                "stages.1.input=teacher",
                "stages.1.loss_scale=1000",
                "stages.1.labels=response",
                "stages.1.loss.labels=response",
                "stages.1.recompute=true",
                "stages.0.input=student",
                "stages.0.loss_scale=5",
                "stages.0.group_rates={gate: 0}",
                "stages.0.groups.gate.rate=0",
                "stages.1.loss={type: sum, terms: [{loss: {type: next-token}}, {weight: 2, loss: {type: kl}}]}",
                "stages.1.loss={type: hidden-state}",
                "stages.1.train.base=[mlp, q_proj]",
                "layers.keep_softmax=[0]",
                "stages.0.betas=[0,0]"
            })
    void whatMakesSenseAndWrittenDefaultsAreTaken(String assignment) {
        ConfigTree flags = ConfigTree.empty().set(assignment, flag(assignment));
        assertThat(Recipe.of(flags.over(tree("recipe"))).stages()).hasSize(2);
    }

    @Test
    void everyKeyRefusesAnotherTypeAndNamesItselfWhenMisspelt() {
        everyKey("recipe", "", Recipe.class);
        everyKey("recipe", "held_out.", Recipe.HeldOutRecipe.class);
        everyKey("recipe", "stages.0.", StageRecipe.class);
        everyKey("recipe", "stages.0.schedule.", Schedule.class);
        everyKey("recipe", "stages.0.loss.", Loss.AttentionOutput.class);
        everyKey("recipe", "stages.1.loss.", Loss.NextToken.class);
        everyKey("recipe", "stages.1.train.", Trained.class);
        everyKey("recipe", "stages.0.groups.gate.", StageRecipe.Group.class);
        everyKey("pretrain", "", PretrainConfig.class);
        everyKey("pretrain", "synthetic.", PretrainConfig.Synthetic.class);
    }

    private static void everyKey(String kind, String prefix, Class<?> type) {
        List<String> keys = ConfigTree.keysOf(type);
        RecordComponent[] components = type.getRecordComponents();
        for (int i = 0; i < keys.size(); i++) {
            refused(kind, prefix + keys.get(i) + "z=1", "did you mean '%s'?".formatted(keys.get(i)));
            for (String other : others(components[i].getGenericType())) {
                refused(kind, prefix + keys.get(i) + "=" + other, "");
            }
        }
    }

    /** Values that do not fit a type. */
    private static List<String> others(Type type) {
        boolean list = type instanceof ParameterizedType generic && generic.getRawType() == List.class;
        List<String> values = new ArrayList<>();
        if (!type.getTypeName().endsWith("JsonNode")) { // layers: judged when the model is known
            values.add(list ? "{a: 1}" : "[[1]]");
        }
        if (type == int.class || type == long.class || type == double.class) {
            values.addAll(List.of("x", "true", "{a: 1}", "1e999", ".nan", "-.inf", "'1,5'"));
        }
        if (type == int.class || type == long.class) {
            values.addAll(List.of("1.5", "99999999999999999999", "010"));
        }
        if (type == boolean.class) {
            values.addAll(List.of("yes", "2", "[]"));
        }
        if (list || (type instanceof Class<?> plain && plain.isRecord())) {
            values.add("7");
        }
        return values;
    }

    @Test
    void twoKeysThatContradictEachOtherAreNamed() {
        assertThatThrownBy(() -> Recipe.of(TinyTeacher.tree(TinyTeacher.OLD_RECIPE)
                        .set("stages.1.trains=[maps]", flag("stages.1.trains"))))
                .hasMessage("bad value in tiny.yaml/stages.1.lora: trains does not name lora; add it there, or take the"
                        + " section out (lora=null)");
        assertThatThrownBy(() -> bind("pretrain", tree("pretrain").set("tokenizer=a", flag("tokenizer"))))
                .hasMessage("bad value in tiny.yaml/synthetic: its texts need the byte tokenizer; take it or tokenizer"
                        + " out");
        assertThatThrownBy(() -> Recipe.of(tree("recipe")
                        .set("accumulate=1048576", flag("accumulate"))
                        .set("batch=4096", flag("batch"))))
                .hasMessageContaining("--set accumulate: expected at most 2,147,483,647 sequences an update");
    }

    @Test
    void contradictionsOfTwoFlagsAreNamed() {
        ConfigTree once = ConfigTree.empty().set("stages.0.tokens=5", flag("stages.0.tokens=5"));
        assertThatThrownBy(() -> once.set("stages[0].tokens=6", flag("stages[0].tokens=6")))
                .hasMessage("contradiction in --set stages[0].tokens: expected one value but found 6 and, from"
                        + " --set stages.0.tokens, 5; give it once");
        assertThatThrownBy(() -> once.set("stages=[]", flag("stages=[]")))
                .hasMessageContaining("the whole or its parts");
        assertThat(once.set("stages.0.tokens=5", flag("stages.0.tokens=5")).keys())
                .containsExactly("stages");
    }
}
