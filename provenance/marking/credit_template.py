"""The words of a credit line, one template a language."""

from __future__ import annotations

from typing import Any

from .lexicon import lexicon


def languages() -> tuple[str, ...]:
    """The languages that have a template, as BCP 47 primary tags."""
    return tuple(sorted(k for k, v in lexicon().files.items() if "template" in v))


def template(lang: str | None) -> dict[str, Any]:
    """The template of a language tag (``zh-Hant`` falls back to ``zh``), English for one that is not known."""
    files = lexicon().files
    primary = (lang or "en").replace("_", "-").split("-")[0].lower()
    found: dict[str, Any] = files.get(primary, files["en"]).get("template") or files["en"]["template"]
    return found


def one_line(text: str) -> str:
    """One line, without what XML or a terminal cannot hold."""
    return " ".join("".join(c if c.isprintable() or c == " " else " " for c in text).split())
