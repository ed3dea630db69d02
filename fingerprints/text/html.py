"""Which code points of an HTML document a reader sees, without moving any of them.

A tokenizer after the HTML standard's (WHATWG, 13.2.5), as far as visibility needs it: comments, tags with quoted
attributes, raw-text elements, character references. What never ends swallows the rest, as in a browser, which also
keeps the scan linear.
"""

from __future__ import annotations

import re
from array import array
from html import unescape

import numpy as np
from numpy.typing import NDArray

_RAW = "script|style|title|template|iframe|noembed|noframes|xmp"
_MARKUP = re.compile(
    rf"""
      <!--(?:>|->|.*?(?:--!?>|\Z))
    | <!\[CDATA\[ | \]\]>
    | <(?P<raw>{_RAW})(?=[\s/>])(?:[^>"'=]++|=\s*+"[^"]*+(?:"|\Z)|=\s*+'[^']*+(?:'|\Z)|["'=])*+(?:>|\Z)
      .*?(?:</(?P=raw)(?=[\s/>])[^>]*+(?:>|\Z)|\Z)
    | </?[a-z](?:[^>"'=]++|=\s*+"[^"]*+(?:"|\Z)|=\s*+'[^']*+(?:'|\Z)|["'=])*+(?:>|\Z)
    | <[!?/][^>]*+(?:>|\Z)
    | (?P<entity>&(?:\#[0-9]{{1,7}}|\#x[0-9a-f]{{1,6}}|[a-z][a-z0-9]{{1,31}});?)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


def visible(text: str, points: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Blank what a reader does not see.

    Args:
        text: the document.
        points: its code points, shape (len(text),); not changed.

    Returns:
        An array of the same shape: markup is zero, a character reference is its character followed by zeros.
    """
    starts, ends = array("q"), array("q")  # compact, because a hostile page is nothing but tags
    places, characters = array("q"), array("q")
    for found in _MARKUP.finditer(text):
        start, end = found.span()
        if found.lastgroup == "entity":
            value = unescape(found[0])
            if value == found[0] or len(value) >= end - start:
                continue
            places.extend(range(start, start + len(value)))
            characters.extend(map(ord, value))
        starts.append(start)
        ends.append(end)
    depth = np.zeros(len(points) + 1, dtype=np.int8)
    depth[np.frombuffer(starts, dtype=np.int64)] += 1
    depth[np.frombuffer(ends, dtype=np.int64)] -= 1
    out = points.copy()
    out[np.cumsum(depth[:-1], dtype=np.int8) > 0] = 0
    out[np.frombuffer(places, dtype=np.int64)] = np.frombuffer(characters, dtype=np.int64).astype(np.uint32)
    return out
