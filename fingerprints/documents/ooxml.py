"""What Word and PowerPoint files have in common: the relationships between their parts (ECMA-376 part 2, OPC)."""

from __future__ import annotations

import posixpath
from typing import Any
from urllib.parse import unquote

from lxml import etree

from ..errors import UnreadableMedia
from .archive import Archive


def xml(archive: Archive, name: str) -> Any:
    """The root of an XML part; no DTD, no entities, no network.

    Raises:
        UnreadableMedia: ``damaged``, ``encrypted``.
        LimitExceeded: ``unpacked_too_large``.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        return etree.fromstring(archive.read(name), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableMedia("damaged", f"the document is damaged ({str(error)[:100]}); save it again") from None


def relationships(archive: Archive, part: str) -> dict[str, str]:
    """The parts of the file that a part refers to, by the ids of the relationships; what lies outside is left out."""
    folder, name = posixpath.split(part)
    listed = f"{folder}/_rels/{name}.rels"
    if listed not in archive:
        return {}
    found = {}
    for each in xml(archive, listed).iter("{*}Relationship"):
        target = unquote(each.get("Target") or "")
        path = posixpath.normpath(posixpath.join(folder, target)) if target[:1] != "/" else target.lstrip("/")
        if each.get("TargetMode") != "External" and path in archive:
            found[each.get("Id") or ""] = path
    return found
