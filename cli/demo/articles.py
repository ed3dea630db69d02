"""The demo's articles: two Chinese and two English to register, and three that nobody registered."""

from __future__ import annotations

from importlib.resources import files

from .work import DemoWork


def _text(name: str) -> bytes:
    return files(__package__).joinpath("articles", name).read_bytes()


def articles() -> list[DemoWork]:
    """The works to register: plain UTF-8 text, the title on the first line, no by-line in the text."""
    return [
        DemoWork(
            name="clock-mender.txt",
            data=_text("clock-mender.txt"),
            title="给钟表听诊的人",
            lang="zh-Hans",
            owner="晚潮读本编辑部",
            aliases=("晚潮读本", "Wanchao Reader"),
            source_name="晚潮读本",
            source_url="https://wanchao.example/essays/2026/clock-mender",
            licence="reprint-with-credit",
        ),
        DemoWork(
            name="last-ferry.txt",
            data=_text("last-ferry.txt"),
            title="末班渡船往蟹寮",
            lang="zh-Hant",
            owner="溫汐言",
            aliases=("Wen Xiyan",),
            source_name="潮間帶週記",
            source_url="https://intertidal.example/zh/last-ferry",
            licence="CC-BY-NC-4.0",
        ),
        DemoWork(
            name="bell-buoys.txt",
            data=_text("bell-buoys.txt"),
            title="The Bell Buoy Census",
            lang="en",
            owner="Saltmarsh Quarterly",
            aliases=("The Saltmarsh Quarterly",),
            source_name="Saltmarsh Quarterly",
            source_url="https://saltmarsh.example/autumn/bell-buoy-census",
            licence="CC-BY-4.0",
        ),
        DemoWork(
            name="umbrella-desk.txt",
            data=_text("umbrella-desk.txt"),
            title="How a Library Learned to Lend Umbrellas",
            lang="en",
            owner="Odile Marchbank",
            aliases=("O. Marchbank",),
            source_name="The Parish Lantern",
            source_url="https://parish-lantern.example/features/umbrella-desk",
            licence="all-rights-reserved",
        ),
    ]


def unregistered_articles() -> tuple[DemoWork, ...]:
    """Articles of the same kinds that share no passage with the ones to register."""
    return (
        DemoWork("noodle-steam.txt", _text("noodle-steam.txt"), "早市第三十二号摊位", "", "zh-Hans"),
        DemoWork("rooftop-bees.txt", _text("rooftop-bees.txt"), "頂樓的第七箱蜂", "", "zh-Hant"),
        DemoWork("pencil-stubs.txt", _text("pencil-stubs.txt"), "In Praise of the Short Pencil", "", "en"),
    )
