"""Pictures of films of all containers and codecs that people publish, as ffmpeg itself encodes them."""

import random
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from numpy.typing import NDArray

from fingerprints.errors import LimitExceeded, UnreadableMedia
from fingerprints.ffmpeg import container, pictures, sound
from fingerprints.ffmpeg.reading import Reading
from fingerprints.model import Limits
from fingerprints.source import Source
from tests.fingerprints import encoding

pytestmark = pytest.mark.slow

LIMITS = Limits()
WIDTH, HEIGHT, RATE, SECONDS = 96, 64, 10, 3
LATE_SOUND = (*encoding.PICTURE, "-itsoffset", "2", "-f", "lavfi", "-i", "sine=d=2")
NOISE = ("-vf", "noise=alls=30:allf=t")  # makes files of some size
DARKEST, EACH_SECOND = 40, 50  # of all but the corner, which is white
Frames = list[tuple[float, NDArray[np.uint8]]]
FILMS: dict[str, tuple[str, ...]] = {
    "h264.mp4": ("-c:v", "libx264"),
    "hevc.mov": ("-c:v", "libx265", "-x265-params", "log-level=error"),
    "mpeg4.mov": ("-c:v", "mpeg4"),
    "av1.mkv": ("-c:v", "libsvtav1", "-preset", "12", "-svtav1-params", "lp=1"),
    "vp8.webm": ("-c:v", "libvpx", "-deadline", "realtime"),
    "vp9.webm": ("-c:v", "libvpx-vp9", "-deadline", "realtime"),
    "h264.ts": ("-c:v", "libx264"),
    "mpeg4.avi": ("-c:v", "mpeg4"),
    "h264.flv": ("-c:v", "libx264"),
    "mpeg2.mpg": ("-c:v", "mpeg2video", "-r", "25"),
    "h263.3gp": ("-c:v", "h263", "-s", "128x96"),
    "wmv2.wmv": ("-c:v", "wmv2"),
}


