"""What is read of a post, and what of it is left out: other posts' titles, the middle of long posts, too much evidence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fingerprints.model import Field
from provenance.marking import Post, Work, check
from provenance.marking.checker import MAX_EVIDENCE, MAX_OPT_OUTS, MAX_UNITS

pytestmark = pytest.mark.slow

ESSAY = Work(
    title="Salt and Tar", owner="Ilse Marden", source_name="Brookfold Review", licence="reprint-with-credit",
    source_urls=("https://brookfold.example/w/12",),
)  # fmt: skip
CREDIT = "By Ilse Marden, Brookfold Review, https://brookfold.example/w/12"
SENTENCE = "The tide came in before noon and the boats went out again, as they had done on every morning of that year."


@pytest.mark.parametrize(
    ("text", "title", "traceable"),
    [
        ("“Salt and Tar”", True, False),
        ("Read next\n“Salt and Tar”", False, False),
        (f"Read next\n{SENTENCE}\n“Salt and Tar”", True, False),
        (f"Read next\n{SENTENCE[:60]}\n“Salt and Tar”", False, False),
        ("Read next\nPhoto: Jo Blake\n“Salt and Tar”", True, False),
        ("Read next\n“Salt and Tar” https://brookfold.example/w/12", True, True),
    ],
)
def test_a_list_of_other_posts_marks_nothing_but_the_work_s_address(text: str, title: bool, traceable: bool) -> None:
    report = check(ESSAY, Post(text=text))
    assert (report.title_marked, report.source_traceable) == (title, traceable)


def test_an_author_is_named_in_running_text_of_a_quotation_only() -> None:
    text = "As Ilse Marden says in passing, “the tide is a clock that nobody winds” and we agree with that."
    assert check(ESSAY, Post(text=text, use="quotation")).owner_marked
    assert not check(ESSAY, Post(text=text, use="full")).owner_marked


def test_a_claim_of_rights_without_a_credit_is_a_wrong_owner() -> None:
    report = check(ESSAY, Post(text=f"{SENTENCE}\nFor licensing contact QuickReads", account="QuickReads"))
    assert (report.verdict, report.reasons[0]) == ("wrong_owner", "self_credited")


def test_the_places_that_were_read_are_named() -> None:
    page = '<meta name="author" content="Ilse Marden"><p>x</p>'
    fields = (Field("exif", "Artist", "Ilse Marden"),)
    assert check(ESSAY, Post(text="x", caption="y")).searched == ("text", "caption")
    assert check(ESSAY, Post(html=page)).searched == ("html", "html:machine")
    assert check(ESSAY, Post(fields=fields)).searched == ("exif",)
    assert check(ESSAY, Post(fields=())).searched == ("fields",)
    assert check(ESSAY, Post(text="x", fields=fields)).searched == ("text", "exif", "exif:machine")


def test_fields_of_a_page_count_only_where_a_reader_finds_nobody() -> None:
    page = '<meta name="author" content="Ilse Marden"><p>{}</p>'
    assert check(ESSAY, Post(html=page.format("x"))).reasons[-1] == "not_visible"
    assert "not_visible" not in check(ESSAY, Post(html=page.format("From Brookfold Review"))).reasons
    assert check(ESSAY, Post(html=page.format("By Ruth Calder"))).verdict == "wrong_owner"
    assert check(ESSAY, Post(html=page.format("[OC]"))).verdict == "wrong_owner"


@pytest.mark.parametrize(("before", "marked"), [(MAX_UNITS // 2 - 1, True), (MAX_UNITS // 2 + 1, False)])
def test_the_first_and_the_last_units_of_a_long_post_are_read(before: int, marked: bool) -> None:
    lines = ["tide"] * before + [CREDIT] + ["tide"] * MAX_UNITS
    assert check(ESSAY, Post(text="\n".join(lines))).owner_marked is marked
    assert check(ESSAY, Post(text="\n".join(reversed(lines)))).owner_marked is marked


def test_evidence_and_opt_outs_are_bounded() -> None:
    credits = "\n".join(f"By Ilse Marden, part {i}" for i in range(MAX_EVIDENCE + 5))
    assert len(check(ESSAY, Post(text=credits)).evidence) == MAX_EVIDENCE == 24
    refusals = "\n".join(f"No AI training, rule {i}" for i in range(MAX_OPT_OUTS + 5))
    assert len(check(ESSAY, Post(text=refusals)).opt_out) == MAX_OPT_OUTS == 20


def test_a_licence_is_shown() -> None:
    report = check(replace(ESSAY, licence="CC-BY-4.0"), Post(text=f"{CREDIT}\nCC BY 4.0"))
    assert [e.quote for e in report.evidence if e.role == "licence"] == ["CC BY 4.0"]


# titles


@pytest.mark.parametrize(("length", "kept"), [(80, False), (81, None)])
def test_a_long_first_line_is_no_title(length: int, kept: bool | None) -> None:
    title = ("Night ferries of the lower harbour and their captains " * 2)[: length - 1]
    assert check(replace(ESSAY, title=title + "s"), Post(text=f"{title}!\n\nThe ferry is back.")).title_kept is kept


def test_a_work_without_a_title_has_none_to_keep() -> None:
    assert check(replace(ESSAY, title="?!"), Post(html="<h1>Ten ferries you must see</h1>")).title_kept is None


def test_a_title_named_in_the_credit_is_kept_under_another_heading() -> None:
    page = "<h1>Ten ferries you must see</h1><p>“Salt and Tar”, by Ilse Marden</p>"
    report = check(ESSAY, Post(html=page))
    assert (report.title_kept, report.title_diff) == (True, ())


PHOTO = Work(
    title="Nets at Dawn", owner="Rafe Corrin", source_name="Brookfold Review", kind="image", licence="CC-BY-4.0",
    source_urls=("https://brookfold.example/p/3",),
)  # fmt: skip


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("Photo by Rafe Corrin | “Nets at Dawn” | Licence: CC BY 4.0", "compliant"),
        ("https://brookfold.example/p/3, licence: CC BY 4.0", "compliant"),
        ("Photo: Rafe Corrin, licence: CC BY 4.0", "misleading"),  # of which work that is, it does not say
        ("“Nets at Dawn”, free to use", "misleading"),
        ("“Salt and Tar” and “Nets at Dawn” by Rafe Corrin | Licence: CC BY 4.0", "misleading"),
        ("Ilse Marden and Rafe Corrin, “Nets at Dawn”, licence: CC BY 4.0", "misleading"),
        ("https://brookfold.example/p/31, licence: CC BY 4.0", "misleading"),
    ],
)
def test_the_credit_of_another_work_of_the_post_is_not_about_this_one(line: str, verdict: str) -> None:
    post = Post(text=f"{CREDIT}\n\n{SENTENCE}\n\n{line}", others=(PHOTO,))
    assert check(ESSAY, post).verdict == verdict
    assert check(ESSAY, replace(post, others=())).verdict == "misleading"


def test_another_work_of_the_same_owner_is_told_by_its_title() -> None:
    other = replace(PHOTO, owner=ESSAY.owner)
    line = "Photo by Ilse Marden | “Nets at Dawn” | Licence: CC BY 4.0"
    assert check(ESSAY, Post(text=f"{CREDIT}\n\n{SENTENCE}\n\n{line}", others=(other,))).verdict == "compliant"
    alone = check(ESSAY, Post(text=f"{SENTENCE}\n\n{line}", others=(other,)))
    assert (alone.verdict, alone.owner_marked) == ("missing", False)
