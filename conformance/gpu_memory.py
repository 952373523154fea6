"""The matrix memory's kernels (memory.cu), compiled from the product's own sources, against a float64 twin and its
autograd; and their times.

    python conformance/gpu_memory.py [--check] [--time] [--only TEXT] [--out FILE]

Needs what gpu_kernels.py needs. Errors are ||x - twin|| / ||twin||. Limits: 0.004 for what is read, 0.005 for gradients.
"""
import concurrent.futures
import ctypes
import math
import sys

import torch

import driver
import gpu_kernels as fused
import script
import twin
from twin import ratio, short

LIMIT, GRADIENT_LIMIT = 0.004, 0.005
CHUNK, PART = 64, 64
NONE, HEAD, ROW = 0, 1, 2
POINTERS = """q k v dy gate dmass initial dfinal y mass final dinitial dq dk dv dgate states slopes sums sumSlopes
    headV""".split()
STRIDED = "q k v dy".split()
INTS = "batch tokens heads valueHeads chunks none".split()
READ = dict(y="y", mass="mass", final="final")
GRADIENTS = dict(q="dq", k="dk", v="dv", gate="dgate", initial="dinitial")


class Problem(ctypes.Structure):
    """The struct of that name in memory_parts.cuh."""

    _fields_ = ([(n, ctypes.c_void_p) for n in POINTERS]
                + [(a + b, ctypes.c_longlong) for a in STRIDED for b in ("Batch", "Token", "Head")]
                + [(n, ctypes.c_int) for n in INTS])


