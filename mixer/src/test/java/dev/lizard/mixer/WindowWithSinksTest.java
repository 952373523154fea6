package dev.lizard.mixer;

class WindowWithSinksTest extends WindowTest {
    @Override
    MixerSpec spec(int window, int features) {
        return new WindowSpec(window, 3);
    }
}
