"""The demo's pictures: three to register, two that nobody registered. All are JPEGs of 1200 x 800 pixels.

The files are made by ``scripts/demo_pictures/make.py``.
"""

from __future__ import annotations

from importlib.resources import files

from .work import DemoWork


def _picture(name: str) -> bytes:
    return files(__package__).joinpath("pictures", name).read_bytes()


def pictures() -> list[DemoWork]:
    """The works to register."""
    return [
        DemoWork(
            name="dusk-ridges.jpg",
            data=_picture("dusk-ridges.jpg"),
            title="Dusk over Six Ridges",
            lang="en",
            owner="Ilse Varnholt",
            aliases=("Ilse Varnholt Pictures", "I. Varnholt"),
            source_name="Varnholt Picture Desk",
            source_url="https://varnholt.example/pictures/dusk-over-six-ridges",
            licence="CC-BY-4.0",
        ),
        DemoWork(
            name="harbour-night.jpg",
            data=_picture("harbour-night.jpg"),
            title="港湾夜泊",
            lang="zh-Hans",
            owner="沈牧川",
            aliases=("牧川影像", "Shen Muchuan"),
            source_name="牧川影像",
            source_url="https://muchuan.example/works/harbour-night",
            licence="all-rights-reserved",
        ),
        DemoWork(
            name="ginkgo-branch.jpg",
            data=_picture("ginkgo-branch.jpg"),
            title="銀杏一枝",
            lang="zh-Hant",
            owner="紀蘭坡",
            aliases=("蘭坡畫室", "Lanpo Studio"),
            source_name="蘭坡畫室",
            source_url="https://lanpo.example/plates/ginkgo-branch",
            licence="reprint-with-credit",
        ),
    ]


def unregistered_pictures() -> tuple[DemoWork, ...]:
    """Pictures that look like nothing above."""
    return (
        DemoWork("marbled-ink.jpg", _picture("marbled-ink.jpg"), "Marbled Ink", ""),
        DemoWork("fields-from-the-air.jpg", _picture("fields-from-the-air.jpg"), "Fields from the Air", ""),
    )
