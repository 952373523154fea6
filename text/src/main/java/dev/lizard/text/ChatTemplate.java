package dev.lizard.text;

import dev.lizard.base.Hashes;
import dev.lizard.base.Interrupt;
import dev.lizard.text.jinja.Quoted;
import dev.lizard.text.jinja.Template;
import dev.lizard.text.jinja.Written;
import java.time.Clock;
import java.time.ZoneId;
import java.util.ArrayList;
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
    /** Changes where the same conversation is written or encoded otherwise than by an earlier build. */
    private static final String VERSION = "2";

    private final Template template;
    private final String source;
    private final Map<String, String> specials;
    private final Map<String, @Nullable Object> extras;
    private final Interrupt interrupt;
    private final ContentParts parts = new ContentParts(this);

    private ChatTemplate(
            Template template,
            String source,
            Map<String, String> specials,
            Map<String, ? extends @Nullable Object> extras,
            Interrupt interrupt) {
        this.template = template;
        this.source = source;
        this.specials = Map.copyOf(specials);
        this.extras = new HashMap<>(extras);
        this.interrupt = interrupt;
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
        return new ChatTemplate(Template.parse(jinja, clock), jinja, specials, Map.of(), new Interrupt());
    }

    /** The template that came with {@code tokenizer}, whose files also name the special tokens. */
    public static Optional<ChatTemplate> of(Tokenizer tokenizer) {
        Map<String, String> specials = tokenizer.settings().named();
        return tokenizer.settings().chatTemplate().map(jinja -> of(jinja, specials));
    }

    /** The same that gives up where {@code user} is requested. */
    public ChatTemplate stoppedBy(Interrupt user) {
        return new ChatTemplate(template, source, specials, extras, user);
    }

    @Override
    public ChatTemplate with(Map<String, ? extends @Nullable Object> more) {
        return more.isEmpty() ? this : new ChatTemplate(template, source, specials, more, interrupt);
    }

    /**
     * The conversation as one text. Encode it without adding special tokens: the template writes them. Content in parts
     * is given to the template as it stands if it writes such, else as one text with a line a part.
     *
     * @throws dev.lizard.base.LizardException INPUT, naming the line, where the template refuses the conversation
     */
    @Override
    public Rendering render(List<Message> messages, boolean addGenerationPrompt) {
        return write(parts.suited(messages), addGenerationPrompt);
    }

    /** As {@link #render}, with parts as they stand. */
    Rendering write(List<Message> messages, boolean addGenerationPrompt) {
        Map<String, @Nullable Object> variables = new HashMap<>(specials);
        variables.put("tools", null);
        variables.put("documents", null);
        extras.forEach((name, value) -> variables.put(name, new Quoted(value, messages.size() + 1)));
        variables.put("add_generation_prompt", addGenerationPrompt);
        List<Object> all = new ArrayList<>();
        for (Message message : messages) {
            all.add(new Quoted(fields(message), all.size() + 1));
        }
        variables.put("messages", all);
        Written written = template.write(variables, interrupt);
        List<Rendering.Quote> quotes = new ArrayList<>();
        for (Written.Quote quote : written.quotes()) {
            int message = quote.source() - 1;
            boolean known = message < messages.size();
            boolean spoken = known && messages.get(message).role().equals("assistant");
            quotes.add(new Rendering.Quote(quote.begin(), quote.end(), known ? message : Rendering.OTHER, spoken));
        }
        return new Rendering(written.text(), quotes);
    }

    /**
     * The fields with reasoning under the names that templates know it by, as transformers gives them. A role is a word
     * of the template's where the template names it or everyone does: some write it inside a marker.
     */
    private Map<String, @Nullable Object> fields(Message message) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>(message.fields());
        Object reasoning = null;
        for (String name : List.of("reasoning_content", "thinking", "reasoning")) {
            reasoning = reasoning == null ? fields.get(name) : reasoning;
        }
        if (reasoning != null) {
            fields.putIfAbsent("thinking", reasoning);
            fields.put("reasoning_content", reasoning);
        }
        String role = message.role();
        boolean named = source.contains("'" + role + "'") || source.contains('"' + role + '"');
        if (named || List.of("system", "user", "assistant", "tool", "developer").contains(role)) {
            fields.put("role", new Quoted(role, 0));
        }
        return fields;
    }

    /** Of the source and the special tokens, not of a rendering: templates differ where no sample shows it. */
    @Override
    public String fingerprint() {
        return Hashes.sha256(VERSION + new TreeMap<>(specials) + "\n" + source);
    }
}
