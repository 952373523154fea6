"""The fused forward kernel, compiled from the product's own sources, against a float64 twin; and its times.

    python conformance/gpu_kernels.py [--check] [--time] [--only TEXT] [--out FILE]

Needs PyTorch with CUDA, CuPy, cuda-bindings (CuPy does not compile for sm_90a). Errors are ||x - twin|| / ||twin||; the
limit is for the twin of twin.py, which rounds rotated rows of a bfloat16 model as the kernels do. Beside it the error
against exact rotation.
"""
import concurrent.futures
import functools
import json
import math
import sys
import tempfile
import time

import numpy
import torch

try:
    import cupy
except ImportError:  # the twin and the inputs serve the emulator too
    cupy = None

import script
import twin
from compiler import machine_code
from twin import JOINT, NEAR, SUM, problem, ratio, short

LIMIT = 0.004
_modules = {}


@functools.cache
def compiled(name, **defines):
    """Machine code of the source of that name for this card."""
    major, minor = torch.cuda.get_device_capability()
    return machine_code(name, f"sm_{major}{minor}{'a' if major >= 9 else ''}", **defines)


def module(name, **defines):
    """The compiled source of that name, loaded."""
    key = (name, tuple(sorted(defines.items())))
    if key not in _modules:
        with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
            file.write(compiled(name, **defines))
            file.flush()
            _modules[key] = cupy.RawModule(path=file.name)
            _modules[key].get_function("lizard_forward")  # reads the file
    return _modules[key]


def defines(p, save):
    q = p["q"]
    return dict(D=q.shape[3], HALF_F=p["map_q"].shape[2], WINDOW=p["window"], MODE=p["mode"],
                IO_FLOAT=1 if q.dtype == torch.float32 else None, MAP_FLOAT=1 if p["map_q"].dtype == torch.float32 else None,
                SAVE=1 if save else None, DOCUMENTS=1 if p.get("documents") is not None else None)


def compile_ahead(work, *makers):
    """Compiles what the work needs, several at a time; a maker compiles for a problem."""
    def one(task):
        settings, make = task
        small = {n: y for n, y in settings.items() if n not in ("length", "limit", "beside")} | dict(b=1, t=1, past=0)
        try:
            make(problem(**small))
        except Exception as e:
            print(json.dumps({"compile": repr(e)[:3000]}), flush=True)

    start = time.time()
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(one, [(s, m) for _, _, s in work for m in makers]))
    print(json.dumps({"compiled in seconds": round(time.time() - start, 1)}), flush=True)


def maker(save):
    return lambda p: compiled("lizard_forward.cu", **defines(p, save))


def pointer(x):
    return numpy.uint64(0 if x is None else x.data_ptr())


def strides(x):
    return [numpy.int32(x.stride(n)) for n in range(3)]


def constant(mod, name):
    """A const int of the module."""
    return int(cupy.ndarray(1, cupy.int32, mod.get_global(name)).get()[0])


def stream():
    return cupy.cuda.Stream.from_external(torch.cuda.current_stream())


