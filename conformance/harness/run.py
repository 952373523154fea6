"""lm-evaluation-harness beside `lizard eval`, item by item.

    python conformance/harness/run.py --model MODEL --tokenizer tokenizer.json --data DATA --tasks piqa,gsm8k \\
        --limit 30 --log DIR --out FILE.json

asks both for the same items of the same files and tells where they differ. DIR is what `lizard eval --out` wrote for
the same model, tasks and limit; without it `lizard eval` is run first.
"""
import argparse
import importlib.metadata
import json
import pathlib
import platform
import shlex
import tempfile

import lm_eval
import lm_eval.tasks
import yaml

import compare
import documents
from lizard_lm import Lizard

ROOT = pathlib.Path(__file__).resolve().parents[2]
HARNESS = pathlib.Path(lm_eval.tasks.__file__).parent
SPLITS = {"training_split": "train", "fewshot_split": "train", "validation_split": "validation", "test_split": "test"}


def definition(task, data, folder):
    """Writes a task file that is the harness's own but for the place of its data."""
    base, split, rows, others = documents.TASKS[task]
    files = {}
    for name, source in {split: rows, **others}.items():
        files[name] = str(folder / f"{task}-{name}.jsonl")
        with open(files[name], "w", encoding="utf-8") as file:
            for row in source(data):
                print(json.dumps(row), file=file)
    config = {"include": str(HARNESS / base), "task": "local_" + task, "tag": None, "dataset_path": "json",
              "dataset_name": None, "dataset_kwargs": {"data_files": files, "cache_dir": str(folder / "cache")}}
    for key, name in SPLITS.items():
        config[key] = name if name in files else None
    if task == "drop":
        config["process_docs"] = None
    (folder / f"{task}.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lizard", default=str(ROOT / "lizard"), help="the command, with options if need be")
    parser.add_argument("--model", required=True)
    parser.add_argument("--tokenizer", required=True, help="the model's tokenizer.json")
    parser.add_argument("--data", required=True)
    parser.add_argument("--tasks", required=True)
    parser.add_argument("--limit", type=int, required=True)
    parser.add_argument("--log", help="what `lizard eval --out` wrote")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    tasks = args.tasks.split(",")
    command = shlex.split(args.lizard)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for task in tasks:
            definition(task, args.data, folder)
        log = pathlib.Path(args.log or folder / "log")
        if not args.log:
            compare.evaluate(command, args.model, tasks, args.data, args.limit, log)
        model = Lizard(command, args.model, args.tokenizer)
        theirs = lm_eval.simple_evaluate(
            model, tasks=["local_" + task for task in tasks], limit=args.limit, bootstrap_iters=0,
            task_manager=lm_eval.tasks.TaskManager(include_path=str(folder)))
        result = {
            "harness": "lm_eval " + lm_eval.__version__,
            "packages": {name: importlib.metadata.version(name) for name in ("datasets", "tokenizers", "numpy")},
            "python": platform.python_version(),
            "model": pathlib.Path(args.model).name,
            "limit": args.limit,
            "tasks": {task: compare.task(task, theirs, log) for task in tasks},
        }
    compare.write(result, args.out)
    for task, one in result["tasks"].items():
        print(task, json.dumps({key: value for key, value in one.items() if key != "items"}))


if __name__ == "__main__":
    main()
