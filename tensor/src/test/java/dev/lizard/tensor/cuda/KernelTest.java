package dev.lizard.tensor.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lizard.base.LizardException;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Engine;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@Tag("gpu")
@ExtendWith(LiveTensors.class)
class KernelTest {
    private static final Device CUDA = Device.cuda(0);

    @Test
    void theMachineIsNamedAndATrialKernelRuns() {
        System.out.println(CudaReport.driver());
        System.out.println(CudaReport.compiler());
        System.out.println(CudaReport.graphs(CUDA));
        assertThat(CudaReport.trial(CUDA)).contains("cuda:0");
        assertThat(CudaReport.driver()).contains("cuda:0 is");
        assertThat(TorchStream.settable()).isTrue();
    }

    @Test
    void argumentsOfEachKindArriveOnTheStreamOfTheEngine() {
        KernelSource source = new KernelSource(
                "kinds.cu",
                "extern \"C\" __global__ void kinds(double* y, const float* x, int i, long long l, float f, double d,"
                        + " const float* none) {"
                        + " y[threadIdx.x] = (double) x[threadIdx.x] + i + l + f + d + (none ? 1000 : 0); }",
                Map.of(),
                List.of());
        Kernel kernel = Kernel.of(source, "kinds", CUDA);
        assertThat(kernel.attribute(Kernel.REGISTERS)).isPositive();
        assertThat(kernel.attribute(Kernel.LOCAL_BYTES)).isZero();
        Tensor y = Tensors.zeros(DType.FLOAT64, CUDA, 4);
        Tensor x = Tensors.arange(0, 4, CUDA).to(DType.FLOAT32);
        kernel.launch(Dim.of(1), Dim.of(4), 0, y, x, 10, 1L << 40, 0.5f, 0.25, null);
        double base = 10 + (double) (1L << 40) + 0.75;
        assertThat(y.doubles()).containsExactly(base, base + 1, base + 2, base + 3);
        assertThatThrownBy(() -> kernel.launch(Dim.of(1), Dim.of(4), 0, Tensors.zeros(DType.FLOAT64, Device.CPU, 4)))
                .hasMessageContaining("host");
        assertThatThrownBy(() -> kernel.launch(Dim.of(1), Dim.of(2048), 0, y, x, 1, 1L, 1f, 1.0, null))
                .isInstanceOf(LizardException.class)
                .hasMessageContaining("CUDA_ERROR_INVALID_VALUE");
    }

    @Test
    void sourceThatDoesNotCompileIsReportedInOneLine() {
        KernelSource source =
                new KernelSource("bad.cu", "extern \"C\" __global__ void k() { nonsense; }", Map.of(), List.of());
        assertThatThrownBy(() -> Kernel.of(source, "k", CUDA))
                .isInstanceOf(LizardException.class)
                .hasMessageContaining("bad.cu(1): error")
                .message()
                .doesNotContain("\n");
    }

    @Test
    void moreSharedMemoryThanUsualCanBeAskedFor() {
        KernelSource source = new KernelSource(
                "shared.cu",
                "extern \"C\" __global__ void s(float* y, int n) { extern __shared__ float m[];"
                        + " for (int i = threadIdx.x; i < n; i += blockDim.x) m[i] = i; __syncthreads();"
                        + " y[threadIdx.x] = m[n - 1 - threadIdx.x]; }",
                Map.of(),
                List.of());
        Kernel kernel = Kernel.of(source, "s", CUDA);
        Tensor y = Tensors.zeros(DType.FLOAT32, CUDA, 32);
        int floats = 20_000;
        kernel.launch(Dim.of(1), Dim.of(32), floats * 4, y, floats);
        assertThat(y.floats()[0]).isEqualTo(floats - 1f);
    }

