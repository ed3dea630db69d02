"""Every setting, once: name, default, meaning. Environment variables with the prefix SOURCEMARK_ override them.

`sourcemark config` prints this list and docs/settings.md documents it; a test compares the three.
"""

from __future__ import annotations

import os
import re
from functools import cached_property
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from fingerprints.model import Limits

from .errors import Misconfigured
from .schema_fields import Line, Url

MEBIBYTE = 1024 * 1024
MEMORY = "memory:"  # the index of a process is its own


class Settings(BaseSettings):
    """Settings of one installation; immutable once read."""

    model_config = SettingsConfigDict(env_prefix="SOURCEMARK_", frozen=True, env_ignore_empty=True)

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
    database_url: str | None = Field(
        None,
        description="SQLAlchemy URL of a PostgreSQL database (postgresql://user:password@host/name); "
        "default: SQLite in the home folder.",
    )
    origin: str | None = Field(
        None,
        description="Name of the log, host[/path] without a scheme, read once when the log is created; "
        "default: a random name under .localhost.",
    )
    api_key: SecretStr | None = Field(
        None, description="API key that `register --service` and its like use with a service elsewhere."
    )
    host: str = Field("127.0.0.1", description="Address that `serve` listens on.")
    port: int = Field(8470, ge=0, le=65535, description="Port that `serve` listens on.")
    serve_workers: int = Field(
        1, ge=1, le=64, description="Processes of `serve` that answer requests; limits count for all of them together."
    )
    stop_seconds: int = Field(
        20,
        ge=0,
        le=3600,
        description="How long requests and jobs in work get to end when `serve` or `worker` is told to stop, seconds; "
        "then the requests are answered 503 and the jobs given back.",
    )
    metrics_token: SecretStr | None = Field(
        None,
        description="What `/metrics` asks for as `Authorization: Bearer ...`; without it only this machine may ask.",
    )
    log_format: Literal["text", "json"] = Field(
        "text",
        description="How `serve` and `worker` write their log to stderr: text, warnings only; json, each request too.",
    )
    lang: Literal["auto", "en", "zh"] = Field(
        "auto", description="Language of what people read: en, zh, or auto (from the locale)."
    )
    workers: int = Field(
        default_factory=lambda: max(1, min(8, os.cpu_count() or 1)), ge=1, le=64, description="Decoder processes."
    )
    batch_size: int = Field(128, ge=1, le=1024, description="Lines of a batch that share one transaction.")
    max_batch_lines: int = Field(1000, ge=1, le=100_000, description="Most items in one batch request of the API.")
    max_parts: int = Field(
        100,
        ge=1,
        le=10_000,
        description="Most parts of one post, and most pictures read out of its pages and documents.",
    )
    max_post_mib: int = Field(256, ge=1, le=16_384, description="Largest post taken with all its parts, MiB.")
    max_job_items: int = Field(
        100_000, ge=1, le=10_000_000, description="Most items in one batch request that a job carries out."
    )
    long_media_seconds: int = Field(
        600,
        ge=1,
        le=1_000_000,
        description="Over HTTP, sound and film that is longer is scanned and registered in a job, seconds.",
    )
    max_waiting_mib: int = Field(
        4096, ge=1, le=1_000_000, description="Most that the files in jobs of one account are together, MiB."
    )
    job_threads: int = Field(
        1,
        ge=0,
        le=64,
        description="Threads of `serve` for jobs, and as many for webhooks and mail; 0 leaves both to "
        "`sourcemark worker`.",
    )
    webhook_http: bool = Field(False, description="Webhooks may go to http:// addresses too, unencrypted.")
    webhook_private: bool = Field(
        False, description="Webhooks may go to this machine and to private networks: anybody with an API key may then."
    )
    webhook_seconds: int = Field(15, ge=1, le=30, description="How long an endpoint may take to answer, seconds.")
    webhook_days: int = Field(
        5, ge=1, le=30, description="An endpoint that has taken nothing for so long is disabled, days."
    )
    smtp_url: SecretStr | None = Field(
        None,
        description="Mail server, smtp://[user:password@]host[:port] or smtps://...; without one mail is written into "
        "the folder `mail` of the home.",
    )
    mail_from: str = Field("sourcemark@localhost", description="Address that mail comes from.")
    max_upload_mib: int = Field(100, ge=1, le=4096, description="Largest file taken, MiB.")
    max_in_hand: int = Field(
        default_factory=lambda: max(8, 4 * (os.cpu_count() or 1)),
        ge=1,
        le=4096,
        description="Requests with content that `serve` takes in hand at once; more are answered 503 with Retry-After.",
    )
    max_in_hand_mib: int = Field(
        256, ge=1, le=65536, description="Most that their bodies are together, MiB; a single one may be larger."
    )
    max_text_mib: int = Field(
        8,
        ge=1,
        le=1024,
        description="Largest text taken, MiB; scanning one takes about a hundred times its size of memory.",
    )
    max_megapixels: int = Field(100, ge=1, le=2000, description="Largest picture decoded, megapixels.")
    max_frames: int = Field(200, ge=1, le=100_000, description="Frames taken of an animated picture, spread over it.")
    max_pages: int = Field(2000, ge=1, le=100_000, description="Most pages read of a PDF.")
    max_unpacked_mib: int = Field(
        200, ge=1, le=4096, description="Most that the parts of a .docx, .pptx or .epub may unpack to, MiB."
    )
    max_media_hours: int = Field(12, ge=1, le=1000, description="Longest sound or film read, hours.")
    ffmpeg: Path | None = Field(
        None,
        description="ffmpeg, 6.0 or later, for sound and film; without it that of the wheel imageio-ffmpeg.",
    )
    decode_memory_mib: int = Field(1536, ge=256, le=65536, description="Address space of a decoder process, MiB.")
    decode_cpu_seconds: int = Field(30, ge=1, le=3600, description="CPU time for one file, seconds.")
    decode_wall_seconds: int = Field(60, ge=1, le=7200, description="Wall time for one file, seconds.")
    trust_anchors: Path | None = Field(
        None, description="PEM file of the certificates that C2PA manifests are trusted by; without it none is."
    )
    witness_policy: Path | None = Field(
        None,
        description="C2SP tlog-policy file with the log's witnesses, their addresses, groups and quorum: nothing is "
        "acknowledged before the quorum has signed; without it the log has no witnesses.",
    )
    witness_seconds: int = Field(5, ge=1, le=60, description="How long a witness may take, seconds.")
    tsa_url: str | None = Field(
        None, description="Address of an RFC 3161 time-stamping authority; without it checkpoints are not time-stamped."
    )
    tsa_ca: Path | None = Field(
        None, description="PEM file of the root certificates that the authority's time-stamps must lead to."
    )
    tsa_seconds: int = Field(10, ge=1, le=60, description="How long the time-stamping authority may take, seconds.")
    tsa_interval_seconds: int = Field(
        60, ge=0, le=86_400, description="A checkpoint is time-stamped at most this often, seconds."
    )
    certificate_font: Path | None = Field(
        None,
        description="Font file, TrueType or OpenType, that is asked first for the letters of PDF certificates; what it "
        "lacks is set in Noto Sans CJK and Noto Sans, which are installed with Sourcemark. All letters are embedded.",
    )
    review_minutes: int = Field(
        15, ge=1, le=1440, description="How long an item of the review queue is for the reviewer who took it, minutes."
    )
    second_opinion: Literal["never", "restrict", "always"] = Field(
        "never",
        description="Which decisions of reviewers another person has to agree with, unless a queue says otherwise: "
        "never, restrict (those that restrict a post), always.",
    )
    terms_clause: Line = Field(
        "the terms of use on works of others",
        min_length=1,
        max_length=500,
        description="What restrictions rest on where a decision names nothing else, as statements of reasons say it.",
    )
    terms_url: Url | None = Field(None, description="Address of these terms.")
    complaints_url: Url | None = Field(None, description="Address where posters complain about a restriction.")
    appeal_days: int = Field(
        183, ge=183, le=3660, description="How long a complaint about a restriction is taken, days."
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
    rate_per_minute: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="Requests a minute that `serve` takes of an API key that has no number of its own; 0: any number.",
    )
    rate_burst: int = Field(
        60, ge=1, le=1_000_000, description="Of these, how many may come at once after the key was quiet."
    )
    requests_per_day: int = Field(
        0, ge=0, description="Requests a day (UTC) of an API key that has no number of its own; 0: any number."
    )
    requests_per_month: int = Field(
        0, ge=0, description="Requests a month (UTC) of an API key that has no number of its own; 0: any number."
    )
    mib_per_day: int = Field(0, ge=0, description="MiB that such a key may send a day (UTC); 0: any number.")
    mib_per_month: int = Field(0, ge=0, description="MiB that such a key may send a month (UTC); 0: any number.")
    keep_unmatched_days: int = Field(
        0, ge=0, le=36_500, description="How long scans that found nothing are kept, days; 0: for good."
    )
    keep_matched_days: int = Field(
        0, ge=0, le=36_500, description="How long scans that found works are kept, and sightings, days; 0: for good."
    )
    keep_copies_days: int = Field(
        0,
        ge=0,
        le=36_500,
        description="How long copies of matched pictures and passages of matched texts are kept, days; 0: for good.",
    )
    keep_names_days: int = Field(
        0,
        ge=0,
        le=36_500,
        description="How long it is kept of a scan who posted and where, and what its marking reports quote, days; "
        "0: for good.",
    )
    keep_jobs_days: int = Field(
        30, ge=0, le=36_500, description="How long jobs and their results are kept after their end, days; 0: for good."
    )
    keep_events_days: int = Field(
        30,
        ge=0,
        le=36_500,
        description="How long events that were told or given up are kept, days; 0: for good.",
    )
    idempotency_hours: int = Field(
        24, ge=1, le=24 * 30, description="How long an Idempotency-Key is remembered, hours."
    )

    standing_table: Path | None = Field(
        None,
        description="TOML file of the weights, windows and levels by which the standing of official accounts is "
        "reckoned; default: the one that is shipped.",
    )
    qualification_warning_days: int = Field(
        30, ge=0, le=3650, description="How long before a qualification expires its platform is warned, days."
    )

    public_url: Url | None = Field(
        None, description="Address under which people reach this service, for links in letters; default: HOST and PORT."
    )
    public_per_minute: int = Field(
        30,
        ge=0,
        le=1_000_000,
        description="Requests a minute that `serve` takes of one address without an API key, where none is needed, "
        "beside those that read the log; 0: any number.",
    )
    case_link_days: int = Field(
        400, ge=14, le=3660, description="How long the secret link of a letter opens its case, days."
    )
    regimes: Path | None = Field(
        None,
        description="TOML file of the regimes and calendars of complaints that are added to those shipped, or put in "
        "their place.",
    )
    case_files: Literal["keep", "hash"] = Field(
        "keep",
        description="What is kept of files that come with complaints: keep, encrypted; hash, their SHA-256 only.",
    )
    keep_parties_days: int = Field(
        0,
        ge=0,
        le=36_500,
        description="How long after its end it is kept of a complaint who its parties are and what they said, days; "
        "0: for good.",
    )
    max_case_file_mib: int = Field(20, ge=1, le=1024, description="Largest file that comes with a complaint, MiB.")
    notices_per_source: int = Field(
        30,
        ge=0,
        description="Notices an hour that are taken of one mail address; 0: any number. Keys have limits of their own.",
    )
    notices_per_work: int = Field(
        200, ge=0, description="Notices an hour about one work that are taken of all mail addresses; 0: any number."
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
    def public_address(self) -> str:
        """Where people reach this service, without a slash at its end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

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

    @property
    def mail_dir(self) -> Path:
        """Mail that no server was named for."""
        return self.home / "mail"

    @property
    def witness_lines(self) -> bytes | None:
        """The content of `witness_policy`, read now; raises Misconfigured if it cannot be."""
        if self.witness_policy is None:
            return None
        try:
            return self.witness_policy.read_bytes()
        except OSError as error:
            raise Misconfigured(
                f"SOURCEMARK_WITNESS_POLICY: {self.witness_policy} cannot be read: {error.strerror}"
            ) from error

    @property
    def tsa_roots(self) -> bytes:
        """The content of `tsa_ca`, read now; raises Misconfigured if it cannot be."""
        if self.tsa_ca is None:
            raise Misconfigured("SOURCEMARK_TSA_CA: name the root certificates of the authority at SOURCEMARK_TSA_URL")
        try:
            return self.tsa_ca.read_bytes()
        except OSError as error:
            raise Misconfigured(f"SOURCEMARK_TSA_CA: {self.tsa_ca} cannot be read: {error.strerror}") from error

    @property
    def anchors(self) -> str:
        """The certificates of `trust_anchors`, read now; raises Misconfigured if they cannot be."""
        if self.trust_anchors is None:
            return ""
        try:
            found = self.trust_anchors.read_text("ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise Misconfigured(f"SOURCEMARK_TRUST_ANCHORS: {self.trust_anchors} cannot be read: {error}") from error
        if "-----BEGIN CERTIFICATE-----" not in found:
            raise Misconfigured(f"SOURCEMARK_TRUST_ANCHORS: {self.trust_anchors} has no certificate in PEM form")
        return found

    @property
    def limits(self) -> Limits:
        return Limits(
            max_bytes=self.max_upload_mib * MEBIBYTE,
            max_text_bytes=self.max_text_mib * MEBIBYTE,
            max_pixels=self.max_megapixels * 1_000_000,
            max_frames=self.max_frames,
            max_pages=self.max_pages,
            max_unpacked_bytes=self.max_unpacked_mib * MEBIBYTE,
            max_seconds=self.max_media_hours * 3600,
            ffmpeg="" if self.ffmpeg is None else str(self.ffmpeg),
            memory_bytes=self.decode_memory_mib * MEBIBYTE,
            cpu_seconds=self.decode_cpu_seconds,
            wall_seconds=self.decode_wall_seconds,
        )


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
