"""Envelopes: what a leaf of the log says and who signed it, read strictly, and where in the log it may stand. Pure.

A leaf is the RFC 8785 form (canonical JSON) of a DSSE v1 envelope around an in-toto Statement v1
(github.com/secure-systems-lab/dsse, in-toto.io/Statement/v1). Integers and strings only; personal data only as salted
commitments. `statement` makes them.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic_core import from_json

from ..errors import VerificationFailed
from . import keys
from .encoding import parse_canonical, unb64
from .merkle import EMPTY_ROOT, HASH_SIZE

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
MAX_LEAF = 65_535  # bytes: the length prefix of an entry bundle has 16 bits
SALT_SIZE = 32
_MAX_SIGNATURES = 16
_OTHER_VALUE = re.compile(rb"true|false|null")
_HEX64 = re.compile(r"[0-9a-f]{64}\Z")
_COMMITTED = re.compile(r"sha256:[0-9a-f]{64}\Z")
# The one form of an envelope with one signature, which nearly all have: reading it as JSON takes three times as long.
_ENVELOPE = re.compile(
    rb'\{"payload":"([A-Za-z0-9+/]+=*)","payloadType":"application/vnd\.in-toto\+json","signatures":\['
    rb'\{"keyid":"([0-9a-f]{64})","sig":"([A-Za-z0-9+/]{86}==)"\}\]\}'
)
_ENVELOPE_WORDS = 19  # into which its quotation marks divide it; the 3rd, 13th and 17th are its groups
CUSTODIES = ("producer", "service")
ACCOUNT = "account"  # the commitment of an enrolment to whose key it is
ENDED_BY_WITHDRAWAL = ("registration", "grant", "evidence", "claim-decision")  # kinds
CASE_KINDS = ("notice", "counter-notice", "decision", "appeal")  # of the steps of a complaint
AMENDING = ("amendment", "transfer")  # kinds whose commitment "claim" takes the place of the registration's
# This version writes those of `_PREDICATES`; it audits logs that hold the others too.
KINDS = (
    "policy",
    "key-enrol",
    "key-revoke",
    "registration",
    "withdrawal",
    "licence",
    "grant",
    "evidence",
    "claim-decision",
    "amendment",
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
SEALED = "sha256-salt32"  # what a sealed registration's digest is: SHA-256 of 32 random bytes and the work's


def host_of(origin: str) -> str:
    """The part of a log's origin that its statements name: what stands before the first slash."""
    return origin.partition("/")[0]


