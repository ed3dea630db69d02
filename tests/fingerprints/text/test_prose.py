"""Addresses, identifiers, names, disclaimers and listings are no prose, and weigh less or nothing."""

import numpy as np
import pytest

from fingerprints.text.examples import words
from fingerprints.text.normalization import normalize
from fingerprints.text.prose import shape
from fingerprints.unicode.folding import code_points
from tests.fingerprints.finding import made, match

CODE = """def sort_umbrellas(umbrellas):
    heaps = {"opens": [], "nearly": [], "memory": []}
    for umbrella in umbrellas:
        if umbrella.ribs_broken == 0:
            heaps["opens"].append(umbrella)
        else:
            heaps["memory"].append(umbrella)
    return heaps
"""
LONG_CODE = CODE + "".join(
    f"\ndef mend_{w}({w}, tools):\n    {w}.mended = tools.find('{w}') + {n}\n"
    for n, w in enumerate(words(5, 14).lower().replace(".", "").replace(",", "").split())
)


def worth(text: str) -> str:
    """The letters that count in full."""
    normal = normalize(code_points(text))
    return "".join(map(chr, normal.units[shape(normal).share == 1.0].tolist()))


@pytest.mark.parametrize(
    ("address", "rest"),
    [
        ("see https://example.org/a/b?c=d#e%20f now", "seenow"),
        ("www.example.org/x", ""),
        ("write to jo.doe+news@mail.example.org today", "writetotoday"),
        ("doi 10.1000/182.abc end", "doiend"),
        ("hash 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b done", "hashdone"),
        ("token eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9 done", "tokendone"),
    ],
    ids=["link", "bare", "mail", "doi", "hash", "token"],
)
def test_addresses_and_identifiers_weigh_nothing(address: str, rest: str) -> None:
    assert worth(address) == worth(rest)


@pytest.mark.parametrize(
    "text",
    [
        "thequickbrownfoxjumpsoverthelazydog",
        "the_quick_brown_fox_jumps_over",
        "Donaudampfschifffahrtsgesellschaft",
        "well-known-and-well-loved",
    ],
)
def test_words_without_spaces_are_prose(text: str) -> None:
    assert len(worth(text)) == len(normalize(code_points(text)).units)


def test_equal_links_are_no_reuse() -> None:
    links = " ".join(f"https://archive.example.org/papers/{y}/ledger-{y * 7 % 991}.html" for y in range(1990, 2000))
    around = [words(n, 150) for n in range(4)]
    assert match(made(f"{around[0]}\n{links}\n{around[1]}"), made(f"{around[2]}\n{links}\n{around[3]}")) is None


def test_a_disclaimer_counts_little() -> None:
    text = "The rope held. All rights reserved by whoever tied it to the mast that year. The rope was sold."
    assert worth(text) == worth("The rope held. The rope was sold.")


def test_a_listing_needs_longer_evidence_and_is_named() -> None:
    around = [words(20 + n, 250) for n in range(4)]
    assert match(made(f"{around[0]}\n\n{CODE}\n{around[1]}"), made(f"{around[2]}\n\n{CODE}\n{around[3]}")) is None
    found = match(made(f"{around[0]}\n\n{LONG_CODE}\n{around[1]}"), made(f"{around[2]}\n\n{LONG_CODE}\n{around[3]}"))
    assert found is not None
    assert found.reuse == "code"
    assert not shape(normalize(code_points(around[0]))).listing.any()


def test_names_and_titles_inside_other_sentences_are_no_reuse() -> None:
    office, title = "南川市老城保护与更新工作联席会议办公室", "《南川市临街骑楼修缮与日常养护技术导则》"
    work = f"木匠老何三十年没有离开过骑楼街。去年{office}请他去讲榫卯，他讲了半个钟头，底下的人都忘了记笔记。他说{title}他看过，字太小。"
    post = f"昨天上午的会开得很长。先是{office}的同志念了{title}的第三章，又放了几张照片。居民代表只问了一件事：临时棚子什么时候拆。"
    assert match(made(post), made(work)) is None
    sentence = "他讲了半个钟头，底下的人都忘了记笔记。"
    assert match(made(post + sentence), made(work)) is not None


def test_the_shape_of_a_text_is_per_unit() -> None:
    normal = normalize(code_points("a b https://example.org/x c"))
    found = shape(normal)
    assert found.share.shape == found.listing.shape == normal.units.shape
    assert np.isin(found.share, [0.0, 1.0]).all()
