"""The frozen types every medium speaks: Fingerprint, Segment, Match, Examination, Preview, Limits.

A fingerprint is what is kept of a work to find it again. It has four parts, each optional but the first:

* ``digest``  SHA-256 of the exact bytes;
* ``codes``   256-bit perceptual codes, compared by Hamming distance;
* ``keys``    40-bit keys, looked up exactly;
* ``detail``  whatever the medium's ``decide`` needs to decide and to show evidence.

``codes`` and ``keys`` propose candidates; only ``decide`` reports.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

MediumName = Literal["text", "image", "audio", "video"]
# Why nothing was matched, where the status of a scan repeats it.
Status = Literal["too_short", "template_only", "no_texture", "silent", "static_match", "decode_partial"]
Unit = Literal["codepoint", "second", "pixel"]
TextFormat = Literal["plain", "html"]
# Of the text in pictures nothing is read; what stands at the edges, where credits are; all of it.
ReadPictures = Literal["off", "credits", "all"]
# How a text was reused: word for word; a part of it; several works side by side; changed here and there; reworded
# throughout; an equal listing of code.
Reuse = Literal["verbatim", "excerpt", "stitched", "edited", "rewritten", "code"]
Quad = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
Span = tuple[float, float]

CODE_WORDS = 4  # 256 bits as four uint64
KEY_BYTES = 5  # 40 bits
_MAGIC = b"SMFP2"


def _empty_codes() -> NDArray[np.uint64]:
    return np.zeros((0, CODE_WORDS), dtype=np.uint64)


def _empty_keys() -> NDArray[np.uint64]:
    return np.zeros(0, dtype=np.uint64)


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """What is kept of one work, or made of one upload.

    Attributes:
        medium: text, image, audio or video.
        algorithm: id and version, for example ``sourcemark-text/2``; fingerprints compare only within one algorithm.
        digest: SHA-256 of the exact bytes, 32 bytes.
        codes: uint64 array of shape (n, 4), 256-bit codes.
        keys: uint64 array of shape (m,), each below 2^40; sorted is not required.
        detail: bytes that only the medium reads.
        facts: small JSON-able facts for people (width, height, characters, encoding ...); ``unread`` names, a space
            between, what a reader may see but could not be read, see `unread`.
        reason: None when the work can be found again in altered form; otherwise why only exact copies can be found
            (``no_texture``, ``too_short``, ``not_fingerprinted`` ...).
        also: fingerprints of the same file by other algorithms, by which it is found as well: a film's sound.
    """

    medium: MediumName
    algorithm: str
    digest: bytes
    codes: NDArray[np.uint64] = field(default_factory=_empty_codes)
    keys: NDArray[np.uint64] = field(default_factory=_empty_keys)
    detail: bytes = b""
    facts: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    reason: str | None = None
    also: tuple[Fingerprint, ...] = ()

    @property
    def each(self) -> tuple[Fingerprint, ...]:
        """All that the file is found by: this one and the others."""
        return (self, *self.also)

    def by(self, algorithm: str) -> Fingerprint | None:
        """The one of them by an algorithm."""
        return next((each for each in self.each if each.algorithm == algorithm), None)

    @property
    def unread(self) -> tuple[str, ...]:
        """What a reader may see of the file but could not be read: ``script`` ..."""
        return tuple(str(self.facts.get("unread", "")).split())

    @property
    def fingerprintable(self) -> bool:
        """Whether altered copies of this work can be found, not only exact ones."""
        return self.reason is None

    def to_bytes(self) -> bytes:
        """A compact, stable serialisation; never pickle, because it crosses from the decoder process."""
        return self.index_bytes() + self.detail_bytes()

    def detail_bytes(self) -> bytes:
        """What `to_bytes` ends with: the details, which only a decision needs."""
        return b"".join(each.detail for each in self.each)

    def index_bytes(self) -> bytes:
        """What `to_bytes` begins with: all but the details, which an index does not need."""
        also = [each.index_bytes() for each in self.also]
        head = json.dumps(
            {
                "medium": self.medium,
                "algorithm": self.algorithm,
                "digest": self.digest.hex(),
                "codes": len(self.codes),
                "keys": len(self.keys),
                "detail": len(self.detail),
                "facts": dict(self.facts),
                "reason": self.reason,
                **({"also": len(also)} if also else {}),
            },
            ensure_ascii=True,
            sort_keys=True,
            separators=(",", ":"),
        ).encode()
        keys = self.keys.astype("<u8", copy=False).view(np.uint8).reshape(-1, 8)[:, :KEY_BYTES]
        return b"".join(
            (
                _MAGIC,
                struct.pack("<I", len(head)),
                head,
                self.codes.astype("<u8", copy=False).tobytes(),
                keys.tobytes(),
                *also,
            )
        )

    @classmethod
    def from_bytes(cls, raw: bytes, detail: bytes | None = None) -> Fingerprint:
        """The inverse of `to_bytes`.

        Args:
            raw: what `to_bytes` gave, or, with ``detail``, what `index_bytes` gave.
            detail: the detail; a shorter one than there was, such as none, makes a fingerprint for an index only.

        Raises:
            ValueError: the bytes are not a fingerprint, or lengths disagree.
        """
        found, end = _indexed(raw, 0)
        rest = raw[end:] if detail is None else detail
        if (detail is not None and len(raw) != end) or (detail is None and len(rest) != sum(n for _, n in found)):
            raise ValueError("fingerprint has the wrong length")
        made: list[Fingerprint] = []
        at = 0
        for each, length in found:
            made.append(replace(each, detail=rest[at : at + length]))
            at += length
        return replace(made[0], also=tuple(made[1:]))


def _indexed(raw: bytes, start: int) -> tuple[list[tuple[Fingerprint, int]], int]:
    """The fingerprints of `Fingerprint.index_bytes` from a place on, each with the length of its detail, and where they
    end."""
    if raw[start : start + len(_MAGIC)] != _MAGIC or len(raw) < start + len(_MAGIC) + 4:
        raise ValueError("not a fingerprint")
    (n,) = struct.unpack_from("<I", raw, start + len(_MAGIC))
    at = start + len(_MAGIC) + 4
    head = json.loads(raw[at : at + n])
    at += n
    codes, keys = int(head["codes"]), int(head["keys"])
    keys_at = at + codes * CODE_WORDS * 8
    end = keys_at + keys * KEY_BYTES
    if len(raw) < end:
        raise ValueError("fingerprint has the wrong length")
    code_array = np.frombuffer(raw, dtype="<u8", count=codes * CODE_WORDS, offset=at).astype(np.uint64)
    key_bytes = np.zeros((keys, 8), dtype=np.uint8)
    stored = np.frombuffer(raw, dtype=np.uint8, count=keys * KEY_BYTES, offset=keys_at)
    key_bytes[:, :KEY_BYTES] = stored.reshape(keys, KEY_BYTES)
    first = Fingerprint(
        medium=head["medium"],
        algorithm=head["algorithm"],
        digest=bytes.fromhex(head["digest"]),
        codes=code_array.reshape(codes, CODE_WORDS),
        keys=key_bytes.view("<u8").astype(np.uint64).reshape(keys),
        facts=head["facts"],
        reason=head["reason"],
    )
    found = [(first, int(head["detail"]))]
    for _ in range(int(head.get("also", 0))):
        more, end = _indexed(raw, end)
        found += more
    return found, end


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece of evidence: this part of the upload is that part of the work.

    ``upload`` and ``work`` are half-open spans [a, b) of code points or seconds, or quadrilaterals of pixels
    (clockwise from the top left corner of the work).

    Attributes:
        quad: of seconds of a film, where the work's frame lies in the upload's, pixels; its corners clockwise from the
            work's top left one. None where its pictures were not found. Of code points that were read in the upload's
            picture, the rectangle around their lines.
    """

    upload: Span | Quad
    work: Span | Quad
    unit: Unit
    quad: Quad | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """The verified claim that an upload reuses a work.

    Attributes:
        score: 0..1, higher is surer; one scale a medium, reported matches are >= 0.5.
        coverage_upload: share 0..1 of the upload that is the work.
        coverage_work: share 0..1 of the work found in the upload.
        segments: the evidence, at least one.
        transform: what was done to the work: ``exact``, ``mirrored``, ``inverted`` (bool), ``rotation`` (degrees
            clockwise), ``scale`` (upload / work), ``speed``, ``pitch``; of film ``by``, ``picture``, ``sound`` or
            ``both``; ``read``: one of two texts was read in a picture
        reuse: how a text was reused; None in other media.
        common: share 0..1 of what is matched that many works share: quotation, template, legal notice.
    """

    score: float
    coverage_upload: float
    coverage_work: float
    segments: tuple[Segment, ...]
    transform: Mapping[str, bool | float | str] = field(default_factory=dict)
    reuse: Reuse | None = None
    common: float = 0.0


