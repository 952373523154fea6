package dev.lizard.text.jinja;

import org.jspecify.annotations.Nullable;

/**
 * A variable, or a part of one, whose strings are quoted: what the template writes of them is told in {@link Written}.
 *
 * @param value as variables are
 * @param source a positive number of the caller's; 0 where the strings count as the template's own
 */
public record Quoted(@Nullable Object value, int source) {}
