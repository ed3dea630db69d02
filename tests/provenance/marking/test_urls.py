"""Which addresses are the registered one, which are near it, and which imitate it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.marking.links import RegisteredAddresses
from provenance.marking.urls import normalise

HERE = RegisteredAddresses(["https://www.riverpost.example/essays/2020/On-Rivers?id=7"])


@pytest.mark.parametrize(
    "url",
    [
        "http://riverpost.example/essays/2020/On-Rivers?id=7",
        "HTTPS://RiverPost.Example/essays/2020/On-Rivers/?id=7&utm_medium=x&fbclid=abc#notes",
        "m.riverpost.example/essays/2020/On-Rivers?id=7",
        "https://riverpost.example:443/essays/2020/On%2DRivers?id=7",
        "https://web.archive.org/web/20210102030405/https://riverpost.example/essays/2020/On-Rivers?id=7",
        "https://www.google.co.uk/url?sa=t&url=https%3A%2F%2Friverpost.example%2Fessays%2F2020%2FOn-Rivers%3Fid%3D7",
        "https://link.zhihu.com/?target=https%3A//riverpost.example/essays/2020/On-Rivers%3Fid%3D7",
        "https://riverpost.example\u200b/essays/2020/On-Rivers?id=7",
    ],
)
def test_the_same_address(url: str) -> None:
    assert HERE.match(url) == ("exact", False)


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("https://riverpost.example/", "same_site"),
        ("https://riverpost.example/essays/2020/on-rivers?id=7", "same_site"),
        ("https://riverpost.example/essays/2020/On-Rivers?id=8", "same_site"),
        ("https://blog.riverpost.example/x", "same_site"),
        ("https://somewhere.example/", "other_site"),
        ("https://out.example/?to=https%3A%2F%2Friverpost.example%2Fessays%2F2020%2FOn-Rivers%3Fid%3D7", "other_site"),
        ("https://google.copies.example/url?q=https://riverpost.example/essays/2020/On-Rivers?id=7", "other_site"),
        ("https://bit.ly/3xyz", "unresolvable"),
        ("mailto:a@riverpost.example", "unresolvable"),
        ("https://riverpost.example.reader.example/essays/2020/On-Rivers", "lookalike"),
        ("https://riverpost.example@evil.example/", "lookalike"),
        ("https://riverpost-example.net/essays/2020/On-Rivers", "lookalike"),
        ("https://riverp0st.example/essays/2020/On-Rivers?id=7", "lookalike"),
        ("https://rlverpost.example/essays", "lookalike"),
        ("https://rivеrроst.example/x", "lookalike"),
        ("https://xn--rverpost-thh.example/x", "lookalike"),
        ("https://riverpost.net/essays", "lookalike"),
        ("https://evil.example/https://riverpost.example/essays", "lookalike"),
    ],
)
def test_another_address(url: str, match: str) -> None:
    assert HERE.match(url)[0] == match


@pytest.mark.parametrize(
    ("href", "shown", "deceptive"),
    [
        (
            "https://riverpost.example/essays/2020/On-Rivers?id=7",
            "https://riverpost.example/essays/2020/On-Rivers?id=7",
            False,
        ),
        ("https://riverpost.example/essays/2020/On-Rivers?id=7", "riverpost.example/essays/…", False),
        ("https://evil.example/", "https://riverpost.example/essays/2020/On-Rivers?id=7", True),
        ("https://evil.example/", "riverpost.example", True),
        ("https://evil.example/", "The River Post", False),
        ("https://evil.example/", "https://other.example/", False),
        ("https://t.co/abc", "https://riverpost.example/essays/2020/On-Rivers?id=7", False),
    ],
)
def test_what_a_link_says_and_where_it_leads(href: str, shown: str, deceptive: bool) -> None:
    assert HERE.link(href, shown).deceptive is deceptive


@given(st.text(max_size=80))
def test_normalising_anything_is_stable(url: str) -> None:
    address = normalise(url)
    if address is not None and not address.query and not address.userinfo:
        assert normalise(f"https://{address.host}{address.path}") == address


@pytest.mark.parametrize(
    ("registered", "url", "match"),
    [
        # a changed letter in the site's name: of five letters and more
        ("https://river.example/ab", "https://rivers.test/x", "lookalike"),
        ("https://river.example/ab", "https://rivet.test/x", "lookalike"),
        ("https://long.example/ab", "https://longs.test/x", "other_site"),
        # the site's name inside another: with the same path, if that tells a work
        ("https://river.example/ab/cdef", "https://theriverpost.test/ab/cdef", "lookalike"),
        ("https://river.example/ab/cdef", "https://theriverpost.test/zz", "other_site"),
        ("https://long.example/abc", "https://thelongway.test/abc", "lookalike"),
        ("https://long.example/ab", "https://thelongway.test/ab", "other_site"),
        ("https://abc.example/ab/cdef", "https://xabcx.test/ab/cdef", "other_site"),
        # a changed letter of a short host: with the same long path
        ("https://ab.cd/abcdef", "https://ab.ce/abcdef", "lookalike"),
        ("https://ab.cd/abcde", "https://ab.ce/abcde", "other_site"),
        ("https://ab.cd/abcdef", "https://ab.ce/abcdeg", "other_site"),
        # the host in front of another, in a path, before an at sign
        ("https://river.example/ab", "https://www.river.example.evil.test/", "lookalike"),
        ("https://river.example/ab", "https://evil.test/river.example/", "lookalike"),
        ("https://river.example/ab", "https://evil.test/y/river.example", "other_site"),
        ("https://river.example/ab", "https://a.b@evil.test/", "lookalike"),
        ("https://river.example/ab", "https://user@evil.test/", "other_site"),
        ("https://river.example/ab", "https://river.example:8443/ab", "same_site"),
    ],
)
def test_how_far_a_lookalike_goes(registered: str, url: str, match: str) -> None:
    assert RegisteredAddresses([registered]).match(url)[0] == match
