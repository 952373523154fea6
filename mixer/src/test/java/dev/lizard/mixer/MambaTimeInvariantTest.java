package dev.lizard.mixer;

/** Δ, B and C the same for all tokens. */
class MambaTimeInvariantTest extends MambaTest {
    @Override
    boolean selective() {
        return false;
    }
}
