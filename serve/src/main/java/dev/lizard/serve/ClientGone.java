package dev.lizard.serve;

/** Nobody listens any longer. */
final class ClientGone extends RuntimeException {
    ClientGone() {
        super("the client is gone", null, false, false);
    }
}
