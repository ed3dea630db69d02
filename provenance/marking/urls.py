"""Addresses: which ones are the registered one, and which only look like it.

Normalisation: RFC 3986 section 6 for what is equivalent, plus the things that change nothing for a reader: scheme,
``www``/``m`` in front, trailing slash, fragment, tracking parameters, a web-archive or redirect wrapper that carries
the address in itself. Paths stay case-sensitive. Look-alikes: UTS #39 skeletons in miniature, and the usual tricks.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from .model import UrlMatch
from .normalization import fold

MAX_URL = 2048
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
# What may stand in an address written in running text; Han, kana and Hangul end it, so do full-width signs.
_BODY = r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%|À-ɏͰ-ϿЀ-ԯא-ת\u0620-\u0669\u066e-\u06d3\u06d5-\u06ff]"
_HOST = r"(?:[A-Za-z0-9À-ɏͰ-ϿЀ-ԯ](?:[A-Za-z0-9À-ɏͰ-ϿЀ-ԯ_-]{0,62})\.){1,8}(?:[A-Za-z]{2,24}|xn--[a-z0-9-]{2,59})"
IN_TEXT = re.compile(
    rf"(?:https?|ftp)://{_BODY}{{1,{MAX_URL}}}|(?<![\w@.])(?:www\.)?{_HOST}(?::\d{{2,5}})?(?:/{_BODY}{{0,{MAX_URL}}})?(?![A-Za-z0-9@])",
    re.IGNORECASE,
)
MARKDOWN = re.compile(r"\[([^\[\]\n]{0,300})\]\(\s*<?([^\s()<>]{1,2048})>?(?:\s+\"[^\"\n]{0,200}\")?\s*\)")
_TRACKING = re.compile(
    r"^(?:utm_\w+|fbclid|gclid|dclid|msclkid|yclid|igshid|igsh|mc_[ce]id|spm|scene|share_\w+|from|isappinstalled|ref|ref_src|"
    r"referrer|source|src|si|feature|xtor|chksm|_ga|wt_mc|cmpid|smid|sr_share|clicktime|enterid|sharer_\w+|at_\w+|trk|"
    r"ncid|vero_id|oly_\w+|_hs\w+|hss_channel)$"
)
_WRAPPER_PATH = re.compile(
    r"^(?:web\.archive\.org/web/[0-9a-z_*]+/|archive\.(?:org|ph|is|today|vn|li|md|fo)/(?:o/\w+/|\w{4,14}/)?"
    r"|webcache\.googleusercontent\.com/search\?q=cache:(?:[\w-]+:)?|12ft\.io/|r\.jina\.ai/|outline\.com/|txtify\.it/)"
    r"(?=https?:|[\w-]+\.)",
    re.IGNORECASE,
)
_WRAPPER_PARAMETERS = (
    "url",
    "u",
    "q",
    "target",
    "to",
    "link",
    "dest",
    "destination",
    "goto",
    "redirect",
    "redirect_uri",
)
_SHORTENERS = frozenset(
    [
        "bit.ly",
        "t.co",
        "t.cn",
        "tinyurl.com",
        "goo.gl",
        "ow.ly",
        "is.gd",
        "buff.ly",
        "lnkd.in",
        "url.cn",
        "dwz.cn",
        "suo.im",
        "rebrand.ly",
        "cutt.ly",
        "shorturl.at",
        "youtu.be",
        "fb.me",
        "wp.me",
        "tiny.cc",
        "v.gd",
        "j.mp",
        "rb.gy",
        "s.id",
        "linktr.ee",
        "lnk.bio",
        "dlvr.it",
        "trib.al",
        "b23.tv",
    ]
) - {"youtu.be"}
# Shorteners that a platform puts in by itself: the visible address of such a link is not the poster's doing.
_AUTOMATIC = frozenset(["t.co", "t.cn", "lnkd.in", "url.cn"])
# Second-level registries under country codes (a small extract in the spirit of the Public Suffix List).
_SECOND_LEVEL = frozenset(
    [
        "com",
        "co",
        "net",
        "org",
        "gov",
        "edu",
        "ac",
        "ne",
        "or",
        "go",
        "gob",
        "gouv",
        "nom",
        "id",
        "web",
        "sch",
        "mil",
        "ltd",
        "plc",
        "me",
        "example",
    ]
)
_CONFUSABLE = str.maketrans(
    {
        **dict(zip("аеорсхуіѕјԁһӏнкмтвɡ", "aeopcxyisjdhlhkmtbg", strict=True)),
        **dict(zip("αορνκιτυη", "aopvkituh", strict=True)),
        "0": "o",
        "1": "l",
        "i": "l",
        "5": "s",
        "3": "e",
        "ı": "l",
        "|": "l",
    }
)


@dataclass(frozen=True, slots=True)
class Address:
    """A normalised address: host without www/m, path with case, the query without tracking."""

    host: str
    path: str
    query: str
    userinfo: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.host, self.path, self.query)

    @property
    def is_home(self) -> bool:
        return not self.query and self.path.lower() in (
            "",
            "/index.html",
            "/index.htm",
            "/index.php",
            "/home",
            "/index",
        )


@dataclass(frozen=True, slots=True)
class Link:
    """An address found in a post: what it leads to, what a reader sees of it, and how it relates to the work."""

    href: str
    shown: str
    match: UrlMatch
    home: bool = False
    deceptive: bool = False


def strip_tail(url: str) -> str:
    """Without the punctuation that ends the sentence around an address."""
    while url:
        last = url[-1]
        if last in ".,;:!?'\"|*_([" or (last in ")]" and url.count("(["[last == "]"]) < url.count(last)):
            url = url[:-1]
        else:
            break
    return url


@lru_cache(maxsize=8192)
def normalise(url: str) -> Address | None:
    """An address in comparable form, out of its wrappers; None when it is no web address."""
    url = _invisible.sub("", url).strip()[:MAX_URL]
    for _ in range(3):
        inner = _unwrap(url)
        if inner is None or inner == url:
            break
        url = inner
    if url.startswith("//"):
        url = "https:" + url
    if not _SCHEME.match(url):
        if re.match(r"^[a-z][a-z0-9+.-]*:(?!\d|//)", url, re.IGNORECASE):
            return None
        url = "https://" + url
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https", "ftp") or "." not in host:
        return None
    host = _host(host)
    if "." not in host:
        return None
    if port not in (None, 80, 443):
        host += f":{port}"
    path = quote(unquote(parts.path, errors="replace"), safe="/:@!$&'()*+,;=~-._").rstrip("/")
    kept = sorted(
        (k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True, max_num_fields=None) if not _TRACKING.match(k)
    )
    query = "&".join(f"{k}={v}" for k, v in kept[:100])
    return Address(host, path, query, (parts.username or "") + (":" + parts.password if parts.password else ""))


_invisible = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\s]")


def _host(host: str) -> str:
    host = host.rstrip(".").lower()
    if not host.isascii():
        with contextlib.suppress(UnicodeError):
            host = ".".join(_to_ascii(label) for label in host.split("."))
    labels = host.split(".")
    while len(labels) > 2 and labels[0] in ("www", "m", "mobile", "amp", "wap", "www2", "h5"):
        labels = labels[1:]
    return ".".join(labels)


def _to_ascii(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")


def _unicode_host(host: str) -> str:
    def one(label: str) -> str:
        if not label.startswith("xn--"):
            return label
        try:
            return label[4:].encode("ascii").decode("punycode")
        except UnicodeError:
            return label

    return ".".join(one(label) for label in host.split("."))


def _unwrap(url: str) -> str | None:
    bare = _SCHEME.sub("", url)
    bare_low = bare.removeprefix("www.")
    wrapped = _WRAPPER_PATH.match(bare_low)
    if wrapped:
        return unquote(bare_low[wrapped.end() :]) if "%3a" in bare_low.lower() else bare_low[wrapped.end() :]
    try:
        parts = urlsplit(url if _SCHEME.match(url) else "https://" + url)
        for key, value in parse_qsl(parts.query):
            if key.lower() in _WRAPPER_PARAMETERS and re.match(r"^https?://", value, re.IGNORECASE):
                return value
    except ValueError:
        return None
    return None


def site(host: str) -> str:
    """The registrable domain of a host, nearly: the last two labels, or three under ``co.uk`` and its like."""
    labels = host.split(":")[0].split(".")
    deep = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3:] if deep else labels[-2:])


def skeleton(host: str) -> str:
    """A host as it looks to a hurried reader: confusable letters merged, signs gone, ``rn`` as ``m``."""
    shown = fold(_unicode_host(host)).translate(_CONFUSABLE)
    return re.sub(r"[\W_]", "", shown).replace("rn", "m").replace("vv", "w").replace("cl", "d")


class RegisteredAddresses:
    """The registered addresses of one work."""

    def __init__(self, urls: Sequence[str]) -> None:
        found = [normalise(u) for u in urls]
        self.addresses = [a for a in found if a is not None]
        self.keys = {a.key for a in self.addresses}
        # letters that end other addresses in running text, such as Han in the path: these are looked for as they are
        odd = [_SCHEME.sub("", u.strip()) for u in urls if u.strip() and not re.fullmatch(f"{_BODY}+", u.strip())]
        self.literal = re.compile("|".join(rf"(?:https?://)?{re.escape(u)}" for u in odd if u)) if any(odd) else None

    def match(self, url: str) -> tuple[UrlMatch, bool]:
        """How an address relates to the registered ones, and whether it is only the home page of the same host."""
        address = normalise(url)
        if address is None:
            return "unresolvable", False
        if any(is_lookalike(address, a) for a in self.addresses):
            return "lookalike", False
        if address.key in self.keys:
            return "exact", False
        if address.host in _SHORTENERS:
            return "unresolvable", False
        for registered in self.addresses:
            if address.host == registered.host or site(address.host) == site(registered.host):
                return "same_site", address.is_home and address.host == registered.host
        return "other_site", False

    def shortest(self, found: str) -> tuple[str, UrlMatch, bool]:
        """An address of running text, cut at a sign where only its beginning is a registered one: ``/77,CC BY``."""
        match, home = self.match(found)
        if match != "exact":
            for sign in list(_SIGN.finditer(found, 8))[:20]:
                if self.match(found[: sign.start()])[0] == "exact":
                    return found[: sign.start()], "exact", False
        return found, match, home

    def link(self, href: str, shown: str) -> Link:
        """A link with the text a reader sees. Deceptive: the text is an address, and the link leads elsewhere."""
        match, home = self.match(href)
        deceptive = False
        text = strip_tail(shown.strip())
        if text and IN_TEXT.fullmatch(text):
            seen, real = normalise(text), normalise(href)
            if seen is not None and (real is None or not _agrees(seen, real)):
                ours = any(seen.host == a.host or site(seen.host) == site(a.host) for a in self.addresses)
                automatic = real is not None and real.host in _AUTOMATIC
                deceptive = ours and not automatic
        return Link(href[:MAX_URL], shown[:300], match, home, deceptive)


_SIGN = re.compile(r"[,;()\[\]|!'\"]")


def _agrees(seen: Address, real: Address) -> bool:
    """A shortened display (``site.org/long-pa...``) of the same place is honest."""
    if seen.host != real.host:
        return False
    path = seen.path.rstrip(".")
    return real.path.startswith(path.removesuffix("...").removesuffix("%E2%80%A6")) or seen.path == real.path


def is_lookalike(address: Address, registered: Address) -> bool:
    """Whether an address is made to be taken for the registered one."""
    ours, theirs = registered.host, address.host
    if address.userinfo and (ours in address.userinfo.lower() or "." in address.userinfo):
        return True
    if theirs == ours or site(theirs) == site(ours):
        return False
    if ("." + theirs).find("." + ours + ".") >= 0:
        return True
    if ours in theirs or _contains_host(address.path, ours):
        return True
    mine, other = skeleton(ours), skeleton(theirs)
    if mine == other or skeleton(site(ours)) == skeleton(site(theirs)):
        return True
    name, its = skeleton(_name(ours)), skeleton(_name(theirs))
    if len(name) >= 5 and (name == its or _one_edit(name, its)):
        return True
    same_path = len(registered.path) > 3 and address.path.lower() == registered.path.lower()
    if len(name) >= 4 and (name in other or mine in other):
        return same_path or mine in other or skeleton(site(ours)) in other
    return same_path and len(registered.path) > 6 and _one_edit(mine, other)


def _name(host: str) -> str:
    """The label that names the site: ``riverpost`` of ``www.riverpost.example``."""
    domain = site(host)
    return domain.split(".")[0]


def _contains_host(path: str, host: str) -> bool:
    # https://evil.example/https://host/... without being a known wrapper, or //host as the first segment
    return bool(re.match(rf"^/+(?:https?:/+)?(?:www\.)?{re.escape(host)}(?:/|$)", path, re.IGNORECASE))


def _one_edit(a: str, b: str) -> bool:
    """Whether two different strings are one insertion, deletion, replacement or swap apart."""
    if a == b or abs(len(a) - len(b)) > 1:
        return False
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    x, y = a[start:], b[start:]
    return x[1:] == y[1:] or x[1:] == y or x == y[1:] or (x[2:] == y[2:] and x[:2] == y[1::-1])
