"""The fused backward kernels, compiled from the product's own sources, against autograd of the float64 twin; and their
times.

    python conformance/gpu_backward.py [--check] [--time] [--only TEXT] [--out FILE]

Needs what gpu_kernels.py needs; the forward kernel runs first and leaves what the backward reads. Errors are ||x - twin|| / ||twin||.

A row's maximum passes a gradient on to the key that holds it. Where two scores of a row differ by less than float32
rounds, kernel and twin may choose differently, so the twin is made to choose as the forward kernel did. The limit is for
the twin of twin.py, which rounds rotated rows of a bfloat16 model; beside it the errors against exact rotation.
"""
import ctypes
import math
import sys

import torch

import driver
import gpu_kernels as fused
import script
from twin import problem, ratio, short, twin

LIMIT = 0.005
CHUNK = 64
POINTERS = """q k v y dy cosine sine gate sink share top inverse best documents queryMap keyMap
    dq dk dv dgate dsink dshare dqueryMap dkeyMap
    turnedQ turnedK states slopes mass massSlope delta settled rows across decay massError scoreQ scoreK headK headV
    partShare partSink partMap carry""".split()
INTS = "batch tokens heads keyHeads window delay chunks keyChunks parts stretches angles beside".split()
KERNELS = "stretches states queries settle keys maps sums".split()
GRADIENTS = dict(q="dq", k="dk", v="dv", gate="dgate", sink="dsink", share="dshare", map_q="dqueryMap", map_k="dkeyMap")


class Problem(ctypes.Structure):
    """The struct of that name in lizard_backward.cu."""

    _fields_ = ([(n, ctypes.c_void_p) for n in POINTERS]
                + [(a + b, ctypes.c_longlong) for a in ("q", "k", "v", "y", "dy") for b in ("Batch", "Token", "Head")]
                + [(n, ctypes.c_int) for n in INTS])


def defines(p):
    return dict(D=p["q"].shape[3], HALF_F=p["map_q"].shape[2], MAP_FLOAT=int(p["map_q"].dtype == torch.float32),
                DOCUMENTS=int(p.get("documents") is not None))


