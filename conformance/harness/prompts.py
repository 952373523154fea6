"""What the harness asks and what `lizard eval` asks, of every item, without a model: prompts, continuations, stops.

    python conformance/harness/prompts.py --data DATA --out FILE.json [--tasks piqa,gsm8k]
"""
import argparse
import json
import pathlib
import shlex
import subprocess
import tempfile

import lm_eval
import lm_eval.tasks

import compare
import documents
from run import ROOT, definition

SEED = 1234  # of the examples, where the harness is told no other


def theirs(task, data):
    """Requests by the numbers of their items."""
    with tempfile.TemporaryDirectory() as name:
        definition(task, data, pathlib.Path(name))
        manager = lm_eval.tasks.TaskManager(include_path=name)
        loaded = manager.load(["local_" + task])["tasks"]["local_" + task]
        loaded.set_fewshot_seed(seed=SEED)
        loaded.build_all_requests(limit=None, rank=0, world_size=1)
        asked = {}
        for instance in sorted(loaded.instances, key=lambda one: one.idx):
            prompt, rest = instance.args
            asked.setdefault(instance.doc_id, []).append((prompt, rest["until"] if isinstance(rest, dict) else rest))
        return asked


def ours(command, task, data):
    name = compare.NAMES.get(task, task)
    lines = subprocess.run(
        [*command, "eval", "--model", "demo", "--dry-run", "--tasks", name, "--data", data, "--json"],
        check=True, capture_output=True, text=True).stdout.split("\n")[:-1]
    asked = {}
    for item in map(json.loads, lines):
        pairs = [(one["prompt"], one["continuation"]) for one in item.get("candidates", [])]
        asked[int(item["id"])] = pairs or [(item["prompt"], item["stops"])]
    return asked


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lizard", default=str(ROOT / "lizard"))
    parser.add_argument("--data", required=True)
    parser.add_argument("--tasks", default=",".join(documents.TASKS))
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    result = {"harness": "lm_eval " + lm_eval.__version__, "tasks": {}}
    for task in args.tasks.split(","):
        a, b = theirs(task, args.data), ours(shlex.split(args.lizard), task, args.data)
        result["tasks"][task] = {
            "items": len(a), "requests": sum(map(len, a.values())),
            "different": sorted(key for key in a.keys() | b.keys() if a.get(key) != b.get(key))}
        print(task, json.dumps(result["tasks"][task]))
    pathlib.Path(args.out).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
