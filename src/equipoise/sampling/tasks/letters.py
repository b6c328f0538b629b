"""Words whose letters sum to 100: the open task of Song et al. (2025), arXiv:2512.10047.

There the pool of words shown grows: every valid new word joins it. A reply that is no such word is
an outcome of the trial and never becomes a source.
"""

import re

from equipoise.sampling.prompt import Message, Template
from equipoise.sampling.tasks.parsers import bare
from equipoise.sampling.tasks.task import Parsed, Task, rejected

SUM = 100
LONGEST = 40
SEEDS = ("BUZZY",)

_TEXT = (
    "Give each letter its place in the alphabet: A = 1, B = 2, ..., Z = 26. The letters of the "
    "word {state} sum to 100. Name a different English word whose letters sum to 100. Answer with "
    "the word alone, without explanation."
)


def letter_sum(word: str) -> int:
    """Return the sum of the places of the letters A to Z in the alphabet; capitals only."""
    return sum(ord(letter) - 64 for letter in word)


def parse_word(reply: str) -> Parsed:
    """Return the word in capitals, or why it is no word whose letters sum to 100."""
    text = bare(reply)
    if not text:
        return rejected("empty")
    if not re.fullmatch("[A-Za-z]+", text):
        return rejected("a sentence" if " " in text else "not only letters")
    if len(text) > LONGEST:
        return rejected("too long")
    word = text.upper()
    return Parsed(word) if letter_sum(word) == SUM else rejected("wrong sum")


LETTERS = Task(
    name="letters",
    states=SEEDS,
    prompt=Template((Message("user", _TEXT),)),
    parse=parse_word,
    closed=False,
    max_tokens=64,
    parser="letters 1",
)
