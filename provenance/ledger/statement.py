"""Statements: what a leaf of the log says, who signed it, and by which rules it may stand there. Pure.

A leaf is the RFC 8785 form of a DSSE envelope around an in-toto Statement v1. Integers and strings only; personal data
only as salted commitments.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
_OTHER_VALUE = re.compile(rb"true|false|null")
_HEX64 = re.compile(r"[0-9a-f]{64}\Z")
_COMMITTED = re.compile(r"sha256:[0-9a-f]{64}\Z")
# The one form of an envelope with one signature, which nearly all have: reading it as JSON takes three times as long.
_ENVELOPE = re.compile(
    rb'\{"payload":"([A-Za-z0-9+/]+=*)","payloadType":"application/vnd\.in-toto\+json","signatures":\['
    rb'\{"keyid":"([0-9a-f]{64})","sig":"([A-Za-z0-9+/]{86}==)"\}\]\}'
)
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
Reference = Mapping[str, Any]  # an earlier entry of the same log: ``index`` and ``leafHash``, hex
SEALED = "sha256-salt32"  # what a sealed registration's digest is: SHA-256 of 32 random bytes and the work's


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


def key_enrol(
    origin: str, *, public_key: bytes, custody: str, after: After, recovery: str | None = None
) -> dict[str, Any]:
    """A key enters the log, signed by itself; in a rotation by the old key too.

    Args:
        custody: "producer" where the private key never left its owner, "service" where the service keeps it.
        after: size and root of a checkpoint the signer has seen: the statement is not older than that.
        recovery: keyid of an enrolled key that may act for this one when it is lost or stolen.
    """
    digest = hashlib.sha256(public_key).digest()
    predicate = {"publicKey": b64(public_key), "custody": custody}
    if recovery is not None:
        predicate["recovery"] = recovery
    return _statement(origin, "key-enrol", [digest], after, predicate)


def key_revoke(origin: str, *, keyid: str, after: After) -> dict[str, Any]:
    """A key leaves the log: entries after this one may not be signed by it. Signed by who may act for it."""
    return _statement(origin, "key-revoke", [bytes.fromhex(keyid)], after, {"keyid": keyid})


def registration(
    origin: str,
    *,
    digest: bytes,
    medium: str,
    algorithms: Sequence[str],
    commitments: Mapping[str, str],
    after: After,
    opens: Reference | None = None,
) -> dict[str, Any]:
    """A work with this SHA-256 is claimed; what is claimed stands in the commitments.

    Args:
        opens: the sealed registration of the same work that this one opens, with ``salt``: 32 bytes in base64.
    """
    predicate = {"medium": medium, "algorithms": list(algorithms), "commitments": dict(commitments)}
    if opens is not None:
        predicate["opens"] = dict(opens)
    return _statement(origin, "registration", [digest], after, predicate)


def sealed_digest(salt: bytes, work: bytes) -> bytes:
    """What a sealed registration names instead of the work's SHA-256: nobody without the salt can test a guess."""
    if len(salt) != SALT_SIZE:
        raise VerificationFailed("a salt has 32 bytes")
    return hashlib.sha256(salt + work).digest()


def sealed_registration(origin: str, *, digest: bytes, commitments: Mapping[str, str], after: After) -> dict[str, Any]:
    """A work is claimed of which nothing is told.

    Args:
        digest: see `sealed_digest`.
        commitments: with one named "seal" to the record ``{"salt": base64}``.
    """
    predicate = {"sealed": SEALED, "commitments": dict(commitments)}
    return _statement(origin, "registration", [digest], after, predicate)


def refer(index: int, leaf_hash: bytes) -> dict[str, Any]:
    """A reference to an earlier entry of the same log."""
    return {"index": index, "leafHash": leaf_hash.hex()}


def withdrawal(origin: str, *, registration: bytes, index: int, after: After) -> dict[str, Any]:
    """The registration, or the grant, with this leaf hash is withdrawn, signed by who may act for its signer."""
    return _statement(origin, "withdrawal", [registration], after, refer(index, registration))


def erasure(origin: str, *, entry: bytes, index: int, erased: Sequence[str], after: After) -> dict[str, Any]:
    """Salts and records behind commitments of the entry with this leaf hash were deleted; its proof stays."""
    predicate = {**refer(index, entry), "erased": sorted(erased)}
    return _statement(origin, "erasure", [entry], after, predicate)


def log_key(
    origin: str, *, old: Sequence[str], new: Sequence[str], subject: bytes, after: After, successor: str | None = None
) -> dict[str, Any]:
    """The log's keys change, or the log ends: signed by its old Ed25519 key and by the new one.

    Args:
        old, new: verifier keys (C2SP signed-note), Ed25519 first; without new ones the log ends with this entry.
        subject: SHA-256 of the old raw Ed25519 key.
        successor: origin of the log that goes on, when this one ends.
    """
    predicate: dict[str, Any] = {"replaces": list(old), "keys": list(new)}
    if successor is not None:
        predicate["successor"] = successor
    return _statement(origin, "log-key", [subject], after, predicate)