def stretches_of(heads, chunks, width):
    """Into how many the loop over chunks is cut: so many that blocks fill the card, where that is worth doing it twice."""
    blocks = 132 * (3 if width == 64 else 2) // (2 * heads)
    return min(blocks, chunks // 8) if min(blocks, chunks // 8) > 2 else 1


class Arranged:
    """A problem, its results and its workspace in memory."""

    def __init__(self, p, y, dy, top, inverse, best):
        q, k, v = p["q"], p["k"], p["v"]
        b, t, h, d = q.shape
        g, f, w = k.shape[2], p["map_q"].shape[2], p["window"]
        self.defines = defines(p)
        chunks, key_chunks = -(-t // CHUNK), (t - 1 + w) // CHUNK + 1
        parts = max(1, min(b * chunks, 264 // h + 1))
        stretches = p.get("stretches") or stretches_of(b * h, chunks, d)
        half = lambda *s: torch.full(s, math.nan, device=q.device, dtype=torch.bfloat16)
        full = lambda *s: torch.full(s, math.nan, device=q.device)
        beside = p.get("beside", 0) and (h + 2 * g) * d + p["beside"]  # the length of rows that dq, dk and dv share
        rows = half(b, t, beside or (h + 2 * g) * d)
        dq, dk, dv = (x.unflatten(2, (-1, d)) for x in rows[..., : (h + 2 * g) * d].split((h * d, g * d, g * d), 2))
        if not beside:
            dq, dk, dv = dq.contiguous(), dk.contiguous(), dv.contiguous()
        self.tensors = x = dict(
            q=q, k=k, v=v, y=y, dy=dy, cosine=p["cos"], sine=p["sin"], gate=p["gate"], sink=p["sink"], share=p["share"],
            top=top, inverse=inverse, best=best, documents=p.get("documents"), queryMap=p["map_q"], keyMap=p["map_k"],
            dq=dq, dk=dk, dv=dv, dgate=full(b, h, t),
            dsink=None if p["sink"] is None else full(h), dshare=full(h), dqueryMap=full(h, d, f), dkeyMap=full(h, d, f),
            turnedQ=half(b, h, t, d), turnedK=half(b, g, t, d), states=half(b, h, chunks, 2 * f, d),
            slopes=half(b, h, chunks, 2 * f, d), mass=full(b, h, chunks, 2 * f), massSlope=full(b, h, chunks, 2 * f),
            delta=full(b, h, t), settled=full(b, h, t, 4), rows=full(b, h, t), across=full(b, h, chunks),
            decay=full(b, h, chunks), massError=full(b, h, chunks, 2 * f),
            scoreQ=half(b, h, t, f), scoreK=half(b, h, t, f), headK=half(b, t, h, d) if g < h else None,
            headV=half(b, t, h, d) if g < h else None, partShare=full(h, b * chunks), partSink=full(h, b * chunks),
            partMap=full(2, parts, h, d, f), carry=full(2, b, h, stretches - 1, (2 * f // 64 * (d // 2 + 4) + 1) * 128))
        problem = Problem()
        for n in POINTERS:
            setattr(problem, n, 0 if x[n] is None else x[n].data_ptr())
        for a in ("q", "k", "v", "y", "dy"):
            for i, n in enumerate(("Batch", "Token", "Head")):
                setattr(problem, a + n, x[a].stride(i))
        for n, value in zip(INTS, (b, t, h, g, w, w, chunks, key_chunks, parts, stretches, p["cos"].stride(0), beside)):
            setattr(problem, n, value)
        self.problem = problem
        self.grids = [(2 * (stretches - 1), h, b), (2 * stretches, h, b), (chunks, h, b), (-(-b * h * 2 * f // 128), 1, 1),
                      (key_chunks, h, b), (parts, h, 2), (264, 2 if g < h else 1, 1)]

    def gradients(self):
        return {n: self.tensors[x] for n, x in GRADIENTS.items() if self.tensors[x] is not None}


class Backward(Arranged):
    """One prepared call of the backward kernels; run() repeats it."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        module, sizes = driver.loaded("lizard_backward.cu", "lizard_backward_sizes", 6, **self.defines)
        assert sizes[4] == ctypes.sizeof(Problem)
        shared = sizes[:1] + sizes[:2] + [0] + sizes[2:4] + [0]
        self.launches = [(driver.Function(module, "lizard_backward_" + name, shared[i]), self.grids[i])
                         for i, name in enumerate(KERNELS) if self.grids[i][0] > 0]

    def run(self):
        for function, grid in self.launches:
            function.launch(grid, self.problem)
        return self


CASES = {
    "t512": dict(gamma=0.95),
    "t2048": dict(t=2048, b=1),
    "t1": dict(t=1),
    "t63": dict(t=63),
    "t300 w112": dict(t=300, w=112),
    "gamma 0": dict(gamma=0.0),
    "gamma 0.01": dict(gamma=0.01),
    "gamma 0.5": dict(gamma=0.5),
    "gamma 0.999": dict(gamma=0.999, t=1024),
    "gamma 1": dict(gamma=1.0, t=1024),
    "no sink": dict(sink=False),
    "loud q.k to +-150": dict(loud=4.0),
    "w64": dict(w=64),
    "F32": dict(f=32),
    "F128": dict(f=128, t=300),
    "d128": dict(d=128, h=4, t=400),
    "d128 no group": dict(d=128, h=4, g=4, t=300),
    "d128 t2048": dict(d=128, b=1, t=2048),
    "float maps": dict(maps=torch.float32, t=300),
    "stretches d128": dict(b=1, h=2, g=1, d=128, t=3000),
    "rows shared": dict(beside=24, t=300),
    "rows shared, no group, d128": dict(beside=8, t=300, h=2, g=2, d=128),
    "documents": dict(documents=True, t=1500),
    "documents d128": dict(documents=True, t=1500, d=128, h=4),
    "t8192": dict(b=1, h=3, g=1, t=8192),
    "t65536": dict(b=1, h=1, g=1, t=65536),
}


def twin_gradients(p, dy, best):
    """Autograd of the twin; `best` makes each row's maximum the key that it names."""
    names = [n for n in GRADIENTS if p[n] is not None]
    leaves = dict(p) | {n: p[n].double().detach().requires_grad_() for n in names}
    y = twin(leaves, best)["y"]
    result = torch.autograd.grad(y, [leaves[n] for n in names], dy.double(), allow_unused=True)
    return {n: torch.zeros_like(leaves[n]) if x is None else x for n, x in zip(names, result)}


def check(name, settings):
    settings = dict(settings)
    limit, beside = settings.pop("limit", LIMIT), settings.pop("beside", 0)
    p = problem(**settings) | {"beside": beside}
    torch.manual_seed(1)
    dy = torch.randn_like(p["q"])
    forward = fused.Forward(p, save=True, final=False).run()
    first = Backward(p, forward.y, dy, forward.max, forward.inverse, forward.argmax).run().gradients()
    again = Backward(p, forward.y, dy, forward.max, forward.inverse, forward.argmax).run().gradients()
    torch.cuda.synchronize()
    line = {"case": name, "limit": limit, "same bits": all(torch.equal(first[n], again[n]) for n in first)}
    line |= compared(first, twin_gradients(p, dy, forward.argmax), limit)
    exact = compared(first, twin_gradients(p | {"exact": True}, dy, forward.argmax), limit)
    return line | {"ok": line["ok"] and line["same bits"], "against exact rotation": {n: exact[n] for n in first}}


def compared(gradients, want, limit):
    """Errors by name, and whether all are under the limit."""
    line, good = {}, True
    for n, x in gradients.items():
        tiny = float(want[n].norm()) < 1e-9 * math.sqrt(x.numel())  # nothing is far: zero but for rounding
        error = float(x.double().norm()) if tiny else ratio(x, want[n])
        line[n] = short(error)
        # sums over all rows of terms of both signs: their error is that of the terms
        good = good and error < (4 * limit if n in ("sink", "share") else limit)
    return line | {"ok": good}


def times(name, settings):
    p = problem(**settings)
    torch.manual_seed(1)
    dy = torch.randn_like(p["q"])
    forward = fused.Forward(p, save=True, final=False)
    forward.run()
    backward = Backward(p, forward.y, dy, forward.max, forward.inverse, forward.argmax)
    line = {"shape": name, "backward": fused.milliseconds(backward.run),
            "forward + backward": fused.milliseconds(lambda: (forward.run(), backward.run()))}
    return {n: round(x, 4) if isinstance(x, float) else x for n, x in line.items()}


def ahead(work):
    fused.compile_ahead(work, fused.maker(True), lambda p: fused.compiled("lizard_backward.cu", **defines(p)))


if __name__ == "__main__":
    sys.exit(script.run(__doc__, check, CASES, times, fused.SHAPES, ahead))
