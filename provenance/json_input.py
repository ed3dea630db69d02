"""Reading JSON that people and their scripts write: what is wrong with it, in one line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from . import names
from .errors import BadInput

M = TypeVar("M", bound=BaseModel)

COUNTRY = r"^[A-Z]{2}$"  # ISO 3166-1 alpha-2, by form
UNKNOWN_KEY = "unknown_key"
_SHOULD = re.compile(r"^(Input|String|List) should")  # as pydantic words it
# What people write for a field whose name is not near.
_CALLED = {
    "url": ("source_url", "post_url"), "id": ("external_id",), "name": ("title",), "headline": ("title",),
    "creator": ("authors",), "rights_holder": ("owner",), "copyright": ("owner",), "rights": ("licence",),
    "date": ("published_at",), "published": ("published_at",), "doi": ("identifiers",), "isbn": ("identifiers",),
    "aliases": ("owner_aliases",), "file": ("path",), "content": ("text",), "body": ("text",), "language": ("lang",),
    "country": ("territory",), "user": ("account",), "handle": ("source_handle",), "link": ("source_url", "post_url"),
}  # fmt: skip


def check_keys(given: Iterable[Any], known: Iterable[str], what: str = "field") -> None:
    """Raises an error that names the first unknown key and the known one that is nearest to it.

    Args:
        what: a key is called in the message.

    Raises:
        PydanticCustomError: a `ValueError`, so that a validator may let it pass.
    """
    known = list(known)
    for key in given:
        if key not in known:
            raise PydanticCustomError(UNKNOWN_KEY, "{message}", {"message": unknown_key(str(key), known, what)})


def unknown_key(key: str, known: Iterable[str], what: str = "field") -> str:
    """One line about a key that nobody knows: the nearest one, or all there are."""
    known = list(known)
    shown = names.printable(key if len(key) <= 60 else key[:60] + "…")
    folded = key.casefold().strip().replace("-", "_").replace(" ", "_")
    near = [each for each in _CALLED.get(folded, ()) if each in known]
    near = near or get_close_matches(folded, [each.casefold() for each in known], 1, 0.6)
    if near:
        return f"{shown}: is no {what} here; did you mean {near[0]}?"
    return f"{shown}: is no {what} here; " + (f"there are {', '.join(known)}" if known else "there is none")


def parse(model: type[M], data: Any) -> M:
    """Validate one object.

    Raises:
        BadInput: the first thing that is wrong, in one line that names the key.
    """
    if not isinstance(data, dict):
        raise BadInput(f"expected a JSON object, got {type(data).__name__}")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise BadInput(one_line(error)) from error


def read_json(text: str | bytes) -> Any:
    """JSON in which no object has a key twice: one of the two would vanish.

    Raises:
        BadInput: a key stands twice.
        ValueError, RecursionError: it is not JSON.
    """
    return json.loads(text, object_pairs_hook=_each_key_once)


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = next(key for n, (key, _) in enumerate(pairs) if key in dict(pairs[:n]))
        raise BadInput(f"{names.printable(twice[:60])}: stands twice in one object")
    return made


def stand_in(model: type[M], data: Any) -> M:
    """An empty item in place of one that is wrong, with the names its sender knows it by."""
    given = data if isinstance(data, dict) else {}
    known = {key: given[key] for key in ("external_id", "path") if isinstance(given.get(key), str)}
    try:
        return model.model_validate(known)
    except ValidationError:
        return model()


def parse_each(model: type[M], items: Iterable[Any]) -> Iterator[tuple[M, BadInput | None]]:
    """The items of a batch, each parsed by itself: a wrong one is a stand-in with what is wrong, the rest goes on."""
    for each in items:
        try:
            yield parse(model, each), None
        except BadInput as error:
            yield stand_in(model, each), error


def one_line(error: ValidationError) -> str:
    """The first problem of a validation error: the key and what it must be."""
    return problem_line(error.errors()[0])


def problem_line(first: Mapping[str, Any], skipped: int = 0) -> str:
    """One line about one of the errors of pydantic.

    Args:
        skipped: parts at the head of its place that the sender did not write.
    """
    place = ".".join(names.printable(str(part)) for part in first["loc"][skipped:])
    said = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] == "string_pattern_mismatch" and first["ctx"]["pattern"] == COUNTRY:
        said = "must be a country's two capital letters, such as CN"
    said = _SHOULD.sub("must", said)
    if first["type"] == UNKNOWN_KEY:  # it names the key itself
        return f"{place}.{said}" if place else said
    return f"{place or (first['loc'][0] if first['loc'] else 'value')}: {said}"
