"""Where a text shows pictures, and what it says of each of them."""

from __future__ import annotations

import pytest

from provenance.scans import layout
from provenance.scans.layout import Layout

LONG = "The night bus from the quarry has a driver who hums, and nobody knows the tune. " * 4


def said(found: Layout, number: int, names: list[str]) -> dict[str, str]:
    """What the text says of one picture, by how near it stands: lines, blanks aside."""
    name = names[number - 1]
    shown = [picture for picture in found.pictures if found.name_of(picture, "html", names) == name]
    out: dict[str, list[str]] = {}
    for unit in found.around(shown, number, name, names):
        if text := " ".join(unit.text.split()):
            out.setdefault(unit.nearness, []).append(text)
    return {nearness: " | ".join(lines) for nearness, lines in out.items() if nearness != "elsewhere"}


def page(*parts: str) -> Layout:
    return layout.of_page(f"<p>{LONG}</p>" + "".join(parts))


def test_a_figures_text_is_its_pictures() -> None:
    found = page(
        '<figure><img src="a.jpg"><figcaption>About A</figcaption></figure>',
        '<figure><img src="b.jpg"></figure><p>About B</p><p>No more</p>',
    )
    assert said(found, 1, ["a.jpg", "b.jpg"]) == {"own": "About A"}
    assert said(found, 2, ["a.jpg", "b.jpg"]) == {"beside": "About B"}


def test_the_line_that_follows_a_picture_is_beside_it() -> None:
    found = page('<p>Before</p><img src="a.jpg"><p>About A</p><img src="b.jpg"><h2>Heading</h2><p>Later</p>')
    assert said(found, 1, ["a.jpg", "b.jpg"]) == {"beside": "About A"}
    assert said(found, 2, ["a.jpg", "b.jpg"]) == {}
    inside = page('<p>Before it <img src="a.jpg"> and after it</p><p>Below</p>')
    assert said(inside, 1, ["a.jpg"]) == {"beside": "Before it and after it | Below"}
    long = page(f'<img src="a.jpg"><p>{LONG}</p>')
    assert said(long, 1, ["a.jpg"]) == {}


@pytest.mark.parametrize(
    ("line", "first", "second"),
    [
        ("Photo 1: Ann; photo 2: Ben", "Photo : Ann;", "photo : Ben"),
        ("Photos 1-3: Ann, photo 4: Ben", "Photos : Ann,", "Photos : Ann,"),
        ("图1、图2：林；图3：王", "图 、", "图 ：林；"),
        ("图片1和2：林", "图片 ：林", "图片 ：林"),
        ("a.jpg by Ann, b.jpg by Ben", "by Ann,", "by Ben"),
        ("Fig. 2 – Ben", None, "Fig – Ben"),
        ("Images 3 to 5: Cleo", None, None),
        ("Photo no. 1 (Ann), photo no. 2 (Ben)", "Photo (Ann),", "photo (Ben)"),
    ],
)
def test_entries_name_their_pictures(line: str, first: str | None, second: str | None) -> None:
    found = page('<img src="a.jpg">', f"<p>{LONG}</p>", '<img src="b.jpg">', f"<p>{LONG}</p><p>{line}</p>")
    names = ["a.jpg", "b.jpg"]
    assert [said(found, n, names).get("own") for n in (1, 2)] == [first, second]


def test_a_number_in_the_name_of_a_file_is_none() -> None:
    found = page('<img src="b.jpg"><img src="photo1.jpg">', f"<p>{LONG}</p><p>photo1.jpg: Ann</p>")
    names = ["b.jpg", "photo1.jpg"]
    assert [said(found, n, names).get("own") for n in (1, 2)] == [None, ": Ann"]


@pytest.mark.parametrize("heading", ["Photo credits", "图片来源：", "Fotos:"])
def test_under_a_heading_of_credits_lines_are_entries(heading: str) -> None:
    lines = "<p>1. Ann</p><p>(2) Ben</p><p>All: Cleo</p>"
    found = page(f"<p>{heading}</p>{lines}<p>{LONG}</p><p>3. Not an entry</p>")
    names = ["a.jpg", "b.jpg"]
    assert said(found, 1, names) == {"own": "Ann | All: Cleo"}
    assert said(found, 2, names) == {"own": "Ben | All: Cleo"}


def test_a_short_text_is_a_caption() -> None:
    assert said(layout.of_text("Fog. By Ann"), 1, ["a.jpg"]) == {"beside": "Fog. | By Ann"}
    assert said(layout.of_text(LONG + "\nBy Ann"), 1, ["a.jpg"]) == {}


def test_places_in_documents_and_markdown() -> None:
    text = f"{LONG}\n\nAbout A\n![x](img/b%20c.jpg 'title')\nAbout B\n"
    found = layout.of_text(text, [("doc#a.jpg", len(LONG) + 1)], markdown=True)
    names = ["doc#a.jpg", "b c.jpg"]
    assert said(found, 1, names)["beside"] == "About A"
    assert said(found, 2, names)["beside"] == "About B"


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("a.jpg", "a.jpg"),
        ("./img/A.JPG", "a.jpg"),
        ("https://cdn.example/x/a.jpg?size=2#top", "a.jpg"),
        ("img\\a.jpg", "a.jpg"),
        ("b%20c.jpg", "b c.jpg"),
        ("cid:a.jpg", "a.jpg"),
        ("CID:a", "a.jpg"),
        ("cid:b%20c@mail.example", "b c.jpg"),
        ("a.jpg/", None),
        ("cid:other", None),
        ("http://[broken/a.jpg", None),
        ("", None),
    ],
)
def test_references_by_name(reference: str, name: str | None) -> None:
    assert layout._resolved(reference, ["a.jpg", "b c.jpg"]) == name
