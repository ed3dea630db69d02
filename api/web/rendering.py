"""Pages from templates, with the headers that keep a browser from anything else than them.

Nothing in a page is inline, and nothing comes from elsewhere: `default-src 'none'`, scripts and styles from here
(CSP level 3). Texts are escaped by the templates; no template marks anything as safe but what `charts` draws.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache, partial
from importlib.resources import files
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from provenance.cases import words as case_words
from provenance.marking.rules import REASONS
from provenance.names import readable
from provenance.scans import words as scan_words
from provenance.scans.words import Words
from provenance.translation import LANGUAGES, Language, preferred, translations

from .forms import remember, token_of

LANGUAGE_COOKIE = "language"
SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
PRIVATE = {"Cache-Control": "no-store"}
STATIC = "/static"
# One term for one thing, by its code: the filters of templates.
_WORDS: dict[str, dict[str, Words]] = {
    "word": {**scan_words.KINDS, **scan_words.MEDIA, **scan_words.MARKINGS, **scan_words.VERDICTS},
    "action": scan_words.ACTIONS,
    "decision": scan_words.DECISIONS,
    "reason": REASONS,
    "state": case_words.STATES,
    "step": case_words.STEPS,
    "actor": case_words.ACTORS,
    "clock": case_words.CLOCKS,
    "finding": case_words.FINDINGS,
    "outcome": case_words.OUTCOMES,
    "lacking": case_words.FIELDS,
}
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def language_of(request: Request) -> Language:
    """The language that a browser chose by the switch, else the one that it prefers."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    for known in LANGUAGES:
        if chosen == known:
            return known
    return preferred(request.headers.get("accept-language", ""))


def page(request: Request, template: str, status: int = 200, /, **context: Any) -> HTMLResponse:
    """A page.

    Args:
        template: its path in `templates`.
    """
    language = language_of(request)
    html = (
        _environment(language)
        .get_template(template)
        .render(
            **context,
            request=request,
            language=language,
            here=request.url.path,
            who=getattr(request.state, "signed_in", None),
            csrf=token_of(request),
        )
    )
    answer = HTMLResponse(html, status, {**SECURITY, **PRIVATE, "Content-Language": language})
    remember(request, answer)
    return answer


def say(request: Request, message: str, /, **values: Any) -> str:
    """A message in the language of the page; it must stand in the catalogue."""
    translated = translations(language_of(request)).gettext(message)
    return translated % values if values else translated


@cache
def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=PackageLoader("api.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    environment.globals["static"] = address
    say_of = translations(language).gettext
    environment.filters.update(
        moment=_moment,
        readable=readable,
        percent=_percent,
        lines=_lines,
        **{name: partial(_word, words, language) for name, words in _WORDS.items()},
        said=lambda error: say_of(error.detail),
        titled=lambda error: say_of(error.title),
    )
    return environment


def _word(words: Mapping[str, Words], language: Language, code: str) -> str:
    """The word for a code; the code where there is none."""
    return words[code][language == "zh"] if code in words else code.replace("_", " ")


def _lines(said: Mapping[str, object]) -> str:
    """What somebody said: a text as it is, fields one a line."""
    found = []
    for value in said.values():
        if isinstance(value, Mapping):
            found += [f"{name}: {_plain(each)}" for name, each in value.items() if each not in (None, "", [])]
        else:
            found.append(_plain(value))
    return readable("\n".join(found))


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _moment(stamp: str | None) -> str:
    """A moment to the minute, in UTC."""
    return f"{stamp[:16].replace('T', ' ')} UTC" if stamp else "–"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"


@cache
def content(name: str) -> tuple[bytes, str, str]:
    """A static file: its bytes, its media type, and the digest that its address bears; raises `KeyError`."""
    kind = _TYPES.get(name[name.rfind(".") :])
    file = files("api.web") / "static" / name
    if kind is None or "/" in name or not file.is_file():
        raise KeyError(name)
    data = file.read_bytes()
    return data, kind, hashlib.sha256(data).hexdigest()[:16]


def address(name: str) -> str:
    """Where a static file is; another content has another address, so that it may be kept for ever."""
    return f"{STATIC}/{name}?v={content(name)[2]}"
