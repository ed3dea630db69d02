"""Pages whose credit a reader may or may not see: ways of selecting times ways of hiding, and markup that hides.

What a reader really sees was looked at in a browser: `scripts/look_at_pages.py` opens each page in Chromium and
writes `hiding.json` beside this file.
"""

from __future__ import annotations

from itertools import product

CREDIT = "By Ruth Calder, River Post: https://riverpost.example/r"
# The credit is a paragraph after the text; it has neighbours and forebears that selectors can ask for.
_PAGE = """<!doctype html><meta charset="utf-8"><style>{css}</style><main class="w" id="d"><p class="t">Rivers are patient.</p>
<p class="c x" id="k" data-r="a b" lang="en">{credit}</p></main>"""

_SELECTORS = (  # of the credit
    ".c", "#k", "p.c", "p:last-child", "p:nth-child(2)", "p:nth-child(2n)", "p:nth-last-child(1)",
    "p:nth-of-type(even)", "p:last-of-type", "p+p", "p~p", ".t ~ .x", "main>p:not(.t)", "[data-r]", '[data-r~="b"]',
    'p[class^="c"]', 'p[class$="x"]', 'p[class*="c x"]', '[lang|="en"]', "p:lang(en)", ":is(.c,.zz)", ":where(#k)",
    "main:has(.c) .c", ".t:has(+.c)+.c", "p:nth-child(1 of .c)", "main > :not(:first-child)", "*+p", "body main p.c.x",
    ".w :nth-last-child(1)", "p:not(:first-of-type)", "#d :is(p:not(.t))", "html p:nth-child(-2n+2)",
)  # fmt: skip
_MISSES = (  # look like they meant it, and do not
    ".C", "#K", "p:first-child", "p:nth-child(3)", "p:nth-of-type(3)", "h2+p", ".c ~ p", "main>p>.c", '[data-r="b"]',
    'p[class^="x"]', '[lang|="zh"]', "p:is(.zz,h2)", "main:has(video) .c", ".c:has(+.t)", "p:not(.c,.t)", ".c:hover",
    ".c:target", ".c::before", ".c:empty", ".c:checked", "p:only-child", ".c:unheard-of", ".c:focus-within", "p.c.zz",
    "p:nth-child(0)", ".c:active", ":is(.c:hover,.zz)",
)  # fmt: skip

