"""Prefill and greedy decode on the CPU: this project beside Hugging Face transformers, in pairs, on one machine.

Each pair runs both programs as processes of their own, one after the other, in alternating order. Each process loads
the same GGUF file in float32, warms up, then measures. The ratio is this project's tokens/s over transformers'.

    python conformance/cpu_speed.py MODEL.gguf [--pairs 5] [--threads 2] [--out results/cpu-speed.json]
"""
import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROMPT, NEW = 1024, 128


def peer(model_path, threads):
    """Measures transformers in this process and prints one JSON line."""
    import time

    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(threads)
    path = pathlib.Path(model_path).resolve()
    model = transformers.AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    ids = (torch.arange(PROMPT) * 31 % 40000 + 100).unsqueeze(0)

    @torch.no_grad()
    def once():
        start = time.perf_counter()
        out = model(ids, use_cache=True, logits_to_keep=1)
        token = out.logits[:, -1:].argmax(-1)
        prefill = time.perf_counter() - start
        start = time.perf_counter()
        for _ in range(NEW):
            out = model(token, past_key_values=out.past_key_values, use_cache=True)
            token = out.logits[:, -1:].argmax(-1)
        return PROMPT / prefill, NEW / (time.perf_counter() - start)

    once()
    runs = [once() for _ in range(3)]
    print(json.dumps({
        "prefill_tokens_per_s": statistics.median(r[0] for r in runs),
        "decode_tokens_per_s": statistics.median(r[1] for r in runs),
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
    }))


def ours(model_path, threads):
    line = subprocess.run(
        [str(ROOT / "lizard"), "bench", "generate", "--model", model_path, "--prompt-tokens", str(PROMPT),
         "--new-tokens", str(NEW), "--runs", "3", "--threads", str(threads), "--dtype", "float32", "--device", "cpu",
         "--json"],
        check=True, capture_output=True, text=True).stdout.strip().splitlines()[-1]
    return json.loads(line)


def theirs(model_path, threads):
    line = subprocess.run([sys.executable, __file__, model_path, "--threads", str(threads), "--peer"],
                          check=True, capture_output=True, text=True).stdout.strip().splitlines()[-1]
    return json.loads(line)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--out", default=str(ROOT / "results" / "cpu-speed.json"))
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peer:
        peer(args.model, args.threads)
        return
    pairs = []
    for i in range(args.pairs):
        order = (ours, theirs) if i % 2 == 0 else (theirs, ours)
        results = {run.__name__: run(args.model, args.threads) for run in order}
        pairs.append(results)
        print(f"pair {i + 1}: " + ", ".join(
            f"{key.split('_')[0]} {results['ours'][key]:.1f} / {results['theirs'][key]:.1f} tokens/s"
            for key in ("prefill_tokens_per_s", "decode_tokens_per_s")), flush=True)
    summary = {
        key.replace("_tokens_per_s", "_ratio"): statistics.median(p["ours"][key] / p["theirs"][key] for p in pairs)
        for key in ("prefill_tokens_per_s", "decode_tokens_per_s")
    }
    print(json.dumps(summary))
    pathlib.Path(args.out).write_text(json.dumps({
        "what": f"float32, prompt {PROMPT}, {NEW} new tokens, greedy, {args.threads} threads",
        "model": pathlib.Path(args.model).name, "cpu": platform.processor() or platform.machine(),
        "median_ratio": summary, "pairs": pairs}, indent=2) + "\n")


if __name__ == "__main__":
    main()
