"""A published log where a reader finds it: in a folder, or behind a URL that serves such a folder (C2SP tlog-tiles)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import BadInput, Unavailable, VerificationFailed
from ..http_client import HttpServer
from ..tlog import tiles
from ..tlog.merkle import HASH_SIZE

_MAX_TEXT = 1 << 20
_MAX_BUNDLE = tiles.WIDTH * (2 + 65_535)
_TIMEOUT = 30


class LogFetcher:
    """One published log. Thread-safe; can be handed to another process."""

    def __init__(self, where: str) -> None:
        """
        Args:
            where: a folder's path, or an http(s) URL.

        Raises:
            BadInput: neither.
        """
        self.where = where
        self._folder: Path | None = None
        self._server: HttpServer | None = None
        if where.startswith(("http://", "https://")):
            self._server = HttpServer(where, _TIMEOUT)
        else:
            self._folder = Path(where)
            if not self._folder.is_dir():
                raise BadInput(f"{where} is no folder and no http(s) URL: name where a log is published")

    @property
    def folder(self) -> Path | None:
        """None for a URL."""
        return self._folder

    def close(self) -> None:
        """Close what is kept open to a server."""
        if self._server is not None:
            self._server.close()

    def text(self, name: str) -> bytes:
        """``checkpoint``, ``policy`` or ``log.vkey``.

        Raises:
            VerificationFailed: the log does not publish it.
            Unavailable: the server cannot be asked.
        """
        return self._read(name, _MAX_TEXT)

    def __call__(self, path: str) -> bytes:
        """A tile or entry bundle by its path; a whole one stands in for a partial one that was removed.

        Raises: see `text`.
        """
        place = tiles.parse_path(path)
        if place is None:
            raise VerificationFailed(f"{path!r:.80} is not a tile's path")
        level, _, width = place
        most = _MAX_BUNDLE if level == "entries" else tiles.WIDTH * HASH_SIZE
        try:
            return self._read(path, most)
        except VerificationFailed:
            if width == tiles.WIDTH:
                raise
            whole = self._read(path.partition(".p/")[0], most)
            return tiles.partial_tile(level, whole, width)

    def _read(self, name: str, most: int) -> bytes:
        if self._server is not None:
            answer = self._server.get(name, most)
            if answer.status in (404, 410):
                raise VerificationFailed(f"{name} is not published")
            if answer.status != 200:
                raise Unavailable(f"{self.where}/{name} answers with HTTP {answer.status}", reason="unreachable")
            return answer.body
        assert self._folder is not None
        try:
            with (self._folder / name).open("rb") as handle:
                data = handle.read(most + 1)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise VerificationFailed(f"{name} is not published") from None
        except OSError as error:
            raise Unavailable(f"{self._folder / name} cannot be read: {error.strerror}", reason="storage") from error
        if len(data) > most:
            raise VerificationFailed(f"{name} is larger than any such file")
        return data

    def __getstate__(self) -> dict[str, Any]:
        return {"where": self.where}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["where"])  # type: ignore[misc]
