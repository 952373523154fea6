"""The kernels of a token with exact slots on the CPU, against their definition in NumPy: scores, outputs and state, without a GPU.

    python conformance/emulator/emulate_slot_decode.py [--only TEXT] [--seed N]

As emulate.py: rows at different positions, over some dozen steps, slots filling and overflowing, equal scores. Needs NumPy
and g++.
"""
import ctypes
import math
import sys

import numpy as np

import host

BASE = dict(D=64, R=3, BF16=0, INT8=1, w=5, m=2, K=9, limit=0, B=2, G=2, each=6, steps=26)
CASES = {
    "int8": {},
    "int8, limit, sinks": dict(limit=8, sinks=True),
    "plain": dict(INT8=0, limit=10),
    "no first tokens, one slot": dict(m=0, K=1, each=4),
    "half": dict(BF16=1),
    "half, plain": dict(BF16=1, INT8=0, R=1, each=16),
    "d 128": dict(D=128, R=2, BF16=1, sinks=True),
    "equal scores": dict(equal=True),
}
SCORES = {"score": dict(rows=1), "score of many": dict(B=11, rows=4), "score, half": dict(B=3, rows=8, BF16=1)}


def whole(x):
    """float32 of bfloat16 as uint16."""
    return (x.astype(np.uint32) << 16).view(np.float32)


def half(x):
    u = np.ascontiguousarray(x, np.float32).view(np.uint32)
    return ((u + 0x7fff + (u >> 16 & 1)) >> 16).astype(np.uint16)


def rounded(x):
    s = np.float32(max(np.abs(x).max(), np.float32(1e-30))) * np.float32(1 / 127)
    return np.rint(x / s) * np.float64(s)


def turned(x, angle):
    a, b = np.split(x.astype(np.float64), 2)
    return np.concatenate([a * np.cos(angle) - b * np.sin(angle), b * np.cos(angle) + a * np.sin(angle)])


def twin(s, q, k, v, r, sink, radians):
    """Outputs of one head of all its tokens, each from the definition."""
    best, y = [], []
    for t in range(len(q)):
        j = t - s["w"]
        if j >= s["m"]:
            keep = rounded if s["INT8"] else (lambda x: whole(half(x))) if s["BF16"] else (lambda x: x)
            best.append((r[j], j, keep(k[j]), keep(v[j])))
            best = sorted(best, key=lambda x: x[:2])[-s["K"]:]
        far = (lambda n: min(n, s["limit"])) if s["limit"] else (lambda n: n)
        read = [(k[j], v[j], t - j) for j in range(t + 1) if t - j < s["w"]]
        read += [(k[j], v[j], far(t) - j) for j in range(min(s["m"], t - s["w"] + 1))]
        read += [(key, value, far(t - j)) for _, j, key, value in best]
        logits = [turned(key, -n * radians) @ q[t].astype(np.float64) / math.sqrt(s["D"]) for key, _, n in read]
        weights = np.exp(np.array(logits))
        y.append(weights @ np.array([value for _, value, _ in read], np.float64) / (weights.sum() + math.exp(sink)))
    return np.array(y), best


def sources(folder):
    text = host.inlined("slot_decode.cu", ["overlap.cuh"]).replace('#include "overlap.cuh"\n', "")
    text = text.replace("char* memory = emulator::memory;", "float* weights = (float*)emulator::memory;")
    (folder / "slot_decode.h").write_text(text)


class Call(ctypes.Structure):
    _fields_ = [(n, ctypes.c_void_p) for n in (
        "q k v score sink ringKeys ringValues ringScores pairs marks positions read turns parts arrived y").split()]
    _fields_ += [(n, ctypes.c_int) for n in "batch groups window first slots limit each share".split()]
    _fields_ += [("factor", ctypes.c_float), ("seed", ctypes.c_uint)]


class Judged(ctypes.Structure):
    _fields_ = [(n, ctypes.c_void_p) for n in "x k v w1 b1 w2 b2 read parts arrived score".split()]
    _fields_ += [(n, ctypes.c_int) for n in "width both units groups batch rows".split()]
    _fields_ += [("rate", ctypes.c_float), ("seed", ctypes.c_uint)]


