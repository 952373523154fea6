package dev.lizard.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import dev.lizard.generate.ChatReply;
import dev.lizard.generate.ChatSession;
import dev.lizard.generate.GenerationListener;
import dev.lizard.generate.GenerationSettings;
import dev.lizard.generate.SamplerSettings;
import dev.lizard.tensor.LiveTensors;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

@ExtendWith(LiveTensors.class)
class SessionsTest {
    private static final String ROOT = "/v1/sessions";
    private static final String TEXT = "/v1/completions";
    private static final String CHAT = "/v1/chat/completions";
    private static final String GREEDY = ", 'max_tokens': 12, 'temperature': 0, 'ignore_eos': true}";

    @TempDir
    private static Path folder = Path.of(".");

    private static ByteModel model;
    private static Server server;
    private static Client client;

    @BeforeAll
    static void start() {
        model = new ByteModel(true);
        server = start(1 << 24, 40);
        client = new Client(server);
    }

    private static Server start(long kept, int sessions) {
        StateSettings states = new StateSettings(sessions, folder.resolve("saved"), null, 0);
        return Server.start(model.served(), ServerSettings.local().with(kept, states), logged -> {});
    }

    @AfterAll
    static void stop() {
        client.close();
        server.close();
        model.close();
    }

    private static void create(String id) {
        JsonNode made = client.ask(ROOT, "{'id': '" + id + "'}");
        assertThat(made.get("id").asString()).isEqualTo(id);
        assertThat(made.get("object").asString() + made.get("tokens")).isEqualTo("session0");
    }

    private static JsonNode get(String path) {
        HttpResponse<String> response = client.get(path);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return Json.MAPPER.readTree(response.body());
    }

    private static HttpResponse<String> delete(String path) {
        return client.send(client.request(path).DELETE());
    }

    private static String say(String session, String text) {
        return client.ask(TEXT, "{'session': '" + session + "', 'prompt': '" + text + "'" + GREEDY)
                .at("/choices/0/text")
                .asString();
    }

    private static String plain(String text) {
        return client.ask(TEXT, "{'prompt': " + Json.line(text) + GREEDY)
                .at("/choices/0/text")
                .asString();
    }

    private static JsonNode chat(String session, String text) {
        String message = "{'role': 'user', 'content': '" + text + "'}";
        return client.ask(CHAT, "{'session': '" + session + "', 'messages': [" + message + "]" + GREEDY);
    }

    private static String content(JsonNode answer) {
        return answer.at("/choices/0/message/content").asString();
    }

    /** What a chat without a session answers, to all messages in turns of user and assistant. */
    private static String chat(List<String> said) {
        List<String> messages = new ArrayList<>();
        for (int i = 0; i < said.size(); i++) {
            String role = i % 2 == 0 ? "user" : "assistant";
            messages.add("{'role': '" + role + "', 'content': " + Json.line(said.get(i)) + "}");
        }
        return content(client.ask(CHAT, "{'messages': [" + String.join(", ", messages) + "]" + GREEDY));
    }

    @Test
    void aSessionGoesOnWhereItStandsAndReadsNothingAgain() {
        create("plain");
        String first = say("plain", "the quick brown fox jumps");
        JsonNode answer = client.ask(TEXT, "{'session': 'plain', 'prompt': ' and on'" + GREEDY);
        assertThat(answer.at("/usage/prompt_tokens").asInt()).isEqualTo(25 + 12 + 7);
        assertThat(answer.at("/usage/prompt_tokens_details/cached_tokens").asInt())
                .isEqualTo(25 + 12);
        JsonNode now = get(ROOT + "/plain");
        assertThat(now.get("tokens").asInt()).isEqualTo(25 + 12 + 7 + 12);
        assertThat(now.get("turns").asInt()).isEqualTo(2);
        assertThat(now.get("ends").toString()).isEqualTo("[37,56]");
        assertThat(now.get("state_bytes").asInt()).isEqualTo(1_000);
        assertThat(now.get("cache_bytes").asInt()).isEqualTo(256 * 56);
        assertThat(first).isNotEmpty();
    }

    @Test
    void aChatReadsTheTokensItWroteNotTheirTextAgain() {
        create("chat");
        List<String> said = new ArrayList<>();
        int known = 0;
        for (String question : List.of("first question", "second one", "and a third")) {
            JsonNode answer = chat("chat", question);
            said.add(question);
            said.add(content(answer));
            assertThat(answer.at("/usage/prompt_tokens_details/cached_tokens").asInt())
                    .isEqualTo(known);
            known = answer.at("/usage/total_tokens").asInt();
        }
        JsonNode now = get(ROOT + "/chat");
        assertThat(now.get("tokens").asInt()).isEqualTo(known);
        assertThat(now.get("messages").size()).isEqualTo(6);
        assertThat(now.at("/messages/5/content").asString()).isEqualTo(said.get(5));
    }