@dataclass(frozen=True, slots=True)
class Field:
    """One embedded metadata field of a file, as a person could look it up with any metadata viewer.

    ``where`` is the container (exif, iim, xmp, png, id3, mp4, vorbis, matroska), ``tag`` its name there
    (``Artist``, ``dc:creator``, ``By-line`` ...), ``value`` decoded text. Where the bytes do not say what encoding they
    are in, ``readings`` are what else they may say.
    """

    where: str
    tag: str
    value: str
    readings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PictureLine:
    """A line of text in a picture.

    Attributes:
        quad: its corners in pixels, clockwise from the top left one.
        at: code points of the picture's text before it; the lines are ended by a line end each.
        visible: whether a person reads it: it is neither tiny nor faded.
    """

    text: str
    quad: Quad
    at: int
    visible: bool


@dataclass(frozen=True, slots=True, eq=False)
class Examination:
    """All that is read from one file in one pass through the decoder process.

    Attributes:
        fingerprint: the fingerprint of the bytes.
        format: the concrete format by content (``jpeg``, ``png``, ``html``, ``plain``, ``docx`` ...).
        text: the text as submitted, after decoding its bytes, tags and all, or what a document holds; None where the
            medium is not text.
        fields: embedded metadata.
        lines: what was read in a picture, in reading order.
    """

    fingerprint: Fingerprint
    format: str
    text: str | None = None
    fields: tuple[Field, ...] = ()
    lines: tuple[PictureLine, ...] = ()


