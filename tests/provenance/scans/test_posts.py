"""Posts of several parts: each matched in its medium, marked where a reader sees it, one verdict, one record."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fingerprints.source import Source
from provenance.accounts import accounts
from provenance.application import Application
from provenance.config import Settings
from provenance.database.tables import matches, parts, previews, scans
from provenance.errors import BadInput, NotFound
from provenance.scans import evidence, posts, records, sightings
from provenance.schemas import NewPart, NewPost, PartRecord, RegistrationResult, ScanItem, ScanResult
from tests.fingerprints.made_documents import blip, illustrated_docx, illustrated_pdf, paragraph, run
from tests.provenance.conftest import ESSAY, encoded, picture, register_work

pytestmark = pytest.mark.slow

CREDIT = "Photo: Lin Zhaoyun / North Bank, https://northbank.example/p/{}"
ARTICLE = "".join(f"<p>{line}.</p>" for line in (
    "The night bus from the quarry has a driver who hums",
    "Passengers say that he knows every dog on the route by its bark and most of the cats by their silence",
    "At the last stop he turns the lamps off and eats a plum before he drives the empty bus back into town",
))  # fmt: skip
PICTURES = [encoded(picture(n), quality=60) for n in range(3)]
FILES = [(f"p{n}.jpg", data) for n, data in enumerate(PICTURES)]


@pytest.fixture
def app(sqlite_application: Application) -> Application:
    """An installation with two of the works and nothing scanned."""
    for n in range(2):
        picture_work(sqlite_application, n)
    return sqlite_application


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[Application]:
    """One installation with the works, for tests that do not look at what is recorded."""
    home = tmp_path_factory.mktemp("posts") / "home"
    home.mkdir(mode=0o700)
    shutil.copy(migrated, home)
    with Application(Settings(home=home, workers=1, origin="log.test.example/sourcemark")) as opened:
        yield with_works(opened)


def with_works(application: Application) -> Application:
    register_work(
        application, ESSAY.encode(), owner="Marta Salt", source_name="Salt Weekly",
        source_urls=["https://salt.example/a/1"], licence="reprint-with-credit",
    )  # fmt: skip
    for n in range(3):
        picture_work(application, n)
    return application


def picture_work(application: Application, n: int) -> RegistrationResult:
    return register_work(
        application, encoded(picture(n)), owner="Lin Zhaoyun", title=f"View {n}", source_name="North Bank",
        source_urls=[f"https://northbank.example/p/{n}"], licence="reprint-with-credit",
    )  # fmt: skip


def scan(application: Application, upload: posts.Upload, **options: Any) -> ScanResult:
    return next(application.scanner.scan(accounts.local(application.db), [upload], **options))


def scan_post(application: Application, files: list[tuple[str, bytes]] | None = None, **new: Any) -> ScanResult:
    sent = [(name, Source.blob(data)) for name, data in files or []]
    return scan(application, posts.of_post(NewPost.model_validate(new), sent))


def part(result: ScanResult, name: str) -> PartRecord:
    assert result.parts is not None
    return next(each for each in result.parts if each.name == name)


def figure(reference: str, caption: str = "") -> str:
    return f'<figure><img src="{reference}"><figcaption>{caption}</figcaption></figure>'


def data_uri(data: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"


# --- where a credit counts -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (ARTICLE + figure("img/p0.jpg", CREDIT.format(0)), "licensed"),
        (ARTICLE + figure("https://cdn.example/x/p0.jpg?w=1", "By Lin Zhaoyun, https://northbank.example/p/0"), "licensed"),
        (ARTICLE + '<img src="cid:p0.jpg@mail"><p>' + CREDIT.format(0) + "</p><p>The end.</p>", "licensed"),
        (ARTICLE + '<p><img src="p0.jpg"><br>' + CREDIT.format(0) + "</p>", "licensed"),
        (ARTICLE + '<img data-src="p0.jpg" src="wait.gif">' + ARTICLE + "<p>" + CREDIT.format(0) + "</p>", "licensed"),
        # by-lines and sources of the article are not the picture's
        ("<p>By Lin Zhaoyun, North Bank</p>" + ARTICLE + '<img src="p0.jpg">', "uncredited"),
        (ARTICLE + '<img src="p0.jpg"><p>By Lin Zhaoyun</p>', "uncredited"),
        (ARTICLE + '<img src="p0.jpg">' + ARTICLE + "<p>Source: North Bank</p>", "uncredited"),
        # and nobody sees what is hidden
        (ARTICLE + figure("p0.jpg", f'<span style="display:none">{CREDIT.format(0)}</span>'), "uncredited"),
    ],
)  # fmt: skip
def test_the_credit_of_a_picture_in_a_page(known: Application, html: str, expected: str) -> None:
    result = scan_post(known, FILES[:1], html=html)
    assert part(result, "p0.jpg").verdict == result.verdict == expected
    assert part(result, "html").status == "no_match"


def test_a_caption_credits_its_own_picture_only(known: Application) -> None:
    html = ARTICLE + figure("p0.jpg", CREDIT.format(0)) + figure("p1.jpg") + figure("p2.jpg", "Photo: Wang Wei")
    result = scan_post(known, FILES, html=html)
    verdicts = [(each.name, each.verdict, [m.marking["verdict"] for m in each.matches]) for each in result.parts or []]
    assert verdicts == [
        ("html", "clear", []),
        ("p0.jpg", "licensed", ["compliant"]),
        ("p1.jpg", "uncredited", ["missing"]),
        ("p2.jpg", "uncredited", ["wrong_owner"]),
    ]
    (evidence_of_credit, *_) = part(result, "p0.jpg").matches[0].marking["evidence"]
    assert (evidence_of_credit["where"], "figcaption" in evidence_of_credit["locator"]) == ("html", True)


@pytest.mark.parametrize(
    "credits",
    [
        "<p>Photo credits:</p><p>1. Lin Zhaoyun / North Bank https://northbank.example/p/0</p><p>2. Wang Wei / Far</p>",
        "<p>Photo 1: Lin Zhaoyun / North Bank, https://northbank.example/p/0; photo 2: Wang Wei / Far</p>",
        "<p>图片来源：图1 Lin Zhaoyun / North Bank https://northbank.example/p/0；图2 王小明/远方</p>",
        "<p>p1.jpg: photo by Wang Wei</p><p>p0.jpg: photo by Lin Zhaoyun, North Bank, https://northbank.example/p/0</p>",
    ],
)
def test_a_list_of_picture_credits_names_each_by_number_or_file(known: Application, credits: str) -> None:
    html = f'{ARTICLE}<img src="p0.jpg">{ARTICLE}<img src="p1.jpg">{ARTICLE}{credits}'
    result = scan_post(known, FILES[:2], html=html)
    assert part(result, "p0.jpg").matches[0].marking["verdict"] == "compliant"
    assert part(result, "p1.jpg").matches[0].marking["verdict"] in ("missing", "wrong_owner")


def test_the_caption_of_the_post_and_of_one_file(known: Application) -> None:
    assert scan_post(known, FILES[:1], caption=CREDIT.format(0)).verdict == "licensed"
    assert scan_post(known, FILES[:1], text=CREDIT.format(0)).verdict == "licensed"  # a short text is a caption
    data = {"a.jpg": Source.blob(PICTURES[0]), "b.jpg": Source.blob(PICTURES[1])}
    own = [NewPart(path="a.jpg", caption=CREDIT.format(0)), NewPart(path="b.jpg")]
    result = scan(known, posts.of_item(ScanItem(parts=own), data.__getitem__))
    assert [each.verdict for each in result.parts or []] == ["licensed", "uncredited"]
    after = [NewPart(path="a.jpg"), NewPart(caption=CREDIT.format(0)), NewPart(path="b.jpg"), NewPart(caption="Fog")]
    result = scan(known, posts.of_item(ScanItem(parts=after), data.__getitem__))
    assert [(each.name, each.verdict) for each in result.parts or []] == [
        ("a.jpg", "licensed"), ("caption", "clear"), ("b.jpg", "uncredited"), ("caption-2", "clear"),
    ]  # fmt: skip


def test_the_credit_of_a_text(known: Application) -> None:
    credit = "By Marta Salt, from Salt Weekly, https://salt.example/a/1"
    assert scan_post(known, html=f"<p>{credit}</p><p>{ESSAY}</p>").verdict == "licensed"
    assert scan_post(known, text=ESSAY, caption=credit).verdict == "licensed"
    lines = [NewPart(text=ESSAY), NewPart(text=credit)]
    assert scan(known, posts.of_item(ScanItem(parts=lines), Source.blob)).verdict == "licensed"  # type: ignore[arg-type]
    in_a_figure = scan_post(known, FILES[:1], html=f"<p>{ESSAY}</p>{figure('p0.jpg', credit)}")
    assert part(in_a_figure, "html").verdict == "uncredited"
    of_the_photo = scan_post(known, text=ESSAY, caption="Photo: Marta Salt / Salt Weekly")
    assert not of_the_photo.matches[0].marking["owner_marked"]


def test_the_title_of_a_post_is_compared_with_the_works(known: Application) -> None:
    kept = scan_post(known, title="The Salt Ferry", text=ESSAY)
    altered = scan_post(known, title="The Sugar Ferry", text=ESSAY)
    assert [r.matches[0].marking["title_kept"] for r in (kept, altered)] == [True, False]
    assert part(kept, "title").status == "too_short"


# --- pictures in pages and documents ---------------------------------------------------------------------------------
def test_pictures_in_data_uris_are_parts(known: Application) -> None:
    html = ARTICLE + figure(data_uri(PICTURES[0]), CREDIT.format(0)) + figure(data_uri(PICTURES[1]))
    damaged = f'<img src="data:image/png;base64,{"A" * 101}"><img src="data:image/svg+xml,{"%3C" * 400}">'
    ornaments = '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="><img src="data:image/svg+xml,%3Csvg/%3E">'
    result = scan_post(known, html=html + damaged + ornaments)
    assert [(each.name, each.status, each.verdict) for each in result.parts or []] == [
        ("html", "no_match", "clear"),
        ("html#1", "matched", "licensed"),
        ("html#2", "matched", "uncredited"),
        ("html#3", "undecodable", "review"),
        ("data:image/svg+xml," + "%3C" * 27, "undecodable", "review"),
    ]


def test_a_picture_that_was_not_sent_is_for_a_person_and_never_fetched(known: Application) -> None:
    shown = '<img src="https://cdn.example/far.jpg"><img src="p0.jpg"><img src="here.png"><img src="here.png">'
    unseen = '<img src="count.gif" width="1" height="1"><div hidden><img src="hidden.jpg"></div>'
    result = scan_post(known, [("other.jpg", encoded(picture(9)))], html=ARTICLE + shown + unseen)
    missing = [(each.name, each.status, each.reason) for each in result.parts or [] if each.error is not None]
    assert missing == [(name, "error", "not_sent") for name in ("https://cdn.example/far.jpg", "p0.jpg", "here.png")]
    assert (result.status, result.verdict) == ("no_match", "review")
    assert part(result, "p0.jpg").error is not None
    assert result.action is not None
    assert result.action.do == "hold"


def test_the_pictures_of_documents_are_parts(known: Application) -> None:
    body = "".join(paragraph(run(line)) for line in ARTICLE.replace("<p>", "").split("</p>"))
    body += (
        paragraph(blip("a.jpg"))
        + paragraph(run(CREDIT.format(0)))
        + paragraph(run("The end."))
        + paragraph(blip("b.jpg"))
    )
    word = illustrated_docx(body, {"a.jpg": PICTURES[0], "b.jpg": PICTURES[1]})
    result = scan_post(known, [("report.docx", word)])
    assert [(each.name, each.medium, each.status, each.verdict) for each in result.parts or []] == [
        ("report.docx", "text", "no_match", "clear"),
        ("report.docx#a.jpg", "image", "matched", "licensed"),
        ("report.docx#b.jpg", "image", "matched", "uncredited"),
    ]
    album = scan_post(known, [("album.pdf", illustrated_pdf([[PICTURES[2]]]))])
    assert [(each.name, each.status, each.reason, each.verdict) for each in album.parts or []] == [
        ("album.pdf", "too_short", "no_text", "clear"),
        ("album.pdf#page-1-1", "matched", None, "uncredited"),
    ]


def test_pictures_of_markdown_are_joined_by_name(known: Application) -> None:
    text = "# Bus\n\n**Night** and [more](https://far.example/x)\n\n" + ARTICLE.replace("<p>", "").replace(
        "</p>", "\n\n"
    )
    text += f"![the bus](img/p0.jpg)\n{CREDIT.format(0)}\n\n![gone](gone.jpg)\n"
    result = scan_post(known, [("post.md", text.encode()), FILES[0]])
    assert [(each.name, each.verdict) for each in result.parts or []] == [
        ("post.md", "clear"), ("p0.jpg", "licensed"), ("gone.jpg", "review"),
    ]  # fmt: skip


# --- the answer and the record ---------------------------------------------------------------------------------------
def test_one_verdict_one_scan_and_the_same_answer_again(application: Application) -> None:
    app = with_works(application)
    result = scan_post(
        app, [*FILES[:2], ("broken.jpg", PICTURES[2][:3000])], external_id="post-1", account="City Daily",
        html=f"<p>By Marta Salt, Salt Weekly, https://salt.example/a/1</p><p>{ESSAY}</p>" + figure("p0.jpg", CREDIT.format(0)),
    )  # fmt: skip
    assert (result.medium, result.status, result.verdict) == (None, "matched", "uncredited")
    assert {match.part for match in result.matches} == {"html", "p0.jpg", "p1.jpg"}
    scores = [match.score for match in result.matches]
    assert scores == sorted(scores, reverse=True)
    for each in result.parts or []:
        assert each.matches == [match for match in result.matches if match.part == each.name]
    assert part(result, "broken.jpg").reason == "truncated"
    assert result.scan_id is not None
    assert records.get(app.db, result.scan_id).model_dump() == result.model_dump()
    assert [each.model_dump() for each in records.page(app.db, None)[0]] == [result.model_dump()]
    with app.db.read() as connection:
        for table, rows in ((scans, 1), (parts, 4), (matches, 3), (previews, 2)):
            assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() == rows, table.name


def test_a_work_is_one_sighting_of_a_post(app: Application) -> None:
    html = ARTICLE + figure("p0.jpg", CREDIT.format(0)) + figure("again.jpg")
    again = ("again.jpg", encoded(picture(0).resize((500, 375))))
    for _ in range(2):
        result = scan_post(app, [FILES[0], again], html=html, external_id="post-7")
    assert [match.part for match in result.matches].count("p0.jpg") == 1
    seen, _ = sightings.page(app.db, None)
    assert [(each.work_id, each.scans, each.verdict) for each in seen] == [(result.matches[0].work_id, 2, "uncredited")]


def test_a_post_is_known_by_its_parts_where_it_has_no_name(app: Application) -> None:
    for files in (FILES[:2], FILES[:2], FILES[:1]):
        scan_post(app, files)
    seen, _ = sightings.page(app.db, None)
    assert sorted(each.scans for each in seen) == [1, 2, 2]


def test_each_picture_of_a_post_can_be_shown(known: Application) -> None:
    result = scan_post(known, FILES[:2], text=ARTICLE)
    assert result.scan_id is not None
    drawn = [evidence.picture(known.db, result.scan_id, part=name) for name in ("p0.jpg", "p1.jpg", None)]
    assert drawn[0] != drawn[1]
    assert drawn[2] in drawn[:2]
    with pytest.raises(NotFound):
        evidence.picture(known.db, result.scan_id, part="text")


def test_a_dry_run_leaves_nothing(app: Application) -> None:
    upload = posts.of_post(NewPost(), [(name, Source.blob(data)) for name, data in FILES])
    assert scan(app, upload, dry_run=True).scan_id is None
    assert records.page(app.db, None)[0] == []


def test_the_owner_of_the_post_is_the_owner_of_its_parts(known: Application) -> None:
    assert scan_post(known, FILES[:1], text="Fog again.", account="Lin Zhaoyun").verdict == "own"


# --- what cannot be a post -------------------------------------------------------------------------------------------
def test_a_post_of_which_nothing_can_be_read_is_an_error(app: Application) -> None:
    result = scan_post(app, [("a.jpg", b"\xff\xd8\xff\xe0"), ("b.jpg", b"")])
    assert (result.status, result.verdict, result.scan_id) == ("undecodable", "review", None)
    assert result.error is not None
    assert records.page(app.db, None)[0] == []


def test_too_many_parts(sqlite_settings: Settings) -> None:
    with Application(sqlite_settings.model_copy(update={"max_parts": 2})) as app:
        picture_work(app, 0)
        result = scan_post(app, FILES)
        assert result.error is not None
        assert (result.reason, "SOURCEMARK_MAX_PARTS" in result.error.detail) == ("too_many_parts", True)
        inline = scan_post(app, html=ARTICLE + "".join(figure(data_uri(data)) for data in PICTURES))
        assert [each.reason for each in inline.parts or []] == [None, None, None, "too_many_parts"]
        assert inline.verdict == "uncredited"


def test_what_is_not_one_thing_is_told() -> None:
    files = [("a.jpg", Source.blob(b"1")), ("a.jpg", Source.blob(b"2"))]
    with pytest.raises(BadInput, match=r"two parts are called 'a\.jpg'"):
        posts.of_post(NewPost(), files)
    with pytest.raises(BadInput, match="two parts are called 'html'"):
        posts.of_post(NewPost(html="<p>x"), [("html", Source.blob(b"1"))])
    with pytest.raises(BadInput, match="no part"):
        posts.of_post(NewPost(text=" \n"), [])
    with pytest.raises(BadInput, match="no file name"):
        posts.of_post(NewPost(), [(None, Source.blob(b"1"))])
    with pytest.raises(BadInput, match="html: stands beside parts"):
        posts.of_item(ScanItem(html="<p>", parts=[NewPart(text="x")]), Source.blob)  # type: ignore[arg-type]
    for wrong in ({}, {"text": "x", "html": "y"}, {"text": "x", "caption": "y"}, {"name": "x"}):
        with pytest.raises(ValueError, match="a part"):
            NewPart.model_validate(wrong)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_line_that_is_asked_for_clears_the_post_wherever_it_stands(known: Application, lang: str) -> None:
    bare = ARTICLE + '<img src="p0.jpg">'
    line = scan_post(known, FILES[:1], html=bare, lang=lang).matches[0].credit_line
    assert line is not None
    shown = escape(line)
    for html in (ARTICLE + figure("p0.jpg", shown), f"{bare}<p>{shown}</p>", f"{bare}{ARTICLE}<p>{shown}</p>"):
        assert scan_post(known, FILES[:1], html=html, lang=lang).verdict == "licensed"
    assert scan_post(known, FILES[:1], html=bare, caption=line, lang=lang).verdict == "licensed"