    @Test
    void whereHistoryIsWrittenDifferentlyItIsReadAgainAndTheAnswerIsThatToAllMessages() {
        create("cutoff");
        String whole = content(chat("cutoff", "a question to begin"));
        client.ask(ROOT + "/cutoff/rewind", "{'turns': 0}");
        String stop = Json.line(whole.substring(5, 7));
        JsonNode answer = client.ask(
                CHAT,
                "{'session': 'cutoff', 'messages': [{'role': 'user', 'content': 'a question to begin'}], 'stop': "
                        + stop + GREEDY);
        String first = content(answer);
        assertThat(first).isEqualTo(whole.substring(0, whole.indexOf(whole.substring(5, 7))));
        String second = content(chat("cutoff", "and another"));
        assertThat(second).isEqualTo(chat(List.of("a question to begin", first, "and another")));
        JsonNode now = get(ROOT + "/cutoff");
        assertThat(now.at("/ends/0").asInt()).isZero(); // nothing of it stands as it was written
        client.ask(ROOT + "/cutoff/rewind", "{'turns': 1}");
        assertThat(content(chat("cutoff", "and another"))).isEqualTo(second);
    }

    @Test
    void afterARewindTheSameIsSaidAsWithoutTheTurnsBetween() {
        create("back");
        String first = content(chat("back", "one question here"));
        String second = content(chat("back", "another"));
        chat("back", "a third");
        JsonNode rewound = client.ask(ROOT + "/back/rewind", "{'turns': -2}");
        assertThat(rewound.get("turns").asInt()).isEqualTo(1);
        JsonNode again = chat("back", "another");
        assertThat(content(again)).isEqualTo(second);
        assertThat(again.at("/usage/prompt_tokens_details/cached_tokens").asInt())
                .isGreaterThanOrEqualTo(rewound.get("tokens").asInt());
        client.ask(ROOT + "/back/rewind", "{'turns': 0}");
        assertThat(content(chat("back", "one question here"))).isEqualTo(first);
        client.ask(ROOT + "/back/rewind", "{'tokens': " + get(ROOT + "/back").at("/ends/0") + "}");
        assertThat(content(chat("back", "another"))).isEqualTo(second);
    }

    @Test
    void plainTextIsRewoundToAnyToken() {
        create("cut");
        say("cut", "abcdefghijklmnopqrstuvwxyz");
        say("cut", "0123456789");
        JsonNode cut = client.ask(ROOT + "/cut/rewind", "{'tokens': 20}");
        assertThat(List.of(cut.get("tokens").asInt(), cut.get("turns").asInt())).containsExactly(20, 0);
        assertThat(say("cut", "XYZ")).isEqualTo(plain("abcdefghijklmnopqrstXYZ"));
    }

    @Test
    void forksPartAndDoNotSeeEachOther() {
        create("trunk");
        chat("trunk", "where it all begins");
        JsonNode fork = client.ask(ROOT + "/trunk/fork", "{'id': 'limb'}");
        assertThat(fork.get("id").asString()).isEqualTo("limb");
        String onTrunk = content(chat("trunk", "goes on"));
        String onLimb = content(chat("limb", "elsewhere"));
        client.ask(ROOT + "/trunk/rewind", "{'turns': 1}");
        assertThat(content(chat("trunk", "elsewhere"))).isEqualTo(onLimb);
        client.ask(ROOT + "/limb/rewind", "{'turns': 1}");
        assertThat(content(chat("limb", "goes on"))).isEqualTo(onTrunk);
        String named = client.ask(ROOT + "/trunk/fork", "{}").get("id").asString();
        assertThat(named).startsWith("sess-");
        assertThat(get(ROOT + "/" + named).get("turns").asInt()).isEqualTo(2);
    }

    @Test
    void aSavedSessionGoesOnExactlyInTheNextServer() {
        create("kept");
        chat("kept", "remember this please");
        create("text");
        say("text", "once upon a time there was");
        assertThat(client.ask(ROOT + "/kept/save", "{}").get("file").asString()).isEqualTo("kept");
        assertThat(client.ask(ROOT + "/text/save", "{'file': 'story'}")
                        .get("file")
                        .asString())
                .isEqualTo("story");
        String chatted = content(chat("kept", "what was it"));
        String told = say("text", " a dragon");
        try (Server next = start(1 << 24, 10);
                Client other = new Client(next)) {
            JsonNode loaded = other.ask(ROOT + "/kept/load", "{}");
            assertThat(loaded.get("turns").asInt()).isEqualTo(1);
            other.ask(ROOT + "/new/load", "{'file': 'story'}");
            JsonNode answer = other.ask(
                    CHAT, "{'session': 'kept', 'messages': [{'role': 'user', 'content': 'what was it'}]" + GREEDY);
            assertThat(content(answer)).isEqualTo(chatted);
            assertThat(answer.at("/usage/prompt_tokens_details/cached_tokens").asInt())
                    .isEqualTo(loaded.get("tokens").asInt());
            answer = other.ask(TEXT, "{'session': 'new', 'prompt': ' a dragon'" + GREEDY);
            assertThat(answer.at("/choices/0/text").asString()).isEqualTo(told);
            HttpResponse<String> list = other.get(ROOT);
            assertThat(Json.MAPPER.readTree(list.body()).get("saved").toString())
                    .contains("kept", "story");
        }
        assertThat(delete(ROOT + "/story/saved").statusCode()).isEqualTo(200);
        assertThat(delete(ROOT + "/story/saved").statusCode()).isEqualTo(404);
    }

