"""Look at the pages of tests/provenance/marking/hiding.py in Chromium, and write which of them show their credit.

A page is drawn twice, the second time with other letters in the credit's place: where the two pictures differ by more
than a reader's eye overlooks, the credit is seen. Needs Debian's `chromium`; run it when a case is added:

    .venv/bin/python scripts/look_at_pages.py
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.provenance.marking.hiding import CREDIT, pages  # noqa: E402

RESULTS = ROOT / "tests/provenance/marking/hiding.json"
LEAST_CONTRAST = 24  # of 255: fainter differences are not seen
LEAST_PIXELS = 120  # of a line of 55 letters: dust is not read
OTHER = "".join("X" if char.isalpha() else char for char in CREDIT)


def drawn(page: Page, html: str) -> np.ndarray:
    """What the whole page looks like, in grey; shape (height, width)."""
    page.set_content(html)
    page.evaluate("document.getAnimations().forEach(animation => animation.finish())")
    shown = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("L")
    return np.asarray(shown, dtype=np.int16)


def is_seen(page: Page, html: str) -> bool:
    one, other = drawn(page, html), drawn(page, html.replace(CREDIT, OTHER))
    height, width = (min(a, b) for a, b in zip(one.shape, other.shape, strict=True))
    differs = np.abs(one[:height, :width] - other[:height, :width]) > LEAST_CONTRAST
    return int(differs.sum()) > LEAST_PIXELS


def main() -> None:
    flags = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", chromium_sandbox=False, args=[*flags, "--disable-component-update"]
        )
        page = browser.new_page(viewport={"width": 1000, "height": 700}, java_script_enabled=True)
        page.route("**/*", lambda route: route.abort())
        seen = {name: is_seen(page, html) for name, html in pages().items()}
        browser.close()
    RESULTS.write_text(json.dumps(seen, indent=0, ensure_ascii=False) + "\n")
    print(f"{len(seen)} pages, {sum(seen.values())} show their credit")


if __name__ == "__main__":
    main()