def check_score(folder, settings, seed):
    s = dict(D=64, R=1, BF16=0, INT8=1, B=1, G=3, rows=1, width=70, units=19, rate=0.01) | settings
    lib = host.library(folder, "slot_decode.cpp", {n: s[n] for n in ("D", "R", "BF16", "INT8")} | {"THREADS": 256})
    random = np.random.default_rng(seed)
    draw = lambda *shape: random.normal(size=shape).astype(np.float32)
    b, g, units, both = s["B"], s["G"], s["units"], s["G"] * s["D"]
    inputs, blocks = s["width"] + 2 * both, -(-units // 8)
    x, k, v = draw(b, s["width"]), draw(b, both), draw(b, both)
    own = dict(w1=draw(units, inputs) / 9, b1=draw(units), w2=draw(g, units), b2=draw(g), read=np.arange(5, 5 + b),
               parts=np.full((b, blocks, g), np.nan, np.float32), arrived=np.zeros(b, np.int32),
               score=np.zeros((b, g), np.float32))
    x, k, v = (half(a) if s["BF16"] else a for a in (x, k, v))
    call = Judged(**{n: a.ctypes.data for n, a in (own | dict(x=x, k=k, v=v)).items()}, width=s["width"], both=both,
                  units=units, groups=g, batch=b, rows=s["rows"], rate=s["rate"], seed=seed)
    lib.scores(ctypes.byref(call))
    u = np.concatenate([whole(a) if s["BF16"] else a for a in (x, k, v)], 1).astype(np.float64)
    a = u / np.sqrt((u * u).mean(1, keepdims=True) + 1e-6) @ own["w1"].T + own["b1"]
    r = (a / (1 + np.exp(-a))) @ own["w2"].T + own["b2"]
    worst = float(np.abs(own["score"] - (np.rint(64 * r) / 64 + own["read"][:, None] * s["rate"])).max())
    return {"ok": worst < 1e-5 and not own["arrived"].any(), "worst": worst}


def check(folder, settings, seed):
    if settings in SCORES.values():
        return check_score(folder, settings, seed)
    s = BASE | settings
    d, heads, b, g, ring = s["D"], s["R"], s["B"], s["G"], s["w"] + s["m"]
    lib = host.library(folder, "slot_decode.cpp", {n: s[n] for n in ("D", "R", "BF16", "INT8")} | {"THREADS": 256})
    random = np.random.default_rng(seed)
    t = s["steps"]
    draw = lambda *shape: random.normal(size=shape).astype(np.float32)
    q, k, v = draw(t, b, g * heads, d), draw(t, b, g, d), draw(t, b, g, d)
    if s["BF16"]:
        q, k, v = (whole(half(x)) for x in (q, k, v))
    r = np.zeros((t, b, g), np.float32) if s.get("equal") else draw(t, b, g)
    sink = draw(g * heads) if s.get("sinks") else None
    radians = 1000.0 ** (-np.arange(d // 2) / (d // 2))
    turns = np.array([int(x / (2 * math.pi) * 2**64) for x in radians], np.uint64)
    kind = np.int8 if s["INT8"] else np.uint16 if s["BF16"] else np.float32
    number = np.uint16 if s["BF16"] else np.float32
    share = -(-(ring + s["K"]) // s["each"])
    memory = dict(
        ringKeys=np.zeros((b, g, ring, d), np.float32), ringValues=np.zeros((b, g, ring, d), np.float32),
        ringScores=np.zeros((b, g, ring), np.float32), pairs=np.zeros((b, g, s["K"], 2 * d), kind),
        marks=np.zeros((b, g, s["K"], 3 if s["INT8"] else 1), np.float32), positions=np.zeros((b, g, s["K"]), np.int32),
        parts=np.full((b, g, share, heads, d + 2), np.nan, np.float32), arrived=np.zeros(b * g, np.int32))
    right = [[twin(s, q[:, i, h], k[:, i, h // heads], v[:, i, h // heads], r[:, i, h // heads],
                   -math.inf if sink is None else float(sink[h]), radians) for h in range(g * heads)] for i in range(b)]
    worst, read = 0.0, np.zeros(b, np.int64)
    for step in range(t + 3):
        at = np.maximum(0, np.minimum(step - 3 * np.arange(b), t - 1))  # rows begin one after the other
        rows = np.arange(b)
        stored = {n: memory[n].copy() for n in ("ringKeys", "ringValues", "ringScores", "pairs", "marks", "positions")}
        io = (lambda x: half(x)) if s["BF16"] else (lambda x: np.ascontiguousarray(x))
        own = dict(q=io(q[at, rows]), k=io(k[at, rows]), v=io(v[at, rows]), score=np.ascontiguousarray(r[at, rows]),
                   read=at.astype(np.int64), turns=turns, y=np.zeros((b, g * heads, d), number))
        call = Call(**{n: x.ctypes.data for n, x in (memory | own).items()},
                    sink=None if sink is None else sink.ctypes.data, batch=b, groups=g, window=s["w"], first=s["m"],
                    slots=s["K"], limit=s["limit"], each=s["each"], share=share, factor=1 / math.sqrt(d), seed=seed + step)
        lib.slots(ctypes.byref(call))
        y = whole(own["y"]) if s["BF16"] else own["y"]
        for i in range(b):
            if step - 3 * i < 0 or step - 3 * i >= t:  # it has not begun, or has ended: as if nothing had been read
                for n, x in stored.items():
                    memory[n][i] = x[i]
                continue
            for h in range(g * heads):
                expected = right[i][h][0][at[i]]
                worst = max(worst, float(np.abs(y[i, h] - expected).max() / np.abs(expected).max()))
    kept = all(
        sorted(memory["positions"][i, h // heads].tolist()) == sorted([j + 1 for _, j, _, _ in right[i][h][1]]
                                                                       + [0] * (s["K"] - len(right[i][h][1])))
        for i in range(b) for h in range(g * heads) if 3 * i + t <= t + 3)
    ok = worst < (8e-3 if s["BF16"] else 2e-5) and kept and not memory["arrived"].any()
    return {"ok": bool(ok), "worst": worst, "kept": bool(kept)}


if __name__ == "__main__":
    sys.exit(host.run(__doc__, CASES | SCORES, sources, check))