    @Test
    void aGraphReplaysOperationsAndKernelsTogether() {
        Kernel kernel = Kernel.of(KernelSource.of("trial.cu"), "trial", CUDA);
        Tensor x = Tensors.ones(DType.FLOAT32, CUDA, 256, 256);
        Tensor ramp = Tensors.zeros(DType.FLOAT32, CUDA, 256);
        Tensor y = Tensors.zeros(DType.FLOAT32, CUDA, 256, 256);
        Runnable work = () -> {
            try (Scope scope = Scope.open()) {
                kernel.launch(Dim.of(2), Dim.of(128), 0, ramp, 256, 2f);
                y.copy_(x.matmul(x).add(ramp));
            }
        };
        try (CudaGraph graph = CudaGraph.record(CUDA, work, work)) {
            assertThat(y.floats()[0]).isEqualTo(256f);
            x.fill_(2);
            y.zero_();
            for (int i = 0; i < 3; i++) {
                try (Scope noise = Scope.open()) {
                    Tensors.full(7, DType.FLOAT32, CUDA, 256, 256); // memory of the graph is not handed out again
                }
                graph.replay();
            }
            float[] values = y.floats();
            assertThat(values[0]).isEqualTo(256 * 4f);
            assertThat(values[255]).isEqualTo(256 * 4f + 510);
        }
        Engine.synchronize(CUDA);
    }

    @Test
    void aSecondDeviceIsRecordedWhileTheFirstIsCurrent() {
        assumeThat(Engine.cudaDevices()).as("cards, of which this needs two").isGreaterThan(1);
        Device second = Device.cuda(1);
        Kernel kernel = Kernel.of(KernelSource.of("trial.cu"), "trial", second);
        Tensor ramp = Tensors.zeros(DType.FLOAT32, second, 256);
        Tensor y = Tensors.zeros(DType.FLOAT32, second, 256);
        Tensor other = Tensors.ones(DType.FLOAT32, CUDA, 256);
        Runnable work = () -> {
            try (Scope scope = Scope.open()) {
                kernel.launch(Dim.of(2), Dim.of(128), 0, ramp, 256, 2f);
                y.add_(ramp);
                Driver.get().use(0); // as work on the other card leaves it
            }
        };
        Driver.get().use(0);
        try (CudaGraph graph = CudaGraph.record(second, work, work)) {
            assertThat(y.floats()[255]).isEqualTo(510f);
            Driver.get().use(0);
            graph.replay();
            assertThat(y.floats()[255]).isEqualTo(1020f);
            assertThat(other.add(1).floats()[0]).isEqualTo(2f);
        }
        Engine.synchronize(second);
    }

    @Test
    void workThatCannotBeRecordedFailsInOneLineAndTheProcessGoesOn() {
        Tensor y = Tensors.ones(DType.FLOAT32, CUDA, 16);
        Runnable waits = () -> y.add(1).floats(); // a copy to the host waits, which no recording can hold
        assertThatThrownBy(() -> CudaGraph.record(CUDA, () -> {}, waits)).isInstanceOf(RuntimeException.class);
        assertThat(y.add(1).floats()[0]).isEqualTo(2f);
    }

    @Test
    void aLaunchCostsTheHostFewMicroseconds() {
        Kernel kernel = Kernel.of(KernelSource.of("trial.cu"), "trial", CUDA);
        Tensor y = Tensors.zeros(DType.FLOAT32, CUDA, 128);
        Driver driver = Driver.get();
        long stream = TorchStream.current(0);
        long[] events = {driver.event(), driver.event()};
        int count = 2000;
        long best = Long.MAX_VALUE;
        float device = 0;
        for (int round = 0; round < 5; round++) {
            driver.synchronize(stream);
            driver.record(events[0], stream);
            long start = System.nanoTime();
            for (int i = 0; i < count; i++) {
                kernel.launch(Dim.of(1), Dim.of(128), 0, y, 128, 1f);
            }
            best = Math.min(best, System.nanoTime() - start);
            driver.record(events[1], stream);
            device = driver.elapsed(events[0], events[1]);
        }
        driver.destroyEvent(events[0]);
        driver.destroyEvent(events[1]);
        System.out.printf(
                "a launch: %.2f us of the host, %.2f us of the stream%n", best / 1e3 / count, device * 1e3 / count);
        assertThat(best / count).isLessThan(50_000);
    }
}
