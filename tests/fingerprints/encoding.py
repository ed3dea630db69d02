"""Files of sound that ffmpeg encodes for the tests; a program in its place that pauses."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import imageio_ffmpeg

from fingerprints.audio.examples import tune, wav

SECONDS = 4.0
PICTURE = ("-f", "lavfi", "-i", f"testsrc2=s=96x64:r=10:d={SECONDS}")
_AMR = ("-ar", "8000", "-ac", "1", "-c:a", "libopencore_amrnb")

# By name: arguments of ffmpeg, the format that is sniffed, and the codec.
SOUNDS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "a.mp3": (("-b:a", "64k"), "mp3", "mp3"),
    "mpeg2.mp3": (("-b:a", "32k", "-ar", "16000", "-id3v2_version", "0"), "mp3", "mp3"),
    "a.aac": ((), "aac", "aac"),
    "a.m4a": ((), "m4a", "aac"),
    "alac.m4a": (("-c:a", "alac"), "m4a", "alac"),
    "a.flac": ((), "flac", "flac"),
    "a.ogg": (("-c:a", "libvorbis"), "ogg", "vorbis"),
    "a.opus": ((), "ogg", "opus"),
    "16.wav": ((), "wav", "pcm_s16le"),
    "24.wav": (("-c:a", "pcm_s24le"), "wav", "pcm_s24le"),
    "float.wav": (("-c:a", "pcm_f32le"), "wav", "pcm_f32le"),
    "adpcm.wav": (("-c:a", "adpcm_ima_wav"), "wav", "adpcm_ima_wav"),
    "rf64.wav": (("-rf64", "always"), "wav", "pcm_s16le"),
    "a.w64": ((), "w64", "pcm_s16le"),
    "a.aiff": ((), "aiff", "pcm_s16be"),
    "a.amr": (_AMR, "amr", "amr_nb"),
}
FILMS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "a.mp4": (("-c:v", "mpeg4", "-c:a", "aac"), "mp4", "aac"),
    "a.mov": (("-c:v", "mpeg4", "-c:a", "pcm_s16le"), "mov", "pcm_s16le"),
    "a.webm": (("-c:v", "libvpx", "-c:a", "libopus"), "webm", "opus"),
    "a.mkv": (("-c:v", "mpeg4", "-c:a", "libmp3lame"), "mkv", "mp3"),
    "a.avi": (("-c:v", "mpeg4", "-c:a", "libmp3lame"), "avi", "mp3"),
    "a.ts": (("-c:v", "mpeg2video", "-c:a", "mp2"), "mpegts", "mp2"),
    "a.mpg": (("-c:v", "mpeg2video", "-r", "25", "-c:a", "mp2"), "mpeg", "mp2"),
    "a.flv": (("-c:v", "flv1", "-c:a", "libmp3lame", "-ar", "22050"), "flv", "mp3"),
    "a.wmv": (("-c:v", "wmv2", "-c:a", "wmav2"), "asf", "wmav2"),
}


@cache
def recording() -> bytes:
    """What is encoded, as WAV."""
    return wav(tune(7, SECONDS))


@cache
def sound(name: str) -> bytes:
    return encoded(name, *SOUNDS[name][0])


@cache
def film(name: str) -> bytes:
    return encoded(name, *FILMS[name][0], inputs=PICTURE)


def encoded(name: str, *arguments: str, data: bytes | None = None, inputs: Sequence[str] = ()) -> bytes:
    """A file of this name from the recording, or from ``data``, and further inputs."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, name)
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", "pipe:0", *inputs, *arguments, str(out)]
        subprocess.run(command, input=recording() if data is None else data, check=True, timeout=60)
        return out.read_bytes()


_PAUSING = """#!/bin/sh
case "$*" in
*pipe:1*)
    head -c {size} /dev/zero
    sleep 0.7
    head -c {size} /dev/zero
    until [ -e {go} ]; do sleep 0.05; done
    head -c {size} /dev/zero
    ;;
*)
    cat >&2 <<END
Input #0, wav, from 'fd:':
  Duration: 00:20:00.00, bitrate: 0 kb/s
  Stream #0:0: Audio: pcm_s16le, 11025 Hz, stereo, s16
END
    ;;
esac
"""


def pausing_program(folder: Path) -> Path:
    """A program in the place of ffmpeg: of twenty minutes it gives 20 seconds of silence, pauses so that the worker
    tells of it, gives as much again, and the rest when there is a file ``go`` in the folder."""
    path = folder / "ffmpeg"
    path.write_text(_PAUSING.format(size=20 * 11_025 * 4, go=folder / "go"))
    path.chmod(0o755)
    return path
