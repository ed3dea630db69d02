"""What the product writes as a credit passes the product's own check, and changes nothing else of a file."""

from __future__ import annotations

import io
import struct
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from PIL import Image, PngImagePlugin

from fingerprints import metadata
from fingerprints.sniff import sniff
from fingerprints.source import Source
from provenance.errors import BadContent, BadInput, TooLarge, UnsupportedContent
from provenance.marking import Post, Work, check, credit_line, write_into
from provenance.marking.lexicon import template_languages

pytestmark = pytest.mark.slow

LICENCES = [f"CC-BY{x}-{v}" for x in ("", "-SA", "-NC", "-ND", "-NC-SA", "-NC-ND") for v in ("4.0", "3.0")]
LICENCES += ["CC0-1.0", "reprint-with-credit", "all-rights-reserved", ""]
NAMES = [
    "许望归", "欧阳若溪", "葉知秋", "Noor Haddad", "Anne-Sophie d'Arcy", "O. K. Bergström", "佐野遥", "문서윤", "Ольга Мельник",
    "رنا الخطيب", "Smith & Daughters", "Trần Mỹ An", "@riverlight", "ΝΙΚΗ ΠΑΠΑ", "मीरा जोशी", "Studio 54b",
]  # fmt: skip
TITLES = ["春夜小记", "On Rivers", "Über: die Brücke", "«Тишина»", "3", "", "비 오는 날", "What? Why!", "a/b | c; d"]
SOURCES = ["江岸周刊", "The Long Post", None, "Журнал «Река»", "강변", "مجلة"]
URLS = [
    "https://example.org/a/B-1?x=2",
    "http://www.例子.example/读/1",
    "https://ex.example/%E4%B8%AD",
    "https://a.example/x(1)",
]


@st.composite
def works(draw: st.DrawFn) -> Work:
    return Work(
        title=draw(st.sampled_from(TITLES)),
        owner=draw(st.sampled_from(NAMES)),
        source_name=draw(st.sampled_from(SOURCES)),
        source_urls=(draw(st.sampled_from(URLS)),),
        source_handle=draw(st.sampled_from([None, "river_post"])),
        licence=draw(st.sampled_from(LICENCES)),
        kind=draw(st.sampled_from(["text", "image", "audio", "video"])),
    )


def _reserved(work: Work) -> bool:
    return work.licence in ("", "all-rights-reserved")


def _picture(format: str, **more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (13, 9), (200, 30, 90)).save(out, format, **more)
    return out.getvalue()


PICTURES = {
    "jpeg": _picture("JPEG"),
    "png": _picture("PNG"),
    "webp": _picture("WEBP"),
    "gif": _picture("GIF"),
    "tiff": _picture("TIFF"),
}
PICTURES_LOSSLESS = _picture("WEBP", lossless=True)


@given(
    work=works(),
    lang=st.sampled_from([*template_languages(), "zh-Hant", "zh-HK", "xx"]),
    format=st.sampled_from(["text", "html"]),
)
@settings(max_examples=400, deadline=None)
def test_a_line_is_compliant(work: Work, lang: str, format: str) -> None:
    line = credit_line(work, format, lang, permission=_reserved(work))
    report = check(work, Post(**{format: line}, lang=lang, account="别人的号"))  # type: ignore[arg-type]
    assert report.verdict == "compliant", (line, report.reasons)


@pytest.mark.parametrize("lang", template_languages())
def test_every_licence_medium_and_format_in_every_language(lang: str) -> None:
    for licence in LICENCES:
        for kind in ("text", "image", "audio", "video"):
            work = replace(WORK, licence=licence, kind=kind)
            for format in ("text", "html"):
                line = credit_line(work, format, lang, permission=_reserved(work))
                report = check(work, Post(**{format: line}, lang=lang))  # type: ignore[arg-type]
                assert report.verdict == "compliant", (line, report.reasons)
        work = replace(WORK, licence=licence, kind="image")
        for format, data in PICTURES.items():
            fields = metadata.read(Source.blob(write_into(data, work, lang, permission=_reserved(work))), format)
            report = check(work, Post(fields=fields, lang=lang))
            assert report.verdict == "compliant", (fields, report.reasons)


