"""Pixels to lines of text, by RapidOCR (PP-OCR models in the wheel, Apache-2.0) on onnxruntime; nothing is downloaded.

The only file that knows the engine.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model import Quad

_MIN_CONFIDENCE = 0.6  # of a line; below it the engine guesses
_BATCH = 6  # lines recognised together, between two looks at the clock
_MAX_SIDE = 1280  # pixels that the detector is given; larger pictures are scaled down by it

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it was read.

    Attributes:
        quad: its corners in pixels, clockwise from the top left one.
        confidence: 0..1.
    """

    text: str
    quad: Quad
    confidence: float


def installed() -> bool:
    """Whether the extra ``ocr`` is."""
    return all(importlib.util.find_spec(name) is not None for name in ("rapidocr", "onnxruntime"))


@cache
def version() -> str:
    """The engine, and the first 8 hexadecimal digits of a SHA-256 over the digests of its models."""
    return f"rapidocr:{_models_digest()[:8]}"


@cache
def _models_digest() -> str:
    found = importlib.util.find_spec("rapidocr")
    assert found is not None
    assert found.origin is not None
    models = sorted((Path(found.origin).parent / "models").glob("*.onnx"))
    return hashlib.sha256(b"".join(hashlib.sha256(each.read_bytes()).digest() for each in models)).hexdigest()


@cache
def load() -> Any:
    """The engine with its models, of one thread: the pool of decoder processes is the parallelism."""
    from rapidocr import RapidOCR

    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
    made = RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_vertical_padding": False,
            "Det.limit_type": "max",
            "Det.limit_side_len": _MAX_SIDE,
            "Rec.rec_batch_num": _BATCH,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
    blank = np.full((64, 256, 3), 255, dtype=np.uint8)
    made.recognize_txt([blank])  # loads the models, which are made when they are first asked
    _detected(made, blank)
    return made


def lines(pixels: Pixels, time_is_up: Callable[[], bool]) -> tuple[list[Line], bool]:
    """The lines in a picture, in no order, and whether all were read.

    Args:
        pixels: uint8 array of shape (height, width, 3), blue first.
        time_is_up: says from when on nothing more is begun.
    """
    engine = load()
    crops, quads = _detected(engine, pixels)
    found: list[Line] = []
    for first in range(0, len(crops), _BATCH):
        if time_is_up():
            return found, False
        read = engine.recognize_txt(crops[first : first + _BATCH])
        for text, score, quad in zip(read.txts, read.scores, quads[first : first + _BATCH], strict=True):
            if text.strip() and score >= _MIN_CONFIDENCE:
                found.append(Line(text.strip(), _quad(quad), float(score)))
    return found, True


def _detected(engine: Any, pixels: Pixels) -> tuple[list[Pixels], list[NDArray[np.float32]]]:
    """The pictures of the lines, each upright, and where they lie."""
    from rapidocr.main import RapidOCRError

    try:
        crops, found = engine.detect_and_crop(pixels, {})
    except RapidOCRError:  # there is no line
        return [], []
    return crops, list(found.boxes)


def _quad(corners: NDArray[np.float32]) -> Quad:
    a, b, c, d = ((round(float(x), 1), round(float(y), 1)) for x, y in corners)
    return a, b, c, d
