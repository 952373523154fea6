package dev.lizard.mixer;

import dev.lizard.mixer.KernelSpec.Network;

class KernelMlpTest extends KernelTest {
    @Override
    Network map() {
        return Network.MLP;
    }
}
