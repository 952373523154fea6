"""The forward kernel on the CPU against the float64 twin of gpu_kernels.py: a check of all but its speed without a GPU.

    python conformance/emulator/emulate.py [--only TEXT] [--seed N]

Needs g++ and PyTorch. The kernel's source is compiled as C++; what it has of inline assembly is taken from emulator.h.
A few seconds a case. Exit status 1 if an error is over the limit of gpu_kernels.py.
"""
import argparse
import ctypes
import json
import math
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import gpu_kernels as gpu
import torch

gpu.DEVICE = "cpu"
ASSEMBLY = ("sharedAddress exp2Fast reciprocal pack load4 load4t store4 store16 fetch16 fetch4 barrier copy16 copyCommit "
            "copyWait").split()
CASES = {
    "joint d64": dict(),
    "split": dict(t=300, length=128),
    "past, state, split": dict(t=230, past=128, state=True, length=64),
    "t1": dict(t=1),
    "t63": dict(t=63),
    "gamma 0": dict(gamma=0.0),
    "w80": dict(w=80),
    "F128": dict(f=128),
    "joint d128": dict(d=128),
    "past, state, split d128": dict(t=150, d=128, past=100, state=True, length=64),
    "F32 w64 d128": dict(f=32, w=64, d=128),
    "sum d64": dict(mode=gpu.SUM),
    "sum d128": dict(mode=gpu.SUM, d=128),
    "near d128": dict(mode=gpu.NEAR, d=128),
    "documents": dict(t=300, documents=True),
    "documents d128": dict(t=300, documents=True, d=128),
    "float io": dict(io=torch.float32, maps=torch.float32, limit=0.006),
}


def without(text, pattern):
    """The text without the function whose head matches."""
    head = re.search(pattern, text)
    depth, at = 1, head.end()
    while depth:
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return text[: head.start()] + text[at:]


def sources(folder):
    """The kernel and its header for a host compiler."""
    header = (gpu.SOURCES / "common.cuh").read_text()
    for name in ASSEMBLY:
        header = without(header, r"(template <int pending>\n)?__device__ __forceinline__ [\w ]+ %s\([^{]*\{" % name)
    header = without(header, r"__device__ __forceinline__ void mma\(float \(&c\)\[4\], u32 a0[^{]*\{")
    header = re.sub(r"asm volatile\(\"stmatrix.*?\);", "storeMatrices(block16<rows>(tile, row, block, lane), a, b, c, d);",
                    header, flags=re.S)
    (folder / "common.cuh").write_text(header)
    kernel = (gpu.SOURCES / "lizard_forward.cu").read_text()
    seen = {"common.cuh"}
    while found := re.search(r'#include "(forward_[^"]+)"\n', kernel):
        part = "" if found[1] in seen else (gpu.SOURCES / found[1]).read_text().replace("#pragma once\n", "")
        seen.add(found[1])
        kernel = kernel[: found.start()] + part + kernel[found.end():]
    kernel = re.sub(r"extern __shared__ [^;]*;", "char* memory = emulator::memory;", kernel)
    (folder / "forward.h").write_text(kernel.replace('extern "C" __device__ const', "static const"))


def library(folder, defines):
    flags = [f"-D{n}={x}" for n, x in defines.items() if x is not None]
    path = folder / ("_".join(x[2:].replace("=", "") for x in flags) + ".so")
    if not path.exists():
        subprocess.run(["g++", "-O2", "-std=c++17", "-w", "-shared", "-fPIC", f"-I{folder}", f"-I{HERE}", *flags,
                        str(HERE / "forward.cpp"), "-o", str(path)], check=True)
    return ctypes.CDLL(str(path))


def check(folder, settings, seed):
    settings = {"b": 1, "h": 2, "g": 1, "t": 200, **settings}
    length, limit = settings.pop("length", settings["t"]), settings.pop("limit", gpu.LIMIT)
    p = gpu.problem(**settings)
    q, k, v = p["q"], p["k"], p["v"]
    b, t, h, d = q.shape
    g, f = k.shape[2], p["map_q"].shape[2]
    lib = library(folder, gpu.defines(p, True))
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
    want = gpu.twin(p)
    errors = {"y": gpu.ratio(y, want["y"]), "max": gpu.ratio(top, want["max"]), "inverse": gpu.ratio(inverse, want["inverse"])}
    if p["mode"] != gpu.NEAR and "documents" not in p:
        errors["final"] = gpu.ratio(final, want["final"])
    agrees = float((argmax == want["argmax"]).double().mean())
    return {"ok": all(x < limit for x in errors.values()) and agrees > 0.97, "argmax agrees": round(agrees, 4),
            **{n: float(f"{x:.3g}") for n, x in errors.items()}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="")
    parser.add_argument("--seed", type=int, default=1, help="of the order in which warps run")
    args = parser.parse_args()
    good = True
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        sources(folder)
        for case, settings in CASES.items():
            if args.only in case:
                line = {"case": case, **check(folder, settings, args.seed)}
                print(json.dumps(line), flush=True)
                good = good and line["ok"]
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
