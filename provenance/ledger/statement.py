"""Statements: what a leaf of the log says, who signed it, and by which rules it may stand there. Pure.

A leaf is the RFC 8785 form of a DSSE envelope around an in-toto Statement v1. Integers and strings only; personal data
only as salted commitments.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import VerificationFailed
from . import keys
from .encoding import b64, canonical, parse_canonical, unb64
from .keys import SigningKey
from .tree import EMPTY_ROOT, HASH_SIZE
from .tree import leaf_hash as leaf_hash

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
MAX_LEAF = 65_535  # the length prefix of an entry bundle has 16 bits
SALT_SIZE = 32
_MOST_SIGNATURES = 16
_COMMITMENT = b"sourcemark/commit/v1\0"
_HEX64 = re.compile(r"[0-9a-f]{64}\Z")
_COMMITTED = re.compile(r"sha256:[0-9a-f]{64}\Z")
CUSTODIES = ("producer", "service")
# This version writes four of them; it audits logs that hold the others too.
KINDS = (
    "policy",
    "key-enrol",
    "key-revoke",
    "registration",
    "withdrawal",
    "licence",
    "grant",
    "transfer",
    "sighting",
    "notice",
    "counter-notice",
    "decision",
    "appeal",
    "erasure",
    "log-key",
)

After = tuple[int, bytes]


# --- writing ---------------------------------------------------------------------------------------------------------
def commit(salt: bytes, record: Any) -> str:
    """A commitment to a record that can later be opened, or made unopenable by deleting the salt.

    Args:
        salt: 32 random bytes.
        record: JSON of objects, lists, strings, integers.
    """
    if len(salt) != SALT_SIZE:
        raise VerificationFailed("a salt has 32 bytes")
    return "sha256:" + hashlib.sha256(_COMMITMENT + salt + canonical(record)).hexdigest()


def host_of(origin: str) -> str:
    """The part of a log's origin that its statements name: what stands before the first slash."""
    return origin.partition("/")[0]


def _statement(
    origin: str, kind: str, digests: Sequence[bytes], after: After, predicate: dict[str, Any]
) -> dict[str, Any]:
    size, root = after
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"digest": {"sha256": digest.hex()}} for digest in digests],
        "predicateType": f"https://{host_of(origin)}/{kind}/v1",
        "predicate": {
            "nonce": b64(secrets.token_bytes(16)),
            "after": {"size": size, "root": b64(root)},
            **predicate,
        },
    }


def key_enrol(origin: str, *, public_key: bytes, custody: str, after: After) -> dict[str, Any]:
    """A key enters the log, signed by itself.

    Args:
        custody: "producer" where the private key never left its owner, "service" where the service keeps it.
        after: size and root of a checkpoint the signer has seen: the statement is not older than that.
    """
    digest = hashlib.sha256(public_key).digest()
    return _statement(origin, "key-enrol", [digest], after, {"publicKey": b64(public_key), "custody": custody})


def key_revoke(origin: str, *, keyid: str, after: After) -> dict[str, Any]:
    """A key leaves the log: entries after this one may not be signed by it."""
    return _statement(origin, "key-revoke", [bytes.fromhex(keyid)], after, {"keyid": keyid})


def registration(
    origin: str,
    *,
    digest: bytes,
    medium: str,
    algorithms: Sequence[str],
    commitments: Mapping[str, str],
    after: After,
) -> dict[str, Any]:
    """A work with this SHA-256 is claimed; what is claimed stands in the commitments."""
    predicate = {"medium": medium, "algorithms": list(algorithms), "commitments": dict(commitments)}
    return _statement(origin, "registration", [digest], after, predicate)


def withdrawal(origin: str, *, registration: bytes, index: int, after: After) -> dict[str, Any]:
    """The registration, or the grant, with this leaf hash is withdrawn by its signer."""
    return _statement(origin, "withdrawal", [registration], after, {"index": index, "leafHash": registration.hex()})


def grant(
    origin: str, *, registration: bytes, index: int, commitments: Mapping[str, str], after: After
) -> dict[str, Any]:
    """A reuse of the work with this registration is allowed; to whom and how far stands in the commitments.

    A `withdrawal` of the grant's own leaf ends it.
    """
    predicate = {"index": index, "leafHash": registration.hex(), "commitments": dict(commitments)}
    return _statement(origin, "grant", [registration], after, predicate)