@pytest.mark.parametrize("lang", [*template_languages(), "zh-Hant"])
@pytest.mark.parametrize("licence", ["CC-BY-4.0", "reprint-with-credit"])
def test_a_line_says_in_every_language_that_the_work_was_changed(lang: str, licence: str) -> None:
    work = replace(WORK, licence=licence, kind="image")
    for format in ("text", "html"):
        lines = [credit_line(work, format, lang, modified=modified) for modified in (False, True)]
        posts = [Post(**{format: line}, lang=lang, use="adapted") for line in lines]  # type: ignore[arg-type]
        plain, changed = (check(work, post) for post in posts)
        assert (plain.verdict, plain.reasons) == ("partial", ("modification_not_stated",)), lines[0]
        assert changed.verdict == "compliant", (lines[1], changed.reasons)


@given(work=works(), lang=st.sampled_from(template_languages()), format=st.sampled_from(sorted(PICTURES)))
@settings(max_examples=150, deadline=None)
def test_a_marked_picture_is_compliant(work: Work, lang: str, format: str) -> None:
    work = replace(work, kind="image")
    marked = write_into(PICTURES[format], work, lang, permission=_reserved(work))
    report = check(work, Post(fields=metadata.read(Source.blob(marked), format), lang=lang))
    assert report.verdict == "compliant", (metadata.read(Source.blob(marked), format), report.reasons)
    before, after = (Image.open(io.BytesIO(b)).convert("RGB") for b in (PICTURES[format], marked))
    assert before.tobytes() == after.tobytes()


WORK = Work(
    title="On Rivers", owner="Noor Haddad", source_name="The Long Post", source_urls=("https://long.example/r",),
    licence="CC-BY-4.0", kind="image",
)  # fmt: skip


def test_chinese_lines_have_chinese_punctuation_and_the_forms_of_their_script() -> None:
    work = replace(WORK, title="夜航", owner="林昭云", source_name="北岸", source_handle="beian")
    line = "图片作者：林昭云；《夜航》；来源：北岸；原文链接：https://long.example/r；许可：CC BY 4.0；已获授权"
    for lang in ("zh", "zh-Hans", "zh-Hans-HK", "zh_CN"):
        assert credit_line(work, lang=lang, permission=True) == line
    traditional = "圖片作者：林昭云；《夜航》；來源：北岸；原文連結：https://long.example/r；許可：CC BY 4.0；已獲授權"
    for lang in ("zh-Hant", "zh-TW", "zh-HK", "zh-Hant-MO"):
        assert credit_line(work, lang=lang, permission=True) == traditional
    assert "来源：北岸（ID：beian）；" in credit_line(replace(work, source_urls=()), lang="zh")


def test_permission_is_said_only_when_there_is_one() -> None:
    reserved = replace(WORK, licence="all-rights-reserved")
    assert check(reserved, Post(text=credit_line(reserved))).reasons == ("permission_missing",)
    assert check(reserved, Post(text=credit_line(reserved, permission=True))).verdict == "compliant"


def test_html_is_escaped() -> None:
    line = credit_line(replace(WORK, owner='<b onclick="x">Noor</b>', title="<script>"), "html")
    assert "<script>" not in line
    assert "<b " not in line


def test_an_unknown_format_is_bad_input() -> None:
    with pytest.raises(BadInput, match="text, html or xmp"):
        credit_line(WORK, "pdf")


def test_xmp_is_a_packet_of_its_own() -> None:
    packet = credit_line(WORK, "xmp", "de").encode()
    assert ("dc:creator", "Noor Haddad") in list(metadata.xmp_values(packet))


def _described(packet: str) -> dict[str, str]:
    """The properties of a packet, with the XMP name of each; an array has one item."""
    (description,) = etree.fromstring(packet.encode()).iter(f"{{{RDF}}}Description")
    return {
        f"{child.prefix}:{etree.QName(child).localname}": child.get(f"{{{RDF}}}resource") or "".join(child.itertext())
        for child in description
    }


RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def test_xmp_has_the_properties_that_other_programs_read() -> None:
    deed = "https://creativecommons.org/licenses/by/4.0/"
    assert _described(credit_line(WORK, "xmp", permission=True)) == {
        "dc:creator": "Noor Haddad",
        "dc:rights": "© Noor Haddad",
        "xmpRights:Marked": "True",
        "cc:attributionName": "Noor Haddad",
        "dc:title": "On Rivers",
        "photoshop:Source": "The Long Post",
        "dc:source": "https://long.example/r",
        "cc:attributionURL": "https://long.example/r",
        "cc:license": deed,
        "xmpRights:WebStatement": deed,
        "xmpRights:UsageTerms": "CC BY 4.0; Used with permission",
    }


