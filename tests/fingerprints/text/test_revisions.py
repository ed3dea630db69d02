"""Answers to a question, written from a source text with ever more care to hide it, and without it.

The levels are those of Clough and Stevenson (Developing a corpus of plagiarised short answers, 2011); the texts were
written for this project. Heavy revisions keep an eighth of the word trigrams of their source, independent answers none.
"""

import json
from collections import Counter
from pathlib import Path

from tests.fingerprints.finding import indexed, made, search

_TEXTS = [json.loads(line) for line in Path(__file__).with_name("revisions.jsonl").read_text("utf-8").splitlines()]


def test_revisions_are_found_at_every_level_and_independent_answers_are_not() -> None:
    sources = [text for text in _TEXTS if text["level"] == "source"]
    works = [made(text["text"]) for text in sources]
    index = indexed(works)
    tried: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for text in _TEXTS:
        matches = search(made(text["text"]), works, index).matches
        names = {sources[number]["work"] for number in matches}
        tried[text["level"]] += 1
        found[text["level"]] += bool(names)
        assert names <= {text["work"]}
    assert tried == {"source": 12, "near": 12, "light": 24, "heavy": 48, "independent": 48}
    assert found["independent"] == 0
    assert (found["near"], found["light"]) == (12, 24)
    assert found["heavy"] >= 0.85 * tried["heavy"]
