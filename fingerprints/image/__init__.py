"""Pictures: perceptual codes and local features propose, a common geometry and compared pixels decide.

`phash`, `keypoints` and `descriptors` say what a picture is found by, `codebook` and `codec` how it is stored;
`candidates` looks a `query` up, `hypotheses` puts each work on the upload, by `alignment` of keypoints or whole on
whole, which `transforms` fits; `prefilter` says what the keypoints show, `refinement` corrects the transform,
`comparison` compares, `measurement` measures the `features`, `classifier` decides; `slots` and `figures` say where that
is a form filled otherwise or a figure that many pictures have, `likeness` finds icons; `reporting` and `rendering` say
and show it.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace

import cv2
import numpy as np
from PIL import Image

from .. import sniff
from ..errors import UnreadableMedia
from ..medium import Example
from ..model import (
    CODE_WORDS,
    KEY_BYTES,
    Examination,
    Fingerprint,
    Limits,
    Match,
    MediumName,
    Preview,
    Segment,
    Status,
)
from ..source import Source
from . import codebook, codec, keypoints, rendering, repair
from .phash import SIDE, distances, textured
from .search import decide, propose

__all__ = [
    "ALGORITHM",
    "HAS_METADATA",
    "NAME",
    "STATUSES",
    "decide",
    "examine",
    "example_works",
    "fingerprint",
    "fingerprint_frame",
    "moving",
    "preview",
    "propose",
    "render",
    "shown",
    "small_copy",
    "upgrade",
    "warm",
    "whole",
]

NAME: MediumName = "image"
ALGORITHM = f"sourcemark-image/3:phash16-sift-{codebook.VERSION}"
HAS_METADATA = True
STATUSES: frozenset[Status] = frozenset({"no_texture"})

_MIN_SIDE = 32  # pixels of the shorter side below which there is nothing to compare
_MIN_TEXTURED = 4  # of 64 blocks: fewer with texture are nothing to recognise
_MIN_DISTANCE = 32  # bits from which a frame of an animation is another picture
_MAX_FRAMES = 16  # different ones, kept
_WORK_KEYPOINTS = 350  # of a work: 27 bytes each
# An upload is looked at more closely, because the work may be a small part of it.
UPLOAD_KEYPOINTS = 2400
_UPLOAD_SHARE, _MIN_UPLOAD_SIDE, _MAX_UPLOAD_SIDE = 0.64, 320, 800  # of the longer side; pixels


def warm() -> None:
    from . import decoding

    decoding.warm()


def examine(source: Source, format: str, limits: Limits, *, thorough: bool = False) -> Examination:
    data = source.read(limits.max_bytes)
    try:
        found = fingerprint(data, limits, thorough=thorough)
    except UnreadableMedia as error:
        # A work is to be registered from a whole file; a post shows what viewers make of a damaged one.
        whole = repair.repaired(data) if thorough and error.reason in ("truncated", "damaged") else None
        if whole is None:
            raise
        found = fingerprint(whole, limits, thorough=thorough)
        if not repair.shown_to_the_end(whole):
            raise
        found = replace(found, digest=source.sha256(), facts={**found.facts, "damaged": True})
    return Examination(found, format)


def fingerprint(data: bytes, limits: Limits | None = None, *, thorough: bool = False) -> Fingerprint:
    """Fingerprint the bytes of a picture.

    Args:
        thorough: look as closely as a search wants to; otherwise as much as is kept of a work, about 10 kB.

    Raises:
        UnreadableMedia: ``truncated``, ``damaged``, ``mislabelled``.
        LimitExceeded: ``too_many_pixels``.
        UnsupportedMedium: no format that is taken.
    """
    from .decoding import frames, opened, small_grey, stored_code  # the decoders are needed in the worker only

    limits = limits or Limits()
    medium, format = sniff.sniff(Source.blob(data))
    if medium != NAME:
        raise UnreadableMedia("mislabelled", f"this is {medium} ({format}), not a picture")
    kept: list[codec.DecodedFrame] = []
    kept_codes = np.zeros((0, CODE_WORDS), dtype=np.uint64)
    with opened(data, limits) as source:
        width, height = source.width, source.height
        for frame in frames(source.picture, limits.max_frames):
            grey = small_grey(frame, SIDE)
            code = stored_code(grey)
            plain = min(width, height) < _MIN_SIDE or textured(grey) < _MIN_TEXTURED
            known = len(kept_codes) and int(distances(code, kept_codes).min()) < _MIN_DISTANCE
            if not plain and not known and len(kept_codes) < _MAX_FRAMES:
                kept.append(_decoded(frame, thorough=thorough))
                kept_codes = np.concatenate((kept_codes, code))
    reason = "too_small" if min(width, height) < _MIN_SIDE else None if kept else "no_texture"
    facts: dict[str, str | int | float | bool] = {"width": width, "height": height, "format": format}
    if reason is not None:
        return _by_pixels(data, limits, facts, reason)
    return Fingerprint(
        medium=NAME,
        algorithm=ALGORITHM,
        digest=hashlib.sha256(data).digest(),
        codes=kept_codes,
        keys=np.concatenate([codebook.keys(codebook.projected(each.keypoints.descriptors)) for each in kept])
        if not thorough
        else np.zeros(0, dtype=np.uint64),
        detail=codec.pack(width, height, kept, upload=thorough),
        facts=facts,
    )


def fingerprint_frame(frame: Image.Image, digest: bytes) -> Fingerprint | None:
    """Fingerprint a picture out of a film, as closely as a search wants to; None where nothing is to be recognised.

    Args:
        digest: SHA-256 of the film.
    """
    from .decoding import small_grey, stored_code

    grey = small_grey(frame, SIDE)
    if min(frame.size) < _MIN_SIDE or textured(grey) < _MIN_TEXTURED:
        return None
    detail = codec.pack(*frame.size, [_decoded(frame, thorough=True)], upload=True)
    return Fingerprint(medium=NAME, algorithm=ALGORITHM, digest=digest, codes=stored_code(grey), detail=detail)


@contextlib.contextmanager
def moving(source: Source, limits: Limits) -> Iterator[Iterator[tuple[float, Image.Image]]]:
    """The frames of an animated picture, each with its second, see `decoding.timed_frames`.

    Raises:
        As `fingerprint`.
    """
    from .decoding import opened, timed_frames

    with opened(source.read(limits.max_bytes), limits) as held:
        yield timed_frames(held.picture)


def small_copy(work: Fingerprint) -> Image.Image | None:
    """A registered picture, small; None where nothing is kept that could be looked at."""
    kept = codec.thumbnails(work) if work.fingerprintable else ()
    if not kept:
        return None
    with Image.open(io.BytesIO(kept[0])) as opened:
        return opened.convert("RGB")


def upgrade(old: Fingerprint) -> Fingerprint | None:
    """No older algorithm was ever released."""
    return None


def whole(of: Fingerprint) -> Segment:
    width, height = float(of.facts.get("width", 0)), float(of.facts.get("height", 0))
    corners = (0.0, 0.0), (width, 0.0), (width, height), (0.0, height)
    return Segment(corners, corners, "pixel")


def shown(of: Fingerprint) -> str | None:
    """None: a picture is no text."""
    return None


def preview(upload: Fingerprint, match: Match) -> Preview | None:
    """The frame of the upload that matched."""
    frames = codec.frames(upload)
    frame = int(match.transform.get("frame", 0))
    return Preview(*codec.size(upload), frames[frame].thumbnail) if frame < len(frames) else None


def render(upload: Preview, matches: Sequence[tuple[Fingerprint, Match]]) -> bytes | None:
    # An animated one may show film too, and words may be all that two pictures share.
    pictures = [(work, match) for work, match in matches if work.medium == NAME and match.segments[0].unit == "pixel"]
    return rendering.matches_beside(upload, pictures) if pictures else None


def example_works() -> Sequence[Example]:
    from .examples import EXAMPLES  # takes a while to make

    return EXAMPLES


def _decoded(frame: Image.Image, *, thorough: bool) -> codec.DecodedFrame:
    longer = max(frame.size)
    side = min(max(round(_UPLOAD_SHARE * longer), _MIN_UPLOAD_SIDE), _MAX_UPLOAD_SIDE) if thorough else codec.PLANE_SIDE
    width, height = (max(1, round(pixels * side / longer)) for pixels in frame.size)
    grey = np.asarray(frame.convert("L"))
    how = cv2.INTER_AREA if side < longer else cv2.INTER_CUBIC
    grey = np.asarray(cv2.resize(grey, (width, height), interpolation=how), dtype=np.uint8)
    found = keypoints.detect(grey, UPLOAD_KEYPOINTS if thorough else _WORK_KEYPOINTS)
    return codec.DecodedFrame(grey, found, codec.thumbnail(frame))


def _by_pixels(data: bytes, limits: Limits, facts: dict[str, str | int | float | bool], reason: str) -> Fingerprint:
    """Nothing perceptual can be said of it, but a lossless copy still has the same pixels, unless they are blank."""
    from .decoding import pixel_digest

    pixels = pixel_digest(data, limits)
    return Fingerprint(
        medium=NAME,
        algorithm=ALGORITHM,
        digest=hashlib.sha256(data).digest(),
        keys=np.frombuffer((pixels or b"")[:8], dtype="<u8") >> np.uint64(64 - 8 * KEY_BYTES),
        detail=codec.pixels_only(int(facts["width"]), int(facts["height"]), pixels or bytes(32)),
        facts=facts,
        reason=reason,
    )