@cache
def drawn(seconds: float = SECONDS) -> bytes:
    """Raw pictures: grey that grows lighter every second, with a white corner at the top left."""
    frames = np.zeros((int(seconds * RATE), HEIGHT, WIDTH), np.uint8)
    frames += (DARKEST + EACH_SECOND * (np.arange(len(frames)) // RATE)).astype(np.uint8)[:, None, None]
    frames[:, : HEIGHT // 2, : WIDTH // 3] = 255
    return frames.tobytes()


def film(name: str, *arguments: str) -> bytes:
    raw = ("-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(RATE), "-i", "pipe:0")
    return _made(name, drawn(), *raw, *arguments, "-pix_fmt:v:0", "yuv420p")


def copied(name: str, data: bytes, *arguments: str, before: tuple[str, ...] = ()) -> bytes:
    """The streams of a film in another container, unchanged."""
    with tempfile.NamedTemporaryFile(suffix=".mp4") as given:
        given.write(data)
        given.flush()
        return _made(name, b"", *before, "-i", given.name, "-c", "copy", *arguments)


def _made(name: str, data: bytes, *arguments: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, name)
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *arguments, str(out)]
        subprocess.run(command, input=data, check=True, timeout=60)
        return out.read_bytes()


def read(data: bytes, limits: Limits = LIMITS, rate: float = 4, **options: bool) -> tuple[Frames, Reading]:
    source, reading = Source.blob(data), Reading()
    held = container.read(source, limits)
    with pictures.frames(source, limits, held, reading, rate=rate, longest_side=48, **options) as frames:
        return list(frames), reading


@pytest.mark.parametrize("name", FILMS)
def test_pictures_have_their_times(name: str) -> None:
    data = film(name, *FILMS[name])
    frames, reading = read(data)
    held = container.read(Source.blob(data), LIMITS)
    assert (reading.complaints, reading.partial(held)) == (0, False)
    assert reading.seconds == pytest.approx(SECONDS, abs=0.25)
    assert len(frames) == 4 * SECONDS
    for number, (at, frame) in enumerate(frames):
        assert number / 4 <= at + 0.001 < (number + 1) / 4
        assert max(frame.shape) == 48
        lines, columns = frame.shape
        assert frame[lines * 3 // 4, columns * 3 // 4] == pytest.approx(DARKEST + EACH_SECOND * int(at + 0.001), abs=6)
        assert frame[lines // 4, columns // 6] > 240


@pytest.mark.parametrize(("degrees", "corner"), [(90, "bottom left"), (-90, "top right"), (180, "bottom right")])
def test_pictures_are_turned_as_their_film_says(degrees: int, corner: str) -> None:
    upright = film("a.mp4", "-c:v", "libx264")
    turned = copied("b.mp4", upright, before=("-display_rotation", str(degrees)))
    frames, _ = read(turned)
    assert frames[0][1].shape == ((32, 48) if degrees == 180 else (48, 32))
    picture = frames[0][1]
    bright = picture[-6 if "bottom" in corner else 6, -6 if "right" in corner else 6]
    assert bright > 240
    assert (picture > 200).mean() == pytest.approx(1 / 6, abs=0.05)


def test_colours_are_red_green_blue() -> None:
    frames, _ = read(film("a.mp4", "-vf", "drawbox=c=red:t=fill", "-c:v", "libx264"), colour=True)
    red, green, blue = frames[0][1].reshape(-1, 3).mean(axis=0)
    assert frames[0][1].shape == (32, 48, 3)
    assert red > 200 > 60 > max(green, blue)


def test_many_pixels_are_refused() -> None:
    data = film("a.mp4", "-c:v", "libx264")
    with pytest.raises(LimitExceeded) as refused:
        read(data, Limits(max_pixels=6000))
    assert refused.value.reason == "too_many_pixels"


def test_a_film_without_decodable_pictures_is_refused() -> None:
    data = bytearray(film("a.mkv", "-c:v", "libx264"))
    at = data.find(b"\x1f\x43\xb6\x75")  # the first cluster
    for place in range(at + 30, len(data), 3):
        data[place] ^= 0x5A
    with pytest.raises(UnreadableMedia) as refused:
        read(bytes(data))
    assert refused.value.reason == "damaged"


@pytest.mark.parametrize("name", ["vp8.webm", "mpeg4.avi", "wmv2.wmv", "h264.flv", "h264.ts"])
def test_half_a_film_is_seen_in_part(name: str) -> None:
    data = film(name, *NOISE, *FILMS[name])
    half = data[: len(data) // 2]
    frames, reading = read(half)
    assert 0 < len(frames) < 4 * SECONDS
    # A transport stream says nothing of its length.
    assert name == "h264.ts" or reading.partial(container.read(Source.blob(half), LIMITS))


def test_damage_is_skipped_and_noticed() -> None:
    data, draw = bytearray(film("a.mkv", *NOISE, "-c:v", "libx264", "-g", "5")), random.Random(5)
    for _ in range(20):
        data[draw.randrange(len(data) // 3, len(data) // 2)] ^= 1 << draw.randrange(8)
    frames, reading = read(bytes(data))
    assert len(frames) >= 8
    assert frames[-1][0] > SECONDS - 0.5
    assert reading.complaints
    assert reading.partial(container.read(Source.blob(bytes(data)), LIMITS))


def test_frames_at_odd_times_keep_them() -> None:
    # Of variable rate: the first second, then one frame a second; the last stays as long as those before it.
    odd = film("a.mkv", "-vf", "select='lt(n,10)+not(mod(n,10))'", "-fps_mode", "vfr", "-c:v", "libx264")
    frames, reading = read(odd)
    assert [round(at, 1) for at, _ in frames] == [0, 0.3, 0.5, 0.8, 1, 2]
    assert reading.stayed == pytest.approx(1, abs=0.01)
    assert not reading.partial(container.read(Source.blob(odd), LIMITS))


def test_time_begins_at_nought() -> None:
    """Before it, and what an edit list leaves out, is nothing."""
    whole = film("a.mp4", "-c:v", "libx264")
    for name, before, arguments in (
        ("late.mkv", (), ("-bsf:v", "setts=ts=TS-7000")),
        ("late.ts", (), ("-output_ts_offset", "3600")),
        ("edited.mp4", ("-ss", "1"), ()),
    ):
        frames, reading = read(copied(name, whole, *arguments, before=before))
        assert frames[0][0] == 0
        assert len(frames) == (8 if before else 12)
        assert frames[-1][1][24, 36] == pytest.approx(DARKEST + 2 * EACH_SECOND, abs=6)
        assert frames[0][1][24, 36] == pytest.approx(DARKEST + (EACH_SECOND if before else 0), abs=6)
        assert reading.complaints == 0


def test_sound_that_begins_late_is_heard_late() -> None:
    late = encoding.encoded("a.mkv", "-c:v", "mpeg4", "-map", "1:v", "-map", "2:a", inputs=LATE_SOUND)
    reading = Reading()
    with sound.samples(Source.blob(late), LIMITS, 8000, reading) as blocks:
        samples = np.concatenate(list(blocks))[:, 0]
    assert np.flatnonzero(np.abs(samples) > 500)[0] / 8000 == pytest.approx(2, abs=0.1)


def test_interlaced_pictures_are_of_one_moment() -> None:
    woven = "geq=lum='255*lt(mod(X+24*N,96),24)',interlace,format=yuv420p"
    data = film("a.mkv", "-vf", woven, "-flags", "+ilme+ildct", "-c:v", "libx264", "-x264-params", "tff=1")
    assert container.read(Source.blob(data), LIMITS).pictures[0].interlaced
    for _, picture in read(data)[0]:
        lines = picture[20:].astype(int)
        assert np.abs(np.diff(lines, axis=0)).max() < 40


def test_of_high_dynamic_range_the_brightness_is_a_common_screen_s() -> None:
    pq = ("-c:v", "libx265", "-x265-params", "log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc")
    held = film("a.mp4", "-vf", "drawbox=c=0x949494:t=fill", *pq)
    assert container.read(Source.blob(held), LIMITS).pictures[0].hdr
    frames, _ = read(held)
    # Value 148 of 255 is the white of captions; a little of the range is left for what is brighter.
    assert 235 < frames[0][1][20, 30] < 250


def test_a_change_of_size_keeps_the_shape() -> None:
    both = film("a.ts", "-c:v", "libx264") + film("b.ts", "-vf", "scale=64:96", "-c:v", "libx264")
    frames, reading = read(both)
    assert len(frames) > 4 * SECONDS
    assert {frame.shape for _, frame in frames} == {(32, 48)}
    assert reading.complaints == 0


def test_a_picture_that_stays_for_a_day_is_one_picture() -> None:
    still = film("a.mp4", "-vf", "setpts=N*86400*10/30/TB", "-fps_mode", "vfr", "-c:v", "libx264", "-t", "86400")
    frames, reading = read(still)
    assert len(frames) < 5
    assert reading.seconds > 20_000


def test_a_thousand_pictures_a_second_are_read_by_steps() -> None:
    fast = film("a.mp4", "-vf", "settb=1/1000,setpts=N", "-r", "1000", "-c:v", "libx264", "-preset", "ultrafast")
    held = container.read(Source.blob(fast), LIMITS).pictures[0]
    assert held.frames > 900
    assert [at for at, _ in read(fast)[0]] == [0]


def test_attachments_and_covers_are_no_film() -> None:
    font = ("-attach", __file__, "-metadata:s:t", "mimetype=font/ttf")
    red = ("-f", "lavfi", "-i", "color=red:s=32x32:r=10:d=0.1", "-map", "0", "-map", "1")
    cover = (*red, "-c:v:0", "libx264", "-c:v:1", "png", "-disposition:v:1", "attached_pic")
    for data in (film("a.mkv", *font, "-c:v", "libx264"), film("a.mp4", *cover)):
        assert len(container.read(Source.blob(data), LIMITS).pictures) == 1
        assert len(read(data)[0]) == 4 * SECONDS


def test_a_hundred_thousand_tracks_are_not_all_opened() -> None:
    data = film("a.mkv", "-c:v", "libx264", "-t", "1")
    at = data.find(b"\x16\x54\xae\x6b") + 4  # Tracks, of which one entry is made many; the file's own length is unknown
    entry = data.find(b"\xae\x01", at)
    one = data[entry : entry + 9 + int.from_bytes(data[entry + 2 : entry + 9], "big")]
    many = one * 100_000
    segment = data.find(b"\x18\x53\x80\x67") + 4
    head = data[:segment] + b"\x01" + b"\xff" * 7 + data[segment + 8 : at]
    crowded = head + b"\x01" + len(many).to_bytes(7, "big") + many + data[data.find(b"\x1f\x43\xb6\x75") :]
    assert len(container.read(Source.blob(crowded), LIMITS).pictures) == 1000
