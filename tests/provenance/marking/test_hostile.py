"""Whatever a post contains, the answer is a report, in time linear in its size."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from provenance.marking import Post, Report, Work, check
from provenance.marking.normalization import fold_name

pytestmark = pytest.mark.slow

WORK = Work(
    title="On Rivers",
    owner="Noor Haddad",
    owner_aliases=("努尔",),
    source_name="江岸周刊",
    source_urls=("https://long.example/r",),
)

MARKUP = st.lists(
    st.sampled_from(
        ["<div>", "</div>", "<p style='", "display:none'>", "<a href=", "'//x'>", "</a>", "<table>", "<svg>", "<!--", "-->",
         "<style>", "p{color:", "#fff}", "</style>", "Noor Haddad", "努尔", "<b hidden>", "&#0;", "\x00", "<base href='x'>",
         "<script type=application/ld+json>", '{"author":[', "]}", "</script>", "\ud800", "[a](", "http://[::1", "©", "文/"]
    ),
    max_size=40,
).map("".join)  # fmt: skip


@given(text=st.text(max_size=300) | MARKUP, account=st.none() | st.text(max_size=10))
@example(text="https://xn--/", account=None)
@example(text="[x](http://[)", account="")
@example(text="\u202eNoor Haddad\u202c", account="\u200b")
@settings(max_examples=300, deadline=None)
def test_any_text_gets_a_report(text: str, account: str | None) -> None:
    assert isinstance(check(WORK, Post(text=text, account=account)), Report)


@given(html=MARKUP | st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_page_gets_a_report(html: str) -> None:
    assert isinstance(check(WORK, Post(html=html)), Report)


@given(name=st.text(max_size=60), text=st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_work_gets_a_report(name: str, text: str) -> None:
    work = Work(
        title=name,
        owner=name,
        owner_aliases=(name * 3,),
        source_name=text,
        source_urls=(name, text),
        identifiers=(name,),
    )
    assert isinstance(check(work, Post(text=f"文:{name}\n{text}")), Report)


@given(name=st.text(alphabet="葉知秋 Nor\u200b\u00ad叶ｎ", min_size=1, max_size=12))
def test_a_folded_name_is_its_own_fold(name: str) -> None:
    assert fold_name(fold_name(name)) == fold_name(name)


@pytest.mark.parametrize(
    "post",
    [
        Post(text="江岸" * 60_000),
        Post(text="Noor " * 40_000),
        Post(text="Photo: Noor Haddad\n" * 12_000),
        Post(text="[" * 50_000 + "](http://"),
        Post(text="a." * 60_000),
        Post(text="by the " * 8_000),
        Post(html="<b>" * 60_000 + "Noor Haddad"),
        Post(html="<p><a href=x>" * 20_000 + "Noor Haddad"),
        Post(html="<style>" + ".a .b{display:none}" * 4_000 + "</style>" + "<div class='a b'>" * 500 + "x"),
        Post(html='<script type="application/ld+json">' + "[" * 100_000 + "</script>"),
    ],
    ids=lambda post: repr((post.text or post.html)[:20]),
)
def test_size_is_no_way_to_stop_the_check(post: Post) -> None:
    assert isinstance(check(WORK, post), Report)


GROWING = {
    "nested tags": lambda n: Post(html="<div>" * n + "Noor Haddad"),
    "open links": lambda n: Post(html="<a href=x>" * n + "Noor Haddad"),
    "a line of labels": lambda n: Post(text="来源:" * n),
    "a line of by": lambda n: Post(text="by " * n),
    "a line of the owner": lambda n: Post(text="Noor Haddad " * n),
    "addresses": lambda n: Post(text="https://a.example/x " * n),
    "markdown": lambda n: Post(text="[a](" * n),
    "negations": lambda n: Post(text="not " * n + "Noor Haddad"),
    "properties": lambda n: Post(html="<i itemprop=author>" * n + "Noor Haddad"),
    "style rules": lambda n: Post(html="<style>" + ".a .b{color:red}" * n + "</style><p class=a>Noor Haddad"),
}


@pytest.mark.parametrize("name", GROWING)
def test_time_grows_with_the_size_and_not_with_its_square(name: str) -> None:
    def spent(size: int) -> float:
        post = GROWING[name](size)
        begin = time.process_time()
        check(WORK, post)
        return time.process_time() - begin

    spent(200)
    # sixteen times the size: linear is 16, quadratic is 256; the second is what must not be, on any machine
    assert spent(16_000) <= 100 * max(spent(1_000), 0.003)


def test_a_name_of_ten_thousand_letters() -> None:
    long = Work(title="x", owner="Ab " * 3_333, source_name="沈" * 10_000)
    report = check(long, Post(text="By " + "Ab " * 3_333))
    assert isinstance(report, Report)


@pytest.mark.parametrize("lang", ["", "x-klingon", "zh_Hans_CN", "EN-us", "🦄"])
def test_an_unknown_language_is_read_like_any_other(lang: str) -> None:
    post = Post(text="Photo: Noor Haddad, 江岸周刊, https://long.example/r, used with permission", lang=lang)
    assert check(Work(**{**_fields(), "kind": "image"}), post).verdict == "compliant"  # type: ignore[arg-type]


def _fields() -> dict[str, object]:
    return {name: getattr(WORK, name) for name in ("title", "owner", "source_name", "source_urls")}


@pytest.mark.parametrize("base", ["http://[", "https://a.example/", "//["])
def test_links_that_are_no_addresses(base: str) -> None:
    page = f'<html><head><base href="{base}"></head><body><p>By <a href="http://[x">Anna Bell</a></p><a href="//[">open'
    assert check(Work("T", "Anna Bell"), Post(html=page)).to_json()["verdict"]


@pytest.mark.parametrize(
    "style",
    ["transform: translate(1.2.3px)", "transform: translate(.)", "position: absolute; clip: rect(1..2px,0,0,0)"],
)
def test_a_style_whose_number_is_none(style: str) -> None:
    assert check(WORK, Post(html=f'<p style="{style}">By {WORK.owner}</p>')).owner_marked
