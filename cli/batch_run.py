"""Running many works or uploads: answers as they come, progress by item, and at the end what became of all."""

from __future__ import annotations

import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from .bars import Steps, progress
from .output import Interrupted, emit_all, tr

if TYPE_CHECKING:
    from provenance.schemas import RegistrationResult, ScanResult

Result = TypeVar("Result", "RegistrationResult", "ScanResult")


def run(
    start: Callable[[Steps], Iterator[Result]],
    *,
    label: str,
    total: int | None,
    show: Callable[[Result], None],
    outcome: Callable[[Result], str],
    go_on: str,
    numbers: deque[int] | None = None,
    json_: bool,
) -> Counter[str]:
    """Print each answer when it is there, and of more than one what became of all, on stderr.

    Args:
        start: begins the work; tells the bar that it is given what was examined and read.
        total: items, where that is known.
        show: prints an answer for a person.
        outcome: a word for what became of an item.
        go_on: how to go on after Ctrl-C.
        numbers: of the lines of a batch, in the order of the answers; they are used up. An error names its line.

    Returns:
        How many there are of each outcome.

    Raises:
        Interrupted: with what was answered until then.
    """
    counted: Counter[str] = Counter()
    try:
        with progress(label, total) as step:
            for result in start(step):
                if numbers:
                    _name_line(result, numbers.popleft())
                counted[outcome(result)] += 1
                if json_:
                    emit_all([result])
                else:
                    show(result)
    except KeyboardInterrupt:
        raise Interrupted(_interrupted(counted, total, go_on)) from None
    # A script counts the lines by itself; a person who watches one is told all the same.
    if (numbers is not None or counted.total() > 1) and (not json_ or sys.stderr.isatty()):
        print(f"sourcemark: {summary(counted)}", file=sys.stderr)
    return counted


def _name_line(result: RegistrationResult | ScanResult, number: int) -> None:
    if result.error is not None:
        where = f"line {number}" + (f" ({result.external_id})" if result.external_id else "")
        result.error = result.error.model_copy(update={"detail": f"{where}: {result.error.detail}"})


def summary(counted: Counter[str]) -> str:
    """How many there are of each outcome, in words."""
    done = counted.total()
    if not done:
        return tr("the batch is empty: nothing was done", "批次为空，没有可处理的内容")
    return tr(f"{done} done: ", f"共 {done} 项：") + _each(counted)


def _each(counted: Counter[str]) -> str:
    words = counted.most_common()
    return tr(", ".join(f"{n} {word}" for word, n in words), "，".join(f"{word} {n} 项" for word, n in words))


def _interrupted(counted: Counter[str], total: int | None, go_on: str) -> str:
    done = counted.total()
    of = "" if total is None else tr(f" of {total}", f"/{total}")
    what = f" ({_each(counted)})" if done else ""
    return tr(f"{done}{of} answered and kept{what}; {go_on}", f"已完成并保存 {done}{of} 项{what}；{go_on}")
