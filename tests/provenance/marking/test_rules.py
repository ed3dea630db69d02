"""The rules of the verdict, each condition by itself: what is one step away from a rule gets another verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fingerprints.model import Field
from provenance.marking import Post, Report, Work, check
from provenance.marking.attribution import MIN_ARTICLE, MIN_BYLINE_ARTICLE, Attribution
from provenance.marking.credit_model import Credit, Credited
from provenance.marking.duties import LicenceDuties
from provenance.marking.entities import TaggedUnit
from provenance.marking.lexicon import ALL_KINDS
from provenance.marking.model import Role
from provenance.marking.rules import REASONS, Deception, Findings, decide
from provenance.marking.segmentation import Unit

PLACE = TaggedUnit(Unit("text", "0-1", "x"), "x", "x", ())
DONE = LicenceDuties((), licence_named=True, looser_claimed=False, permission_stated=False, permission_pending=False)
ALL = Attribution(owner=True, source=True, traceable=True, title=True)
GOOD = Findings("full", ALL, DONE)


def _credit(credited: Credited = "other", role: Role = "author") -> Credit:
    return Credit(PLACE, role, ALL_KINDS, credited, "other", 0.0)


def _deception(code: str) -> Deception:
    return Deception(code, PLACE.evidence("source"))


def _undone(*findings: str, pending: bool = False) -> LicenceDuties:
    return replace(DONE, findings=findings, permission_pending=pending)


GAPS = ["owner_not_marked", "source_not_marked", "source_not_traceable"]
DECISIONS: list[tuple[str, Findings, str, list[str]]] = [
    ("all is marked", GOOD, "compliant", []),
    ("somebody else beside the owner", replace(GOOD, rivals=(_credit(),)), "compliant", ["another_author_named"]),
    # misleading: somebody is named, and something deceives
    ("a deception", replace(GOOD, deceptions=(_deception("deceptive_link"),)), "misleading", ["deceptive_link"]),
    (
        "two of one kind",
        replace(GOOD, deceptions=(_deception("rights_claimed"),) * 2),
        "misleading",
        ["rights_claimed"],
    ),
    ("fields contradict", replace(GOOD, contradicting=True), "misleading", ["fields_contradict"]),
    (
        "both, and gaps",
        replace(
            GOOD,
            attribution=Attribution(source=True),
            deceptions=(_deception("lookalike_address"),),
            contradicting=True,
        ),
        "misleading",
        ["lookalike_address", "fields_contradict", "owner_not_marked", "source_not_traceable"],
    ),
    (
        "a deception where nobody is named",
        replace(GOOD, attribution=Attribution(), deceptions=(_deception("lookalike_address"),), contradicting=True),
        "missing",
        GAPS,
    ),
    # wrong owner: somebody else is credited, and the owner is not
    (
        "another",
        replace(GOOD, attribution=Attribution(), rivals=(_credit(),)),
        "wrong_owner",
        ["other_credited", *GAPS],
    ),
    (
        "the account",
        replace(GOOD, attribution=Attribution(), rivals=(_credit(), _credit("account"))),
        "wrong_owner",
        ["self_credited", *GAPS],
    ),
    (
        "the account's claim",
        replace(GOOD, attribution=Attribution(), self_claimed=True),
        "wrong_owner",
        ["self_credited", *GAPS],
    ),
    (
        "another, and the source",
        replace(GOOD, attribution=Attribution(source=True), rivals=(_credit(),)),
        "wrong_owner",
        ["other_credited", "owner_not_marked", "source_not_traceable"],
    ),
    # the staff of an organisation that is named as the source
    (
        "a member of the staff",
        replace(GOOD, attribution=Attribution(source=True), rivals=(_credit(),), organisation=True),
        "partial",
        ["owner_not_marked", "source_not_traceable"],
    ),
    (
        "a member of the staff, the source not named",
        replace(GOOD, attribution=Attribution(), rivals=(_credit(),), organisation=True),
        "wrong_owner",
        ["other_credited", *GAPS],
    ),
    (
        "another rights holder beside the source",
        replace(GOOD, attribution=Attribution(source=True), rivals=(_credit(role="rights"),), organisation=True),
        "wrong_owner",
        ["other_credited", "owner_not_marked", "source_not_traceable"],
    ),
    (
        "the account as author beside the source",
        replace(GOOD, attribution=Attribution(source=True), rivals=(_credit("account"),), organisation=True),
        "wrong_owner",
        ["self_credited", "owner_not_marked", "source_not_traceable"],
    ),
    (
        "a member of the staff, and the account claims the work",
        replace(GOOD, attribution=Attribution(source=True), rivals=(_credit(),), organisation=True, self_claimed=True),
        "wrong_owner",
        ["self_credited", "owner_not_marked", "source_not_traceable"],
    ),
    # missing
    ("nobody", replace(GOOD, attribution=Attribution()), "missing", GAPS),
    ("the internet", replace(GOOD, attribution=Attribution(generic=True)), "missing", ["generic_source", *GAPS]),
    (
        "a way to the work without owner and source",
        replace(GOOD, attribution=Attribution(traceable=True)),
        "missing",
        ["owner_not_marked", "source_not_marked"],
    ),
    # a quotation needs owner and title where a reader sees them, and no licence
    (
        "quotation",
        replace(GOOD, use="quotation", attribution=Attribution(owner=True, title=True), duties=_undone("nc_breach")),
        "compliant",
        [],
    ),
    (
        "quotation without a title",
        replace(GOOD, use="quotation", attribution=Attribution(owner=True)),
        "partial",
        ["quotation_without_title", "source_not_marked", "source_not_traceable"],
    ),
    (
        "quotation without an owner",
        replace(GOOD, use="quotation", attribution=Attribution(source=True, title=True)),
        "partial",
        ["owner_not_marked", "source_not_traceable"],
    ),
    ("quotation nobody sees", replace(GOOD, use="quotation", visible=False), "partial", []),
    # partial: something is missing
    ("no owner", replace(GOOD, attribution=replace(ALL, owner=False)), "partial", ["owner_not_marked"]),
    ("no source", replace(GOOD, attribution=replace(ALL, source=False)), "partial", ["source_not_marked"]),
    ("no way to it", replace(GOOD, attribution=replace(ALL, traceable=False)), "partial", ["source_not_traceable"]),
    ("not visible", replace(GOOD, visible=False), "partial", ["not_visible"]),
    ("a duty undone", replace(GOOD, duties=_undone("licence_not_named")), "partial", ["licence_not_named"]),
    ("a title is no matter", replace(GOOD, attribution=replace(ALL, title=False)), "compliant", []),
    (
        "permission asked for",
        replace(GOOD, duties=_undone("permission_missing", pending=True)),
        "partial",
        ["permission_missing", "permission_pending"],
    ),
    ("not asked for", replace(GOOD, duties=_undone("permission_missing")), "partial", ["permission_missing"]),
    (
        "asked for without need",
        replace(GOOD, duties=_undone("modification_not_stated", pending=True)),
        "partial",
        ["modification_not_stated"],
    ),
    ("asked for without need, all else done", replace(GOOD, duties=_undone(pending=True)), "compliant", []),
    (
        "all that can be missing",
        replace(GOOD, visible=False, attribution=Attribution(owner=True), duties=_undone("nc_breach")),
        "partial",
        ["source_not_marked", "source_not_traceable", "not_visible", "nc_breach"],
    ),
]


@pytest.mark.parametrize(("findings", "verdict", "reasons"), [d[1:] for d in DECISIONS], ids=[d[0] for d in DECISIONS])
def test_decision(findings: Findings, verdict: str, reasons: list[str]) -> None:
    assert decide(findings) == (verdict, reasons)
    assert set(reasons) <= set(REASONS)


# the same from posts

ESSAY = Work(
    title="Salt and Tar", owner="Ilse Marden", source_name="Brookfold Review", licence="reprint-with-credit",
    source_urls=("https://brookfold.example/w/12",), source_handle="brookfold", identifiers=("10.5555/bf.2021.118",),
)  # fmt: skip
PHOTO = replace(ESSAY, kind="image", title="Gulls over the Weir")
CREDIT = "By Ilse Marden, Brookfold Review, https://brookfold.example/w/12"
SENTENCE = "The tide came in before noon and the boats went out again. "


def _marked(report: Report) -> str:
    flags = (report.owner_marked, report.source_marked, report.source_traceable)
    return "".join(c if f else "-" for c, f in zip("OST", flags, strict=True))


def _prose(length: int) -> str:
    return (SENTENCE * 4).replace(". ", ", ")[:length].rstrip(", ").ljust(length, "e")


def _licensed(licence: str | None, text: str = "", **post: object) -> tuple[str, tuple[str, ...]]:
    report = check(replace(ESSAY, licence=licence), Post(text=f"{CREDIT}\n{text}", **post))  # type: ignore[arg-type]
    assert report.reasons == report.licence_findings
    return report.verdict, report.licence_findings


DUTIES: list[tuple[str | None, str, dict[str, object], tuple[str, ...]]] = [
    # a commercial use
    ("CC-BY-4.0", "CC BY 4.0", {"commercial": True}, ()),
    ("CC-BY-NC-4.0", "CC BY-NC 4.0", {"commercial": True}, ("nc_breach",)),
    ("CC-BY-NC-4.0", "CC BY-NC 4.0", {"commercial": None}, ()),
    ("CC-BY-NC-4.0", "CC BY-NC 4.0. Used with permission.", {"commercial": True}, ()),
    ("reprint-with-credit", "", {"commercial": True}, ()),
    ("all-rights-reserved", "", {"commercial": True}, ("permission_missing", "nc_breach")),
    ("all-rights-reserved", "Used with permission.", {"commercial": True}, ()),
    ("CC0-1.0", "", {"commercial": True}, ()),
    # an adaptation
    ("CC-BY-ND-4.0", "CC BY-ND 4.0. Shortened.", {"use": "adapted"}, ("nd_breach",)),
    ("CC-BY-ND-4.0", "CC BY-ND 4.0. Shortened. Used with permission.", {"use": "adapted"}, ()),
    ("CC-BY-ND-4.0", "CC BY-ND 4.0", {"use": "full"}, ()),
    ("CC-BY-4.0", "CC BY 4.0", {"use": "adapted"}, ("modification_not_stated",)),
    ("CC-BY-4.0", "CC BY 4.0. Shortened.", {"use": "adapted"}, ()),
    ("CC-BY-4.0", "CC BY 4.0\nTranslated by Jo Blake.", {"use": "adapted"}, ()),
    ("CC0-1.0", "", {"use": "adapted"}, ()),
    ("reprint-with-credit", "", {"use": "adapted"}, ("modification_not_stated",)),
    ("reprint-with-credit", "Shortened.", {"use": "adapted"}, ()),
    ("all-rights-reserved", "Shortened. Used with permission.", {"use": "adapted"}, ()),
    ("CC-BY-SA-4.0", "CC BY-SA 4.0. Shortened.", {"use": "adapted"}, ()),
    ("CC-BY-SA-4.0", "CC BY-SA 4.0. This version: CC BY-NC-SA 4.0. Shortened.", {"use": "adapted"}, ("sa_breach",)),
    ("CC-BY-SA-4.0", "CC BY-SA 4.0. This version: CC BY-NC-SA 4.0.", {"use": "full"}, ()),
    ("CC-BY-4.0", "CC BY 4.0. This version: CC BY-NC 4.0. Shortened.", {"use": "adapted"}, ()),
    # permission
    (None, "", {}, ("permission_missing",)),
    (None, "Used with permission.", {}, ()),
]


@pytest.mark.parametrize(("licence", "text", "post", "findings"), DUTIES)
def test_duties(licence: str | None, text: str, post: dict[str, object], findings: tuple[str, ...]) -> None:
    assert _licensed(licence, text, **post) == ("partial" if findings else "compliant", findings)


@pytest.mark.parametrize(("text", "named"), [("CC BY 4.0", True), ("CC BY 3.0", False), ("", False)])
def test_the_licence_is_named_or_not(text: str, named: bool) -> None:
    assert check(replace(ESSAY, licence="CC-BY-4.0"), Post(text=f"{CREDIT}\n{text}")).licence_named is named


def test_share_alike_is_no_duty_of_a_work_with_all_rights_reserved() -> None:
    text = f"{CREDIT}\nCC BY-SA 4.0. Shortened. Used with permission."
    report = check(replace(ESSAY, licence=None), Post(text=text, use="adapted"))
    assert report.licence_findings == ("looser_licence_claimed",)


def test_permission_that_was_asked_for_is_none() -> None:
    text = f"{CREDIT}\nUsed with permission. Permission requested."
    report = check(replace(ESSAY, licence=None), Post(text=text))
    assert not report.permission_stated
    assert report.reasons == ("permission_missing", "permission_pending")


@pytest.mark.parametrize(
    ("licence", "said", "looser"),
    [
        ("CC-BY-4.0", "free to use", True), ("CC0-1.0", "free to use", False), (None, "CC BY-NC-ND 4.0", True),
        ("CC-BY-NC-4.0", "CC BY 4.0", True), ("CC-BY-4.0", "CC BY-NC 4.0", False), ("CC-BY-ND-4.0", "CC BY-SA 4.0", True),
        ("CC-BY-SA-4.0", "CC BY-ND 4.0", False), ("CC-BY-4.0", "CC BY 3.0", False),
    ],
)  # fmt: skip
def test_a_looser_licence_misleads(licence: str | None, said: str, looser: bool) -> None:
    report = check(replace(ESSAY, licence=licence), Post(text=f"{CREDIT}\n{said}"))
    assert ("looser_licence_claimed" in report.reasons) is looser
    assert (report.verdict == "misleading") is looser
    if looser:
        assert report.licence_findings[0] == "looser_licence_claimed"
        assert any(e.role == "licence" and said in e.quote for e in report.evidence)


def test_a_looser_licence_misleads_in_a_quotation_which_has_no_other_duties() -> None:
    quotation = Post(text=f"{CREDIT} “Salt and Tar”, free to use", use="quotation", commercial=True)
    report = check(replace(ESSAY, licence=None), quotation)
    assert (report.verdict, report.licence_findings) == ("misleading", ("looser_licence_claimed",))


# what marks the source, and what leads to it


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("By Ilse Marden", "O--"), ("From Brookfold Review", "-S-"), ("https://brookfold.example/w/12", "-ST"),
        ("https://brookfold.example/", "-S-"), ("https://brookfold.example/w/13", "---"), ("doi:10.5555/bf.2021.118", "-ST"),
        ("https://doi.org/10.5555/bf.2021.118", "-ST"), ("@brookfold", "-S-"), ("“Salt and Tar”, @brookfold", "-ST"),
        ("From Brookfold Review, issue 4, p. 12", "-S-"), ("“Salt and Tar”, Brookfold Review, issue 4, p. 12", "-ST"),
        ("“Salt and Tar”, Brookfold Review, issue 4", "-S-"), ("“Salt and Tar”, Brookfold Review, p. 12", "-S-"),
        ("“Salt and Tar”, by Ilse Marden, issue 4, p. 12", "O--"),
    ],
)  # fmt: skip
def test_what_marks_the_source(text: str, marked: str) -> None:
    assert _marked(check(ESSAY, Post(text=f"{text}\n{SENTENCE}"))) == marked


def test_a_link_that_shows_the_registered_address_marks_the_source_and_deceives() -> None:
    page = '<p>By Ilse Marden, <a href="https://evil.example/">https://brookfold.example/w/12</a></p>'
    report = check(ESSAY, Post(html=page))
    assert (_marked(report), report.verdict, report.reasons[0]) == ("OS-", "misleading", "deceptive_link")
    assert report.evidence[0].url_match == "other_site"


def test_a_lookalike_address_deceives() -> None:
    report = check(ESSAY, Post(text="By Ilse Marden, https://brookfo1d.example/w/12"))
    assert (_marked(report), report.verdict, report.reasons[0]) == ("O--", "misleading", "lookalike_address")
    assert report.evidence[0].url_match == "lookalike"


def test_evidence_says_who_and_what() -> None:
    text = f"{CREDIT}\n“Salt and Tar”, @brookfold, doi:10.5555/bf.2021.118\nTranslated by Jo Blake."
    shown = {(e.role, e.names_owner, e.url_match) for e in check(ESSAY, Post(text=text)).evidence}
    assert shown >= {
        ("author", "owner", None),
        ("source", None, "exact"),
        ("source", "source", None),
        ("identifier", None, None),
        ("title", None, None),
        ("translator", "other", None),
    }


def test_what_claims_a_looser_licence_is_shown_and_nothing_else_as_one() -> None:
    report = check(replace(ESSAY, licence=None), Post(text=f"{CREDIT}\nfree to use\nShortened."))
    assert [e.quote for e in report.evidence if e.role == "licence"] == ["free to use"]


def test_a_deed_is_a_licence_and_no_source() -> None:
    deed = "https://creativecommons.org/licenses/by/4.0/"
    report = check(replace(ESSAY, licence="CC-BY-4.0"), Post(text=f"By Ilse Marden\nLicence: {deed}"))
    assert report.licence_named
    assert {e.role for e in report.evidence if deed in e.quote} == {"licence"}


def test_a_title_is_shown_where_it_stands_first_and_second() -> None:
    report = check(ESSAY, Post(text="“Salt and Tar”\n“Salt and Tar” \n“Salt and Tar”  \n"))
    assert len([e for e in report.evidence if e.role == "title"]) == 2


def test_a_source_that_names_nobody_is_none() -> None:
    report = check(PHOTO, Post(text="Photo: Pinterest"))
    assert (report.verdict, report.reasons[0]) == ("missing", "generic_source")
    assert "generic_source" not in check(PHOTO, Post(text=SENTENCE)).reasons


# works of other kinds beside text


@pytest.mark.parametrize(
    ("length", "owner"), [(MIN_BYLINE_ARTICLE - 1, True), (MIN_BYLINE_ARTICLE, False), (2 * MIN_BYLINE_ARTICLE, False)]
)
def test_the_by_line_of_an_article_is_not_the_credit_of_a_picture_in_it(length: int, owner: bool) -> None:
    assert check(PHOTO, Post(text=f"By Ilse Marden\n{_prose(length)}")).owner_marked is owner
    assert check(ESSAY, Post(text=f"By Ilse Marden\n{_prose(length)}")).owner_marked
    assert check(PHOTO, Post(text=f"Photo: Ilse Marden\n{_prose(length)}")).owner_marked


@pytest.mark.parametrize(("prose", "verdict"), [(MIN_ARTICLE - 1, "wrong_owner"), (MIN_ARTICLE, "missing")])
def test_the_by_line_of_an_article_accuses_nobody_of_a_picture_in_it(prose: int, verdict: str) -> None:
    length = prose - len("By Ruth Calder\n")  # which names nobody known and is counted as prose
    assert check(PHOTO, Post(text=f"By Ruth Calder\n{_prose(length)}")).verdict == verdict
    assert check(ESSAY, Post(text=f"By Ruth Calder\n{_prose(length)}")).verdict == "wrong_owner"
    assert check(PHOTO, Post(text=f"Photo: Ruth Calder\n{_prose(length)}")).verdict == "wrong_owner"
    assert check(PHOTO, Post(text=f"© Ruth Calder\n{_prose(2 * MIN_ARTICLE)}")).verdict == "wrong_owner"


def test_a_cover_picture_is_credited_to_its_owner_and_accuses_nobody() -> None:
    assert check(PHOTO, Post(text="Cover photo: Ilse Marden")).owner_marked
    assert check(PHOTO, Post(text="Cover photo: Ruth Calder")).verdict == "missing"
    assert not check(ESSAY, Post(text="Cover photo: Ilse Marden")).owner_marked


def test_a_cover_picture_is_credited_to_its_source() -> None:
    assert check(PHOTO, Post(text="Cover photo: Brookfold Review")).source_marked


# what the posting account claims


@pytest.mark.parametrize(
    ("line", "claim"),
    [
        ("QuickReads holds all rights here", "rights_claimed"),
        ("We hold all rights", "rights_claimed"),
        ("Somebody holds all rights", None),
        ("Ilse Marden holds all rights, says our team", None),
        ("Not my work, QuickReads holds all rights here", None),
        ("Author unknown, we hold all rights", None),
        ("Author unknown, QuickReads holds all rights", "rights_claimed"),
        ("For licensing contact QuickReads", "rights_claimed"),
        ("© QuickReads", "rights_claimed"),
        ("Exclusive to QuickReads", "rights_claimed"),
        ("Exclusive to QuickReads, with permission", None),
        ("Exclusive to somebody", None),
        ("Exclusive: Ilse Marden wrote this for us", None),
        ("[OC] QuickReads", "rights_claimed"),
        ("[OC] QuickReads, Ilse Marden", None),
        ("By Ilse Marden and QuickReads", "coauthor_claimed"),
    ],
)
def test_a_claim_beside_the_credit_misleads(line: str, claim: str | None) -> None:
    report = check(ESSAY, Post(text=f"{CREDIT}\n{line}", account="QuickReads"))
    assert (report.verdict == "misleading", claim in report.reasons) == (claim is not None, claim is not None)
    if claim is not None:
        assert report.evidence[0].quote == line
        assert (report.evidence[0].role, report.evidence[0].names_owner) == ("claim", "self")


def test_an_owner_who_is_the_source_claims_nothing_for_the_account() -> None:
    work = replace(ESSAY, source_name="Ilse Marden")
    for line in ("[OC] Ilse Marden", "Exclusive: Ilse Marden wrote this for us"):
        assert check(work, Post(text=line, account="QuickReads")).reasons == ("source_not_traceable",)


@pytest.mark.parametrize(
    ("line", "claimed"),
    [
        ("[OC]", True), ("Please credit QuickReads", True), ("Please credit Jo Blake", False), ("Not my work, [OC]", False),
        ("QuickReads thanks all readers", False),
    ],
)  # fmt: skip
def test_a_claim_of_authorship_without_a_credit_is_a_wrong_owner(line: str, claimed: bool) -> None:
    report = check(ESSAY, Post(text=f"{SENTENCE}\n{line}", account="QuickReads"))
    assert (report.verdict, report.reasons[0]) == (
        ("wrong_owner", "self_credited") if claimed else ("missing", "owner_not_marked")
    )


def test_the_owner_may_claim_its_own_work() -> None:
    assert check(ESSAY, Post(text=f"{SENTENCE}\n[OC]", account="Ilse Marden")).verdict == "missing"
    assert check(ESSAY, Post(text=f"{CREDIT}\n[OC]", account="Ilse Marden")).verdict == "compliant"


# embedded fields that contradict


@pytest.mark.parametrize(
    ("tag", "value", "contradicting"),
    [
        ("dc:rights", "© 2024 Ruth Calder", True),
        ("dc:rights", "© 2024 Ilse Marden", False),
        ("dc:rights", "© 2024 Second Hand", True),
        ("photoshop:Credit", "Ruth Calder", False),
        ("dc:creator", "Ruth Calder", False),
        ("dc:creator", "Second Hand", True),
        ("dc:source", "Second Hand", False),
    ],
)
def test_fields_that_contradict(tag: str, value: str, contradicting: bool) -> None:
    fields = (Field("xmp", "dc:creator", "Ilse Marden"), Field("xmp", tag, value))
    report = check(PHOTO, Post(fields=fields, account="Second Hand"))
    assert ("fields_contradict" in report.reasons) is contradicting
    if contradicting:
        assert report.verdict == "misleading"


SOURCE = ("dc:source", "https://brookfold.example/w/12")


@pytest.mark.parametrize(
    ("fields", "contradicting"),
    [
        ([("dc:rights", "© Ilse Marden"), ("dc:creator", "Second Hand")], True),
        ([SOURCE, ("dc:creator", "Second Hand")], False),
        ([SOURCE, ("dc:source", "Ilse Marden"), ("dc:creator", "Second Hand")], False),
        ([SOURCE, ("dc:creator", "Jo Blake"), ("dc:rights", "© Ruth Calder")], False),
        ([SOURCE, ("dc:description", "Text: Ilse Marden"), ("dc:rights", "© Ruth Calder")], False),
        ([SOURCE, ("dc:description", "Photo: Ilse Marden"), ("dc:rights", "© Ruth Calder")], True),
    ],
)
def test_only_the_owner_can_be_contradicted(fields: list[tuple[str, str]], contradicting: bool) -> None:
    report = check(PHOTO, Post(fields=tuple(Field("xmp", *f) for f in fields), account="Second Hand"))
    assert ("fields_contradict" in report.reasons) is contradicting


def test_a_caption_is_no_field_that_contradicts() -> None:
    rights = (Field("xmp", "dc:rights", "© Ruth Calder"),)
    assert "fields_contradict" not in check(PHOTO, Post(fields=rights, caption="Photo: Ilse Marden")).reasons


@pytest.mark.parametrize(("line", "role"), [("Translated by Jo Blake", "translator"), ("Edited by Jo Blake", "editor")])
def test_who_translates_or_edits_is_shown_and_no_rival(line: str, role: str) -> None:
    report = check(ESSAY, Post(text=line))
    assert (report.verdict, report.evidence[0].role) == ("missing", role)


def test_rights_alone_contradict_no_author() -> None:
    fields = (Field("xmp", "dc:rights", "© Ilse Marden"), Field("iim", "CopyrightNotice", "© Ruth Calder"))
    assert "fields_contradict" not in check(PHOTO, Post(fields=fields)).reasons


def test_fields_of_a_file_in_a_post_with_text_contradict_nothing() -> None:
    fields = (Field("xmp", "dc:creator", "Ilse Marden"), Field("xmp", "dc:rights", "© Ruth Calder"))
    assert check(PHOTO, Post(text=SENTENCE, fields=fields)).verdict == "partial"
