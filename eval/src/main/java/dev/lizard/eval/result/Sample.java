package dev.lizard.eval.result;

/** What a model wrote after a prompt. */
public record Sample(String model, String prompt, String continuation) {}
