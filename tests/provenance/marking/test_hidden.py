"""What a page hides from its readers marks nothing, however it hides it; what only looks like hiding does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provenance.marking import Post, Work, check

from .hiding import pages

WORK = Work("On Rivers", "Ruth Calder", source_name="River Post", source_urls=("https://riverpost.example/r",))
PAGE = """<!doctype html><style>{css}</style><div class="w" id="d"><p class="t">Rivers are patient.</p>
<p class="c x" id="k" data-r="a b">By Ruth Calder, River Post: https://riverpost.example/r</p></div>"""


def verdict(html: str) -> str:
    return check(WORK, Post(html=html)).verdict


HIDING = [
    "p:last-child{display:none}",
    "p:nth-child(2){display:none}",
    "p:nth-last-of-type(1){display:none}",
    "p+p{display:none}",
    "p~.c{visibility:hidden}",
    "div>p:not(.t){display:none}",
    "[data-r~=b]{display:none}",
    'p[class^="c"]{font-size:0}',
    ":is(.c,.zz){display:none}",
    ":where(#k){opacity:0}",
    "div:has(.c) p.c{display:none}",
    ".t:has(+ .c) + .c{display:none}",
    ".w{.c{display:none}}",
    "#d{& > .c{display:none}}",
    ".w{@media screen{.c{display:none}}}",
    "p:read-only.c{display:none}",
    ":root{--off:none}.c{display:var(--off)}",
    ".w{--a:var(--b);--b:none}.c{display:var(--a)}",
    ".c{display:var(--nowhere, none)}",
    ".c{display:var(--nowhere)}",
    ".c{filter:opacity(0%)}",
    ".c{mask-image:linear-gradient(transparent,transparent)}",
    ".c{position:fixed;inset:auto auto 0 -9999px}",
    ".c{translate:0 -9999px}",
    ".c{transform:rotateY(90deg)}",
    ".c{transform:scale(.001)}",
]
NOT_HIDING = [
    ".c:hover{display:none}",
    ".c:target{display:none}",
    ".c::before{display:none}",
    "h2+.c{display:none}",
    "p:not(.c,.t){display:none}",
    "div:has(video) .c{display:none}",
    ".zz{.c{display:none}}",
    ":root{--off:block}.c{display:var(--off)}",
    ".c{filter:grayscale(1) opacity(.9)}",
    ".c{mask:none}",
    ".c{transform:rotate(2deg) scale(.9)}",
    "p:unheard-of{display:none}",
    "p:last-child{display:none}.c#k{display:block}",
    "@media print{p:last-child{display:none}}",
]


@pytest.mark.parametrize("css", HIDING)
def test_hidden(css: str) -> None:
    assert verdict(PAGE.replace("{css}", css)) == "missing"


@pytest.mark.parametrize("css", NOT_HIDING)
def test_shown(css: str) -> None:
    assert verdict(PAGE.replace("{css}", css)) == "partial"


# Where this check and Chromium differ, and why that stays so.
OTHERWISE = {
    "overflow:hidden;height:20px": "layout: nothing is measured",
    "position:absolute;inset:0": "layout: what covers something else is not known",
    "col style": "layout: columns of tables are not built",
    "display:nonsense": "@supports is believed",
    "brightness(100)": "in doubt a credit is not seen",
    "font-size:.01em": "in doubt a credit is not seen",
    "<textarea>": "what stands in a field of a form is the reader's",
    "<select>": "what stands in a field of a form is the reader's",
    "<input": "what stands in a field of a form is the reader's",
    "<object>": "the object is shown, and only where that fails what stands in it",
    "<img": "the picture is shown, and only where that fails what stands for it",
    "<details>": "a reader can open it, and what is in it is the post's",
}


def test_what_chromium_shows_is_seen_and_nothing_else() -> None:
    """`hiding.json` is what Chromium drew."""
    shown = json.loads((Path(__file__).parent / "hiding.json").read_text())
    every = pages()
    assert shown.keys() == every.keys(), "run scripts/look_at_pages.py"
    other = {name for name, html in every.items() if (verdict(html) == "partial") is not shown[name]}
    unknown = {name for name in other if not any(part in name for part in OTHERWISE)}
    assert not unknown


def test_a_popover_is_hidden_until_somebody_opens_it() -> None:
    assert verdict("<p>Rivers are patient.</p><div popover>By Ruth Calder, River Post</div>") == "missing"


def test_the_end_of_a_quotation_and_a_box_of_credits_are_no_footer_of_the_site() -> None:
    credit = 'Ruth Calder, <cite>On Rivers</cite>, <a href="https://riverpost.example/r">River Post</a>'
    body = "<p>Rivers are patient.</p>"
    for html in (
        f"<blockquote>{body}<footer>{credit}</footer></blockquote>",
        f'{body}<footer class="post-credits">{credit}</footer>',
        f'<aside class="source">{credit}</aside>{body}',
    ):
        report = check(WORK, Post(html=html))
        assert (report.owner_marked, report.source_traceable) == (True, True), html
    assert verdict(f'<article>{body}</article><footer class="site-footer">{credit}</footer>') == "missing"


def test_hostile_selectors_end() -> None:
    """They are no longer applied from some number on: the time does not grow with what a page can be made to ask."""
    many = "".join(f"div:has(.a{n} ~ .b{n}) :not(.c{n}) ~ p{{display:none}}" for n in range(400))
    deep = "<div>" * 3000 + "<p>x</p>" * 3000
    assert verdict(f"<style>{many}</style>{deep}") == "missing"
    nested = "a{" * 2000 + "display:none" + "}" * 2000
    huge = ":root{--a:" + "var(--a)" * 500 + "}.c{display:var(--a)}"
    assert verdict(PAGE.replace("{css}", nested)) == "partial"
    assert verdict(PAGE.replace("{css}", huge)) == "partial"
    assert verdict(PAGE.replace("{css}", ":is(" * 400 + "p" + ")" * 400 + "{display:none}")) == "partial"
