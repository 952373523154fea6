"""The fused CUDA kernels, compiled from the product's own sources, against a float64 twin; and their times beside
flash-linear-attention and PyTorch's flash attention on the same card in the same run.

    python conformance/gpu_kernels.py [--check] [--time] [--only TEXT] [--out results/gpu-kernels.jsonl]

Needs PyTorch with CUDA, CuPy (it compiles by NVRTC); flash-linear-attention is timed where it is installed. The twin is
written from docs/format.md over all pairs of tokens, with no thought of speed. One JSON line a case. Errors are
||x - twin|| / ||twin||. Exit status 1 if one is over its limit.
"""
import argparse
import concurrent.futures
import json
import math
import pathlib
import sys
import time
import traceback

import numpy
import torch

try:
    import cupy
except ImportError:  # the twin and the inputs serve the emulator too
    cupy = None

SOURCES = pathlib.Path(__file__).resolve().parent.parent / "tensor/src/main/resources/dev/lizard/tensor/cuda"
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
JOINT, SUM, NEAR = 0, 1, 2
LIMIT = 0.004


# ---- the twin ----


def rotated(x, cos, sin):
    """x [.., T, d] by tables [T, d/2], pairs (i, i + d/2)."""
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def phi(x, w):
    """x [B, H, T, d], w [H, d, F]."""
    z = torch.einsum("bhtd,hdf->bhtf", x, w)
    return torch.cat([z.softmax(-1), (-z).softmax(-1)], -1).clamp_min(1e-12)


