package dev.lizard.checkpoint;

import dev.lizard.base.Hashes;
import dev.lizard.base.LizardException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * One file of the hub to {@code <file>.part}, resumed where a connection or an earlier run broke off, checked, renamed.
 */
final class HubFileDownload {
    private final HubOptions options;
    private final HubHttp http;
    private final HubName name;
    private final Path target;
    private final Path part;
    private HubFile file;

    HubFileDownload(HubOptions options, HubHttp http, HubName name, HubFile file, Path folder) {
        this.options = options;
        this.http = http;
        this.name = name;
        this.file = file;
        this.target = folder.resolve(file.path());
        this.part = target.resolveSibling(target.getFileName() + ".part");
    }

    /**
     * Downloads unless the part is whole already.
     *
     * @param progress receives the bytes of this file that are there
     */
    Manifest.Entry run(LongConsumer progress) {
        try {
            Files.createDirectories(part.getParent());
            boolean resumed = partSize() > 0;
            fill(progress);
            Optional<Manifest.Torn> torn = check();
            if (torn.isPresent() && resumed) { // the part may be of another revision: once more from the start
                Files.delete(part);
                fill(progress);
                torn = check();
            }
            if (torn.isPresent()) {
                Files.delete(part);
                throw LizardException.at(
                        LizardException.Kind.INPUT,
                        "corrupt download",
                        "model " + name + "/" + file.path(),
                        torn.get().expected(),
                        torn.get().found(),
                        "run again; if it stays, the hub or a proxy changes the file");
            }
            try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
            Manifest.Entry entry = new Manifest.Entry(Files.size(part), Hashes.sha256(part));
            AtomicFiles.rename(part, target);
            return entry;
        } catch (IOException e) {
            throw AtomicFiles.failure(target, e);
        }
    }

    private Optional<Manifest.Torn> check() throws IOException {
        return file.check(part, Files.size(part), file.sha256().isPresent() ? Hashes.sha256(part) : "");
    }

    private long partSize() throws IOException {
        return Files.exists(part) ? Files.size(part) : 0;
    }

    private void fill(LongConsumer progress) throws IOException {
        HubRetry retry = new HubRetry(options, name + "/" + file.path());
        while (true) {
            long before = partSize();
            if (file.size() >= 0 && before > file.size()) {
                Files.delete(part);
                before = 0;
            }
            if (before > 0 && before == file.size()) {
                progress.accept(before);
                return;
            }
            try {
                if (transfer(before, progress)) {
                    return;
                }
                throw new IOException("connection closed at byte " + partSize());
            } catch (NetworkException e) {
                if (partSize() > before) {
                    retry.progressed();
                }
                retry.failed(e);
            }
        }
    }

    /** One request; true when its body came to the announced end. */
    private boolean transfer(long from, LongConsumer progress) throws IOException {
        HubHttp.Answer answer;
        try {
            answer = http.get(path(), from);
        } catch (IOException e) {
            throw new NetworkException(e);
        }
        try (InputStream body = answer.response().body()) {
            Optional<LizardException> refusal = http.refusal(answer, "file " + file.path() + " of " + name);
            if (refusal.isPresent()) {
                throw refusal.get();
            }
            file = file.withEtag(answer.etag());
            if (answer.status() == 416) {
                Files.deleteIfExists(part);
                throw new NetworkException(new IOException("nothing to resume at byte " + from));
            }
            if (answer.status() != 200 && answer.status() != 206) {
                throw new NetworkException(new IOException("status " + answer.status()));
            }
            boolean continues = answer.status() == 206
                    && answer.header("content-range").orElse("").startsWith("bytes " + from + "-");
            if (answer.status() == 206 && !continues) {
                throw new NetworkException(new IOException("an unasked range"));
            }
            copy(body, continues ? from : 0, progress);
        }
        return file.size() < 0 || partSize() >= file.size();
    }

    private void copy(InputStream body, long from, LongConsumer progress) throws IOException {
        try (FileChannel channel = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                StallGuard guard = new StallGuard(body, options.patience())) {
            channel.truncate(from);
            channel.position(from);
            byte[] buffer = new byte[1 << 16];
            long at = from;
            for (int n = read(guard, buffer); n >= 0; n = read(guard, buffer)) {
                ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, n);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                at += n;
                progress.accept(at);
            }
        }
    }

    private static int read(StallGuard body, byte[] buffer) throws NetworkException {
        try {
            return body.read(buffer);
        } catch (IOException e) {
            throw new NetworkException(e);
        }
    }

    private String path() throws NetworkException {
        try {
            String raw = new URI(null, null, "/" + file.path(), null).getRawPath();
            return "/" + name.repository() + "/resolve/" + name.revision() + raw;
        } catch (URISyntaxException e) {
            throw new NetworkException(new IOException(e));
        }
    }

    /** Trouble on the wire, worth another try; other trouble is the disk's. */
    private static final class NetworkException extends IOException {
        NetworkException(IOException cause) {
            super(cause.getMessage() == null ? cause.toString() : cause.getMessage(), cause);
        }
    }
}
