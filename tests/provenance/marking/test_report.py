"""The report beyond its verdict: evidence, duties, opt-outs, rights-management fields, and the batch line."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fingerprints.model import Field
from provenance.errors import BadInput
from provenance.marking import Case, Post, Work, check
from provenance.marking.rules import REASONS

PHOTO = Work(
    title="Gulls over the Weir",
    owner="Petra Nowell",
    owner_aliases=("彼得拉",),
    source_name="Weirside Images",
    source_urls=("https://weirside.example/g/17",),
    licence="CC-BY-NC-SA-4.0",
    kind="image",
)
GOOD = "Photo: Petra Nowell, Weirside Images, https://weirside.example/g/17, CC BY-NC-SA 4.0"


def test_evidence_points_at_the_place() -> None:
    report = check(PHOTO, Post(text=f"A fine morning.\n{GOOD}\n"))
    author = next(e for e in report.evidence if e.role == "author")
    assert (author.where, author.locator, author.names_owner, author.visible) == ("text", "16-101", "owner", True)
    assert author.quote == GOOD
    assert any(e.url_match == "exact" for e in report.evidence)


def test_an_alias_and_a_transliteration_are_told_apart() -> None:
    parties = {e.names_owner for e in check(PHOTO, Post(text="摄影:彼得拉")).evidence}
    assert parties == {"transliteration"}
    aliased = replace(PHOTO, owner_aliases=("P. Nowell",))
    assert {e.names_owner for e in check(aliased, Post(text="Photo: P. Nowell")).evidence} == {"alias"}


@pytest.mark.parametrize(
    ("more", "findings"),
    [
        ({}, ()),
        ({"commercial": True}, ("nc_breach",)),
        ({"use": "adapted"}, ("modification_not_stated",)),
        ({"use": "quotation"}, ()),
    ],
)
def test_duties_follow_the_use(more: dict[str, object], findings: tuple[str, ...]) -> None:
    assert check(PHOTO, Post(text=GOOD, **more)).licence_findings == findings  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("licence", "named", "finding"),
    [
        ("CC-BY-4.0", "CC BY 4.0", None),
        ("CC-BY-4.0", "CC BY", None),
        ("CC-BY-4.0", "CC BY 3.0", "licence_not_named"),
        ("CC-BY-4.0", "CC BY-NC 4.0", "licence_not_named"),
        ("CC-BY-NC-4.0", "CC BY-SA 4.0", "looser_licence_claimed"),
        ("CC-BY-SA-4.0", "CC BY-ND 4.0", "licence_not_named"),
        ("CC-BY-ND-4.0", "CC0", "looser_licence_claimed"),
        ("all-rights-reserved", "CC BY 4.0", "looser_licence_claimed"),
        (None, "used with permission", None),
        ("", "", "permission_missing"),
        ("reprint-with-credit", "", None),
        ("CC0-1.0", "", None),
    ],
)
def test_licences(licence: str | None, named: str, finding: str | None) -> None:
    text = f"Photo: Petra Nowell, Weirside Images, https://weirside.example/g/17, {named}"
    findings = check(replace(PHOTO, licence=licence), Post(text=text)).licence_findings
    assert (findings[0] if findings else None) == finding


def test_statements_beside_the_credit() -> None:
    text = f"{GOOD}\nEdited by Omar Reyes. Cropped. AI-generated caption. No AI training."
    report = check(PHOTO, Post(text=text))
    assert report.verdict == "compliant"
    assert (report.editor_named, report.modification_stated, report.ai_label) == (True, True, True)
    assert report.opt_out == ("No AI training.",)


def test_opt_outs_of_a_page() -> None:
    page = '<meta name="tdm-reservation" content="1"><meta name="robots" content="noai, noimageai"><p>x</p>'
    assert check(PHOTO, Post(html=page)).opt_out == ("tdm-reservation: 1", "robots: noai, noimageai")


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ("<h1>Gulls over the Weir</h1>", True),
        ("<h1>Ten birds you must see</h1>", False),
        ("<p>no heading</p>", None),
        ("<title>GULLS OVER THE WEIR | Daily</title>", True),
    ],
)
def test_an_altered_title_is_seen(html: str, kept: bool | None) -> None:
    assert check(PHOTO, Post(html=html)).title_kept is kept


@pytest.mark.parametrize(
    ("title", "post", "kept", "changes"),
    [
        (
            "盐田清晨",
            Post(html="<h1>盐田清晨美哭了</h1>"),
            True,
            [],
        ),
        (
            "临海新区夜间渡轮复航",
            Post(html="<h1>震惊！临海夜间渡轮停航</h1><p>x</p>"),
            False,
            [
                ("added", "震惊！"),
                ("kept", "临海"),
                ("removed", "新区"),
                ("kept", "夜间渡轮"),
                ("removed", "复"),
                ("added", "停"),
                ("kept", "航"),
            ],
        ),
        (
            "Night ferry returns to the lower harbour",
            Post(text="Night ferry banned from the lower harbour\n\nThe ferry that was stopped a year ago is back."),
            False,
            [
                ("kept", "Night ferry"),
                ("removed", "returns to"),
                ("added", "banned from"),
                ("kept", "the lower harbour"),
            ],
        ),
        (
            "Night ferry returns",
            Post(text="A poem for the evening\n\nThe ferry that was stopped a year ago is back."),
            None,
            [],
        ),
    ],
)
def test_what_was_changed_in_a_title_is_shown(
    title: str, post: Post, kept: bool | None, changes: list[tuple[str, str]]
) -> None:
    report = check(replace(PHOTO, title=title), post)
    assert report.title_kept is kept
    assert [(c.state, c.text) for c in report.title_diff] == changes
    if kept is False:
        assert report.title_diff


def test_rights_fields_are_compared_and_stripping_is_no_accusation() -> None:
    fields = (
        Field("exif", "Artist", "Petra Nowell"),
        Field("exif", "Copyright", "Petra Nowell"),
        Field("iim", "Source", "Weirside Images"),
    )
    repost = (Field("exif", "Artist", "Petra Nowell"), Field("exif", "Copyright", "Somebody"))
    report = check(replace(PHOTO, fields=fields), Post(fields=repost))
    states = {d.tag: d.state for d in report.rmi_diff}
    assert states == {"Artist": "kept", "Copyright": "altered", "Source": "stripped"}
    assert report.rmi_state == "compared"
    moved = check(replace(PHOTO, fields=fields), Post(fields=(Field("xmp", "dc:creator", "Petra Nowell"),)))
    assert {d.tag: d.state for d in moved.rmi_diff} == {"Artist": "kept", "Copyright": "stripped", "Source": "stripped"}
    unknown = check(PHOTO, Post(fields=repost))
    assert (unknown.rmi_state, unknown.rmi_diff) == ("original_not_recorded", ())
    bare = check(replace(PHOTO, fields=fields), Post(text=GOOD))
    assert (bare.verdict, bare.rmi_state) == ("compliant", "not_a_file")


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ((), "missing"),
        ((("exif", "Artist", "Petra Nowell"),), "partial"),
        ((("exif", "Artist", "Ruth Calder"),), "wrong_owner"),
        ((("id3", "encoder", "Lavf61"), ("exif", "Software", "Petra Nowell")), "missing"),
        ((("xmp", "dc:creator", "Petra Nowell"), ("iim", "CopyrightNotice", "© 2024 Bird Daily")), "misleading"),
        ((("xmp", "dc:creator", "Petra Nowell"), ("xmp", "dc:rights", "public domain")), "misleading"),
        (
            (
                ("xmp", "dc:creator", "Petra Nowell"),
                ("xmp", "dc:source", "https://weirside.example/g/17"),
                ("xmp", "xmpRights:WebStatement", "https://creativecommons.org/licenses/by-nc-sa/4.0/"),
            ),
            "compliant",
        ),
    ],
)
def test_fields_of_a_bare_file_count_fully(fields: tuple[tuple[str, str, str], ...], verdict: str) -> None:
    report = check(PHOTO, Post(fields=tuple(Field(*f) for f in fields), account="Bird Daily"))
    assert report.verdict == verdict
    assert report.searched


def test_a_caption_beside_a_file_counts() -> None:
    report = check(PHOTO, Post(fields=(), caption=GOOD))
    assert report.verdict == "compliant"
    assert {e.where for e in report.evidence} == {"caption"}


def test_reasons_are_known_codes() -> None:
    for text in (GOOD, "Photo: Pinterest", "Photo: Jo Blake", "Petra Nowell, royalty-free", "Petra Nowell"):
        for reason in check(PHOTO, Post(text=text, commercial=True)).reasons:
            assert reason in REASONS


# the batch line

WORK = {"title": "t", "owner": "Petra Nowell", "source_url": "https://weirside.example/g/17"}


def test_a_line_becomes_a_flat_report() -> None:
    line = {"id": 7, "work": {**WORK, "meta": {"colour": 1}}, "post": {"file": "a/b.jpg", "meta": {"note": []}}}
    asked = []

    def fields_of(path: str) -> tuple[Field, ...]:
        asked.append(path)
        return (Field("exif", "Artist", "Petra Nowell"),)

    case = Case.from_json(line, fields_of)
    out = check(case.work, case.post).to_json()
    assert asked == ["a/b.jpg"]
    assert case.id == 7
    assert [out[k] for k in ("owner_marked", "source_marked", "source_traceable")] == [True, False, False]
    assert json.loads(json.dumps(out)) == out


def test_one_address_and_many_are_the_same_thing() -> None:
    both = Work.from_json({**WORK, "source_urls": ["https://weirside.example/g/17", "https://m.example/2"]})
    assert both.source_urls == ("https://weirside.example/g/17", "https://m.example/2")
    assert Work.from_json(WORK).source_urls == ("https://weirside.example/g/17",)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ({"id": 1, "post": {"text": "x"}}, "work"),
        ({"id": 1, "work": WORK}, "post"),
        ({"work": [], "post": {"text": "x"}}, "work"),
        ({"work": {"title": "t"}, "post": {"text": "x"}}, "work.owner"),
        ({"work": {**WORK, "owner": 3}, "post": {"text": "x"}}, "work.owner"),
        ({"work": {**WORK, "owner_aliases": "a"}, "post": {"text": "x"}}, "work.owner_aliases"),
        ({"work": {**WORK, "source_urls": [1]}, "post": {"text": "x"}}, "work.source_urls"),
        ({"work": WORK, "post": "x"}, "post"),
        ({"work": WORK, "post": {}}, "post"),
        ({"work": WORK, "post": {"text": 5}}, "post.text"),
        ({"work": WORK, "post": {"file": 5}}, "post.file"),
        ({"work": WORK, "post": {"text": "x", "use": "some"}}, "post.use"),
        ({"work": WORK, "post": {"text": "x", "commercial": "no"}}, "post.commercial"),
    ],
)
def test_a_bad_line_names_the_key(line: dict[str, object], named: str) -> None:
    with pytest.raises(BadInput) as caught:
        Case.from_json(line, lambda _: ())
    assert named in caught.value.detail
    assert "\n" not in caught.value.detail
