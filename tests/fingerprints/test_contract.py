"""One contract for every medium, over the medium's own examples."""

from __future__ import annotations

import io
import pickle
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fingerprints import audio, registry
from fingerprints.index.interface import View
from fingerprints.medium import Example, Found
from fingerprints.model import CODE_WORDS, KEY_BYTES, Fingerprint, Limits, MediumName
from fingerprints.source import Source
from tests.fingerprints.finding import indexed, made, match

pytestmark = pytest.mark.slow

CASES = [
    pytest.param(name, example, id=f"{name}-{example.name}")
    for name, medium in registry.MEDIA.items()
    for example in medium.example_works()
]
PAIRS = [
    pytest.param(name, example, data, should, id=f"{name}-{example.name}-{edit}")
    for name, example in (case.values for case in CASES)
    for should, group in ((True, example.copies), (False, example.others))
    for edit, data in group.items()
]
NAMES = [pytest.param(name, medium.example_works()[0], id=name) for name, medium in registry.MEDIA.items()]
ENDS = {"pixel": 4, "codepoint": 2, "second": 2}  # numbers or points that a region of each unit has


def test_versions_are_read_from_ids() -> None:
    assert [registry.version(id_) for id_ in ("sourcemark-image/12:phash16", "sourcemark-exact/1", "x", "y/1a:z")] == [
        12,
        1,
        0,
        0,
    ]


@pytest.mark.parametrize(("name", "example"), CASES)
def test_a_fingerprint_is_well_formed_and_survives_serialisation(name: MediumName, example: Example) -> None:
    medium = registry.MEDIA[name]
    found = made(example.work)
    assert (medium.NAME, found.medium, found.algorithm) == (name, name, medium.ALGORITHM)
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
def test_the_same_bytes_match_exactly_over_their_whole_extent(name: MediumName, example: Example) -> None:
    found = made(example.work)
    same = match(found, found)
    assert same is not None
    assert (same.score, same.coverage_upload, same.coverage_work) == (1.0, 1.0, 1.0)
    assert same.transform == {"exact": True}
    (segment,) = same.segments
    assert segment == registry.MEDIA[name].whole(found)
    assert segment.upload == segment.work
    assert len(segment.work) == ENDS[segment.unit]
    assert np.max(segment.work) > 0 or found.reason == "not_fingerprinted"
    assert same.reuse == ("verbatim" if segment.unit == "codepoint" else None)


class CountsOnly:
    """No more of an index than a decision may ask."""

    def __init__(self, view: View) -> None:
        self.count_near_keys = view.count_near_keys


@pytest.mark.parametrize(("name", "example"), NAMES)
def test_a_search_takes_two_steps_that_may_run_on_two_machines(name: MediumName, example: Example) -> None:
    medium, works = registry.MEDIA[name], [made(example.work)]
    view = indexed(works).view(medium.ALGORITHM)
    for data in (example.work, *example.copies.values(), *example.others.values()):
        upload = made(data, thorough=True)
        proposal = medium.propose(upload, view)
        assert set(proposal.works) <= {1}
        known = {position: works[position - 1] for position in proposal.works}
        here = medium.decide(upload, proposal, known, view)
        there = medium.decide(upload, pickle.loads(pickle.dumps(proposal)), known, CountsOnly(view))
        assert here.matches == there.matches
        assert set(here.matches) <= set(known)
        assert medium.decide(upload, proposal, {}, view).matches == {}


@pytest.mark.parametrize(("name", "example"), NAMES)
def test_what_is_shown_of_a_match(name: MediumName, example: Example) -> None:
    medium, work = registry.MEDIA[name], made(example.work)
    upload = made(next(iter(example.copies.values()), example.work), thorough=True)
    found = match(upload, work)
    assert found is not None
    unit = found.segments[0].unit
    preview = medium.preview(upload, found)
    assert (preview is not None) == (unit != "codepoint" and upload.detail != b"")
    if preview is not None:
        drawn = medium.render(preview, [(work, found)])
        assert drawn is not None
        with Image.open(io.BytesIO(drawn)) as picture:
            assert picture.format == "PNG"
        assert medium.render(preview, []) is None
    text = medium.shown(work)
    assert (text is not None) == (unit == "codepoint")
    if text is not None:
        assert medium.whole(work).work == (0.0, float(len(text)))


@pytest.mark.parametrize(("name", "example"), NAMES)
def test_an_unknown_algorithm_is_not_upgraded_and_matches_by_digest_only(name: MediumName, example: Example) -> None:
    medium, work = registry.MEDIA[name], made(example.work)
    foreign = Fingerprint(name, "another/1", work.digest, detail=b"unknown", facts=work.facts)
    assert medium.upgrade(foreign) is None
    assert match(work, foreign) is not None
    for copy in example.copies.values():
        assert match(made(copy), foreign) is None


@dataclass(frozen=True)
class NoProposal:
    works: tuple[int, ...] = ()


class Later:
    """Sound that has left an older algorithm behind, and finds the same bytes only."""

    ALGORITHM = "later/2"

    def __getattr__(self, name: str) -> Any:
        return getattr(audio, name)

    def propose(self, query: Fingerprint, view: View) -> NoProposal:
        return NoProposal()

    def decide(self, *of: object) -> Found:
        return Found({})

    def upgrade(self, old: Fingerprint) -> Fingerprint | None:
        return replace(old, algorithm=self.ALGORITHM, detail=old.detail * 2) if old.algorithm == "later/1" else None


def test_a_medium_that_goes_on_upgrades_what_it_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "MEDIA", {**registry.MEDIA, "audio": Later()})
    medium = registry.MEDIA["audio"]
    old = Fingerprint("audio", "later/1", bytes(32), detail=b"x")
    new = medium.upgrade(old)
    assert new is not None
    assert (new.algorithm, new.digest, new.detail) == ("later/2", old.digest, b"xx")
    assert medium.upgrade(new) is None
    view = indexed([new]).view("later/2")
    assert registry.propose(new, view).proposal is not None
    assert registry.propose(old, view).proposal is None
    assert match(old, new) is not None


def test_film_that_cannot_be_opened_is_found_by_its_bytes() -> None:
    work = b"\x1aE\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x23\x42\x82\x84webm" + bytes(range(200))
    found = registry.examine(Source.blob(work), Limits()).fingerprint
    assert (found.medium, found.reason) == ("video", "not_fingerprinted")
    same = match(found, found)
    assert same is not None
    assert same.segments[0].unit == "second"
    assert match(found, made(work + b"x")) is None
