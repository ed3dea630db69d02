"""The demo's material: the works are what they claim to be, and reposts can be made of any file."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import imagehash
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cli.demo import DemoWork, Plan, articles, films, pictures, plan, sounds
from cli.demo.articles import unregistered_articles
from cli.demo.picture_reposts import LARGEST
from cli.demo.pictures import unregistered_pictures
from cli.demo.text_reposts import language_of, open_text, other_script, respaced
from cli.demo.variants import is_han, to_simplified, to_traditional
from fingerprints import image, text
from fingerprints.index.interface import Change
from fingerprints.index.memory import MemoryIndex
from fingerprints.model import Fingerprint
from fingerprints.unicode.folding import fold
from scripts.demo_pictures.make import PICTURES
from tests.fingerprints.finding import made, search

pytestmark = pytest.mark.slow


def credit_line(work: DemoWork) -> str:
    return f"© {work.owner} <{work.source_url}>"


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def encoded(picture: Image.Image, format: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, format, **options)
    return out.getvalue()


@pytest.fixture(scope="module")
def works() -> list[DemoWork]:
    return pictures() + sounds() + films() + articles()


@pytest.fixture(scope="module")
def photo(works: list[DemoWork]) -> Image.Image:
    return opened(works[0].data).resize((300, 200))


@pytest.fixture(scope="module")
def default_plan(works: list[DemoWork]) -> Plan:
    return plan(works, credit_line)


@pytest.fixture(scope="module")
def full_plan(works: list[DemoWork]) -> Plan:
    return plan(works, credit_line, limit=1000)


def test_every_work_can_be_registered(works: list[DemoWork]) -> None:
    assert len({work.name for work in works}) == len(works) == 9
    assert len({work.source_url for work in works}) == 9
    for work in works:
        assert work.title
        assert work.owner
        assert work.aliases
        assert work.source_name
        assert work.source_url is not None
        assert work.source_url.split("/")[2].endswith(".example")
    licences = {work.licence for work in works}
    assert licences == {"all-rights-reserved", "reprint-with-credit", "CC-BY-4.0", "CC-BY-NC-4.0"}


def test_the_pictures_are_rich_and_lopsided(works: list[DemoWork]) -> None:
    for work in [*works[:3], *unregistered_pictures()]:
        picture = opened(work.data)
        assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (1200, 800))
        assert 100_000 < len(work.data) < 600_000
        pixels = np.asarray(picture, dtype=np.float32)
        assert pixels.std() > 25
        # detail everywhere: fine differences between neighbours, not flat colour
        assert np.abs(np.diff(pixels, axis=1)).mean() > 2
        assert imagehash.phash(picture) - imagehash.phash(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)) > 16


def test_the_shipped_pictures_are_what_the_script_paints(works: list[DemoWork]) -> None:
    shipped = {work.name: work.data for work in [*works[:3], *unregistered_pictures()]}
    assert set(shipped) == set(PICTURES)
    for name, paint in PICTURES.items():
        painted, kept = (np.asarray(opened(data), dtype=int) for data in (paint(), shipped[name]))
        assert painted.shape == kept.shape
        assert np.abs(painted - kept).mean() < 0.1, name  # another NumPy may round a level otherwise


def test_no_two_pictures_look_alike(works: list[DemoWork]) -> None:
    shown = []
    for work in [*works[:3], *unregistered_pictures()]:
        picture = opened(work.data)
        shown.append([imagehash.phash(picture), imagehash.phash(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT))])
    for these, those in combinations(shown, 2):
        assert min(a - b for a in these for b in those) > 18


def test_the_articles_are_in_the_language_they_say() -> None:
    languages = [work.lang for work in articles()]
    assert languages == ["zh-Hans", "zh-Hant", "en", "en"]
    assert [work.lang for work in unregistered_articles()] == ["zh-Hans", "zh-Hant", "en"]
    for work in [*articles(), *unregistered_articles()]:
        words = work.data.decode()
        assert language_of(words) == work.lang
        assert words.startswith(work.title + "\n\n")
        if work.lang == "zh-Hans":
            assert to_simplified(words) == words
        if work.lang == "zh-Hant":
            assert to_traditional(words) == words


def test_the_articles_have_a_length_and_no_byline() -> None:
    for work in articles():
        words = work.data.decode()
        length = len(words.split()) if work.lang == "en" else sum(map(is_han, words))
        assert (250 <= length <= 450) if work.lang == "en" else (600 <= length <= 1200)
        assert not any(name in words for name in (work.owner, work.source_name, *work.aliases) if name)


def test_no_two_articles_share_a_passage() -> None:
    texts = [fold(work.data.decode()) for work in [*articles(), *unregistered_articles()]]
    for one, other in combinations(texts, 2):
        run = 8 if any(map(is_han, one)) else 25
        passages = {one[at : at + run] for at in range(len(one) - run + 1)}
        assert passages.isdisjoint(other[at : at + run] for at in range(len(other) - run + 1))


def test_the_default_plan_shows_everything(default_plan: Plan, works: list[DemoWork]) -> None:
    assert default_plan.skipped == []
    made = [repost for repost in default_plan.reposts if repost.work is not None]
    assert len(made) == 36
    assert {repost.work for repost in made} == {work.name for work in works}
    for medium, changes in (
        ("image", {"recompressed", "mirrored", "half", "edited", "webp", "png"}),
        ("text", {"respaced", "page", "edited", "other-script", "shortened"}),
    ):
        of_medium = [repost for repost in made if repost.medium == medium]
        assert {repost.change for repost in of_medium} == changes
        assert {repost.credit for repost in of_medium} == {"right", "wrong", "none"}
    for work in works:
        assert {repost.credit for repost in made if repost.work == work.name} == {"right", "wrong", "none"}
    unrelated = default_plan.reposts[36:]
    assert [repost.medium for repost in unrelated] == ["image", "image", "text", "text", "text", "audio", "video"]
    assert all(repost.work is None and repost.credit == "none" for repost in unrelated)


def test_each_change_of_a_picture_meets_each_credit(full_plan: Plan) -> None:
    pairs = {(r.change, r.credit) for r in full_plan.reposts if r.work is not None and r.medium == "image"}
    assert len(pairs) == 6 * 3


def test_names_are_unique_and_described_in_both_languages(full_plan: Plan) -> None:
    names = [repost.name for repost in full_plan.reposts]
    assert len(set(names)) == len(names)
    for repost in full_plan.reposts:
        assert repost.description["en"].isascii()
        assert any(map(is_han, repost.description["zh"]))


def test_the_credit_stands_where_it_is_said_to(full_plan: Plan, works: list[DemoWork]) -> None:
    by_name = {work.name: work for work in works}
    for repost in full_plan.reposts:
        if repost.work is None:
            continue
        work = by_name[repost.work]
        words = repost.data.decode() if repost.medium == "text" else repost.caption
        assert words is not None
        right = credit_line(work)
        if repost.html:
            right = right.replace("<", "&lt;").replace(">", "&gt;")
        assert (right in words) == (repost.credit == "right")
        named = any(
            label in words
            for label in (
                "作者：",
                "摄影：",
                "攝影：",
                "视频：",
                "By Jordan Vale",
                "Photo by Jordan Vale",
                "Music by Jordan Vale",
            )
        )
        assert named == (repost.credit == "wrong")


def test_the_wrong_name_is_never_the_owners() -> None:
    words = articles()[2].data
    work = DemoWork("a.txt", words, "The Bell Buoy Census", "Jordan Vale", "en")
    wrong = [r for r in plan([work], credit_line).reposts if r.credit == "wrong" and r.work]
    assert wrong
    assert all(b"Jordan Vale" not in repost.data and b"Robin Thorne" in repost.data for repost in wrong)


def test_pictures_are_changed_as_described(full_plan: Plan, works: list[DemoWork]) -> None:
    original = opened(works[0].data)
    grey = np.asarray(original.convert("L"), dtype=np.float32)
    made = {r.change: r for r in full_plan.reposts if r.work == works[0].name}
    shown = {change: opened(repost.data) for change, repost in made.items()}
    assert [shown[change].format for change in ("webp", "png", "half")] == ["WEBP", "PNG", "JPEG"]
    assert np.array_equal(np.asarray(shown["png"]), np.asarray(original))
    assert shown["half"].size == (600, 400)
    assert len(made["recompressed"].data) * 2 < len(works[0].data)
    mirrored = np.asarray(shown["mirrored"].convert("L"), dtype=np.float32)
    assert np.abs(mirrored[:, ::-1] - grey).mean() < 3 < np.abs(mirrored - grey).mean()
    edited = np.asarray(shown["edited"].convert("L"), dtype=np.float32)
    assert 4 < (edited - grey)[:400].mean() < 40
    corner = np.s_[-60:, -200:]
    assert np.abs(edited - grey)[corner].mean() > 1.5 * np.abs(edited - grey)[:60, :200].mean()


def test_every_repost_is_found_and_nothing_else(full_plan: Plan, works: list[DemoWork]) -> None:
    def fingerprint(data: bytes, medium: str) -> Fingerprint:
        if medium in ("audio", "video"):
            return made(data, thorough=True)
        return image.fingerprint(data) if medium == "image" else text.fingerprint(data)

    known = [made(work.data) for work in works]
    index = MemoryIndex()
    index.apply([Change(n + 1, n, each) for n, each in enumerate(known)])
    for repost in full_plan.reposts:
        query = fingerprint(repost.data, repost.medium)
        matches = search(query, known, index).matches
        assert [works[n].name for n in matches] == ([repost.work] if repost.work else []), repost.name


def test_a_page_is_a_page(full_plan: Plan) -> None:
    pages = [repost for repost in full_plan.reposts if repost.html]
    assert len(pages) == 4
    for repost in pages:
        assert repost.name.endswith(".html")
        assert text.fingerprint(repost.data).facts["format"] == "html"


@given(st.text(min_size=60, max_size=400))
@settings(max_examples=60, deadline=None)
def test_respacing_keeps_every_letter(words: str) -> None:
    assert fold(respaced(words)) == fold(words)


@given(st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=200))
@settings(max_examples=100, deadline=None)
def test_exchanging_scripts_keeps_length_and_meaning(words: str) -> None:
    traditional = to_traditional(words)
    assert len(traditional) == len(words)
    assert fold(traditional) == fold(words)
    assert fold(to_simplified(words)) == fold(words)


def test_scripts_are_exchanged_only_in_chinese() -> None:
    assert other_script("鐘錶店的老師傅說，聽一聽就知道了。") == "钟表店的老师傅说，听一听就知道了。"
    assert other_script("这间铺子没有招牌，风从门缝里进来。") == "這間鋪子沒有招牌，風從門縫里進來。"
    assert other_script("The shop has no sign.") is None
    assert other_script("この店には看板がない。風が戸の隙間から入る。") is None


ODD_PICTURES: dict[str, Callable[[Image.Image], bytes]] = {
    "cmyk.jpg": lambda photo: encoded(photo.convert("CMYK"), "JPEG"),
    "palette.gif": lambda photo: encoded(photo.convert("P"), "GIF"),
    "animated.gif": lambda photo: encoded(
        photo, "GIF", save_all=True, append_images=[photo.rotate(9), photo.rotate(18)], duration=80
    ),
    "see-through.png": lambda photo: encoded(
        Image.merge("RGBA", (*photo.split(), Image.linear_gradient("L").resize(photo.size))), "PNG"
    ),
    "grey.tif": lambda photo: encoded(photo.convert("L"), "TIFF"),
    "one-bit.png": lambda photo: encoded(photo.convert("1"), "PNG"),
    "sixteen-bit.png": lambda photo: encoded(
        Image.fromarray(np.asarray(photo.convert("L")).astype(np.uint16) * 200), "PNG"
    ),
    "turned.jpg": lambda photo: encoded(photo, "JPEG", exif=_turned()),
    "large.jpg": lambda photo: encoded(photo.resize((4200, 2800)), "JPEG"),
}


def _turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif.tobytes()


@pytest.mark.parametrize("name", ODD_PICTURES)
def test_odd_pictures_are_reposted(name: str, photo: Image.Image) -> None:
    work = DemoWork(name, ODD_PICTURES[name](photo), "A picture", "Somebody")
    made = plan([work], credit_line)
    assert made.skipped == []
    reposts = [repost for repost in made.reposts if repost.work == name]
    assert len(reposts) == 6
    shown = {repost.change: opened(repost.data) for repost in reposts}
    assert all(max(picture.size) <= LARGEST for picture in shown.values())
    assert (shown["png"].height > shown["png"].width) == (name == "turned.jpg")


def test_what_cannot_be_reposted_is_skipped_with_a_reason(photo: Image.Image) -> None:
    jpeg = encoded(photo, "JPEG")
    odd = {
        "empty.txt": b"",
        "broken.jpg": jpeg[: len(jpeg) // 2],
        "header.png": b"\x89PNG\r\n\x1a\n" + bytes(40),
        "tiny.png": encoded(photo.resize((24, 16)), "PNG"),
        "flat.png": encoded(Image.new("RGB", (300, 200), (200, 10, 10)), "PNG"),
        "paper.pdf": b"%PDF-1.7\n" + bytes(200),
        "song.mp3": b"ID3\x04" + bytes(200),
        "film.mp4": b"\x00\x00\x00\x18ftypisom" + bytes(200),
        "note.txt": b"Too short to be an article.",
        "nuls.txt": b"a\x00\x00" * 400,
        "noise.bin": np.random.default_rng(1).bytes(5000),
    }
    files = [DemoWork(name, data, name, "Somebody") for name, data in odd.items()]
    steps: list[None] = []
    made = plan([*files, articles()[0]], credit_line, step=lambda: steps.append(None))
    assert {skip.work for skip in made.skipped} == set(odd)
    assert all(skip.reason["en"] and skip.reason["zh"] for skip in made.skipped)
    assert {repost.work for repost in made.reposts} == {articles()[0].name, None}
    assert len(steps) == len(odd) + 1


LOREM = {
    "gb18030": ("给钟表听诊的人，每天七点半卸下门板，靠墙码好。" * 5).encode("gb18030"),
    "utf-16": ("A long walk along the canal, with a pencil behind one ear. " * 8).encode("utf-16"),
    "html": b"<!doctype html><title>t</title><p>" + b"The ferry is late &amp; nobody minds at all.<br>" * 9 + b"</p>",
    "no sentences": ("word after word without an end " * 20).encode(),
    "one sentence": b"x" * 400,
    "dots": b"." * 400 + b" then at last some words " * 10,
    "japanese": ("末班の渡し船は、五時四十分に出る。" * 12).encode(),
    "arabic": ("العبّارة الأخيرة تغادر عند المساء. " * 12).encode(),
    "windows line ends": ("First line.\r\n\r\nSecond line, rather longer.\r\n" * 12).encode(),
}


@pytest.mark.parametrize("kind", LOREM)
def test_texts_of_any_kind_are_reposted(kind: str) -> None:
    made = plan([DemoWork("article.txt", LOREM[kind], "Title", "Somebody")], credit_line)
    assert made.skipped == []
    reposts = [repost for repost in made.reposts if repost.work]
    assert len(reposts) >= 3
    for repost in reposts:
        assert repost.data.decode("utf-8").strip()
    if kind == "html":
        assert "<p>" not in open_text(LOREM[kind])


@given(st.binary(max_size=600))
@settings(max_examples=150, deadline=None)
def test_no_bytes_make_it_fail(data: bytes) -> None:
    made = plan([DemoWork("file", data, "Title", "Somebody")], credit_line, limit=3)
    assert len(made.skipped) + len({repost.work for repost in made.reposts if repost.work}) == 1


@pytest.mark.parametrize("limit", [0, 1, 3, 9])
def test_the_limit_is_kept_and_spread(limit: int) -> None:
    made = [repost for repost in plan(articles(), credit_line, limit=limit).reposts if repost.work]
    assert len(made) == limit
    assert len({repost.work for repost in made}) == min(limit, 4)


def test_files_of_the_same_stem_give_different_names(photo: Image.Image, tmp_path: Path) -> None:
    files = [DemoWork(f"{folder}/cat.png", encoded(photo, "PNG"), "Cat", "Somebody") for folder in ("a", "b")]
    made = plan(files, credit_line, limit=12)
    names = [repost.name for repost in made.reposts]
    assert len(set(names)) == len(names) == 19
    for name in names:
        (tmp_path / name).write_bytes(b"")


def test_what_the_credit_line_raises_is_not_hidden() -> None:
    def failing(work: DemoWork) -> str:
        raise LookupError(work.name)

    with pytest.raises(LookupError):
        plan(articles(), failing)
