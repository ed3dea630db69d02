"""Where an installation keeps what it has: database, keys, log, index."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from ..errors import Misconfigured

MEMORY = "memory:"  # the index of a process is its own


class StorageSettings(BaseSettings):
    """Where an installation keeps what it has: database, keys, log, index."""

    home: Path = Field(
        default_factory=lambda: user_data_path("sourcemark", appauthor=False),
        description="Folder of an embedded installation: database, keys (mode 0600), published log, signer state.",
    )
    keys: Path | None = Field(
        None,
        description="Folder of the private keys, if they are not to lie beside the database; default: in the home.",
    )
    key_passphrase: SecretStr | None = Field(
        None, description="Passphrase of the private keys; new ones are encrypted with it."
    )
    key_passphrase_file: Path | None = Field(None, description="File whose first line is that passphrase, for servers.")
    origin: str | None = Field(
        None,
        description="Name of the log, host[/path] without a scheme, read once when the log is created; "
        "default: a random name under .localhost.",
    )
    database_url: str | None = Field(
        None,
        description="SQLAlchemy URL of a PostgreSQL database (postgresql://user:password@host/name); "
        "default: SQLite in the home folder.",
    )
    database_timeout_seconds: int = Field(
        30, ge=1, le=600, description="How long to wait for a busy or unreachable database or a lock, seconds."
    )
    database_connections: int = Field(
        48,
        ge=4,
        le=1000,
        description="Most connections of one process to its database; a third of them stay open.",
    )
    database_pooling: Literal["session", "transaction"] = Field(
        "session",
        description="What a PostgreSQL connection is for as long as it is open: a session of the server's, or only its "
        "transactions are (PgBouncer with pool_mode = transaction).",
    )
    index_folder: Path | None = Field(
        None,
        description="Folder of the index's segments, on a local disk; they can be made again. Default: `index` in the "
        "home.",
    )
    index_tail: int = Field(
        4096,
        ge=0,
        le=1_000_000,
        description="Changes of the log that the index holds in memory before it writes a segment of them; 0: the "
        "whole index is in memory, in every process.",
    )
    index_url: str = Field(
        MEMORY,
        description="Where the index of works is: memory:, in every process; or ray://HOST:PORT, on the machines of "
        "the Ray cluster whose head listens there (extra `cluster`, PostgreSQL).",
    )
    index_shards: int = Field(3, ge=1, le=4096, description="Shards that an index on a Ray cluster is divided into.")
    index_replicas: int = Field(1, ge=1, le=8, description="Machines that hold each shard.")
    index_seconds: int = Field(
        10, ge=1, le=600, description="How long the shards may take to answer one question, seconds."
    )
    index_incomplete: Literal["refuse", "status"] = Field(
        "refuse",
        description="What a scan answers while a shard is missing: refuse, 503 with Retry-After; status, the status "
        "`incomplete` and the verdict `review`.",
    )

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        if value is None or value.startswith("postgresql+psycopg://"):
            return value
        for prefix in ("postgresql://", "postgres://"):
            if value.startswith(prefix):
                return "postgresql+psycopg://" + value[len(prefix) :]
        raise ValueError("must start with postgresql:// (leave it out for SQLite in the home folder)")

    @field_validator("index_url")
    @classmethod
    def _known_index(cls, value: str) -> str:
        if value != MEMORY and not re.fullmatch(r"ray://([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}", value):
            raise ValueError("must be memory: or ray://HOST:PORT, of the head of a Ray cluster")
        return value

    @field_validator("origin")
    @classmethod
    def _origin_form(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[a-z0-9.-]{1,200}(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]{1,200})?", value):
            raise ValueError("must be host[/path] without a scheme, for example log.example.org/sourcemark")
        return value

    @property
    def url(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.home / 'sourcemark.db'}"

    @property
    def keys_dir(self) -> Path:
        return self.home / "keys" if self.keys is None else self.keys.expanduser().absolute()

    @cached_property
    def passphrase(self) -> bytes | None:
        """The passphrase of the private keys, None where they are not encrypted; raises Misconfigured."""
        if self.key_passphrase is not None:
            return self.key_passphrase.get_secret_value().encode("utf-8", "surrogateescape")
        if self.key_passphrase_file is None:
            return None
        try:
            with self.key_passphrase_file.open("rb") as handle:
                found = handle.readline(1 << 12).rstrip(b"\r\n")
        except OSError as error:
            raise Misconfigured(
                f"SOURCEMARK_KEY_PASSPHRASE_FILE: {self.key_passphrase_file} cannot be read: {error.strerror}"
            ) from error
        if not found:
            raise Misconfigured(f"SOURCEMARK_KEY_PASSPHRASE_FILE: {self.key_passphrase_file} has an empty first line")
        return found

    @property
    def index_dir(self) -> Path:
        return self.home / "index" if self.index_folder is None else self.index_folder.expanduser().absolute()

    @property
    def log_dir(self) -> Path:
        return self.home / "log"

    @property
    def policies_dir(self) -> Path:
        """Policies of logs, this one's or others', that whoever uses this installation has pinned."""
        return self.home / "policies"

    @property
    def signer_state(self) -> Path:
        return self.home / "signer" / "state.json"
