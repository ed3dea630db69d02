"""What can go wrong between bytes and a fingerprint.

FingerprintError
 +- UnreadableMedia      the bytes are broken, empty, encrypted or not what they say they are
 +- UnsupportedMedium    readable perhaps, but not a format this version takes
 +- LimitExceeded        readable perhaps, but larger than a limit that is a setting
 |                      (pixels, bytes, and the decoder's own time and memory)
 +- WorkerFailed         no decoder process could be started or kept alive; nothing is known about the bytes
"""

from __future__ import annotations


class FingerprintError(Exception):
    """Base of this package's errors.

    ``reason`` is a stable snake_case code (``truncated``, ``empty``, ``too_many_pixels`` ...) that scripts may test;
    ``str(error)`` is one line for a person: what is wrong and what to do.
    """

    reason: str

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class UnreadableMedia(FingerprintError):
    """The bytes are broken, empty, encrypted or mislabelled."""


class UnsupportedMedium(FingerprintError):
    """A format that this version does not take."""


class LimitExceeded(FingerprintError):
    """Larger than a limit that is a setting."""


class WorkerFailed(FingerprintError):
    """No decoder process could be started or kept alive; the bytes may be fine, try again."""
