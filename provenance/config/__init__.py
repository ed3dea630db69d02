"""Every setting, once: name, default, meaning. Environment variables with the prefix SOURCEMARK_ override them.

`sourcemark config` prints this list and docs/settings.md documents it; a test compares the three.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import SettingsConfigDict

from ..errors import Misconfigured
from .moderation import ModerationSettings
from .reading import MEBIBYTE, ReadingSettings
from .service import ServiceSettings
from .storage import MEMORY, StorageSettings
from .witnessing import WitnessSettings

__all__ = ["MEBIBYTE", "MEMORY", "Settings", "load_settings"]


class Settings(ModerationSettings, WitnessSettings, ReadingSettings, ServiceSettings, StorageSettings):
    """Settings of one installation; immutable once read. Listed group by group, storage first."""

    model_config = SettingsConfigDict(env_prefix="SOURCEMARK_", frozen=True, env_ignore_empty=True)

    @property
    def mail_dir(self) -> Path:
        """Mail that no server was named for."""
        return self.home / "mail"


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        Misconfigured: a variable has a value that cannot be used; the message names it.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "SOURCEMARK_" + str(first["loc"][0]).upper() if first["loc"] else "SOURCEMARK_*"
        raise Misconfigured(f"{name}: {first['msg'].removeprefix('Value error, ')}") from error
