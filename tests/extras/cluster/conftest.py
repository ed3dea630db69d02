"""A real Ray cluster of three nodes, and installations on PostgreSQL whose index is on it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.cluster.local_nodes import LocalNodes
from provenance.application import Application
from provenance.config import Settings
from provenance.errors import Unavailable


@pytest.fixture(scope="session")
def nodes() -> Iterator[LocalNodes]:
    with LocalNodes(3) as started:
        yield started


@pytest.fixture
def opened(nodes: LocalNodes, postgres: Callable[..., str], tmp_path: Path) -> Iterator[Callable[..., Application]]:
    """Opens installations, each on a database of its own; by the same name, the same one by another process."""
    urls: dict[str, str] = {}
    made: list[Application] = []

    def opened(name: str = "one", *, address: str = nodes.address, **settings: object) -> Application:
        if name not in urls:
            urls[name] = postgres(template="migrated")
        application = Application(
            Settings(
                home=tmp_path / name,
                database_url=urls[name],
                workers=1,
                job_threads=0,
                origin=f"{name}.test.example/log",
                index_url="memory:" if not address else f"ray://{address}",
                **settings,
            )
        )
        made.append(application)
        application.start()
        return application

    yield opened
    for each in made:
        with contextlib.suppress(Unavailable):
            each.follower.stop()
        each.close()
