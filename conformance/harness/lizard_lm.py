"""lm-evaluation-harness's interface of a model, answered by this project's command line.

Texts become tokens here, by Hugging Face's tokenizers and the harness's own rule of where a continuation begins; the
command line scores ids (`lizard score --ids-file`) and continues prompts (`lizard generate`).
"""
import json
import subprocess
import sys
import tempfile

import tokenizers
from lm_eval import utils
from lm_eval.api.model import LM, TemplateLM
from lm_eval.models.utils import postprocess_generated_text


class Lizard(LM):
    """A model that `lizard` reads. `prefix` stands before texts that have no context; `window` is the rolling one."""

    backend = "causal"  # which of the harness's two rules for pairs applies

    def __init__(self, command, model, tokenizer, prefix=None, window=2048):
        super().__init__()
        self.command, self.model = command, model
        self.tokenizer = tokenizers.Tokenizer.from_file(tokenizer)
        self.prefix, self.window = prefix, window

    def tok_encode(self, text):
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def lines(self, name, *options, text=None):
        """What a command prints with --json, one object a line."""
        done = subprocess.run([*self.command, name, "--model", self.model, "--dtype", "float32", "--json", *options],
                              input=text, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr.strip().splitlines()[-1])
        return [json.loads(line) for line in done.stdout.split("\n")[:-1]]

    def score(self, pairs):
        """Log-likelihoods of the second of two lists of ids after the first, summed, and whether it is greedy."""
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            for before, after in pairs:
                print(json.dumps({"ids": before + after}), file=file)
            file.flush()
            scores = self.lines("score", "--ids-file", file.name, "--likeliest")
        results = []
        for (_, after), score in zip(pairs, scores, strict=True):
            results.append((-sum(score["nll"][-len(after):]), all(score["likeliest"][-len(after):])))
        return results

    def loglikelihood(self, requests):
        pairs = []
        for context, continuation in (request.args for request in requests):
            pairs.append(TemplateLM._encode_pair(self, context, continuation) if context
                         else ([self.prefix], self.tok_encode(continuation)))
        return self.score(pairs)

    def loglikelihood_rolling(self, requests):
        sums = []
        for (text,) in (request.args for request in requests):
            windows = utils.get_rolling_token_windows(self.tok_encode(text), self.prefix, self.window, 1)
            sums.append(sum(one for one, _ in self.score([utils.make_disjoint_window(pair) for pair in windows])))
        return sums

    def generate_until(self, requests):
        texts = []
        for i, (context, settings) in enumerate(request.args for request in requests):
            print(f"generate {i + 1} of {len(requests)}", file=sys.stderr)
            stops = settings["until"]
            options = [part for stop in stops for part in ("--stop", stop)]
            options += ["--max-tokens", str(settings.get("max_gen_toks", 256)), "--temperature", "0"]
            (answer,) = self.lines("generate", "--prompt-file", "-", *options, text=context)
            texts.append(postprocess_generated_text(answer["text"], stops, None))
        return texts
