"""Whether the CUDA sources of the working tree compile to the machine code that those of another revision did: a change
that only tidies up is proven so, without a card.

    python conformance/same_code.py [--revision HEAD] [--architecture sm_90a] [--only TEXT]

One line a source and its defines: the kernels whose code differs. Exit status 1 if there are any. Needs cuda-bindings and
NVRTC, which PyTorch brings with it.
"""
import argparse
import io
import pathlib
import struct
import subprocess
import sys
import tarfile
import tempfile

from compiler import FOLDER, ROOT, SOURCES, machine_code

FORWARD = dict(D=64, HALF_F=64, MAP_FLOAT=1, WINDOW=128, MODE=0)
BACKWARD = dict(D=64, HALF_F=64, MAP_FLOAT=1)
MEMORY = dict(D=64, FEATURES=128, GATES=1, COUNTED=1)
DECODE = dict(D=64, HALF_F=64, R=3, BF16=1, THREADS=512, SLICES=1, KEYS=4, VALUES=4, LATE=0)
SLOTS = dict(D=64, R=3, BF16=1, INT8=1, THREADS=256)
ROWS = dict(NORM=1, GLU=0, RESIDUAL=0, WARPS=8, EARLY=1, STAGED=0)
VARIANTS = {
    "lizard_forward.cu": [FORWARD | x for x in (
        {}, dict(SAVE=1), dict(MODE=1), dict(MODE=2), dict(SAVE=1, GROUPED=0), dict(SAVE=1, DOCUMENTS=1, WINDOW=64),
        dict(SAVE=1, D=128), dict(SAVE=1, D=128, GROUPED=0, WINDOW=112), dict(SAVE=1, IO_FLOAT=1, WINDOW=80))],
    "lizard_backward.cu": [BACKWARD | x for x in ({}, dict(DOCUMENTS=1), dict(D=128), dict(HALF_F=32, MAP_FLOAT=0))],
    "memory.cu": [MEMORY | x for x in ({}, dict(GATES=0), dict(GATES=2, COUNTED=0), dict(D=128, FEATURES=256))],
    "slots.cu": [dict(D=64), dict(D=128)],
    "decode.cu": [DECODE | x for x in ({}, dict(D=128, HALF_F=128, R=1), dict(BF16=0), dict(SLICES=4, LATE=1))],
    "slot_decode.cu": [SLOTS | x for x in ({}, dict(BF16=0, INT8=0), dict(D=128, R=8))],
    "rows.cu": [ROWS | x for x in ({}, dict(GLU=1), dict(NORM=0, RESIDUAL=1), dict(STAGED=1))],
    "logits.cu": [dict(GROUP=9, ROWS=4), dict(GROUP=16, ROWS=2)],
    "training.cu": [{}, dict(BF16=1)],
    "small.cu": [{}, dict(BF16=1)],
    "sample.cu": [{}, dict(BF16=1)],
    "trial.cu": [{}],
}


def sections(image):
    """Names of the sections of a 64-bit ELF file to their contents."""
    at, = struct.unpack_from("<Q", image, 40)
    size, count, names = struct.unpack_from("<HHH", image, 58)
    headers = [struct.unpack_from("<IIQQQQ", image, at + i * size) for i in range(count)]
    table = headers[names][4]
    result = {}
    for name, _, _, _, offset, length in headers:
        end = image.index(b"\0", table + name)
        result[image[table + name:end].decode()] = image[offset:offset + length]
    return result


def kernels(code):
    """Names to instructions."""
    return {name.removeprefix(".text."): text for name, text in sections(code).items() if name.startswith(".text.")}


def differing(name, defines, folders, architecture):
    try:
        before, now = (kernels(machine_code(name, architecture, folder, **defines)) for folder in folders)
    except RuntimeError as e:
        return [str(e).splitlines()[0]]
    return [n for n in sorted(before.keys() | now.keys()) if before.get(n) != now.get(n)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--revision", default="HEAD")
    parser.add_argument("--architecture", default="sm_90a")
    parser.add_argument("--only", default="", metavar="TEXT", help="sources with this in their name")
    args = parser.parse_args()
    archive = subprocess.run(["git", "archive", args.revision, FOLDER], cwd=ROOT, check=True, capture_output=True)
    unlisted = {source.name for source in SOURCES.glob("*.cu")} - VARIANTS.keys()
    if unlisted:
        parser.error("no defines are listed for " + ", ".join(sorted(unlisted)))
    same = True
    with tempfile.TemporaryDirectory() as folder:
        tarfile.open(fileobj=io.BytesIO(archive.stdout)).extractall(folder, filter="data")
        for name, variants in VARIANTS.items():
            for defines in variants if args.only in name else ():
                found = differing(name, defines, (pathlib.Path(folder) / FOLDER, SOURCES), args.architecture)
                print(name, " ".join(f"{k}={v}" for k, v in defines.items()), ": " + (", ".join(found) or "same"), flush=True)
                same = same and not found
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
