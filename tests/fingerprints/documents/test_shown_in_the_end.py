"""Text that a reader sees in the end: shown by a script, under ruby, composed otherwise, typed into a form."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from fingerprints.documents import html
from fingerprints.documents.extraction import read
from fingerprints.model import Limits
from fingerprints.source import Source
from fingerprints.text import fingerprint
from fingerprints.text.normalization import normalize
from fingerprints.unicode.folding import code_points, to_text

ARTICLE = "The watch mender puts the springs under a mug, because the wind from the river takes whatever is light."


def units(text: str) -> str:
    return to_text(normalize(code_points(text)).units)


def shown(page: str) -> str:
    seen = html.visible(page, code_points(page))[0]
    return to_text(seen[seen > 0])


@pytest.mark.parametrize("style", ["visibility:hidden", "visibility:hidden;opacity:0", "display:none"])
def test_a_page_that_its_script_shows_is_read_and_says_so(style: str) -> None:
    page = f'<html><body><div id="a" style="{style}">{ARTICLE}</div>%s</body></html>'
    made = fingerprint((page % "<script>show()</script>").encode())
    assert made.unread == ("script",)
    assert made.reason is None
    still = fingerprint((page % "").encode())
    assert still.unread == ()
    assert still.facts["hidden_characters"] == len(units(ARTICLE))


def test_a_script_does_not_show_what_is_hidden_beside_an_article() -> None:
    page = f'<p>{ARTICLE}</p><p style="display:none">{ARTICLE}{ARTICLE}</p><script>x()</script>'
    assert fingerprint(page.encode()).unread == ()


def test_readings_of_ruby_do_not_part_the_text() -> None:
    assert shown("<ruby>清<rp>(</rp><rt>qing</rt><rp>)</rp></ruby><ruby>晨<rt>chen</ruby>") == "清晨"
    assert ARTICLE in shown(f"<ruby>x<rt>{ARTICLE}</rt></ruby>")


@pytest.mark.parametrize("text", ["시계 고치는 노인은 강둑에", "ガラスのばねをポケット"])
def test_canonically_equivalent_texts_are_one(text: str) -> None:
    apart = unicodedata.normalize("NFD", text)
    assert apart != text or unicodedata.normalize("NFC", text) != text
    assert units(apart) == units(text)
    where = normalize(code_points(apart)).where
    assert (np.diff(where) >= 0).all()
    assert where[-1] < len(apart)


def test_small_capitals_are_letters() -> None:
    assert units("ᴀʙᴄᴅᴇɢʜᴊᴋʟᴍɴᴏᴘʀᴛᴜᴠᴡᴢ") == units("abcdeghjklmnoprtuvwz")


def test_what_was_typed_into_a_pdf_is_text() -> None:
    typed = "/Type/Annot/Rect[50 500 550 750]"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Annots[4 0 R 5 0 R 6 0 R]>>",
        f"<<{typed}/Subtype/FreeText/Contents({ARTICLE})>>",
        f"<<{typed}/Subtype/Widget/FT/Tx/T(t)/V(Filled in.)>>",
        f"<<{typed}/Subtype/FreeText/F 2/Contents(Hidden.)>>",
    ]
    body = "".join(f"{number} 0 obj{each}endobj\n" for number, each in enumerate(objects, 1))
    data = f"%PDF-1.4\n{body}trailer<</Root 1 0 R/Size 7>>\n%%EOF".encode()
    assert read(Source.blob(data), Limits()).text == f"{ARTICLE}\nFilled in."
