"""Of a film that is damaged in one stream the other is read all the same."""

import tempfile

import pytest

from fingerprints.audio.examples import tune, wav
from fingerprints.video.examples import encoded, film
from tests.fingerprints import encoding
from tests.fingerprints.finding import made, match

pytestmark = pytest.mark.slow


def with_tune(ruined: str) -> bytes:
    """The pictures of a film and a tune; one stream of both, or none, is ruined."""
    damage = (f"-bsf:{ruined}", "noise=amount=1") if ruined else ()
    with tempfile.NamedTemporaryFile(suffix=".mkv") as shown:
        shown.write(encoded(film(1, 1)))
        shown.flush()
        how = ("-map", "1:v", "-map", "0:a", "-c:v", "copy", "-c:a", "flac", *damage)
        return encoding.encoded("a.mkv", *how, data=wav(tune(7, 8)), inputs=("-i", shown.name))


@pytest.mark.parametrize(("ruined", "by"), [("", "both"), ("a", "picture"), ("v", "sound")])
def test_what_can_be_read_is_found(ruined: str, by: str) -> None:
    work, upload = made(with_tune("")), made(with_tune(ruined), thorough=True)
    assert ("partial" in upload.facts) == bool(ruined)
    found = match(upload, work)
    assert found is not None
    if ruined:
        assert found.transform["by"] == by
