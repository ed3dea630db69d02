"""Public keys of other people."""

import pytest

from provenance.errors import VerificationFailed
from provenance.tlog import keys

# y = -1: the point of order two; added to an honest point it gives one of mixed order.
P = 2**255 - 19
D = -121665 * pow(121666, P - 2, P) % P


def negated(public: bytes) -> bytes:
    """The point plus the point of order two: (x, y) -> (-x, -y)."""
    value = int.from_bytes(public, "little")
    sign, y = value >> 255, value & (1 << 255) - 1
    return ((P - y) | (1 - sign) << 255).to_bytes(32, "little")


def test_a_key_of_mixed_order_is_refused() -> None:
    public = keys.new_signing_key().public
    keys.check_public_key(public)
    with pytest.raises(VerificationFailed, match="weak"):
        keys.check_public_key(negated(public))
