"""Reading embedded metadata: every container, every encoding met in the wild, and nothing that stops it."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from fingerprints import metadata
from fingerprints.model import Field
from fingerprints.source import Source
from provenance.marking import Post, Work, check

NAME = "沈砚秋"
RDF = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">{}</rdf:RDF></x:xmpmeta>'
DC = '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/">{}</rdf:Description>'
CREATOR = RDF.format(DC.format(f"<dc:creator><rdf:Seq><rdf:li>{NAME}</rdf:li></rdf:Seq></dc:creator>")).encode()


def _picture(format: str = "JPEG", **more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), (1, 2, 3)).save(out, format, **more)
    return out.getvalue()


def _exif(tags: dict[int, bytes], order: str = "<") -> bytes:
    """A TIFF structure with one directory of ASCII tags, byte for byte what a camera writes."""
    head = (b"II*\x00" if order == "<" else b"MM\x00*") + struct.pack(order + "I", 8)
    entries, heap, place = b"", b"", 8 + 2 + 12 * len(tags) + 4
    for tag, value in sorted(tags.items()):
        if len(value) <= 4:
            entries += struct.pack(order + "HHI", tag, 2, len(value)) + value.ljust(4, b"\x00")
        else:
            entries += struct.pack(order + "HHII", tag, 2, len(value), place + len(heap))
            heap += value
    return head + struct.pack(order + "H", len(tags)) + entries + b"\x00" * 4 + heap


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def _jpeg(*segments: bytes) -> bytes:
    plain = _picture()
    return plain[:2] + b"".join(segments) + plain[2:]


def _iim(*datasets: tuple[int, bytes], name: bytes = b"\x00\x00") -> bytes:
    records = b"".join(b"\x1c\x02" + bytes([d]) + struct.pack(">H", len(v)) + v for d, v in datasets)
    return b"Photoshop 3.0\x00" + b"8BIM\x04\x04" + name + struct.pack(">I", len(records)) + records


def _values(data: bytes, format: str) -> dict[tuple[str, str], str]:
    return {(f.where, f.tag): f.value for f in metadata.read(Source.blob(data), format)}


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (NAME.encode(), NAME),
        (NAME.encode("gb18030"), NAME),
        ("Zoë Müller".encode("latin-1"), "Zoë Müller"),
        ("Zoë Müller".encode(), "Zoë Müller"),
        (b"Ann", "Ann"),
    ],
)
def test_exif_text_in_the_encodings_cameras_and_editors_write(raw: bytes, text: str, order: str) -> None:
    exif = _exif({315: raw + b"\x00"}, order)
    assert _values(_jpeg(_segment(0xE1, b"Exif\x00\x00" + exif)), "jpeg") == {("exif", "Artist"): text}


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("林田小太郎", "cp932"),
        ("林田小太郎", "euc_jp"),
        ("林昭遠", "big5"),
        ("김나룻", "cp949"),
        ("Лариса Речная", "cp1251"),
        ("Лариса Речная", "koi8_r"),
        ("Γιώργος Ποταμίτης", "cp1253"),
        ("Zofia Dąbrowska", "cp1250"),
        ("Jürgen Gröbenzell", "mac_roman"),
    ],
)
def test_a_name_in_a_regional_encoding_is_known_by_who_expects_it_and_accuses_nobody(name: str, encoding: str) -> None:
    exif = _exif({315: name.encode(encoding) + b"\x00"}, ">")
    parts = _segment(0xE1, b"Exif\x00\x00" + exif), _segment(0xED, _iim((80, name.encode(encoding))))
    found = metadata.read(Source.blob(_jpeg(*parts)), "jpeg")
    assert all(name in (field.value, *field.readings) for field in found)
    assert check(Work("x", name, kind="image"), Post(fields=found)).owner_marked
    assert check(Work("x", "Ann", kind="image"), Post(fields=found)).verdict == "missing"


def test_extended_xmp_is_put_together_by_its_places() -> None:
    pad, rdf = "x" * 90_000, 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    whole = (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {rdf}><rdf:Description xmlns:p="http://p.example/" p:pad="{pad}" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator><rdf:Seq><rdf:li>Ann</rdf:li></rdf:Seq></dc:creator>'
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()
    head = b"http://ns.adobe.com/xmp/extension/\x00" + b"A" * 32
    pieces = [
        _segment(0xE1, head + struct.pack(">II", len(whole), at) + whole[at : at + 50_000])
        for at in range(0, len(whole), 50_000)
    ]
    for order in (pieces, pieces[::-1]):
        assert _values(_jpeg(*order), "jpeg") == {("xmp", "dc:creator"): "Ann"}


def test_exif_of_every_container() -> None:
    exif = Image.Exif()
    exif[315], exif[33432], exif[270] = "Ann", "Ann 2024", "a weir"
    want = {("exif", "Artist"): "Ann", ("exif", "Copyright"): "Ann 2024", ("exif", "ImageDescription"): "a weir"}
    for format in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"):
        assert _values(_picture(format, exif=exif), format.lower()) == want, format


def test_windows_explorer_tags_are_utf_16() -> None:
    exif = Image.Exif()
    exif[40093] = (NAME + "\x00").encode("utf-16-le")
    assert _values(_picture(exif=exif), "jpeg") == {("exif", "XPAuthor"): NAME}


@pytest.mark.parametrize("raw", [NAME.encode(), NAME.encode("gbk")])
def test_iim_with_and_without_its_encoding_marker(raw: bytes) -> None:
    fields = _values(_jpeg(_segment(0xED, _iim((80, raw), (110, b"Agency"), (9, b"ignored")))), "jpeg")
    assert fields == {("iim", "By-line"): NAME, ("iim", "Credit"): "Agency"}


def test_iim_in_a_named_resource_of_odd_length_and_in_two_segments() -> None:
    whole = _iim((115, b"River Post"), (116, b"(c) A"), name=b"\x04abcd\x00")
    first, rest = whole[:40], b"Photoshop 3.0\x00" + whole[40:]
    fields = _values(_jpeg(_segment(0xED, first), _segment(0xED, rest)), "jpeg")
    assert fields == {("iim", "Source"): "River Post", ("iim", "CopyrightNotice"): "(c) A"}


def test_iim_and_exif_as_raw_profiles_of_a_png() -> None:
    blob = _iim((80, NAME.encode()))[14:]
    text = PngImagePlugin.PngInfo()
    text.add_text("Raw profile type iptc", f"\niptc\n{len(blob)}\n{blob.hex()}\n", zip=True)
    assert _values(_picture("PNG", pnginfo=text), "png") == {("iim", "By-line"): NAME}


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "AVIF"])
def test_xmp_of_every_container(format: str) -> None:
    if format == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", CREATOR.decode(), zip=True)
        data = _picture(format, pnginfo=text)
    elif format == "TIFF":
        data = _picture(format, tiffinfo={700: CREATOR})
    elif format == "GIF":
        block = b"!\xff\x0bXMP DataXMP" + CREATOR + b"\x01" + bytes(range(255, -1, -1)) + b"\x00"
        data = _picture(format)[:-1] + block + b";"
    else:
        data = _picture(format, xmp=CREATOR)
    assert _values(data, format.lower()) == {("xmp", "dc:creator"): NAME}


def test_xmp_shapes() -> None:
    inside = (
        '<rdf:Description xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:Credit="As attribute" '
        'xmlns:cc="http://creativecommons.org/ns#" xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/" '
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="not wanted">'
        '<cc:license rdf:resource="https://creativecommons.org/licenses/by/4.0/"/>'
        '<plus:CopyrightOwner><rdf:Seq><rdf:li rdf:parseType="Resource"><plus:CopyrightOwnerName>Deep</plus:CopyrightOwnerName>'
        "</rdf:li></rdf:Seq></plus:CopyrightOwner></rdf:Description>"
    )
    assert list(metadata.xmp_values(RDF.format(inside).encode())) == [
        ("photoshop:Credit", "As attribute"),
        ("cc:license", "https://creativecommons.org/licenses/by/4.0/"),
        ("plus:CopyrightOwnerName", "Deep"),
    ]


def test_an_xml_bomb_and_an_outside_entity_are_refused(tmp_path: object) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "' + b"ha" * 1000 + b'"><!ENTITY f SYSTEM "file:///etc/hostname">]>'
    packet = CREATOR.replace(NAME.encode(), b"&a;&f;")
    assert list(metadata.xmp_values(bomb + packet)) == []
    inside = packet.replace(b"<rdf:RDF", bomb + b"<rdf:RDF", 1)
    assert metadata.read(Source.blob(_picture(xmp=inside)), "jpeg") == ()


def test_png_text_chunks() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "Ann")
    text.add_itxt("Copyright", NAME, zip=True)
    text.add_text("Source", "https://river.example/", zip=True)
    assert _values(_picture("PNG", pnginfo=text), "png") == {
        ("png", "Author"): "Ann",
        ("png", "Copyright"): NAME,
        ("png", "Source"): "https://river.example/",
    }


def test_a_text_chunk_that_inflates_without_end_is_left_out() -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    plain = _picture("PNG")
    bomb = chunk(b"zTXt", b"Author\x00\x00" + zlib.compress(b"a" * 20_000_000, 9))
    author = chunk(b"tEXt", b"Title\x00kept")
    assert _values(plain[:33] + bomb + author + plain[33:], "png") == {("png", "Title"): "kept"}


def test_gif_comment() -> None:
    data = _picture("GIF", comment=f"by {NAME}".encode())
    assert metadata.read(Source.blob(data), "gif") == (Field("gif", "Comment", f"by {NAME}"),)


def _id3(**frames: str) -> bytes:
    body = b""
    for name, text in frames.items():
        value = b"\x03" + text.encode()
        body += name.encode() + struct.pack(">I", len(value)) + b"\x00\x00" + value
    size = bytes((len(body) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + size + body + b"\xff\xfb\x90\x00" + b"\x00" * 600


def _flac(*comments: str) -> bytes:
    body = struct.pack("<I", 4) + b"test" + struct.pack("<I", len(comments))
    for comment in comments:
        body += struct.pack("<I", len(comment.encode())) + comment.encode()
    info = b"\x10\x00\x10\x00" + b"\x00" * 6 + b"\x0a\xc4\x42\xf0\x00\x00\x00\x00" + b"\x00" * 16
    return b"fLaC\x00" + len(info).to_bytes(3, "big") + info + b"\x84" + len(body).to_bytes(3, "big") + body


def test_audio_tags() -> None:
    mp3 = _values(_id3(TPE1=NAME, TCOP="2024 River Records", TIT2="Weir"), "mp3")
    assert mp3 == {("id3", "artist"): NAME, ("id3", "copyright"): "2024 River Records", ("id3", "title"): "Weir"}
    flac = _values(_flac(f"ARTIST={NAME}", "COPYRIGHT=CC BY 4.0"), "flac")
    assert flac == {("vorbis", "artist"): NAME, ("vorbis", "copyright"): "CC BY 4.0"}


def test_values_and_their_number_are_bounded() -> None:
    text = PngImagePlugin.PngInfo()
    for i in range(600):
        text.add_text(f"Key{i}", "x" * 5000 if i == 0 else str(i))
    fields = metadata.read(Source.blob(_picture("PNG", pnginfo=text)), "png")
    assert len(fields) == metadata.MAX_FIELDS
    assert len(fields[0].value) == metadata.MAX_VALUE


SAMPLES = {
    "jpeg": _jpeg(_segment(0xE1, b"Exif\x00\x00" + _exif({315: b"Ann Weir\x00"})), _segment(0xED, _iim((80, b"Ann")))),
    "png": _picture("PNG", exif=_exif({315: b"Ann Weir\x00"})),
    "webp": _picture("WEBP", xmp=CREATOR),
    "tiff": _picture("TIFF", tiffinfo={700: CREATOR}),
    "gif": _picture("GIF", comment=b"Ann"),
    "mp3": _id3(TPE1="Ann"),
    "flac": _flac("ARTIST=Ann"),
}


@given(format=st.sampled_from(sorted(SAMPLES)), cut=st.floats(0, 1), where=st.floats(0, 1), junk=st.binary(max_size=8))
@settings(max_examples=400, deadline=None)
@example(format="jpeg", cut=1.0, where=0.0, junk=b"")
def test_broken_files_never_raise(format: str, cut: float, where: float, junk: bytes) -> None:
    data = SAMPLES[format]
    data = data[: int(cut * len(data))]
    at = int(where * len(data))
    for field in metadata.read(Source.blob(data[:at] + junk + data[at + len(junk) :]), format):
        assert field.value
        assert len(field.value) <= metadata.MAX_VALUE


@given(
    data=st.binary(max_size=200),
    format=st.sampled_from([*sorted(SAMPLES), "avif", "heic", "bmp", "jp2", "ogg", "wav", "m4a", "html"]),
)
@settings(max_examples=300, deadline=None)
def test_noise_never_raises(data: bytes, format: str) -> None:
    assert isinstance(metadata.read(Source.blob(data), format), tuple)


def test_no_pixel_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a picture was opened")

    monkeypatch.setattr(Image, "open", refuse)
    assert _values(SAMPLES["jpeg"], "jpeg")[("exif", "Artist")] == "Ann Weir"
