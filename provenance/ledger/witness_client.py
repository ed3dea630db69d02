"""The log's side of witnesses: asking them for cosignatures of a checkpoint, until the policy's quorum has signed.

Protocol: c2sp.org/tlog-witness. A witness that is down, slow or answers nonsense does not count; one that claims to
have signed more of this log, or another log of the same size, stops it: either it lies, or this database was put back.
"""

from __future__ import annotations

import queue
import re
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ..errors import LedgerReadOnly, SourcemarkError, Unavailable, VerificationFailed
from ..http_client import HttpServer
from ..tlog import note
from ..tlog.checkpoint import Checkpoint, parse_checkpoint
from ..tlog.cosignature import verify_note
from ..tlog.encoding import decimal
from ..tlog.policy import Policy
from ..tlog.signed_checkpoint import open_checkpoint
from ..tlog.witness_request import SIZE_TYPE, format_request

_MAX_ANSWER = 64 * 1024
_MAX_CLOCK_SKEW = 3600  # seconds a witness's clock may be from ours; its time is evidence
_REST = 60.0  # seconds that a witness which no quorum demands is left alone after it failed

Prove = Callable[[int], Sequence[bytes]]  # the consistency proof from an older size to the checkpoint's


class _Contradiction(Exception):
    """A witness says that it has signed what this log has not."""


@dataclass(slots=True)
class _Server:
    """One server, the names and keys the policy expects of it, and what it last had of the log."""

    http: HttpServer
    keys: tuple[note.VKey, ...]
    size: int | None = None
    busy: bool = False
    rests_until: float = 0.0


@dataclass(frozen=True, slots=True)
class _Reply:
    witness: _Server
    signatures: dict[note.VKey, bytes]
    why_not: str = ""
    contradiction: bool = False


