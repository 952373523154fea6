"""The project's data files as the harness's own tasks expect their data sets: the same items, fields renamed.

Each task below keeps the harness's definition (prompt, choices, filters, metrics); only where its items come from is
replaced, so that nothing is downloaded.
"""
import gzip
import json
import pathlib


def rows(data, name):
    (path,) = pathlib.Path(data).rglob(name + ".jsonl.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def piqa(data):
    for row in rows(data, "piqa_val"):
        yield {"goal": row["query"], "sol1": row["choices"][0], "sol2": row["choices"][1], "label": row["gold"]}


def arc(name):
    def documents(data):
        for row in rows(data, name):
            question = row["query"].removeprefix("Question: ").removesuffix("\nAnswer:")
            labels = [chr(ord("A") + i) for i in range(len(row["choices"]))]
            yield {"question": question, "choices": {"text": row["choices"], "label": labels},
                   "answerKey": labels[row["gold"]]}
    return documents


def hellaswag(data):
    """The file has the context joined; its second part is what follows the last full stop, if none ends the whole."""
    for row in rows(data, "hellaswag_val"):
        label, context = row["query"].split(": ", 1)
        first, stop, second = context.rpartition(". ")
        if not stop or context[-1] in ".!?":
            first, stop, second = context, "", ""
        yield {"activity_label": label, "ctx_a": first + stop.strip(), "ctx_b": second, "endings": row["choices"],
               "label": str(row["gold"])}


def lambada(data):
    for row in rows(data, "lambada_openai_test"):
        yield {"text": row["context"] + " " + row["continuation"]}


def triviaqa(data):
    for row in rows(data, "triviaqa_sub"):
        question = row["context"].removeprefix("Question: ").removesuffix("\nAnswer:")
        yield {"question": question, "answer": {"aliases": row["aliases"]}}


def nq_open(data):
    for row in rows(data, "nq_open_1000"):
        yield {"question": row["question"], "answer": row["answers"]}


def babi(data):
    for row in rows(data, "babi_qa1-3_test"):
        passage = "".join(sentence + "\n" for sentence in row["story"])
        yield {"passage": passage, "question": row["question"], "answer": row["answer"]}


def drop(data):
    """The file has been through the harness's preparation of the data set; its template asks for one more field."""
    for row in rows(data, "drop_1000"):
        yield row | {"answer": row["answers"][0]}


def same(name):
    return lambda data: rows(data, name)


# task: the harness's file, the split it asks about, documents, other splits
TASKS = {
    "piqa": ("piqa/piqa.yaml", "validation", piqa, {}),
    "arc_easy": ("arc/arc_easy.yaml", "test", arc("arc_easy_test"), {}),
    "arc_challenge": ("arc/arc_challenge.yaml", "test", arc("arc_challenge_test"), {}),
    "hellaswag": ("hellaswag/hellaswag.yaml", "validation", hellaswag, {}),
    "lambada_openai": ("lambada/lambada_openai.yaml", "test", lambada, {}),
    "gsm8k": ("gsm8k/gsm8k.yaml", "test", same("gsm8k_test"), {"train": same("gsm8k_train")}),
    "triviaqa": ("triviaqa/default.yaml", "validation", triviaqa, {}),
    "nq_open": ("nq_open/nq_open.yaml", "validation", nq_open, {}),
    "babi": ("babi/babi.yaml", "test", babi, {}),
    "drop": ("drop/default.yaml", "validation", drop, {}),
}
