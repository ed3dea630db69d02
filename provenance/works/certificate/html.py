"""A certificate as one HTML file: no scripts, nothing loaded from anywhere, fit for printing."""

from __future__ import annotations

import base64
import io
from html import escape

from .content import Certificate

_STYLE = """
body{font:15px/1.5 "Noto Serif","Noto Serif CJK SC","Songti SC",SimSun,serif;max-width:46rem;margin:2rem auto;
padding:0 1.5rem;color:#111;background:#fff}
h1{font-size:1.7rem;border-bottom:3px double #111;padding-bottom:.4rem}
h2{font-size:1.05rem;margin:1.4rem 0 .3rem}
dl{display:grid;grid-template-columns:11rem 1fr;gap:.15rem 1rem;margin:0}
dt{color:#555}dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse;font-size:.85rem}td{padding:.1rem .5rem .1rem 0;vertical-align:top}
.code{float:right;width:9.5rem;height:9.5rem;margin:0 0 .5rem 1rem}
.work{max-width:16rem;max-height:9.5rem}
.note{font-size:.85rem;color:#333;border-top:1px solid #999;margin-top:1.5rem;padding-top:.6rem}
@media print{body{margin:0}}@media(max-width:34rem){dl{grid-template-columns:1fr}dt{margin-top:.4rem}}
"""


def to_html(certificate: Certificate) -> bytes:
    """UTF-8."""
    picture = io.BytesIO()
    certificate.qr().save(picture, kind="svg", xmldecl=False, svgns=True, svgclass="code", omitsize=True, border=2)
    label = escape(certificate.code, quote=True)
    svg = picture.getvalue().decode().strip().replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
    body = [f"<h1>{escape(certificate.title)}</h1>", svg]
    if certificate.picture is not None:
        data = base64.b64encode(certificate.picture.data).decode()
        alt = {"en": "the work", "zh": "作品"}[certificate.language]
        body.append(f'<img class="work" alt="{alt}" src="data:image/jpeg;base64,{data}">')
    for heading, rows in certificate.sections:
        body.append(f"<h2>{escape(heading)}</h2><dl>")
        for name, values in rows:
            shown = "<br>".join(f"<bdi>{escape(value)}</bdi>" for value in values)
            body.append(f"<dt>{escape(name)}</dt><dd>{shown}</dd>")
        body.append("</dl>")
    body.append(f"<h2>{escape(certificate.checks_title)}</h2><table>")
    for cells in certificate.checks:
        body.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    body.append(f'</table><p class="note">{escape(certificate.note)}</p>')
    lang = {"en": "en", "zh": "zh-Hans"}[certificate.language]
    page = (
        f'<!doctype html><html lang="{lang}"><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(certificate.title)}</title><style>{_STYLE}</style>{''.join(body)}</html>\n"
    )
    return page.encode("utf-8", "replace")
