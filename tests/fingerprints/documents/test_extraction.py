"""Bytes to what a reader sees, for all formats of text; documents also through the decoder process."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fingerprints.documents import html as html_module
from fingerprints.documents import markdown as markdown_module
from fingerprints.documents.extraction import read
from fingerprints.errors import FingerprintError, LimitExceeded, UnreadableMedia, UnsupportedMedium
from fingerprints.model import Limits, TextFormat
from fingerprints.sandbox.pool import Sandbox
from fingerprints.source import Source
from fingerprints.text.examples import han, words
from fingerprints.unicode.charset import decode
from fingerprints.unicode.folding import code_points, fold, to_text
from tests.fingerprints.finding import match
from tests.fingerprints.made_documents import docx, epub, notes, paragraph, pdf, run, zipped

pytestmark = pytest.mark.slow

LIMITS = Limits()
ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=200)
CHINESE = "这是我们在北京的一个小小的家，他说不要来了，大家都知道的事情没有人会说。"
TRADITIONAL = "這是我們在臺北的一個小小的家，他說不要來了，大家都知道的事情沒有人會說。"
JAPANESE = "これはわたしたちの小さな家です。みんなが知っていることを言わない。"
KOREAN = "이것은 우리의 작은 집이다. 모두가 아는 사실을 말하지 않는다. 그는 서울에서 왔다고 한다."
RUSSIAN = "Это наш маленький дом. Все знают, но никто не говорит об этом."


def shown(data: bytes | str, declared: TextFormat | None = None) -> tuple[str, str, int]:
    """Format, what is seen, and how much is hidden."""
    reading = read(Source(data.encode() if isinstance(data, str) else data, declared), LIMITS)
    return reading.format, to_text(reading.seen[reading.seen > 0]), reading.hidden


# --- decoding ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("given_text", "encoding", "name"),
    [
        ("The quick brown fox ate 42 grapes. ", "utf-8", "utf-8"),
        (CHINESE, "utf-8-sig", "utf-8"),
        (CHINESE, "utf-16", "utf-16-le"),
        ("\ufeff" + CHINESE, "utf-16-be", "utf-16-be"),
        (CHINESE, "utf-32", "utf-32-le"),
        (CHINESE, "utf-16-le", "utf-16-le"),
        (CHINESE, "utf-16-be", "utf-16-be"),
        (CHINESE, "utf-32-le", "utf-32-le"),
        ("hello world", "utf-16-le", "utf-16-le"),
        ("hello world", "utf-32-be", "utf-32-be"),
        (CHINESE, "gb18030", "gb18030"),
        (TRADITIONAL, "gbk", "gb18030"),
        (JAPANESE, "gb18030", "gb18030"),
        (RUSSIAN, "gb18030", "gb18030"),
        ("好 😀 مرحبا हिन्दी", "gb18030", "gb18030"),
        (TRADITIONAL, "big5", "big5hkscs"),
        ("佢哋喺香港嘅屋企，唔知幾時返嚟，咁就冇辦法啦。", "big5hkscs", "big5hkscs"),
        (JAPANESE, "shift_jis", "cp932"),
        (JAPANESE, "euc_jp", "euc_jp"),
        (KOREAN, "euc_kr", "cp949"),
        ("Der Fluß führt große Mengen über die Äcker, sagte er – “na schön”.", "cp1252", "cp1252"),
        ("São Paulo não é a capital, mas o coração", "cp1252", "cp1252"),
        (RUSSIAN, "cp1251", "cp1251"),
        (RUSSIAN, "koi8_r", "koi8_r"),
        ("МОСКВА СЛЕЗАМ НЕ ВЕРИТ", "koi8_r", "koi8_r"),
    ],
)
def test_decode(given_text: str, encoding: str, name: str) -> None:
    assert decode(given_text.encode(encoding)) == (given_text.removeprefix("\ufeff"), name)


@pytest.mark.parametrize(
    "rare",
    [
        "王伟 李娜 张敏 刘静",
        "苹果 香蕉 橙子 葡萄",
        "鹅，鹅，鹅，曲项向天歌。",
        "北冥有鱼，其名为鲲。鲲之大，不知其几千里也。",
        "葳蕤 饕餮 魑魅魍魉 囹圄",
        "關關雎鳩，在河之洲。窈窕淑女，君子好逑。",
    ],
)
def test_names_lists_and_verse_decode_though_no_character_of_them_is_common(rare: str) -> None:
    assert decode(rare.encode("gb18030")) == (rare, "gb18030")


def test_short_pieces_decode_in_every_encoding_that_can_hold_them() -> None:
    r = np.random.default_rng(3)
    right = tried = 0
    for source, encodings in (
        (CHINESE * 4, ("gb18030", "utf-16-le")),
        (han(4, 400), ("gb18030", "utf-16-be")),
        (TRADITIONAL * 4, ("gb18030", "big5hkscs")),
        (JAPANESE * 4, ("cp932", "euc_jp")),
        (KOREAN * 4, ("cp949",)),
        (RUSSIAN * 4, ("cp1251", "koi8_r")),
    ):
        for encoding in encodings:
            for _ in range(25):
                at = int(r.integers(0, len(source) - 20))
                piece = source[at : at + 20]
                tried += 1
                try:
                    right += decode(piece.encode(encoding))[0] == piece
                except UnreadableMedia:
                    continue
    assert tried == 275
    assert right >= 0.98 * tried


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00\ufeff"), min_size=1))
def test_all_of_utf8_is_read_as_it_is(given_text: str) -> None:
    if not given_text.isascii() or all(c.isprintable() for c in given_text):
        assert decode(given_text.encode()) == (given_text, "utf-8")


def test_random_bytes_are_not_mistaken_for_an_old_encoding() -> None:
    r = np.random.default_rng(5)
    read_at_all = 0
    for size in (8, 16, 40, 200):
        for low in (1, 128):
            for _ in range(500):
                try:
                    _, encoding = decode(r.integers(low, 256, size, dtype=np.uint8).tobytes())
                except UnreadableMedia:
                    continue
                read_at_all += encoding != "utf-8"
    assert read_at_all <= 32  # of 4000


def test_a_page_s_own_word_on_its_encoding_is_a_hint_only() -> None:
    greek = '<meta charset="windows-1253"><p>Αυτό είναι το μικρό μας σπίτι και όλοι το ξέρουν.'
    assert decode(greek.encode("cp1253")) == (greek, "cp1253")
    wrong = '<meta charset="shift_jis"><p>' + CHINESE * 3
    assert decode(wrong.encode("gbk"))[1] == "gb18030"
    assert decode(wrong.encode()) == (wrong, "utf-8")
    assert decode(b'<meta charset="zip"><p>plain')[1] == "utf-8"


def test_a_few_damaged_bytes_in_a_long_text_are_replaced() -> None:
    for encoding in ("utf-8", "gb18030"):
        data = (CHINESE * 60).encode(encoding)
        text, name = decode(data[:400] + b"\xff" + data[400:] + data[:1])
        assert name == encoding
        assert 1 <= text.count("\ufffd") <= 8
        assert text.count("大家都知道") >= 58


def test_surrogates() -> None:
    assert decode("好😀".encode("utf-16-le", "surrogatepass").decode("utf-16-le").encode()) == ("好😀", "utf-8")
    pair = "a\ud83d\ude00 b".encode("utf-8", "surrogatepass")
    assert decode(pair) == ("a😀 b", "cesu-8")
    for data in ("a\ud83d b".encode("utf-8", "surrogatepass"), "\ufeffa\ud83d b".encode("utf-16-le", "surrogatepass")):
        with pytest.raises(UnreadableMedia) as caught:
            decode(data)
        assert caught.value.reason == "lone_surrogate"
        assert "character 1" in str(caught.value)


# --- HTML ----------------------------------------------------------------------------------------------------------
@given(ANY_TEXT, ANY_TEXT)
def test_markup_hides_nothing_and_moves_nothing(left: str, right: str) -> None:
    clean = [part.replace("<", " ").replace("&", " ") for part in (left, right)]
    page = f"<p class='a>b'>{clean[0]}</p><script>var x = '<p>';</script><!-- no -->{clean[1]}"
    seen, hidden = html_module.visible(page, code_points(page))
    assert to_text(seen[(seen > 0) & (seen != 10)]) == "".join(clean).replace("\n", "").replace("\x00", "")
    assert hidden == 0


@pytest.mark.parametrize(
    ("page", "seen"),
    [
        ("a&amp;b &eacute;t&#233; &#x4F60;&#22909;", "abete你好"),
        ("&#00000020320;", "你"),
        ("<b>bo</b>ld", "bold"),
        ("x<style>p{a:b}</style>y", "xy"),
        ("x<!-- never closed", "x"),
        ("x<script>never closed", "x"),
        ('x<a href="never closed', "x"),
        ("x<SCRIPT>a</SCRIPT >y", "xy"),
        ("a < b and c > d", "abandcd"),
        ("&unknown; &", "unknown"),
        ("<title>t</title>body", "body"),
        ("<html><head><title>t</title><p>body", "body"),
        ("<scripted>x", "x"),
        ("<details><summary>s</summary>d</details>", "sd"),
        ("<xmp>shown</xmp><textarea>too</textarea>", "showntoo"),
    ],
)
def test_html_is_read_as_a_reader_sees_it(page: str, seen: str) -> None:
    format, text, hidden = shown(page, "html")
    assert (format, fold(text), hidden) == ("html", fold(seen), 0)


@pytest.mark.parametrize(
    ("page", "seen", "hidden"),
    [
        ("<p hidden>gone</p>seen", "seen", 4),
        ("<p hidden=''>gone<p>seen", "seen", 4),
        ("<div style='display:none'>a<p>b</div>c", "c", 2),
        ("<div style='DISPLAY : none !important; color: red'>a</div>c", "c", 1),
        ("<span style='font-size:0'>a<i style='font-size:9px'>b</i></span>", "b", 1),
        ("<p style='visibility:hidden'>a<b style='visibility:visible'>b</b>", "b", 1),
        ("<p style=opacity:0>abc</p>d", "d", 3),
        ("<span style='color:#fff'>white</span>x<i style='color:white;background:#000'>ok</i>", "xok", 5),
        ("<p class=x>a</p>b<style>.x{display:none}</style>", "b", 1),
        ("<style>#a .b{visibility:hidden}</style><div id=a><i class='b c'>no</i>yes</div>", "yes", 2),
        ("<style media=print>p{display:none}</style><p>yes", "yes", 0),
        ("<style>@media print{p{display:none}}</style><p>yes", "yes", 0),
        ("<!-- <style>p{display:none}</style> --><p>yes", "yes", 0),
        ("<template>tt</template><noscript>nn</noscript>v", "v", 4),
        ("<ul><li hidden>x<li>y</ul>z", "yz", 1),
        ("<ul><li hidden>x<ul><li>in</ul>y</ul>z", "z", 4),
        ("<table><tr><td hidden>q<td>s<tr><td>t</table>u", "stu", 1),
        ("<div><table><tr><td hidden>q</div>r<td>s</table>t</div>", "st", 2),
        ("<div hidden><br><img src=x>a</div></div></p>b", "b", 1),
        ("<div hidden>never closed <p>a", "", 12),
        ("<p hidden>你好&amp;再见</p>好", "好", 4),
    ],
)
def test_hidden_text_is_not_seen_but_counted(page: str, seen: str, hidden: int) -> None:
    _, text, found = shown(page, "html")
    assert (fold(text), found) == (fold(seen), hidden)


def test_line_breaks_of_html_are_line_feeds_in_the_place_of_their_tags() -> None:
    page = "a<br>b<p>c<b>d</b></p>e"
    seen, _ = html_module.visible(page, code_points(page))
    assert to_text(seen[seen > 0]) == "a\nb\ncd\ne"
    assert seen[1] == 10
    assert seen[page.index("<p>")] == 10


HOSTILE_HTML = [
    "<!--",
    "<a b='",
    "<",
    "&",
    "<script>",
    "<!",
    "<a ",
    "<a b=",
    "</",
    "]]>",
    "<title ",
    "<p>",
    "<div hidden>",
]
HOSTILE_HTML += [
    "<table><td>",
    "<b style=color:red>",
    "</p>",
    "<b></i>",
    "<ul><li>",
    "<style>b b{color:red}</style><b>",
]


@pytest.mark.parametrize("piece", HOSTILE_HTML)
def test_hostile_markup_takes_linear_time(piece: str) -> None:
    page = piece * (2_000_000 // len(piece))
    started = time.process_time()
    html_module.visible(page, code_points(page))
    assert time.process_time() - started < 12


# --- plain text and Markdown ---------------------------------------------------------------------------------------
def test_character_references_are_read_in_plain_text_too() -> None:
    assert shown("雨&nbsp;后 &#20320;&amp;&#x4f60; & AT&T &lt;b&gt; &copy") == (
        "plain",
        "雨\xa0后 你&你 & AT&T <b> &copy",
        0,
    )


MARKDOWN = """---
title: secret
---
# 标题