def recurrence(p):
    """y [B, T, H, d], mass [B, H, T] and the last memory [B, H, f, d (+ 1)] in float64, token by token."""
    q, k, v = (p[n].double().transpose(1, 2) for n in "qkv")
    b, h, t, f = q.shape
    v = v.repeat_interleave(h // v.shape[1], 1)
    if p["counted"]:
        v = torch.cat([v, torch.ones_like(v[..., :1])], -1)
    s = q.new_zeros(b, h, f, v.shape[-1]) if p["initial"] is None else p["initial"].double()
    keep = None
    if p["gate"] is not None:
        g = p["gate"].double().clamp_min(-30)
        keep = (g if g.dim() == 4 else g[..., None]).exp()[..., None]  # [B, H, T, f | 1, 1]
    rows = []
    for i in range(t):
        s = (s if keep is None else s * keep[:, :, i]) + k[:, :, i, :, None] * v[:, :, i, None, :]
        rows.append((q[:, :, i, None, :] @ s)[:, :, 0])
    o = torch.stack(rows, 2)  # [B, H, T, d (+ 1)]
    d = p["v"].shape[3]
    return {"y": o[..., :d].transpose(1, 2), "mass": o[..., d] if p["counted"] else None, "final": s}


def problem(b=1, h=2, g=1, t=200, d=64, f=64, gates=HEAD, gamma=None, counted=False, state=False, seed=1):
    """Random inputs. gamma: one gate for all, or None for gates spread over heads, rows and tokens. Features with a
    normaliser are positive."""
    r = torch.Generator(device=twin.DEVICE).manual_seed(seed)
    randn = lambda *shape: torch.randn(*shape, device=twin.DEVICE, generator=r)
    feature = lambda *shape: (randn(*shape).abs() if counted else randn(*shape)) / math.sqrt(f)
    e = d + int(counted)
    p = {"q": feature(b, t, h, f).bfloat16(), "k": feature(b, t, h, f).bfloat16(), "v": randn(b, t, g, d).bfloat16(),
         "gates": gates, "counted": counted, "gate": None, "initial": randn(b, h, f, e) if state else None,
         "dy": randn(b, t, h, d).bfloat16(), "dmass": randn(b, h, t) if counted else None,
         "dfinal": randn(b, h, f, e) if state else None}
    shape = (b, h, t) if gates == HEAD else (b, h, t, f)
    if gates != NONE and gamma is None:
        spread = torch.linspace(-2, 8, shape[-1] if gates == ROW else h, device=twin.DEVICE)
        spread = spread[torch.randperm(len(spread), device=twin.DEVICE, generator=r)]
        p["gate"] = torch.nn.functional.logsigmoid(randn(*shape) + (spread if gates == ROW else spread.view(1, h, 1)))
    elif gates != NONE:
        p["gate"] = torch.full(shape, math.log(gamma) if gamma > 0 else -math.inf, device=twin.DEVICE)
    return p


def defines(p):
    return dict(D=p["v"].shape[3], FEATURES=p["q"].shape[3], GATES=p["gates"], COUNTED=int(p["counted"]))


class Arranged:
    """A problem, its results and its workspace in memory."""

    def __init__(self, p):
        b, t, h, f = p["q"].shape
        g, d = p["v"].shape[2:]
        n, e = -(-t // CHUNK), d + int(p["counted"])
        half = lambda *s: torch.full(s, math.nan, device=p["q"].device, dtype=torch.bfloat16)
        full = lambda *s: torch.full(s, math.nan, device=p["q"].device)
        like = lambda x: None if x is None else torch.full_like(x, math.nan)
        self.defines, self.state = defines(p), p["initial"] is not None
        self.tensors = x = {a: p[a] for a in "q k v dy gate dmass initial dfinal".split()} | dict(
            y=half(b, t, h, d), mass=full(b, h, t) if p["counted"] else None, final=full(b, h, f, e),
            dinitial=full(b, h, f, e) if self.state else None, dq=like(p["q"]), dk=like(p["k"]), dv=like(p["v"]),
            dgate=like(p["gate"]), states=half(b, h, n, f, d), slopes=half(b, h, n, f, d), sums=full(b, h, n, f),
            sumSlopes=full(b, h, n, f), headV=half(b, t, h, d) if g < h else None)
        self.problem = Problem()
        for a in POINTERS:
            setattr(self.problem, a, 0 if x[a] is None else x[a].data_ptr())
        for a in STRIDED:
            for i, axis in enumerate(("Batch", "Token", "Head")):
                setattr(self.problem, a + axis, x[a].stride(i))
        for a, value in zip(INTS, (b, t, h, g, n, 0)):
            setattr(self.problem, a, value)
        parts = f // PART
        self.forward = [("states", (parts, h, b)), ("outputs", (n, h, b))]
        self.backward = [("states", (2 * parts, h, b)), ("gradients", (n, h, b))]
        if g < h:
            self.backward.append(("groups", (264, 1, 1)))

    def results(self, names):
        return {n: self.tensors[x] for n, x in names.items() if self.tensors[x] is not None}


def compared(got, p, gradients=True):
    """Errors by name against the twin, and whether all are under their limits."""
    names = [n for n in GRADIENTS if p[n] is not None]
    leaves = p | {n: p[n].double().detach().requires_grad_(gradients) for n in names}
    want = recurrence(leaves)
    if gradients:
        roots, slopes = [want["y"]], [p["dy"].double()]
        if p["counted"]:
            roots, slopes = roots + [want["mass"]], slopes + [p["dmass"].double()]
        if p["dfinal"] is not None:
            roots, slopes = roots + [want["final"]], slopes + [p["dfinal"].double()]
        found = torch.autograd.grad(roots, [leaves[n] for n in names], slopes, allow_unused=True)
        want |= {n: torch.zeros_like(leaves[n]) if x is None else x for n, x in zip(names, found)}
    line, good = {}, True
    for n, x in got.items():
        y = want[n].detach()
        tiny = float(y.norm()) < 1e-9 * math.sqrt(x.numel())  # gates of 0 or one token
        error = float(x.double().norm()) if tiny else ratio(x, y)
        line[n] = short(error)
        good = good and error < (LIMIT if n in READ else GRADIENT_LIMIT)
    return line | {"ok": good}


class Call(Arranged):
    """One prepared call on the device; forward() and back() repeat it."""

    def __init__(self, p):
        super().__init__(p)
        module, sizes = driver.loaded("memory.cu", "memory_sizes", 4, **self.defines)
        assert sizes[3] == ctypes.sizeof(Problem)
        self.functions = {name: driver.Function(module, "memory_" + name, shared)
                          for name, shared in zip(("states", "outputs", "gradients", "groups"), sizes[:3] + [0])}

    def run(self, launches):
        for name, grid in launches:
            self.functions[name].launch(grid, self.problem)
        return self


CASES = {
    f"{kind}{' counted' if counted else ''} f{f} d{d}": dict(gates=gates, counted=counted, f=f, d=d, t=500, b=2, h=6, g=2)
    for kind, gates in (("none", NONE), ("head", HEAD), ("row", ROW)) for counted in (False, True)
    for f, d in ((64, 64), (128, 64), (128, 128), (256, 128))
} | {
    f"{kind} {name}": dict(gates=gates, h=4, g=2) | more
    for kind, gates in (("none", NONE), ("head", HEAD), ("row", ROW))
    for name, more in {"t1": dict(t=1), "t63": dict(t=63), "t64": dict(t=64), "state": dict(t=130, state=True),
                       "state counted": dict(t=130, state=True, counted=True), "no group": dict(t=130, g=4)}.items()
} | {
    f"{kind} gate {gamma}": dict(gates=gates, gamma=gamma, t=300)
    for kind, gates in (("head", HEAD), ("row", ROW)) for gamma in (0.0, 1e-10, 0.01, 0.5, 0.999, 1.0)
}
SHAPES = {
    f"{kind} B16 H32 T2048 f{f} d{d}": dict(b=16, h=32, g=32, t=2048, f=f, d=d, gates=gates, counted=gates != ROW)
    for kind, gates in (("none", NONE), ("head", HEAD), ("row", ROW)) for f, d in ((128, 128),)
} | {
    f"{kind} B16 H9 G3 T2048 f128 d64": dict(b=16, h=9, g=3, t=2048, f=128, gates=gates, counted=gates != ROW)
    for kind, gates in (("none", NONE), ("head", HEAD), ("row", ROW))
}


def check(name, settings):
    p = problem(**settings)
    all_names = READ | GRADIENTS
    first, again = Call(p), Call(p)
    for call in first, again:
        call.run(call.forward).run(call.backward)
    torch.cuda.synchronize()
    got, same = first.results(all_names), again.results(all_names)
    line = {"case": name, "same bits": all(torch.equal(got[n], same[n]) for n in got)} | compared(got, p)
    return line | {"ok": line["ok"] and line["same bits"]}


def times(name, settings):
    call = Call(problem(**settings))
    line = {"shape": name, "forward": fused.milliseconds(lambda: call.run(call.forward)),
            "backward": fused.milliseconds(lambda: call.run(call.backward))}
    return {n: round(x, 4) if isinstance(x, float) else x for n, x in line.items()}


def ahead(work):
    """Compiles what the work needs, several at a time."""
    small = [defines(problem(**settings | dict(b=1, t=1, h=1, g=1))) for _, _, settings in work]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda d: fused.compiled("memory.cu", **dict(d)), {tuple(sorted(d.items())) for d in small}))


if __name__ == "__main__":
    sys.exit(script.run(__doc__, check, CASES, times, SHAPES, ahead))