    @Test
    void aSavedChatGoesOnAtTheTerminal() {
        create("desk");
        String first = content(chat("desk", "remember this please"));
        client.ask(ROOT + "/desk/save", "{}");
        Path file = folder.resolve("saved").resolve("desk.session");
        Served served = model.served();
        try (ChatSession chat = ChatSession.load(served.decoder(), served.tokenizer(), served.chat(), file)) {
            assertThat(chat.messages()).hasSize(2);
            assertThat(chat.messages().get(1).content()).isEqualTo(first);
            ChatReply reply = chat.send(
                    "what was it",
                    GenerationSettings.of(12, SamplerSettings.GREEDY).goingPastEnd(),
                    new GenerationListener() {},
                    () -> false);
            assertThat(reply.notice()).isEmpty();
            assertThat(reply.generation().text()).isEqualTo(content(chat("desk", "what was it")));
        }
    }

    @Test
    void whatIsGivenUpLeavesTheSessionAsItWas() {
        create("stays");
        say("stays", "some text to begin with");
        int tokens = get(ROOT + "/stays").get("tokens").asInt();
        client.refused(400, TEXT, "{'session': 'stays', 'prompt': 'x', 'temperature': 'hot'}");
        client.refused(400, TEXT, "{'session': 'stays', 'prompt': 'x', 'max_tokens': 4096}");
        assertThat(get(ROOT + "/stays").get("tokens").asInt()).isEqualTo(tokens);
        assertThat(say("stays", "!")).isNotEmpty();
    }

    @Test
    void aStreamMovesTheSessionBeforeItEnds() {
        create("stream");
        client.stream(TEXT, "{'session': 'stream', 'stream': true, 'prompt': 'abcdefgh ijklmnop'" + GREEDY);
        assertThat(get(ROOT + "/stream").get("tokens").asInt()).isEqualTo(17 + 12);
        client.ask(TEXT, "{'session': 'stream', 'prompt': 'read only', 'max_tokens': 0}");
        assertThat(get(ROOT + "/stream").get("tokens").asInt()).isEqualTo(17 + 12 + 9);
    }

    @Test
    void aSessionInUseIsNotUsedByAnotherAndIsFreeWhenItsClientLeaves() throws IOException {
        create("busy");
        String endless = "{'session': 'busy', 'prompt': 'a', 'max_tokens': 4000, 'ignore_eos': true, 'stream': true}";
        try (InputStream stream = client.open(TEXT, endless)) {
            assertThat(stream.read()).isEqualTo('d');
            refused(409, TEXT, "{'session': 'busy', 'prompt': 'b'}", "session 'busy' is in use by another request");
            assertThat(delete(ROOT + "/busy").statusCode()).isEqualTo(409);
        }
        HttpResponse<String> response = delete(ROOT + "/busy");
        while (response.statusCode() == 409) { // until the server notices
            response = delete(ROOT + "/busy");
        }
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(client.get(ROOT + "/busy").statusCode()).isEqualTo(404);
    }

    private static void refused(int status, String path, String body, String message) {
        assertThat(client.refused(status, path, body).get("message").asString()).contains(message);
    }

