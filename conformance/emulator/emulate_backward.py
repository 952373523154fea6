"""The backward kernels on the CPU against autograd of the float64 twin: a check of all but their speed, and of wgmma,
without a GPU.

    python conformance/emulator/emulate_backward.py [--only TEXT] [--seed N]

As emulate.py. What the forward leaves is taken from the twin.
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

import gpu_backward as backward
import gpu_kernels as gpu
import torch
from emulate import without

gpu.DEVICE = "cpu"
ASSEMBLY = "shared_address pack exp2_fast store store load load4 copy16 commit wait matrices multiply settle".split()
CASES = {
    "d64": dict(),
    "t1": dict(t=1),
    "t63": dict(t=63),
    "gamma 0.01": dict(gamma=0.01),
    "gamma 1": dict(gamma=1.0, t=330, w=64, limit=0.006),
    "w80": dict(w=80),
    "w40, no sink": dict(w=40, sink=False, t=150),
    "F32": dict(f=32),
    "F96": dict(f=96, t=180),
    "F128": dict(f=128, t=180),
    "d128": dict(d=128),
    "two batches, no group, float maps": dict(b=2, h=2, g=2, t=150, maps=torch.float32, limit=0.006),
}


def sources(folder):
    """The kernels in one file for a host compiler."""
    text = (gpu.SOURCES / "lizard_backward.cu").read_text()
    seen = set()
    while found := re.search(r'#include "([^"]+)"\n', text):
        header = "" if found[1] in seen else (gpu.SOURCES / found[1]).read_text().replace("#pragma once\n", "")
        seen.add(found[1])
        text = text[: found.start()] + header + text[found.end():]
    for name in ASSEMBLY:
        text = without(text, r"(template <[^>]*>\n)?DEVICE [\w ]+ %s\([^{]*\{" % name)
    text = re.sub(r'asm volatile\("st\.shared\.b16 \[%0\], %1;" ::"r"\((.*?)\), "h"\(\(bf16\)(\w+)\)\s*: "memory"\);',
                  r"store_half(\1, \2);", text, flags=re.S)
    text = re.sub(r"extern __shared__ [^;]*;", "char* memory = emulator::memory;", text)
    text = text.replace("__shared__ float scratch[4];", "static float scratch[4];")
    (folder / "backward.h").write_text(text)


def library(folder, **defines):
    flags = [f"-D{n}={x}" for n, x in defines.items()]
    path = folder / ("_".join(x[2:].replace("=", "") for x in flags) + ".so")
    if not path.exists():
        subprocess.run(["g++", "-O2", "-std=c++17", "-w", "-shared", "-fPIC", f"-I{folder}", f"-I{HERE}", *flags,
                        str(HERE / "backward.cpp"), "-o", str(path)], check=True)
    return ctypes.CDLL(str(path))


def check(folder, settings, seed):
    settings = dict(settings)
    limit = settings.pop("limit", backward.LIMIT)
    p = gpu.problem(**{"b": 1, "h": 2, "g": 1, "t": 200, **settings})
    torch.manual_seed(1)
    dy = torch.randn_like(p["q"])
    left = gpu.twin(p)
    best = left["argmax"].int()
    prepared = backward.Arranged(p, left["y"].to(p["q"].dtype), dy, left["max"].float(), left["inverse"].float(), best)
    lib = library(folder, **prepared.defines)
    lib.run(ctypes.byref(prepared.problem), ctypes.sizeof(prepared.problem), seed)
    return backward.compared(prepared.gradients(), backward.twin_gradients(p, dy, best), limit)


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
