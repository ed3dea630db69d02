"""What is no copy though it sounds alike, and copies that are: peaks of drawn sound, without a decoder."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from fingerprints import audio
from fingerprints.audio import codec, peaks, triples
from fingerprints.audio.examples import Sound, played_faster, tune, under_noise
from fingerprints.index.interface import Change
from fingerprints.index.memory import MemoryIndex
from fingerprints.medium import Found
from fingerprints.model import Fingerprint

_DRAWN_RATE = 2 * peaks.RATE


def _made(sound: Sound, *, thorough: bool = False) -> Fingerprint:
    """The fingerprint of sound at the rate of the examples."""
    level = 0.7 / max(float(np.abs(sound).max()), 1e-9)
    halved = (sound[0 : len(sound) // 2 * 2 : 2] + sound[1::2]) / 2
    samples = np.rint(np.stack((halved, halved), axis=1) * level * 32767).astype(np.int16)
    density = peaks.QUERY_DENSITY if thorough else peaks.WORK_DENSITY
    found = peaks.joined(peaks.find([samples], density))
    keys = np.unique(triples.find(found, triples.WORK_NEIGHBOURS, only_strongest=True).keys())
    return Fingerprint(
        "audio",
        audio.ALGORITHM,
        hashlib.sha256(samples.tobytes()).digest(),
        keys=keys,
        detail=codec.pack(found),
        facts={"seconds_read": len(samples) / peaks.RATE},
    )


def _found(works: list[Fingerprint], upload: Fingerprint) -> Found:
    index = MemoryIndex()
    index.apply([Change(n, n, work) for n, work in enumerate(works, 1)])
    view = index.view(audio.ALGORITHM)
    proposal = audio.propose(upload, view)
    return audio.decide(upload, proposal, {n: works[n - 1] for n in proposal.works}, view)


def _drums(seed: int, *, step: float, kit: int = 5, seconds: float = 15) -> Sound:
    """A pattern of four samples; a seed makes the pattern, a kit the samples."""
    draw = np.random.default_rng(kit)
    time = np.arange(int(0.25 * _DRAWN_RATE)) / _DRAWN_RATE
    samples = [
        (np.sin(2 * np.pi * hertz * time) + draw.normal(size=len(time)) * 0.4) * np.exp(-fall * time)
        for hertz, fall in ((70, 12), (330, 18), (900, 25), (2400, 40))
    ]
    pattern = np.random.default_rng(seed).random((4, 16)) < 0.3
    out = np.zeros(int((seconds + 1) * _DRAWN_RATE))
    for beat in range(int(seconds / step)):
        for sample, hits in zip(samples, pattern, strict=True):
            if hits[beat % 16]:
                start = int(beat * step * _DRAWN_RATE)
                out[start : start + len(sample)] += sample
    return out[: int(seconds * _DRAWN_RATE)]


def _clicks(seconds_apart: float, seconds: float = 15) -> Sound:
    time = np.arange(int(0.04 * _DRAWN_RATE)) / _DRAWN_RATE
    click = np.sin(2 * np.pi * 1000 * time) * np.exp(-80 * time)
    out = np.zeros(int((seconds + 1) * _DRAWN_RATE))
    for n in range(int(seconds / seconds_apart)):
        start = int(n * seconds_apart * _DRAWN_RATE)
        out[start : start + len(click)] += click
    return out[: int(seconds * _DRAWN_RATE)]


WORK = tune(11, 20)


@pytest.fixture(scope="module")
def works() -> list[Fingerprint]:
    return [_made(WORK), _made(_drums(1, step=0.125)), _made(_clicks(0.5)), _made(tune(12, 15))]


@pytest.mark.parametrize(
    ("copy", "speed", "pitch"),
    [
        (WORK[3 * _DRAWN_RATE : 9 * _DRAWN_RATE], None, None),
        (under_noise(WORK, 0), None, None),
        (played_faster(WORK, 1.1), 1.1, 1.65),
        (played_faster(WORK, 0.9), 0.9, -1.82),
    ],
    ids=["excerpt", "noise as loud", "faster", "slower"],
)
def test_a_copy_is_found_with_its_speed_and_pitch(
    works: list[Fingerprint], copy: Sound, speed: float | None, pitch: float | None
) -> None:
    found = _found(works, _made(copy, thorough=True)).matches
    assert list(found) == [1]
    assert found[1].transform.get("speed") == (speed and pytest.approx(speed, abs=0.01))
    assert found[1].transform.get("pitch") == (pitch and pytest.approx(pitch, abs=0.15))


def test_an_excerpt_is_found_where_it_lies(works: list[Fingerprint]) -> None:
    inside = np.concatenate((tune(21, 6), WORK[5 * _DRAWN_RATE : 12 * _DRAWN_RATE], tune(22, 6)))
    (segment,) = _found(works, _made(inside, thorough=True)).matches[1].segments
    assert segment.upload == pytest.approx((6, 13), abs=0.5)
    assert segment.work == pytest.approx((5, 12), abs=0.5)


@pytest.mark.parametrize(
    "other",
    [
        _drums(2, step=0.118),
        _drums(3, step=0.125),
        _clicks(0.47),
        _clicks(0.61),
        tune(13, 15),
        np.sin(2 * np.pi * 440 * np.arange(15 * _DRAWN_RATE) / _DRAWN_RATE),
        np.random.default_rng(4).normal(size=15 * _DRAWN_RATE),
    ],
    ids=["samples slower", "samples other pattern", "metronome", "slow metronome", "tune", "tone", "noise"],
)
def test_what_is_made_of_the_same_sounds_is_no_copy(works: list[Fingerprint], other: Sound) -> None:
    assert not _found(works, _made(other, thorough=True)).matches


def test_sound_played_backwards_is_found_and_said_so(works: list[Fingerprint]) -> None:
    upload = _made(WORK[4 * _DRAWN_RATE : 16 * _DRAWN_RATE][::-1], thorough=True)
    found = _found(works, upload).matches
    assert list(found) == [1]
    assert found[1].transform["reversed"] is True
    assert "speed" not in found[1].transform
    (segment,) = found[1].segments
    assert segment.upload == pytest.approx((0, 12), abs=0.5)
    assert segment.work == pytest.approx((4, 16), abs=0.5)


def _performance(seed: int, *, unsteady: float) -> Sound:
    """One piece, by one instrument, each chord so many seconds early or late (standard deviation)."""
    notes, late = np.random.default_rng(8), np.random.default_rng(seed)
    out = np.zeros(16 * _DRAWN_RATE)
    time = np.arange(int(0.9 * _DRAWN_RATE)) / _DRAWN_RATE
    for beat in range(48):
        start = int((0.1 + 0.3 * beat + abs(late.normal()) * unsteady) * _DRAWN_RATE)
        for octave in (36, 60, 67):
            hertz = 440 * 2 ** ((octave + int(notes.integers(0, 12)) - 69) / 12)
            for partial in range(1, 7):
                out[start : start + len(time)] += (
                    np.sin(2 * np.pi * hertz * partial * time) * np.exp(-5 * time) / partial
                )
    return out


def test_another_performance_is_no_copy() -> None:
    first = _made(_performance(1, unsteady=0.04))
    assert not _found([first], _made(_performance(2, unsteady=0.04), thorough=True)).matches
    assert _found([first], _made(under_noise(_performance(1, unsteady=0.04), 6), thorough=True)).matches


SHARED = tune(31, 6)
_OTHERS = np.split(tune(32, 160), 20)  # 8 seconds each


@pytest.fixture(scope="module")
def with_a_jingle() -> list[Fingerprint]:
    """Twenty works that begin with the same six seconds."""
    return [_made(np.concatenate((SHARED, other))) for other in _OTHERS]


def test_what_many_works_share_accuses_none_of_them(with_a_jingle: list[Fingerprint]) -> None:
    upload = np.concatenate((tune(33, 5), SHARED, tune(34, 4)))
    assert not _found(with_a_jingle, _made(upload, thorough=True)).matches
    assert sorted(_found(with_a_jingle[:2], _made(upload, thorough=True)).matches) == [1, 2]


def test_a_work_is_found_by_what_it_does_not_share(with_a_jingle: list[Fingerprint]) -> None:
    upload = np.concatenate((SHARED, _OTHERS[4][: 6 * _DRAWN_RATE]))
    assert list(_found(with_a_jingle, _made(upload, thorough=True)).matches) == [5]


def test_a_jingle_is_found_as_a_work_of_its_own(with_a_jingle: list[Fingerprint]) -> None:
    upload = _made(np.concatenate((tune(33, 5), SHARED)), thorough=True)
    assert list(_found([*with_a_jingle[:8], _made(SHARED)], upload).matches) == [9]


def test_a_recording_registered_many_times_does_not_hide_itself() -> None:
    many = [_made(under_noise(WORK, 20 + n)) for n in range(6)]
    upload = _made(WORK[5 * _DRAWN_RATE : 12 * _DRAWN_RATE], thorough=True)
    assert sorted(_found(many, upload).matches) == [1, 2, 3, 4, 5, 6]


def test_peaks_survive_their_codec() -> None:
    before = codec.peaks(_made(WORK))
    again = codec.peaks(Fingerprint("audio", audio.ALGORITHM, b"\0" * 32, detail=codec.pack(before)))
    assert np.array_equal(again.time, before.time)
    assert np.array_equal(again.pitch, before.pitch)
    assert np.array_equal(again.strength, before.strength)


def test_keys_move_by_whole_steps_with_tempo_and_pitch() -> None:
    kept = triples.find(codec.peaks(_made(WORK)), triples.WORK_NEIGHBOURS, only_strongest=True)
    plain, higher = kept.keys(), kept.keys(cents=triples.PITCH_STEP)
    assert np.array_equal(higher - plain, np.full(len(plain), 1 << 26, dtype=np.uint64))
    slower = kept.keys(tempo=float(np.exp(triples.TEMPO_STEP)))
    moved = (slower != plain).mean()
    assert moved > 0.9
