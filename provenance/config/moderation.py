"""How posts are reviewed, complaints taken, and how long records are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from ..schema_fields import Line, Url


class ModerationSettings(BaseSettings):
    """How posts are reviewed, complaints taken, and how long records are kept."""

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
    standing_table: Path | None = Field(
        None,
        description="TOML file of the weights, windows and levels by which the standing of official accounts is "
        "reckoned; default: the one that is shipped.",
    )
    qualification_warning_days: int = Field(
        30, ge=0, le=3650, description="How long before a qualification expires its platform is warned, days."
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
    max_case_file_mib: int = Field(20, ge=1, le=1024, description="Largest file that comes with a complaint, MiB.")
    case_link_days: int = Field(
        400, ge=14, le=3660, description="How long the secret link of a letter opens its case, days."
    )
    notices_per_source: int = Field(
        30,
        ge=0,
        description="Notices an hour that are taken of one mail address; 0: any number. Keys have limits of their own.",
    )
    notices_per_work: int = Field(
        200, ge=0, description="Notices an hour about one work that are taken of all mail addresses; 0: any number."
    )
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
    keep_parties_days: int = Field(
        0,
        ge=0,
        le=36_500,
        description="How long after its end it is kept of a complaint who its parties are and what they said, days; "
        "0: for good.",
    )
