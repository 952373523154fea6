package dev.lizard.serve;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.OneLine;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** A request that is not answered as asked, in the form that OpenAI's clients expect. */
final class ApiError extends RuntimeException {
    private static final int LONGEST = 500;

    private final int status;
    private final String type;
    private final @Nullable String param;
    private final @Nullable String code;

    private ApiError(int status, String type, @Nullable String param, @Nullable String code, String message) {
        super(
                OneLine.of(message.length() > LONGEST ? message.substring(0, LONGEST) + "..." : message),
                null,
                false,
                false);
        this.status = status;
        this.type = type;
        this.param = param;
        this.code = code;
    }

    /** 400 for what stands in a field. */
    static ApiError field(String name, String expected, String found) {
        return new ApiError(
                400,
                "invalid_request_error",
                name,
                "invalid_value",
                "bad value in %s: expected %s but found %s".formatted(name, expected, found));
    }

    /** 400 for what a part of the model refuses in a field, in its words. */
    static ApiError refused(String name, String message) {
        return new ApiError(400, "invalid_request_error", name, "invalid_value", message);
    }

    /** What a part of the model does; what it refuses is the fault of the field {@code name}. */
    static <T> T guarded(String name, Supplier<T> step) {
        try {
            return step.get();
        } catch (LizardException e) {
            if (e.kind() != LizardException.Kind.INPUT) {
                throw e;
            }
            throw refused(name, String.valueOf(e.getMessage()));
        }
    }

    /** 400 for a field that would change the answer in a way that is not supported. */
    static ApiError unsupported(String name, String advice) {
        return new ApiError(
                400, "invalid_request_error", name, "unsupported_parameter", name + " is not supported; " + advice);
    }

    /** 400 for a text longer than the model's context. */
    static ApiError tooLong(String param, String message) {
        return new ApiError(400, "invalid_request_error", param, "context_length_exceeded", message);
    }

    static ApiError malformed(String message) {
        return new ApiError(400, "invalid_request_error", null, null, message);
    }

    static ApiError unauthorized() {
        return new ApiError(
                401,
                "invalid_request_error",
                null,
                "invalid_api_key",
                "wrong or missing API key: expected the header 'Authorization: Bearer KEY'");
    }

    static ApiError noModel(String asked, String served) {
        return new ApiError(
                404,
                "invalid_request_error",
                "model",
                "model_not_found",
                "no model '%s' here: expected '%s'".formatted(asked, served));
    }

    static ApiError notFound(String what) {
        return new ApiError(404, "invalid_request_error", null, "not_found", what);
    }

    static ApiError of(int status, String message) {
        return switch (status) {
            case 401 -> unauthorized();
            case 408 -> new ApiError(status, "timeout_error", null, "timeout", message);
            case 429 -> new ApiError(status, "rate_limit_error", null, "rate_limit_exceeded", message);
            case 503 -> new ApiError(status, "server_error", null, "unavailable", message);
            default ->
                new ApiError(status, status < 500 ? "invalid_request_error" : "server_error", null, null, message);
        };
    }

    int status() {
        return status;
    }

    /** {@code {"error": {...}}}. */
    ObjectNode json() {
        ObjectNode all = Json.object();
        all.putObject("error")
                .put("message", getMessage())
                .put("type", type)
                .put("param", param)
                .put("code", code);
        return all;
    }
}