def pae(payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: what is signed."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)


class UnknownKey(VerificationFailed):
    """A signer that no earlier entry has enrolled; a reader who lacks an entry cannot tell."""


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
        after = self.statement["predicate"]["after"]
        return after["size"], _root(after["root"])


@lru_cache(256)
def _root(text: str) -> bytes:
    """One root is named by many statements."""
    return unb64(text)


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
    _need(isinstance(envelope["signatures"], list) and 0 < len(envelope["signatures"]) <= _MAX_SIGNATURES, "signed")
    signatures = []
    for each in envelope["signatures"]:
        _need(isinstance(each, dict) and each.keys() == {"keyid", "sig"}, "signed in the form of DSSE")
        _need(isinstance(each["keyid"], str) and bool(_HEX64.match(each["keyid"])), "signed by a known kind of key")
        signature = unb64(each["sig"])
        _need(len(signature) == 64, "signed with Ed25519")
        signatures.append((each["keyid"], signature))
    _need(len({keyid for keyid, _ in signatures}) == len(signatures), "signed once by each key")
    return parse_statement(unb64(envelope["payload"]), tuple(signatures))


def parse_known_leaf(raw: bytes) -> Leaf:
    """Read an entry whose bytes have passed `parse_leaf` before, as their hash says: its form is not checked again."""
    words = raw.split(b'"')
    if len(words) != _ENVELOPE_WORDS:
        return parse_leaf(raw)
    payload = binascii.a2b_base64(words[3])
    statement = from_json(payload)
    _, _, host, kind, _ = statement["predicateType"].split("/")
    return Leaf(host, kind, statement, payload, ((words[13].decode(), binascii.a2b_base64(words[17])),))


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
    """What every kind has in common, then what `_PREDICATES` says of this one."""
    _need(isinstance(predicate, dict), "complete")
    _need(_is_bytes(predicate.get("nonce"), 16), "with its nonce of 16 bytes")
    after = predicate.get("after")
    _need(isinstance(after, dict) and after.keys() == {"size", "root"}, "dated")
    _need(_is_count(after["size"]) and _is_bytes(after["root"], HASH_SIZE), "dated by a checkpoint")
    _need(after["size"] > 0 or unb64(after["root"]) == EMPTY_ROOT, "dated by a checkpoint of an empty log")
    commitments = predicate.get("commitments", {})
    ok = isinstance(commitments, dict) and all(_is_commitment(each) for each in commitments.values())
    _need(ok, "with commitments that can be opened")
    for what, holds in _PREDICATES.get(kind, ()):
        if not holds(predicate):
            raise VerificationFailed(f"the entry is not {what}")


def _is_bytes(value: Any, size: int) -> bool:
    return isinstance(value, str) and len(unb64(value)) == size


def _is_commitment(value: Any) -> bool:
    return isinstance(value, str) and _COMMITTED.match(value) is not None


def _need(condition: bool, what: str) -> None:
    if not condition:
        raise VerificationFailed(f"the entry is not {what}")


# --- the predicates, kind by kind ------------------------------------------------------------------------------------
Predicate = Mapping[str, Any]


def _is_enrolment(predicate: Predicate) -> bool:
    return _is_bytes(predicate.get("publicKey"), 32) and predicate.get("custody") in CUSTODIES


def _is_registration(predicate: Predicate) -> bool:
    has_terms = "commitments" in predicate and isinstance(predicate.get("medium", ""), str)
    return has_terms and _are_words(predicate.get("algorithms", []))


def _is_sealed_well(predicate: Predicate) -> bool:
    if "sealed" not in predicate:
        return True
    return predicate["sealed"] == SEALED and "seal" in predicate["commitments"] and "opens" not in predicate


def _opens_well(predicate: Predicate) -> bool:
    if "opens" not in predicate:
        return True
    opens = predicate["opens"]
    ok = isinstance(opens, dict) and opens.keys() == {"index", "leafHash", "salt"} and _is_reference(opens)
    return ok and _is_bytes(opens["salt"], SALT_SIZE)


def _is_key_change(predicate: Predicate) -> bool:
    old, new = predicate.get("replaces"), predicate.get("keys")
    return _are_words(old) and _are_words(new) and bool(old)


def _is_erasure(predicate: Predicate) -> bool:
    erased = predicate.get("erased")
    return _is_reference(predicate) and _are_words(erased) and bool(erased)


def _amends_well(predicate: Predicate) -> bool:
    superseded = predicate.get("supersedes")
    named = isinstance(superseded, dict) and superseded.keys() == {"index", "leafHash"} and _is_reference(superseded)
    return named and _is_reference(predicate) and "claim" in predicate.get("commitments", {})


def _is_case_step(predicate: Predicate) -> bool:
    """A step of a complaint: what it says stands in the commitment "facts", what a person says in "said"."""
    named = isinstance(predicate.get("step"), str) and "facts" in predicate.get("commitments", {})
    return named and ("follows" not in predicate or _is_hex64(predicate["follows"]))


def _are_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


# For each kind that this version writes: what its predicate must be, in the words of the refusal. Of the other kinds
# only the common part is checked.
_PREDICATES: dict[str, tuple[tuple[str, Callable[[Predicate], bool]], ...]] = {
    "key-enrol": (
        ("an enrolment", _is_enrolment),
        ("an enrolment with its recovery key", lambda p: "recovery" not in p or _is_hex64(p["recovery"])),
    ),
    "key-revoke": (("a revocation", lambda p: _is_hex64(p.get("keyid"))),),
    "registration": (
        ("a registration", _is_registration),
        ("sealed", _is_sealed_well),
        ("a registration that opens a sealed one", _opens_well),
    ),
    "log-key": (
        ("a change of the log's keys", _is_key_change),
        ("a change of the log's keys", lambda p: isinstance(p.get("successor", ""), str)),
    ),
    "withdrawal": (("a withdrawal", _is_reference),),
    "erasure": (("an erasure", _is_erasure),),
    "grant": (("a grant", lambda p: "commitments" in p and _is_reference(p)),),
    "evidence": (("evidence", lambda p: "item" in p.get("commitments", {}) and _is_reference(p)),),
    "claim-decision": (
        ("a decision about a claim", lambda p: "terms" in p.get("commitments", {}) and _is_reference(p)),
    ),
    "amendment": (("an amendment", _amends_well),),
    "transfer": (
        ("a transfer", _amends_well),
        ("a transfer to a key", lambda p: "to" not in p or _is_hex64(p["to"])),
    ),
    **dict.fromkeys(CASE_KINDS, (("a step of a complaint", _is_case_step),)),
}


# --- who signed, and where it may stand ------------------------------------------------------------------------------
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
            raise UnknownKey(f"the key {keyid[:16]} that signed the entry is not enrolled")
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
