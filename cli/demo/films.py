"""The demo's films: one to register, one that nobody registered. Both are of 14 seconds, 480 x 270, with a tune.

The files are made by ``scripts/demo_films/make.py``.
"""

from __future__ import annotations

from importlib.resources import files

from .work import DemoWork


def _film(name: str) -> bytes:
    return files(__package__).joinpath("films", name).read_bytes()


def films() -> list[DemoWork]:
    """The works to register."""
    return [
        DemoWork(
            name="sky-lanterns.mp4",
            data=_film("sky-lanterns.mp4"),
            title="天灯升起",
            lang="zh-Hans",
            owner="乔晚舟",
            aliases=("晚舟映画", "Qiao Wanzhou"),
            source_name="晚舟映画",
            source_url="https://wanzhou.example/films/sky-lanterns",
            licence="reprint-with-credit",
        )
    ]


def unregistered_films() -> tuple[DemoWork, ...]:
    """A film that looks and sounds like nothing above."""
    return (DemoWork("beach-kites.mp4", _film("beach-kites.mp4"), "Kites over the Beach", ""),)
