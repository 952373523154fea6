package dev.lizard.text;

import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How a byte-level BPE model cuts text into words before merging: the families that GGUF names in
 * {@code tokenizer.ggml.pre}. The expressions are those of each model's own tokenizer; within a family the cuts are
 * made one after another, each inside the pieces that the one before left.
 *
 * @param names what {@code tokenizer.ggml.pre} may say
 * @param expressions the cuts, in order
 * @param gpt2Expression whether GPT-2's expression, which the library has built in, makes the last cut
 * @param keepsWholeWords whether a word that is itself a piece stays whole ({@code ignore_merges})
 * @param addsBos whether texts begin with BOS unless the metadata say otherwise
 * @param composes whether text is brought to Unicode's NFC first
 */
record PreTokenizer(
        List<String> names,
        List<String> expressions,
        boolean gpt2Expression,
        boolean keepsWholeWords,
        boolean addsBos,
        boolean composes) {
    /** GPT-2's expression alone. */
    static final PreTokenizer GPT2 = new PreTokenizer(
            List.of("gpt-2", "phi-2", "mpt", "olmo", "jina-es", "jina-de", "roberta-bpe", "gigachat", "mellum"),
            List.of(),
            true,
            false,
            false,
            false);

    /** Each digit alone, then GPT-2's expression. */
    private static final PreTokenizer DIGITS = new PreTokenizer(
            List.of("smollm", "starcoder", "refact", "command-r", "codeshell", "minerva-7b"),
            List.of("\\p{N}"),
            true,
            false,
            false,
            false);

    /** Llama 3: digits in threes. */
    private static final PreTokenizer LLAMA3 = new PreTokenizer(
            List.of("llama-bpe", "llama3", "llama-v3", "falcon3", "dbrx", "smaug-bpe"),
            List.of("(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|"
                    + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"),
            false,
            true,
            true,
            false);

    /** Qwen 2 and later: as Llama 3 but each digit alone. */
    static final PreTokenizer QWEN2 = new PreTokenizer(
            List.of("qwen2", "deepseek-r1-qwen", "stablelm2", "megrez"),
            List.of("(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}|"
                    + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"),
            false,
            false,
            false,
            true);

    /** Mistral's Tekken: words split where lower case turns to upper. */
    private static final PreTokenizer TEKKEN = new PreTokenizer(
            List.of("tekken"),
            List.of("[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|"
                    + "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|"
                    + "\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"),
            false,
            true,
            true,
            false);

    /** What converters wrote before they knew the family. */
    private static final PreTokenizer DEFAULT = new PreTokenizer(
            List.of("default"),
            List.of(
                    "[\\p{P}\\$\\+<=>\\^~\\|]+",
                    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)",
                    "\\p{N}+",
                    "[0-9][0-9][0-9]"),
            false,
            false,
            false,
            false);

    private static final List<PreTokenizer> FAMILIES = List.of(GPT2, DIGITS, LLAMA3, QWEN2, TEKKEN, DEFAULT);

    /** The family of {@code tokenizer.ggml.pre}. */
    static PreTokenizer named(String pre, String where) {
        List<String> known = new ArrayList<>();
        for (PreTokenizer family : FAMILIES) {
            if (family.names.contains(pre)) {
                return family;
            }
            known.addAll(family.names);
        }
        throw LizardException.at(
                LizardException.Kind.INPUT,
                "unknown pre-tokenizer",
                where + "/tokenizer.ggml.pre",
                "one of " + String.join(", ", known),
                "'" + pre + "'",
                Nearest.hint(pre, known) + " else use the model's Hugging Face folder");
    }

    /** The {@code pre_tokenizer} section. */
    ObjectNode json() {
        ObjectNode sequence = Tokenizers.JSON.createObjectNode().put("type", "Sequence");
        ArrayNode steps = sequence.putArray("pretokenizers");
        for (String expression : expressions) {
            ObjectNode split = steps.addObject().put("type", "Split");
            split.putObject("pattern").put("Regex", expression);
            split.put("behavior", "Isolated").put("invert", false);
        }
        steps.addObject()
                .put("type", "ByteLevel")
                .put("add_prefix_space", false)
                .put("trim_offsets", false)
                .put("use_regex", gpt2Expression);
        return sequence;
    }
}
