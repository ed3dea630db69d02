"""Recordings on the command line: every format is registered, found, and said what was read of it."""

from __future__ import annotations

import json

import pytest

from fingerprints.audio.examples import tune, under_noise, wav
from tests.cli.conftest import Command
from tests.fingerprints import encoding

pytestmark = pytest.mark.slow

SOUNDS = {
    **{name: arguments for name, (arguments, _, _) in encoding.SOUNDS.items()},
    "a.wma": ("-c:a", "wmav2"),
    "opus.webm": ("-c:a", "libopus"),
    "aac.mp4": ("-c:a", "aac"),
    "a.mka": ("-c:a", "libvorbis"),
}


def test_every_format_is_registered_and_found(sourcemark: Command) -> None:
    """Each has a recording of its own; what is scanned is another one of it, with noise."""
    works, uploads = sourcemark.folder / "works", sourcemark.folder / "uploads"
    works.mkdir()
    uploads.mkdir()
    for seed, (name, arguments) in enumerate(SOUNDS.items(), 20):
        song = tune(seed, 5)
        (works / name).write_bytes(encoding.encoded(name, *arguments, data=wav(song)))
        (uploads / f"{name}.wav").write_bytes(wav(under_noise(song, 25)))
    registered = sourcemark("register", "works", "--owner", "Lin Zhaoyun", "--json")
    assert {(line["medium"], line["fingerprintable"]) for line in registered.lines} == {("audio", True)}
    ids = {line["path"].rpartition("/")[2]: line["work_id"] for line in registered.lines}
    assert set(ids) == set(SOUNDS)
    lines = "".join(json.dumps({"path": f"uploads/{name}.wav", "external_id": name}) + "\n" for name in SOUNDS)
    scanned = sourcemark("scan", "--batch", "-", "--json", stdin=lines)
    assert {line["external_id"]: [match["work_id"] for match in line["matches"]] for line in scanned.lines} == {
        name: [work] for name, work in ids.items()
    }
    assert {round(line["facts"]["seconds_read"]) for line in scanned.lines} == {5}


def test_what_was_not_read_is_said(sourcemark: Command) -> None:
    song = encoding.encoded("a.flac", data=wav(tune(20, 12)))
    (sourcemark.folder / "half.flac").write_bytes(song[: len(song) // 2])
    (line,) = sourcemark("scan", "half.flac", "--json").lines
    assert (line["status"], line["verdict"], line["facts"]["partial"]) == ("decode_partial", "review", True)
    assert 4 < line["facts"]["seconds_read"] < line["facts"]["seconds"] == 12
    for lang, said in (("en", "6 of 12 seconds were read"), ("zh", "共 12 秒，读取 6 秒")):
        assert said in sourcemark("scan", "half.flac", env={"SOURCEMARK_LANG": lang}).out
