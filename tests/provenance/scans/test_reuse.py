"""How a match uses the work, and which part of a post speaks of it."""

from __future__ import annotations

import pytest

from fingerprints.model import Examination, Fingerprint, Match, Segment
from provenance.marking import Work
from provenance.scans import reuse as reposting
from provenance.schemas import ScanItem

WORK = Work(
    title="The Lock Keeper", owner="Imogen Strand", source_name="Weir & Water",
    source_urls=("https://weirandwater.example/lock",), licence="reprint-with-credit",
)  # fmt: skip
BODY = "He wrote down every boat, and the weather each one brought. " * 6


def _examined(text: str, format: str = "plain") -> Examination:
    return Examination(Fingerprint("text", "sourcemark-exact/1", b"\x00" * 32), format, text)


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
    assert reposting.report(WORK, ScanItem(), _examined(text), _match(text, body)).verdict == "missing"


def test_a_digest_credits_each_piece_beside_it() -> None:
    other = "By Dana Whitlock\n" + "Another piece about another river, told at length. " * 60
    text = f"{other}\n\n{BODY}\n"
    found = reposting.report(WORK, ScanItem(), _examined(text), _match(text))
    assert found.verdict == "missing"
    near = f"{other}\n\nBy Joan Vickers\n{BODY}\n"
    assert reposting.report(WORK, ScanItem(), _examined(near), _match(near)).verdict == "wrong_owner"


def test_positions_hold_and_the_place_of_the_credit_is_told() -> None:
    head = "Imogen Strand, Weir & Water, https://weirandwater.example/lock\n"
    for text, side in ((head + "\n" + BODY, "before"), (BODY + "\n\n" + head, "after")):
        match = _match(text)
        found = reposting.report(WORK, ScanItem(), _examined(text), match)
        assert found.verdict == "compliant"
        place = reposting.credit_place(found, match)
        assert place is not None
        assert place.side == side
        assert place.distance <= 3
    assert (
        reposting.credit_place(reposting.report(WORK, ScanItem(), _examined(BODY), _match(BODY)), _match(BODY)) is None
    )
