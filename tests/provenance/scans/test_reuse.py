"""How a match uses the work, and which part of a post speaks of it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from fingerprints.model import Examination, Fingerprint, Match, Segment
from provenance import marking
from provenance.marking import Evidence, Post, Work
from provenance.marking.checker import Checker
from provenance.scans import reuse as reposting
from provenance.scans.reuse import Shown
from provenance.schemas import ScanItem
from tests.provenance.scans.test_permission import report

WORK = Work(
    title="The Lock Keeper", owner="Imogen Strand", source_name="Weir & Water",
    source_urls=("https://weirandwater.example/lock",), licence="reprint-with-credit",
)  # fmt: skip
BODY = "He wrote down every boat, and the weather each one brought. " * 6


def _examined(text: str, format: str = "plain") -> Shown:
    return Shown(Examination(Fingerprint("text", "sourcemark-exact/1", b"\x00" * 32), format, text))


def _match(
    text: str, body: str = BODY, *, work: float = 1.0, reuse: str | None = "verbatim", **transform: bool
) -> Match:
    at = text.index(body)
    segment = Segment((float(at), float(at + len(body))), (0.0, float(len(body))), "codepoint")
    return Match(1.0, len(body) / len(text), work, (segment,), transform, reuse=reuse)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "body", "given", "expected"),
    [
        (BODY, BODY, {}, "full"),
        (BODY, BODY, {"work": 0.4}, "excerpt"),
        (BODY, BODY, {"reuse": "rewritten"}, "adapted"),
        ("I kept thinking: “" + BODY[:60] + "” and went on for a long while after that evening by the canal. " * 3, BODY[:60], {"work": 0.1}, "quotation"),
        ("<p>See</p><blockquote><p>" + BODY[:60] + "</p></blockquote>" + "and so on " * 30, BODY[:60], {"work": 0.1}, "quotation"),
        ("I kept thinking. " + BODY[:60] + "And went on for a long while after that evening by the canal. " * 3, BODY[:60], {"work": 0.1}, "excerpt"),
        ("“" + BODY[:300] + "” " + "and so on " * 90, BODY[:300], {"work": 0.9}, "full"),
    ],
)  # fmt: skip
def test_use(text: str, body: str, given: dict[str, object], expected: str) -> None:
    assert reposting.use_of(ScanItem(), _match(text, body, **given), text) == expected  # type: ignore[arg-type]


def test_a_mirrored_picture_is_adapted_and_what_the_platform_says_wins() -> None:
    match = Match(1.0, 1.0, 1.0, (), {"mirrored": True})
    assert reposting.use_of(ScanItem(), match, None) == "adapted"
    assert reposting.use_of(ScanItem(use="full"), match, None) == "full"


def test_names_in_the_works_own_text_are_no_credits() -> None:
    body = "By Dana Whitlock's mill the boats lay still.\nPhoto: Ruth Calder\n" + BODY
    text = f"Found this.\n{body}"
    assert reposting.report(Checker(WORK), ScanItem(), _examined(text), _match(text, body)).verdict == "missing"


def test_a_digest_credits_each_piece_beside_it() -> None:
    other = "By Dana Whitlock\n" + "Another piece about another river, told at length. " * 60
    text = f"{other}\n\n{BODY}\n"
    found = reposting.report(Checker(WORK), ScanItem(), _examined(text), _match(text))
    assert found.verdict == "missing"
    near = f"{other}\n\nBy Joan Vickers\n{BODY}\n"
    assert reposting.report(Checker(WORK), ScanItem(), _examined(near), _match(near)).verdict == "wrong_owner"


def test_positions_hold_and_the_place_of_the_credit_is_told() -> None:
    head = "Imogen Strand, Weir & Water, https://weirandwater.example/lock\n"
    for text, side in ((head + "\n" + BODY, "before"), (BODY + "\n\n" + head, "after")):
        match = _match(text)
        found = reposting.report(Checker(WORK), ScanItem(), _examined(text), match)
        assert found.verdict == "compliant"
        place = reposting.credit_place(found, match)
        assert place is not None
        assert place.side == side
        assert place.distance <= 3
    assert (
        reposting.credit_place(reposting.report(Checker(WORK), ScanItem(), _examined(BODY), _match(BODY)), _match(BODY))
        is None
    )


def _spans(text: str, *bodies: str, upload: float = 0.1, work: float = 0.1) -> Match:
    at = [text.index(body) for body in bodies]
    segments = [Segment((a, a + len(body)), (0, len(body)), "codepoint") for a, body in zip(at, bodies, strict=True)]
    return Match(1.0, upload, work, tuple(segments), {}, reuse="verbatim")


def test_an_inverted_picture_is_adapted() -> None:
    assert reposting.use_of(ScanItem(), Match(1.0, 1.0, 1.0, (), {"inverted": True}), None) == "adapted"
    assert (
        reposting.use_of(ScanItem(), Match(1.0, 1.0, 1.0, (), {"inverted": False, "mirrored": False}), None) == "full"
    )


@pytest.mark.parametrize(("coverage", "expected"), [(0.49, "excerpt"), (0.5, "full")])
def test_less_than_half_of_a_work_is_an_excerpt(coverage: float, expected: str) -> None:
    assert reposting.use_of(ScanItem(), Match(1.0, 1.0, coverage, ()), None) == expected


@pytest.mark.parametrize(
    ("upload", "work", "expected"),
    [(0.5, 0.2, "quotation"), (0.51, 0.2, "excerpt"), (0.5, 0.21, "excerpt"), (0.9, 0.9, "full")],
)
def test_a_quotation_is_short_and_no_essay_is_mostly_a_quotation(upload: float, work: float, expected: str) -> None:
    text = "She said: “" + BODY[:60] + "” and left."
    assert reposting.use_of(ScanItem(), _spans(text, BODY[:60], upload=upload, work=work), text) == expected


def test_every_matched_span_of_a_quotation_is_quoted() -> None:
    one, two = BODY[:30], "The mill turned slowly all night"
    both, first_only = f"“{one}” and «{two}» he wrote.", f"“{one}” and then {two}, he wrote."
    assert reposting.use_of(ScanItem(), _spans(both, one, two), both) == "quotation"
    assert reposting.use_of(ScanItem(), _spans(first_only, one, two), first_only) == "excerpt"
    assert reposting.use_of(ScanItem(), Match(1.0, 0.1, 0.1, ()), both) == "excerpt"


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("He wrote: “as we know, ", "quotation"),  # opened somewhat before, not closed
        ("他写道：「", "quotation"),
        ("他写道：「前面还有，", "quotation"),
        ("他写道：『前面还有，", "quotation"),
        ("Il écrit : «bien sûr, ", "quotation"),
        ("<p><q>as we know, ", "quotation"),
        ("<blockquote><p>as we know, ", "quotation"),
        ("<blockquote>as we know</blockquote> ", "excerpt"),
        ("<p><q>as we know</q> ", "excerpt"),
        ("He wrote “as we know” that ", "excerpt"),
        ("“" + "a" * 1_998 + " ", "quotation"),
        ("“" + "a" * 1_999 + " ", "excerpt"),  # too far off to be the beginning of this quotation
        ("<blockquote>" + "<br class='x'>" * 27 + " ", "quotation"),
        ("", "excerpt"),
    ],
)
def test_where_a_quotation_begins(before: str, expected: str) -> None:
    body = "the boats lay still in the lock"
    text = before + body + " and so on."
    assert reposting.use_of(ScanItem(), _spans(text, body), text) == expected


def test_a_match_may_begin_with_the_quotation_mark_itself() -> None:
    body = "“the boats lay still in the lock"
    text = f"Once more: {body}” he wrote."
    assert reposting.use_of(ScanItem(), _spans(text, body), text) == "quotation"


CREDIT = "Imogen Strand, Weir & Water, https://weirandwater.example/lock"
OTHER = "By Dana Whitlock"


def test_what_somebody_else_is_credited_with_far_off_counts_only_where_the_post_is_mostly_the_work() -> None:
    for distance, share, expected in (
        (1_400, 0.49, "wrong_owner"),
        (1_700, 0.49, "missing"),
        (1_700, 0.5, "wrong_owner"),
    ):
        text = f"{OTHER}\n" + "\n" * distance + BODY
        match = dataclasses.replace(_match(text), coverage_upload=share)
        assert reposting.report(Checker(WORK), ScanItem(), _examined(text), match).verdict == expected


def test_what_follows_the_work_counts_as_what_goes_before() -> None:
    for distance, expected in ((1_400, "wrong_owner"), (1_700, "missing")):
        text = BODY + "\n" * distance + f"\n{OTHER}\n"
        match = dataclasses.replace(_match(text), coverage_upload=0.3)
        assert reposting.report(Checker(WORK), ScanItem(), _examined(text), match).verdict == expected


def test_of_a_page_only_what_stands_around_the_work_decides() -> None:
    body = f"<p>{BODY}</p><p>{OTHER}</p><p>{BODY}</p>"
    page = f"<!doctype html><html><body><p>Found this.</p>{body}</body></html>"
    assert marking.check(WORK, Post(html=page)).verdict == "wrong_owner"
    found = reposting.report(Checker(WORK), ScanItem(), _examined(page, "html"), _match(page, body))
    assert (found.verdict, "html" in found.searched) == ("missing", True)
    wrong = f"<!doctype html><html><body><p>{OTHER}</p>{body}</body></html>"
    assert (
        reposting.report(Checker(WORK), ScanItem(), _examined(wrong, "html"), _match(wrong, body)).verdict
        == "wrong_owner"
    )


def test_a_wrong_credit_around_the_work_is_reported_with_all_that_was_seen() -> None:
    body = f"{BODY}\n{OTHER}\n{BODY}"
    text = f"{OTHER}\n{body}"
    found = reposting.report(Checker(WORK), ScanItem(), _examined(text), _match(text, body))
    assert found == marking.check(WORK, Post(text=text))
    assert len(found.evidence) == 2


@pytest.mark.parametrize(
    ("spans", "whole", "kept"),
    [
        ([], False, [(0, 9_000)]),
        ([], True, [(0, 9_000)]),
        ([(4_000, 5_000)], True, [(0, 4_000), (5_000, 9_000)]),
        ([(4_000, 5_000)], False, [(2_500, 4_000), (5_000, 6_500)]),
        ([(1_000, 1_100)], False, [(0, 1_000), (1_100, 2_600)]),
        ([(8_000, 8_100)], False, [(6_500, 8_000), (8_100, 9_000)]),
        ([(0, 9_000)], False, []),
        ([(4_000, 4_000)], False, [(2_500, 5_500)]),  # nothing of it is text
        ([(4_000, 5_000), (4_500, 5_500)], True, [(0, 4_000), (5_500, 9_000)]),
        ([(4_000, 5_500), (4_500, 5_000)], False, [(2_500, 4_000), (5_500, 7_000)]),
        ([(5_000, 5_100), (3_000, 3_100)], False, [(1_500, 3_000), (3_100, 5_000), (5_100, 6_600)]),
        ([(2_000, 2_100), (7_000, 7_100)], False, [(500, 2_000), (2_100, 3_600), (5_500, 7_000), (7_100, 8_600)]),
    ],
)
def test_what_of_a_post_speaks_of_a_work(
    spans: list[tuple[int, int]], whole: bool, kept: list[tuple[int, int]]
) -> None:
    text = "".join(chr(0x4E00 + n) for n in range(9_000))
    left = [n for n, character in enumerate(reposting._context(text, spans, whole=whole)) if character != "\n"]
    assert left == [n for a, b in kept for n in range(a, b)]
    assert reposting._context(text, spans, whole=whole).replace("\n", "") == "".join(text[a:b] for a, b in kept)


def test_left_out_text_keeps_its_tags_and_its_length() -> None:
    text = "<p>Before</p><p class='x'>The <b>work</b> 1 < 2</p><p>after</p>"
    span = (text.index("The"), text.index("<p>after"))
    context = reposting._context(text, [span], whole=True)
    assert context == text.replace("The ", "\n" * 4).replace("work", "\n" * 4).replace(" 1 < 2", "\n" * 6)


def test_beside_a_file_there_is_nothing_but_its_caption() -> None:
    examined = Examination(Fingerprint("image", "sourcemark-exact/1", b"\x00" * 32), "jpeg")
    match = Match(1.0, 1.0, 1.0, ())
    found = reposting.report(Checker(WORK), ScanItem(), Shown(examined, OTHER), match)
    assert found.verdict == "wrong_owner"
    assert "fields" in found.searched
    assert reposting.report(Checker(WORK), ScanItem(), Shown(examined, CREDIT), match).owner_marked


def test_what_is_known_of_the_post_reaches_the_check() -> None:
    work = dataclasses.replace(WORK, licence="CC-BY-NC-4.0")
    text = f"{CREDIT}\n\n{BODY}"
    found = reposting.report(Checker(work), ScanItem(commercial=True), _examined(text), _match(text))
    assert "nc_breach" in found.licence_findings
    own = reposting.report(
        Checker(WORK), ScanItem(account="Dana Whitlock"), _examined(f"{OTHER}\n{BODY}"), _match(f"{OTHER}\n{BODY}")
    )
    assert "self_credited" in own.reasons
    assert reposting.report(Checker(WORK), ScanItem(use="quotation"), _examined(text), _match(text)).use == "quotation"


def _evidence(locator: str, **values: Any) -> Evidence:
    return Evidence(
        **{"where": "text", "locator": locator, "quote": "", "role": "author", "names_owner": "owner", **values}
    )


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (_evidence("10-40"), ("before", 60)),
        (_evidence("90-100"), ("before", 0)),
        (_evidence("90-101"), ("inside", 0)),
        (_evidence("210-220"), ("inside", 0)),  # between two matched spans
        (_evidence("399-500"), ("inside", 0)),
        (_evidence("400-500"), ("after", 0)),
        (_evidence("450-500"), ("after", 50)),
        (_evidence("10-40", names_owner="alias"), ("before", 60)),
        (_evidence("10-40", names_owner="transliteration"), ("before", 60)),
        (_evidence("10-40", names_owner="source"), ("before", 60)),
        (_evidence("10-40", names_owner=None, url_match="exact"), ("before", 60)),
        (_evidence("10-40", names_owner=None, url_match="same_site"), None),
        (_evidence("10-40", names_owner="other"), None),
        (_evidence("html > body"), None),
        (_evidence("10-40", where="caption"), None),
    ],
)
def test_the_place_of_a_credit(evidence: Evidence, expected: tuple[str, int] | None) -> None:
    spans = [Segment((300, 400), (0, 100), "codepoint"), Segment((100, 200), (100, 200), "codepoint")]
    match = Match(1.0, 0.5, 0.5, tuple(spans))
    found = report("compliant", evidence=(_evidence("0-5", names_owner="self"), evidence, _evidence("1-2")))
    place = reposting.credit_place(found, match)
    want = expected or ("before", 98)  # the next one has a place
    assert place == reposting.CreditPlace(*want)  # type: ignore[arg-type]
    assert place.to_json() == {"side": want[0], "distance": want[1]}
    assert reposting.credit_place(found, Match(1.0, 0.5, 0.5, ())) is None
