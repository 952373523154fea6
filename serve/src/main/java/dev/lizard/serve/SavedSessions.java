package dev.lizard.serve;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.generate.ReadText;
import dev.lizard.generate.SavedChat;
import dev.lizard.generate.Snapshot;
import dev.lizard.generate.StoredSession;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/** The folder of saved sessions: requests name files in it, by names that are no paths. */
final class SavedSessions {
    private static final String SUFFIX = ".session";
    private static final String NOTE = "session";

    private final @Nullable Path folder;

    /** {@code folder} is made when something is saved; null where nothing can be. */
    SavedSessions(@Nullable Path folder) {
        this.folder = folder;
    }

    /** What a file keeps of a conversation beside the state, and the note of the chat. */
    private record Written(String ids, List<Conversation.Turn> turns) {
        boolean whole() {
            return ids != null && turns != null && !turns.contains(null);
        }
    }

    private Path file(String name) {
        if (folder == null) {
            throw ApiError.of(
                    400, "this server keeps no files: expected --state-dir DIR when it was started but found none");
        }
        return folder.resolve(Sessions.checked("file", name) + SUFFIX);
    }

    /** Names of the files there are. */
    List<String> names() {
        if (folder == null || !Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(SUFFIX))
                    .map(name -> name.substring(0, name.length() - SUFFIX.length()))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw LizardException.environment("cannot list the saved sessions: " + e.getMessage());
        }
    }

    /** What is written beside the state. */
    static Map<String, String> notes(Conversation conversation) {
        ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * conversation.ids().length);
        bytes.asIntBuffer().put(conversation.ids());
        Map<String, String> notes = new HashMap<>();
        notes.put(
                NOTE, Json.line(new Written(Base64.getEncoder().encodeToString(bytes.array()), conversation.turns())));
        if (conversation.isChat()) {
            notes.put(SavedChat.NOTE, new SavedChat(conversation.messages(), conversation.read()).text());
        }
        return notes;
    }

    /** Checks that a session can be saved so, before that costs anything. */
    void requirePlace(String name) {
        file(name);
    }

    void write(String name, StoredSession state) {
        state.write(file(name));
    }

    void delete(String name) {
        try {
            if (!Files.deleteIfExists(file(name))) {
                throw missing(name);
            }
        } catch (IOException e) {
            throw LizardException.environment("cannot delete saved session %s: %s".formatted(name, e.getMessage()));
        }
    }

    private static ApiError missing(String name) {
        return ApiError.notFound("no saved session '%s'".formatted(name));
    }

    /** The file, if there is one; none that lies elsewhere. */
    Path existing(String name) {
        Path file = file(name);
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw missing(name);
        }
        return file;
    }

    /** The conversation in a file, whose state is not looked at. */
    Conversation read(String name) {
        Path file = existing(name);
        try {
            Map<String, String> notes = Snapshot.notes(file);
            Written written = Json.MAPPER.readValue(notes.getOrDefault(NOTE, "null"), Written.class);
            if (written == null || !written.whole()) {
                throw bad(name, "a file without a session of this server");
            }
            ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(written.ids));
            int[] ids = new int[bytes.remaining() / Integer.BYTES];
            bytes.asIntBuffer().get(ids);
            boolean chat = notes.containsKey(SavedChat.NOTE);
            SavedChat saved = chat ? SavedChat.of(notes, file) : new SavedChat(List.of(), ReadText.NOTHING);
            Conversation found = new Conversation(ids, written.turns, saved.messages(), saved.read());
            if (ids.length == 0 || !found.isSound()) {
                throw bad(name, "turns that do not fit its tokens");
            }
            return found;
        } catch (LizardException | IllegalArgumentException | JacksonException e) {
            throw bad(name, String.valueOf(e.getMessage()).replace(file.toString(), name));
        }
    }

    private static ApiError bad(String name, String found) {
        return ApiError.refused(
                "file",
                "bad saved session: expected a file that was saved here but found %s: %s".formatted(name, found));
    }
}
