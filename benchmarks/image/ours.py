"""What the picture benchmarks use of Sourcemark besides `benchmarks.common`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from benchmarks.common.engine import Engine
from fingerprints import image
from fingerprints.image import codec
from fingerprints.model import Fingerprint

NAME = image.ALGORITHM


def engine(store: str | Path = ":memory:") -> Engine:
    return Engine(image.fingerprint, partial(image.fingerprint, thorough=True), store)


def without_small(of: Fingerprint) -> int:
    """Bytes that are kept of a work besides its small picture."""
    return len(of.to_bytes()) - sum(map(len, codec.thumbnails(of)))
