"""Which licences a claim may name, and the one form in which each is recorded. Pure.

SPDX identifiers (spdx.org/licenses) come from `packaging`, which ships the list. What a licence allows is read by
`marking.licences`.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from urllib.parse import urlsplit

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

OTHER = "other:"
# Ours, for what SPDX has no word, each with what else people write.
OURS: dict[str, tuple[str, ...]] = {
    "all-rights-reserved": ("arr", "proprietary", "版权所有", "保留所有权利", "禁止转载"),
    "reprint-with-credit": ("reprint", "署名转载", "转载请注明出处", "注明出处可转载"),
    "public-domain": ("publicdomain", "pd", "公有领域", "公共领域"),
}
ACCEPTED = (
    "An SPDX identifier (`CC-BY-4.0`, `CC0-1.0`, `MIT` ...; upper or lower case), the address of a Creative Commons "
    f"deed, one of {', '.join(f'`{each}`' for each in OURS)}, or `other:` and your own words."
)
_LISTED = "an SPDX identifier (CC-BY-4.0, CC0-1.0, MIT ...), the address of a Creative Commons deed, " + ", ".join(OURS)

_ALIASES = {alias: name for name, aliases in OURS.items() for alias in (name, *aliases)}
_ALIASES |= {"cc0": "CC0-1.0", "cc-zero": "CC0-1.0", "cc0-zero": "CC0-1.0"}
_CC_CODES = ("BY", "BY-SA", "BY-NC", "BY-ND", "BY-NC-SA", "BY-NC-ND")
_CC = [f"CC-{code}-{version}" for version in ("4.0", "3.0", "2.5", "2.0", "1.0") for code in _CC_CODES]
# What a misspelt one is compared with: what authors choose among, not the hundreds that SPDX lists.
USUAL = [
    *OURS, *_CC, "CC0-1.0", "CC-PDM-1.0", "MIT", "Apache-2.0", "BSD-3-Clause", "GPL-2.0-only", "GPL-3.0-only",
    "GPL-3.0-or-later", "GFDL-1.3-only", "OFL-1.1", "ODbL-1.0", "Unlicense",
]  # fmt: skip
_USUAL = {each.casefold(): each for each in USUAL}
_DEED = re.compile(r"/(?:licenses|licences)/([a-z-]+)/(\d\.\d)(?:/([a-z]{2,3}|igo|scotland))?(?:/|\Z)")
_DEDICATED = {"zero": "CC0-1.0", "mark": "CC-PDM-1.0"}


def canonical(licence: str) -> str:
    """The one form of a licence that a claim may name.

    Args:
        licence: one line, not empty.

    Raises:
        ValueError: it is none of them; the message says what there is, and which is nearest.
    """
    if licence.casefold().startswith(OTHER):
        words = licence[len(OTHER) :].strip()
        if not words:
            raise ValueError("other: needs words after it")
        return f"{OTHER}{words}"
    if re.match(r"(?:https?:)?//|(?:www\.)?creativecommons\.org/", licence, re.IGNORECASE):
        return _of_deed(licence)
    key = re.sub(r"[\s_]+", "-", licence.strip().casefold())
    if key in _ALIASES:
        return _ALIASES[key]
    found = _spdx(key)
    if found is None:
        raise ValueError(f"{licence[:60]} is no licence known here; {_advice(key)}")
    return found


def _spdx(key: str) -> str | None:
    if not re.fullmatch(r"[a-z0-9.+-]+", key) or key.startswith("licenseref"):
        return None  # an expression of several, or a reference to words that are not here
    try:
        return str(canonicalize_license_expression(key))
    except InvalidLicenseExpression:
        return None


def _of_deed(address: str) -> str:
    """The identifier of a Creative Commons licence by the address of its deed or legal code."""
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        raise ValueError("is not a URL") from None
    path = parts.path.lower()
    found = None
    if host == "creativecommons.org" and (deed := _DEED.match(path)):
        code = "by-nc-nd" if deed[1] == "by-nd-nc" else deed[1]  # its order in version 1.0
        found = _spdx("-".join(filter(None, ("cc", code, deed[2], deed[3]))))
    elif host == "creativecommons.org" and (dedicated := re.match(r"/publicdomain/(zero|mark)/1\.0(?:/|\Z)", path)):
        found = _DEDICATED[dedicated[1]]
    if found is None:
        raise ValueError(
            f"{address[:100]} is no address of a licence known here, such as "
            f"https://creativecommons.org/licenses/by/4.0/; write {OTHER}{address[:40]} to name it in your own words"
        )
    return found


def _advice(key: str) -> str:
    near = get_close_matches(key, _USUAL, 1, 0.6)
    hint = f"did you mean {_USUAL[near[0]]}? It can be " if near else "it can be "
    return f"{hint}{_LISTED}, or other: and your own words"