def pae(payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: what is signed."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)


def sign(statement: Mapping[str, Any], *signers: SigningKey) -> bytes:
    """The leaf: the statement in its envelope, signed by each key."""
    payload = canonical(statement)
    envelope = {
        "payload": b64(payload),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": key.keyid, "sig": b64(key.sign(pae(payload)))} for key in signers],
    }
    leaf = canonical(envelope)
    if len(leaf) > MAX_LEAF:
        raise VerificationFailed(f"the statement has {len(leaf)} bytes, at most {MAX_LEAF} fit into the log")
    return leaf


# --- reading ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Leaf:
    """A parsed leaf. Its form is checked, its signatures are not: see `verify_signatures`.

    Attributes:
        host: of the origin of the log it was written for.
        kind: one of `KINDS`.
        payload: the canonical bytes that were signed.
        signatures: keyid and signature, in the order of the envelope.
    """

    host: str
    kind: str
    statement: Mapping[str, Any]
    payload: bytes
    signatures: tuple[tuple[str, bytes], ...]

    @property
    def predicate(self) -> Mapping[str, Any]:
        """What the statement says, by its kind."""
        predicate: Mapping[str, Any] = self.statement["predicate"]
        return predicate

    @property
    def signers(self) -> list[str]:
        """Ids of the keys that signed, no id twice."""
        return [keyid for keyid, _ in self.signatures]

    @property
    def digests(self) -> list[str]:
        """Hex SHA-256 of each subject."""
        return [subject["digest"]["sha256"] for subject in self.statement["subject"]]

    @property
    def after(self) -> After:
        """Size and root of the checkpoint that the signer had seen."""
        return self.predicate["after"]["size"], unb64(self.predicate["after"]["root"])


def parse_leaf(raw: bytes) -> Leaf:
    """Read an entry.

    Raises:
        VerificationFailed: these bytes are not the one form in which such a statement is written.
    """
    if not 0 < len(raw) <= MAX_LEAF:
        raise VerificationFailed(f"an entry has 1 to {MAX_LEAF} bytes, this one {len(raw)}")
    envelope = parse_canonical(raw)
    _need(isinstance(envelope, dict) and envelope.keys() == {"payload", "payloadType", "signatures"}, "a DSSE envelope")
    _need(envelope["payloadType"] == PAYLOAD_TYPE, "an in-toto statement")
    _need(isinstance(envelope["signatures"], list) and 0 < len(envelope["signatures"]) <= _MOST_SIGNATURES, "signed")
    signatures = []
    for each in envelope["signatures"]:
        _need(isinstance(each, dict) and each.keys() == {"keyid", "sig"}, "signed in the form of DSSE")
        _need(isinstance(each["keyid"], str) and bool(_HEX64.match(each["keyid"])), "signed by a known kind of key")
        signature = unb64(each["sig"])
        _need(len(signature) == 64, "signed with Ed25519")
        signatures.append((each["keyid"], signature))
    _need(len({keyid for keyid, _ in signatures}) == len(signatures), "signed once by each key")
    payload = unb64(envelope["payload"])
    statement = parse_canonical(payload)
    _need(_only_words_and_integers(statement), "made of words and integers only")
    host, kind = _kind(statement)
    return Leaf(host, kind, statement, payload, tuple(signatures))


def _only_words_and_integers(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_only_words_and_integers, value.values()))
    if isinstance(value, list):
        return all(map(_only_words_and_integers, value))
    return isinstance(value, str | int) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_hex64(value: Any) -> bool:
    return isinstance(value, str) and _HEX64.match(value) is not None


def _kind(statement: Any) -> tuple[str, str]:
    _need(isinstance(statement, dict), "a statement")
    _need(statement.keys() == {"_type", "subject", "predicateType", "predicate"}, "an in-toto statement")
    _need(
        statement["_type"] == STATEMENT_TYPE and isinstance(statement["predicateType"], str), "an in-toto statement v1"
    )
    parts = statement["predicateType"].split("/")
    _need(len(parts) == 5 and parts[:2] == ["https:", ""] and parts[4] == "v1", "of a known kind")
    host, kind = parts[2:4]
    _need(bool(host), "written for a log")
    _need(kind in KINDS, f"of a known kind ({kind!r:.30} is not)")
    subjects = statement["subject"]
    _need(isinstance(subjects, list) and bool(subjects), "about something")
    for subject in subjects:
        ok = isinstance(subject, dict) and isinstance(subject.get("digest"), dict)
        _need(ok and _is_hex64(subject["digest"].get("sha256")), "about something with a SHA-256")
    _check_predicate(kind, statement["predicate"])
    return host, kind


def _check_predicate(kind: str, predicate: Any) -> None:
    _need(isinstance(predicate, dict), "complete")
    _need(_is_bytes(predicate.get("nonce"), 16), "with its nonce of 16 bytes")
    after = predicate.get("after")
    _need(isinstance(after, dict) and after.keys() == {"size", "root"}, "dated")
    _need(_is_count(after["size"]) and _is_bytes(after["root"], HASH_SIZE), "dated by a checkpoint")
    _need(after["size"] > 0 or unb64(after["root"]) == EMPTY_ROOT, "dated by a checkpoint of an empty log")
    commitments = predicate.get("commitments", {})
    ok = isinstance(commitments, dict) and all(_is_commitment(each) for each in commitments.values())
    _need(ok, "with commitments that can be opened")
    if kind == "key-enrol":
        _need(_is_bytes(predicate.get("publicKey"), 32) and predicate.get("custody") in CUSTODIES, "an enrolment")
    elif kind == "key-revoke":
        _need(_is_hex64(predicate.get("keyid")), "a revocation")
    elif kind == "registration":
        algorithms = predicate.get("algorithms", [])
        ok = "commitments" in predicate and isinstance(predicate.get("medium", ""), str)
        ok = ok and isinstance(algorithms, list) and all(isinstance(each, str) for each in algorithms)
        _need(ok, "a registration")
    elif kind == "withdrawal":
        _need(_is_count(predicate.get("index")) and _is_hex64(predicate.get("leafHash")), "a withdrawal")
    elif kind == "grant":
        ok = "commitments" in predicate and _is_count(predicate.get("index"))
        _need(ok and _is_hex64(predicate.get("leafHash")), "a grant")


