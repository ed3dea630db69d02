"""The demo's recordings, which are played by code when they are needed: one to register, one that nobody registered."""

from __future__ import annotations

from functools import cache

from .work import DemoWork

_SECONDS = 24.0


@cache
def _tune(number: int) -> bytes:
    from fingerprints.audio.examples import tune, wav  # takes a while

    return wav(tune(number, _SECONDS))


def sounds() -> list[DemoWork]:
    """The works to register."""
    return [
        DemoWork(
            name="harbour-bells.wav",
            data=_tune(41),
            title="Harbour Bells at Six",
            lang="en",
            owner="Ines Marlow",
            aliases=("Marlow Sound", "Ines Marlow Music"),
            source_name="Marlow Sound",
            source_url="https://marlowsound.example/tunes/harbour-bells",
            licence="CC-BY-4.0",
        )
    ]


def unregistered_sounds() -> tuple[DemoWork, ...]:
    """A tune that is none of those above."""
    return (DemoWork("night-train.wav", _tune(57), "Night Train, Second Carriage", ""),)
