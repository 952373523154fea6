package dev.lizard.text;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.text.jinja.Template;
import java.time.Clock;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The chat template that comes with a model: a Jinja program that writes a conversation as the model was trained to see
 * it. Parsed once; immutable.
 */
public final class ChatTemplate implements ChatFormat {
    private final Template template;
    private final String source;
    private final Map<String, String> specials;

    private ChatTemplate(Template template, String source, Map<String, String> specials) {
        this.template = template;
        this.source = source;
        this.specials = Map.copyOf(specials);
    }

    /**
     * Parses a template that needs no special tokens' names.
     *
     * @throws dev.lizard.base.LizardException INPUT, naming line and construct, for what is malformed or not supported
     */
    public static ChatTemplate of(String jinja) {
        return of(jinja, Map.of());
    }

    /** As {@link #of(String)}, with variables such as {@code bos_token} that every rendering sees. */
    public static ChatTemplate of(String jinja, Map<String, String> specials) {
        return of(jinja, specials, Clock.system(ZoneId.systemDefault()));
    }

    /** As {@link #of(String, Map)}, with the clock that {@code strftime_now} reads. */
    public static ChatTemplate of(String jinja, Map<String, String> specials, Clock clock) {
        return new ChatTemplate(Template.parse(jinja, clock), jinja, specials);
    }

    /** The template that came with {@code tokenizer}, which also gives {@code bos_token} and {@code eos_token}. */
    public static Optional<ChatTemplate> of(Tokenizer tokenizer) {
        Map<String, String> specials = new HashMap<>();
        tokenizer.bosId().ifPresent(id -> specials.put("bos_token", tokenizer.piece(id)));
        tokenizer.eosIds().stream().findFirst().ifPresent(id -> specials.put("eos_token", tokenizer.piece(id)));
        return tokenizer.settings().chatTemplate().map(jinja -> of(jinja, specials));
    }

    /**
     * The conversation as one text. Encode it without adding special tokens: the template writes them.
     *
     * @param addGenerationPrompt whether to end with the opening of the assistant's next turn
     * @param extras further variables that the template may know ({@code enable_thinking}); null is {@code none}
     * @throws dev.lizard.base.LizardException INPUT, naming the line, where the template refuses the conversation
     */
    public String render(
            List<Message> messages, boolean addGenerationPrompt, Map<String, ? extends @Nullable Object> extras) {
        Map<String, @Nullable Object> variables = new HashMap<>(specials);
        variables.put("tools", null);
        variables.put("documents", null);
        variables.put("add_generation_prompt", addGenerationPrompt);
        variables.put("messages", messages.stream().map(ChatTemplate::asMap).toList());
        variables.putAll(extras);
        return template.render(variables);
    }

    @Override
    public String render(List<Message> messages, boolean addGenerationPrompt) {
        return render(messages, addGenerationPrompt, Map.of());
    }

    /** Of the source and the special tokens, not of a rendering: templates differ where no sample shows it. */
    @Override
    public String fingerprint() {
        return Sha256.of((new TreeMap<>(specials) + "\n" + source).getBytes(UTF_8));
    }

    private static Map<String, String> asMap(Message message) {
        Map<String, String> map = new LinkedHashMap<>();
        map.put("role", message.role());
        map.put("content", message.content());
        return map;
    }
}
