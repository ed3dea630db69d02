"""Peaks of a spectrogram: what is left of sound after codecs, noise, equalisers and rooms.

A peak is a point of time and frequency that is louder than all around it. Peaks are chosen by how far they stand out of
their surroundings, not by how loud they are, so that an equaliser or a compressor changes few of them, and evenly over
time and octaves (Wang, An industrial strength audio search algorithm, 2003, has the idea). The powers of both channels
are added, so a channel that is inverted, swapped or missing changes little.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft
from scipy.ndimage import uniform_filter1d

RATE = 11_025  # samples a second
WINDOW, HOP = 1024, 256  # samples: 93 ms, 23 ms
WORK_DENSITY, QUERY_DENSITY = 36.0, 50.0  # peaks a second at most
_LOWEST, _HIGHEST = 12, 460  # bins: 129 Hz to 4,950 Hz
_BASE_HZ = 100.0  # pitch 0
_SURROUNDINGS = 43, 25  # frames, bins: a second, 270 Hz
_AROUND = 3  # frames and bins before and after, of which a peak is the greatest
_MIN_STANDING_OUT = 3.0  # decibels above the surroundings
_MIN_POWER = -55.0, -35.0  # decibels; below it are a sample's last bits, and what codecs make of silence in loud sound
_BELOW_LOUD = 25.0  # decibels below the loudest hundredth, where that lies between the two
_CELL_SECONDS = 0.5
_OCTAVES = 5.3  # between the lowest and the highest bin
_CHUNK_FRAMES = 1200  # looked at together: memory is that of half a minute
_MARGIN = 24  # frames around a chunk that its peaks depend on

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Peaks:
    """Peaks in the order of time.

    Attributes:
        time: seconds, shape (n,).
        pitch: cents above 100 Hz, shape (n,).
        strength: decibels above the surroundings, shape (n,).
    """

    time: Floats
    pitch: Floats
    strength: Floats

    def __len__(self) -> int:
        return len(self.time)

    def between(self, start: float, stop: float) -> Peaks:
        """Those of a stretch of time."""
        return self.slice(*np.searchsorted(self.time, (start, stop)).tolist())

    def slice(self, first: int, stop: int) -> Peaks:
        """Those from one place to before another."""
        return Peaks(self.time[first:stop], self.pitch[first:stop], self.strength[first:stop])

    def where(self, these: NDArray[np.bool_]) -> Peaks:
        """Those that are marked."""
        return Peaks(self.time[these], self.pitch[these], self.strength[these])

    def backwards(self) -> Peaks:
        """Those of the same sound played backwards, second 0 being where it was."""
        return Peaks(-self.time[::-1], self.pitch[::-1], self.strength[::-1])


def joined(parts: Iterable[Peaks]) -> Peaks:
    """The peaks of consecutive stretches of time."""
    every = list(parts)
    none = np.zeros(0, dtype=np.float32)
    return Peaks(
        np.concatenate([none, *(each.time for each in every)]),
        np.concatenate([none, *(each.pitch for each in every)]),
        np.concatenate([none, *(each.strength for each in every)]),
    )


def find(blocks: Iterable[NDArray[np.int16]], density: float) -> Iterator[Peaks]:
    """The peaks of sound, chunk by chunk.

    Args:
        blocks: samples at `RATE`, of shape (n, 2) each.
        density: peaks a second at most.
    """
    chunk = _CHUNK_FRAMES * HOP
    margin = _MARGIN * HOP
    # Half a window before the beginning, so that frame n is centred on sample n * HOP.
    held = np.zeros((margin + WINDOW // 2, 2), dtype=np.int16)
    first = 0  # frame number of the chunk's beginning; `held` begins a margin before it
    for block in blocks:
        held = np.concatenate((held, block))
        while len(held) >= chunk + 2 * margin + WINDOW:
            yield _of_chunk(held[: chunk + 2 * margin + WINDOW], first, _CHUNK_FRAMES, density)
            held = held[chunk:]
            first += _CHUNK_FRAMES
    rest = (len(held) - margin - WINDOW // 2) // HOP + 1
    if rest > 0:
        padded = np.concatenate((held, np.zeros((margin + WINDOW, 2), dtype=np.int16)))
        yield _of_chunk(padded, first, rest, density)


def _of_chunk(samples: NDArray[np.int16], first: int, frames: int, density: float) -> Peaks:
    """The peaks of ``frames`` frames after the margin, of which the first has this number."""
    if max(int(samples.max()), -int(samples.min())) <= _QUIET:
        return joined(())
    level = _decibels(samples)
    mean = level
    for axis, size in enumerate(_SURROUNDINGS):
        mean = uniform_filter1d(mean, size, axis, mode="nearest")
    out = level - mean
    is_peak = (out > _MIN_STANDING_OUT) & (level > _least_power(level))
    is_peak &= out == _greatest_around(_greatest_around(out).T).T
    is_peak[:, :_LOWEST] = False
    is_peak[:, _HIGHEST:] = False
    is_peak[:_MARGIN] = False
    is_peak[_MARGIN + frames :] = False
    frame, bin_ = np.nonzero(is_peak)
    time = (frame + _offset(level, frame, bin_, axis=0) + (first - _MARGIN)) * (HOP / RATE)
    pitch = 1200 * np.log2((bin_ + _offset(level, frame, bin_, axis=1)) * (RATE / WINDOW / _BASE_HZ))
    strength = out[frame, bin_]
    cell = np.floor(time / _CELL_SECONDS).astype(np.int64)
    octave = np.clip(pitch // 1200, 0, 7).astype(np.int64)
    kept = _strongest(cell * 8 + octave, strength, int(np.ceil(density * _CELL_SECONDS / _OCTAVES)))
    kept = kept[_strongest(cell[kept], strength[kept], int(density * _CELL_SECONDS))]
    kept = kept[np.argsort(time[kept], kind="stable")]
    return Peaks(time[kept].astype(np.float32), pitch[kept].astype(np.float32), strength[kept])


def _least_power(level: Floats) -> float:
    """Decibels below which nothing is a peak."""
    loud = float(np.quantile(level[::8, _LOWEST:_HIGHEST], 0.99))
    return min(max(loud - _BELOW_LOUD, _MIN_POWER[0]), _MIN_POWER[1])


def _strongest(group: NDArray[np.int64], strength: Floats, most: int) -> NDArray[np.int64]:
    """The places of the strongest of each group."""
    order = np.lexsort((-strength, group))
    ordered = group[order]
    return order[np.arange(len(ordered)) - np.searchsorted(ordered, ordered) < most]


def _decibels(samples: NDArray[np.int16]) -> Floats:
    """The spectrogram, shape (frames, bins)."""
    left, right = samples[:, 0], samples[:, 1]
    power = _power(left)
    if not np.array_equal(left, right):
        power = (power + _power(right)) * np.float32(0.5)
    level: Floats = np.log10(power + np.float32(1e-9))
    level *= np.float32(10)
    return level


_HANN = np.hanning(WINDOW).astype(np.float32) / np.float32(32768)
_QUIET = int(10 ** (_MIN_POWER[0] / 20) / float(_HANN.sum()))  # an amplitude of which no tone is loud enough


def _power(channel: NDArray[np.int16]) -> Floats:
    frames = np.lib.stride_tricks.sliding_window_view(channel, WINDOW)[::HOP] * _HANN
    spectrum = rfft(frames, axis=1, overwrite_x=True)[:, : _HIGHEST + _SURROUNDINGS[1]]
    power: Floats = np.square(spectrum.real)
    power += np.square(spectrum.imag)
    return power


def _greatest_around(rows: Floats) -> Floats:
    """Of each number the greatest of those in the rows from `_AROUND` before it to `_AROUND` after it.

    By doubling how many are compared, whole rows at a time.
    """
    padded = np.pad(rows, ((_AROUND, _AROUND), (0, 0)), mode="edge")
    reached, whole = 1, 2 * _AROUND + 1
    while reached < whole:
        step = min(reached, whole - reached)
        padded = np.maximum(padded[:-step], padded[step:])
        reached += step
    return padded


def _offset(level: Floats, frame: NDArray[np.int64], bin_: NDArray[np.int64], *, axis: int) -> Floats:
    """How far the top of a parabola through a peak and its neighbours lies from it, -.5 to .5."""
    step = (1, 0) if axis == 0 else (0, 1)
    here = level[frame, bin_]
    before = level[np.maximum(frame - step[0], 0), bin_ - step[1]]
    after = level[np.minimum(frame + step[0], len(level) - 1), bin_ + step[1]]
    bend = np.minimum(before - 2 * here + after, np.float32(-1e-6))
    top: Floats = np.clip((before - after) / (2 * bend), -0.5, 0.5)
    return top
