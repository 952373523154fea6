package dev.lizard.mixer;

import dev.lizard.mixer.KernelSpec.Network;

class KernelGluTest extends KernelTest {
    @Override
    Network map() {
        return Network.GLU;
    }
}
