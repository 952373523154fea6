"""The kernels of exact slots on the CPU against their definition in doubles: a check of all but their speed, and of wgmma,
without a GPU.

    python conformance/emulator/emulate_slots.py [--only TEXT] [--seed N]

As emulate.py, but needs nothing beside Python and g++.
"""
import ctypes
import math
import sys

import host

LIMIT = 0.007
NAMES = ["batch", "heads", "keyHeads", "tokens", "window", "first", "slots", "ties", "sink", "rounds", "beside"]
USUAL = dict(d=64, batch=1, heads=2, keyHeads=1, tokens=200, window=40, first=4, slots=30, ties=0, sink=0, rounds=1, beside=0)
CASES = {
    "d64": dict(),
    "d128": dict(d=128, sink=1),
    "three heads a group": dict(heads=3, tokens=257, window=128, slots=40),
    "two batches, no group, ties, sink": dict(batch=2, keyHeads=2, tokens=130, window=17, first=0, slots=5, ties=1, sink=1),
    "ties": dict(heads=1, tokens=600, window=20, ties=1),
    "all are kept": dict(heads=1, tokens=300, window=64, slots=500),
    "many first tokens": dict(tokens=300, window=32, first=70, slots=100, ties=1, sink=1),
    "no slots": dict(heads=1, tokens=200, window=10, first=3, slots=0),
    "one slot": dict(heads=1, tokens=150, window=16, first=0, slots=1),
    "within the window": dict(tokens=190, window=300),
    "as they are": dict(heads=1, tokens=129, window=16, slots=8, rounds=0, d=128),
    "rows shared": dict(batch=2, heads=2, keyHeads=1, tokens=90, window=16, slots=9, beside=16),
    "t1": dict(tokens=1), "t63": dict(heads=1, tokens=63, window=16, slots=3), "t64": dict(heads=1, tokens=64, window=1),
}


def sources(folder):
    """The kernels in one file for a host compiler."""
    (folder / "slots.h").write_text(host.plain(host.inlined("slots.cu")))


def check(folder, settings, seed):
    settings = USUAL | settings
    lib = host.library(folder, "slots.cpp", {"D": settings["d"]})
    errors = (ctypes.c_double * 7)()
    lib.check((ctypes.c_int * len(NAMES))(*[settings[name] for name in NAMES]), seed, errors)
    named = dict(zip(["y", "dq", "dk", "dv", "most"], (round(x, 5) if math.isfinite(x) else x for x in errors)))
    good = all(x < LIMIT for x in named.values()) and errors[5] == errors[6] == 0
    return named | {"wrong times": int(errors[5]), "wrong lists": int(errors[6]), "ok": good}


if __name__ == "__main__":
    sys.exit(host.run(__doc__, CASES, sources, check))
