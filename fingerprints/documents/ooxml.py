"""What Word and PowerPoint files have in common: the relationships between their parts (ECMA-376 part 2, OPC)."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote

from .archive import Archive


def relationships(archive: Archive, part: str) -> dict[str, str]:
    """The parts of the file that a part refers to, by the ids of the relationships; what lies outside is left out."""
    folder, name = posixpath.split(part)
    listed = f"{folder}/_rels/{name}.rels"
    if listed not in archive:
        return {}
    found = {}
    for each in archive.xml(listed, "document").iter("{*}Relationship"):
        target = unquote(each.get("Target") or "")
        path = posixpath.normpath(posixpath.join(folder, target)) if target[:1] != "/" else target.lstrip("/")
        if each.get("TargetMode") != "External" and path in archive:
            found[each.get("Id") or ""] = path
    return found