def _is_bytes(value: Any, size: int) -> bool:
    return isinstance(value, str) and len(unb64(value)) == size


def _is_commitment(value: Any) -> bool:
    return isinstance(value, str) and _COMMITTED.match(value) is not None


def _need(condition: bool, what: str) -> None:
    if not condition:
        raise VerificationFailed(f"the entry is not {what}")


def verify_signatures(leaf: Leaf, known: Mapping[str, bytes]) -> None:
    """Every signature of the leaf must hold under a known key.

    Args:
        known: raw public keys by keyid.

    Raises:
        VerificationFailed: an unknown signer, or a signature that does not hold.
    """
    message = pae(leaf.payload)
    for keyid, signature in leaf.signatures:
        if keyid not in known:
            raise VerificationFailed(f"the key {keyid[:16]} that signed the entry is not enrolled")
        keys.verify(known[keyid], signature, message)


def enrolled_key(leaf: Leaf) -> tuple[str, bytes]:
    """Keyid and raw public key of a key-enrol leaf, after checking the key and its own signature.

    Raises:
        VerificationFailed: a weak key, or it did not sign its own enrolment.
    """
    public = unb64(leaf.predicate["publicKey"])
    keys.check_public_key(public)
    keyid = keys.keyid_of(public)
    own = [signature for signer, signature in leaf.signatures if signer == keyid]
    if not own:
        raise VerificationFailed("the enrolled key did not sign its own enrolment")
    keys.verify(public, own[0], pae(leaf.payload))
    return keyid, public


@dataclass(slots=True)
class KeyDirectory:
    """Replays a log from its beginning and knows at each entry which keys are enrolled and not revoked.

    The rules: a key is enrolled once, signed by itself, before its first use; in a rotation the old key signs too and
    the new one is its successor; a key is revoked by itself or by a successor; nothing is signed by a revoked key; no
    statement stands in the log twice. The order of the log decides, never a clock.

    Attributes:
        origin: of the log; statements written for another one are refused. None takes any.
        known: raw public keys by keyid, revoked ones too.
        revoked: keyids.
        successors: keyids of the keys whose enrolments a key has signed.
    """

    origin: str | None = None
    known: dict[str, bytes] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    successors: dict[str, set[str]] = field(default_factory=dict)
    # Payloads, not leaves: dropping one of two signatures would make another leaf of the same statement.
    _seen: set[bytes] = field(default_factory=set)

    def replay(self, index: int, raw: bytes) -> Leaf:
        """Apply the next entry.

        Raises:
            VerificationFailed: it breaks a rule; the directory stays as it was.
        """
        leaf = parse_leaf(raw)
        digest = hashlib.sha256(leaf.payload).digest()
        if digest in self._seen:
            raise VerificationFailed("the same statement stands in the log twice")
        check_place(leaf, self.origin, index)
        if leaf.kind == "key-enrol":
            keyid, public = enrolled_key(leaf)
            if keyid in self.known:
                raise VerificationFailed("the key was enrolled twice")
            verify_signatures(leaf, {**{k: self.known[k] for k in leaf.signers if k in self.known}, keyid: public})
        else:
            verify_signatures(leaf, self.known)
        if not self.revoked.isdisjoint(leaf.signers):
            raise VerificationFailed("the entry is signed by a key that was revoked before")
        if leaf.kind == "key-enrol":
            for signer in leaf.signers:
                if signer != keyid:
                    self.successors.setdefault(signer, set()).add(keyid)
            self.known[keyid] = public
        elif leaf.kind == "key-revoke":
            self._revoke(leaf)
        self._seen.add(digest)
        return leaf

    def _revoke(self, leaf: Leaf) -> None:
        target = leaf.predicate["keyid"]
        if target not in self.known:
            raise VerificationFailed("a key is revoked that was never enrolled")
        entitled = self.successors.get(target, set()) | {target}
        if entitled.isdisjoint(leaf.signers):
            raise VerificationFailed("a key is revoked by another key that is not its successor")
        self.revoked.add(target)


def check_place(leaf: Leaf, origin: str | None, index: int) -> None:
    """Whether a statement may stand at this place of this log; raises `VerificationFailed`."""
    if origin is not None and leaf.host != host_of(origin):
        raise VerificationFailed(f"the entry was written for the log of {leaf.host!r:.80}, not for {origin!r:.80}")
    if leaf.after[0] > index:
        raise VerificationFailed("the entry says it is younger than its place in the log")
