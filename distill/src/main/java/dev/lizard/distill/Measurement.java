package dev.lizard.distill;

import java.util.List;

/**
 * Held-out quality of one model at one moment; also a line of {@code log.jsonl}.
 *
 * @param stage the stage it was measured in
 * @param step its step; 0 before the first
 * @param model what was measured, such as {@code teacher}, {@code student} or {@code window only}
 * @param nll mean natural-log NLL of a held-out token
 * @param positions the same by position in the sequence
 */
public record Measurement(String stage, long step, String model, double nll, List<Position> positions) {
    /**
     * Mean NLL of targets at positions {@code from} to {@code to - 1}.
     *
     * @param tokens how many there were
     */
    public record Position(int from, int to, long tokens, double nll) {}

    public Measurement {
        positions = List.copyOf(positions);
    }
}
