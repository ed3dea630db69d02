"""A post as people make it: texts, and files with names."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .scans import NewScan


class NewPost(NewScan):
    """What is known of a post, and its texts; its files come beside it."""

    title: Annotated[str, Field(max_length=2000)] | None = Field(
        None, description="Headline of the post.", examples=["An Hour at the Clock Mender's"]
    )
    caption: str | None = Field(
        None, max_length=100_000, description="Text beside the post's files.", examples=["Photos: Lin Zhaoyun"]
    )
