"""Pictures taken out of documents: which, in what order, and where in the text they stand."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from fingerprints.documents import embedded, extraction
from fingerprints.documents.embedded import MAX_PICTURES
from fingerprints.errors import LimitExceeded, UnreadableMedia, UnsupportedMedium
from fingerprints.model import EmbeddedPictures, Limits
from fingerprints.sniff import sniff
from fingerprints.source import Source
from tests.fingerprints.made_documents import (
    blip,
    docx,
    epub,
    illustrated_docx,
    illustrated_pdf,
    paragraph,
    pptx,
    run,
    zipped,
)


def picture(colour: str, form: str = "JPEG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, form)
    return out.getvalue()


A, B = picture("red"), picture("blue", "PNG")


def taken(data: bytes) -> tuple[EmbeddedPictures, str]:
    source = Source.blob(data)
    _, format = sniff(source)
    return embedded.pictures(source, format, Limits()), extraction.read(source, Limits()).text


def lines_after(data: bytes) -> list[tuple[str, str]]:
    """The names of the pictures, each with the rest of the line that follows it."""
    found, text = taken(data)
    assert not found.left_out
    return [(each.name, text[each.at :].lstrip("\n").partition("\n")[0]) for each in found.pictures]


def test_pictures_of_word_stand_where_they_are_anchored() -> None:
    body = "".join(
        [
            paragraph(run("")),
            paragraph(run("Before.")),
            paragraph(blip("b.png")),
            paragraph(run("Photo: B")),
            paragraph(run("Then "), blip("a.jpg"), run("inside.")),
            paragraph(blip("b.png"), blip("far"), blip("none")),
        ]
    )
    data = illustrated_docx(body, {"a.jpg": A, "b.png": B, "unused.png": B}, {"far": "https://far.example/c.jpg"})
    assert lines_after(data) == [("b.png", "Photo: B"), ("a.jpg", "inside.")]
    assert [each.data for each in taken(data)[0].pictures] == [B, A]


def test_deleted_pictures_of_word_are_not_shown() -> None:
    body = paragraph(run("Text.")) + paragraph(f"<w:del>{blip('a.jpg')}</w:del>")
    assert taken(illustrated_docx(body, {"a.jpg": A}))[0] == EmbeddedPictures()


def test_pictures_of_books_in_the_order_of_the_spine() -> None:
    chapters = [
        '<p>One.</p><p>Here <img alt="x" src="../pictures/a%20b.jpg"/></p><p>Photo: A</p>',
        "<svg xmlns:xlink='x'><image xlink:href='../pictures/c.png'/></svg><p>Photo: C</p><img src='https://far.example/d.jpg'/>",
    ]
    data = epub(chapters, {"OEBPS/pictures/a b.jpg": A, "OEBPS/pictures/c.png": B})
    assert lines_after(data) == [("a b.jpg", "Photo: A"), ("c.png", "Photo: C")]


def test_pictures_of_slides_in_the_order_of_the_show() -> None:
    data = pptx([("First slide", "b.png"), ("Second slide", None), ("Third slide", "a.jpg")], {"a.jpg": A, "b.png": B})
    assert sniff(Source.blob(data)) == ("text", "pptx")
    assert lines_after(data) == [("b.png", "First slide"), ("a.jpg", "Third slide")]


def test_the_text_of_all_slides_together_is_limited() -> None:
    source = Source.blob(pptx([("Ten slides.", None)] * 10, {}))
    most = 10 * len("Ten slides.\n")
    assert extraction.read(source, Limits(max_text_bytes=most)).text.count("Ten") == 10
    with pytest.raises(LimitExceeded, match=f"longer than {most - 1} characters"):
        extraction.read(source, Limits(max_text_bytes=most - 1))


def test_pictures_of_a_pdf_come_with_the_line_below_them() -> None:
    data = illustrated_pdf([["Some words first.", A, "Photo: A", "More words."], [B, "Photo: B"]])
    assert lines_after(data) == [("page-1-1", "Photo: A"), ("page-2-1", "Photo: B")]
    first, second = taken(data)[0].pictures
    assert first.data[:3] == b"\xff\xd8\xff"
    with Image.open(io.BytesIO(second.data)) as opened:
        assert opened.size == (64, 48)


def test_what_is_too_much_or_damaged_is_counted() -> None:
    names = [f"{n}.jpg" for n in range(MAX_PICTURES + 3)]
    body = "".join(paragraph(run("Line."), blip(name)) for name in names)
    found, _ = taken(illustrated_docx(body, dict.fromkeys(names, A)))
    assert (len(found.pictures), found.left_out) == (MAX_PICTURES, 3)
    bombs = {f"{n}.jpg": bytes(30 << 20) for n in range(3)}
    found, _ = taken(illustrated_docx(paragraph(run("Line."), *map(blip, bombs)), bombs))
    assert (len(found.pictures), found.left_out) == (2, 1)


def test_other_files_have_none() -> None:
    with pytest.raises(UnreadableMedia):
        embedded.pictures(Source.blob(b"plain words"), "plain", Limits())
    with pytest.raises(UnreadableMedia):
        taken(docx(paragraph(run("x")))[:200])
    assert sniff(Source.blob(pptx([("x", None)], {})))[1] == "pptx"
    with pytest.raises(UnsupportedMedium):
        sniff(Source.blob(zipped({"[Content_Types].xml": "<Types/>", "ppt/presentation.xml": "<p/>"})))
