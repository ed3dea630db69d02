"""Web addresses in comparable form.

Normalization: RFC 3986 section 6 for what is equivalent, plus the things that change nothing for a reader: scheme,
``www``/``m`` in front, trailing slash, fragment, tracking parameters, a web archive or a platform's redirector that
carries the address in itself. Paths stay case-sensitive.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlsplit

MAX_URL = 2048
SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_MAX_PARAMETERS = 100
_MAX_WRAPPERS = 3  # an archived page of a redirect to the address
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\s]")
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
# Hosts by which platforms send readers to addresses that others wrote. Any other host with an address in its query is
# a page about which nothing is known.
_REDIRECTORS = frozenset([
    "l.facebook.com", "lm.facebook.com", "l.instagram.com", "l.messenger.com", "l.threads.net", "l.wl.co",
    "youtube.com", "out.reddit.com", "linkedin.com", "vk.com", "away.vk.com", "ok.ru", "t.umblr.com", "href.li",
    "duckduckgo.com", "urldefense.com", "slack-redir.net", "steamcommunity.com", "exit.sc", "disq.us",
    "getpocket.com", "flipboard.com", "translate.google.com", "link.naver.com", "cr.naver.com", "link.zhihu.com",
    "link.juejin.cn", "link.csdn.net", "gitee.com", "jianshu.com", "douban.com", "weibo.cn", "weibo.com", "t.cn",
    "c.pc.qq.com", "mp.weixin.qq.com", "link.wtturl.cn",
])  # fmt: skip
_REDIRECTOR = re.compile(r"(?:google(?:\.[a-z]{2,3}){1,2}|[\w.-]+\.safelinks\.protection\.outlook\.com)")
_WRAPPER_PARAMETERS = (
    "url", "u", "q", "target", "to", "link", "dest", "destination", "goto", "redirect", "redirect_uri", "pfurl", "uddg",
    "z",
)  # fmt: skip
# Second-level registries under country codes (a small extract in the spirit of the Public Suffix List).
_SECOND_LEVEL = frozenset([
    "com", "co", "net", "org", "gov", "edu", "ac", "ne", "or", "go", "gob", "gouv", "nom", "id", "web", "sch",
    "mil", "ltd", "plc", "me", "example",
])  # fmt: skip
_HOME_PATHS = ("", "/index.html", "/index.htm", "/index.php", "/home", "/index")


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
        return not self.query and self.path.lower() in _HOME_PATHS


@lru_cache(maxsize=8192)
def normalise(url: str) -> Address | None:
    """An address in comparable form, out of its wrappers; None when it is no web address."""
    url = _unwrapped(_INVISIBLE.sub("", url).strip()[:MAX_URL])
    if url.startswith("//"):
        url = "https:" + url
    if not SCHEME.match(url):
        if re.match(r"^[a-z][a-z0-9+.-]*:(?!\d|//)", url, re.IGNORECASE):
            return None
        url = "https://" + url
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
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
    userinfo = (parts.username or "") + (":" + parts.password if parts.password else "")
    return Address(host, path, _query(parts.query), userinfo)


def _query(query: str) -> str:
    """A query without tracking parameters, in alphabetical order."""
    given = parse_qsl(query, keep_blank_values=True, max_num_fields=None)
    kept = sorted((key, value) for key, value in given if not _TRACKING.match(key))
    return "&".join(f"{key}={value}" for key, value in kept[:_MAX_PARAMETERS])


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


def _unwrapped(url: str) -> str:
    """An address out of its wrappers: web archives, redirects."""
    for _ in range(_MAX_WRAPPERS):
        inner = _unwrap(url)
        if inner is None or inner == url:
            break
        url = inner
    return url


def _unwrap(url: str) -> str | None:
    bare = SCHEME.sub("", url)
    bare_low = bare.removeprefix("www.")
    wrapped = _WRAPPER_PATH.match(bare_low)
    if wrapped:
        return unquote(bare_low[wrapped.end() :]) if "%3a" in bare_low.lower() else bare_low[wrapped.end() :]
    try:
        parts = urlsplit(url if SCHEME.match(url) else "https://" + url)
        host = _host(parts.hostname or "")
        if host not in _REDIRECTORS and not _REDIRECTOR.fullmatch(host):
            return None
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
