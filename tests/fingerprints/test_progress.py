"""What is told of the reading of a long file."""

import pytest

from fingerprints import progress


def test_parts_of_a_reading_follow_one_another() -> None:
    told: list[tuple[float, float | None, float]] = []
    progress.listen(lambda *said: told.append(said))
    try:
        with progress.within(0, 0.25):
            progress.report(40, 100)
        with progress.within(0.25, 1):
            progress.report(40, 100, speed=0.5)
            progress.report(40, None)
        progress.report(100, 100)
    finally:
        progress.listen(None)
    assert told == [
        (10, 100, 4),
        (pytest.approx(55), 100, 80),
        (pytest.approx(30), None, 4),
        (100, 100, 10),
    ]
    progress.report(1, 2)  # nobody listens
