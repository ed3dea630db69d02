"""Where the index is: what can be used, and what is loaded for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from provenance.application import Application
from provenance.config import Settings, load_settings
from provenance.errors import Misconfigured
from provenance.search.cluster import sharded_follower


def test_nothing_of_ray_is_loaded_for_an_index_in_memory() -> None:
    code = "import sys, provenance.application, api.app; print([m for m in sys.modules if m.split('.')[0] == 'ray'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("url", ["ray://", "ray://head", "ray://head:x", "http://head:6379", "ray://a b:1", "memory"])
def test_another_url_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("SOURCEMARK_INDEX_URL", url)
    with pytest.raises(Misconfigured, match=r"SOURCEMARK_INDEX_URL: must be memory: or ray://HOST:PORT"):
        load_settings()


def test_an_sqlite_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sharded_follower, "_ray_is_installed", lambda: True)
    with pytest.raises(Misconfigured, match="SOURCEMARK_DATABASE_URL to a PostgreSQL database"):
        Application(Settings(home=tmp_path, index_url="ray://head:6379"))


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sharded_follower, "_ray_is_installed", lambda: False)
    with pytest.raises(Misconfigured, match=r"pip install 'sourcemark\[cluster\]'"):
        Application(Settings(home=tmp_path, index_url="ray://head:6379"))
