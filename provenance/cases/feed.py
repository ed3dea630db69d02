"""The public register as an Atom feed (RFC 4287). Pure."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from ..names import printable
from ..schemas.case import PublicCase

_ATOM = "http://www.w3.org/2005/Atom"
_BEGINNING = "1970-01-01T00:00:00Z"  # of a feed that has nothing yet


def atom(cases: Sequence[PublicCase], address: str, author: str) -> bytes:
    """The feed.

    Args:
        cases: that changed last, newest first.
        address: of the register, without a slash at its end.
        author: who publishes it.
    """
    feed = etree.Element(f"{{{_ATOM}}}feed", nsmap={None: _ATOM})  # type: ignore[dict-item]  # None: the default one
    _add(feed, "id", f"{address}/feed")
    _add(feed, "title", "Complaints and what became of them")
    _add(feed, "updated", cases[0].changed_at if cases else _BEGINNING)
    _add(_add(feed, "author"), "name", author)
    _add(feed, "link", rel="self", href=f"{address}/feed")
    for case in cases:
        entry = _add(feed, "entry")
        link = f"{address}/cases/{case.case_id}"
        _add(entry, "id", link)
        _add(entry, "title", f"{case.case_id}: {case.state.replace('_', ' ')} ({case.regime})")
        _add(entry, "published", case.filed_at)
        _add(entry, "updated", case.changed_at)
        _add(entry, "link", rel="alternate", href=link, type="application/json")
        _add(entry, "content", _content(case), type="text")
    return etree.tostring(feed, encoding="utf-8", xml_declaration=True)


def _content(case: PublicCase) -> str:
    lines = [f"{each.at[:10]} {' '.join(filter(None, (each.name, each.finding, each.outcome)))}" for each in case.steps]
    return "\n".join([*case.addresses, *lines])


def _add(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    """An element; its text without what XML cannot hold and what nobody sees."""
    made = etree.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
    if text is not None:
        made.text = "\n".join(map(printable, text.split("\n")))
    return made
