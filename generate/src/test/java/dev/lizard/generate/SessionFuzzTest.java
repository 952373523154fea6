package dev.lizard.generate;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.fuzz.FuzzContract;
import dev.lizard.base.fuzz.FuzzFolder;
import dev.lizard.base.fuzz.Mutator;
import dev.lizard.checkpoint.SafetensorsFile;
import dev.lizard.generate.Tiny.Kind;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.Scope;
import dev.lizard.text.ChatFormat;
import dev.lizard.text.ChatTemplate;
import dev.lizard.text.Tokenizer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * Saved sessions. A changed file mostly gets the checksum that befits its new content, so that what lies behind the
 * check is reached too: a file that was made wrong.
 */
class SessionFuzzTest extends FuzzContract {
    private static final String FILE = "state.safetensors";
    private static final List<String> NUMBERS = List.of("tail", "seen", "state.tokens");
    private static final ChatFormat FORMAT =
            ChatTemplate.of("{% for m in messages %}<|user|>{{ m.content }}<|end|>{% endfor %}<|assistant|>");

    private static Decoder decoder;
    private static Tokenizer tokenizer;

    @TempDir
    Path temp = Path.of(".");

    private FuzzFolder folder = new FuzzFolder(temp);

    @BeforeAll
    static void open() {
        decoder = Tiny.decoder(Kind.HYBRID);
        tokenizer = Tiny.tokenizer();
    }

    @AfterAll
    static void close() {
        decoder.close();
        tokenizer.close();
    }

    @Override
    public String name() {
        return "session";
    }

    @Override
    public List<Map<String, byte[]>> samples() throws IOException {
        folder = new FuzzFolder(temp);
        return List.of(saved(0), saved(5), saved(90));
    }

    private Map<String, byte[]> saved(int tokens) throws IOException {
        Path file = temp.resolve("saved");
        try (Session session = new Session(decoder)) {
            session.prefill(Tiny.ids(1, tokens));
            Map<String, String> notes =
                    new HashMap<>(new Sampler(SamplerSettings.ofTemperature(1, 3), Tiny.VOCABULARY).notes());
            notes.put("chat", "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"prompt\":\"p\",\"said\":\"s\"}");
            session.save(file, notes);
        }
        return Map.of(FILE, Files.readAllBytes(file));
    }

    @Override
    public Map<String, byte[]> mutate(Map<String, byte[]> sample, Mutator mutator) {
        byte[] content = Objects.requireNonNull(sample.get(FILE));
        byte[] changed = switch (mutator.random().nextInt(4)) {
            case 0 -> mutator.bytes(content);
            case 1 -> numbers(content, mutator);
            default -> header(content, mutator);
        };
        return Map.of(FILE, mutator.random().nextInt(4) == 0 ? changed : signed(changed));
    }

    private static byte[] header(byte[] content, Mutator mutator) {
        int length =
                (int) ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
        byte[] json =
                mutator.json(new String(content, Long.BYTES, length, UTF_8)).getBytes(UTF_8);
        int body = content.length - Long.BYTES - length;
        return ByteBuffer.allocate(Long.BYTES + json.length + body)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .put(content, Long.BYTES + length, body)
                .array();
    }

    /** With another whole number in one of the tensors that hold such. */
    private static byte[] numbers(byte[] content, Mutator mutator) {
        int length =
                (int) ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
        JsonNode header = Json.MAPPER.readTree(new String(content, Long.BYTES, length, UTF_8));
        JsonNode offsets = header.path(mutator.any(NUMBERS)).path("data_offsets");
        int size = offsets.path(1).asInt(0) - offsets.path(0).asInt(0);
        byte[] copy = content.clone();
        if (size >= Long.BYTES) {
            int at = Long.BYTES
                    + length
                    + offsets.path(0).asInt()
                    + mutator.random().nextInt(size - Long.BYTES + 1);
            ByteBuffer.wrap(copy)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(at, mutator.random().nextLong());
            copy[at + Long.BYTES - 1] = mutator.random().nextBoolean() ? 0 : copy[at + Long.BYTES - 1];
        }
        return copy;
    }

    /** With the checksum of its content, where it is a whole safetensors file that has one. */
    private byte[] signed(byte[] content) {
        Path file = temp.resolve("signed");
        try {
            Files.write(file, content);
            try (SafetensorsFile source = SafetensorsFile.open(file)) {
                Map<String, String> metadata = new HashMap<>(source.metadata());
                String old = metadata.remove("sha256");
                String header = new String(content, UTF_8);
                int at = old == null || old.length() != 64 ? -1 : header.indexOf(old);
                if (at < 0 || !header.substring(0, at).chars().allMatch(c -> c < 128)) {
                    return content;
                }
                byte[] copy = Arrays.copyOf(content, content.length);
                byte[] right = SessionFile.content(source, metadata).getBytes(UTF_8);
                System.arraycopy(right, 0, copy, at, right.length);
                return copy;
            }
        } catch (LizardException | IOException broken) {
            return content;
        }
    }

    @Override
    public void read(Map<String, byte[]> input) throws IOException {
        Path file = folder.with(input).resolve(FILE);
        try (Scope work = Scope.open()) {
            Session.Loaded loaded = Session.load(decoder, file);
            try (Session session = loaded.session()) {
                new Sampler(SamplerSettings.ofTemperature(1, 3), Tiny.VOCABULARY).restore(loaded.notes());
                session.prefill(new int[] {1, 2});
                session.tail();
            }
        }
        try (ChatSession chat = ChatSession.load(decoder, tokenizer, FORMAT, file)) {
            chat.stats();
        }
    }

    @Override
    public long alive() {
        return Scope.liveTensors();
    }
}
