package dev.lizard.checkpoint;

import dev.lizard.base.LizardException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;

/** GET requests to the hub. Redirects are followed here, so that the token never leaves the hub's own host. */
final class HubHttp implements AutoCloseable {
    private static final int MOST_REDIRECTS = 6;

    private final HubOptions options;
    private final HttpClient client = HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(Duration.ofSeconds(15))
            .build();

    HubHttp(HubOptions options) {
        this.options = options;
    }

    /**
     * An answer with its body still to be read.
     *
     * @param etag the content's own, reported by the hub before it redirects to a store
     */
    record Answer(HttpResponse<InputStream> response, Optional<String> etag) {
        int status() {
            return response.statusCode();
        }

        Optional<String> header(String name) {
            return response.headers().firstValue(name);
        }
    }

    /** Asks for {@code path}, from byte {@code from} on where that is positive. */
    Answer get(String path, long from) throws IOException {
        URI hub = URI.create(options.base() + path);
        URI uri = hub;
        Optional<String> etag = Optional.empty();
        for (int i = 0; i < MOST_REDIRECTS; i++) {
            HttpResponse<InputStream> response = send(uri, hub, from);
            etag = etag.isPresent() ? etag : etagOf(response, uri.equals(hub));
            Optional<String> location = response.headers().firstValue("location");
            if (response.statusCode() / 100 != 3 || location.isEmpty()) {
                return new Answer(response, etag);
            }
            response.body().close();
            uri = next(uri, location.get());
        }
        throw new IOException("more than " + MOST_REDIRECTS + " redirects from " + hub);
    }

    private static URI next(URI uri, String location) throws IOException {
        try {
            URI next = uri.resolve(location);
            boolean downgrade = "https".equals(uri.getScheme()) && !"https".equals(next.getScheme());
            if (next.getHost() == null || downgrade) {
                throw new IOException("redirect to an unusable address: " + BadFile.brief(location));
            }
            return next;
        } catch (IllegalArgumentException e) {
            throw new IOException("redirect to an unusable address: " + BadFile.brief(location), e);
        }
    }

    private HttpResponse<InputStream> send(URI uri, URI hub, long from) throws IOException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(uri).timeout(options.patience()).header("User-Agent", "lizard");
        boolean sameHost =
                uri.getScheme().equals(hub.getScheme()) && uri.getAuthority().equals(hub.getAuthority());
        if (sameHost && options.token().isPresent()) {
            request.header("Authorization", "Bearer " + options.token().get());
        }
        if (from > 0) {
            request.header("Range", "bytes=" + from + "-");
        }
        try {
            return client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LizardException(LizardException.Kind.INTERRUPTED, "download of %s interrupted".formatted(hub), e);
        }
    }

    /** A plain ETag of the hub itself; a store's ETag need not be a hash of the content. */
    private static Optional<String> etagOf(HttpResponse<InputStream> response, boolean fromHub) {
        Optional<String> linked = response.headers().firstValue("x-linked-etag");
        return linked.isPresent() || !fromHub ? linked : response.headers().firstValue("etag");
    }

    /** The error for an answer that no second try will better, if it is one. */
    Optional<LizardException> refusal(Answer answer, String what) {
        String message = switch (answer.status()) {
            case 401, 403 ->
                options.token().isPresent()
                        ? "the hub refuses %s (%d): the token in HF_TOKEN gives no access; accept the model's terms"
                        : "the hub refuses %s (%d): it is private, gated or misspelt; set HF_TOKEN or check the name";
            case 404 -> "the hub has no %s (%d); check the name";
            case 400, 405, 410, 451 -> "the hub refuses %s (%d); check the name";
            default -> "";
        };
        if (message.isEmpty()) {
            return Optional.empty();
        }
        LizardException.Kind kind = answer.status() == 401 || answer.status() == 403
                ? LizardException.Kind.ENVIRONMENT
                : LizardException.Kind.INPUT;
        return Optional.of(new LizardException(kind, message.formatted(what, answer.status())));
    }

    @Override
    public void close() {
        client.close();
    }
}
