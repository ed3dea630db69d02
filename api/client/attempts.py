"""When a request is sent again.

What a service refuses for now (429, 503) is sent again after the seconds that its Retry-After says (RFC 9110, section
10.2.3). What got lost on the way is sent again only where carrying it out twice leaves what once leaves.
"""

from __future__ import annotations

import random
import time

import httpx

from provenance.errors import Unavailable

from .calls import Call
from .errors import Refused

_FIRST_DELAY = 0.25  # seconds, doubled each time
_MOST_ATTEMPTS = 6
_MOST_CONNECTIONS = 3  # to an address where nobody answers: whoever waits wants to know


class Attempts:
    """The attempts of one call."""

    def __init__(self, call: Call, service: str, patience: float) -> None:
        """
        Args:
            patience: seconds after which nothing is sent again.
        """
        self._call = call
        self._service = service
        self._stop = time.monotonic() + patience
        self._made = 0

    def delay_after(self, failure: Refused | httpx.HTTPError) -> float:
        """Seconds to wait before the next attempt.

        Raises:
            Refused: there is none, because the service said no.
            Unavailable: there is none, because the service cannot be reached.
        """
        self._made += 1
        delay = _FIRST_DELAY * 2.0 ** (self._made - 1) * random.uniform(0.8, 1.2)
        if isinstance(failure, Refused) and failure.retry_after is not None:
            delay = failure.retry_after
        if self._again(failure) and self._made < _MOST_ATTEMPTS and time.monotonic() + delay < self._stop:
            return delay
        if isinstance(failure, Refused):
            raise failure
        why = str(failure) or type(failure).__name__
        raise Unavailable(
            f"{self._service} cannot be reached ({why}): check the address, try again", reason="unreachable"
        ) from failure

    def _again(self, failure: Refused | httpx.HTTPError) -> bool:
        if isinstance(failure, httpx.HTTPError):
            if isinstance(failure, httpx.ConnectError | httpx.ConnectTimeout):  # nothing was sent
                return self._made < _MOST_CONNECTIONS
            return self._call.repeatable and not isinstance(failure, httpx.UnsupportedProtocol)
        if failure.status == 429:
            return True
        if failure.status == 409:  # the first attempt, whose answer got lost, is being carried out
            return self._made > 1 and self._call.idempotency_key is not None
        return failure.status in (502, 503, 504) and self._call.repeatable
