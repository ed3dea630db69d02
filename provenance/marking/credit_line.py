"""The credit line that the check passes, as text, HTML or XMP."""

from __future__ import annotations

from html import escape

from ..errors import BadInput
from . import licences, xmp_credit
from .lexicon import credit_template
from .model import Work
from .normalization import fold_name, one_line


def credit_line(
    work: Work, format: str = "text", lang: str = "en", *, permission: bool = False, modified: bool = False
) -> str:
    """The line that marks owner, source and licence so that the check finds them compliant.

    Args:
        format: ``text``, ``html`` (schema.org microdata, ``rel="license"``) or ``xmp`` (a whole packet).
        lang: language of the labels; names and titles stay as registered.
        permission: say that permission was given. Only the person who has it may say so; a work with all rights
            reserved is not compliant without it, and no line can stand in for it.
        modified: say that the work was changed, as most licences ask; not in ``xmp``.

    Raises:
        BadInput: an unknown format.
    """
    if format == "text":
        return str(credit_template(lang)["join"]).join(text for text, _ in _parts(work, lang, permission, modified))
    if format == "html":
        return _html(work, lang, permission, modified)
    if format == "xmp":
        return xmp_credit.packet(None, work, lang, permission).decode()
    raise BadInput(f"the format of a credit line is text, html or xmp, not {format!r}")


def _parts(work: Work, lang: str, permission: bool, modified: bool) -> list[tuple[str, str]]:
    """The pieces of the line in order, each with its kind."""
    words = credit_template(lang)
    kind = work.kind if work.kind in words["author"] else "text"
    out = [(_fill(words["author"][kind], owner=work.owner), "author")]
    if fold_name(work.title):
        out.append((_fill(words["title"], title=one_line(work.title)), "title"))
    if work.source_name:
        source = _fill(words["source"], source=work.source_name)
        if work.source_handle and not work.source_urls:
            handle = _fill(words["handle"], handle=work.source_handle.lstrip("@"))
            source += handle if handle.startswith("（") else f" {handle}"
        out.append((source, "source"))
    if work.source_urls:
        out.append((_fill(words["link"], url=work.source_urls[0]), "link"))
    elif work.identifiers:
        out.append((work.identifiers[0], "identifier"))
    name = licences.short_name(licences.parse(work.licence))
    if name:
        out.append((_fill(words["licence"], licence=name), "licence"))
    if permission:
        out.append((words["permission"], "permission"))
    if modified:
        out.append((words["modified"], "modification"))
    return out


def _fill(pattern: str, **values: str) -> str:
    for key, value in values.items():
        pattern = pattern.replace("{" + key + "}", one_line(value))
    return pattern


def _html(work: Work, lang: str, permission: bool, modified: bool) -> str:
    out = []
    deed = licences.deed(licences.parse(work.licence))
    for text, kind in _parts(work, lang, permission, modified):
        piece = escape(text)
        if kind == "author":
            name = escape(one_line(work.owner))
            person = 'itemprop="author" itemscope itemtype="https://schema.org/Thing"'
            piece = piece.replace(name, f'<span {person}><span itemprop="name">{name}</span></span>', 1)
        elif kind == "title":
            piece = f'<cite itemprop="name">{piece}</cite>'
        elif kind == "link" and work.source_urls[0].lower().startswith(("http://", "https://")):
            url = escape(work.source_urls[0])
            piece = piece.replace(url, f'<a itemprop="url" href="{url}">{url}</a>', 1)
        elif kind == "licence" and deed:
            name = escape(licences.short_name(licences.parse(work.licence)) or "")
            piece = piece.replace(name, f'<a rel="license" itemprop="license" href="{deed}">{name}</a>', 1)
        out.append(piece)
    join = escape(str(credit_template(lang)["join"]))
    return f'<p lang="{escape(lang)}" itemscope itemtype="https://schema.org/CreativeWork">{join.join(out)}</p>'
