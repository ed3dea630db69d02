"""Recordings made by code, with copies that must be found and others that must not."""

from __future__ import annotations

import io
import wave

import numpy as np
from numpy.typing import NDArray

from ..medium import Example

_RATE = 22_050  # samples a second
_SCALE = (0, 2, 3, 5, 7, 8, 10)  # semitones
Sound = NDArray[np.float64]  # one channel, -1 to 1


def tune(seed: int, seconds: float, *, beat: float = 0.3) -> Sound:
    """A tune of plucked notes over a bass; every seed makes another one."""
    draw = np.random.default_rng(seed)
    out = np.zeros(int(seconds * _RATE) + 2 * _RATE)
    now = 0.0
    while now < seconds:
        for low, loud in ((36, 0.5), (60, 1.0)):
            note = low + 12 * int(draw.integers(0, 2)) + int(draw.choice(_SCALE))
            _pluck(out, now + float(draw.uniform(0, 0.02)), 440 * 2 ** ((note - 69) / 12), loud, draw)
        now += beat * float(draw.choice((0.5, 1.0, 1.0, 1.5)))
    out = out[: int(seconds * _RATE)]
    out *= 0.8 / float(np.abs(out).max() + 1e-9)
    return out


def _pluck(into: Sound, at: float, hertz: float, loud: float, draw: np.random.Generator) -> None:
    time = np.arange(int(1.2 * _RATE)) / _RATE
    sound = np.zeros_like(time)
    for partial in range(1, 7):
        fall = float(draw.uniform(2, 5)) + partial
        sound += np.sin(2 * np.pi * hertz * partial * time) * np.exp(-fall * time) / partial
    start = int(at * _RATE)
    stop = min(start + len(sound), len(into))
    into[start:stop] += loud * sound[: stop - start]


def played_faster(sound: Sound, by: float) -> Sound:
    """As a record that turns faster: shorter and higher."""
    faster: Sound = np.interp(np.arange(0, len(sound) - 1, by), np.arange(len(sound)), sound)
    return faster


def under_noise(sound: Sound, decibels: float) -> Sound:
    """With white noise so many decibels below it."""
    noise = np.random.default_rng(1).normal(size=len(sound))
    power = np.sqrt(np.mean(sound**2) / 10 ** (decibels / 10))
    noisy: Sound = (sound + noise * power) / 2
    return noisy


def wav(left: Sound, right: Sound | None = None) -> bytes:
    """A WAV file of one channel or two."""
    channels = [left] if right is None else [left, right]
    data = np.rint(np.clip(np.stack(channels, axis=1), -1, 1) * 32767).astype("<i2")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(data.tobytes())
    return out.getvalue()


def _made() -> list[Example]:
    work, other = tune(1, 20), tune(2, 20)
    middle = work[6 * _RATE : 13 * _RATE]
    return [
        Example(
            "tune",
            wav(work),
            {
                "excerpt in other sound": wav(np.concatenate((other[: 8 * _RATE], middle, other[8 * _RATE :]))),
                "played faster": wav(played_faster(work, 1.06)),
                "under noise": wav(under_noise(work, 3)),
                "one channel inverted": wav(middle, -middle),
            },
            {
                "another tune": wav(other),
                "silence": wav(np.zeros(8 * _RATE)),
                "a tone": wav(0.5 * np.sin(2 * np.pi * 440 * np.arange(8 * _RATE) / _RATE)),
                "noise": wav(np.random.default_rng(3).normal(size=8 * _RATE) * 0.2),
            },
        )
    ]


EXAMPLES = _made()
