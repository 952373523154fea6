"""What both emulators share: kernels turned into C++ for the host, compiled, and run through cases."""
import argparse
import ctypes
import json
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from compiler import SOURCES  # noqa: E402: of the folder above

ASSEMBLY = "shared_address pack exp2_fast inverse_fast store store load load4 copy16 copy4 commit wait matrices multiply settle".split()


def inlined(name, apart=()):
    """The source of that name with what it includes, but the headers `apart`, written in at its first mention."""
    text, seen = (SOURCES / name).read_text(), set()
    includes = re.compile(r'#include "(?!(?:%s)")([^"]+)"\n' % "|".join(map(re.escape, apart or ["-"])))
    while found := includes.search(text):
        header = "" if found[1] in seen else (SOURCES / found[1]).read_text().replace("#pragma once\n", "")
        seen.add(found[1])
        text = text[: found.start()] + header + text[found.end():]
    return re.sub(r"extern __shared__ [^;]*;", "char* memory = emulator::memory;", text)


def without(text, pattern):
    """The text without the function whose head matches."""
    head = re.search(pattern, text)
    depth, at = 1, head.end()
    while depth:
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return text[: head.start()] + text[at:]


def plain(text):
    """A source without inline assembly; tiles.h has its like."""
    for name in ASSEMBLY:
        text = without(text, r"(template <[^>]*>\n)?DEVICE [\w ]+ %s\([^{]*\{" % name)
    text = re.sub(r'asm volatile\("st\.shared\.b16 \[%0\], %1;" ::"r"\((.*?)\), "h"\(\(bf16\)(\w+)\)\s*: "memory"\);',
                  r"store_half(\1, \2);", text, flags=re.S)
    return text.replace("__shared__ float scratch[4];", "static float scratch[4];")


def library(folder, source, defines):
    """The compiled source, a .cpp of this folder."""
    flags = [f"-D{n}={x}" for n, x in defines.items() if x is not None]
    path = folder / ("_".join(x[2:].replace("=", "") for x in flags) + ".so")
    if not path.exists():
        subprocess.run(["g++", "-O2", "-std=c++17", "-w", "-shared", "-fPIC", f"-I{folder}", f"-I{HERE}", *flags,
                        str(HERE / source), "-o", str(path)], check=True)
    return ctypes.CDLL(str(path))


def run(description, cases, sources, check):
    """Runs cases; returns the exit status.

    sources: writes headers for g++ into a folder. check: of that folder, a case's settings and the seed, a line as a dict.
    """
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--only", default="", metavar="TEXT", help="cases with this in their name")
    parser.add_argument("--seed", type=int, default=1, help="of the order in which warps run")
    args = parser.parse_args()
    good = True
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        sources(folder)
        for case, settings in cases.items():
            if args.only in case:
                line = {"case": case, **check(folder, settings, args.seed)}
                print(json.dumps(line), flush=True)
                good = good and line["ok"]
    return 0 if good else 1
