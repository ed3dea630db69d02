"""A time-stamping authority that is asked over HTTP (RFC 3161 section 3.4)."""

from __future__ import annotations

from collections.abc import Sequence

import rfc3161_client
from cryptography import x509

from ..errors import BadInput, Unavailable, VerificationFailed
from ..http_client import HttpServer
from ..tlog import timestamp


class TimestampAuthority:
    """One authority. Thread-safe."""

    def __init__(self, url: str, roots: Sequence[x509.Certificate], seconds: float) -> None:
        """
        Args:
            roots: what it must be certified by: a token that nobody will believe is not kept.

        Raises:
            BadInput: not an http(s) address.
        """
        self._server = HttpServer(url, seconds)
        self._roots = list(roots)
        if not roots:
            raise BadInput("a time-stamping authority needs a root certificate to be believed")

    def close(self) -> None:
        """Close the connection that is kept open."""
        self._server.close()

    def stamp(self, data: bytes) -> bytes:
        """A checked token over these bytes.

        Raises:
            Unavailable: the authority does not answer, refuses, or answers with what does not hold.
        """
        request = rfc3161_client.TimestampRequestBuilder(data, rfc3161_client.HashAlgorithm.SHA256).build()
        answer = self._server.post("", request.as_bytes(), "application/timestamp-query", timestamp.MAX_TOKEN)
        if answer.status != 200:
            raise Unavailable(f"{self._server.url} refuses to stamp with HTTP {answer.status}", reason="timestamp")
        try:
            timestamp.verify(answer.body, data, self._roots, request.nonce)
        except VerificationFailed as error:
            raise Unavailable(
                f"{self._server.url} gives a time-stamp that does not hold: {error.detail}", reason="timestamp"
            ) from error
        return answer.body
