"""The backward kernels on the CPU against autograd of the float64 twin: a check of all but their speed, and of wgmma,
without a GPU.

    python conformance/emulator/emulate_backward.py [--only TEXT] [--seed N]

As emulate.py. What the forward leaves is taken from the twin.
"""
import ctypes
import sys

import host
import gpu_backward as backward
import torch
import twin

twin.DEVICE = "cpu"
CASES = {
    "d64": dict(),
    "t1": dict(t=1),
    "t63": dict(t=63),
    "gamma 0": dict(gamma=0.0),
    "gamma 0.01": dict(gamma=0.01),
    "gamma 1": dict(gamma=1.0, t=330, w=64),
    "loud q.k": dict(loud=4.0),
    "w80": dict(w=80),
    "w40, no sink": dict(w=40, sink=False, t=150),
    "F32": dict(f=32),
    "F96": dict(f=96, t=180),
    "F128": dict(f=128, t=180),
    "d128": dict(d=128),
    "stretches": dict(t=600, w=64, stretches=3),
    "stretches d128": dict(t=400, w=80, d=128, stretches=4),
    "rows shared": dict(beside=24),
    "rows shared, no group": dict(beside=8, h=2, g=2, d=128),
    "documents": dict(t=400, w=40, documents=True, gamma=0.99),
    "documents, stretches d128": dict(t=500, d=128, w=64, documents=True, stretches=3),
    "two batches, no group, float maps": dict(b=2, h=2, g=2, t=150, maps=torch.float32),
}


def sources(folder):
    """The kernels in one file for a host compiler."""
    (folder / "backward.h").write_text(host.plain(host.inlined("lizard_backward.cu")))


def check(folder, settings, seed):
    settings = dict(settings)
    limit, stretches = settings.pop("limit", backward.LIMIT), settings.pop("stretches", 0)
    beside = settings.pop("beside", 0)
    p = twin.problem(**{"b": 1, "h": 2, "g": 1, "t": 200, **settings}) | {"stretches": stretches, "beside": beside}
    torch.manual_seed(1)
    dy = torch.randn_like(p["q"])
    left = twin.twin(p)
    best = left["argmax"].int()
    if "documents" in p:
        assert p["documents"].max() > 1
    prepared = backward.Arranged(p, left["y"].to(p["q"].dtype), dy, left["max"].float(), left["inverse"].float(), best)
    lib = host.library(folder, "backward.cpp", prepared.defines)
    lib.run(ctypes.byref(prepared.problem), ctypes.sizeof(prepared.problem), seed)
    return backward.compared(prepared.gradients(), backward.twin_gradients(p, dy, best), limit)


if __name__ == "__main__":
    sys.exit(host.run(__doc__, CASES, sources, check))