class Forward:
    """One prepared call of the forward kernel; run() repeats it."""

    def __init__(self, p, save=True, final=True, length=None):
        q, k = p["q"], p["k"]
        b, t, h, d = q.shape
        g = k.shape[2]
        f = p["map_q"].shape[2]
        self.module = module("lizard_forward.cu", **defines(p, save))
        shared, threads, carry = (constant(self.module, n) for n in
                                  ("lizard_shared_bytes", "lizard_threads", "lizard_carry_floats"))
        length = t if length is None else length
        segments = -(-t // length)
        self.y = torch.full_like(q, math.nan)
        new = lambda dtype: torch.full((b, h, t), -7, device=twin.DEVICE, dtype=dtype) if save else None
        self.max, self.inverse, self.argmax = new(torch.float32), new(torch.float32), new(torch.int32)
        self.final = torch.full((b, h, 2 * f, d + 1), math.nan, device=twin.DEVICE) if final else None
        self.carry = torch.empty(b * h * max(1, segments - 1) * carry, device=twin.DEVICE) if segments > 1 else None
        self.main, self.states = (self.module.get_function(n) for n in ("lizard_forward", "lizard_states"))
        self.main.max_dynamic_shared_size_bytes = shared
        self.states.max_dynamic_shared_size_bytes = shared
        i = numpy.int32
        sizes = [i(h), i(h // g), i(t), i(k.shape[1] - t), i(segments), i(length)]
        state, doc = p.get("state"), p.get("documents")
        self.main_args = tuple(
            [pointer(x) for x in (q, k, p["v"], self.y, p["cos"], p["sin"], p["gate"], p["sink"], p["share"], p["map_q"],
                                  p["map_k"], state, self.final, self.max, self.inverse, self.argmax, doc, self.carry)]
            + sizes + [i(p["cos"].stride(0))] + strides(q) + strides(k) + strides(p["v"]) + strides(self.y))
        self.state_args = tuple(
            [pointer(x) for x in (k, p["v"], p["gate"], p["map_k"], state, self.carry, doc)]
            + sizes + strides(k) + strides(p["v"]))
        self.blocks, self.segments, self.threads, self.shared = b * h, segments, threads, shared
        self.inputs = p

    def run(self):
        with stream():
            if self.segments > 1:
                self.states((self.blocks * (self.segments - 1),), (self.threads,), self.state_args, shared_mem=self.shared)
            self.main((self.blocks * self.segments,), (self.threads,), self.main_args, shared_mem=self.shared)
        return self


CASES = {
    "joint d64 t512": dict(),
    "joint d64 t2048": dict(t=2048),
    "t1": dict(t=1),
    "t63": dict(t=63),
    "t129": dict(t=129),
    "t1000 split 256": dict(t=1000, length=256),
    "t1000 past 128 state split 192": dict(t=1000, past=128, state=True, length=192),
    "t200 past 77": dict(t=200, past=77),
    "t1 past 128 state": dict(t=1, past=128, state=True),
    "gamma 0": dict(gamma=0.0),
    "gamma 0.01": dict(gamma=0.01),
    "gamma 0.5": dict(gamma=0.5),
    "gamma 0.999": dict(gamma=0.999, t=2048),
    "gamma 1": dict(gamma=1.0, t=2048),
    "no sink": dict(sink=False),
    "loud q.k to +-150": dict(loud=4.0),
    "w64": dict(w=64),
    "w80": dict(w=80),
    "F32": dict(f=32),
    "F128": dict(f=128),
    "d128 t700": dict(d=128, h=4, t=700),
    "d128 t2048 no group": dict(d=128, h=4, g=4, t=2048),
    "d128 F32 w64": dict(d=128, f=32, w=64, h=4),
    "d128 past state split": dict(d=128, h=4, t=600, past=128, state=True, length=128),
    "float io": dict(io=torch.float32, maps=torch.float32),
    "float maps": dict(maps=torch.float32),
    "sum d64": dict(mode=SUM, t=700),
    "sum d128": dict(mode=SUM, t=700, d=128, h=4),
    "near d64": dict(mode=NEAR, t=700),
    "near d128": dict(mode=NEAR, t=700, d=128, h=4),
    "documents": dict(documents=True, t=1500),
    "documents d128": dict(documents=True, t=1500, d=128, h=4),
    "t8192": dict(b=1, h=3, g=1, t=8192, length=1024),
    "t65536": dict(b=1, h=1, g=1, t=65536, length=4096),
    "t65536 d128": dict(b=1, h=1, g=1, t=65536, d=128),
}


def check(name, settings):
    settings = dict(settings)
    length, limit = settings.pop("length", None), settings.pop("limit", LIMIT)
    p = problem(**settings)
    got = Forward(p, length=length).run()
    torch.cuda.synchronize()
    errors = compared(p, got)
    agrees = errors.pop("argmax agrees")
    line = {"case": name, "ok": all(x < limit for x in errors.values()), "limit": limit, "argmax agrees": agrees, **errors}
    if not p["exact"]:
        line["y against exact rotation"] = short(ratio(got.y, twin.twin(p | {"exact": True})["y"]))
    return line


def compared(p, got):
    """Errors of what a forward pass left, by name."""
    want = twin.twin(p)
    names = ["y", "max", "inverse"] + (["final"] if p["mode"] != NEAR and p.get("documents") is None else [])
    agrees = float((got.argmax == want["argmax"]).double().mean())
    return {n: short(ratio(getattr(got, n), want[n])) for n in names} | {"argmax agrees": round(agrees, 5)}


# ---- times ----


def milliseconds(call):
    from triton.testing import do_bench

    return do_bench(call, warmup=20, rep=60, return_mode="median")


SHAPES = {
    "B16 H32 d128 T2048": dict(b=16, h=32, g=32, t=2048, d=128, w=128),
    "B16 H32 d128 T8192": dict(b=16, h=32, g=32, t=8192, d=128, w=128),
    "smol B16 T2048": dict(b=16, h=9, g=3, t=2048, d=64, w=128),
    "smol B4 T8192": dict(b=4, h=9, g=3, t=8192, d=64, w=128),
}
LENGTHS = {"smol B16 T2048": (None, 1024, 512), "smol B4 T8192": (None, 2048, 1024, 512)}


def times(name, settings):
    p = problem(**settings)
    result = {"shape": name}
    for length in LENGTHS.get(name, (None,)):
        forward = Forward(p, save=False, final=False, length=length)
        result["lizard" + (f" split {length}" if length else "")] = milliseconds(forward.run)
    result["lizard save"] = milliseconds(Forward(p, save=True, final=False).run)
    return {n: round(x, 4) if isinstance(x, float) else x for n, x in result.items()}


def ahead(work):
    compile_ahead(work, maker(True))
    compile_ahead([x for x in work if x[0] == times], maker(False))


if __name__ == "__main__":
    sys.exit(script.run(__doc__, check, CASES, times, SHAPES, ahead))
