"""The picture benchmarks: the case set is what it says, the peers find what they are known to find."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.common import cases, contest, measuring, metrics
from benchmarks.common.filled import filled
from benchmarks.image import drawn, edits, generate, growth, mixing, peers
from benchmarks.image.ours import engine, without_small
from fingerprints import image
from fingerprints.image import codec
from fingerprints.image.examples import saved
from fingerprints.index.interface import Change
from fingerprints.index.memory import MemoryIndex
from fingerprints.model import Fingerprint
from scripts.training.image import families, learning_set, scenery, varied

pytestmark = pytest.mark.slow

COPIES = len(generate.TRANSFORMS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("cases")
    generate.write_cases(made, 14, COPIES, 12, seed=5)
    return made


def test_a_generated_set_is_what_it_says(folder: Path, tmp_path: Path) -> None:
    made = cases.load(folder)
    assert Counter(q.transform for q in made.queries if q.expected) == Counter(generate.TRANSFORMS)
    assert Counter(q.tier for q in made.queries if not q.expected) == {1: 6, 2: 6}
    assert {len(q.expected) for q in made.queries} == {0, 1, 2, 4}
    known = {ref.id for ref in made.refs}
    pictures = {ref.path.read_bytes() for ref in made.refs} | {q.path.read_bytes() for q in made.queries}
    assert len(pictures) == len(made.refs) + len(made.queries)
    assert all(q.expected <= known for q in made.queries)
    generate.write_cases(tmp_path, 14, 3, 2, seed=5)
    for same in ("refs/w3.jpg", "queries/reencode_q10-0.jpg", "queries/tier2-0.jpg"):
        assert (tmp_path / same).read_bytes() == (folder / same).read_bytes()


def test_a_distractor_of_tier_2_has_the_template_of_a_work_and_contents_of_its_own() -> None:
    registered = {kind: np.asarray(drawn.DRAWN[kind](1, 2), dtype=int) for kind in ("chart", "post", "branded")}
    for kind, other in ((kind, np.asarray(drawn.DRAWN[kind](2, 2), dtype=int)) for kind in registered):
        away = np.abs(registered[kind] - other).max(axis=2)
        assert 0.1 < (away == 0).mean() < 0.95
    assert {kind for kind, _ in generate.strangers(2, 6)} == {"chart", "post", "branded"}
    assert {kind for kind, _ in generate.strangers(1, 4)} == {"photo"}


def test_a_learning_set_is_what_it_says(tmp_path: Path) -> None:
    for folder in (tmp_path / "one", tmp_path / "same"):
        learning_set.write_set(folder, 10, 18, 4, seed=5)
    made = cases.load(tmp_path / "one")
    known = {ref.id for ref in made.refs}
    assert len(known) == 12  # of families 0 and 7 two
    copies = [q for q in made.queries if q.expected]
    several = [q.transform for q in copies if q.transform.startswith(("combo", "collage"))]
    assert [name.rstrip("234") for name in several] == 2 * [*4 * ["combo"], "collage"]
    assert {name for name in several if name.startswith("combo")} == {"combo2", "combo3"}
    assert all(q.expected <= known for q in copies)
    near = [q for q in made.queries if q.id.startswith("n")]
    assert {(q.transform.removeprefix("distractor_"), q.tier) for q in near} == {
        (families.kind(f), families.KINDS[families.kind(f)][2]) for f in range(10) if families.kind(f) != "photo"
    }
    assert Counter(q.tier for q in made.queries if q.id.startswith("s")) == {1: 4}
    assert all(len(q.expected) == int(q.transform[-1]) for q in copies if q.transform.startswith("collage"))
    again = cases.load(tmp_path / "same")
    for one, same in zip((*made.refs, *made.queries), (*again.refs, *again.queries), strict=True):
        assert (one.id, one.path.read_bytes()) == (same.id, same.path.read_bytes())


def test_what_the_sets_are_drawn_by_is_drawn_for_one_purpose_each() -> None:
    purposes = [("style", 3), ("member", 3, 0), ("edited", 3), ("near", 3, 0), ("stranger", 3)]
    first = [families.source(what, *numbers, seed=5).random() for what, *numbers in purposes]
    assert len(set(first)) == len(purposes)


def test_edits_leave_something_of_the_works_own() -> None:
    first = {families.kind(f): f for f in reversed(range(80))}
    offered = {kind: set(learning_set._choice(family)) for kind, family in first.items()}
    assert offered["photo"] == offered["burst"] == set(varied.ALL)
    for kind in ("branded", "chart", "document"):  # of a part the template may be all
        assert offered[kind] == set(varied.ALL) - {"crop_60", "crop_35", "crop_10"}
    for kind in ("logo", "flag", "product"):  # a panel may hide all that is their own
        assert offered[kind] == offered["chart"] - {"text_panel"}


def test_a_picture_is_not_put_into_two_others_cut_twice_or_inverted_back(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def noted(name: str) -> edits.Edit:
        return lambda picture, r: done.append(name) or picture

    monkeypatch.setattr(varied, "ALL", {name: noted(name) for name in varied.ALL})
    r, page = np.random.default_rng(2), Image.new("RGB", (8, 8))
    for _ in range(300):
        done.clear()
        varied.combined(r, 3, list(varied.ALL))(page, r)
        assert len(set(done)) == 3
        for group in (("on_a_post", "inside", "letterbox", "crop_10"), ("crop_60", "crop_35", "crop_10")):
            assert len(set(done) & set(group)) <= 1, done
        assert not {"inverted", "inverted_mirrored"} <= set(done)


def test_members_of_a_family_share_what_is_the_familys_and_nothing_else() -> None:
    first = {families.kind(f): f for f in reversed(range(80))}
    assert set(first) == set(families.KINDS)
    for kind, family in first.items():
        style = [np.random.default_rng(family) for _ in range(2)]
        one, other = (
            families.KINDS[kind][0](each, np.random.default_rng(n)) for n, each in enumerate(style)
        )  # whatever is a member's own, as much is asked of the family's seed
        assert style[0].bit_generator.state == style[1].bit_generator.state, kind
        assert not np.array_equal(np.asarray(one.resize((64, 64))), np.asarray(other.resize((64, 64)))), kind
        assert np.array_equal(np.asarray(families.member(family, 0, 5)), np.asarray(families.member(family, 0, 5)))


def test_every_edit_can_be_made_of_every_shape() -> None:
    for size in ((333, 500), (480, 270)):
        picture = scenery.scenery(np.random.default_rng(3), size)
        for name, edit in varied.ALL.items():
            made = edit(picture, np.random.default_rng(4))
            assert made.mode == "RGB", name
            assert min(made.size) >= 32, name
            assert np.asarray(made).std() > 5, name
            assert made.tobytes() != picture.tobytes(), name
    for size in ((20, 15), (9, 40)):
        for name in ("covered", "stickers", "text_panel", "caption", "crop_10", "text_all_over"):
            small = picture.resize(size)
            assert varied.ALL[name](small, np.random.default_rng(5)).size[0] >= 1, name
    three = varied.combined(np.random.default_rng(1), 3, list(varied.ALL))
    assert three(picture, np.random.default_rng(2)).tobytes() != picture.tobytes()


def test_crops_have_the_share_they_are_named_for() -> None:
    whole = drawn.work(0)
    for name, share in (("crop_50", 0.5), ("crop_25", 0.25), ("crop_10", 0.1)):
        cut = edits.OTHERS[name](whole, np.random.default_rng(1))
        assert cut.width * cut.height / (whole.width * whole.height) == pytest.approx(share, rel=0.02)


def test_the_peers_find_copies_and_nothing_in_what_they_cannot_read(folder: Path, tmp_path: Path) -> None:
    Image.open(folder / "refs/w0.jpg").transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.png")
    (tmp_path / "broken.jpg").write_bytes((folder / "refs/w0.jpg").read_bytes()[:400])
    refs = tuple(cases.Ref(f"w{n}", folder / f"refs/w{n}.jpg", "utf-8") for n in (0, 2))
    queries = (
        cases.Query("same", folder / "refs/w0.jpg", "none", frozenset({"w0"})),
        cases.Query("turned", tmp_path / "turned.png", "turned", frozenset({"w0"})),
        cases.Query("broken", tmp_path / "broken.jpg", "broken", frozenset()),
    )
    for name, how in peers.PEERS.items():
        found = peers.found(cases.CaseSet(folder, refs, queries), *how)
        assert found["same"] == [cases.Found("w0", 1.0)]
        assert [f.ref for f in found["turned"]] == (["w0"] if name.startswith("PDQ") else [])
        assert "broken" not in found
    unread = cases.CaseSet(folder, (cases.Ref("x", tmp_path / "broken.jpg", "utf-8"),), queries)
    assert peers.found(unread, *peers.PEERS["phash d<=10"]) == {}


def test_ours_finds_the_generated_copies_and_the_tables_show_it(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = cases.load(folder)
    registry = engine()
    registry.register((n, ref.path.read_bytes()) for n, ref in enumerate(made.refs, 1))
    lines = tmp_path / "ours.jsonl"
    with lines.open("w") as out:
        for q in made.queries:
            matches = [
                {"external_id": made.refs[n - 1].id, "score": m.score, "segments": []}
                for n, m in registry.query(q.path.read_bytes())
            ]
            out.write(json.dumps({"external_id": q.id, "status": "scanned", "matches": matches}) + "\n")
    assert all(without_small(kept) <= 10_000 for kept in registry.kept())
    registry.close()
    everybody = contest.everyone(made, lines, {"nobody": dict})
    figures = metrics.figures(made.queries, everybody[0])
    assert figures.recall >= 0.9
    assert metrics.fired_by_tier(made.queries, everybody[0])[1] == (0, 6)
    contest.print_figures(made, everybody)
    (nobody,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("nobody  "))
    assert nobody.split() == ["nobody", "0.000", "0.0000", "0.000", "0.000", "0.0000", "(0/6)", "0.0000", "(0/6)"]


@pytest.fixture(scope="module")
def works() -> list[Fingerprint]:
    return [image.fingerprint(saved(drawn.work(n), "JPEG")) for n in range(8)]


def test_a_mixed_work_is_laid_out_like_a_drawn_one_and_made_of_many(works: list[Fingerprint]) -> None:
    donors = mixing.pool(works)
    one, same, other = mixing.mixed(5, donors), mixing.mixed(5, donors), mixing.mixed(6, donors)
    assert one.to_bytes() == same.to_bytes()
    assert one.digest != other.digest
    assert Fingerprint.from_bytes(one.to_bytes()).to_bytes() == one.to_bytes()
    (frame,) = codec.frames(one)
    assert len(one.keys) == len(frame.points) == len(frame.vectors)
    (source,) = (work for work in works if codec.thumbnails(work) == (frame.thumbnail,))
    assert codec.size(one) == codec.size(source)
    places = [{tuple(p) for p in codec.frames(work)[0].points.tolist()} for work in works]
    shares = [sum(tuple(p) in of for p in frame.points.tolist()) / len(frame.points) for of in places]
    assert max(shares) < 0.35
    assert sum(shares) >= 1
    bits = np.bitwise_count(one.keys[:, None] ^ donors.keys).min(axis=1)
    assert 1 < bits.mean() < 6
    assert (one.keys >> np.uint64(24)).max() < 1 << 16


def test_drawn_works_stand_evenly_among_mixed_ones(works: list[Fingerprint]) -> None:
    made = growth.Registry(20, works)
    everyone = [made[number] for number in range(1, 21)]
    assert [n for n, of in enumerate(everyone, 1) if any(of is work for work in works)] == [1, 3, 6, 8, 11, 13, 16, 18]
    assert all(made[made.place(n)] is works[n] for n in range(8))
    assert [growth.Registry(5, works)[number] for number in range(1, 6)] == works[:5]


def test_a_filled_view_answers_as_the_index_does(works: list[Fingerprint]) -> None:
    made = growth.Registry(20, works)
    index = MemoryIndex()
    index.apply([Change(number, number, made[number]) for number in range(1, 21)])
    views = index.view(image.ALGORITHM), filled(20, made.blocks())
    keys = np.concatenate([work.keys for work in works[:3]])
    one, other = (view.by_keys(keys, 100) for view in views)
    assert one.positions.tolist() == other.positions.tolist()
    assert one.counts.tolist() == other.counts.tolist()
    one_near, other_near = (view.by_codes(works[0].codes, 31) for view in views)
    assert one_near.positions.tolist() == other_near.positions.tolist() != []


def test_an_exponent_is_that_of_the_growth() -> None:
    assert measuring.exponent(2, 20, 10) == pytest.approx(1)
    assert measuring.exponent(3, 3, 10) == 0
    assert np.isnan(measuring.exponent(0, 3, 10))
    assert measuring.ratios([2, 9, 8], [1, 3, 2]) == (3, 2, 4)
