"""The kernel that draws tokens on the CPU, against its definition in plain Python: all but its speed, without a GPU.

    python conformance/emulator/emulate_sample.py [--only TEXT] [--seed N]

As emulate.py, but needs nothing beside Python and g++. A token may differ from the twin's only where the number drawn
lies within rounding of the border between the two.
"""
import ctypes
import math
import random
import struct
import sys

import host

GOLDEN, MASK = 0x9E3779B97F4A7C15, (1 << 64) - 1
THREADS, BROKEN = 128, -1
KINDS = {
    "normal": lambda r, v: [r.gauss(0, 3) for _ in range(v)],
    "flat": lambda r, v: [0.25] * v,
    "nearly flat": lambda r, v: [1 + 1e-4 * r.random() for _ in range(v)],
    "few values": lambda r, v: [r.choice((-1.5, -0.0, 0.0, 2.0)) for _ in range(v)],
    "peaked": lambda r, v: [-40.0 * r.random() for _ in range(v - 1)] + [5.0],
    "mostly hidden": lambda r, v: [r.gauss(0, 1) if r.random() < 0.01 else -math.inf for _ in range(v - 1)] + [0.5],
    "coarse": lambda r, v: [round(r.gauss(0, 2) * 8) / 8 for _ in range(v)],
}
FILTERS = [dict(), dict(k=1), dict(k=5), dict(k=200), dict(p=0.3), dict(p=0.95), dict(p=1e-9), dict(m=0.05), dict(m=1),
           dict(k=50, p=0.9, m=0.02), dict(t=0.2), dict(t=3, p=0.99), dict(t=0), dict(t=1e-30), dict(t=1e30),
           dict(r=1.3), dict(t=0, r=2), dict(r=1.1, f=0.4, a=0.7, p=0.8), dict(k=-1)]
CASES = {f"{kind}, {name}": dict(kind=kind, **more)
         for kind in KINDS
         for name, more in {"v1000": dict(v=1000, slices=3), "v129": dict(v=129, slices=2), "v5": dict(v=5, slices=1),
                            "half v3001": dict(v=3001, slices=4, half=True)}.items()}
CASES["broken"] = dict(kind="normal", v=300, slices=2, broken=True)


def mixed(z):
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return z ^ z >> 31


def single(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def half(x):
    bits = struct.unpack("I", struct.pack("f", x))[0]
    return (bits + 0x7fff + (bits >> 16 & 1)) >> 16


def twin(x, past, row):
    """Ids in order with their weights, after all filters; greedy: the first alone."""
    y = []
    for i, z in enumerate(x):
        if past[i]:
            z = z / row["r"] if z > 0 else z * row["r"]
            z = single(z - (row["a"] + row["f"] * (past[i] >> 1)) if past[i] > 1 else z)
        y.append(z)
    order = sorted(range(len(y)), key=lambda i: (-y[i], i))
    if row["t"] == 0:
        return [(order[0], 1.0)]
    top = y[order[0]]
    kept = [(i, math.exp((y[i] - top) / row["t"])) for i in order if (y[i] - top) / row["t"] > -30.49]
    if row["k"] > 0:
        kept = kept[: row["k"]]
    if row["p"] < 1:
        wanted, held, n = row["p"] * math.fsum(w for _, w in kept), 0.0, 0
        while n < len(kept) and held < wanted * (1 - 1e-7):
            held += kept[n][1]
            n += 1
        kept = kept[:n]
    return [(i, w) for i, w in kept if w >= row["m"]]


def right(kept, u, id):
    """Whether the id is the one at u, or next to it within rounding."""
    total, before = math.fsum(w for _, w in kept), 0.0
    for i, w in kept:
        if i == id:
            return before / total - 3e-6 <= u <= (before + w) / total + 3e-6
        before += w
    return False


def sources(folder):
    (folder / "sample.h").write_text(host.inlined("sample.cu", ["common.cuh"]).replace('#include "common.cuh"\n', ""))


def check(folder, settings, seed):
    v, slices, is_half, broken = settings["v"], settings["slices"], settings.get("half"), settings.get("broken")
    lib = host.library(folder, "sample.cpp", {"THREADS": THREADS, "BF16": 1 if is_half else None})
    r = random.Random(f"{settings} {seed}")
    rows = [dict(dict(t=1.0, k=0, p=1.0, m=0.0, r=1.0, a=0.0, f=0.0), **f) for f in FILTERS]
    b = len(rows)
    x = [[single(z) for z in KINDS[settings["kind"]](r, v)] for _ in rows]
    if is_half:
        x = [[struct.unpack("f", struct.pack("I", half(z) << 16))[0] for z in row] for row in x]
    if broken:
        for i, row in enumerate(x):
            row[r.randrange(v)] = (math.nan, math.inf)[i % 2]
        x[0] = [-math.inf] * v
    past = [[r.choice((0, 0, 0, 1, 2, 5)) for _ in range(v)] for _ in rows]
    logits = ((ctypes.c_uint16 if is_half else ctypes.c_float) * (b * v))(
        *[half(z) if is_half else z for row in x for z in row])
    history = (ctypes.c_int * (b * v))(*[n for row in past for n in row])
    states = [r.getrandbits(64) for _ in rows]
    words = b"".join(struct.pack("Qddddddq", s, *(float(w[key]) for key in "tpmraf"), w["k"]) for s, w in zip(states, rows))
    settings_memory = ctypes.create_string_buffer(words, len(words))
    slice = -(-(-(-v // slices)) // THREADS) * THREADS
    slices = -(-v // slice)
    work = (ctypes.c_uint64 * (b * (slices + THREADS + THREADS // 2 + 1)))(*[MASK] * (b * (slices + THREADS + THREADS // 2 + 1)))
    following, told = (ctypes.c_int64 * b)(*[-7] * b), (ctypes.c_int64 * b)(*[-7] * b)
    wrong, near = [], 0
    for turn in range(2):
        lib.sample(logits, history, settings_memory, work, v, slices, slice, b, following, told, seed)
        for i, row in enumerate(rows):
            state = struct.unpack_from("Q", settings_memory, 64 * i)[0]
            if row["k"] < 0 or broken:
                if (following[i], told[i], state) != (0, 0 if row["k"] < 0 else BROKEN, states[i]):
                    wrong.append((i, following[i], told[i]))
                continue
            draws = row["t"] > 0
            states[i] = states[i] + GOLDEN & MASK if draws else states[i]
            penalised = row["r"] != 1 or row["a"] != 0 or row["f"] != 0
            kept = twin(x[i], past[i] if penalised else [0] * v, row)
            u = (mixed(states[i]) >> 11) * 2.0**-53 if draws else 0.0
            exact = next((i for i, s in ((j, sum(w for _, w in kept[: n + 1])) for n, (j, _) in enumerate(kept))
                          if s > u * sum(w for _, w in kept)), kept[-1][0]) if len(kept) < 300 else None
            if exact is not None and exact != told[i]:
                near += 1
            if following[i] != told[i] or state != states[i] or not right(kept, u, told[i]):
                wrong.append((i, row, told[i], exact))
            past[i][told[i]] += 2 if penalised else 0
        if list(history) != [n for row in past for n in row]:
            wrong.append("history")
    return {"ok": not wrong and near <= 1, "near": near, "wrong": wrong[:3]}


if __name__ == "__main__":
    sys.exit(host.run(__doc__, CASES, sources, check))
