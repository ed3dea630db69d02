"""One work of the demo: its bytes and what its producer claims about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Lang = Literal["zh-Hans", "zh-Hant", "en"]


@dataclass(frozen=True, slots=True)
class DemoWork:
    """A work to register, the demo's own or a user's file.

    Attributes:
        name: a file name with its ending; unique among the works of one demo.
        data: the exact bytes.
        title: in the work's own language.
        owner: as claimed.
        lang: the language of title and text; a user's file may say None, then it is judged by the text.
        licence: ``all-rights-reserved``, ``reprint-with-credit``, ``CC-BY-4.0`` ...
    """

    name: str
    data: bytes = field(repr=False)
    title: str
    owner: str
    lang: Lang | None = None
    aliases: tuple[str, ...] = ()
    source_name: str | None = None
    source_url: str | None = None
    licence: str | None = None
