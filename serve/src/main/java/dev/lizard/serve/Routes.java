package dev.lizard.serve;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.Resources;
import dev.lizard.text.Tokenizer;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What can be asked, and where. */
final class Routes {
    private static final Header CLOSE = HeaderValues.CONNECTION_CLOSE;
    private static final String JSON = "application/json";

    private final List<Backend> models;
    private final ServerSettings settings;
    private final Connections connections;
    private final SlowClients slow;
    private final BooleanSupplier draining;
    private final Consumer<Logged> log;
    private final Access access;
    private final Bodies bodies;
    private final List<String> places = new ArrayList<>();
    private final String openApi = Json.line(Json.YAML.readTree(Resources.text(Routes.class, "openapi.yaml"))) + "\n";
    private final String page = Resources.text(Routes.class, "chat.html");
    private final Sessions sessions;
    private final SessionRoutes sessionRoutes;
    private final AtomicInteger active = new AtomicInteger();
    private final long since = Instant.now().getEpochSecond();

    /** Answers a request; gives how many tokens were written for it. */
    private interface Answer {
        int to(ServerRequest request, ServerResponse response);
    }

    Routes(
            List<Backend> models,
            ServerSettings settings,
            Connections connections,
            SlowClients slow,
            BooleanSupplier draining,
            Consumer<Logged> log) {
        this.models = List.copyOf(models);
        this.settings = settings;
        this.connections = connections;
        this.slow = slow;
        this.draining = draining;
        this.log = log;
        access = new Access(settings.apiKey());
        bodies = new Bodies(settings.bodyBytes(), settings.slow());
        sessions = new Sessions(settings.states().sessions());
        SavedSessions saved = new SavedSessions(settings.states().saved());
        Backend first = models.getFirst();
        Transfers transfers = new Transfers(first.scheduler(), saved, settings.limit());
        sessionRoutes = new SessionRoutes(first.served(), sessions, saved, transfers);
    }

    void addTo(HttpRouting.Builder routing) {
        add(routing, Method.GET, "/", this::page);
        add(routing, Method.GET, "/health", this::health);
        add(routing, Method.GET, "/ready", this::ready);
        add(routing, Method.GET, "/metrics", this::metrics);
        add(routing, Method.GET, "/openapi.json", this::openApi);
        add(routing, Method.GET, "/tokenizer_info", this::tokenizerInfo);
        add(routing, Method.GET, "/v1/models", this::models);
        add(routing, Method.GET, "/v1/models/{id}", this::model);
        add(routing, Method.POST, "/v1/completions", this::completions);
        add(routing, Method.POST, "/v1/chat/completions", this::chat);
        add(routing, Method.POST, "/tokenize", this::tokenize);
        add(routing, Method.POST, "/detokenize", this::detokenize);
        addSessions(routing);
        routing.any((request, response) -> guard(request, response, (asked, _) -> {
            String path = asked.path().path();
            if (path.equals("/v1/embeddings")) {
                throw ApiError.notFound("there are no embeddings here: the model only writes text");
            }
            if (places.stream().anyMatch(place -> place.endsWith(" " + path))) {
                throw ApiError.of(
                        405, "%s is not for %s".formatted(path, asked.prologue().method()));
            }
            throw ApiError.notFound("nothing at " + path);
        }));
    }

    private void add(HttpRouting.Builder routing, Method method, String path, Answer answer) {
        places.add(method.text() + " " + path);
        routing.route(method, path, (request, response) -> guard(request, response, answer));
    }

    /** Each a method and a path. */
    List<String> places() {
        return places;
    }

    private void addSessions(HttpRouting.Builder routing) {
        String root = SessionRoutes.ROOT;
        answer(routing, Method.GET, root, request -> sessionRoutes.list());
        answer(routing, Method.POST, root, request -> sessionRoutes.create(fieldsIfAny(request)));
        answer(routing, Method.GET, root + "/{id}", request -> sessionRoutes.get(id(request)));
        answer(routing, Method.DELETE, root + "/{id}", request -> sessionRoutes.delete(id(request)));
        answer(routing, Method.DELETE, root + "/{id}/saved", request -> sessionRoutes.deleteSaved(id(request)));
        sessionRoutes
                .verbs()
                .forEach((verb, action) -> answer(
                        routing,
                        Method.POST,
                        root + "/{id}/" + verb,
                        request -> action.of(id(request), fieldsIfAny(request))));
    }

