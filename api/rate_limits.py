"""How many requests an API key may send: a token bucket each, which the processes of a service share.

Services on several machines count each by itself: a count that they share would cost every request a write.
"""

from __future__ import annotations

import hashlib
import struct
import time
from collections.abc import Sequence

from provenance.accounts.quotas import Left
from provenance.errors import RateLimited

from .worker_memory import BUCKET_BYTES, BUCKETS, BUCKETS_AT, WorkerMemory

_BUCKET = struct.Struct("=16sdd")  # digest of the key's id, tokens, and when there were as many
_LOOKED_AT = 16  # buckets in which one key may be; of these the one that was used longest ago is given to a new key
_KEY_SETTING = "this key's requests_per_minute or SOURCEMARK_RATE_PER_MINUTE"
assert _BUCKET.size == BUCKET_BYTES


class RateLimits:
    """Token buckets (as RFC 2697 counts tokens, without its colours), one a key. Thread-safe."""

    def __init__(self, memory: WorkerMemory, burst: int) -> None:
        """
        Args:
            burst: tokens that a full bucket holds.
        """
        self._memory = memory
        self._burst = float(burst)

    def take(self, key_id: str, per_minute: int, setting: str = _KEY_SETTING) -> None:
        """Take a token of a key; raises `RateLimited` with the time until there is one.

        Args:
            key_id: of a key, or what tells a sender without one apart.
            per_minute: tokens that the bucket gains; 0: nothing is limited.
            setting: that the operator can raise.
        """
        if not per_minute:
            return
        per_second = per_minute / 60
        name = hashlib.blake2b(key_id.encode(), digest_size=16).digest()
        with self._memory.lock():
            now = time.monotonic()
            at, tokens, since = self._bucket(name)
            tokens = min(self._burst, tokens + (now - since) * per_second)
            if tokens >= 1:
                _BUCKET.pack_into(self._memory.bytes, at, name, tokens - 1, now)
                return
        raise RateLimited(
            f"more requests come than are allowed: slow down, or ask the operator to raise {setting}",
            reason="rate",
            retry_after=(1 - tokens) / per_second,
        )

    def _bucket(self, name: bytes) -> tuple[int, float, float]:
        """Where the bucket of a key is, its tokens, and when there were as many; one that nobody has used is full."""
        first = int.from_bytes(name[:4], "big")
        oldest: tuple[int, float] = (0, float("inf"))
        for n in range(_LOOKED_AT):
            at = BUCKETS_AT + (first + n) % BUCKETS * BUCKET_BYTES
            found, tokens, since = _BUCKET.unpack_from(self._memory.bytes, at)
            if found == name:
                return at, tokens, since
            if since < oldest[1]:
                oldest = at, since
        return oldest[0], self._burst, time.monotonic()


def rate_headers(left: Sequence[Left]) -> list[tuple[bytes, bytes]]:
    """What is left of a key's quotas, as draft-ietf-httpapi-ratelimit-headers-10 words it."""
    policies, state = [], []
    for each in left:
        unit = ';qu="content-bytes"' if each.name.startswith("mib") else ""
        policies.append(f'"{each.name}";q={each.quota}{unit};w={each.period_seconds}')
        state.append(f'"{each.name}";r={max(0, each.left)};t={each.seconds}')
    return [(b"ratelimit-policy", ", ".join(policies).encode()), (b"ratelimit", ", ".join(state).encode())]
