"""Items as the harness and as `lizard eval` have them, side by side."""
import json
import math
import pathlib
import subprocess

# what a task is called here, where that differs
NAMES = {"babi": "babi_written"}
# (task, the harness's metric and filter) to the name here, where that differs
MEASURES = {("gsm8k", "exact_match", "strict-match"): "strict_match",
            ("gsm8k", "exact_match", "flexible-extract"): "flexible_extract"}


def evaluate(command, model, tasks, data, limit, out):
    names = ",".join(NAMES.get(task, task) for task in tasks)
    subprocess.run([*command, "eval", "--model", model, "--tasks", names, "--data", data, "--limit", str(limit),
                    "--dtype", "float32", "--out", str(out)], check=True)


def read(log, task):
    """The lines of a log by the numbers of their items."""
    (path,) = pathlib.Path(log).glob(f"**/{NAMES.get(task, task)}.jsonl")
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
    return {int(line["id"]): line for line in lines[1:]}


def best(values):
    return max(range(len(values)), key=lambda i: values[i])


def one(task, samples, mine):
    """An item: what each of both has, and whether that is the same. There is a sample for each filter."""
    item = {"id": samples[0]["doc_id"], "harness": {}, "lizard": {}}
    for sample in samples:
        for metric in sample["metrics"]:
            name = MEASURES.get((task, metric, sample["filter"]), metric)
            if name != "perplexity":  # of an item that is its likelihood
                item["harness"][name] = float(sample[metric])
                item["lizard"][name] = mine["values"][name]["sum"]
    answers = [response[0] for response in samples[0]["resps"]]
    if mine["text"] is not None:
        item["harness"]["text"], item["lizard"]["text"] = answers[0], mine["text"]
        item["same"] = item["harness"] == item["lizard"]
        return item
    theirs, ours = [float(answer[0]) for answer in answers], mine["log_likelihoods"]
    item["harness"]["log_likelihoods"] = [round(value, 5) for value in theirs]
    item["lizard"]["log_likelihoods"] = [round(value, 5) for value in ours]
    item["furthest"] = max(abs(a - b) for a, b in zip(theirs, ours, strict=True))
    hits = [name for name in item["harness"] if name.startswith("acc")]
    item["same"] = best(theirs) == best(ours) and all(item["harness"][name] == item["lizard"][name] for name in hits)
    return item


def task(name, theirs, log):
    samples = {}
    for sample in theirs["samples"]["local_" + name]:
        samples.setdefault(sample["doc_id"], []).append(sample)
    mine = read(log, name)
    items = [one(name, samples[key], mine[key]) for key in sorted(samples)]
    result = {"items_asked": len(items), "items_same": sum(item["same"] for item in items), "measures": {}}
    for measure in items[0]["harness"]:
        if measure not in ("text", "log_likelihoods"):
            result["measures"][measure] = {
                who: sum(item[who][measure] for item in items) / len(items) for who in ("harness", "lizard")}
    if len(items[0]["lizard"].get("log_likelihoods", [])) == 1:
        result["measures"]["perplexity"] = {
            who: math.exp(-sum(item[who]["log_likelihoods"][0] for item in items) / len(items))
            for who in ("harness", "lizard")}
    furthest = [item.pop("furthest") for item in items if "furthest" in item]
    if furthest:
        result["furthest_log_likelihood"] = max(furthest)
    result["different"] = [item["id"] for item in items if not item["same"]]
    result["items"] = items
    return result


def write(result, path):
    """JSON with an item a line."""
    marks = {}

    def marked(value):
        if isinstance(value, dict) and "same" in value:
            marks[f'"@{len(marks)}"'] = json.dumps(value, ensure_ascii=False)
            return f"@{len(marks) - 1}"
        if isinstance(value, dict):
            return {key: marked(one) for key, one in value.items()}
        return [marked(one) for one in value] if isinstance(value, list) else value

    text = json.dumps(marked(result), indent=1)
    for mark, line in marks.items():
        text = text.replace(mark, line)
    pathlib.Path(path).write_text(text + "\n", encoding="utf-8")
