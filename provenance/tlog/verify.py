"""Offline verification of a receipt, step by step. Pure.

Needs no database and no network; trusts the keys in the policy and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Literal

from cryptography.x509 import Certificate

from ..errors import VerificationFailed
from . import envelope, proof, receipt, statement, timestamp, verified_time, verify_amendments, verify_evidence
from .encoding import parse_canonical, unb64
from .merkle import leaf_hash, verify_inclusion
from .policy import Policy, parse_policy
from .signed_checkpoint import OpenedCheckpoint, open_checkpoint
from .verification import Absent, Passed, TimestampFact, Verification, VerifiedFacts, moment
from .verify_later import Files, Later

_KEY_FOLDER = re.compile(r"keys/[0-9]{1,3}/" + re.escape(receipt.ENTRY) + r"\Z", re.ASCII)

SaltedDigest = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class _ProvenEntry:
    """An entry whose inclusion under a trusted checkpoint holds."""

    leaf: envelope.Leaf
    proof: proof.Proof
    checkpoint: OpenedCheckpoint

    @property
    def index(self) -> int:
        return self.proof.index

    @property
    def origin(self) -> str:
        return self.checkpoint.origin


@dataclass(frozen=True, slots=True)
class _EnrolledKey:
    """A key that the receipt proves to be enrolled before the entry: raw public key, and who keeps the private one."""

    public: bytes
    custody: str


def verify_receipt(
    files: Files,
    policy: bytes | None = None,
    work_digest: bytes | None = None,
    salted_digest: SaltedDigest | None = None,
    tsa_roots: bytes | None = None,
    policy_from: Literal["reader", "pinned"] = "reader",
) -> Verification:
    """Check a receipt; never raises. The steps, of which the first two must pass for the others to be tried:

    1. policy: which keys are trusted, and how they were come by.
    2. inclusion: the entry stands in the log that those keys signed, with as many witnesses as the policy demands.
    3. first: it stands in an earlier checkpoint too, which bounds its time better; only where that is brought.
    4. witnesses: who cosigned the earlier of the two, and by when.
    5. signature: the entry's signatures hold, under keys enrolled in the same log before it.
    6. commitments: the records that are shown are those that were signed.
    7. amendments: what is claimed was changed by later entries, each signed by who could; only where there are any.
    8. evidence: what was brought forward for the claim, each piece by who could; only where there is any.
    9. after: the checkpoint that the entry names as seen bounds its time from below; only where it is brought.
    10. timestamp: an authority's RFC 3161 token over the checkpoint bounds its time from above.
    11. renewal: a later token over a later checkpoint that continues the log; only where it is brought.
    12. times: the bounds contradict each other; only where they do.
    13. work: the reader's file is what the entry is about.

    Args:
        files: its files by name, see `receipt`.
        policy: the log's policy as the reader got it elsewhere; None takes the receipt's own, and says so.
        policy_from: how the reader came by it.
        work_digest: SHA-256 of the work that the reader holds, 32 bytes.
        salted_digest: gives the SHA-256 of a salt and then that work, for a sealed registration.
        tsa_roots: PEM of the root certificates by which the reader trusts time-stamps; None trusts none.
    """
    done = Verification()
    trusted = done.run("policy", lambda: _policy(files, policy, policy_from))
    if trusted is None:
        return done
    entry = done.run("inclusion", lambda: _inclusion(files, trusted))
    if entry is None:
        return done
    earliest = entry.checkpoint
    if receipt.FIRST in files:
        earliest = done.run("first", lambda: _first(files, entry, trusted)) or earliest
    done.run("witnesses", lambda: _witnesses(earliest, trusted))
    done.run("signature", lambda: _signature(files, entry, trusted))
    opened = done.run("commitments", lambda: _commitments(files, entry.leaf))
    later = _later(files, entry, trusted)
    if _brings(files, "amendments"):
        done.facts["registered_claim"] = done.facts.pop("claim", {})
        done.run("amendments", lambda: verify_amendments.check(later()))
    if _brings(files, "evidence"):
        done.run("evidence", lambda: verify_evidence.check(later()))
    if receipt.AFTER in files:
        done.run("after", lambda: _after(files, entry, trusted))
    stamps = [done.run("timestamp", lambda: _timestamp(files, entry, tsa_roots))]
    if _brings(files, "renewed"):
        stamps.append(done.run("renewal", lambda: _renewal(files, entry, trusted, tsa_roots)))
    done.facts["timestamps"] = [each for each in stamps if each is not None]
    wrong = _contradiction(done.facts)
    if wrong is not None:
        done.fail("times", wrong)
    done.run("work", lambda: _work(entry.leaf, opened or {}, work_digest, salted_digest))
    return done


# --- 1. policy -------------------------------------------------------------------------------------------------------
def _policy(files: Files, given: bytes | None, given_from: Literal["reader", "pinned"]) -> Passed[Policy]:
    if given is not None and given_from == "pinned":
        words = "the log's keys are those that you pinned", "采用您先前固定的账本公钥"
        return Passed(parse_policy(given), *words, {"policy_from": "pinned"})
    if given is not None:
        words = "the log's keys are those you gave", "采用您提供的账本公钥"
        return Passed(parse_policy(given), *words, {"policy_from": "reader"})
    return Passed(
        parse_policy(_file(files, receipt.POLICY)),
        "taken from the receipt itself, which proves nothing: give the log's keys with --policy, or pin them",
        "取自凭证自身，不能自证：请用 --policy 提供账本公钥，或先行固定",
        {"policy_from": "receipt"},
    )


def _brings(files: Files, folder: str) -> bool:
    return any(name.startswith(f"{folder}/") for name in files)


def _file(files: Files, name: str) -> bytes:
    if name not in files:
        raise VerificationFailed(f"the receipt has no {name}")
    return files[name]


# --- 2. inclusion ----------------------------------------------------------------------------------------------------
def _inclusion(files: Files, trusted: Policy) -> Passed[_ProvenEntry]:
    entry = _prove(files, "", receipt.PROOF, trusted)
    origin, index, size = entry.checkpoint.origin, entry.proof.index, entry.checkpoint.size
    facts: VerifiedFacts = {
        "origin": origin,
        "index": index,
        "size": size,
        "kind": entry.leaf.kind,
        "after_size": entry.leaf.after[0],
        "not_before": None,
        "logged_at": verified_time.logged_at(entry.checkpoint, trusted),
        "sha256": entry.leaf.digests,
        "timestamps": [],
    }
    return Passed(
        entry,
        f"entry {index} of {origin}, in a signed log of {size}",
        f"{origin} 第 {index} 条，已签名账本共 {size} 条",
        facts,
    )


def _prove(files: Files, folder: str, name: str, trusted: Policy) -> _ProvenEntry:
    """The entry in a folder of the receipt, when a proof there leads to a checkpoint that the policy trusts."""
    raw = _file(files, folder + receipt.ENTRY)
    leaf = envelope.parse_leaf(raw)
    parsed = proof.parse_proof(_file(files, folder + name))
    checkpoint = open_checkpoint(parsed.checkpoint, trusted.logs, list(trusted.witnesses.values()))
    if not trusted.satisfied_by(set(checkpoint.signed_by)):
        raise VerificationFailed("fewer witnesses signed the checkpoint than the policy demands")
    verify_inclusion(parsed.index, checkpoint.size, leaf_hash(raw), parsed.hashes, checkpoint.root)
    envelope.check_place(leaf, checkpoint.origin, parsed.index)
    return _ProvenEntry(leaf, parsed, checkpoint)


# --- 3. first --------------------------------------------------------------------------------------------------------
def _first(files: Files, entry: _ProvenEntry, trusted: Policy) -> Passed[OpenedCheckpoint]:
    earlier = _prove(files, "", receipt.FIRST, trusted)
    place = earlier.checkpoint.origin, earlier.proof.index
    if place != (entry.checkpoint.origin, entry.proof.index) or earlier.checkpoint.size > entry.checkpoint.size:
        raise VerificationFailed(f"{receipt.FIRST} is not about this entry in an earlier state of the same log")
    size = earlier.checkpoint.size
    return Passed(
        earlier.checkpoint,
        f"it stood there when the signed log had {size}",
        f"已签名账本共 {size} 条时即已收录",
        {"logged_at": verified_time.logged_at(earlier.checkpoint, trusted)},
    )


# --- 4. witnesses ----------------------------------------------------------------------------------------------------
def _witnesses(checkpoint: OpenedCheckpoint, trusted: Policy) -> Passed[None]:
    if not trusted.witnessed:
        raise Absent(
            "the policy demands none: only the operator vouches that everybody sees the same log",
            "策略未要求见证方：仅由运营方保证所有人看到同一账本",
            {"witnessed_at": None, "witnesses": []},
        )
    found = trusted.cosigned(checkpoint.signed_by)
    # The first time would rest on one witness alone; by the last, all of them had seen it.
    latest = max(found.values())
    return Passed(
        None,
        f"{len(found)} signed, all by {moment(latest)}",
        f"{len(found)} 个见证方已签名，最晚于 {moment(latest)}",
        {"witnessed_at": latest, "witnesses": sorted(found)},
    )


# --- 5. signature ----------------------------------------------------------------------------------------------------
def _signature(files: Files, entry: _ProvenEntry, trusted: Policy) -> Passed[None]:
    enrolled = _enrolled_keys(files, entry, trusted)
    envelope.verify_signatures(entry.leaf, {keyid: key.public for keyid, key in enrolled.items()})
    signers = entry.leaf.signers
    custody = [enrolled[keyid].custody for keyid in signers]
    kept = ", ".join(f"{keyid[:16]} (key kept by the {who})" for keyid, who in zip(signers, custody, strict=True))
    kept_zh = "、".join(
        f"{keyid[:16]}（私钥由{'本人' if who == 'producer' else '服务方'}保管）"
        for keyid, who in zip(signers, custody, strict=True)
    )
    return Passed(
        None,
        f"by {kept}, enrolled in the same log before",
        f"{kept_zh}，此前已在同一账本登记公钥",
        {"signed_by": signers, "custody": custody},
    )


def _enrolled_keys(files: Files, entry: _ProvenEntry, trusted: Policy) -> dict[str, _EnrolledKey]:
    """Keys that the receipt proves to be enrolled in the same log before the entry, by keyid."""
    folders = [name.removesuffix(receipt.ENTRY) for name in sorted(files) if _KEY_FOLDER.match(name)]
    enrolments = [_prove(files, folder, receipt.PROOF, trusted) for folder in folders]
    found: dict[str, _EnrolledKey] = {}
    for enrolment in sorted(enrolments, key=lambda each: each.proof.index):
        if enrolment.checkpoint.origin != entry.checkpoint.origin:
            raise VerificationFailed("a key was enrolled in another log")
        if enrolment.leaf.kind != "key-enrol" or enrolment.proof.index >= entry.proof.index:
            raise VerificationFailed("a key was not enrolled before the entry it signed")
        keyid, public = envelope.enrolled_key(enrolment.leaf)
        if keyid in found:
            raise VerificationFailed("a key was enrolled twice")
        found[keyid] = _EnrolledKey(public, str(enrolment.leaf.predicate["custody"]))
        # In a rotation, the old key's signature too.
        envelope.verify_signatures(enrolment.leaf, {each: key.public for each, key in found.items()})
    return found


# --- 6. commitments --------------------------------------------------------------------------------------------------
_RECORDS_ZH = {"claim": "主张", "fingerprint": "指纹", "metadata": "内嵌信息", "terms": "授权条件"}
_RECORDS_ZH |= {"facts": "事实", "said": "陈述"}  # of a step of a complaint


def _commitments(files: Files, leaf: envelope.Leaf) -> Passed[dict[str, Any]]:
    """The value: the records that are shown, by the names of their commitments."""
    if receipt.OPENING not in files:
        raise Absent("not opened: who claimed what is not shown", "未公开：不显示主张人与主张内容")
    opened = _open(files[receipt.OPENING], leaf.predicate.get("commitments", {}))
    facts: VerifiedFacts = {"opened": opened}
    if isinstance(opened.get("claim"), dict):
        facts["claim"] = opened["claim"]
    names = sorted(opened)
    shown = "、".join(_RECORDS_ZH.get(name, name) for name in names)
    return Passed(
        opened, f"what is shown is what was signed: {', '.join(names)}", f"所示内容与签名时一致：{shown}", facts
    )


def _open(raw: bytes, commitments: Mapping[str, str]) -> dict[str, Any]:
    opening = parse_canonical(raw)
    if not isinstance(opening, dict) or not opening:
        raise VerificationFailed("opening.json does not open anything")
    opened: dict[str, Any] = {}
    for name, each in opening.items():
        if not isinstance(each, dict) or each.keys() != {"salt", "record"} or not isinstance(each["salt"], str):
            raise VerificationFailed(f"opening.json does not open {name!r:.40} with a salt and a record")
        if name not in commitments or statement.commit(unb64(each["salt"]), each["record"]) != commitments[name]:
            raise VerificationFailed(f"the {name!r:.40} shown here is not the one that was signed")
        opened[name] = each["record"]
    return opened


# --- 7. amendments, 8. evidence --------------------------------------------------------------------------------------
def _later(files: Files, entry: _ProvenEntry, trusted: Policy) -> Callable[[], Later]:
    """Makes what each of the two checks reads; what one has proven is not proven again."""
    return partial(
        Later,
        files,
        entry,
        cache(lambda folder: _prove(files, folder, receipt.PROOF, trusted)),
        lambda proven: verified_time.logged_at(proven.checkpoint, trusted),
        _open,
    )


# --- 9. after --------------------------------------------------------------------------------------------------------
def _after(files: Files, entry: _ProvenEntry, trusted: Policy) -> Passed[None]:
    at = verified_time.not_before(files, entry.leaf, entry.checkpoint.origin, trusted)
    size, since = entry.leaf.after[0], "" if at is None else moment(at)
    return Passed(
        None,
        f"made after the log had {size} {'entry' if size == 1 else 'entries'}, not before {since}",
        f"作于账本已有 {size} 条之后，不早于 {since}",
        {"not_before": at},
    )


# --- 10. timestamp, 11. renewal ---------------------------------------------------------------------------------------
def _timestamp(files: Files, entry: _ProvenEntry, tsa_roots: bytes | None) -> Passed[TimestampFact]:
    if receipt.STAMP not in files:
        raise Absent(
            "none: no clock but that of the log and its witnesses vouches for the time",
            "无：时间仅由账本及其见证方的时钟保证",
        )
    roots = _roots(tsa_roots)
    return _certified(verified_time.checkpoint_timestamp(files, entry.checkpoint, entry.proof.checkpoint, roots))


def _renewal(files: Files, entry: _ProvenEntry, trusted: Policy, tsa_roots: bytes | None) -> Passed[TimestampFact]:
    return _certified(verified_time.renewal_timestamp(files, entry.checkpoint, trusted, _roots(tsa_roots)))


def _roots(pem: bytes | None) -> Sequence[Certificate] | None:
    return None if pem is None else timestamp.roots_of(pem)


def _certified(found: verified_time.LogTimestamp | None) -> Passed[TimestampFact]:
    """What a time-stamp establishes; one that nobody the reader trusts certifies establishes nothing."""
    if found is None:
        raise VerificationFailed("the time-stamp is missing")
    at, authority = found.token.time.isoformat(), found.token.authority or "?"
    if not found.checked:
        raise Absent(
            f"a token for {at} by {authority}, which proves nothing yet: name the root you trust with --tsa-ca",
            f"{authority} 的时间戳 {at}，尚不能证明：请用 --tsa-ca 提供您信任的根证书",
        )
    expires = found.token.expires
    until = "" if expires is None else f", whose certificate runs until {expires.date()}"
    until_zh = "" if expires is None else f"（证书有效期至 {expires.date()}）"
    return Passed(
        {"time": int(found.token.time.timestamp()), "authority": authority, "size": found.size},
        f"the log of {found.size} entries was there at {at}, says {authority}{until}",
        f"{authority}{until_zh}证明：{at} 时账本已有 {found.size} 条",
    )


# --- 12. times -------------------------------------------------------------------------------------------------------
def _contradiction(facts: VerifiedFacts) -> str | None:
    others = [facts.get("witnessed_at"), *(each["time"] for each in facts["timestamps"])]
    return verified_time.contradiction(facts.get("not_before"), facts.get("logged_at"), others)


# --- 13. work --------------------------------------------------------------------------------------------------------
def _work(
    leaf: envelope.Leaf,
    opened: Mapping[str, Any],
    work_digest: bytes | None,
    salted_digest: SaltedDigest | None,
) -> Passed[None]:
    if work_digest is None:
        raise Absent("no file was given: use --work", "未提供文件：请使用 --work")
    digest = _salted(opened, salted_digest) if "sealed" in leaf.predicate else work_digest
    shown = digest.hex()
    if shown not in leaf.digests:
        raise VerificationFailed("this file is not the registered work: its SHA-256 is another")
    return Passed(
        None,
        f"this file is the registered work (SHA-256 {shown[:16]}…)",
        f"此文件即所登记作品（SHA-256 {shown[:16]}…）",
    )


def _salted(opened: Mapping[str, Any], salted_digest: SaltedDigest | None) -> bytes:
    """The digest of a sealed work, by the salt that the opened record "seal" shows."""
    record = opened.get("seal")
    if salted_digest is None or not isinstance(record, dict) or not isinstance(record.get("salt"), str):
        raise VerificationFailed("the registration is sealed, and opening.json does not show its salt")
    salt = unb64(record["salt"])
    if len(salt) != envelope.SALT_SIZE:
        raise VerificationFailed("the salt of a sealed registration has 32 bytes")
    return salted_digest(salt)
