"""Strict small codecs: base64, decimal numbers, canonical JSON. One byte string, one meaning."""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

import rfc8785

from ..errors import VerificationFailed

MAX_DEPTH = 32
_LARGE = re.compile(r"[0-9]{16}")  # no number of fewer digits is too large for JSON (RFC 7493)
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_DECIMAL = re.compile(r"(?:0|[1-9][0-9]{0,18})\Z", re.ASCII)


def b64(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def unb64(text: str) -> bytes:
    """RFC 4648 section 4, canonical only; raises `VerificationFailed`."""
    try:
        raw = text.encode("ascii")
        data = binascii.a2b_base64(raw, strict_mode=True)
    except (ValueError, binascii.Error, AttributeError):
        raise VerificationFailed(f"{text!r:.40} is not base64") from None
    if binascii.b2a_base64(data, newline=False) != raw:
        raise VerificationFailed(f"{text!r:.40} is not canonical base64")
    return data


def decimal(text: str) -> int:
    """A number below 2**63 without sign or leading zeros; raises `VerificationFailed`."""
    if not _DECIMAL.match(text) or int(text) >= 2**63:
        raise VerificationFailed(f"{text!r:.40} is not a decimal number")
    return int(text)


def canonical(value: Any) -> bytes:
    """RFC 8785 form of objects, lists, strings, integers, booleans and null.

    Raises:
        VerificationFailed: it has no such form, or holds floats, which two programs may write differently.
    """
    try:
        if _is_plain(value):
            text = _ENCODER.encode(value)
            if text.isascii() or not _ASTRAL.search(text):  # see `_is_compact`
                return text.encode()
        _refuse_floats(value)
        text = _ENCODER.encode(value)
        if _sorts_alike(text) and not _LARGE.search(text):
            return text.encode()
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeError, RecursionError, TypeError) as error:
        raise VerificationFailed(f"this cannot be written as canonical JSON: {error}") from None


def _is_plain(value: Any) -> bool:
    """Whether a value is made of what the standard library writes as RFC 8785 does, but for the order of odd keys."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is dict:
        return all(type(key) is str and _is_plain(each) for key, each in value.items())
    if kind is list:
        return all(_is_plain(each) for each in value)
    return kind is int and -(2**53) < value < 2**53


def parse_canonical(raw: bytes) -> Any:
    """JSON in exactly its RFC 8785 form, of objects, lists, strings, integers, booleans and null.

    Raises:
        VerificationFailed: not JSON, not canonical, duplicate keys, floats, too deeply nested.
    """
    try:
        text = raw.decode("utf-8")
        value = _QUICK.decode(text)
        compact = _is_compact(value, text)
        if not compact:  # it may have the same key twice
            value = _STRICT.decode(text)
    except (ValueError, RecursionError) as error:
        raise VerificationFailed(f"this is not JSON: {error}") from None
    if text.count("{") + text.count("[") > MAX_DEPTH:  # fewer brackets cannot nest so deeply
        _check_depth(value, MAX_DEPTH)
    if not compact and canonical(value) != raw:
        raise VerificationFailed("the JSON is not in its canonical form (RFC 8785)")
    return value


def _is_compact(value: Any, text: str) -> bool:
    """Whether the text is canonical by the standard library's encoder, which is far faster than a canonicaliser.

    A text with the same key twice is not: what was read has it once.

    See `_sorts_alike`; large integers were refused before.
    """
    return _sorts_alike(text) and _ENCODER.encode(value) == text


def _sorts_alike(text: str) -> bool:
    """Whether the standard library's encoder gives a text's RFC 8785 form.

    Without floats and large integers it differs in the order of keys only, and only where some character lies past
    U+FFFF: UTF-16 sorts those before U+E000, Python behind.
    """
    return text.isascii() or not _ASTRAL.search(text)


def _check_depth(value: Any, left: int) -> None:
    if isinstance(value, dict | list):
        if left == 0:
            raise VerificationFailed("the JSON is nested too deeply")
        for each in value.values() if isinstance(value, dict) else value:
            _check_depth(each, left - 1)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise VerificationFailed("a JSON object has the same key twice")
    return found


def _integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) >= 2**53:
        raise VerificationFailed(f"the number {text!r:.40} is too large for JSON (RFC 7493)")
    return int(text)


def _refuse(text: str) -> NoReturn:
    raise VerificationFailed(f"the number {text!r:.40} is not an integer")


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        _refuse(str(value))
    if isinstance(value, Mapping):
        for key, each in value.items():
            if not isinstance(key, str):  # the standard library would write it as one
                raise VerificationFailed(f"the key {key!r:.40} of an object is no string")
            _refuse_floats(each)
    elif isinstance(value, list | tuple):
        for each in value:
            _refuse_floats(each)


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)
_QUICK = json.JSONDecoder(parse_int=_integer, parse_float=_refuse, parse_constant=_refuse)
_STRICT = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_integer, parse_float=_refuse, parse_constant=_refuse)
