"""One contract for every medium, over the medium's own examples."""

import importlib

import numpy as np
import pytest

from fingerprints import media
from fingerprints.example import Example
from fingerprints.index.memory import MemoryIndex
from fingerprints.index.protocol import Change
from fingerprints.model import CODE_WORDS, Fingerprint, Limits

CASES = [
    pytest.param(name, example, id=f"{name}-{example.name}")
    for name, module in media.MEDIA.items()
    for example in importlib.import_module(f"{module.__name__}.examples").EXAMPLES  # type: ignore[attr-defined]
]
PAIRS = [
    pytest.param(name, example, data, should, id=f"{name}-{example.name}-{edit}")
    for name, example in (case.values for case in CASES)
    for should, group in ((True, example.copies), (False, example.others))
    for edit, data in group.items()
]


def make(data: bytes) -> Fingerprint:
    return media.examine(data, Limits()).fingerprint


@pytest.mark.parametrize(("name", "example"), CASES)
def test_a_fingerprint_is_well_formed_and_survives_serialisation(name: str, example: Example) -> None:
    module = media.MEDIA[name]
    found = make(example.work)
    assert (found.medium, found.algorithm) == (name, module.ALGORITHM)
    assert found.codes.shape == (len(found.codes), CODE_WORDS)
    assert found.codes.dtype == np.uint64
    assert found.keys.shape == found.payloads.shape
    assert len(found.digest) == 32
    again = Fingerprint.from_bytes(found.to_bytes())
    assert again.to_bytes() == found.to_bytes() == make(example.work).to_bytes()
    assert media.verify(found, again) is not None
    assert module.EXAMPLES  # type: ignore[attr-defined]


@pytest.mark.parametrize(("name", "example", "data", "should"), PAIRS)
def test_copies_are_proposed_and_verified_and_others_are_not(
    name: str, example: Example, data: bytes, should: bool
) -> None:
    work, upload = make(example.work), make(data)
    index = MemoryIndex()
    index.apply([Change(1, 7, work)])
    match = media.verify(upload, work)
    assert (match is not None) == should
    if match is not None:
        assert index.candidates(upload) == [7]
        assert 0.5 <= match.score <= 1
        assert 0 < match.coverage_upload <= 1
        assert 0 < match.coverage_work <= 1
        assert match.segments
        back = media.verify(work, upload)
        assert back is not None
        assert back.score == pytest.approx(match.score, abs=0.2)


@pytest.mark.parametrize(("name", "example"), CASES)
def test_the_same_bytes_match_exactly_over_their_whole_extent(name: str, example: Example) -> None:
    found = make(example.work)
    match = media.verify(found, found)
    assert match is not None
    assert (match.score, match.coverage_upload, match.coverage_work) == (1.0, 1.0, 1.0)
    assert match.transform == {"exact": True}
    (segment,) = match.segments
    assert segment.upload == segment.work
    assert np.max(segment.work) > 0


@pytest.mark.parametrize("other", ["another/1", media.EXACT])
def test_fingerprints_of_another_algorithm_match_by_digest_only(other: str) -> None:
    example = CASES[0].values[1]
    work, upload = make(example.work), make(example.copies["rewrapped"])
    foreign = Fingerprint(work.medium, other, work.digest, detail=b"unknown", facts=work.facts)
    assert media.verify(upload, foreign) is None
    assert media.verify(work, foreign) is not None


def test_media_without_a_module_are_found_by_their_bytes() -> None:
    sound = b"fLaC" + bytes(range(200))
    found = media.examine(sound, Limits()).fingerprint
    assert (found.medium, found.algorithm, found.reason) == ("audio", media.EXACT, "not_fingerprinted")
    index = MemoryIndex()
    index.apply([Change(1, 3, found)])
    assert index.candidates(found) == [3]
    match = media.verify(found, found)
    assert match is not None
    assert match.segments[0].unit == "second"
    assert media.verify(found, media.examine(sound + b"x", Limits()).fingerprint) is None
