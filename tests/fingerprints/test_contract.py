"""One contract for every medium, over the medium's own examples."""

import importlib

import numpy as np
import pytest

from fingerprints import registry
from fingerprints.example import Example
from fingerprints.model import CODE_WORDS, KEY_BYTES, Fingerprint, Limits
from fingerprints.source import Source
from tests.fingerprints.finding import made, match

CASES = [
    pytest.param(name, example, id=f"{name}-{example.name}")
    for name, module in registry.MEDIA.items()
    for example in importlib.import_module(f"{module.__name__}.examples").EXAMPLES  # type: ignore[attr-defined]
]
PAIRS = [
    pytest.param(name, example, data, should, id=f"{name}-{example.name}-{edit}")
    for name, example in (case.values for case in CASES)
    for should, group in ((True, example.copies), (False, example.others))
    for edit, data in group.items()
]


def test_versions_are_read_from_ids() -> None:
    assert [registry.version(id_) for id_ in ("sourcemark-image/12:phash16", registry.EXACT, "x", "y/1a:z")] == [
        12,
        1,
        0,
        0,
    ]


@pytest.mark.parametrize(("name", "example"), CASES)
def test_a_fingerprint_is_well_formed_and_survives_serialisation(name: str, example: Example) -> None:
    module = registry.MEDIA[name]
    found = made(example.work)
    assert (found.medium, found.algorithm) == (name, module.ALGORITHM)
    assert found.codes.shape == (len(found.codes), CODE_WORDS)
    assert found.codes.dtype == np.uint64
    assert (found.keys < 1 << 8 * KEY_BYTES).all()
    assert len(found.digest) == 32
    again = Fingerprint.from_bytes(found.to_bytes())
    assert again.to_bytes() == found.to_bytes() == made(example.work).to_bytes()
    bare = Fingerprint.from_bytes(found.index_bytes(), b"")
    assert (bare.keys == found.keys).all()
    assert (bare.codes == found.codes).all()
    assert match(found, again) is not None
    assert module.EXAMPLES  # type: ignore[attr-defined]


@pytest.mark.parametrize(("name", "example", "data", "should"), PAIRS)
def test_copies_are_found_and_others_are_not(name: str, example: Example, data: bytes, should: bool) -> None:
    work, upload = made(example.work), made(data, thorough=True)
    found = match(upload, work)
    assert (found is not None) == should
    if found is not None:
        assert 0.5 <= found.score <= 1
        assert 0 < found.coverage_upload <= 1
        assert 0 < found.coverage_work <= 1
        assert found.segments
        back = match(made(example.work, thorough=True), made(data))
        assert back is not None
        assert back.score == pytest.approx(found.score, abs=0.2)


@pytest.mark.parametrize(("name", "example"), CASES)
def test_the_same_bytes_match_exactly_over_their_whole_extent(name: str, example: Example) -> None:
    found = made(example.work)
    same = match(found, found)
    assert same is not None
    assert (same.score, same.coverage_upload, same.coverage_work) == (1.0, 1.0, 1.0)
    assert same.transform == {"exact": True}
    (segment,) = same.segments
    assert segment.upload == segment.work
    assert np.max(segment.work) > 0


@pytest.mark.parametrize("other", ["another/1", registry.EXACT])
def test_fingerprints_of_another_algorithm_match_by_digest_only(other: str) -> None:
    example = CASES[0].values[1]
    work, upload = made(example.work), made(example.copies["rewrapped"])
    foreign = Fingerprint(work.medium, other, work.digest, detail=b"unknown", facts=work.facts)
    assert match(upload, foreign) is None
    assert match(work, foreign) is not None


def test_media_without_a_module_are_found_by_their_bytes() -> None:
    sound = b"fLaC" + bytes(range(200))
    found = registry.examine(Source.blob(sound), Limits()).fingerprint
    assert (found.medium, found.algorithm, found.reason) == ("audio", registry.EXACT, "not_fingerprinted")
    same = match(found, found)
    assert same is not None
    assert same.segments[0].unit == "second"
    assert match(found, made(sound + b"x")) is None
