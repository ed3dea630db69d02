"""What fuzzing found stays refused, and a short run of the fuzzer finds nothing new."""

import os
import random

import pytest

from tests.fuzz.run import FOUND, mutated, spoken
from tests.fuzz.targets import Target, finding, targets

pytestmark = pytest.mark.slow

CASES = sorted(path for path in FOUND.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Target]:
    return targets(tmp_path_factory.mktemp("fuzz"))


def test_what_was_found(every: dict[str, Target]) -> None:
    with spoken() as words:
        for case in CASES:
            if case.parent.name in every:  # some need openssl for their seeds
                assert finding(every[case.parent.name], case.read_bytes()) is None, case
                assert not words(), case


def test_seeds_are_accepted(every: dict[str, Target]) -> None:
    for target in every.values():
        for raw in target.seeds:
            target.act(raw)


def test_a_finding_is_one(every: dict[str, Target]) -> None:
    """The fuzzer itself can fail: a parser that breaks, or lets an edit pass, is told."""
    assert (
        finding(Target([], lambda raw: 1 // len(raw)), b"") == "ZeroDivisionError: integer division or modulo by zero"
    )
    with spoken() as words:
        os.write(2, b"panicked")
        assert words() == "panicked"
        os.write(2, b"!")
        assert words() == "!"
        assert words() == ""
    assert finding(every["audit:checkpoint"], every["audit:checkpoint"].seeds[0]) is None


def test_two_hundred_edits_of_each(every: dict[str, Target]) -> None:
    rng = random.Random(6)
    pool = [raw for target in every.values() for raw in target.seeds]
    for name, target in every.items():
        for _ in range(200 if "receipt" not in name and "audit" not in name else 40):
            raw = mutated(rng.choice(target.seeds), rng.choice(pool), rng)
            assert finding(target, raw) is None, (name, raw)
