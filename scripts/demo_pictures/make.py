"""Paint the pictures of ``sourcemark demo`` again; they are shipped as the files that this writes.

    python scripts/demo_pictures/make.py cli/demo/pictures

The same pixels each time with one version of NumPy and Pillow.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from scripts.demo_pictures import landscapes, plates

PICTURES: dict[str, Callable[[], bytes]] = {
    "dusk-ridges.jpg": landscapes.mountains,
    "harbour-night.jpg": landscapes.harbour,
    "ginkgo-branch.jpg": plates.ginkgo,
    "marbled-ink.jpg": plates.ink,
    "fields-from-the-air.jpg": plates.fields,
}


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, paint in PICTURES.items():
        (folder / name).write_bytes(paint())


if __name__ == "__main__":
    main()
