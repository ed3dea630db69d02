"""What only machines see of a page: meta elements, links, JSON-LD, microdata and RDFa, as fields.

A field's tag is ``meta:<role>:<name>``, ``link:<role>``, ``jsonld:<role>``, ``microdata:<role>`` or ``rdfa:<role>``.
Of microdata (HTML Standard) and RDFa Lite only what speaks of authorship is read, by a walk over the tree that is
parsed anyway: extruct, which reads all of it, needs six more packages and parses the page again for each syntax.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Any

from lxml import etree

from fingerprints.model import Field

from .normalization import collapse_spaces

MAX_PROPERTIES = 200  # elements with a property that are looked at, of each syntax
MAX_VALUE = 4000  # code points of a value
MAX_JSON_LD = 500_000  # code points of a script; a longer one is not read
MAX_JSON_NODES = 5000  # values of one script that are visited
MAX_JSON_ITEMS = 200  # items of one array, properties of one object
MAX_NODES = 100  # elements in one property that are looked at

_ROLES_OF_META = {
    "author": "author article:author dc.creator dcterms.creator twitter:creator byl parsely-author citation_author",
    "rights": "copyright dc.rights dcterms.rights rights rights-standard",
    "source": "source dc.source dc.publisher original-source syndication-source",
    "identifier": "citation_doi",
    "licence": "license licence",
    "opt_out": "tdm-reservation robots",
}
_META = {name: role for role, names in _ROLES_OF_META.items() for name in names.split()}
_ROLES_OF_JSON_LD = {
    "author": "author creator credittext",
    "rights": "copyrightholder copyrightnotice",
    "source": "isbasedon isbasedonurl sourceorganization",
    "identifier": "doi isbn",
    "licence": "license",
    "ai": "digitalsourcetype",
    "": "publisher citation provider acquirelicensepage",  # about the page, not about the work
}
_JSON_LD = {name: role for role, names in _ROLES_OF_JSON_LD.items() for name in names.split()}


def read(root: Any) -> Iterator[Field]:
    """The machine-readable statements of a parsed page."""
    yield from _meta_elements(root)
    yield from _link_elements(root)
    yield from _attributes(root)
    for script in root.iter("script"):
        if (script.get("type") or "").split(";")[0].strip().lower() == "application/ld+json":
            yield from _json_ld(script.text or "")


def _meta_elements(root: Any) -> Iterator[Field]:
    for meta in root.iter("meta"):
        key = (meta.get("name") or meta.get("property") or "").lower()
        role, value = _META.get(key), collapse_spaces(meta.get("content") or "")
        if role and value:
            yield Field("html", f"meta:{role}:{key}", value[:MAX_VALUE])


def _link_elements(root: Any) -> Iterator[Field]:
    for link in root.iter("link"):
        relations, href = (link.get("rel") or "").lower().split(), str(link.get("href") or "")
        if "license" in relations and href:
            yield Field("html", "link:licence", href[:MAX_VALUE])
        if "canonical" in relations and href:
            yield Field("html", "link:source:canonical", href[:MAX_VALUE])


_RDFA = {
    "creator": "author", "author": "author", "attributionname": "author", "rightsholder": "rights",
    "copyrightholder": "rights", "rights": "rights", "source": "source", "isbasedon": "source",
    "attributionurl": "source", "license": "licence",
}  # fmt: skip
_FOREIGN = frozenset(["comment", "usercomments", "website", "breadcrumblist", "sitenavigationelement", "wpfooter"])


def _attributes(root: Any) -> Iterator[Field]:
    """Properties written as attributes of elements. What stands in an item about something else is left out."""
    for element in islice(root.iterfind(".//*[@itemprop]"), MAX_PROPERTIES):
        if element.tag != "meta" or not element.get("name"):
            yield from _property(element, "itemprop", "microdata", _JSON_LD)
    for element in islice(root.iterfind(".//*[@property]"), MAX_PROPERTIES):
        if element.tag != "meta" or not element.get("name"):
            yield from _property(element, "property", "rdfa", _RDFA)


def _property(element: Any, attribute: str, syntax: str, roles: dict[str, str]) -> Iterator[Field]:
    for name in (element.get(attribute) or "").lower().split():
        role = roles.get(name.rpartition("/")[2].rpartition(":")[2])
        if role and not _about_else(element):
            for value in _value(element):
                yield Field("html", f"{syntax}:{role}", value[:MAX_VALUE])


def _value(element: Any) -> Iterator[str]:
    """The value of a property: an attribute that holds it, the names and addresses of a nested item, or its text."""
    own = _attribute(element)
    if own is None and (element.get("itemscope") is not None or element.get("typeof")):
        for inner in islice(element.iterdescendants(etree.Element), MAX_NODES):
            named = inner.get("itemprop") or inner.get("property") or ""
            if named.rpartition(":")[2] in ("name", "url"):
                yield from filter(None, [_attribute(inner) or _text(inner)])
        return
    yield from filter(None, [own or _text(element)])


def _attribute(element: Any) -> str | None:
    for attribute in ("content", "resource", "href", "src", "data", "datetime"):
        if element.get(attribute):
            return collapse_spaces(str(element.get(attribute)))
    return None


def _text(element: Any) -> str:
    """The text of an element, of its first nodes if it has very many."""
    parts = []
    for event, node in islice(etree.iterwalk(element, events=("start", "end")), 2 * MAX_NODES):
        parts.append(node.text if event == "start" else node.tail if node is not element else None)
    return collapse_spaces("".join(p for p in parts if p))


def _about_else(element: Any) -> bool:
    for _ in range(64):
        kind = (element.get("itemtype") or element.get("typeof") or "").lower().rpartition("/")[2].rpartition(":")[2]
        if kind in _FOREIGN:
            return True
        element = element.getparent()
        if element is None:
            return False
    return False


def _json_ld(text: str) -> Iterator[Field]:
    """The properties of JSON-LD that speak of authorship, breadth first, in whatever objects they stand."""
    if len(text) > MAX_JSON_LD:
        return
    try:
        data = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return
    queue: deque[tuple[Any, str]] = deque([(data, "")])
    for _ in range(MAX_JSON_NODES):
        if not queue:
            return
        node, role = queue.popleft()
        if isinstance(node, str) and role and node.strip():
            yield Field("html", f"jsonld:{role}", collapse_spaces(node)[:MAX_VALUE])
        elif isinstance(node, list):
            queue.extend((item, role) for item in node[:MAX_JSON_ITEMS])
        elif isinstance(node, dict):
            queue.extend(_named(node, role) if role else _properties(node))


def _named(node: dict[str, Any], role: str) -> Iterator[tuple[Any, str]]:
    """The names and addresses of somebody in a role."""
    keys = ("name", "url", "@id", "alternateName")
    return ((node[key], role) for key in keys if isinstance(node.get(key), str))


def _properties(node: dict[str, Any]) -> Iterator[tuple[Any, str]]:
    """The values of an object's properties with the roles they give; objects of other properties without a role."""
    if node.get("@type") in ("Comment", "WebSite", "BreadcrumbList", "UserComments"):
        return
    for key, value in islice(node.items(), MAX_JSON_ITEMS):
        role = _JSON_LD.get(str(key).lower())
        if role:
            yield value, role
        elif isinstance(value, (dict, list)) and role is None:
            yield value, ""
