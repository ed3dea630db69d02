"""How many requests an API key may send: a token bucket each, in the memory of one process.

Several processes count each by itself, so a key may send as many times more: a count that they share would cost every
request a write.
"""

from __future__ import annotations

import threading
import time

from provenance.errors import RateLimited

_SWEEP = 10_000  # keys beyond which those that have been quiet are forgotten


class RateLimits:
    """Token buckets (as RFC 2697 counts tokens, without its colours), one a key. Thread-safe."""

    def __init__(self, per_minute: int, burst: int) -> None:
        """
        Args:
            per_minute: tokens that a bucket gains; 0: nothing is limited.
            burst: tokens that a full bucket holds.
        """
        self._per_second = per_minute / 60
        self._burst = float(burst)
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}  # tokens, and when there were as many

    def take(self, key_id: str) -> None:
        """Take a token of a key; raises `RateLimited` with the time until there is one."""
        if not self._per_second:
            return
        with self._lock:
            now = time.monotonic()
            tokens = self._tokens(key_id, now)
            if tokens >= 1:
                self._buckets[key_id] = tokens - 1, now
                return
            if len(self._buckets) > _SWEEP:
                self._forget_full(now)
        raise RateLimited(
            "this key sends more requests than it may: slow down, or ask the operator to raise "
            "SOURCEMARK_RATE_PER_MINUTE",
            retry_after=(1 - tokens) / self._per_second,
        )

    def _tokens(self, key_id: str, now: float) -> float:
        tokens, since = self._buckets.get(key_id, (self._burst, now))
        return min(self._burst, tokens + (now - since) * self._per_second)

    def _forget_full(self, now: float) -> None:
        self._buckets = {
            key_id: bucket for key_id, bucket in self._buckets.items() if self._tokens(key_id, now) < self._burst
        }
