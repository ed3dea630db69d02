"""Peaks of the spectrogram."""

import numpy as np

from fingerprints.audio import peaks


def test_nothing_loud_enough_is_passed_over_as_silence() -> None:
    """The loudest that an amplitude can be is a square wave; what is passed over reaches no peak, what is not may."""
    time = np.arange(10 * peaks.RATE)
    for hertz in (440.0, peaks.RATE / 16):
        wave = np.where(np.sin(2 * np.pi * hertz * (time + 0.5) / peaks.RATE) >= 0, 1, -1).astype(np.int16)
        both = np.stack((wave, wave), axis=1)
        assert peaks._decibels(both * np.int16(peaks._QUIET)).max() < peaks._MIN_POWER[0]
        assert peaks._decibels(both * np.int16(2 * (peaks._QUIET + 1))).max() > peaks._MIN_POWER[0]
