"""Every entry of the lexicon does what its example says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from provenance.marking import Post, Work, check
from provenance.marking.claims import is_relevant
from provenance.marking.credit_reader import CreditReader
from provenance.marking.entity_tagger import EntityTagger
from provenance.marking.lexicon import lexicon, load
from provenance.marking.segmentation import from_text

pytestmark = pytest.mark.slow

FILES = load()
OWNERS = {"zh": "裴远山", "ja": "小倉千尋", "ko": "서지안", "ru": "Нина Орлова", "uk": "Олег Мороз", "ar": "سلمى ناصر"}
PLACES = {"zh": "竹溪周报", "ja": "竹渓週報", "ko": "강변일보", "ru": "Вестник", "uk": "Вісник", "ar": "مجلة النهر"}
URL = "https://zhuxi.example/w/12"


def _work(lang: str, kind: str) -> Work:
    return Work(
        title="Unrelated Words", owner=OWNERS.get(lang, "Ilse Marden"), source_name=PLACES.get(lang, "Brookfold"),
        source_urls=(URL,), licence="reprint-with-credit", kind=kind,
    )  # fmt: skip


def _entries(section: str) -> Iterator[Any]:
    for lang, data in FILES.items():
        for entry in data[section]:
            yield pytest.param(lang, entry, id=f"{lang}: {entry['example']}")


def _phrases() -> Iterator[Any]:
    for lang, data in FILES.items():
        for category, entries in data["phrases"].items():
            for entry in entries:
                yield pytest.param(lang, category, entry, id=f"{lang} {category}: {entry['example']}")


def _filled(example: str, work: Work) -> str:
    return example.replace("{owner}", work.owner).replace("{source}", work.source_name or "").replace("{url}", URL)


@pytest.mark.parametrize(("lang", "entry"), [*_entries("labels"), *_entries("after")])
def test_label(lang: str, entry: dict[str, Any]) -> None:
    scope = entry.get("scope", "any").split()
    kind = "text" if scope[0] in ("any", "none", "cover") else scope[0]
    work = _work(lang, kind)
    report = check(work, Post(text=_filled(entry["example"], work), lang=lang))
    if entry["role"] in ("author", "rights"):
        assert report.owner_marked
    elif entry["role"] == "source":
        assert report.source_marked
    else:
        assert not report.owner_marked


@pytest.mark.parametrize(("lang", "entry"), list(_entries("labels")))
def test_label_speaks_of_no_other_kind(lang: str, entry: dict[str, Any]) -> None:
    scope = entry.get("scope", "any").split()
    if entry["role"] != "author" or scope == ["any"]:
        return
    for kind in {"text", "image", "audio", "video"} - set(scope):
        work = _work(lang, kind)
        text = _filled(entry["example"], work)
        marker = EntityTagger(work, Post(text=text), lexicon())
        found = [c for u in from_text(text, "text") for c in CreditReader(lexicon(), lang).read(marker.tag(u)).credits]
        assert not any(is_relevant(c, kind) for c in found)


@pytest.mark.parametrize(("lang", "category", "entry"), list(_phrases()))
def test_phrase(lang: str, category: str, entry: dict[str, Any]) -> None:
    work = _work(lang, "text")
    text = _filled(entry["example"], work)
    marker = EntityTagger(work, Post(text=text), lexicon())
    found = {
        s.category
        for u in from_text(text, "text")
        for s in CreditReader(lexicon(), lang).read(marker.tag(u)).statements
    }
    assert category in found
    if category in ("denial", "doubt", "topic", "related"):
        assert not check(work, Post(text=text, lang=lang)).owner_marked
    if category == "permission":
        assert check(work, Post(text=text, lang=lang)).permission_stated
    if category == "pending":
        assert not check(work, Post(text=text, lang=lang)).permission_stated


@pytest.mark.parametrize("lang", FILES)
def test_nobody_is_no_source(lang: str) -> None:
    label = next(e for e in FILES[lang]["labels"] if e["role"] == "source")["words"][0]
    for word in FILES[lang]["words"]["generic"]:
        report = check(_work(lang, "text"), Post(text=f"{label}: {word}", lang=lang))
        assert report.verdict == "missing", word


def test_every_language_has_a_template_for_every_kind() -> None:
    for data in FILES.values():
        assert set(data["template"]["author"]) == {"text", "image", "audio", "video"}


def test_every_language_has_the_parts_of_the_pattern() -> None:
    pattern = FILES["en"]
    for lang, data in FILES.items():
        assert data["lang"] == lang
        assert set(data) - {"template-Hant"} == set(pattern), lang
        for template in (data["template"], data.get("template-Hant", data["template"])):
            assert set(template) == set(pattern["template"]), lang
            assert set(template["author"]) == set(pattern["template"]["author"]), lang
        assert set(data["phrases"]) <= set(pattern["phrases"]), lang  # another category would mean nothing
