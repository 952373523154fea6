"""The forward kernel on the CPU against the float64 twin: a check of all but its speed without a GPU.

    python conformance/emulator/emulate.py [--only TEXT] [--seed N]

Needs g++ and PyTorch. The kernel's source is compiled as C++; what it has of inline assembly is taken from emulator.h.
A few seconds a case. Exit status 1 if an error is over the limit of gpu_kernels.py.
"""
import ctypes
import math
import re
import sys
import types

import host
import gpu_kernels as gpu
import torch
import twin

twin.DEVICE = "cpu"
ASSEMBLY = ("sharedAddress exp2Fast reciprocal pack load4 load4t store4 store16 fetch16 fetch4 barrier copy16 copyCommit "
            "copyWait transpose").split()
CASES = {
    "joint d64": dict(),
    "split": dict(t=300, length=128),
    "past, state, split": dict(t=230, past=128, state=True, length=64),
    "t1": dict(t=1),
    "t63": dict(t=63),
    "gamma 0": dict(gamma=0.0),
    "loud q.k": dict(loud=4.0),
    "w80": dict(w=80),
    "F128": dict(f=128),
    "joint d128": dict(d=128),
    "past, state, split d128": dict(t=150, d=128, past=100, state=True, length=64),
    "F32 w64 d128": dict(f=32, w=64, d=128),
    "sum d64": dict(mode=twin.SUM),
    "sum d128": dict(mode=twin.SUM, d=128),
    "near d128": dict(mode=twin.NEAR, d=128),
    "documents": dict(t=300, documents=True),
    "documents d128": dict(t=300, documents=True, d=128),
    "float io": dict(io=torch.float32, maps=torch.float32, limit=0.006),
    # the path of warpgroups, their products by mma.sync
    "grouped d64": dict(grouped=1),
    "grouped d128": dict(grouped=1, d=128),
    "grouped, past, state, split d128": dict(grouped=1, t=150, d=128, past=100, state=True, length=64),
    "grouped F32 w80 d128": dict(grouped=1, f=32, w=80, d=128),
    "grouped sum d128": dict(grouped=1, mode=twin.SUM, d=128),
    "grouped near d128": dict(grouped=1, mode=twin.NEAR, d=128),
    "grouped documents d128": dict(grouped=1, t=300, documents=True, d=128),
    "grouped float io": dict(grouped=1, io=torch.float32, maps=torch.float32, limit=0.006),
}


def sources(folder):
    """The kernel and its header for a host compiler."""
    header = (host.SOURCES / "common.cuh").read_text()
    for name in ASSEMBLY:
        header = host.without(header, r"(template <int pending>\n)?__device__ __forceinline__ [\w ]+ %s\([^{]*\{" % name)
    header = host.without(header, r"__device__ __forceinline__ void mma\(float \(&c\)\[4\], u32 a0[^{]*\{")
    header = re.sub(r"asm volatile\(\"stmatrix.*?\);", "storeMatrices(block16<rows>(tile, row, block, lane), a, b, c, d);",
                    header, flags=re.S)
    (folder / "common.cuh").write_text(header)
    kernel = host.inlined("lizard_forward.cu", apart=["common.cuh"])
    for name in ("matrices", "multiply", "settle"):
        kernel = host.without(kernel, r"(template <[^>]*>\n)?DEVICE [\w ]+ %s\([^{]*\{" % name)
    (folder / "forward.h").write_text(kernel.replace('extern "C" __device__ const', "static const"))


def check(folder, settings, seed):
    settings = {"b": 1, "h": 2, "g": 1, "t": 200, **settings}
    length, limit = settings.pop("length", settings["t"]), settings.pop("limit", gpu.LIMIT)
    grouped = settings.pop("grouped", None)
    p = twin.problem(**settings)
    q, k, v = p["q"], p["k"], p["v"]
    b, t, h, d = q.shape
    g, f = k.shape[2], p["map_q"].shape[2]
    lib = host.library(folder, "forward.cpp", gpu.defines(p, True) | dict(GROUPED=grouped))
    segments = -(-t // length)
    nan = lambda *shape, dtype=torch.float32: torch.full(shape, math.nan, dtype=dtype)
    y, top, inverse = nan(b, t, h, d, dtype=q.dtype), nan(b, h, t), nan(b, h, t)
    argmax = torch.full((b, h, t), -7, dtype=torch.int32)
    final, carry = nan(b, h, 2 * f, d + 1), nan(b * h * segments * lib.carryFloats())
    pointers = [q, k, v, y, p["cos"], p["sin"], p["gate"], p["sink"], p["share"], p["map_q"], p["map_k"], p["state"], final,
                top, inverse, argmax, p.get("documents"), carry]
    ints = [h, h // g, t, k.shape[1] - t, segments, length, p["cos"].stride(0)]
    ints += [x.stride(n) for x in (q, k, v, y) for n in range(3)]
    lib.run((ctypes.c_void_p * 18)(*[None if x is None else x.data_ptr() for x in pointers]),
            (ctypes.c_int * 19)(*ints), b * h, seed)
    got = types.SimpleNamespace(y=y, max=top, inverse=inverse, argmax=argmax, final=final)
    line = gpu.compared(p, got)
    agrees = line["argmax agrees"]
    return {"ok": agrees > 0.999 and all(x < limit for n, x in line.items() if n != "argmax agrees"), **line}


if __name__ == "__main__":
    sys.exit(host.run(__doc__, CASES, sources, check))
