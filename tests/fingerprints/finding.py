"""One upload against a few works, through a real index."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fingerprints import registry
from fingerprints.index.interface import Change
from fingerprints.index.memory import MemoryIndex
from fingerprints.medium import Found
from fingerprints.model import Fingerprint, Limits, Match
from fingerprints.source import Source


def made(data: bytes | str, *, thorough: bool = False) -> Fingerprint:
    raw = data if isinstance(data, bytes) else data.encode()
    return registry.examine(Source.blob(raw), Limits(), thorough=thorough).fingerprint


def indexed(works: Sequence[Fingerprint], accounts: Sequence[int] = ()) -> MemoryIndex:
    """Works of the accounts named, all of one where none are."""
    index = MemoryIndex()
    index.apply([Change(n + 1, n, work, accounts[n] if accounts else 0) for n, work in enumerate(works)])
    return index


def search(upload: Fingerprint, works: Sequence[Fingerprint], index: MemoryIndex | None = None) -> Found:
    """Works are numbered in their order."""
    return found(upload, index or indexed(works), dict(enumerate(works)))


def found(upload: Fingerprint, index: MemoryIndex, works: Mapping[int, Fingerprint]) -> Found:
    """Works that are not among those given are withheld."""
    answers = []
    for each in upload.each:
        view = index.view(each.algorithm)
        candidates = registry.propose(each, view)
        given = {position: works[position - 1] for position in candidates.works if position - 1 in works}
        answers.append(registry.decide(each, candidates, given, view))
    answer = registry.joined(upload, answers)
    return replace(answer, matches={position - 1: match for position, match in answer.matches.items()})


def match(upload: Fingerprint, work: Fingerprint) -> Match | None:
    return search(upload, [work]).matches.get(0)
