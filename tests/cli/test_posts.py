"""scan --post and lines with parts: posts on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.provenance.conftest import ESSAY, encoded, picture

pytestmark = pytest.mark.slow

CREDIT = "Photo: Marta Salt / Salt Weekly, https://salt.example/p/1"


@pytest.fixture
def post(sourcemark) -> Path:
    """An article with two pictures, both registered; one of them credited."""
    folder: Path = sourcemark.folder
    for n in (1, 2):
        (folder / f"{n}.png").write_bytes(encoded(picture(n), "PNG"))
        (folder / f"{n}.jpg").write_bytes(encoded(picture(n), quality=60))
        done = sourcemark(
            "register", f"{n}.png", "--owner", "Marta Salt", "--source-name", "Salt Weekly",
            "--source-url", f"https://salt.example/p/{n}", "--title", f"View {n}",
        )  # fmt: skip
        assert done.status == 0
    html = f'<p>{ESSAY}</p><figure><img src="1.jpg"><figcaption>{CREDIT}</figcaption></figure><img src="2.jpg">'
    (folder / "article.html").write_text(html)
    return folder


def test_files_of_one_post(sourcemark, post: Path) -> None:
    done = sourcemark("scan", "article.html", "1.jpg", "2.jpg", "--post", "--json")
    (line,) = done.lines
    assert (done.status, line["verdict"], line["path"]) == (1, "uncredited", None)
    assert [(part["name"], part["medium"]) for part in line["parts"]] == [
        ("article.html", "text"), ("1.jpg", "image"), ("2.jpg", "image"),
    ]  # fmt: skip
    assert [match["part"] for match in line["matches"] if match["marking"]["owner_marked"]] == ["1.jpg"]
    told = sourcemark("scan", "article.html", "1.jpg", "2.jpg", "--post", "--dry-run", env={"SOURCEMARK_LANG": "zh"})
    assert "帖子，共 3 个部分" in told.out
    assert told.out.count("《View") == 2


def test_what_a_post_rests_on_is_drawn_part_by_part(sourcemark, post: Path) -> None:
    done = sourcemark("scan", "1.jpg", "2.jpg", "--post", "--show", "out.png")
    assert done.out.count("drawn into") == 2
    for name in ("out-1.png", "out-2.png"):
        with Image.open(post / name) as drawn:
            assert drawn.format == "PNG"
    (post / "essay.txt").write_text(ESSAY)
    assert sourcemark("register", "essay.txt", "--owner", "Marta Salt").status == 0
    shown = sourcemark("scan", "essay.txt", "1.jpg", "--post", "--show")
    assert "work 0" in shown.out.replace("–", " ")


def test_lines_with_parts(sourcemark, post: Path) -> None:
    lines = [
        {"external_id": "a", "parts": [{"path": "article.html"}, {"path": "1.jpg"}, {"path": "2.jpg", "caption": CREDIT.replace("/1", "/2")}]},
        {"external_id": "b", "parts": [{"text": "Fog again."}, {"path": "gone.jpg"}]},
        {"external_id": "c", "parts": [{"path": "1.jpg"}, {"path": "1.jpg"}]},
        {"external_id": "d", "path": "1.jpg", "parts": [{"path": "2.jpg"}]},
        {"external_id": "e", "parts": []},
        {"external_id": "f", "parts": [{"path": "1.jpg", "txt": "x"}]},
        {"external_id": "g", "parts": [{"name": "x"}]},
        {"external_id": "h", "path": "1.jpg"},
    ]  # fmt: skip
    (post / "posts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = sourcemark("scan", "--batch", "posts.jsonl", "--json")
    answers = {line["external_id"]: line for line in done.lines}
    assert (done.status, list(answers)) == (0, list("abcdefgh"))
    assert answers["a"]["verdict"] in ("credited", "review", "licensed")
    assert [part["reason"] for part in answers["b"]["parts"]] == ["too_short", "file_missing"]
    assert (answers["b"]["verdict"], answers["b"]["error"]) == ("review", None)
    said = {name: answers[name]["error"]["detail"] for name in "cdefg"}
    assert "two parts are called '1.jpg'" in said["c"]
    assert "path: stands beside parts" in said["d"]
    assert "parts" in said["e"]
    assert "txt: is no field here; did you mean text?" in said["f"]
    assert "a part needs one of" in said["g"]
    assert (answers["h"]["parts"], answers["h"]["medium"]) == (None, "image")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.jpg", "b.jpg"], "write --post if they are one post"),
        (["-", "--post"], "standard input has no name"),
        (["--batch", "x.jsonl", "--post"], "write the parts of a post into its line"),
        (["a.jpg", "a.jpg", "--post"], "two parts are called 'a.jpg'"),
        (["--post"], "give a file"),
    ],
)
def test_what_cannot_be_a_post_is_one_line(sourcemark, arguments: list[str], said: str) -> None:
    done = sourcemark("scan", *arguments)
    assert (done.status, len(done.err.splitlines())) == (2, 1)
    assert said in done.err
