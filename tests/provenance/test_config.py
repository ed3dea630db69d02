"""Settings: read from the environment, refused in one line, documented."""

from pathlib import Path

import pytest

from provenance.config import Settings, load_settings
from provenance.errors import Misconfigured


def test_environment_overrides_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOURCEMARK_HOME", str(tmp_path))
    monkeypatch.setenv("SOURCEMARK_MAX_UPLOAD_MIB", "7")
    settings = load_settings()
    assert settings.home == tmp_path
    assert settings.limits.max_bytes == 7 * 1024 * 1024
    assert settings.url == f"sqlite:///{tmp_path / 'sourcemark.db'}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SOURCEMARK_PORT", "eighty"),
        ("SOURCEMARK_PORT", "70000"),
        ("SOURCEMARK_DATABASE_URL", "mysql://x/y"),
        ("SOURCEMARK_ORIGIN", "https://log.example"),
        ("SOURCEMARK_LANG", "fr"),
        ("SOURCEMARK_WORKERS", "0"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured) as caught:
        load_settings()
    assert caught.value.detail.startswith(name + ": ")
    assert "\n" not in caught.value.detail


def test_trust_anchors_are_read_or_refused(tmp_path: Path) -> None:
    assert Settings().anchors == ""
    pem = tmp_path / "anchors.pem"
    pem.write_text("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n")
    assert Settings(trust_anchors=pem).anchors == pem.read_text()
    for path, text in ((tmp_path / "none.pem", None), (pem, "nothing")):
        if text is not None:
            path.write_text(text)
        with pytest.raises(Misconfigured, match="SOURCEMARK_TRUST_ANCHORS"):
            _ = Settings(trust_anchors=path).anchors


def test_postgres_urls_are_given_the_driver() -> None:
    assert Settings(database_url="postgres://u:p@h/d").url == "postgresql+psycopg://u:p@h/d"


def test_every_setting_has_a_meaning() -> None:
    assert all(field.description for field in Settings.model_fields.values())
