"""Training speed of transformers + peft on a GPU, beside what `lizard bench train` prints on the same card.

    python conformance/gpu_train.py CONFIG.json [--shapes 16x2048,4x8192] [--steps 8] [--out FILE.jsonl]

The softmax model of that configuration with random weights in bfloat16, LoRA of rank 8 on q, k and v, next-token loss,
gradient clipping and AdamW: what the second stage does, without a Lizard mixer. Eager PyTorch, scaled-dot-product
attention (flash). One JSON line a shape: median over steps after three that do not count.
"""
import argparse
import json
import pathlib
import statistics
import time

import peft
import torch
import transformers

WARMUP = 3


def model(config, length):
    known = {k: v for k, v in config.items() if k != "model_type"} | {"max_position_embeddings": length}
    llama = transformers.LlamaForCausalLM(transformers.LlamaConfig(**known, attn_implementation="sdpa"))
    lora = peft.LoraConfig(r=8, lora_alpha=16, target_modules=["q_proj", "k_proj", "v_proj"])
    return peft.get_peft_model(llama.to("cuda", torch.bfloat16), lora).train()


def measure(config, batch, length, steps):
    torch.manual_seed(0)
    net = model(config, length)
    trained = [p for p in net.parameters() if p.requires_grad]
    adam = torch.optim.AdamW(trained, lr=1e-4, betas=(0.9, 0.99))
    torch.cuda.reset_peak_memory_stats()
    seconds = []
    for _ in range(WARMUP + steps):
        ids = torch.randint(0, config["vocab_size"], (batch, length), device="cuda")
        torch.cuda.synchronize()
        start = time.perf_counter()
        net(input_ids=ids, labels=ids).loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        adam.step()
        adam.zero_grad(set_to_none=True)
        torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    step = statistics.median(seconds[WARMUP:])
    free, total = torch.cuda.mem_get_info()
    return {
        "case": "transformers + peft, softmax, eager", "device": torch.cuda.get_device_name(), "batch": batch,
        "length": length, "tokens_per_s": round(batch * length / step), "ms": round(1000 * step, 1),
        "allocated_bytes": torch.cuda.max_memory_allocated(), "held_bytes": total - free,
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=pathlib.Path)
    parser.add_argument("--shapes", default="16x2048,4x8192", help="batch x length, several")
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--out", type=pathlib.Path)
    args = parser.parse_args()
    config = json.loads(args.config.read_text())
    lines = []
    for shape in args.shapes.split(","):
        batch, length = map(int, shape.split("x"))
        lines.append(json.dumps(measure(config, batch, length, args.steps)))
        print(lines[-1], flush=True)
        torch.cuda.empty_cache()
    if args.out:
        args.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