_HIDING = (
    "display:none", "visibility:hidden", "visibility:collapse", "opacity:0", "opacity:.01", "opacity:0%", "font-size:0",
    "font-size:1px", "font:0/0 serif", "color:transparent", "color:#fff", "color:rgb(254 254 254)", "color:hsl(0 0% 100%)",
    "color:rgba(0,0,0,0)", "-webkit-text-fill-color:transparent", "color:white;background:white", "color:#0a0a0a;background:#000",
    "text-indent:-9999px", "text-indent:-200vw;white-space:nowrap;overflow:hidden", "position:absolute;left:-9999px", "position:absolute;top:-9999px",
    "position:fixed;inset:auto auto 0 -9999px", "position:fixed;top:-400vh", "margin-left:-9999px", "margin-top:-9999px",
    "height:0;overflow:hidden", "max-height:0;overflow:clip", "width:0;height:0;overflow:hidden", "height:1px;width:1px;overflow:hidden;white-space:nowrap",
    "clip-path:inset(100%)", "clip-path:inset(50%)", "clip-path:circle(0)", "clip-path:polygon(0 0,0 0,0 0)", "clip-path:ellipse(0 0)",
    "position:absolute;clip:rect(0 0 0 0)", "position:absolute;clip:rect(1px,1px,1px,1px)", "transform:scale(0)", "transform:scaleX(0)", "transform:translateX(-9999px)",
    "transform:translate(-500vw)", "transform:rotateY(90deg)", "transform:rotateX(.25turn)", "transform:matrix(0,0,0,0,0,0)", "transform:scale3d(0,1,1)",
    "scale:0", "translate:-9999px", "rotate:y 90deg", "zoom:.01", "filter:opacity(0)", "filter:opacity(2%)", "filter:brightness(100);background:#fff",
    "filter:blur(40px)", "mask:linear-gradient(transparent,transparent)", "-webkit-mask-image:linear-gradient(#0000,#0000)",
    "content-visibility:hidden", "display:none!important", "visibility:hidden!important", "line-height:0;overflow:hidden;height:0",
    "background:#fff;background-clip:text;color:transparent", "font-size:.01em", "font-size:calc(1px*0)", "opacity:calc(.5 - .5)",
    "display:var(--x,none)", "all:unset;display:none", "letter-spacing:-1em;height:0;overflow:hidden", "mix-blend-mode:screen",
    "position:absolute;right:9999px", "position:absolute;left:calc(-100vw - 900px)", "inset:0 auto auto -300vw;position:fixed", "max-width:0;overflow:hidden;white-space:nowrap",
    "max-block-size:0;overflow:hidden", "block-size:0;overflow:hidden", "padding:0;max-height:0px;overflow-y:hidden", "inset-inline-start:-9999px;position:absolute",
    "contain:size;overflow:hidden", "text-indent:100%;white-space:nowrap;overflow:hidden", "offset-path:path('M -9000 -9000 h 1')", "background:linear-gradient(#fff,#fff);color:#fff",
)  # fmt: skip
_SHOWING = (  # what decent pages do
    "display:block", "display:flex", "display:contents", "display:inline", "visibility:visible", "opacity:.6", "opacity:60%", "font-size:11px",
    "font-size:.8em", "font-size:clamp(10px,2vw,14px)", "color:#777", "color:gray", "color:light-dark(#444,#ccc)", "color:currentcolor", "color:rgb(0 0 0/.6)",
    "text-indent:2em", "position:absolute;left:10px", "position:relative;top:-2px", "position:sticky;bottom:0", "margin-left:-4px", "margin:2em auto", "height:40px;overflow:hidden",
    "max-height:10em;overflow:auto", "overflow:hidden", "overflow:hidden;text-overflow:ellipsis", "clip-path:none", "clip-path:inset(0)", "transform:none", "transform:rotate(2deg) scale(.9)",
    "transform:translateX(10px)", "scale:1", "translate:2px 2px", "rotate:1deg", "filter:grayscale(1) opacity(.9)", "filter:none", "mask:none", "content-visibility:auto",
    "content-visibility:visible", "float:right", "text-align:right", "font-style:italic;color:#666", "letter-spacing:.02em", "border-top:1px solid #ddd", "background:#f4f4f4;color:#555",
    "background:#222;color:#eee", "text-transform:uppercase", "font-variant:small-caps", "direction:rtl", "writing-mode:vertical-rl", "display:var(--x,block)", "order:-1", "z-index:-1",
    "animation:none", "will-change:opacity", "user-select:none", "pointer-events:none", "columns:2", "white-space:nowrap", "line-height:1", "opacity:1!important", "text-shadow:none",
    "zoom:.9", "background:none", "inset:auto", "clip:auto", "text-decoration:underline", "cursor:none", "outline:none", "content:none", "perspective:0", "color:inherit",
)  # fmt: skip

