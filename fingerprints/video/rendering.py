"""The evidence of a film match, drawn: pictures of upload and work over time, what is the same joined."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from ..audio.rendering import HEIGHT, WIDTH, rows_below
from ..audio.rendering import strip as sound_strip
from ..audio.search import seconds
from ..model import Fingerprint, Match, Preview
from . import codec
from .codec import Film
from .planes import UPLOAD_RATE, WORK_RATE


def strip(of: Fingerprint) -> Preview | None:
    """Pictures of a film in a row, one pixel of its stated width a second; of one that has none its sound."""
    film = codec.film(of)
    if film is None:
        return next((strip for each in of.also if (strip := sound_strip(each)) is not None), None)
    out = io.BytesIO()
    _drawn(film).save(out, "JPEG", quality=75)
    return Preview(_lasts(of), 1, out.getvalue())


def matches_below(upload: Preview, matches: Sequence[tuple[Fingerprint, Match]]) -> bytes | None:
    """A PNG with a row for each work: the upload's pictures above those of the work, what is the same joined.

    None where nothing is kept to be shown of any of the works.
    """
    rows = []
    for work, match in matches:
        film = codec.film(work) if work.medium == "video" else None
        kept = None if film is not None else next((s for each in work.each if (s := sound_strip(each))), None)
        if film is not None:
            rows.append((_drawn(film), _lasts(work), match))
        elif kept is not None:
            rows.append((Image.open(io.BytesIO(kept.data), formats=["JPEG"]), kept.width, match))
    return rows_below(upload, rows) if rows else None


def _lasts(of: Fingerprint) -> int:
    return max(1, int(np.ceil(seconds(of))))


def _drawn(film: Film) -> Image.Image:
    """Pictures at even steps of time, as many as there is room for."""
    sheet = Image.new("L", (WIDTH, HEIGHT), 128)
    wide = max(8, min(WIDTH, round(HEIGHT * film.width / max(film.height, 1))))
    for left in range(0, WIDTH, wide):
        at = film.seconds * (left + wide / 2) / WIDTH
        if film.upload:
            pixels = film.upload_pictures.picture(min(int(at * UPLOAD_RATE), film.upload_pictures.count - 1))
        else:
            small = film.work_pictures
            pixels = np.clip(small[min(int(at * WORK_RATE), len(small) - 1)], 0, 255).astype(np.uint8)
        picture = Image.fromarray(pixels).resize((wide, HEIGHT), Image.Resampling.BICUBIC)
        sheet.paste(picture, (left, 0))
    return sheet