    private void answer(
            HttpRouting.Builder routing, Method method, String path, Function<ServerRequest, ObjectNode> answer) {
        add(routing, method, path, (request, response) -> send(response, answer.apply(request)));
    }

    private static String id(ServerRequest request) {
        return request.path().pathParameters().get("id");
    }

    /** Requests that are being answered. */
    int active() {
        return active.get();
    }

    private void guard(ServerRequest request, ServerResponse response, Answer answer) {
        active.incrementAndGet();
        long start = System.nanoTime();
        int status = 200;
        int written = 0;
        try {
            access.check(request.path().path(), request.headers(), request.authority());
            written = answer.to(request, response);
            status = response.status().code();
        } catch (ApiError e) {
            status = e.status();
            refuse(response, e);
        } catch (ClientGone e) {
            status = 499; // as others log it
            throw new CloseConnectionException("the client is gone");
        } catch (LizardException e) {
            ApiError error = error(e);
            status = error.status();
            refuse(response, error);
        } catch (RuntimeException e) {
            status = 500;
            refuse(response, ApiError.of(500, "internal error: " + e));
        } finally {
            active.decrementAndGet();
            double seconds = (System.nanoTime() - start) / 1e9;
            String method = request.prologue().method().text();
            log.accept(new Logged(method, request.path().path(), status, written, seconds));
        }
        if (request.headers().containsToken(CLOSE) || response.headers().containsToken(CLOSE)) {
            throw new CloseConnectionException("as was agreed"); // the web server says so but leaves it to the client
        }
    }

    private static ApiError error(LizardException e) {
        return switch (e.kind()) {
            case INPUT, USAGE -> ApiError.malformed(String.valueOf(e.getMessage()));
            case FAILED, ENVIRONMENT -> ApiError.of(500, String.valueOf(e.getMessage()));
            case INTERRUPTED -> ApiError.of(503, String.valueOf(e.getMessage()));
        };
    }

    private static void refuse(ServerResponse response, ApiError e) {
        response.status(e.status());
        if (e.status() == 401) {
            response.header(HeaderNames.WWW_AUTHENTICATE, "Bearer");
        } else if (e.status() == 429 || e.status() == 503) {
            response.header(HeaderNames.RETRY_AFTER, "1");
        } else if (e.status() == 413 || e.status() == 408) {
            response.header(CLOSE); // the rest of the body is not read
        }
        send(response, e.json());
    }

    private static int send(ServerResponse response, ObjectNode json) {
        return send(response, JSON, Json.line(json) + "\n");
    }

    private static int send(ServerResponse response, String type, String text) {
        response.header(HeaderNames.CONTENT_TYPE, type);
        response.send(text.getBytes(UTF_8));
        return 0;
    }

    // ---- text ------------------------------------------------------------------------------------------------------

    private int completions(ServerRequest request, ServerResponse response) {
        Fields fields = fields(request);
        try (Sessions.Hold session = session(fields)) {
            Backend model = Backend.of(models, fields);
            Completions asked = Completions.of(fields, model.served(), settings.waiting(), settings.limit(), session);
            return answer(asked.asked(), new CompletionShape(model.texts(), asked), model, request, response);
        }
    }

    private int chat(ServerRequest request, ServerResponse response) {
        Fields fields = fields(request);
        try (Sessions.Hold session = session(fields)) {
            Backend model = Backend.of(models, fields);
            ChatCompletions asked =
                    ChatCompletions.of(fields, model.served(), model.grammars(), settings.limit(), session);
            ChatShape words = new ChatShape(model.texts(), asked.scores());
            Shape shape = asked.tools().isEmpty() ? words : new ToolShape(words, asked.tools());
            return answer(asked.asked(), shape, model, request, response);
        }
    }

    /** The session that a request goes on with; null where it names none. */
    private Sessions.@Nullable Hold session(Fields fields) {
        String name = fields.text("session");
        if (name != null && !Backend.of(models, fields).equals(models.getFirst())) {
            throw ApiError.unsupported(
                    "session",
                    "sessions are of model '%s'"
                            .formatted(models.getFirst().served().id()));
        }
        return name == null ? null : sessions.hold(name);
    }