_SHEETS = (  # whole style sheets: nesting, conditions, the cascade
    ".w{.c{display:none}}", "#d{& > .c{display:none}}", ".w{&:has(.t) .c{visibility:hidden}}", ".c{&{display:none}}", ".t{& + .c{opacity:0}}",
    ".c{.w &{display:none}}", ".w{@media screen{.c{display:none}}}", "@media screen{.c{display:none}}", "@media (min-width:1px){.c{display:none}}",
    "@media (width>=1px){.c{display:none}}", "@media not print{.c{display:none}}", "@media all and (min-width:100px){.c{display:none}}",
    "@supports (display:grid){.c{display:none}}", "@supports not (display:nonsense){.c{display:none}}", "@layer a{.c{display:none}}",
    "@layer a,b;@layer b{.c{display:none}}@layer a{.c{display:block}}", "@scope (.w){.c{display:none}}", "@container (min-width:1px){.c{display:none}}",
    ".c{display:block}.c{display:none}", ".c{display:none!important}#k{display:block}", ".c{--off:none;display:var(--off)}", ":root{--off:none}.c{display:var(--off)}",
    ".w{--a:var(--b);--b:none}.c{display:var(--a)}", ".c{display:var(--nowhere,none)}", "main{visibility:hidden}", "main{visibility:hidden}.t{visibility:visible}",
    "main{opacity:0}.c{opacity:1}", "main{display:none}.c{display:block}", "main{color:#fff}", "body{background:#000}.c{color:#000}", "body{background:#000;color:#fff}.c{color:black}",
    "main{font-size:0}.t{font-size:16px}", "main{position:relative}.c{position:absolute;left:-9999px}", "@starting-style{.c{opacity:0}}.c{opacity:0}", ".c{animation:x 1s forwards}@keyframes x{to{opacity:0}}.c{opacity:0}",
    "@media print{.c{display:block}}.c{display:none}", ".zz,.c{display:none}", ".c,:unheard{display:none}.c{opacity:0}", "/* .c{display:block} */.c{display:none}", "@charset 'utf-8';.c{display:none}",
    "@import url(x.css);.c{display:none}", "<!-- .c{display:none} -->", ".c{display:none;}}.c{color:red}", ".c{disp\\6cay:none}.c{display:none}", ".\\63{display:none}", ".c{DISPLAY:NONE}", ".c{display/**/:none}",
    "@namespace svg url(x);.c{display:none}", "@property --p{syntax:'*';inherits:true;initial-value:none}.c{display:var(--p)}",
    # and those that hide nothing
    "@media print{.c{display:none}}", "@media (max-width:1px){.c{display:none}}", "@media not screen{.c{display:none}}", "@media (min-width:99999px){.c{display:none}}", "@media speech{.c{display:none}}",
    "@supports (display:nonsense){.c{display:none}}", "@supports not (display:grid){.c{display:none}}", "@scope (.zz){.c{display:none}}", "@container (min-width:99999px){.c{display:none}}",
    ".zz{.c{display:none}}", ".c{&.zz{display:none}}", ".c{.zz &{display:none}}", "p:last-child{display:none}#k{display:block}", ".c{display:none}.c{display:block}",
    "#k{display:block}.c{display:none}", ".c{display:block!important}#k{display:none}", "main{visibility:hidden}.c{visibility:visible}", "main{color:#fff}.c{color:#333}", "main{font-size:0}.c{font-size:14px}",
    ":root{--off:block}.c{display:var(--off)}", "@layer a{.c{display:none}}.c{display:block}", "@layer a,b;@layer a{.c{display:none}}@layer b{.c{display:block}}", "@font-face{font-family:x;src:url(x)}",
    "@keyframes x{from{opacity:0}to{opacity:1}}.c{animation:x 1s}", ".c{display:none", "/*.c{display:none}*/", "body{background:#000;color:#fff}", "body{background:#111}main{color:#ddd}", ".c::after{content:'.';opacity:0}",
    "@page{.c{display:none}}", ".c{display:nonsense}", ".c{opacity:nonsense}", ".c{visibility:none}", "@media screen and (orientation:nonsense){.c{display:none}}", ".c:not(*){display:none}",
)  # fmt: skip

