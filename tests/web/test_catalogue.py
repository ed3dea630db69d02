"""The catalogues: nothing is missing, left over or fuzzy, and what is filled in is the same on both sides."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from provenance.translation import LANGUAGES, preferred, translations

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
import catalogue

_PLACES = re.compile(r"%(?:\(\w+\))?[sd%]")


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
def test_every_message_is_translated(language: str) -> None:
    known = {message.id: message for message in catalogue.read(language) if message.id}
    assert known.keys() == catalogue.messages(), "run scripts/catalogue.py and translate what is new"
    assert not [name for name, message in known.items() if not message.string or message.fuzzy]
    for name, message in known.items():
        assert sorted(_PLACES.findall(name)) == sorted(_PLACES.findall(message.string)), name


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("fr, zh;q=0.5", "zh"),
        ("zh;q=nonsense, en", "en"),
        ("*", "en"),
    ],
)
def test_what_a_browser_prefers(accepted: str, language: str) -> None:
    assert preferred(accepted) == language


def test_english_is_the_source() -> None:
    assert translations("en").gettext("Sign in") == "Sign in"
    assert translations("zh").gettext("Sign in") == "登录"
