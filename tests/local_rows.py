"""The exact rows of a local model for a task, from the probabilities that its own server states.

The same server, the same prompt as the client sends: all tokens that can still become a state are
followed until the reply ends.
"""

import json
import urllib.request
from collections import Counter
from dataclasses import dataclass

import numpy as np

from equipoise.sampling.tasks import Task
from equipoise.sampling.tasks.parsers import bare

_LISTED = 300  # most likely tokens asked for at each step
_LEAST = 2e-4  # paths less likely are not followed


@dataclass(frozen=True)
class Rows:
    """Probabilities of each state and, last, of all other replies; and what was not followed."""

    matrix: np.ndarray
    lost: np.ndarray


class Server:
    def __init__(self, address: str) -> None:
        self.address = address

    def post(self, path: str, body: dict) -> dict:
        request = urllib.request.Request(
            self.address + path,
            data=json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)

    def prompt(self, task: Task, state: str) -> str:
        """Return the text that the model is shown, by the server's own chat template."""
        shown = task.prompt(state)
        turns = [{"role": turn.role, "content": turn.text} for turn in shown.messages]
        if shown.system is not None:
            turns.insert(0, {"role": "system", "content": shown.system})
        return self.post("/apply-template", {"messages": turns})["prompt"]

    def next_tokens(self, text: str) -> list[tuple[int, str, float]]:
        """Return the likeliest next tokens with their probabilities."""
        asked = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0}
        found = self.post(
            "/completion", {"prompt": text, "n_predict": 1, "n_probs": _LISTED} | asked
        )
        listed = found["completion_probabilities"][0]["top_logprobs"]
        return [(one["id"], one["token"], float(np.exp(one["logprob"]))) for one in listed]

    def ends(self) -> set[int]:
        """Return the tokens that end a turn."""
        words = ("<|im_end|>", "<|endoftext|>", "<eos>", "<end_of_turn>")
        found = (self.post("/tokenize", {"content": word, "parse_special": True}) for word in words)
        return {one["tokens"][0] for one in found if len(one["tokens"]) == 1}


def exact_rows(server: Server, task: Task, *, one_line: bool = False) -> Rows:
    """Walk the tokens of each row. `one_line`: the first line break ends a reply, as with words."""
    ends = server.ends()
    whole = [state.casefold() for state in task.states]
    matrix, lost = [], []
    for state in task.states:
        shown = server.prompt(task, state)
        found: Counter[str | None] = Counter()
        dropped = 0.0
        waiting = [("", 1.0)]
        while waiting:
            said, chance = waiting.pop()
            left = 1.0
            for number, token, p in server.next_tokens(shown + said):
                left -= p
                text = said + token
                line = bare(text).casefold()
                if number in ends:
                    found[task.outcome(said).state] += chance * p
                elif "\n" in (text if one_line else text.lstrip()):
                    found[task.outcome(text).state] += chance * p
                elif not any(one.startswith(line) for one in whole):
                    found[None] += chance * p
                elif chance * p > _LEAST:
                    waiting.append((text, chance * p))
                else:
                    dropped += chance * p
            dropped += chance * max(left, 0.0)
        matrix.append([*(found[one] for one in task.states), found[None] + dropped])
        lost.append(dropped)
    return Rows(np.array(matrix), np.array(lost))
