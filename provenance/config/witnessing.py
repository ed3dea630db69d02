"""Who else vouches for the log: witnesses, a time-stamping authority."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

from ..errors import Misconfigured


class WitnessSettings(BaseSettings):
    """Who else vouches for the log: witnesses, a time-stamping authority."""

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