    @Test
    void eachRefusalSaysWhatIsAmiss() {
        create("r");
        refused(400, ROOT, "{'id': '../r'}", "bad value in id: expected a name of 1 to 64 letters");
        refused(400, ROOT, "{'id': 7}", "bad value in id: expected a text but found 7");
        refused(409, ROOT, "{'id': 'r'}", "session 'r' exists: choose another id, or delete it");
        refused(409, ROOT + "/r/fork", "{'id': 'r'}", "session 'r' exists");
        refused(404, TEXT, "{'session': 'none', 'prompt': 'a'}", "no session 'none': create it first");
        refused(404, ROOT + "/none/fork", "{}", "no session 'none'");
        refused(400, ROOT + "/r/save", "{}", "expected one that has read something but found an empty one");
        chat("r", "so that it is a chat");
        refused(400, TEXT, "{'session': 'r', 'prompt': 'a'}", "expected one that was begun here but found a chat");
        refused(400, CHAT, "{'session': 'r', 'n': 2, 'messages': []}", "n is not supported; a session goes on");
        refused(400, ROOT + "/r/rewind", "{}", "expected either turns or tokens but found neither");
        refused(400, ROOT + "/r/rewind", "{'turns': 0, 'tokens': 0}", "but found both");
        refused(400, ROOT + "/r/rewind", "{'turns': 2}", "expected a whole number from -1 to 1 but found 2");
        refused(400, ROOT + "/r/rewind", "{'tokens': 3}", "expected the end of a turn: 0, ");
        refused(400, ROOT + "/r/save", "{'file': '../../etc/passwd'}", "bad value in file: expected a name");
        refused(400, ROOT + "/r/save", "{'file': '.hidden'}", "bad value in file: expected a name");
        refused(404, ROOT + "/other/load", "{'file': 'none'}", "no saved session 'none'");
        assertThat(client.get(ROOT + "/other").statusCode()).isEqualTo(404);
        assertThat(delete(ROOT + "/..%2Fx/saved").statusCode()).isIn(400, 404);
        assertThat(client.post(ROOT + "/r/sing", "{}").statusCode()).isEqualTo(404);
        assertThat(delete(ROOT).statusCode()).isEqualTo(405);
    }

    @Test
    void noFileOutsideTheFolderIsReadOrWrittenNotEvenThroughALink() throws IOException {
        create("link");
        say("link", "something worth to be kept");
        client.ask(ROOT + "/link/save", "{}");
        Path saved = folder.resolve("saved");
        Path outside = Files.move(saved.resolve("link.session"), folder.resolve("outside"));
        byte[] before = Files.readAllBytes(outside);
        Files.createSymbolicLink(saved.resolve("link.session"), outside);
        refused(404, ROOT + "/l2/load", "{'file': 'link'}", "no saved session 'link'");
        client.ask(ROOT + "/link/save", "{}"); // takes the link's place
        assertThat(Files.isSymbolicLink(saved.resolve("link.session"))).isFalse();
        assertThat(Files.readAllBytes(outside)).isEqualTo(before);
    }

    @Test
    void damagedAndForeignFilesAreRefusedByName() throws IOException {
        create("torn");
        say("torn", "something worth to be kept");
        client.ask(ROOT + "/torn/save", "{}");
        Path file = folder.resolve("saved").resolve("torn.session");
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 9] ^= 4;
        Files.write(file, bytes);
        String message = client.refused(400, ROOT + "/t2/load", "{'file': 'torn'}")
                .get("message")
                .asString();
        assertThat(message)
                .startsWith("torn or changed session file in torn/sha256")
                .doesNotContain("saved/");
        Files.writeString(file, "no such thing");
        refused(400, ROOT + "/t2/load", "{'file': 'torn'}", "bad saved session: expected a file that was saved here");
        assertThat(client.get(ROOT + "/t2").statusCode()).isEqualTo(404);
        try (Server none = Server.start(model.served(), ServerSettings.local(), logged -> {});
                Client other = new Client(none)) {
            other.ask(ROOT, "{'id': 'a'}");
            other.ask(TEXT, "{'session': 'a', 'prompt': 'abc'" + GREEDY);
            assertThat(other.refused(400, ROOT + "/a/save", "{}").get("message").asString())
                    .isEqualTo(
                            "this server keeps no files: expected --state-dir DIR when it was started but found none");
        }
    }

    @Test
    void thereAreOnlySoManySessions() {
        try (Server small = start(0, 2);
                Client other = new Client(small)) {
            other.ask(ROOT, "{}");
            other.ask(ROOT, "{}");
            assertThat(other.refused(429, ROOT, "{}").get("message").asString())
                    .isEqualTo("too many sessions: expected at most 2; delete one");
            assertThat(other.figure("lizard:sessions")).isEqualTo(2);
        }
    }

    @Test
    void withoutMemoryForStatesSessionsAreReadAgainAndSayTheSame() {
        create("rich");
        String first = say("rich", "the quick brown fox jumps");
        String second = say("rich", " over");
        try (Server poor = start(0, 2);
                Client other = new Client(poor)) {
            other.ask(ROOT, "{'id': 'p'}");
            String[] said = {"the quick brown fox jumps", " over"};
            for (int i = 0; i < 2; i++) {
                JsonNode answer = other.ask(TEXT, "{'session': 'p', 'prompt': '" + said[i] + "'" + GREEDY);
                assertThat(answer.at("/choices/0/text").asString()).isEqualTo(i == 0 ? first : second);
                assertThat(answer.at("/usage/prompt_tokens_details/cached_tokens")
                                .asInt())
                        .isZero();
            }
        }
    }
}
