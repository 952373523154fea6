package dev.lizard.text;

/**
 * One turn of a conversation.
 *
 * @param role {@code system}, {@code user}, {@code assistant} or what else the chat template knows
 * @param content what was said
 */
public record Message(String role, String content) {}
