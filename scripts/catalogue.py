"""Bring the catalogues of messages up to date with the templates and the code that marks messages by `say`.

    .venv/bin/python scripts/catalogue.py

Translations are kept; what is new is empty until somebody translates it, which a test asks for. Nothing in the files
depends on when, where or by whom they were written.
"""

from __future__ import annotations

import ast
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

ROOT = Path(__file__).parents[1]
TEMPLATES = ROOT / "api" / "web" / "templates"
LOCALE = ROOT / "provenance" / "locale"
_MARKERS = {"say": 1}  # functions, and which argument is the message


def messages() -> set[str]:
    """Every message that a page may show."""
    return _of_templates() | _of_code()


def _of_templates() -> set[str]:
    found = set()
    options = {"trim_blocks": "true", "lstrip_blocks": "true", "newstyle_gettext": "true"}
    for file in TEMPLATES.rglob("*.html"):
        with file.open("rb") as source:
            for _, _, message, _ in babel_extract(source, ["_", "gettext"], [], options):
                found.add(message if isinstance(message, str) else message[0])
    return found


def _of_code() -> set[str]:
    found = set()
    for file in (ROOT / "api" / "web").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _MARKERS:
                message = node.args[_MARKERS[node.func.id]]
                if isinstance(message, ast.Constant):
                    found.add(str(message.value))
    return found


def file_of(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "sourcemark.po"


def read(language: str) -> Catalog:
    with file_of(language).open("rb") as file:
        return read_po(file, locale=language, domain="sourcemark")


def main() -> None:
    for folder in sorted(LOCALE.iterdir()):
        language = folder.name
        known = {message.id: message.string for message in read(language) if message.id}
        catalog = Catalog(locale=language, domain="sourcemark", fuzzy=False, charset="utf-8")
        for message in sorted(messages()):
            catalog.add(message, known.get(message, ""))
        with file_of(language).open("wb") as file:
            write_po(file, catalog, width=110, omit_header=False, sort_output=True)
        text = file_of(language).read_text("utf-8")
        head, _, body = text.partition("\n\n")
        kept = [line for line in head.splitlines() if "Content-T" in line or "Language:" in line or "msg" in line]
        kept += ['"Plural-Forms: nplurals=1; plural=0;\\n"'] if language == "zh" else []
        file_of(language).write_text("\n".join(kept) + "\n\n" + body, "utf-8")
        print(
            language, len(messages()), "messages,", sum(not each.string for each in catalog if each.id), "to translate"
        )


if __name__ == "__main__":
    main()