See [the link](https://example.org/path "title") and ![alt words](picture.png), *this* and **那个**.

```python
print("<b>_code_</b>") [a](b)
```
Use `a_b<i>` &amp; <b>bold</b> <!-- gone --> [id][ref]

[ref]: https://example.org/target
"""


def test_markdown_is_read_as_it_is_rendered() -> None:
    format, text, hidden = shown(MARKDOWN)
    assert (format, hidden) == ("markdown", 0)
    assert text.split("\n") == [
        " 标题",
        "",
        'See [the link](https://example.org/path "title") and ![alt words](picture.png), this and 那个.',
        "",
        "",
        'print("<b>_code_</b>") [a](b)',
        "",
        "Use a_b<i> & bold  [id][ref]",
        "",
        "[ref]: https://example.org/target",
        "",
    ]


@pytest.mark.parametrize(
    ("given_text", "format"),
    [
        ("# 标题\n\n正文里有**重点**。", "markdown"),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n\n# x", "markdown"),
        ("look [here](https://example.org/)", "markdown"),
        ("```\n<p>a</p><p>b</p><p>c</p>\n```\n", "markdown"),
        ("# a comment\nx = a**b**c\n", "plain"),
        ("1. first\n2. second\n- third", "plain"),
        ("He wrote [1] and (2) and * and _ and # 5.", "plain"),
        ("----\nname: no front matter", "plain"),
    ],
)
def test_markdown_only_beyond_doubt(given_text: str, format: str) -> None:
    assert read(Source.blob(given_text.encode()), LIMITS).format == format


@pytest.mark.parametrize(
    "piece", ["`", "*", "[", "[a](", "![", "```\n", "[a]: x\n", '[](a "', "`a`", "|---", "**a** ", "---\na:\n"]
)
def test_hostile_markdown_takes_linear_time(piece: str) -> None:
    source = piece * (1_000_000 // len(piece))
    started = time.process_time()
    markdown_module.is_markdown(source)
    markdown_module.visible(source, code_points(source))
    assert time.process_time() - started < 8


# --- invariants ----------------------------------------------------------------------------------------------------
PIECES = st.sampled_from(
    [
        "<p>",
        "<div hidden>",
        "</div>",
        "<b style='display:none'>",
        "&amp;",
        "&#20320;",
        "&#x1F600;",
        "<!--",
        "-->",
        "<",
        ">",
        "[a](b)",
        "![a](b)",
        "```\n",
        "# ",
        "**",
        "`",
        "\n",
        "---\n",
        "title: x\n",
        "<style>p{display:none}</style>",
        "好",
        "a",
        " ",
    ]
)


@given(st.lists(PIECES | ANY_TEXT, max_size=25).map("".join), st.sampled_from([None, "plain", "html"]))
def test_what_is_seen_stands_where_it_was_submitted(given_text: str, declared: TextFormat | None) -> None:
    try:
        reading = read(Source(given_text.encode(), declared), LIMITS)
    except FingerprintError:
        return
    assert len(reading.seen) == len(reading.text)
    assert reading.seen.dtype == np.uint32
    points = code_points(reading.text)
    moved = np.flatnonzero((reading.seen != 0) & (reading.seen != points))
    # Only references and tags that break a line are read as something else, and the something begins in their place.
    for place in moved.tolist():
        assert "&" in reading.text[max(0, place - 1) : place + 1] or reading.text[place] == "<"
    hidden_for_markdown, _ = markdown_module.visible(reading.text, points)
    assert len(hidden_for_markdown) == len(points)


@given(st.binary(max_size=300) | ANY_TEXT.map(str.encode) | st.binary(max_size=60).map(lambda b: b"PK\x03\x04" + b))
def test_reading_raises_nothing_else(data: bytes) -> None:
    try:
        reading = read(Source.blob(data), LIMITS)
    except FingerprintError:
        return
    assert len(reading.seen) == len(reading.text)


# --- documents -----------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(1, Limits(max_pages=5, max_unpacked_bytes=3 << 20, max_text_bytes=1 << 20)) as made:
        yield made


WORD = docx(
    paragraph(run("江南的春天，"), run("hidden 秘密", "<w:vanish/>"), run("总是来得很早。"))
    + "<w:tbl><w:tr><w:tc>" + paragraph(run("左格")) + "</w:tc><w:tc>" + paragraph(run("右格")) + "</w:tc></w:tr></w:tbl>"
    + paragraph(
        "<w:r><mc:AlternateContent><mc:Choice><w:txbxContent>" + paragraph(run("文本框")) + "</w:txbxContent></mc:Choice>"
        "<mc:Fallback><w:txbxContent>" + paragraph(run("文本框")) + "</w:txbxContent></mc:Fallback></mc:AlternateContent></w:r>"
    )
    + paragraph("<w:del><w:r><w:delText>deleted</w:delText></w:r></w:del>", "<w:r><w:instrText>PAGE</w:instrText></w:r>", run("a"), "<w:r><w:tab/><w:br/></w:r>", run("b")),
    {"word/footnotes.xml": notes("footnote", "脚注一", "脚注二")},
)  # fmt: skip


def test_docx_in_reading_order(sandbox: Sandbox) -> None:
    found = sandbox.examine(Source.blob(WORD))
    assert (found.fingerprint.medium, found.format) == ("text", "docx")
    assert found.text == "江南的春天，总是来得很早。\n左格\n右格\n文本框\n\na\t\nb\n脚注一\n脚注二"
    assert found.fingerprint.facts["hidden_characters"] == 8
    assert found.fingerprint.facts["characters"] == len(found.text)


def test_epub_in_the_order_of_the_spine(sandbox: Sandbox) -> None:
    book = epub(["<h1>第一章</h1><p>春江&#28526;水<br/>连海平</p>", "<p hidden='hidden'>gone</p><p>第二章</p>"])
    found = sandbox.examine(Source.blob(book))
    assert (found.fingerprint.medium, found.format) == ("text", "epub")
    assert found.text is not None
    assert found.text.split() == ["第一章", "春江潮水", "连海平", "第二章"]
    assert found.fingerprint.facts["hidden_characters"] == 4


def test_pdf_page_after_page(sandbox: Sandbox) -> None:
    made = pdf([["The first line of all,", "春江潮水连海平，海上明月共潮生"], [], ["last page"]])
    found = sandbox.examine(Source.blob(made))
    assert (found.fingerprint.medium, found.format) == ("text", "pdf")
    assert found.text == "The first line of all,\n春江潮水连海平，海上明月共潮生\nlast page"
    assert (
        sandbox.examine(Source.blob(pdf([["an owner's password only"]], owner="x"))).text == "an owner's password only"
    )


def test_a_document_is_found_by_its_text() -> None:
    from fingerprints import text

    prose = han(7, 300)
    lines = [prose[at : at + 40] for at in range(0, 300, 40)]
    plain = text.fingerprint(prose.encode())
    for made in (docx(paragraph(run(prose))), epub([f"<p>{prose}</p>"]), pdf([lines]), f"<p>{prose}".encode("gbk")):
        found = match(text.fingerprint(made), plain)
        assert found is not None
        assert found.coverage_work > 0.95


DEEP = "<w:p>" * 5000 + "</w:p>" * 5000
ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "'
    + "ha " * 1000
    + '"><!ENTITY b "'
    + "&a;" * 1000
    + '"><!ENTITY c "'
    + "&b;" * 1000
    + '">]>'
)
BAD_DOCUMENTS = {
    "zip bomb in a docx": (docx(paragraph(run("x" * (4 << 20)))), LimitExceeded, "unpacked_too_large"),
    "text of a docx": (docx(paragraph(run("x" * (2 << 20)))), LimitExceeded, "too_large"),
    "ten thousand parts": (docx("", {f"p{n}": "" for n in range(10_001)}), LimitExceeded, "too_many_entries"),
    "deep docx": (docx(DEEP), UnreadableMedia, "damaged"),
    "entity bomb": (docx(paragraph(run("&c;")), prolog=ENTITIES), UnreadableMedia, "damaged"),
    "half a docx": (WORD[: len(WORD) // 2], UnreadableMedia, "truncated"),
    "broken XML": (docx("<w:p><w:r>"), UnreadableMedia, "damaged"),
    "empty docx": (docx(paragraph(run("…"))), UnreadableMedia, "no_text"),
    "docx without a body": (zipped({"[Content_Types].xml": "wordprocessingml.document.main+xml"}), UnreadableMedia, "damaged"),
    "password on a docx": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), UnsupportedMedium, "encrypted"),
    "zip": (zipped({"a.txt": "hello"}), UnsupportedMedium, "archive"),
    "spreadsheet": (zipped({"[Content_Types].xml": "spreadsheetml.sheet.main+xml"}), UnsupportedMedium, "archive"),
    "locked book": (
        epub(["<p>x</p>"], {"META-INF/encryption.xml": '<e><CipherReference URI="OEBPS/text/c%200.xhtml"/></e>'}),
        UnreadableMedia,
        "encrypted",
    ),
    "book of pictures": (epub(["<img src='a.png'/>"]), UnreadableMedia, "no_text"),
    "book without a package": (epub(["x"], {"OEBPS/book.opf": "<"}), UnreadableMedia, "damaged"),
    "PDF without text": (pdf([[], []]), UnreadableMedia, "no_text"),
    "encrypted PDF": (pdf([["secret"]], "password"), UnreadableMedia, "encrypted_pdf"),
    "PDF of too many pages": (pdf([["x"]] * 6), LimitExceeded, "too_many_pages"),
    "head of a PDF": (pdf([["x"]])[:60], UnreadableMedia, "damaged"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("case", BAD_DOCUMENTS)
def test_documents_refused_with_one_reason(sandbox: Sandbox, case: str) -> None:
    data, kind, reason = BAD_DOCUMENTS[case]
    started = time.monotonic()
    with pytest.raises(FingerprintError) as caught:
        sandbox.examine(Source.blob(data))
    assert (type(caught.value), caught.value.reason) == (kind, reason)
    assert "\n" not in str(caught.value)
    assert time.monotonic() - started < 30


@given(st.sampled_from(["docx", "epub", "pdf"]), st.data())
def test_damaged_documents_give_text_or_a_reason(format: str, data: st.DataObject) -> None:
    whole = {"docx": WORD, "epub": epub(["<p>第一章</p>"]), "pdf": pdf([["春江潮水", "abc"]])}[format]
    raw = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        reading = read(Source.blob(bytes(raw[: data.draw(st.integers(1, len(raw)))])), LIMITS)
    except FingerprintError:
        return
    assert len(reading.seen) == len(reading.text)


# --- odd texts -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("odd", ["好", "a", "😀🎉", "\u202eabc\u202c", "a" * 1_000_000, "a" + "\u0301" * 100_000])
def test_odd_texts_are_read_as_they_are(sandbox: Sandbox, odd: str) -> None:
    found = sandbox.examine(Source.blob(odd.encode()))
    assert (found.text, found.format) == (odd, "plain")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"a\x00b\x00c\x00\x00", "nul_bytes"),
        (b"abc \xed\xa0\xbd def", "lone_surrogate"),
    ],
)
def test_odd_bytes_have_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableMedia) as caught:
        read(Source.blob(data), LIMITS)
    assert caught.value.reason == reason


def test_a_long_page_is_read_in_one_piece() -> None:
    page = "<html><body>" + "".join(f"<p>{words(seed, 20)}</p>" for seed in range(500)) + "</body></html>"
    format, text, hidden = shown(page)
    assert (format, hidden) == ("html", 0)
    assert fold(text) == fold("".join(words(seed, 20) for seed in range(500)))


def test_elements_too_deep_for_any_reader_are_as_their_parents() -> None:
    page = "<div>" * 3000 + "<p hidden>deep</p>" + "</div>" * 3000 + "<p hidden>gone</p>x"
    _, text, hidden = shown(page, "html")
    assert (fold(text), hidden) == ("deepx", 4)
