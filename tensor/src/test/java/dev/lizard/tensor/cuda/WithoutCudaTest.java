package dev.lizard.tensor.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lizard.base.LizardException;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Engine;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** On a machine without CUDA everything loads, and what needs CUDA says so in one line. */
class WithoutCudaTest {
    @BeforeAll
    static void onlyWithoutCuda() {
        assumeThat(Engine.cudaDevices()).as("this machine has CUDA").isZero();
    }

    @Test
    void aKernelCannotBeMadeAndTheLineSaysWhatToDo() {
        KernelSource source = KernelSource.of("trial.cu");
        assertThatThrownBy(() -> Kernel.of(source, "trial", Device.cuda(0)))
                .isInstanceOfSatisfying(LizardException.class, e -> {
                    assertThat(e.kind()).isEqualTo(LizardException.Kind.ENVIRONMENT);
                    assertThat(e.getMessage()).contains("CUDA driver").doesNotContain("\n");
                });
        assertThatThrownBy(CudaReport::driver).isInstanceOf(LizardException.class);
    }

    @Test
    void nothingIsRecordedAndTheDefaultStreamIsCurrent() {
        assertThat(CudaGraph.supported(Device.CPU)).isFalse();
        assertThat(CudaGraph.supported(Device.cuda(0))).isFalse();
        assertThat(TorchStream.settable()).isFalse();
        assertThat(TorchStream.current(0)).isZero();
    }

    @Test
    void aCompilerThatIsNamedButMissingIsReported() {
        String before = System.getProperty("lizard.nvrtc");
        System.setProperty("lizard.nvrtc", "/nowhere/libnvrtc.so");
        try {
            assertThatThrownBy(NvrtcSearch::find)
                    .isInstanceOf(LizardException.class)
                    .hasMessageContaining("no NVRTC at /nowhere/libnvrtc.so");
        } finally {
            if (before == null) {
                System.clearProperty("lizard.nvrtc");
            } else {
                System.setProperty("lizard.nvrtc", before);
            }
        }
    }
}
