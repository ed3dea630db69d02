"""Pictures: perceptual codes and local features propose, a common geometry and compared pixels decide.

`phash`, `keypoints` and `descriptors` say what a picture is found by, `codebook` how it is stored, `search` finds
candidates for a `query`, `hypotheses` puts each on the upload, by `alignment` of keypoints or whole on whole, which
`transforms` fits; `prefilter` says what the keypoints show, `refinement` corrects the transform, `comparison` compares,
`features` measures, `classifier` decides.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import replace

import cv2
import numpy as np
from PIL import Image

from .. import sniff
from ..errors import UnreadableMedia
from ..model import CODE_WORDS, KEY_BYTES, Fingerprint, Limits, Medium
from ..source import Source
from . import codebook, codec, keypoints
from .codec import size, small_pictures
from .phash import SIDE, distances, textured
from .search import search, verify

__all__ = ["ALGORITHM", "NAME", "fingerprint", "renewed", "search", "size", "small_pictures", "verify"]

NAME: Medium = "image"
ALGORITHM = f"sourcemark-image/3:phash16-sift-{codebook.VERSION}"

# Here OpenCV made the descriptors. Of one keypoint they have a mean cosine of .995 with ours: compared as they are.
_BY_OPENCV = f"sourcemark-image/2:phash16-sift-{codebook.VERSION}"
_GREYS = "sourcemark-image/1:phash16-grey64"
_SHORTEST = 32  # pixels of the shorter side below which there is nothing to compare
_PLAIN = 4  # of 64 blocks: fewer with texture are nothing to recognise
_DIFFERENT = 32  # bits from which a frame of an animation is another picture
_FRAMES = 16  # different frames kept
_KEYPOINTS = 350  # of a work: 27 bytes each
# An upload is looked at more closely, because the work may be a small part of it.
UPLOAD_KEYPOINTS = 2400
_UPLOAD_SHARE, _UPLOAD_LEAST, _UPLOAD_MOST = 0.64, 320, 800  # of the longer side; pixels


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
    seen: list[codec.Seen] = []
    kept = np.zeros((0, CODE_WORDS), dtype=np.uint64)
    with opened(data, limits) as source:
        width, height = source.width, source.height
        for frame in frames(source.picture, limits.max_frames):
            grey = small_grey(frame, SIDE)
            code = stored_code(grey)
            plain = min(width, height) < _SHORTEST or textured(grey) < _PLAIN
            known = len(kept) and int(distances(code, kept).min()) < _DIFFERENT
            if not plain and not known and len(kept) < _FRAMES:
                seen.append(_seen(frame, thorough=thorough))
                kept = np.concatenate((kept, code))
    reason = "too_small" if min(width, height) < _SHORTEST else None if seen else "no_texture"
    facts: dict[str, str | int | float | bool] = {"width": width, "height": height, "format": format}
    if reason is not None:
        return _exact(data, limits, facts, reason)
    return Fingerprint(
        medium=NAME,
        algorithm=ALGORITHM,
        digest=hashlib.sha256(data).digest(),
        codes=kept,
        keys=np.concatenate([codebook.keys(codebook.projected(s.found.descriptors))[:, 0] for s in seen])
        if not thorough
        else np.zeros(0, dtype=np.uint64),
        detail=codec.pack(width, height, seen, upload=thorough),
        facts=facts,
    )


def renewed(of: Fingerprint) -> Fingerprint | None:
    """Today's fingerprint of a work from what older versions kept: of version 2 all that matters, of version 1 a small
    grey picture, by which whole copies are still found."""
    if of.algorithm == _BY_OPENCV:
        return replace(of, algorithm=ALGORITHM)
    if of.algorithm != _GREYS:
        return None
    try:
        greys, (width, height) = codec.greys_before(of.detail), codec.size(of)
    except (ValueError, struct.error, zlib.error):
        return None
    if not len(greys):
        return replace(of, algorithm=ALGORITHM)
    shape = (
        max(1, round(codec.FRAME * width / max(width, height))),
        max(1, round(codec.FRAME * height / max(width, height))),
    )
    seen = [_seen(Image.fromarray(grey).resize(shape, Image.Resampling.BICUBIC), thorough=False) for grey in greys]
    return replace(
        of,
        algorithm=ALGORITHM,
        keys=np.concatenate([codebook.keys(codebook.projected(s.found.descriptors))[:, 0] for s in seen]),
        detail=codec.pack(width, height, seen, upload=False),
    )


def _seen(frame: Image.Image, *, thorough: bool) -> codec.Seen:
    longer = max(frame.size)
    side = min(max(round(_UPLOAD_SHARE * longer), _UPLOAD_LEAST), _UPLOAD_MOST) if thorough else codec.FRAME
    width, height = (max(1, round(pixels * side / longer)) for pixels in frame.size)
    grey = np.asarray(frame.convert("L"))
    how = cv2.INTER_AREA if side < longer else cv2.INTER_CUBIC
    grey = np.asarray(cv2.resize(grey, (width, height), interpolation=how), dtype=np.uint8)
    found = keypoints.detect(grey, UPLOAD_KEYPOINTS if thorough else _KEYPOINTS)
    return codec.Seen(grey, found, codec.jpeg(frame))


def _exact(data: bytes, limits: Limits, facts: dict[str, str | int | float | bool], reason: str) -> Fingerprint:
    """Nothing perceptual can be said of the picture, but a lossless copy still has the same pixels."""
    from .decoding import pixel_digest

    pixels = pixel_digest(data, limits)
    return Fingerprint(
        medium=NAME,
        algorithm=ALGORITHM,
        digest=hashlib.sha256(data).digest(),
        keys=np.frombuffer(pixels[:8], dtype="<u8") >> np.uint64(64 - 8 * KEY_BYTES),
        detail=codec.pixels_only(int(facts["width"]), int(facts["height"]), pixels),
        facts=facts,
        reason=reason,
    )


def __getattr__(name: str) -> object:
    if name == "EXAMPLES":
        from .examples import EXAMPLES

        return EXAMPLES
    raise AttributeError(name)
