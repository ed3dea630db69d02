"""What damaged and hostile recordings cost the others who use a service.

    python benchmarks/service/bad_sound.py [--rounds 3] [--seconds 15]

A service of its own, on this machine, with works registered. One client sends one post after the other, of text and of
pictures; in every other half of a round a second client sends recordings that are cut, damaged, empty, encrypted, of a
thousand streams, of ten hours of silence, and playlists that name other files, one after the other. What the first one
waits is printed for both, and as a ratio.
"""

from __future__ import annotations

import argparse
import random
import statistics
import struct
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import httpx
import imageio_ffmpeg

from benchmarks.service.load import Service, quantile, service
from benchmarks.service.traffic import Asked, Mixture
from fingerprints.audio.examples import tune, wav

_HOURS = 10
_KEY = "00112233445566778899aabbccddeeff"


def bad_files(folder: Path) -> dict[str, bytes]:
    """Recordings by what is wrong with them."""

    def encoded(name: str, *arguments: str, source: tuple[str, ...] = ("-i", str(folder / "song.wav"))) -> bytes:
        out = folder / name
        subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *source, *arguments, str(out)], check=True)
        return out.read_bytes()

    (folder / "song.wav").write_bytes(song := wav(tune(1, 60)))
    mp3, flac = encoded("a.mp3", "-b:a", "64k"), bytearray(encoded("a.flac"))
    draw = random.Random(1)
    for _ in range(200):
        flac[draw.randrange(1000, len(flac))] ^= 1 << draw.randrange(8)
    many = encoded("a.mka", *["-map", "0:a"] * 1000, "-t", "0.05", "-c:a", "pcm_u8", "-ar", "8000")
    key = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", _KEY, "-encryption_kid", _KEY)
    silence = ("-f", "lavfi", "-i", f"anullsrc=r=8000:cl=mono:d={_HOURS * 3600}")
    return {
        "cut": mp3[: len(mp3) // 2],
        "flipped bits": bytes(flac),
        "empty": wav(tune(1, 1)[:0]),
        "1,000 streams": many,
        "encrypted": encoded("e.m4a", *key),
        "absurd rate": song[:24] + struct.pack("<I", 4_000_000_000) + song[28:],
        "playlist": b"ID3\x04\0\0\0\0\0\0#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        f"{_HOURS} hours of silence": encoded("z.flac", source=silence),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=15)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name, service(Path(name), 1, None) as running:
        files, requests = bad_files(Path(name)), Mixture(1).requests()
        _waited(running, requests, chosen.seconds)  # decoders are started
        alone: list[float] = []
        beside: list[float] = []
        told: Counter[str] = Counter()
        for _ in range(chosen.rounds):
            alone += _waited(running, requests, chosen.seconds)
            stop = threading.Event()
            other = threading.Thread(target=_send_bad, args=(running, files, told, stop))
            other.start()
            beside += _waited(running, requests, chosen.seconds)
            stop.set()
            other.join()
    for which, seconds in (("alone", alone), ("beside bad sound", beside)):
        print(f"{which}: {len(seconds)} posts, p50 {quantile(seconds, 0.5):.3f} s, p95 {quantile(seconds, 0.95):.3f} s")
    print(f"ratio of medians {statistics.median(beside) / statistics.median(alone):.2f}")
    for what, number in sorted(told.items()):
        print(f"  {number} x {what}")


def _waited(of: Service, requests: Iterator[Asked], seconds: float) -> list[float]:
    """How long each of the posts that were sent in so many seconds took."""
    waited, until = [], time.monotonic() + seconds
    with httpx.Client(base_url=of.address, headers={"Authorization": f"Bearer {of.key}"}, timeout=120) as client:
        while time.monotonic() < until:
            asked = next(requests)
            began = time.monotonic()
            client.post(asked.path, **asked.body).raise_for_status()
            waited.append(time.monotonic() - began)
    return waited


def _send_bad(of: Service, files: dict[str, bytes], told: Counter[str], stop: threading.Event) -> None:
    with httpx.Client(base_url=of.address, headers={"Authorization": f"Bearer {of.key}"}, timeout=600) as client:
        for what, data in cycle(files.items()):
            if stop.is_set():
                return
            answer = client.post("/v1/scans", files={"file": ("song.mp3", data)})
            found = answer.json()
            told[
                f"{what}: {answer.status_code} {found.get('reason') or found.get('status') or found.get('state')}"
            ] += 1


if __name__ == "__main__":
    main()
