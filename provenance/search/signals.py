"""Signals of a file, and works with the same or a near one: what a bank of hashes answers, beside our own matching.

A signal says that two pictures look alike as a whole. It finds no part of a picture and decides nothing: `matching`
does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from fingerprints import image
from fingerprints.image import pdq
from fingerprints.image.phash import distances
from fingerprints.model import CODE_WORDS, Fingerprint

from ..database.engine import Database
from ..database.tables import entries, fingerprints, works
from ..errors import BadInput, NotFound, Unavailable
from .follower import WorkIndex

PDQ, PHASH, SHA256 = "pdq", "sourcemark_phash16", "sha256"
RADIUS = 31  # bits of 256; HMA's own threshold of PDQ
_PAGE = 256  # works read at a time
_SECONDS = 5.0  # that one look-up adds to the index of PDQ codes

Code = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Near:
    """A registered work with a signal near one that was asked for.

    Attributes:
        index: of its registration in the log.
        distance: bits that differ.
    """

    index: int
    distance: int


@dataclass(frozen=True, slots=True)
class Holding:
    """How many works are found by a kind of signal, and up to which log size."""

    size: int
    position: int


class Signals:
    """Computes and looks up signals. Thread-safe. The PDQ codes of works are computed once a process, in memory."""

    def __init__(self, db: Database, follower: WorkIndex) -> None:
        self._db = db
        self._follower = follower
        self._lock = threading.Lock()
        self._codes = np.zeros((0, CODE_WORDS), dtype=np.uint64)
        self._indexes = np.zeros(0, dtype=np.int64)  # of the log, in their order
        self._position = 0

    def kinds(self) -> list[str]:
        """The kinds of signals there are here; PDQ with the extra `compat`."""
        return [*([PDQ] if pdq.available() else []), PHASH, SHA256]

    def of(self, file: Fingerprint) -> dict[str, str]:
        """The signals of a file by their kinds, hexadecimal; a picture that says nothing has no perceptual one."""
        found = {SHA256: file.digest.hex()}
        if file.medium == image.NAME and len(file.codes):
            found[PHASH] = _hex(file.codes[0])
            code = pdq.code(file) if pdq.available() else None
            if code is not None:
                found[PDQ] = _hex(code)
        return {kind: found[kind] for kind in self.kinds() if kind in found}

    def near(self, kind: str, value: str) -> list[Near]:
        """Registered works with a signal within `RADIUS` of this one, nearest first; of SHA-256 the same.

        Raises:
            BadInput: no such kind, or no such value.
            Unavailable: the index of PDQ codes is still being made.
        """
        if kind not in self.kinds():
            raise BadInput(f"signal_type: there is {', '.join(self.kinds())}, not {kind!r:.60}")
        try:
            raw = bytes.fromhex(value)
        except ValueError:
            raw = b""
        if len(raw) != 8 * CODE_WORDS:
            raise BadInput(f"signal: a signal of type {kind} is {16 * CODE_WORDS} hexadecimal digits")
        if kind == SHA256:
            return [Near(index, 0) for index in self._registered(works.c.digest == raw)]
        code = np.frombuffer(raw, dtype=">u8").astype(np.uint64)[None, :]
        bits = self._by_pdq(code) if kind == PDQ else self._by_phash(code)
        known = self._registered(entries.c.idx.in_(list(bits)))
        return sorted((Near(index, bits[index]) for index in known), key=lambda each: (each.distance, each.index))

    def holdings(self) -> dict[str, Holding]:
        """What each kind of signal is looked up in."""
        position = self._follower.refresh()
        in_force = sa.select(sa.func.count()).select_from(works).where(works.c.withdrawal_hash.is_(None))
        with self._db.read() as connection:
            all_works = connection.execute(in_force).scalar_one()
            pictures = connection.execute(in_force.where(works.c.medium == image.NAME)).scalar_one()
        found = {
            PDQ: Holding(len(self._codes), self._position),
            PHASH: Holding(pictures, position),
            SHA256: Holding(all_works, position),
        }
        return {kind: found[kind] for kind in self.kinds()}

    def work_id(self, index: int) -> str:
        """Public id of the work whose registration has an index; raises `NotFound`."""
        with self._db.read() as connection:
            found = connection.execute(
                sa.select(works.c.work_id)
                .join(entries, entries.c.leaf_hash == works.c.leaf_hash)
                .where(entries.c.idx == index, works.c.withdrawal_hash.is_(None))
            ).scalar()
        if found is None:
            raise NotFound(f"no work is registered as entry {index}, or it was withdrawn")
        return str(found)

    def _registered(self, which: sa.ColumnElement[bool]) -> Sequence[int]:
        """Log indexes of works that are not withdrawn."""
        with self._db.read() as connection:
            return (
                connection.execute(
                    sa.select(entries.c.idx)
                    .join(works, works.c.leaf_hash == entries.c.leaf_hash)
                    .where(which, works.c.withdrawal_hash.is_(None))
                    .order_by(entries.c.idx)
                )
                .scalars()
                .all()
            )

    def _by_phash(self, code: Code) -> Mapping[int, int]:
        near, _ = self._follower.consult(image.ALGORITHM, lambda view: view.by_codes(code, RADIUS))
        # A similarity below 0 is one that gives way to others: see `NearCodes`.
        bits = np.rint((1 - near.similarity % 1.0) * 256).astype(np.int64) % 256
        return dict(zip((near.positions - 1).tolist(), bits.tolist(), strict=True))

    def _by_pdq(self, code: Code) -> Mapping[int, int]:
        with self._lock:
            self._extend()
            codes, indexes = self._codes, self._indexes
        bits = distances(code, codes)[0]
        near = bits <= RADIUS
        return dict(zip(indexes[near].tolist(), bits[near].tolist(), strict=True))

    def _extend(self) -> None:
        """Add the codes of works that were registered since the last time, for a few seconds at most."""
        stop, size = time.monotonic() + _SECONDS, self._follower.refresh()
        while self._position < size:
            if time.monotonic() > stop:
                raise Unavailable(
                    f"the PDQ codes of pictures are being made: {self._position} of {size} entries; try again",
                    reason="index_building",
                )
            self._read(min(size, self._position + _PAGE))

    def _read(self, until: int) -> None:
        with self._db.read() as connection:
            rows = connection.execute(
                sa.select(entries.c.idx, fingerprints.c.data, fingerprints.c.detail)
                .join(works, works.c.leaf_hash == entries.c.leaf_hash)
                .join(fingerprints, fingerprints.c.work == works.c.id)
                .where(
                    entries.c.idx >= self._position,
                    entries.c.idx < until,
                    fingerprints.c.algorithm == image.ALGORITHM,
                )
                .order_by(entries.c.idx)
            ).all()
        made = [(row.idx, _pdq_of(row.data + row.detail)) for row in rows]
        kept = [(index, code) for index, code in made if code is not None]
        if kept:
            self._codes = np.concatenate((self._codes, np.stack([code for _, code in kept])))
            self._indexes = np.concatenate((self._indexes, np.array([index for index, _ in kept], dtype=np.int64)))
        self._position = until


def _pdq_of(stored: bytes) -> Code | None:
    try:
        return pdq.code(Fingerprint.from_bytes(stored))
    except ValueError:  # damaged; `ledger fsck` names it
        return None


def _hex(code: Code) -> str:
    return code.astype(">u8").tobytes().hex()
