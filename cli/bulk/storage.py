"""Addresses of lists and files: this machine's, or those of object storage that fsspec reads.

Credentials come from the environment, as the libraries of each storage read them. Only the schemes below are read:
what a list names is fetched, and no scheme fetches something else on the way.
"""

from __future__ import annotations

import importlib.util
import re
import tempfile
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from fingerprints.errors import LimitExceeded, UnreadableMedia
from fingerprints.source import CHUNK, Source
from provenance.errors import BadInput, Misconfigured, SourcemarkError, Unavailable

# What each scheme needs beside fsspec.
_NEEDS = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "hdfs": "pyarrow"}
_ATOMIC = ("s3", "s3a", "gs", "gcs")  # where an object is there when it is whole
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_PAUSES = (0.5, 2.0, 8.0)  # seconds before another try
_CONNECT_SECONDS, _READ_SECONDS = 10, 30
_READ_AHEAD = 8 << 20  # bytes that one request asks for


def require(module: str, what: str) -> None:
    """Raises `Misconfigured` where a package of the extra is missing."""
    if importlib.util.find_spec(module) is None:
        raise Misconfigured(f"{what} needs the Python package {module}: pip install 'sourcemark[bulk]'")


def local_path(address: str) -> Path | None:
    """The path that an address names on this machine; None for object storage.

    Raises:
        BadInput: a scheme that is not read.
    """
    found = _SCHEME.match(address)
    if found is None:
        return Path(address)
    scheme = found[1].lower()
    if scheme == "file":
        return Path(address[found.end() :])
    if scheme not in _NEEDS:
        raise BadInput(f"addresses of {scheme}:// are not read: write a path, or one of s3://, gs://, hdfs://, file://")
    return None


def from_anywhere(address: str) -> str:
    """The same address for a process with another working directory."""
    path = local_path(address)
    return address if path is None else str(path.absolute())


def file_system(address: str) -> tuple[Any, str]:
    """The fsspec file system of an address of object storage, and the path in it.

    Raises:
        Misconfigured: a package for it is missing.
        Unavailable: it cannot be used.
    """
    scheme = address.partition("://")[0].lower()
    require("fsspec", f"reading {scheme}://")
    require(_NEEDS[scheme], f"reading {scheme}://")
    import fsspec

    options: dict[str, Any] = {"use_listings_cache": False} if scheme in _ATOMIC else {}
    if scheme in ("s3", "s3a"):
        options["config_kwargs"] = {
            "connect_timeout": _CONNECT_SECONDS, "read_timeout": _READ_SECONDS, "retries": {"max_attempts": 0}
        }  # fmt: skip
    try:
        system, path = fsspec.core.url_to_fs(address, **options)
    except Exception as error:  # each library has its own, of no common base
        raise Unavailable(f"{scheme}:// cannot be used: {first_line(error)}", reason="storage") from error
    if hasattr(system, "retries"):
        system.retries = 1  # `fetch` tries again, the same way for every storage
    return system, str(path)


def open_list(address: str) -> BinaryIO:
    """A list, to read by position; the caller closes it.

    Raises:
        BadInput: there is none, or it may not be read.
        Unavailable: the storage does not answer.
    """
    path = local_path(address)
    try:
        if path is not None:
            return path.open("rb")
        system, name = file_system(address)
        return cast(BinaryIO, system.open(name, "rb", block_size=_READ_AHEAD))
    except FileNotFoundError:
        raise BadInput(f"there is no list {address}") from None
    except (IsADirectoryError, PermissionError) as error:
        raise BadInput(f"the list {address} cannot be read: {error.strerror or error}") from error
    except SourcemarkError:
        raise
    except Exception as error:
        raise Unavailable(f"the list {address} cannot be read: {first_line(error)}", reason="storage") from error


def source_in(list_address: str, limit: int, path: str) -> Source | SourcemarkError:
    """The file that a path of a list names, relative to the list.

    Args:
        limit: bytes; of what is larger nothing is fetched.
    """
    if not path or "\0" in path:
        return BadInput("path: is empty or holds a NUL character")
    try:
        found = local_path(path)
        beside = local_path(list_address)
    except BadInput as error:
        return error
    if found is not None and (beside is not None or found.is_absolute()):
        return Source.file(found if beside is None else beside.parent / found)
    address = path if found is None else f"{list_address.rpartition('/')[0]}/{path}"
    file_system(address)  # a package that is missing is no error of a row
    return Source.fetched(partial(fetch, address, limit))


def fetch(address: str, limit: int) -> IO[bytes]:
    """A temporary copy of an object, at its beginning; what may go away by itself is tried again.

    Raises:
        UnreadableMedia: ``file_missing``, ``file_unreadable``, ``is_a_directory``, ``not_fetched``.
        LimitExceeded: ``too_large``.
    """
    for pause in (*_PAUSES, None):
        try:
            return _download(address, limit)
        except FileNotFoundError:
            raise UnreadableMedia("file_missing", f"there is no {address!r}") from None
        except PermissionError as error:
            raise UnreadableMedia("file_unreadable", f"{address!r} cannot be opened: {first_line(error)}") from None
        except (UnreadableMedia, LimitExceeded):
            raise
        except Exception as error:
            if pause is None:
                raise UnreadableMedia("not_fetched", f"{address!r} cannot be fetched: {first_line(error)}") from error
            time.sleep(pause)
    raise AssertionError("unreachable")


def _download(address: str, limit: int) -> IO[bytes]:
    system, path = file_system(address)
    about = system.info(path)
    if about["type"] == "directory":
        raise UnreadableMedia("is_a_directory", f"{address!r} is a folder; name the files in it")
    if about["size"] > limit:
        raise LimitExceeded("too_large", f"the file has {about['size']} bytes, more than the limit of {limit}")
    copy = tempfile.SpooledTemporaryFile(CHUNK)  # noqa: SIM115 - whoever asked for it closes it
    try:
        for start in range(0, about["size"], _READ_AHEAD):
            copy.write(system.cat_file(path, start=start, end=min(start + _READ_AHEAD, about["size"])))
        if copy.tell() != about["size"] or (
            about["size"] > _READ_AHEAD and _version(system.info(path)) != _version(about)
        ):
            raise OSError("it was written to while it was read")
        copy.seek(0)
    except BaseException:
        copy.close()
        raise
    return copy


def _version(about: Mapping[str, Any]) -> list[Any]:
    """What is another one after an object was written to; each storage has its own name for it."""
    return [about.get(name) for name in ("size", "ETag", "etag", "generation", "mtime")]


def put(local: Path, address: str) -> None:
    """Put a file where nobody sees it before it is whole; raises `Unavailable`."""
    system, path = file_system(address)
    try:
        if address.partition("://")[0].lower() in _ATOMIC:
            system.put_file(str(local), path)
            return
        system.makedirs(path.rpartition("/")[0], exist_ok=True)
        system.put_file(str(local), f"{path}.tmp")
        if system.exists(path):
            system.rm_file(path)
        system.mv(f"{path}.tmp", path)
    except Exception as error:
        raise Unavailable(f"{address} cannot be written: {first_line(error)}", reason="storage") from error


def first_line(error: Exception) -> str:
    """The first line of what a library says."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
