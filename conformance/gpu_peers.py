"""The fused kernels beside their peers on one card in one run: flash-linear-attention's and PyTorch's flash attention.

    python conformance/gpu_peers.py [--only TEXT] [--tuners 14] [--tune-seconds 75] [--out FILE.jsonl]

One JSON line a shape and contender: median milliseconds forward, and forward and backward. bfloat16; the window attention
has a sink and 128 keys, flash attention is causal over all keys, gates are the same for all. What Triton has to compile
for flash-linear-attention's tuning is compiled first, by several processes at a time, each in an order of its own; the
tuning itself is done alone on the card. Needs fla-core (the package flash-linear-attention, which imports transformers, is
not needed). On Hopper cards with Triton 3.4 to 3.7.0 fla-core refuses the gradients of chunk_simple_gla, which that Triton
gets wrong; they are timed all the same, and the first line says so.
"""
import argparse
import importlib.metadata
import io
import json
import os
import pathlib
import random
import subprocess
import sys
import time

import torch
import triton

import gpu_backward
import gpu_kernels
from twin import problem


def softmax(p):
    h, g = p["q"].shape[2], p["k"].shape[2]
    q, k, v = (x.repeat_interleave(h // x.shape[2], 2).transpose(1, 2).contiguous().requires_grad_()
               for x in (p["q"], p["k"], p["v"]))
    return lambda: torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True), (q, k, v)


def admit():
    """Lets fla-core run what it refuses with a Triton that gets it wrong; returns whether it would refuse."""
    from fla.ops.common import chunk_o

    refused = chunk_o.IS_NVIDIA_HOPPER and chunk_o.TRITON_ABOVE_3_4_0 and not chunk_o.TRITON_ABOVE_3_7_1
    chunk_o.TRITON_ABOVE_3_7_1 = True
    return refused


def contenders(p):
    """Name -> a call and what it has gradients for. Heads of a group are expanded where a peer has no groups."""
    from fla.ops.attn.parallel import parallel_attn
    from fla.ops.gla import chunk_gla
    from fla.ops.simple_gla import chunk_simple_gla

    q, k, v = (p[n].detach().requires_grad_() for n in "qkv")
    h, g = q.shape[2], k.shape[2]
    kx, vx = (x.detach().repeat_interleave(h // g, 2).requires_grad_() for x in (k, v))
    gate = p["gate"].transpose(1, 2).contiguous().requires_grad_()
    wide = gate.detach()[..., None].expand(*gate.shape, q.shape[3]).to(q.dtype).contiguous().requires_grad_()
    sink = p["sink"].float().requires_grad_()
    return {
        "fla chunk_simple_gla": (lambda: chunk_simple_gla(q, kx, vx, gate)[0], (q, kx, vx, gate)),
        "fla parallel_attn, window and sink": (
            lambda: parallel_attn(q, k, v, sink_bias=sink, window_size=p["window"]), (q, k, v, sink)),
        "fla chunk_gla": (lambda: chunk_gla(q, kx, vx, wide)[0], (q, kx, vx, wide)),
    }


def both(call, leaves):
    y = call()
    torch.autograd.grad(y, leaves, torch.ones_like(y), allow_unused=True)


def lizard(p):
    torch.manual_seed(1)
    forward = gpu_kernels.Forward(p, save=True, final=False).run()
    backward = gpu_backward.Backward(
        p, forward.y, torch.randn_like(p["q"]), forward.max, forward.inverse, forward.argmax)
    plain = gpu_kernels.Forward(p, save=False, final=False)
    return {"forward": gpu_kernels.milliseconds(plain.run),
            "forward + backward": gpu_kernels.milliseconds(lambda: (forward.run(), backward.run()))}


def peer(call, leaves):
    with torch.no_grad():
        forward = gpu_kernels.milliseconds(call)
    return {"forward": forward, "forward + backward": gpu_kernels.milliseconds(lambda: both(call, leaves))}


def measure(p):
    """Pairs of a contender's name and its times or its fault."""
    yield "lizard", lambda: lizard(p)
    yield "sdpa flash", lambda: peer(*softmax(p))
    for name, (call, leaves) in contenders(p).items():
        yield name, lambda: peer(call, leaves)


def tune(seed, only):
    """Compiles for all peers in a random order: each choice of the tuner runs once and is not timed."""
    from triton.runtime.autotuner import Autotuner

    admit()
    shuffle, plain = random.Random(seed), Autotuner.prune_configs

    def shuffled(self, arguments):
        configs = list(plain(self, arguments))
        shuffle.shuffle(configs)
        return configs

    Autotuner.prune_configs = shuffled
    Autotuner.do_bench = property(lambda self: lambda call, quantiles: (call(), [1.0, 1.0, 1.0])[1])
    heads = {tuple(map(s.get, "bhgd")): s for n, s in gpu_kernels.SHAPES.items() if only in n}
    for settings in heads.values():  # all but the length is compiled in
        calls = list(contenders(problem(**dict(settings, t=512))).items())
        shuffle.shuffle(calls)
        for name, (call, leaves) in calls:
            try:
                both(call, leaves)
            except Exception as e:  # it may fail in the measurement too, which says so
                print(name, repr(e)[:200], flush=True)


def tune_ahead(processes, seconds, only):
    environment = os.environ | {"FLA_CACHE_RESULTS": "0"}  # choices made on a busy card would be bad ones
    tuners = [subprocess.Popen([sys.executable, __file__, "--tune", str(n), "--only", only], env=environment,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for n in range(processes)]
    end = time.time() + seconds
    for tuner in tuners:
        try:
            tuner.wait(max(0, end - time.time()))
        except subprocess.TimeoutExpired:
            tuner.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", metavar="TEXT", help="shapes with this in their name")
    parser.add_argument("--tuners", type=int, default=14, help="processes that compile ahead")
    parser.add_argument("--tune-seconds", type=float, default=75, help="how long they may")
    parser.add_argument("--tune", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=pathlib.Path, metavar="FILE")
    args = parser.parse_args()
    if args.tune is not None:
        return tune(args.tune, args.only)
    start = time.time()
    tune_ahead(args.tuners, args.tune_seconds, args.only)
    out = args.out.open("w") if args.out else io.StringIO()

    def say(line):
        for file in (sys.stdout, out):
            print(json.dumps(line), file=file, flush=True)

    say({"device": torch.cuda.get_device_name(), "torch": torch.__version__, "triton": triton.__version__,
         "fla": importlib.metadata.version("fla-core"), "chunk_simple_gla's gradients wrong": admit(),
         "seconds ahead": round(time.time() - start)})
    for shape, settings in gpu_kernels.SHAPES.items():
        if args.only not in shape:
            continue
        for name, times in measure(problem(**settings)):
            try:
                say({"shape": shape, "of": name} | {n: round(x, 4) for n, x in times().items()})
            except Exception as e:
                say({"shape": shape, "of": name, "error": repr(e)[:300]})
            torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
