"""The index of works when it is spread over the machines of a Ray cluster."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from fingerprints import registry
from fingerprints.index.interface import View
from fingerprints.index.joined import JoinedView

from ...config import Settings
from ...database.engine import Database
from ...errors import Misconfigured, Unavailable
from ...schemas.index import IndexPart
from ..segment_store import State
from .asking import Moved, Shards
from .consultation import Consultation
from .courier import Courier
from .layout import Layout, installation
from .moments import newest
from .ray_process import Job

_ATTEMPTS = 8  # to ask all shards about one moment while the log goes on
_SHARD_CLASS = "provenance.search.cluster.shard.Shard"

T = TypeVar("T")


class ShardedFollower:
    """See `Follower`: the same questions, answered by the shards of all machines or not at all. Thread-safe.

    The cluster is connected to when the index is first asked.

    Attributes:
        position: the newest log size that all shards have answered at.
    """

    def __init__(self, db: Database, settings: Settings) -> None:
        if not _ray_is_installed():
            raise Misconfigured(
                "SOURCEMARK_INDEX_URL names a Ray cluster, and Ray is not installed: pip install 'sourcemark[cluster]'"
            )
        if db.is_sqlite:
            raise Misconfigured(
                "SOURCEMARK_INDEX_URL names a Ray cluster, whose machines cannot read an SQLite file: set "
                "SOURCEMARK_DATABASE_URL to a PostgreSQL database that all of them reach"
            )
        self.position = 0
        self._db = db
        self._settings = settings
        self._lock = threading.Lock()
        self._courier: Courier | None = None
        self._shards: Shards | None = None

    def refresh(self) -> int:
        """See `Follower.refresh`; raises Unavailable while a shard is missing."""
        _, position = self.consult(next(iter(registry.ALGORITHMS)), len)
        return position

    def consult(self, algorithm: str, use: Callable[[View], T]) -> tuple[T, int]:
        """See `Follower.consult`."""
        shards = self._connected()
        for _ in range(_ATTEMPTS):
            moment = newest(self._db)
            try:
                found = use(JoinedView(Consultation(shards, moment, algorithm)))
            except Moved:
                continue
            self.position = max(self.position, moment.position)
            return found, moment.position
        raise Unavailable(
            "the log grows faster than the shards of the index can be asked: try again", reason="index_incomplete"
        )

    def condense(self) -> None:
        """Shards do that themselves."""

    def check_segments(self) -> State:
        """Those of shards are checked by whoever opens them; here they must all be there."""
        self.refresh()
        return State()

    def log_size(self) -> int:
        return newest(self._db).position

    def parts(self) -> list[IndexPart]:
        found = self._connected().statuses()
        return [IndexPart(shard=shard, replica=replica, **said) for (shard, replica), said in found.items()]

    def is_complete(self, parts: Sequence[IndexPart]) -> bool:
        return {part.shard for part in parts if part.position is not None} == set(range(self._settings.index_shards))

    def stop(self) -> int:
        """See `WorkIndex.stop`; those of another division of the index end too."""
        return self._connected().stop()

    def close(self) -> None:
        if self._courier is not None:
            self._courier.close()

    def _connected(self) -> Shards:
        with self._lock:
            if self._shards is None:
                settings = self._settings
                layout = Layout(installation(self._db), settings.index_shards, settings.index_replicas)
                arguments = (
                    settings.url,
                    settings.database_timeout_seconds,
                    settings.database_pooling,
                    str(settings.index_dir),
                    settings.index_tail,
                )
                address = settings.index_url.removeprefix("ray://")
                self._courier = Courier(Job(address, layout, _SHARD_CLASS, arguments))
                self._shards = Shards(self._courier, layout, settings.index_seconds)
            courier, shards = self._courier, self._shards
        assert courier is not None
        courier.wait(self._settings.index_seconds)
        return shards


def _ray_is_installed() -> bool:
    return importlib.util.find_spec("ray") is not None
