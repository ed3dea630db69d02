"""Every error a user can meet, as one tree.

SourcemarkError                     slug, HTTP status, CLI exit status, title
 +- BadInput                  400   what was sent cannot be used
 |   +- BadContent            422   the file or text itself is broken, empty or of an unknown kind
 |   +- UnsupportedContent    415   a format this version does not take
 |   +- TooLarge              413   over a limit that is a setting
 +- NotFound                  404
 +- MethodNotAllowed          405
 +- Unauthenticated           401   no key, or a key that is not valid
 +- Forbidden                 403   the key lacks the scope, or the thing is somebody else's
 +- Conflict                  409   the same Idempotency-Key with another body; a name already taken
 +- RateLimited               429   this key sends too many requests; it says when to try again
 +- Unavailable               503   the database, the disk or a worker is down; try again
 +- LedgerReadOnly            503   the ledger refuses to write: its stores disagree
 +- VerificationFailed        403   a receipt, proof or signature does not hold
 +- Misconfigured             500   a setting is wrong

The slug is stable and documented in docs/errors.md (a test compares the two). The API turns an error into an RFC 9457
problem, the command line into one line on stderr and an exit status.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any, ClassVar

from fingerprints.errors import FingerprintError, LimitExceeded, UnsupportedMedium, WorkerFailed


class SourcemarkError(Exception):
    """Base of everything a user can be told. ``detail`` says what is wrong and what to do, in one line."""

    slug: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    exit_status: ClassVar[int] = 3
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str, *, reason: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.reason = reason

    def problem(self) -> dict[str, Any]:
        """The RFC 9457 problem object, the same in a batch line and in an HTTP answer."""
        out: dict[str, Any] = {
            "type": f"urn:sourcemark:problem:{self.slug}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.reason is not None:
            out["reason"] = self.reason
        return out


class BadInput(SourcemarkError):
    slug, status, exit_status, title = "bad-input", 400, 2, "The request cannot be used"


class BadContent(BadInput):
    slug, status, title = "bad-content", 422, "The file or text cannot be read"


class UnsupportedContent(BadInput):
    slug, status, title = "unsupported-content", 415, "This format is not taken"


class TooLarge(BadInput):
    slug, status, title = "too-large", 413, "Larger than a limit allows"


class NotFound(SourcemarkError):
    slug, status, exit_status, title = "not-found", 404, 2, "There is no such thing"


class Unauthenticated(SourcemarkError):
    slug, status, exit_status, title = "unauthenticated", 401, 4, "A valid API key is needed"


class Forbidden(SourcemarkError):
    slug, status, exit_status, title = "forbidden", 403, 4, "This key may not do that"


class MethodNotAllowed(SourcemarkError):
    slug, status, exit_status, title = "method-not-allowed", 405, 2, "This address takes other methods"


class Conflict(SourcemarkError):
    slug, status, exit_status, title = "conflict", 409, 2, "This contradicts what is already there"


class RateLimited(SourcemarkError):
    """
    Attributes:
        retry_after: seconds until there is room for a request.
    """

    slug, status, exit_status, title = "rate-limited", 429, 3, "Too many requests"

    def __init__(self, detail: str, *, retry_after: float, reason: str | None = None) -> None:
        super().__init__(detail, reason=reason)
        self.retry_after = retry_after


class Unavailable(SourcemarkError):
    """
    Attributes:
        retry_after: seconds after which it is worth another try.
    """

    slug, status, exit_status, title = "unavailable", 503, 3, "The service cannot answer now"

    def __init__(self, detail: str, *, reason: str | None = None, retry_after: float = 5) -> None:
        super().__init__(detail, reason=reason)
        self.retry_after = retry_after


class LedgerReadOnly(SourcemarkError):
    slug, status, exit_status, title = "ledger-read-only", 503, 3, "The ledger refuses to write"


class VerificationFailed(SourcemarkError):
    slug, status, exit_status, title = "verification-failed", 403, 1, "The proof does not hold"


class Misconfigured(SourcemarkError):
    slug, status, exit_status, title = "misconfigured", 500, 2, "A setting is wrong"


INDEX_INCOMPLETE = "index_incomplete"  # reason: a part of the index is missing, so nothing can be said of an upload

FULL_DISK = (errno.ENOSPC, errno.EDQUOT)


def from_os_error(error: OSError, place: Path) -> Unavailable:
    """The user's view of what the operating system says of a file or folder of the installation."""
    if error.errno in FULL_DISK:
        return Unavailable(
            f"the disk of {place} is full: free some space; nothing acknowledged is lost", reason="disk_full"
        )
    return Unavailable(f"{place} cannot be used ({error.strerror}): check the disk and its rights", reason="storage")


# Which setting a limit is: whoever runs the service may raise it.
_LIMITS = {
    "too_large": "SOURCEMARK_MAX_UPLOAD_MIB, for texts SOURCEMARK_MAX_TEXT_MIB",
    "too_many_pixels": "SOURCEMARK_MAX_MEGAPIXELS",
    "too_many_pages": "SOURCEMARK_MAX_PAGES",
    "unpacked_too_large": "SOURCEMARK_MAX_UNPACKED_MIB",
    "memory_limit": "SOURCEMARK_DECODE_MEMORY_MIB",
    "cpu_limit": "SOURCEMARK_DECODE_CPU_SECONDS",
    "time_limit": "SOURCEMARK_DECODE_WALL_SECONDS",
}


def from_fingerprint_error(error: FingerprintError) -> SourcemarkError:
    """The user's view of an error of the fingerprints package."""
    kind: type[SourcemarkError]
    if isinstance(error, LimitExceeded):
        kind = TooLarge
    elif isinstance(error, UnsupportedMedium):
        kind = UnsupportedContent
    elif isinstance(error, WorkerFailed):
        kind = Unavailable
    else:
        kind = BadContent
    setting = _LIMITS.get(error.reason) if kind is TooLarge else None
    return kind(f"{error} ({setting})" if setting else str(error), reason=error.reason)
