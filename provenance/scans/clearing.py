"""A post as it would be with the credit line of one of its matches: where the poster would put it, in its language."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape

from .. import marking
from ..marking import Work
from ..marking.language import language_of
from ..schemas import ScanItem, Use
from .reuse import Shown

_PAGE_END = re.compile(r"(?:\s*</(?:body|html)\s*>)*\s*\Z", re.IGNORECASE)


def lines_for(work: Work, item: ScanItem, shown: Shown, use: Use) -> list[str]:
    """The lines that credit a work, the plainest first: the second one says that it was changed, where it was.

    They are in the language that the post declares, or that it is written in, or the title.
    """
    texts = [shown.examination.text or "", shown.caption or "", *(unit.text for unit in shown.around)]
    lang = item.lang or language_of("\n".join(texts)) or language_of(work.title)
    states = (False, True) if use == "adapted" else (False,)
    return [marking.credit_line(work, lang=lang or "en", modified=modified) for modified in states]


def with_line(shown: Shown, line: str) -> Shown:
    """The line at the end of a text, so that what was matched stays where it is; in the caption of anything else."""
    examination = shown.examination
    if examination.text is None:
        return replace(shown, caption=f"{shown.caption}\n{line}" if shown.caption else line)
    text = examination.text
    if examination.format == "html":
        end = _PAGE_END.search(text)
        at = len(text) if end is None else end.start()
        return replace(shown, examination=replace(examination, text=f"{text[:at]}\n<p>{escape(line)}</p>{text[at:]}"))
    return replace(shown, examination=replace(examination, text=f"{text}\n\n{line}"))
