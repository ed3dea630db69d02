"""Credits of people who have nothing to do with the work, where no label stands beside the name.

``Ruth Calder for the Post``, ``本文是钱一帆写的``, ``"A Title" - Marlow & Finch``, and in a quotation the mouth that it
is put into. Only what the whole unit says counts: a name in running text is a topic.
"""

from __future__ import annotations

import re

from .credit_model import UnitReading
from .entities import ACCOUNT, ANY_ENTITY, BOTH, OWNER, SOURCE, TITLE
from .lexicon import ALL_KINDS, Label, Lexicon
from .normalization import DENSE
from .person_names import LATIN_NAME, QUOTES, NameClassifier

_AUTHOR = Label("author", ALL_KINDS)
_TEXT_AUTHOR = Label("author", frozenset({"text"}))
_OURS = re.compile(f"[{OWNER}{BOTH}{SOURCE}]")
_FOR_ACCOUNT = re.compile(
    rf"\W*(?P<name>{LATIN_NAME})\s*(?:/|\bfor\b|\bfür\b|\bpour\b|\bpara\b|\bper\b|,)\s*{ACCOUNT}\W*"
)
_AFTER_TITLE = re.compile(rf"\W*{TITLE}\W*(?:[-·/|,]\s*|\s+(?:de|di|von|by|par|por)\s+)(?P<name>{LATIN_NAME})\W*")
_BYLINE = re.compile(
    rf"\W*(?P<name>{LATIN_NAME})\s*(?:,\s*(?:staff|senior|guest|contributing)?\s*"
    r"(?:writer|reporter|editor|correspondent|columnist|contributor)\b|"
    r"\|\s*(?:\d{1,2}[./ ]|[A-Z][a-z]{2,8}\.? \d{1,2})[^|\n]{0,20})\W*",
)
_WORK = "(?:本文|此文|这篇文章|这篇|文章|文字|全文|原文)"
_DENSE_NAME = rf"(?P<name>[{DENSE}]{{2,8}}?)"
_SENTENCES = (
    re.compile(rf"\W*{_WORK}(?:是|为|由){_DENSE_NAME}(?:老师|先生|女士)?(?:所|写|撰|创作|执笔|原创)(?!不)"),
    re.compile(rf"\W*{_WORK}?(?:出自|来自){_DENSE_NAME}(?:老师|先生|女士)?(?:之手|笔下|的手笔)"),
)
# Whose mouth a quotation is put into.
_AFTER_QUOTE = re.compile(rf"[\"'”’»」』]\s*(?:[-~]+\s*|\(\s*)(?P<name>{LATIN_NAME}|[{DENSE}·]{{2,8}})")
_BEFORE_QUOTE = re.compile(
    rf"\W*(?P<name>[{DENSE}·]{{2,8}}?)(?:先生|女士|老师|大师)?(?:曾经?|就)?"
    r"(?:说过?|讲过|写道|写过|有云|云|言)\s*[:,]\s*[\"“「『]"
)
_SAID = re.compile(
    rf"\W*(?:as\s+)?(?P<name>{LATIN_NAME})\s+(?:once\s+)?(?:said|wrote|put it|sagte|schrieb|disait|écrivait|dijo)\b",
)
_NOBODY = re.compile(
    "(?:有|某|一|老话|俗话|古|谚语|人们|大家|他|她|我|网友|朋友|民间|常言|书|文|歌|电影|台词)|.*[里中上]$"
)
_MAX_PERSON = 4  # characters of a person's name in Han or kana; longer ones are transcribed, with a dot


class StrangerReader:
    """Reads such credits in the units of a post.

    Args:
        quotation: the post quotes the work.
    """

    def __init__(self, lexicon: Lexicon, *, quotation: bool) -> None:
        self.names = NameClassifier(lexicon)
        self.quotation = quotation

    def read(self, reading: UnitReading) -> None:
        """Add the credits of a unit in which neither owner nor source is named, and nobody is credited yet."""
        tagged = reading.tagged
        if reading.credits or reading.doubted or tagged.unit.tag or _OURS.search(tagged.low):
            return
        for pattern, label in (
            (_FOR_ACCOUNT, _AUTHOR), (_AFTER_TITLE, _AUTHOR), (_BYLINE, _TEXT_AUTHOR),
        ):  # fmt: skip
            self._add(reading, pattern.fullmatch(tagged.cased), label)
        for pattern in _SENTENCES:
            self._add(reading, pattern.match(tagged.low), _TEXT_AUTHOR)
        if self.quotation:
            self._add(reading, _AFTER_QUOTE.search(tagged.cased), _AUTHOR)
            self._add(reading, _BEFORE_QUOTE.match(tagged.low), _AUTHOR)
            self._add(reading, _SAID.match(tagged.cased), _AUTHOR)

    def _add(self, reading: UnitReading, found: re.Match[str] | None, label: Label) -> None:
        if found is None or reading.credits:
            return
        name = found["name"].strip(QUOTES)
        if re.match(f"[{DENSE}]", name) and len(name) > _MAX_PERSON and "·" not in name:
            return
        nobody = _NOBODY.match(name) or self.names.is_generic(name) or re.search(ANY_ENTITY, name)
        if not nobody and self.names.looks_like_name(name, strong=True):
            reading.consumed.append(found.span())
            reading.credit_other(found.start("name"), label)
