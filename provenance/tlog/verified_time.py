"""When an entry was made: what the signed times in a receipt bound, and who vouches for each.

Not before: the entry names a checkpoint that its signer had seen. Not after: witnesses cosigned a checkpoint that holds
the entry, an authority stamped one, or, as its own word only, the log signed it. The earliest such checkpoint bounds
best, and no later registration moves it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.x509 import Certificate

from ..errors import VerificationFailed
from . import envelope, receipt, timestamp
from .encoding import unb64
from .merkle import verify_consistency
from .policy import Policy
from .signed_checkpoint import OpenedCheckpoint, open_checkpoint
from .verification import moment


@dataclass(frozen=True, slots=True)
class LogTimestamp:
    """A time-stamp in a receipt: over a log of how many entries, what it says, and whether it was checked."""

    size: int
    token: timestamp.Token
    checked: bool


# Seconds by which times may contradict each other before they do: of one clock that was set back a little, and of two
# honest clocks, as far as the log takes cosignatures of witnesses.
SAME_CLOCK = 60
OTHER_CLOCK = 3600


def contradiction(not_before: int | None, logged: int | None, others: Sequence[int | None]) -> str | None:
    """In what way the bounds of an entry's time contradict each other, None when they do not; all in POSIX seconds.

    Args:
        not_before: the lower bound, by the log's clock or one of its witnesses'.
        logged: the upper bound by the log's own clock.
        others: upper bounds by the clocks of witnesses and authorities.
    """
    if not_before is None:
        return None
    if logged is not None and logged + SAME_CLOCK < not_before:
        return f"made not before {moment(not_before)}, but logged at {moment(logged)}: the log's clock went back"
    early = [each for each in others if each is not None and each + OTHER_CLOCK < not_before]
    if early:
        seen = moment(min(early))
        return f"made not before {moment(not_before)}, but seen by others at {seen}: the log's clock was wrong"
    return None


def logged_at(checkpoint: OpenedCheckpoint, trusted: Policy) -> int | None:
    """When the log says it signed a checkpoint, POSIX seconds: the operator's own clock."""
    times = [time for key, time in checkpoint.signed_by.items() if time is not None and key in trusted.logs]
    return min(times, default=None)


def not_before(files: Mapping[str, bytes], leaf: envelope.Leaf, origin: str, trusted: Policy) -> int | None:
    """POSIX seconds before which the checkpoint that the entry names as seen was not signed, by any of its clocks.

    None when the receipt does not bring that checkpoint, or it bears no time.

    Raises:
        VerificationFailed: it brings another one.
    """
    if receipt.AFTER not in files:
        return None
    opened = open_checkpoint(files[receipt.AFTER], trusted.logs, list(trusted.witnesses.values()), origin)
    if (opened.size, opened.root) != leaf.after:
        raise VerificationFailed(f"{receipt.AFTER} is not the checkpoint that the entry names as seen")
    # The earliest: whoever joins as a witness later cosigns what is older than his signature.
    return min((time for time in opened.signed_by.values() if time is not None), default=None)


def checkpoint_timestamp(
    files: Mapping[str, bytes], checkpoint: OpenedCheckpoint, raw: bytes, roots: Sequence[Certificate] | None
) -> LogTimestamp | None:
    """The time-stamp over the receipt's checkpoint; None when there is none.

    Args:
        raw: the exact bytes of that checkpoint.
        roots: certificates that the reader trusts; None reads without checking a signature.

    Raises:
        VerificationFailed: it does not hold, or is over other bytes.
    """
    if receipt.STAMP not in files:
        return None
    return _read_token(files[receipt.STAMP], raw, checkpoint.size, roots)


def renewal_timestamp(
    files: Mapping[str, bytes],
    checkpoint: OpenedCheckpoint,
    trusted: Policy,
    roots: Sequence[Certificate] | None,
) -> LogTimestamp | None:
    """The time-stamp over a later checkpoint that continues the receipt's; None when there is none.

    Raises:
        VerificationFailed: it does not hold, or the later log is not a continuation.
    """
    names = (receipt.RENEWED_CHECKPOINT, receipt.RENEWED_CONSISTENCY, receipt.RENEWED_STAMP)
    present = [name for name in names if name in files]
    if not present:
        return None
    if len(present) < len(names):
        raise VerificationFailed(f"the renewal is not complete: only {', '.join(present)} is here")
    raw, lines, token = (files[name] for name in names)
    later = open_checkpoint(raw, trusted.logs, list(trusted.witnesses.values()), checkpoint.origin)
    if not trusted.satisfied_by(set(later.signed_by)):
        raise VerificationFailed("fewer witnesses signed the later checkpoint than the policy demands")
    try:
        *texts, end = lines.decode("ascii").split("\n")
    except UnicodeDecodeError:
        end = "?"
    if end:
        raise VerificationFailed("the consistency proof of the renewal is not lines of base64")
    proof = [unb64(text) for text in texts]
    verify_consistency(checkpoint.size, later.size, proof, checkpoint.root, later.root)
    return _read_token(token, raw, later.size, roots)


def _read_token(token: bytes, raw: bytes, size: int, roots: Sequence[Certificate] | None) -> LogTimestamp:
    if roots is None:
        return LogTimestamp(size, timestamp.read(token, raw), checked=False)
    return LogTimestamp(size, timestamp.verify(token, raw, roots), checked=True)
