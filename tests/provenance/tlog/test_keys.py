"""Public keys and signatures of other people."""

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


def test_weak_keys_are_refused() -> None:
    small_order = [bytes(32), b"\x01" + bytes(31), bytes.fromhex("ec" + "ff" * 30 + "7f"),
                   bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")]  # fmt: skip
    not_canonical = [b"\xff" * 32, bytes.fromhex("ee" + "ff" * 30 + "7f"), bytes.fromhex("ed" + "ff" * 30 + "7f")]
    for bad in (*small_order, *not_canonical, b"", b"x" * 31):
        with pytest.raises(VerificationFailed):
            keys.check_public_key(bad)
    keys.check_public_key(keys.new_signing_key().public)


def test_signatures_are_checked_strictly() -> None:
    key = keys.new_signing_key()
    signature = key.sign(b"message")
    keys.verify(key.public, signature, b"message")
    order = 2**252 + 27742317777372353535851937790883648493
    malleable = signature[:32] + (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    for bad in (malleable, signature[:-1], b"", bytes(64)):
        with pytest.raises(VerificationFailed):
            keys.verify(key.public, bad, b"message")
    with pytest.raises(VerificationFailed):
        keys.verify(b"\x01" + bytes(31), b"\x01" + bytes(63), b"anything")  # holds for every message if not refused