def grant(
    origin: str, *, registration: bytes, index: int, commitments: Mapping[str, str], after: After
) -> dict[str, Any]:
    """A reuse of the work with this registration is allowed; to whom and how far stands in the commitments.

    A `withdrawal` of the grant's own leaf ends it.
    """
    predicate = {**refer(index, registration), "commitments": dict(commitments)}
    return _statement(origin, "grant", [registration], after, predicate)


def pae(payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: what is signed."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)


def sign(statement: Mapping[str, Any], *signers: SigningKey) -> bytes:
    """The leaf: the statement in its envelope, signed by each key."""
    payload = canonical(statement)
    return assemble(payload, [(key.keyid, key.sign(pae(payload))) for key in signers])


def add_signature(leaf: bytes, key: SigningKey) -> bytes:
    """The leaf with one more signature, behind the others."""
    parsed = parse_leaf(leaf)
    signatures = [*parsed.signatures, (key.keyid, key.sign(pae(parsed.payload)))]
    return assemble(parsed.payload, signatures)


def assemble(payload: bytes, signatures: Sequence[tuple[str, bytes]]) -> bytes:
    """The leaf of a statement that was signed elsewhere: keyid and signature of each signer."""
    written = [{"keyid": keyid, "sig": b64(signature)} for keyid, signature in signatures]
    return _fitting(canonical({"payload": b64(payload), "payloadType": PAYLOAD_TYPE, "signatures": written}))


def _fitting(leaf: bytes) -> bytes:
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
    usual = _ENVELOPE.fullmatch(raw)
    if usual is not None:
        signature = unb64(usual[3].decode())
        return parse_statement(unb64(usual[1].decode()), ((usual[2].decode(), signature),))
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
    return parse_statement(unb64(envelope["payload"]), tuple(signatures))


def parse_statement(payload: bytes, signatures: tuple[tuple[str, bytes], ...] = ()) -> Leaf:
    """Read a statement, signed or not; raises `VerificationFailed`."""
    statement = parse_canonical(payload)
    if _OTHER_VALUE.search(payload):  # numbers are integers already
        _need(_only_words_and_integers(statement), "made of words and integers only")
    host, kind = _kind(statement)
    return Leaf(host, kind, statement, payload, signatures)


def _only_words_and_integers(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_only_words_and_integers, value.values()))
    if isinstance(value, list):
        return all(map(_only_words_and_integers, value))
    return isinstance(value, str | int) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_reference(value: Mapping[str, Any]) -> bool:
    return _is_count(value.get("index")) and _is_hex64(value.get("leafHash"))


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
        _need("recovery" not in predicate or _is_hex64(predicate["recovery"]), "an enrolment with its recovery key")
    elif kind == "key-revoke":
        _need(_is_hex64(predicate.get("keyid")), "a revocation")
    elif kind == "registration":
        algorithms = predicate.get("algorithms", [])
        ok = "commitments" in predicate and isinstance(predicate.get("medium", ""), str)
        ok = ok and isinstance(algorithms, list) and all(isinstance(each, str) for each in algorithms)
        _need(ok, "a registration")
        if "sealed" in predicate:
            _need(predicate["sealed"] == SEALED and "seal" in commitments and "opens" not in predicate, "sealed")
        if "opens" in predicate:
            opens = predicate["opens"]
            ok = isinstance(opens, dict) and opens.keys() == {"index", "leafHash", "salt"} and _is_reference(opens)
            _need(ok and _is_bytes(opens["salt"], SALT_SIZE), "a registration that opens a sealed one")
    elif kind == "log-key":
        both = [predicate.get("replaces"), predicate.get("keys")]
        ok = all(isinstance(each, list) and all(isinstance(key, str) for key in each) for each in both)
        _need(ok and bool(predicate["replaces"]), "a change of the log's keys")
        _need(isinstance(predicate.get("successor", ""), str), "a change of the log's keys")
    elif kind == "withdrawal":
        _need(_is_reference(predicate), "a withdrawal")
    elif kind == "erasure":
        erased = predicate.get("erased")
        ok = _is_reference(predicate) and isinstance(erased, list) and bool(erased)
        _need(ok and all(isinstance(each, str) for each in erased), "an erasure")
    elif kind == "grant":
        _need("commitments" in predicate and _is_reference(predicate), "a grant")


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


def check_place(leaf: Leaf, origin: str | None, index: int) -> None:
    """Whether a statement may stand at this place of this log; raises `VerificationFailed`."""
    if origin is not None and leaf.host != host_of(origin):
        raise VerificationFailed(f"the entry was written for the log of {leaf.host!r:.80}, not for {origin!r:.80}")
    if leaf.predicate["after"]["size"] > index:
        raise VerificationFailed("the entry says it is younger than its place in the log")
