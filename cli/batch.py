"""Reading a batch: JSON lines in, one parsed item or one error a line, never a stop at a bad line."""

from __future__ import annotations

import contextlib
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from fingerprints.source import Source
from provenance.errors import BadInput, SourcemarkError

if TYPE_CHECKING:
    from provenance.scans.posts import Upload
    from provenance.schemas import RegistrationItem, ScanItem

Item = TypeVar("Item", "RegistrationItem", "ScanItem")


def read_lines(batch: str) -> Iterator[tuple[int, bytes]]:
    """Non-empty lines of a batch file, or of standard input for ``-``, each with its number from 1.

    Raises:
        BadInput: the batch itself cannot be read, or is JSON but not JSON lines.
    """
    first = True
    try:
        with contextlib.nullcontext(sys.stdin.buffer) if batch == "-" else Path(batch).open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    if first:
                        check_first(batch, line)
                    first = False
                    yield number, line
    except OSError as error:
        raise BadInput(f"the batch {batch} cannot be read: {error.strerror}") from error


def check_first(batch: str, line: bytes) -> None:
    """Raises `BadInput` for a line that is no text, or begins JSON of another form than an object a line."""
    start = line.removeprefix(b"\xef\xbb\xbf").strip()
    if b"\0" in line or (not start.startswith(b"{") and not _is_utf8(start)):  # a picture, or UTF-16
        raise BadInput(f"the batch {batch} is no text in UTF-8: write JSON lines in UTF-8, as a file of text")
    if start.startswith(b"["):
        raise BadInput(f"the batch {batch} is one JSON list: write one object a line (`jq -c '.[]'` makes them)")
    if start == b"{":
        raise BadInput(f"the batch {batch} spreads an object over lines: write one a line (`jq -c .` makes them)")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def count_lines(batch: str) -> int | None:
    """How many lines there are, for a progress bar; None when that cannot be known."""
    if batch == "-" or not Path(batch).is_file():
        return None
    with Path(batch).open("rb") as handle:
        return sum(1 for line in handle if line.strip())


def base_folder(batch: str) -> Path:
    """What paths in the batch are relative to: its own folder, or the current one for ``-``."""
    return Path.cwd() if batch == "-" else Path(batch).resolve().parent


def parse_json(line: bytes) -> dict[str, Any]:
    """One line as a JSON object; raises `BadInput`."""
    from provenance.json_input import read_json

    try:
        data = read_json(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadInput("this line is not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise BadInput(f"this line is not JSON: {error}") from None
    if not isinstance(data, dict):
        raise BadInput(f"expected a JSON object, got {type(data).__name__}")
    return data


# Fields that speak of one thing: a line that gives the first takes none of the others from the options.
_TOGETHER = {"owner": "owner_aliases", "source_name": "source_handle", "opens": "sealed"}


def items(
    batch: str, model: type[Item], defaults: Mapping[str, Any] | None, numbers: deque[int]
) -> Iterator[tuple[Item, Source | SourcemarkError]]:
    """Each line of a batch: the item, and its bytes' place or what is wrong with the line.

    Args:
        defaults: fields of a line that does not have them.
        numbers: takes the number of each line whose item is given out.

    Raises:
        BadInput: the defaults are wrong, or the batch itself cannot be read.
    """
    from provenance.json_input import parse

    parse(model, dict(defaults or {}))
    return _items(batch, model, defaults or {}, numbers)


def _items(
    batch: str, model: type[Item], defaults: Mapping[str, Any], numbers: deque[int]
) -> Iterator[tuple[Item, Source | SourcemarkError]]:
    open_file = partial(file_in, base_folder(batch))
    for number, line in read_lines(batch):
        numbers.append(number)
        try:
            data: dict[str, Any] | BadInput = parse_json(line)
        except BadInput as error:
            data = error
        yield item_of(model, data, defaults, open_file)


def item_of(
    model: type[Item],
    line: dict[str, Any] | BadInput,
    defaults: Mapping[str, Any],
    open_file: Callable[[str], Source | SourcemarkError],
) -> tuple[Item, Source | SourcemarkError]:
    """The item of a line, and its bytes' place or what is wrong with the line.

    Args:
        line: its fields, or why it has none.
        defaults: as of `items`.
        open_file: the content of a path.
    """
    from provenance.json_input import parse, stand_in

    if isinstance(line, BadInput):
        return model(), line
    try:
        item = parse(model, _completed(line, defaults))
        return item, _content(item, open_file)
    except BadInput as error:
        return stand_in(model, line), error


def upload_of(
    item: ScanItem, content: Source | SourcemarkError, open_file: Callable[[str], Source | SourcemarkError]
) -> Upload:
    """The upload of a line of `scan`, of parts if it has some."""
    from provenance.scans import posts

    if item.parts is None:
        return posts.Upload(item, content)
    try:
        return posts.of_item(item, open_file)
    except BadInput as error:
        return posts.Upload(item.model_copy(update={"parts": None}), error)


def _completed(line: dict[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    left_out = {other for first, other in _TOGETHER.items() if line.get(first)}
    return {**{name: value for name, value in defaults.items() if name not in left_out}, **line}


def _content(
    item: RegistrationItem | ScanItem, open_file: Callable[[str], Source | SourcemarkError]
) -> Source | SourcemarkError:
    """Where the bytes of an item are: exactly one of path, text, html."""
    from provenance.schemas import RegistrationItem

    given = [(k, v) for k in ("path", "text", "html") if (v := getattr(item, k, None)) is not None]
    if len(given) != 1:
        kinds = "path, text" if isinstance(item, RegistrationItem) else "path, text, html, parts"
        return BadInput(f"exactly one of {kinds} is needed, {len(given)} were given")
    kind, value = given[0]
    assert isinstance(value, str)
    if kind == "path":
        return open_file(value)
    return Source.text(value, "html" if kind == "html" else "plain")


def file_in(folder: Path, path: str) -> Source | SourcemarkError:
    """The file that a path of a batch names."""
    if not path or "\0" in path:
        return BadInput("path: is empty or holds a NUL character")
    return Source.file(folder / path)
