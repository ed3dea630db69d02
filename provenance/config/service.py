"""How `serve` and `worker` answer: addresses, limits, jobs, webhooks, mail."""

from __future__ import annotations

import os
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from ..schema_fields import Url


class ServiceSettings(BaseSettings):
    """How `serve` and `worker` answer: addresses, limits, jobs, webhooks, mail."""

    api_key: SecretStr | None = Field(
        None, description="API key that `register --service` and its like use with a service elsewhere."
    )
    host: str = Field("127.0.0.1", description="Address that `serve` listens on.")
    port: int = Field(8470, ge=0, le=65535, description="Port that `serve` listens on.")
    public_url: Url | None = Field(
        None, description="Address under which people reach this service, for links in letters; default: HOST and PORT."
    )
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
    max_in_hand: int = Field(
        default_factory=lambda: max(8, 4 * (os.cpu_count() or 1)),
        ge=1,
        le=4096,
        description="Requests with content that `serve` takes in hand at once; more are answered 503 with Retry-After.",
    )
    max_in_hand_mib: int = Field(
        256, ge=1, le=65536, description="Most that their bodies are together, MiB; a single one may be larger."
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
    public_per_minute: int = Field(
        30,
        ge=0,
        le=1_000_000,
        description="Requests a minute that `serve` takes of one address without an API key, where none is needed, "
        "beside those that read the log; 0: any number.",
    )
    session_hours: int = Field(
        72, ge=1, le=24 * 90, description="How long somebody who signed in to the pages stays so, hours."
    )
    idempotency_hours: int = Field(
        24, ge=1, le=24 * 30, description="How long an Idempotency-Key is remembered, hours."
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

    @property
    def public_address(self) -> str:
        """Where people reach this service, without a slash at its end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")
