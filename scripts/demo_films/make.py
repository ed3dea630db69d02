"""Draw the films of ``sourcemark demo`` again; they are shipped as the files that this writes.

    python -m scripts.demo_films.make cli/demo/films

ffmpeg's encoder decides the bytes; the pictures and the tune are the same each time.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from fingerprints.audio.examples import tune, wav
from scripts.demo_films import scenes
from scripts.demo_films.scenes import HEIGHT, RATE, SECONDS, WIDTH
from scripts.demo_pictures.canvas import Floats

FILMS: dict[str, tuple[Callable[[], Iterator[Floats]], int]] = {  # pictures, and the seed of the tune
    "sky-lanterns.mp4": (scenes.lanterns, 71),
    "beach-kites.mp4": (scenes.kites, 72),
}


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, (frames, seed) in FILMS.items():
        _encode(frames(), wav(tune(seed, SECONDS, beat=0.4)), folder / name)


def _encode(frames: Iterator[Floats], sound: bytes, target: Path) -> None:
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(RATE), "-i", "pipe:0"]
    how = ["-c:v", "libx264", "-preset", "veryslow", "-crf", "29", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "48k"]
    with tempfile.NamedTemporaryFile(suffix=".wav") as heard:
        heard.write(sound)
        heard.flush()
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *raw, "-i", heard.name, *how, str(target)]
        pixels = b"".join((frame * 255 + 0.5).astype(np.uint8).tobytes() for frame in frames)
        subprocess.run(command, input=pixels, check=True)


if __name__ == "__main__":
    main()