@dataclass(frozen=True, slots=True)
class EmbeddedPicture:
    """A picture in a document.

    Attributes:
        name: its file's name in the document, or one like it.
        at: how many code points of the document's text stand before it.
        data: the file, as it is in the document.
    """

    name: str
    at: int
    data: bytes


@dataclass(frozen=True, slots=True)
class EmbeddedPictures:
    """The pictures that a document shows, in reading order.

    Attributes:
        left_out: how many more it shows, that are too many, too large or damaged.
    """

    pictures: tuple[EmbeddedPicture, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Preview:
    """The small picture kept of an upload that matched, so that whoever contests a verdict can see what it rests on.

    Attributes:
        width, height: of the upload, pixels; segments count in them.
        data: a JPEG file, of any size.
    """

    width: int
    height: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Limits:
    """What one decode may cost, and the program it may use. Every field is a setting of the service.

    Attributes:
        ffmpeg: the program that reads sound and film; empty for the one that is installed with this package.
    """

    max_bytes: int = 100 * 1024 * 1024
    max_text_bytes: int = 8 * 1024 * 1024
    max_pixels: int = 100_000_000
    max_frames: int = 200
    max_pages: int = 2000
    max_unpacked_bytes: int = 200 * 1024 * 1024
    max_seconds: int = 12 * 3600  # of sound or film
    memory_bytes: int = 1536 * 1024 * 1024
    cpu_seconds: int = 30
    wall_seconds: int = 60
    ffmpeg: str = ""
    read_pictures: ReadPictures = "off"
