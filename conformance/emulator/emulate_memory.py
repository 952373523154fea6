"""The matrix memory's kernels on the CPU against the float64 twin and its autograd: a check of all but their speed, and of
wgmma, without a GPU.

    python conformance/emulator/emulate_memory.py [--only TEXT] [--seed N]

As emulate.py.
"""
import ctypes
import sys

import host
import gpu_memory as gpu
import twin

twin.DEVICE = "cpu"
KINDS = {"none": gpu.NONE, "head": gpu.HEAD, "row": gpu.ROW}
SIZES = {"t1": dict(t=1), "t63": dict(t=63), "t64": dict(t=64), "t130, state": dict(t=130, state=True),
         "t300": dict(t=300), "t130, state, normaliser": dict(t=130, state=True, counted=True),
         "f128 d128": dict(f=128, d=128, counted=True), "f256": dict(f=256, d=128, t=100),
         "two batches, groups": dict(b=2, h=4, g=2, t=70)}
CASES = {f"{kind}, {name}": dict(gates=gates) | more for kind, gates in KINDS.items() for name, more in SIZES.items()}
CASES |= {f"{kind}, gate {gamma}": dict(gates=KINDS[kind], gamma=gamma, t=150, counted=gamma == 0.999)
          for kind in ("head", "row") for gamma in (0.0, 1e-10, 0.01, 0.5, 0.999, 1.0)}


def sources(folder):
    """The kernels in one file for a host compiler."""
    (folder / "memory.h").write_text(host.plain(host.inlined("memory.cu")))


def check(folder, settings, seed):
    p = gpu.problem(**settings)
    prepared = gpu.Arranged(p)
    lib = host.library(folder, "memory.cpp", prepared.defines)
    lib.forward(ctypes.byref(prepared.problem), ctypes.sizeof(prepared.problem), seed)
    lib.backward(ctypes.byref(prepared.problem), ctypes.sizeof(prepared.problem), seed)
    return gpu.compared(prepared.results(gpu.READ | gpu.GRADIENTS), p)


if __name__ == "__main__":
    sys.exit(host.run(__doc__, CASES, sources, check))