_C = f"<p>{CREDIT}</p>"
_BODIES = (  # markup that hides, or does not
    f"<div hidden>{_C}</div>", f"<div hidden=''>{_C}</div>", f"<div hidden=false>{_C}</div>", f"<div hidden=until-found>{_C}</div>", f"<div popover>{_C}</div>", f"<div popover=manual>{_C}</div>",
    f"<dialog>{_C}</dialog>", f"<dialog open>{_C}</dialog>", f"<details><summary>More</summary>{_C}</details>", f"<details open><summary>More</summary>{_C}</details>",
    f"<details><summary>{CREDIT}</summary><p>x</p></details>", f"<template>{_C}</template>", f"<noscript>{_C}</noscript>", f"<script>{_C}</script>", f"<style>{_C}</style>", f"<textarea>{CREDIT}</textarea>",
    f"<textarea hidden>{CREDIT}</textarea>", f"<select><option>{CREDIT}</select>", f"<datalist><option>{CREDIT}</datalist>", f"<input value='{CREDIT}'>", f"<input type=hidden value='{CREDIT}'>", f"<input placeholder='{CREDIT}'>",
    f"<button>{CREDIT}</button>", f"<div inert>{_C}</div>", f"<div aria-hidden=true>{_C}</div>", f"<iframe>{_C}</iframe>", f"<object>{_C}</object>", f"<video>{_C}</video>", f"<canvas>{_C}</canvas>", f"<svg><text y=20>{CREDIT}</text></svg>",
    f"<svg><defs><text y=20>{CREDIT}</text></defs></svg>", f"<svg><title>{CREDIT}</title></svg>", f"<math><mtext>{CREDIT}</mtext></math>", f"<!-- {_C} -->", f"<p title='{CREDIT}'>x</p>", f"<img alt='{CREDIT}' src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>",
    f"<font color=white>{CREDIT}</font>", f"<font color=gray size=1>{CREDIT}</font>", f"<table bgcolor=white><tr><td><font color='#ffffff'>{CREDIT}</font></table>", f"<small>{CREDIT}</small>", f"<s>{CREDIT}</s>", f"<del>{CREDIT}</del>", f"<cite>{CREDIT}</cite>",
    f"<ruby>x<rp>{CREDIT}</rp></ruby>", f"<ruby>Ruth<rt>{CREDIT}</rt></ruby>", f"<marquee behavior=alternate scrollamount=0>{CREDIT}</marquee>", f"<center>{CREDIT}</center>", f"<p hidden><p>{CREDIT}", f"<div style=display:none><table><tr><td>x</table></div>{_C}", f"<div style='display:none'>{_C}",
    f"<p style='display:none'>x<div>{CREDIT}</div>", f"<ul><li style='display:none'>x<li>{CREDIT}</ul>", f"<div style='DISPLAY : NONE'>{_C}</div>", f"<div style='display:none!important;display:block'>{_C}</div>", f"<div style='display:none;display:block'>{_C}</div>", f"<div style='display:none'></div>{_C}",
    f"<fieldset><legend>{CREDIT}</legend></fieldset>", f"<div style='height:0'>{_C}</div>", f"<div style='height:0;overflow:hidden'>{_C}</div>", f"<div style='position:relative;height:0;overflow:hidden'><p style='position:absolute'>{CREDIT}</p></div>", f"<div style='overflow:hidden;height:20px'><p style='margin-top:400px'>{CREDIT}</p></div>",
    f"<div style='overflow:hidden;width:0'>{_C}</div>", f"<div style='position:relative'>{_C}<div style='position:absolute;inset:0;background:#fff'></div></div>", f"<div style='position:relative'><div style='position:absolute;inset:0;background:#fff;z-index:-1'></div>{_C}</div>", f"<div style='display:grid;grid-template-rows:0fr'><div style='overflow:hidden;min-height:0'>{_C}</div></div>",
    f"<div style='visibility:hidden'><p style='visibility:visible'>{CREDIT}</p></div>", f"<div style='opacity:0'><p style='opacity:1'>{CREDIT}</p></div>", f"<frameset>{_C}</frameset>", f"<plaintext>{CREDIT}", f"<xmp>{CREDIT}</xmp>", f"<noframes>{_C}</noframes>", f"<head>{_C}</head>", f"<div></div hidden>{_C}",
    f"<table style='visibility:collapse'><tr><td>{CREDIT}</table>", f"<table><tr style='visibility:collapse'><td>{CREDIT}<tr><td>x</table>", f"<table><col style='visibility:collapse'><tr><td>{CREDIT}<td>x</table>", f"<table hidden><tr><td>x</table>{_C}", f"<meter>{CREDIT}</meter>", f"<progress>{CREDIT}</progress>",
    f"<audio>{_C}</audio>", f"<audio controls>{_C}</audio>", f"<map>{_C}</map>", f"<area alt='{CREDIT}'>", f"<slot>{_C}</slot>", f"<x-y>{_C}</x-y>", f"<dl><dt hidden>x<dd>{CREDIT}</dl>", f"<p style='color:#fff'>x <b style='color:#000'>{CREDIT}</b></p>", f"<p style='background:url(x.png)'>{CREDIT}</p>",
    f"<p style='background:#000 url(data:,) ;color:#fff'>{CREDIT}</p>", f"<div style='color:white;background:navy'>{_C}</div>", f"<div style='background:white'><div style='color:white'>{_C}</div></div>", f"<div style='background:black;color:white'><div style='background:white'>{_C}</div></div>", f"<p style='font:italic 12px serif'>{CREDIT}</p>", f"<p style='font-size:max(0px,0px)'>{CREDIT}</p>",
)  # fmt: skip


def pages() -> dict[str, str]:
    """Every page by what hides (or does not hide) its credit."""
    found = {}
    every = [
        *((f"{selector}{{display:none}}", "") for selector in (*_SELECTORS, *_MISSES)),
        *((f".c{{{declarations}}}", "") for declarations in (*_HIDING, *_SHOWING)),
        *((sheet, "") for sheet in _SHEETS),
        *(
            (f"{selector}{{{declarations}}}", "")
            for selector, declarations in product(_SELECTORS[1::9], _HIDING[3::17])
        ),
    ]
    for css, _ in every:
        found[css] = _PAGE.replace("{css}", css).replace("{credit}", CREDIT)
    for declarations in (*_HIDING[::4], *_SHOWING[::6]):
        style = declarations.replace('"', "'")
        found[f'style="{style}"'] = _inside(f'<p style="{style}">{CREDIT}</p>')
    for body in _BODIES:
        found[body] = _inside(body)
    return found


def _inside(body: str) -> str:
    return f'<!doctype html><meta charset="utf-8"><main><p>Rivers are patient.</p>{body}</main>'
