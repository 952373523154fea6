package dev.lizard.checkpoint;

import dev.lizard.base.Activity;
import dev.lizard.base.Hashes;
import dev.lizard.base.LizardException;
import dev.lizard.base.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Downloads models once into the cache: {@code <cache>/hub/<owner>/<name>/<revision>/}. The manifest there is written
 * last; a folder with a whole manifest is used without asking the hub again.
 */
public final class HubDownload {
    private static final ReentrantLock IN_PROCESS = new ReentrantLock();
    private static final String LOCK = ".lock";

    private final HubOptions options;

    public HubDownload(HubOptions options) {
        this.options = options;
    }

    /**
     * The local path of a model: a folder, or the GGUF file that is named. Downloads what is missing.
     *
     * @param name such as {@code owner/name}
     * @param progress receives bytes over all files
     * @throws LizardException ENVIRONMENT for trouble with network, access or disk; INPUT when the hub has no such
     *     model or its files are corrupt
     */
    public Path fetch(String name, Progress progress) {
        HubName hubName = HubName.parse(name);
        Path folder = folderOf(hubName);
        Optional<Path> cached = cached(hubName, folder);
        if (cached.isPresent()) {
            return cached.get();
        }
        if (options.offline()) {
            throw LizardException.environment(
                    "model %s is not in the cache %s and --offline forbids the download; run once without --offline"
                            .formatted(hubName, folder));
        }
        IN_PROCESS.lock();
        try {
            Files.createDirectories(folder);
            try (FileChannel channel = FileChannel.open(
                            folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock held = lock(channel, hubName)) {
                if (!held.isValid()) {
                    throw new IOException("lost the lock on " + folder);
                }
                Optional<Path> meanwhile = cached(hubName, folder);
                return meanwhile.isPresent() ? meanwhile.get() : download(hubName, folder, progress);
            }
        } catch (IOException e) {
            throw AtomicFiles.failure(folder, e);
        } finally {
            IN_PROCESS.unlock();
        }
    }

    private static FileLock lock(FileChannel channel, HubName name) throws IOException {
        try (Activity _ = Activity.begin("waiting for another process that downloads " + name)) {
            return channel.lock();
        }
    }

    /** Files asked for one by one lie apart, so that they are never taken for the whole model. */
    private Path folderOf(HubName name) {
        String last = name.file().isPresent() ? name.revision() + ".files" : name.revision();
        return options.cache().resolve("hub").resolve(name.repository()).resolve(last);
    }

    /** What an earlier download left, if it is whole by names and sizes. */
    private static Optional<Path> cached(HubName name, Path folder) {
        if (!Files.isRegularFile(folder.resolve(Manifest.FILE))) {
            return Optional.empty();
        }
        Manifest manifest = Manifest.read(folder);
        if (manifest.checkSizes(folder).isPresent()) {
            return Optional.empty();
        }
        if (name.file().isPresent()) {
            return name.file().filter(manifest.files()::containsKey).map(folder::resolve);
        }
        boolean model = manifest.files().containsKey(CheckpointFolder.CONFIG);
        return model ? Optional.of(folder) : loneGguf(manifest, folder);
    }

    private static Optional<Path> loneGguf(Manifest manifest, Path folder) {
        boolean lone =
                manifest.files().size() == 1 && manifest.files().firstKey().endsWith(".gguf");
        return lone ? Optional.of(folder.resolve(manifest.files().firstKey())) : Optional.empty();
    }

    private Path download(HubName name, Path folder, Progress progress) throws IOException {
        try (HubHttp http = new HubHttp(options)) {
            List<HubFile> wanted = list(http, name).wanted();
            NavigableMap<String, Manifest.Entry> entries = name.file().isPresent() ? known(folder) : new TreeMap<>();
            long done = 0;
            for (HubFile file : wanted) {
                long before = done;
                Optional<Manifest.Entry> there = whole(file, folder.resolve(file.path()));
                Manifest.Entry entry = there.isPresent()
                        ? there.get()
                        : new HubFileDownload(options, http, name, file, folder)
                                .run(bytes -> progress.update(before + bytes, file.path()));
                entries.put(file.path(), entry);
                done += entry.size();
                progress.update(done, file.path());
            }
            new Manifest(entries).save(folder);
            boolean file = name.file().isPresent() || wanted.getFirst().path().endsWith(".gguf");
            return file ? folder.resolve(wanted.getFirst().path()) : folder;
        }
    }

    /** A file that an earlier, broken run had finished. */
    private static Optional<Manifest.Entry> whole(HubFile file, Path path) throws IOException {
        if (!Files.isRegularFile(path)) {
            return Optional.empty();
        }
        Manifest.Entry entry = new Manifest.Entry(Files.size(path), Hashes.sha256(path));
        return file.check(path, entry.size(), entry.sha256()).isEmpty() ? Optional.of(entry) : Optional.empty();
    }

    private static NavigableMap<String, Manifest.Entry> known(Path folder) {
        return Files.isRegularFile(folder.resolve(Manifest.FILE))
                ? new TreeMap<>(Manifest.read(folder).files())
                : new TreeMap<>();
    }

    private HubListing list(HubHttp http, HubName name) {
        String path = "/api/models/%s/revision/%s?blobs=true".formatted(name.repository(), name.revision());
        HubRetry retry = new HubRetry(options, "the file list of " + name);
        while (true) {
            try {
                HubHttp.Answer answer = http.get(path, 0);
                try (InputStream body = answer.response().body()) {
                    Optional<LizardException> refusal = http.refusal(answer, "model " + name);
                    if (refusal.isPresent()) {
                        throw refusal.get();
                    }
                    if (answer.status() != 200) {
                        throw new IOException("status " + answer.status());
                    }
                    return HubListing.parse(name, new String(body.readAllBytes(), StandardCharsets.UTF_8));
                }
            } catch (IOException e) {
                retry.failed(e);
            }
        }
    }
}
