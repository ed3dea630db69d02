"""What containers of film say of owner and title, as ffmpeg writes it."""

import pytest

from fingerprints import registry
from fingerprints.model import Limits
from fingerprints.source import Source
from tests.fingerprints import encoding

SAID = {"artist": "乔晚舟", "copyright": "© 2026 晚舟映画", "title": "天灯升起"}
FILMS = {
    "a.mp4": ("mp4", "-c:v", "mpeg4"),
    "a.mov": ("mp4", "-c:v", "mpeg4"),
    "a.mkv": ("matroska", "-c:v", "mpeg4"),
    "a.webm": ("matroska", "-c:v", "libvpx", "-deadline", "realtime"),
    "a.avi": ("riff", "-c:v", "mpeg4"),
    "a.wmv": ("asf", "-c:v", "wmv2"),
}
SHORT = ("-f", "lavfi", "-i", "testsrc2=s=96x64:r=10:d=1")


@pytest.mark.parametrize("name", FILMS)
def test_owner_and_title_are_read(name: str) -> None:
    where, *how = FILMS[name]
    said = [part for tag, value in SAID.items() for part in ("-metadata", f"{tag}={value}")]
    film = encoding.encoded(name, "-map", "1:v", *how, *said, inputs=SHORT)
    found = {field.tag.lower(): field for field in registry.examine(Source.blob(film), Limits()).fields}
    assert found["title"].where == where
    values = {field.value for field in found.values()}
    assert set(SAID.values()) <= values