def twin(p, rows=1024):
    """p: the inputs of `problem`; float64 outputs y [B, T, H, d], m and 1/den [B, H, T], argmax, S [B, H, f, d + 1]."""
    d64 = lambda x: None if x is None else x.double()
    q, k, v = (d64(p[n]).transpose(1, 2) for n in "qkv")
    b, h, t, d = q.shape
    past, w, mode = k.shape[2] - t, p["window"], p["mode"]
    lag = w if mode == JOINT else 0
    k, v = (x.repeat_interleave(h // x.shape[1], 1) for x in (k, v))
    cos, sin = d64(p["cos"]), d64(p["sin"])
    qr, kr = rotated(q, cos[past:], sin[past:]), rotated(k, cos, sin)
    fq, fk = phi(q, d64(p["map_q"])), phi(k, d64(p["map_k"]))
    v1 = torch.cat([v, torch.ones_like(v[..., :1])], -1)
    g = d64(p["gate"]).clamp_min(-30).cumsum(-1)  # [B, H, T]
    # time l = j + lag at which key j is written; the sum of gates up to there
    key = torch.arange(-past, t, device=q.device)
    written = key + lag
    at = torch.where((written >= 0) & (written < t), written, 0)
    gk = g[..., at]  # [B, H, P + T]
    share = d64(p["share"]).view(1, h, 1, 1)
    sink = d64(p["sink"])
    doc = p.get("documents")
    out = {n: [] for n in ("y", "max", "inverse", "argmax")}
    state = d64(p.get("state"))
    for i0 in range(0, t, rows):
        i = torch.arange(i0, min(t, i0 + rows), device=q.device)
        near = (key <= i[:, None]) & (key > i[:, None] - w)  # [T, P + T]
        far = (key <= i[:, None] - lag) & (written >= 0)
        if doc is not None:
            same = doc[:, i][:, None, :, None] == doc[:, None, None, :]
            near, far = near & same, far & same
        s = (qr[:, :, i] @ kr.transpose(-1, -2) / math.sqrt(d)).masked_fill(~near, -math.inf)
        m, where = s.max(-1, keepdim=True)
        if sink is not None:
            where = torch.where(sink.view(1, h, 1, 1) >= m, -1, where)
            m = torch.maximum(m, sink.view(1, h, 1, 1))
        e = (s - m).exp()
        nw = e @ v1
        dw = nw[..., -1:] + (0 if sink is None else (sink.view(1, h, 1, 1) - m).exp())
        decay = (g[:, :, i, None] - gk[:, :, None]).masked_fill(~far, -math.inf).exp()
        nl = ((fq[:, :, i] @ fk.transpose(-1, -2)) * decay) @ v1
        if state is not None:
            nl = nl + (fq[:, :, i] * g[:, :, i, None].exp()) @ state
        dl = nl[..., -1:]
        if mode == JOINT:
            den = dl + share * dw
            y = (nl + share * nw)[..., :-1] / den
        elif mode == SUM:
            den = dw
            y = share * nl[..., :-1] / dl + (1 - share) * nw[..., :-1] / dw
        else:
            den = dw
            y = nw[..., :-1] / dw
        out["y"].append(y)
        out["max"].append(m[..., 0])
        out["inverse"].append(1 / den[..., 0])
        out["argmax"].append(where[..., 0])
    result = {n: torch.cat(x, 2) for n, x in out.items()}
    result["y"] = result["y"].transpose(1, 2)
    weight = (g[..., -1:] - gk).exp() * ((written >= 0) & (written < t))
    result["final"] = (fk * weight[..., None]).transpose(-1, -2) @ v1
    if state is not None:
        result["final"] = result["final"] + state * g[..., -1].exp()[..., None, None]
    return result


# ---- inputs ----


def problem(b=2, h=6, g=2, t=512, d=64, f=64, w=128, past=0, mode=JOINT, gamma=None, sink=True, loud=1.0, io=torch.bfloat16,
            maps=torch.bfloat16, state=False, documents=False, seed=1):
    """Random inputs on the card. gamma: one gate for all, or None for gates spread over heads and tokens."""
    r = torch.Generator(device=DEVICE).manual_seed(seed)
    randn = lambda *shape: torch.randn(*shape, device=DEVICE, generator=r)
    position = torch.arange(past + t, device=DEVICE, dtype=torch.float64)
    angle = position[:, None] * 10000.0 ** (-torch.arange(d // 2, device=DEVICE, dtype=torch.float64) / (d // 2))
    p = {
        "q": (randn(b, t, h, d) * loud).to(io),
        "k": (randn(b, past + t, g, d) * loud).to(io),
        "v": randn(b, past + t, g, d).to(io),
        "cos": angle.cos().float(),
        "sin": angle.sin().float(),
        "sink": randn(h) * 2 if sink else None,
        "share": torch.rand(h, device=DEVICE, generator=r) * 0.8 + 0.1,
        "map_q": (randn(h, d, f) / math.sqrt(d) * 2).to(maps),
        "map_k": (randn(h, d, f) / math.sqrt(d) * 2).to(maps),
        "window": w,
        "mode": mode,
        "state": randn(b, h, 2 * f, d + 1).abs() if state else None,
    }
    if gamma is None:
        p["gate"] = torch.nn.functional.logsigmoid(randn(b, h, t) + torch.linspace(2, 8, h, device=DEVICE).view(1, h, 1))
    else:
        p["gate"] = torch.full((b, h, t), math.log(gamma) if gamma > 0 else -math.inf, device=DEVICE)
    if documents:
        p["documents"] = (torch.rand(b, t, device=DEVICE, generator=r) < 0.01).cumsum(-1).int()
    return p


# ---- the kernel ----

_modules = {}


def module(name, **defines):
    """The compiled source of that name."""
    options = tuple(["--std=c++17", f"-I{SOURCES}"] + [f"-D{k}={v}" for k, v in sorted(defines.items()) if v is not None])
    key = (name, options)
    if key not in _modules:
        _modules[key] = cupy.RawModule(code=(SOURCES / name).read_text(), options=options, backend="nvrtc")
    return _modules[key]


def defines(p, save):
    q = p["q"]
    return dict(D=q.shape[3], HALF=p["map_q"].shape[2], WINDOW=p["window"], MODE=p["mode"],
                IO_FLOAT=1 if q.dtype == torch.float32 else None, MAP_FLOAT=1 if p["map_q"].dtype == torch.float32 else None,
                SAVE=1 if save else None, DOCUMENTS=1 if p.get("documents") is not None else None)


def compile_ahead(settings):
    """Compiles what the cases need, several at a time."""
    def one(x):
        s, save = x
        small = {n: y for n, y in s.items() if n not in ("length", "limit")} | dict(b=1, t=1, past=0)
        try:
            module("lizard_forward.cu", **defines(problem(**small), save)).compile()
        except Exception as e:
            print(json.dumps({"compile": repr(e)[:3000]}), flush=True)

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(one, settings))


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
        new = lambda dtype: torch.full((b, h, t), -7, device=DEVICE, dtype=dtype) if save else None
        self.max, self.inverse, self.argmax = new(torch.float32), new(torch.float32), new(torch.int32)
        self.final = torch.full((b, h, 2 * f, d + 1), math.nan, device=DEVICE) if final else None
        self.carry = torch.empty(b * h * max(1, segments - 1) * carry, device=DEVICE) if segments > 1 else None
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


def ratio(x, reference):
    x, reference = x.double(), reference.double()
    return float((x - reference).norm() / reference.norm().clamp_min(1e-30))


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
    "loud q.k to +-150": dict(loud=4.0, limit=0.03),
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
    want = twin(p)
    errors = {"y": ratio(got.y, want["y"]), "max": ratio(got.max, want["max"]), "inverse": ratio(got.inverse, want["inverse"])}
    if p["mode"] != NEAR and p.get("documents") is None:
        errors["final"] = ratio(got.final, want["final"])
    argmax = float((got.argmax == want["argmax"]).double().mean())
    good = all(x < limit for x in errors.values())
    return {"case": name, "ok": good, "limit": limit, "argmax agrees": round(argmax, 5),
            **{n: float(f"{x:.3g}") for n, x in errors.items()}}


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


def rivals(p):
    """Name and call of each peer on the same q, k, v; heads of a group expanded where the peer has no groups."""
    q, k, v = p["q"], p["k"], p["v"]
    h, g = q.shape[2], k.shape[2]
    kx, vx = (x.repeat_interleave(h // g, 2) for x in (k, v))
    qt, kt, vt = (x.transpose(1, 2).contiguous() for x in (q, kx, vx))
    out = {"sdpa flash": lambda: torch.nn.functional.scaled_dot_product_attention(qt, kt, vt, is_causal=True)}
    try:
        from fla.ops.attn.parallel import parallel_attn
        from fla.ops.gla import chunk_gla
        from fla.ops.simple_gla import chunk_simple_gla

        gate = p["gate"].transpose(1, 2).contiguous()
        out["fla chunk_simple_gla"] = lambda: chunk_simple_gla(q, kx, vx, gate)
        out["fla parallel_attn window"] = lambda: parallel_attn(q, k, v, window_size=p["window"])
        wide = gate[..., None].expand(*gate.shape, q.shape[3]).to(q.dtype).contiguous()
        out["fla chunk_gla"] = lambda: chunk_gla(q, kx, vx, wide)
    except Exception as e:
        print(json.dumps({"fla": f"not timed: {e!r}"[:300]}))
    return out


def times(name, settings):
    p = problem(**settings)
    result = {"shape": name}
    for length in LENGTHS.get(name, (None,)):
        forward = Forward(p, save=False, final=False, length=length)
        result["lizard" + (f" split {length}" if length else "")] = milliseconds(forward.run)
    result["lizard save"] = milliseconds(Forward(p, save=True, final=False).run)
    with torch.no_grad():
        for n, call in rivals(p).items():
            try:
                result[n] = milliseconds(call)
            except Exception as e:
                result[n] = repr(e)[:160]
    return {n: round(x, 4) if isinstance(x, float) else x for n, x in result.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--time", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--out", default="")
    args = parser.parse_args()
    both = args.check == args.time
    torch.backends.cuda.matmul.allow_tf32 = False
    lines = [{"device": torch.cuda.get_device_name(), "torch": torch.__version__}]
    print(json.dumps(lines[0]), flush=True)
    work = []
    if args.check or both:
        work += [(check, n, s) for n, s in CASES.items()]
    if args.time or both:
        work += [(times, n, s) for n, s in SHAPES.items()]
    work = [x for x in work if args.only in x[1]]
    start = time.time()
    compile_ahead([(s, save) for c, _, s in work for save in ((True,) if c == check else (True, False))])
    print(json.dumps({"compiled in seconds": round(time.time() - start, 1)}), flush=True)
    for call, name, settings in work:
        try:
            line = call(name, settings)
        except Exception as e:
            line = {"case": name, "ok": False, "error": repr(e)[:1500], "at": traceback.format_exc().splitlines()[-3][:200]}
        print(json.dumps(line), flush=True)
        lines.append(line)
        torch.cuda.empty_cache()
        if "illegal" in str(line.get("error", "")) or "unspecified launch" in str(line.get("error", "")):
            break
    if args.out:
        path = pathlib.Path(args.out)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(x) + "\n" for x in lines))
    return 0 if all(x.get("ok", True) for x in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