    private Fields fieldsIfAny(ServerRequest request) {
        return request.content().hasEntity() ? fields(request) : new Fields(Json.object());
    }

    private Fields fields(ServerRequest request) {
        if (draining.getAsBoolean()) {
            throw ApiError.of(503, "the server stops");
        }
        return bodies.read(request.content());
    }

    private int answer(Asked asked, Shape shape, Backend model, ServerRequest request, ServerResponse response) {
        Connections.Client client = connections.client(request.socketId());
        Answering answering = new Answering(asked, shape, model.served(), client, model.scheduler());
        if (asked.stream()) {
            answering.stream(new EventStream(response, slow));
        } else {
            ObjectNode whole = answering.whole();
            if (client.isWatched()) {
                response.header(CLOSE);
            }
            try (SlowClients.Watch _ = slow.watch()) {
                send(response, whole);
            }
        }
        return answering.written();
    }

    // ---- tokens ----------------------------------------------------------------------------------------------------

    private int tokenize(ServerRequest request, ServerResponse response) {
        Fields fields = fields(request);
        String text = fields.has("prompt") ? fields.text("prompt") : fields.text("content");
        if (text == null) {
            throw ApiError.field("prompt", "a text", "nothing");
        }
        Served served = Backend.of(models, fields).served();
        int[] ids = Completions.encode(text, fields, served.tokenizer());
        ObjectNode answer = Json.object().put("count", ids.length).put("max_model_len", served.context());
        ArrayNode tokens = answer.putArray("tokens");
        for (int id : ids) {
            tokens.add(id);
        }
        return send(response, answer);
    }

    private int detokenize(ServerRequest request, ServerResponse response) {
        Fields fields = fields(request);
        Tokenizer tokenizer = Backend.of(models, fields).served().tokenizer();
        if (!fields.get("tokens").isArray()) {
            throw Fields.wrong("tokens", "a list of token ids", fields.get("tokens"));
        }
        int[] ids = new int[fields.get("tokens").size()];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = (int) Fields.whole(fields.get("tokens").get(i), "tokens", 0, tokenizer.vocabSize() - 1);
        }
        return send(response, Json.object().put("prompt", tokenizer.decode(ids, false)));
    }

    /** What came with the tokenizer, under the names of {@code tokenizer_config.json}. */
    private int tokenizerInfo(ServerRequest request, ServerResponse response) {
        Tokenizer tokenizer = models.getFirst().served().tokenizer();
        ObjectNode info = Json.object().put("tokenizer_class", "PreTrainedTokenizerFast");
        info.put("vocab_size", tokenizer.vocabSize());
        tokenizer.settings().named().forEach(info::put);
        tokenizer.settings().chatTemplate().ifPresent(template -> info.put("chat_template", template));
        return send(response, info);
    }

    // ---- about -----------------------------------------------------------------------------------------------------

    private int page(ServerRequest request, ServerResponse response) {
        response.header(
                HeaderNames.create("Content-Security-Policy"),
                "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self';"
                        + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
        return send(response, "text/html; charset=utf-8", page);
    }

    private int openApi(ServerRequest request, ServerResponse response) {
        return send(response, JSON, openApi);
    }

    private int models(ServerRequest request, ServerResponse response) {
        ObjectNode all = Json.object().put("object", "list");
        ArrayNode data = all.putArray("data");
        models.forEach(model -> data.add(model(model.served())));
        return send(response, all);
    }

    private int model(ServerRequest request, ServerResponse response) {
        String id = id(request);
        return send(response, model(Backend.named(models, id).served()));
    }

    private ObjectNode model(Served served) {
        return Json.object()
                .put("id", served.id())
                .put("object", "model")
                .put("created", since)
                .put("owned_by", "lizard")
                .put("max_model_len", served.context());
    }

    private int health(ServerRequest request, ServerResponse response) {
        return send(response, Json.object().put("status", "ok"));
    }

    private int ready(ServerRequest request, ServerResponse response) {
        if (draining.getAsBoolean()) {
            throw ApiError.of(503, "the server stops");
        }
        return send(response, Json.object().put("status", "ready"));
    }

    private int metrics(ServerRequest request, ServerResponse response) {
        return send(response, "text/plain; version=0.0.4; charset=utf-8", MetricsText.of(models, sessions.count()));
    }
}
