"""A running server as clients of others see it: OpenAI's Python package, Prometheus's own parser, and curl.

Of the last it wants that parts of a stream arrive as they are written, each in the form of server-sent events. Needs the
packages of requirements-serve.txt and curl; ends with 1 where anything is not as it must be.

    ./lizard serve --model demo --port 8080
    python conformance/serve_clients.py http://localhost:8080 [--key KEY]
"""
import argparse
import json
import subprocess
import sys
import time
import urllib.request

import openai
from prometheus_client.parser import text_string_to_metric_families

FAULTS = []


def check(what, right, found=""):
    print(("ok     " if right else "FAULT  ") + what + ("" if right else f": found {found!r}"))
    if not right:
        FAULTS.append(what)


def refused(what, kind, ask):
    try:
        check(what, False, ask())
    except kind as error:
        check(what, bool(error.message), error)


def openai_python(client, model):
    listed = [each.id for each in client.models.list()]
    check("models.list has the model", model in listed, listed)
    settings = {"model": model, "max_tokens": 12, "temperature": 0, "extra_body": {"ignore_eos": True}}

    whole = client.completions.create(prompt="The ship left", **settings)
    check("a completion has its tokens", whole.usage.completion_tokens == 12, whole.usage)
    parts = list(client.completions.create(
        prompt="The ship left", stream=True, stream_options={"include_usage": True}, **settings))
    text = "".join(choice.text for part in parts for choice in part.choices)
    check("a stream says what the whole answer says", text == whole.choices[0].text, text)
    check("its last part tells the usage, without choices", parts[-1].usage.completion_tokens == 12
          and not parts[-1].choices, parts[-1])
    check("no other part does", all(part.usage is None for part in parts[:-1]))
    plain = list(client.completions.create(prompt="The ship left", stream=True, **settings))
    check("without include_usage no part does", all(part.usage is None and part.choices for part in plain))

    many = client.completions.create(prompt=["One", "Two"], n=2, logprobs=3, **settings)
    check("two prompts by two choices are four, in order", [c.index for c in many.choices] == [0, 1, 2, 3])
    for choice in many.choices:
        scores = choice.logprobs
        lengths = {len(scores.tokens), len(scores.token_logprobs), len(scores.top_logprobs), len(scores.text_offset)}
        check("logprobs have a row a token", lengths == {12}, lengths)
        check("they are logarithms of probabilities", all(p <= 0 for p in scores.token_logprobs))
        check("offsets are where tokens begin in the text", all(
            "\ufffd" in token or choice.text.startswith(token, at)
            for token, at in zip(scores.tokens, scores.text_offset)), scores.text_offset)
    streamed = {}
    rows = {}
    for part in client.completions.create(prompt=["One", "Two"], n=2, logprobs=3, stream=True, **settings):
        for choice in part.choices:
            streamed[choice.index] = streamed.get(choice.index, "") + choice.text
            if choice.logprobs is not None:
                rows.setdefault(choice.index, []).extend(zip(choice.logprobs.tokens, choice.logprobs.text_offset))
    check("choices of a stream say what whole ones say", all(
        streamed[choice.index] == choice.text for choice in many.choices), streamed)
    check("and have the same tokens and offsets", all(
        rows[choice.index] == list(zip(choice.logprobs.tokens, choice.logprobs.text_offset))
        for choice in many.choices), rows)

    scored = client.completions.create(model=model, prompt="The ship left", max_tokens=0, echo=True, logprobs=1)
    check("echo with max_tokens 0 scores a text", scored.choices[0].text == "The ship left"
          and scored.choices[0].logprobs.token_logprobs[0] is None
          and all(p < 0 for p in scored.choices[0].logprobs.token_logprobs[1:]), scored.choices[0])
    stop = whole.choices[0].text[4:6]
    cut = client.completions.create(prompt="The ship left", stop=["\x00never", stop], **settings)
    check("a stop text of a list ends it", cut.choices[0].finish_reason == "stop"
          and stop not in cut.choices[0].text, cut.choices[0])

    chat = client.chat.completions.create(messages=[{"role": "user", "content": "Hello"}], n=2, logprobs=True,
                                          top_logprobs=2, **settings)
    check("a chat has two answers", [c.message.role for c in chat.choices] == ["assistant"] * 2)
    content = chat.choices[0].logprobs.content
    check("its logprobs have two alternatives each", len(content) == 12
          and all(len(token.top_logprobs) == 2 for token in content), len(content))
    deltas = list(client.chat.completions.create(messages=[{"role": "user", "content": "Hello"}], stream=True, **settings))
    check("the first delta has the role", deltas[0].choices[0].delta.role == "assistant", deltas[0])
    check("the last says why it ended", deltas[-1].choices[0].finish_reason == "length", deltas[-1])
    check("in between is the answer", "".join(d.choices[0].delta.content or "" for d in deltas)
          == chat.choices[0].message.content)
    refused("another model is not found", openai.NotFoundError,
            lambda: client.completions.create(model="none", prompt="x"))
    refused("a temperature below 0 is a bad request", openai.BadRequestError,
            lambda: client.completions.create(model=model, prompt="x", temperature=-1))
    refused("so is what is not supported", openai.BadRequestError,
            lambda: client.completions.create(model=model, prompt="x", logit_bias={"1": 5}))
    refused("there are no embeddings", openai.NotFoundError,
            lambda: client.embeddings.create(model=model, input="x"))


