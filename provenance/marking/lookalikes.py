"""Addresses that are made to be taken for another one: UTS #39 skeletons in miniature, and the usual tricks."""

from __future__ import annotations

import re

from .normalization import fold
from .urls import Address, site

_MIN_SIMILAR_NAME = 5  # letters of a site's name that is compared with one letter changed
_MIN_CONTAINED_NAME = 4  # letters of a site's name that is looked for inside other hosts
_MIN_PATH = 4  # characters of a path that tells a work; shorter ones are alike by chance
_MIN_LONG_PATH = 7  # characters of a path that tells a work even on a host with a changed letter
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


def is_lookalike(address: Address, registered: Address) -> bool:
    """Whether an address is made to be taken for the registered one."""
    ours, theirs = registered.host, address.host
    if address.userinfo and (ours in address.userinfo.lower() or "." in address.userinfo):
        return True
    if theirs == ours or site(theirs) == site(ours):
        return False
    if ours in theirs or _begins_with_host(address.path, ours):
        return True
    return _is_similar(address, registered)


def _is_similar(address: Address, registered: Address) -> bool:
    """Whether a host on another site looks like the registered one."""
    ours, theirs = skeleton(registered.host), skeleton(address.host)
    our_site = skeleton(site(registered.host))
    if ours == theirs or our_site == skeleton(site(address.host)):
        return True
    name, other_name = skeleton(_site_name(registered.host)), skeleton(_site_name(address.host))
    if len(name) >= _MIN_SIMILAR_NAME and (name == other_name or _one_edit(name, other_name)):
        return True
    same_path = len(registered.path) >= _MIN_PATH and address.path.lower() == registered.path.lower()
    if len(name) >= _MIN_CONTAINED_NAME and (name in theirs or ours in theirs):
        return same_path or ours in theirs or our_site in theirs
    return same_path and len(registered.path) >= _MIN_LONG_PATH and _one_edit(ours, theirs)


def skeleton(host: str) -> str:
    """A host as it looks to a hurried reader: confusable letters merged, signs gone, ``rn`` as ``m``."""
    shown = fold(_unicode_host(host)).translate(_CONFUSABLE)
    return re.sub(r"[\W_]", "", shown).replace("rn", "m").replace("vv", "w").replace("cl", "d")


def _unicode_host(host: str) -> str:
    def one(label: str) -> str:
        if not label.startswith("xn--"):
            return label
        try:
            return label[4:].encode("ascii").decode("punycode")
        except UnicodeError:
            return label

    return ".".join(one(label) for label in host.split("."))


def _site_name(host: str) -> str:
    """The label that names the site: ``riverpost`` of ``www.riverpost.example``."""
    domain = site(host)
    return domain.split(".")[0]


def _begins_with_host(path: str, host: str) -> bool:
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
