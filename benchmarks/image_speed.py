"""Pictures: decode + fingerprint and search, ours beside imagehash.phash (256 bits), in one run.

    python benchmarks/image_speed.py [PICTURES]

The pictures are made by code. Read the ratio, not the milliseconds: both columns suffer the same machine.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable
from typing import TypeVar

import imagehash
import numpy as np
from PIL import Image

from fingerprints import image, media
from fingerprints.image.examples import saved, scene
from fingerprints.index.memory import MemoryIndex
from fingerprints.index.protocol import Change
from fingerprints.model import Fingerprint

T = TypeVar("T")
STORED = 100_000


def peer_hash(data: bytes) -> imagehash.ImageHash:
    return imagehash.phash(Image.open(io.BytesIO(data)), hash_size=16)


def timed(action: Callable[[], T]) -> tuple[T, float]:
    started = time.perf_counter()
    result = action()
    return result, time.perf_counter() - started


def row(what: str, ours: float, peer: float, count: int) -> None:
    print(f"{what:32} {ours / count * 1e3:9.3f} {peer / count * 1e3:9.3f} {ours / peer:7.2f}")


def main(count: int) -> None:
    print(f"{'ms each':32} {'ours':>9} {'peer':>9} {'ratio':>7}")
    for width, height in ((640, 480), (1200, 900), (4000, 3000)):
        number = max(count * 640 * 480 // (width * height), 3)
        files = [saved(scene(n).resize((width, height)), "JPEG", quality=85) for n in range(number)]
        image.fingerprint(files[0])
        _, ours = timed(lambda files=files: [image.fingerprint(f) for f in files])  # type: ignore[misc]
        _, peer = timed(lambda files=files: [peer_hash(f) for f in files])  # type: ignore[misc]
        row(f"JPEG {width} x {height}", ours, peer, number)

    r = np.random.default_rng(1)
    codes = r.integers(0, 1 << 63, (STORED, 4)).astype(np.uint64)
    algorithm = media.MEDIA["image"].ALGORITHM
    index = MemoryIndex()
    index.apply(
        Change(n + 1, n, Fingerprint("image", algorithm, n.to_bytes(32, "little"), codes=code[None]))
        for n, code in enumerate(codes)
    )
    query = image.fingerprint(saved(scene(1)))
    index.candidates(query)
    _, ours = timed(lambda: [index.candidates(query) for _ in range(20)])
    hashes = [imagehash.ImageHash(r.random((16, 16)) > 0.5) for _ in range(STORED // 50)]
    wanted = peer_hash(saved(scene(1)))
    _, peer = timed(lambda: [wanted - other for other in hashes])
    print(f"look-up among {STORED}: ours in eight orientations, the peer (extrapolated) in one")
    row("look-up", ours / 20, peer * 50, 1)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
