"""Registration and query of pictures, ours beside imagehash.phash: the same files, one run, one core, interleaved.

    python benchmarks/image/speed.py [--works 1000] [--queries 60] [--large 4] [--rounds 5]

The peer decodes and hashes, ``imagehash.phash(Image.open(...))`` with its default of 64 bits, and looks nothing up.
Ours, registering, fingerprints a work; a query of ours fingerprints closely, looks up and verifies, with the works'
details read from SQLite. Keypoints and descriptors, much of a query, stand beside OpenCV's own. A ratio is our time
over the peer's, the median of the rounds, below 1 where we are faster; both columns suffer the same machine.
"""

from __future__ import annotations

from benchmarks.common import one_core  # noqa: F401  before numpy

# isort: split

import argparse
import io
import statistics
from collections.abc import Callable
from typing import Any

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.common.measuring import ratios, timed
from benchmarks.image.drawn import SIDE, work
from benchmarks.image.generate import TRANSFORMS, edited, strangers
from benchmarks.image.ours import NAME, engine, without_small
from fingerprints import image
from fingerprints.image import codec, keypoints
from fingerprints.image.examples import photograph, saved

LARGE = (4000, 3000)


def jpeg(picture: Image.Image) -> bytes:
    return saved(picture, "JPEG", quality=85)


def peer_hash(data: bytes) -> imagehash.ImageHash:
    return imagehash.phash(Image.open(io.BytesIO(data)))


def closely(grey: NDArray[np.uint8]) -> keypoints.Keypoints:
    return keypoints.detect(grey, image.UPLOAD_KEYPOINTS)


def by_opencv(grey: NDArray[np.uint8]) -> object:
    return keypoints.detector().detectAndCompute(grey, None)


def each(action: Callable[[Any], object], files: list[Any]) -> None:
    for data in files:
        action(data)


def compare(
    what: str,
    ours: Callable[[Any], object],
    files: list[Any],
    rounds: int,
    note: str = "",
    peer: Callable[[Any], object] = peer_hash,
) -> None:
    timed(ours, files[0]), timed(peer, files[0])  # warm up
    times = [(timed(each, ours, files), timed(each, peer, files)) for _ in range(rounds)]
    own, peers = zip(*times, strict=True)
    ratio, low, high = ratios(own, peers)
    a, b = (statistics.median(t) / len(files) * 1e3 for t in (own, peers))
    print(f"{what:38}{a:10.2f}{b:16.2f}{ratio:9.2f}x  ({low:.2f} .. {high:.2f}) {note}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", type=int, default=1000)
    parser.add_argument("--queries", type=int, default=60, help="of each of the two kinds")
    parser.add_argument("--large", type=int, default=4, help=f"pictures of {LARGE[0]} x {LARGE[1]}")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    print(f"ours: {NAME}; peer: imagehash {imagehash.__version__}, phash of 64 bits; JPEG of quality 85")
    print(f"{'ms each':38}{'ours':>10}{'decode + phash':>16}{'ratio':>10}  (lowest .. highest)")
    large = [jpeg(photograph(seed, LARGE)) for seed in range(given.large)]
    compare(f"registration, {LARGE[0]} x {LARGE[1]}", image.fingerprint, large, given.rounds)
    del large

    files = [jpeg(work(n)) for n in range(given.works)]
    compare(f"registration, {SIDE} pixels", image.fingerprint, files[: given.queries], given.rounds)

    registry = engine()
    registry.register(enumerate(files, 1))
    sizes = sorted(map(without_small, registry.kept()))
    made = [edited(turn, given.works) for turn in range(given.queries)]
    copies = [jpeg(_sized(picture)) for _, picture, _ in made]
    found = sum(
        any(n + 1 in dict(registry.query(data)) for n in numbers)
        for data, (_, _, numbers) in zip(copies, made, strict=True)
    )
    unrelated = [jpeg(picture) for _, picture in strangers(1, given.queries)]
    fired = sum(bool(registry.query(data)) for data in unrelated)
    of = f"of {given.queries}"
    compare("query, copies", registry.query, copies, given.rounds, f"found {found} {of}, {len(TRANSFORMS)} edits")
    compare("query, unrelated", registry.query, unrelated, given.rounds, f"fired {fired} {of}")
    mixed = [data for pair in zip(copies, unrelated, strict=True) for data in pair]
    compare("query, both in turn", registry.query, mixed, given.rounds)
    greys = [frame.grey for data in copies for frame in codec.frames(image.fingerprint(data, thorough=True))]
    compare("keypoints and descriptors of a copy", closely, greys, given.rounds, "peer: OpenCV's", by_opencv)
    print(
        f"bytes a work besides the small picture: {statistics.mean(sizes):.0f} in the mean, "
        f"{sizes[len(sizes) // 2]} median, {sizes[-1]} at most"
    )
    registry.close()


def _sized(picture: Image.Image) -> Image.Image:
    """At the size of the works, whatever the edit made of it."""
    factor = SIDE / max(picture.size)
    return picture.resize((max(1, round(picture.width * factor)), max(1, round(picture.height * factor))))


if __name__ == "__main__":
    main()
