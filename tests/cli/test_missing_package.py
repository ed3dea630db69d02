"""After an update without the packages that it needs, a command says which one is missing."""

from typing import Any

import pytest

from cli import main


def test_a_missing_package_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def without(**_: Any) -> None:
        raise ModuleNotFoundError("No module named 'fontTools'", name="fontTools")

    monkeypatch.setattr(main, "app", without)
    assert main._status() == 3
    said = capsys.readouterr().err
    assert "fontTools" in said
    assert len(said.splitlines()) == 1
