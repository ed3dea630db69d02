"""What is asked of a poster can be done: with the lines that the answer gives, the post is scanned again and is clear."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fingerprints.source import Source
from provenance.accounts import accounts
from provenance.application import Application
from provenance.config import Settings
from provenance.marking.language import language_of
from provenance.scans.posts import of_post
from provenance.schemas import NewPost, ScanResult
from tests.provenance.conftest import ESSAY, ESSAY_ZH, encoded, mirrored, picture, register_work, scan_upload

LINES = {
    "ferry": "Text by Marta Salt | “The Salt Ferry” | Source: Salt Weekly | https://salt.example/a/1",
    "ferry-zh": "作者：玛尔塔；《盐岛渡船》；来源：盐岛周刊；原文链接：https://salt.example/a/2；许可：CC BY 4.0",
    "pans": "Photo by Ines Vale | “Pans” | Source: Salt Weekly | https://salt.example/p/1 | Licence: CC BY-SA 4.0",
    "harbour": "Photo by Jo Arr | “Harbour” | Source: Salt Weekly | https://salt.example/p/2",
}
ABOUT_NOTHING = "It rained all week, and nobody went to the market, where the stalls stood empty but for two. " * 4


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory, shared_workers: None) -> Iterator[Application]:
    """Works in two languages and two media, under licences that ask for different things; registered once."""
    home = tmp_path_factory.mktemp("clearing")
    with Application(Settings(home=home / "home", workers=1, origin="log.test.example/sourcemark")) as app:
        _register(app)
        yield app


def _register(app: Application) -> None:
    weekly = {"source_name": "Salt Weekly"}
    register_work(
        app, ESSAY.encode(), source_urls=["https://salt.example/a/1"], licence="reprint-with-credit", **weekly
    )
    register_work(
        app,
        ESSAY_ZH.encode(),
        title="盐岛渡船",
        owner="玛尔塔",
        source_name="盐岛周刊",
        source_urls=["https://salt.example/a/2"],
        licence="CC-BY-4.0",
    )
    pans = {"title": "Pans", "owner": "Ines Vale", "licence": "CC-BY-SA-4.0"}
    register_work(app, encoded(picture(1)), source_urls=["https://salt.example/p/1"], **pans, **weekly)
    harbour = {"title": "Harbour", "owner": "Jo Arr", "licence": "reprint-with-credit"}
    register_work(app, encoded(picture(2)), source_urls=["https://salt.example/p/2"], **harbour, **weekly)
    register_work(app, encoded(picture(3)), title="Reserved", owner="Jo Arr")
    register_work(app, encoded(picture(4)), title="No changes", owner="Jo Arr", licence="CC-BY-ND-4.0")


def scan_post(app: Application, *pictures: bytes, **texts: str) -> ScanResult:
    """A post with its texts and the pictures 1.jpg, 2.jpg ..."""
    files = [(f"{n}.jpg", Source.blob(data)) for n, data in enumerate(pictures, 1)]
    return next(app.scanner.scan(accounts.local(app.db), [of_post(NewPost.model_validate(texts), files)]))


def asked(result: ScanResult) -> list[str]:
    """The lines that the poster is asked for."""
    assert result.action is not None
    assert (result.action.do, result.action.rule) == ("ask-for-credit", "uncredited")
    assert all(match.credit_line for match in result.matches)
    return [str(match.credit_line) for match in result.matches]


def assert_cleared(result: ScanResult) -> None:
    assert result.action is not None
    shown = [(match.part, match.marking["reasons"]) for match in result.matches]
    assert (result.action.do, result.verdict, len(result.matches) > 0) == ("allow", "licensed", True), shown
    assert {match.credit_line for match in result.matches} == {None}


@pytest.mark.slow
def test_a_text_is_cleared_by_its_line_in_the_language_it_is_written_in(works: Application) -> None:
    assert asked(scan_upload(works, ESSAY.encode())) == [LINES["ferry"]]
    assert_cleared(scan_upload(works, f"{LINES['ferry']}\n\n{ESSAY}".encode()))
    assert asked(scan_upload(works, ESSAY_ZH.encode())) == [LINES["ferry-zh"]]
    assert_cleared(scan_upload(works, f"{ESSAY_ZH}\n\n{LINES['ferry-zh']}".encode()))
    (german,) = asked(scan_upload(works, ESSAY.encode(), lang="de"))
    assert german == "Text: Marta Salt | „The Salt Ferry“ | Quelle: Salt Weekly | https://salt.example/a/1"
    assert_cleared(scan_upload(works, f"{ESSAY}\n\n{german}".encode(), lang="de"))


@pytest.mark.slow
def test_a_page_is_cleared_by_a_paragraph_of_it(works: Application) -> None:
    page = "<html><body><h1>Read this</h1><p>{}</p>{}</body></html>"
    (line,) = asked(scan_upload(works, page.format(ESSAY, "").encode()))
    assert_cleared(scan_upload(works, page.format(ESSAY, f"<p>{line}</p>").encode()))


@pytest.mark.slow
def test_a_digest_of_works_under_different_licences_is_cleared_by_all_its_lines(works: Application) -> None:
    """The licence that one line names is that of its work, and claims nothing about the other."""
    lines = asked(scan_upload(works, f"{ESSAY}\n\n{ESSAY_ZH}".encode()))
    assert len(lines) == 2
    below = "\n".join(lines)
    assert_cleared(scan_upload(works, f"{ESSAY}\n\n{ESSAY_ZH}\n\n{below}".encode()))
    assert_cleared(scan_upload(works, f"{lines[0]}\n\n{ESSAY}\n\n{lines[1]}\n\n{ESSAY_ZH}".encode()))
    half = scan_upload(works, f"{ESSAY}\n\n{ESSAY_ZH}\n\n{lines[0]}".encode())
    assert [match.credit_line for match in half.matches].count(None) == 1


@pytest.mark.slow
def test_a_picture_is_cleared_by_its_caption(works: Application) -> None:
    assert asked(scan_upload(works, encoded(picture(2)))) == [LINES["harbour"]]
    assert_cleared(scan_upload(works, encoded(picture(2)), caption=LINES["harbour"]))
    assert asked(scan_upload(works, encoded(mirrored(picture(2))))) == [LINES["harbour"] + " | Modified"]
    assert_cleared(scan_upload(works, encoded(mirrored(picture(2))), caption=LINES["harbour"] + " | Modified"))
    (line,) = asked(scan_upload(works, encoded(picture(1)), caption="今天的照片"))
    assert (
        line
        == "图片作者：Ines Vale；《Pans》；来源：Salt Weekly；原文链接：https://salt.example/p/1；许可：CC BY-SA 4.0"
    )
    assert_cleared(scan_upload(works, encoded(picture(1)), caption=f"今天的照片\n{line}"))


@pytest.mark.slow
@pytest.mark.parametrize("place", ["figures", "list", "caption"])
def test_an_article_with_pictures_is_cleared_wherever_the_lines_stand(works: Application, place: str) -> None:
    pictures = [encoded(picture(1)), encoded(picture(2))]
    figure = '<figure><img src="{}.jpg"><figcaption>{}</figcaption></figure>'
    page = "<p>{}</p>" + figure.format(1, "{}") + f"<p>{ESSAY}</p>" + figure.format(2, "{}") + "{}"
    result = scan_post(works, *pictures, html=page.format("Seen today.", "", "", ""))
    lines = {match.part: line for match, line in zip(result.matches, asked(result), strict=True)}
    assert sorted(lines) == ["1.jpg", "2.jpg", "html"]
    text = f"<p>{lines['html']}</p>"
    if place == "figures":
        page, caption = page.format("Seen today.", lines["1.jpg"], lines["2.jpg"], text), None
    elif place == "list":
        listed = f"<h3>Picture credits</h3><p>1: {lines['1.jpg']}</p><p>2: {lines['2.jpg']}</p>"
        page, caption = page.format("Seen today.", "", "", text + listed), None
    else:
        page, caption = page.format("Seen today.", "", "", text), f"{lines['1.jpg']}\n{lines['2.jpg']}"
    assert_cleared(scan_post(works, *pictures, html=page, **({} if caption is None else {"caption": caption})))


@pytest.mark.slow
def test_no_line_is_offered_that_would_not_help(works: Application) -> None:
    """A permission that nobody gave, a licence that forbids the change."""
    for data in (encoded(picture(3)), encoded(mirrored(picture(4)))):
        (match,) = scan_upload(works, data).matches
        assert (match.credit_line, match.marking["verdict"]) == (None, "missing")
    assert scan_upload(works, ABOUT_NOTHING.encode()).verdict == "clear"


PROSE = {
    "de": "Der Wind kam von der See und die Leute sagten, dass es nicht mehr lange dauern würde.",
    "en": ESSAY,
    "es": "El viento venía del mar y la gente decía que no iba a durar mucho más en los puertos.",
    "fr": "Le vent venait de la mer et les gens disaient que ce ne serait pas long dans une heure.",
    "ja": "海から風が吹いてきて、人々はもう長くは続かないだろうと話していた。",
    "ko": "바다에서 바람이 불어왔고 사람들은 오래가지 않을 것이라고 말했다.",
    "pt": "O vento vinha do mar e as pessoas diziam que não ia durar muito para os que esperavam uma hora.",
    "ru": "Ветер дул с моря, и люди говорили, что это ненадолго.",
    "uk": "Вітер дув з моря, і люди говорили, що це ненадовго.",
    "ar": "كانت الريح تهب من البحر وقال الناس إن الأمر لن يطول",
    "fa": "باد از دریا می‌وزید و مردم می‌گفتند که چیزی نمانده است",
    "zh": ESSAY_ZH,
    "zh-Hant": "這陣風從海上來，人們說這個時候不會太久，後來他們還沒有回來。",
}  # fmt: skip


@pytest.mark.parametrize("lang", PROSE)
def test_the_language_of_prose_is_told(lang: str) -> None:
    assert language_of(PROSE[lang]) == lang
    assert language_of(f"<style>body {{ color: red }}</style><p class='of the and to'>{PROSE[lang]}</p>") == lang


@pytest.mark.parametrize("text", ["", "12:30", "Photo", "https://example.com/the-of-and-to"])
def test_too_little_text_has_no_language(text: str) -> None:
    assert language_of(text) is None