def test_writing_twice_changes_nothing_more() -> None:
    for data in PICTURES.values():
        once = write_into(data, WORK, "en")
        twice = write_into(once, WORK, "en")
        assert len(list(metadata.xmp_packets(Source.blob(twice)))) == 1
        assert metadata.read(Source.blob(twice), _format(twice)) == metadata.read(Source.blob(once), _format(once))


def _format(data: bytes) -> str:
    return sniff(Source.blob(data))[1]


OLD = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
    b'xmp:CreatorTool="Darkroom 3" dc:source="https://old.example/"><dc:creator><rdf:Seq><rdf:li>Old Name</rdf:li>'
    b"</rdf:Seq></dc:creator><dc:description><rdf:Alt><rdf:li>kept words</rdf:li></rdf:Alt></dc:description>"
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)


@pytest.mark.parametrize("format", ["jpeg", "png", "webp"])
def test_other_metadata_is_kept_and_the_packet_merged(format: str) -> None:
    exif = Image.Exif()
    exif[270] = "weir at dawn"
    data = _picture(format.upper(), exif=exif, xmp=OLD) if format != "png" else _png_with(OLD, exif)
    marked = write_into(data, WORK, "en")
    found = [(f.where, f.tag, f.value) for f in metadata.read(Source.blob(marked), format)]
    assert ("exif", "ImageDescription", "weir at dawn") in found
    assert ("xmp", "dc:description", "kept words") in found
    assert ("xmp", "dc:creator", "Noor Haddad") in found
    assert not any(value in ("Old Name", "https://old.example/") for _, _, value in found)
    assert b"Darkroom 3" in marked
    Image.open(io.BytesIO(marked)).load()


def _png_with(packet: bytes, exif: Image.Exif) -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", packet.decode(), zip=True)
    text.add_text("Comment", "still here")
    data = _picture("PNG", pnginfo=text, exif=exif)
    assert b"Old Name" not in data
    return data


def test_a_webp_without_an_extended_header_gets_one() -> None:
    for data in (PICTURES["webp"], PICTURES_LOSSLESS):
        assert b"VP8X" not in data
        marked = write_into(data, WORK)
        assert Image.open(io.BytesIO(marked)).size == (13, 9)
        assert struct.unpack_from("<I", marked, 4)[0] == len(marked) - 8


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x00\x00\x00\x00WEBP"])
def test_what_cannot_carry_a_credit_is_refused(data: bytes) -> None:
    with pytest.raises((BadContent, UnsupportedContent)) as refused:
        write_into(data, WORK)
    assert len(str(refused.value).splitlines()) == 1


def _flac(*comments: str) -> bytes:
    listed = b"".join(struct.pack("<I", len(c.encode())) + c.encode() for c in comments)
    body = bytes(4) + struct.pack("<I", len(comments)) + listed
    return b"fLaC" + b"\x00\x00\x00\x22" + bytes(34) + b"\x84" + len(body).to_bytes(3, "big") + body


@given(work=works(), lang=st.sampled_from(template_languages()))
@settings(max_examples=100, deadline=None)
def test_comments_of_sound_are_compliant(work: Work, lang: str) -> None:
    marked = write_into(_flac(), replace(work, kind="audio"), lang, permission=_reserved(work))
    report = check(replace(work, kind="audio"), Post(fields=metadata.read(Source.blob(marked), "flac"), lang=lang))
    assert report.verdict == "compliant", (metadata.read(Source.blob(marked), "flac"), report.reasons)


def test_an_artist_that_is_there_stays() -> None:
    marked = write_into(_flac("ARTIST=Session Player", "GENRE=folk"), replace(WORK, kind="audio"))
    found = {f.tag: f.value for f in metadata.read(Source.blob(marked), "flac")}
    assert (found["artist"], found["genre"]) == ("Session Player", "folk")
    assert found["copyright"] == "© Noor Haddad"


def test_a_jpeg_without_room_is_refused() -> None:
    with pytest.raises(TooLarge, match="64 KB"):
        write_into(PICTURES["jpeg"], replace(WORK, title="x" * 70_000), "en")