class WitnessClient:
    """The witnesses of one policy. One collection at a time; each request runs in a thread of its own."""

    def __init__(self, policy: Policy, seconds: float) -> None:
        """
        Args:
            policy: with the log's keys and the witnesses' addresses.
            seconds: how long a witness may take.

        Raises:
            BadInput: an address that is none.
        """
        self.policy = policy
        self._seconds = seconds
        by_url: dict[str, list[note.VKey]] = {}
        for name, url in policy.urls.items():
            by_url.setdefault(url.rstrip("/"), []).append(policy.witnesses[name])
        self._witnesses = [_Server(HttpServer(url, seconds), tuple(keys)) for url, keys in by_url.items()]

    def close(self) -> None:
        """Close the connections that are kept open."""
        for each in self._witnesses:
            each.http.close()

    def compare(self, signed: bytes) -> None:
        """Ask every witness whether it has more than this, the newest checkpoint of the database.

        Those that do not answer in time say nothing.

        Raises:
            LedgerReadOnly: one has.
        """
        checkpoint = parse_checkpoint(signed)
        for reply in self._ask(self._witnesses, lambda each: self._compared(each, checkpoint)):
            if reply.contradiction:
                raise _alarm(reply)

    def collect(self, signed: bytes, prove: Prove, earlier: int) -> bytes:
        """Have a checkpoint cosigned.

        Returns as soon as the quorum has signed; where none is demanded, when all have answered or the time is up.

        Args:
            signed: the log's own signed note, with or without cosignatures.
            earlier: size of the checkpoint before, which the witnesses probably have.

        Returns:
            The note with the cosignatures that were given and hold, at most one of each key.

        Raises:
            Unavailable: the quorum was not reached in time; says what each witness said.
            LedgerReadOnly: a witness has signed more than this log has, or another one.
        """
        checkpoint = parse_checkpoint(signed)
        known = list(self.policy.witnesses.values())
        have = open_checkpoint(signed, self.policy.logs, known).signed_by
        demanded = self.policy.witnessed
        moment = time.monotonic()
        asked = [
            each
            for each in self._witnesses
            if not all(key in have for key in each.keys) and (demanded or each.rests_until <= moment)
        ]
        gathered: dict[note.VKey, bytes] = {}
        failures = []
        if not (demanded and self.policy.satisfied_by(set(have))):
            for reply in self._ask(asked, lambda each: self._cosigned(each, checkpoint, prove, earlier)):
                if reply.contradiction:
                    raise _alarm(reply)
                if reply.why_not:
                    failures.append(reply.why_not)
                gathered |= {key: line for key, line in reply.signatures.items() if key not in have}
                if demanded and self.policy.satisfied_by({*have, *gathered}):
                    break
        if not self.policy.satisfied_by({*have, *gathered}):
            unasked = [name for name in self.policy.witnesses if name not in self.policy.urls]
            failures += [f"{name} has no address in the policy" for name in unasked]
            raise Unavailable(
                f"too few witnesses signed the log of {checkpoint.size} entries, so it is not published "
                f"({'; '.join(failures) or 'none answered'}): nothing is lost, try again",
                reason="witnesses",
            )
        return signed + b"".join(gathered.values())

    def _ask(self, asked: Iterable[_Server], act: Callable[[_Server], _Reply]) -> Iterable[_Reply]:
        """Ask in parallel; replies as they come, for those that are late a reply that says so."""
        replies: queue.SimpleQueue[_Reply] = queue.SimpleQueue()

        waiting = []
        for each in asked:
            if each.busy:  # still at an earlier question: nobody is asked twice at once
                yield _Reply(each, {}, f"{each.http.url} has not answered the question before")
                continue
            each.busy = True
            waiting.append(each)
            threading.Thread(
                target=self._reply, args=(each, act, replies), name=f"witness {each.http.url}", daemon=True
            ).start()
        stop = time.monotonic() + self._seconds + 1  # the requests end by themselves; this is for a stuck look-up
        while waiting:
            try:
                reply = replies.get(timeout=max(0.0, stop - time.monotonic()))
            except queue.Empty:
                for each in waiting:
                    yield _Reply(each, {}, f"{each.http.url} did not answer within {self._seconds:g} seconds")
                return
            waiting.remove(reply.witness)
            yield reply

    @staticmethod
    def _reply(each: _Server, act: Callable[[_Server], _Reply], replies: queue.SimpleQueue[_Reply]) -> None:
        """Ask one witness, in its thread."""
        try:
            reply = act(each)
        except _Contradiction as error:
            reply = _Reply(each, {}, str(error), contradiction=True)
        except SourcemarkError as error:
            named = each.http.url in error.detail
            reply = _Reply(each, {}, error.detail if named else f"{each.http.url}: {error.detail}")
        except Exception as error:  # a thread that dies silently would look like a witness that is slow
            reply = _Reply(each, {}, f"{each.http.url}: {type(error).__name__}")
        if reply.why_not:
            each.rests_until = time.monotonic() + _REST
        each.busy = False
        replies.put(reply)

    def _compared(self, each: _Server, checkpoint: Checkpoint) -> _Reply:
        self._post(each, checkpoint, checkpoint.size, [])
        return _Reply(each, {})

    def _cosigned(self, each: _Server, checkpoint: Checkpoint, prove: Prove, earlier: int) -> _Reply:
        for _ in range(3):  # its size may be unknown to us, and change once more under our hands
            old = min(earlier if each.size is None else each.size, checkpoint.size)
            lines = self._post(each, checkpoint, old, prove(old))
            if lines is not None:
                each.size = checkpoint.size
                return _Reply(each, self._verified(each, checkpoint, lines))
        raise Unavailable(f"{each.http.url} names another size each time it is asked", reason="witness_refuses")

    def _post(self, each: _Server, checkpoint: Checkpoint, old: int, proof: Sequence[bytes]) -> bytes | None:
        """The witness's signature lines, or None when it has another older size, which is then remembered."""
        url = each.http.url
        answer = each.http.post(
            "add-checkpoint", format_request(old, proof, checkpoint.raw), "text/plain; charset=utf-8", _MAX_ANSWER
        )
        if answer.status == 200:
            return answer.body
        if answer.status != 409:
            text = answer.body[:160].decode("utf-8", "replace")
            said = " ".join("".join(c if c.isprintable() else " " for c in text).split())
            raise Unavailable(
                f"{url} refuses with HTTP {answer.status}{': ' + said if said else ''}", reason="witness_refuses"
            )
        told = re.fullmatch(rb"([0-9]{1,19})\n", answer.body) if answer.kind == SIZE_TYPE else None
        if told is None:
            raise Unavailable(f"{url} refuses with HTTP 409 and tells no size", reason="witness_refuses")
        size = decimal(told[1].decode())
        if size > checkpoint.size:
            raise _Contradiction(f"{url} says that it has signed {size} entries, this log has {checkpoint.size}")
        if size == old == checkpoint.size:
            raise _Contradiction(f"{url} says that it has signed another log of {old} entries")
        each.size = size
        return None

    def _verified(self, each: _Server, checkpoint: Checkpoint, lines: bytes) -> dict[note.VKey, bytes]:
        """The cosignatures in an answer, by key; those of unknown keys are ignored.

        Raises:
            VerificationFailed: a signature of a known key does not hold, its time is off, or there is none.
        """
        url = each.http.url
        try:
            answer = note.parse_note(checkpoint.text + b"\n" + lines)
            good = verify_note(answer, each.keys)
        except VerificationFailed as error:
            raise VerificationFailed(f"{url} answers with no good cosignature: {error.detail}") from None
        if not good:
            raise VerificationFailed(f"{url} did not sign with the key that the policy names")
        moment = int(time.time())
        for stamp in good.values():
            if stamp is None or abs(stamp - moment) > _MAX_CLOCK_SKEW:
                raise VerificationFailed(f"{url} signs with the time {stamp}, here it is {moment}: set the clock right")
        by_id = {(name, key_id): signature for name, key_id, signature in answer.signatures}
        return {key: note.signature_line(key, by_id[key.name, key.id]) for key in good}


def _alarm(reply: _Reply) -> LedgerReadOnly:
    return LedgerReadOnly(
        f"the witness {reply.why_not}: the database was restored from an old backup, or the witness lies; ask it for "
        "the checkpoint that it signed; restore the newest backup, or take the witness out of the policy",
        reason="witness_contradicts",
    )