def prometheus(url, key):
    request = urllib.request.Request(url + "/metrics", headers={"Authorization": "Bearer " + key})
    with urllib.request.urlopen(request) as response:
        kind = response.headers["Content-Type"]
        text = response.read().decode()
    check("metrics have the format's type", kind.startswith("text/plain; version=0.0.4"), kind)
    families = {family.name: family for family in text_string_to_metric_families(text)}
    check("its parser finds as many families as have a type", len(families) == text.count("# TYPE "), len(families))
    check("each is documented, typed and has samples", all(
        family.documentation and family.type in ("counter", "gauge", "histogram") and family.samples
        for family in families.values()))
    series = [(s.name, tuple(sorted(s.labels.items()))) for f in families.values() for s in f.samples]
    check("no series is there twice", len(series) == len(set(series)))
    written = sum(s.value for s in families["lizard:generation_tokens"].samples)
    check("tokens written are counted", written > 100, written)
    waits = families["lizard:time_to_first_token_seconds"].samples
    last = [s.value for s in waits if s.labels.get("le") == "+Inf"]
    check("a histogram's last bucket is its count", last == [s.value for s in waits if s.name.endswith("_count")], last)


def curl(url, key):
    body = json.dumps({"prompt": "The ship left", "max_tokens": 200, "ignore_eos": True, "stream": True})
    process = subprocess.Popen(["curl", "-sN", url + "/v1/completions", "-H", "Authorization: Bearer " + key, "-d", body],
                               stdout=subprocess.PIPE, text=True)
    times = []
    lines = []
    for line in process.stdout:
        times.append(time.monotonic())
        lines.append(line.rstrip("\n"))
    events = lines[0::2]
    check("curl -N has an event and an empty line by turns", process.wait() == 0 and not any(lines[1::2])
          and all(event.startswith("data: ") for event in events), lines[:4])
    check("the last event is [DONE]", events[-1] == "data: [DONE]", events[-1])
    check("the others are objects", all(isinstance(json.loads(event[6:]), dict) for event in events[:-1]))
    whole = times[-1] - times[0]
    check("they come as they are written, not at the end", whole > 0 and times[len(times) // 2] - times[0] > whole / 10,
          (whole, times[len(times) // 2] - times[0]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--key", default="none")
    options = parser.parse_args()
    url = options.url.rstrip("/")
    client = openai.OpenAI(base_url=url + "/v1", api_key=options.key, max_retries=0)
    openai_python(client, next(iter(client.models.list())).id)
    prometheus(url, options.key)
    curl(url, options.key)
    print(f"{len(FAULTS)} faults")
    sys.exit(1 if FAULTS else 0)


if __name__ == "__main__":
    main()
