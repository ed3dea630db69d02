"""Offline verification of a receipt: named checks, each passed, failed or absent, and the facts they establish.

Needs no database and no network; trusts the keys in the policy and nothing else. A receipt is hostile input: nothing
in it can raise, name a fact of its own, or reach the terminal unfiltered.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from cryptography.x509 import Certificate

from ..errors import VerificationFailed
from . import envelope, note, proof, receipt, statement, timestamp, verified_time
from . import policy as policies
from .encoding import parse_canonical, unb64
from .merkle import leaf_hash, verify_inclusion

State = Literal["passed", "failed", "absent"]
_KEY_FOLDER = re.compile(r"keys/[0-9]{1,3}/" + re.escape(receipt.ENTRY) + r"\Z", re.ASCII)
_MARK = {"passed": "✓", "failed": "✗", "absent": "–"}
_NAMES_ZH = {
    "policy": "信任策略",
    "inclusion": "账本收录",
    "witnesses": "见证",
    "signature": "登记人签名",
    "commitments": "承诺内容",
    "after": "时间下限",
    "timestamp": "时间戳",
    "renewal": "时间戳续期",
    "work": "作品",
}


class _Absent(Exception):
    """Nothing failed, and nothing is proven."""

    def __init__(self, english: str, chinese: str) -> None:
        super().__init__(english)
        self.english, self.chinese = english, chinese


@dataclass(frozen=True, slots=True)
class Check:
    """One check by its stable name, and one line about it; in Chinese too, unless it failed."""

    name: str
    state: State
    detail: str
    detail_zh: str = ""


@dataclass(slots=True)
class Verification:
    """What was checked, and what is therefore known.

    Facts, each there once its check has passed:
        policy_from: "reader", or "receipt" when the trusted keys came with what they should prove.
        origin, index, size: the log, the entry's place in it, the size of the signed log that holds it.
        kind, sha256: what the entry is, and the hex digests it is about.
        after_size: the entry is not older than the log's checkpoint of this size.
        not_before: POSIX seconds, the earliest time on that checkpoint; None when the receipt does not bring it.
        logged_at: POSIX seconds at which the log says it signed; None when no signature bears a time.
        witnessed_at: POSIX seconds by which the demanded witnesses had seen it, None when none are demanded.
        witnesses: names of those of the policy that signed.
        timestamps: time (POSIX), authority and log size of each RFC 3161 token that a trusted root certifies.
        signed_by, custody: keyids, and who keeps each key: "producer" or "service".
        opened, claim: the records that open commitments by name; the one called claim.
    """

    checks: list[Check] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether nothing failed; says nothing about what is absent."""
        return bool(self.checks) and all(check.state != "failed" for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        """``ok``, ``checks`` and the facts."""
        checks = [{"name": c.name, "state": c.state, "detail": c.detail} for c in self.checks]
        return {"ok": self.ok, "checks": checks, **self.facts}

    def lines(self, language: Literal["en", "zh"] = "en") -> list[str]:
        """For a person: a line a check, then what is proven."""
        out = []
        for check in self.checks:
            name, detail = self.words(check, language)
            out.append(f"{_MARK[check.state]} {name}: {detail}")
        if self.ok:
            out += [f"  {line}" for line in summary(self.facts, language)]
        return [printable(line) for line in out]

    @staticmethod
    def words(check: Check, language: Literal["en", "zh"]) -> tuple[str, str]:
        """Name and detail of a check, for a person."""
        return (
            (_NAMES_ZH[check.name], check.detail_zh or check.detail) if language == "zh" else (check.name, check.detail)
        )

    def run(self, name: str, act: Callable[[], tuple[str, str]]) -> bool:
        """Do one check; returns whether it passed."""
        try:
            english, chinese = act()
        except _Absent as nothing:
            self.absent(name, printable(nothing.english), printable(nothing.chinese))
            return False
        except VerificationFailed as error:
            self.checks.append(Check(name, "failed", printable(error.detail)))
            return False
        except Exception as error:  # whatever a hostile receipt brings about, it does not pass and is no traceback
            self.checks.append(Check(name, "failed", f"this cannot be made sense of ({type(error).__name__})"))
            return False
        self.checks.append(Check(name, "passed", printable(english), printable(chinese)))
        return True

    def absent(self, name: str, english: str, chinese: str) -> None:
        """Note that there was nothing to check, and why."""
        self.checks.append(Check(name, "absent", english, chinese))


@dataclass(frozen=True, slots=True)
class _Proven:
    """An entry whose inclusion under a trusted checkpoint holds."""

    leaf: envelope.Leaf
    proof: proof.Proof
    checkpoint: note.OpenedCheckpoint


def verify_receipt(
    files: Mapping[str, bytes],
    policy: bytes | None = None,
    work_digest: bytes | None = None,
    salted_digest: Callable[[bytes], bytes] | None = None,
    tsa_roots: bytes | None = None,
) -> Verification:
    """Check a receipt; never raises.

    Args:
        files: its files by name, see `receipt.read`.
        policy: the log's policy as the reader got it elsewhere; None takes the receipt's own, and says so.
        work_digest: SHA-256 of the work that the reader holds, 32 bytes.
        tsa_roots: PEM of the root certificates by which the reader trusts time-stamps; None trusts none.
        salted_digest: gives the SHA-256 of a salt and then that work, for a sealed registration.
    """
    done = Verification()
    state: dict[str, Any] = {}

    def trust() -> tuple[str, str]:
        raw = policy if policy is not None else _file(files, receipt.POLICY)
        state["policy"] = policies.parse_policy(raw)
        done.facts["policy_from"] = "reader" if policy is not None else "receipt"
        if policy is not None:
            return "the log's keys are those you gave", "采用您提供的账本公钥"
        return (
            "taken from the receipt itself, which proves nothing: compare its keys with those the log publishes",
            "取自凭证自身，不能自证：请与账本另行公布的公钥核对",
        )

    def inclusion() -> tuple[str, str]:
        state["entry"] = proven = _prove(files, "", state["policy"])
        origin, index, size = proven.checkpoint.origin, proven.proof.index, proven.checkpoint.size
        done.facts |= {
            "origin": origin,
            "index": index,
            "size": size,
            "kind": proven.leaf.kind,
            "after_size": proven.leaf.after[0],
            "not_before": None,
            "logged_at": verified_time.logged_at(proven.checkpoint, state["policy"]),
            "sha256": proven.leaf.digests,
            "timestamps": [],
        }
        return (
            f"entry {index} of {origin}, in a signed log of {size}",
            f"{origin} 第 {index} 条，已签名账本共 {size} 条",
        )

    def witnesses() -> tuple[str, str]:
        trusted: policies.Policy = state["policy"]
        signed = state["entry"].checkpoint.signed_by
        found = {name: signed[key] for name, key in trusted.witnesses.items() if key in signed}
        # The first time would rest on one witness alone; by the last, all of them had seen it.
        done.facts["witnessed_at"] = latest = max(time for time in found.values() if time is not None)
        done.facts["witnesses"] = sorted(found)
        moment = _moment(latest)
        return f"{len(found)} signed, all by {moment}", f"{len(found)} 个见证方已签名，最晚于 {moment}"

    def after() -> tuple[str, str]:
        entry: _Proven = state["entry"]
        done.facts["not_before"] = at = verified_time.not_before(
            files, entry.leaf, entry.checkpoint.origin, state["policy"]
        )
        size, moment = entry.leaf.after[0], "" if at is None else _moment(at)
        return (
            f"made after the log had {size} entries, not before {moment}",
            f"作于账本已有 {size} 条之后，不早于 {moment}",
        )

    def roots() -> list[Certificate] | None:
        return None if tsa_roots is None else timestamp.roots_of(tsa_roots)

    def stamped() -> tuple[str, str]:
        entry: _Proven = state["entry"]
        return _told(done, verified_time.stamped(files, entry.checkpoint, entry.proof.checkpoint, roots()))

    def renewed() -> tuple[str, str]:
        return _told(done, verified_time.renewed(files, state["entry"].checkpoint, state["policy"], roots()))

    def signature() -> tuple[str, str]:
        entry: _Proven = state["entry"]
        known, custody = _signer_keys(files, entry, state["policy"])
        envelope.verify_signatures(entry.leaf, known)
        signers = entry.leaf.signers
        done.facts |= {"signed_by": signers, "custody": [custody[s] for s in signers]}
        kept = ", ".join(f"{s[:16]} (key kept by the {custody[s]})" for s in signers)
        kept_zh = "、".join(
            f"{s[:16]}（私钥由{'本人' if custody[s] == 'producer' else '服务方'}保管）" for s in signers
        )
        return f"by {kept}, enrolled in the same log before", f"{kept_zh}，此前已在同一账本登记公钥"

    def commitments() -> tuple[str, str]:
        opened = _open(files, state["entry"].leaf)
        done.facts["opened"] = opened
        if isinstance(opened.get("claim"), dict):
            done.facts["claim"] = opened["claim"]
        names = ", ".join(sorted(opened))
        return f"what is shown is what was signed: {names}", f"所示内容与签名时一致：{names}"

    def work() -> tuple[str, str]:
        assert work_digest is not None
        shown = work_digest.hex()
        if "sealed" in state["entry"].leaf.predicate:
            shown = _salted(done.facts.get("opened", {}), salted_digest).hex()
        if shown not in state["entry"].leaf.digests:
            raise VerificationFailed("this file is not the registered work: its SHA-256 is another")
        return (
            f"this file is the registered work (SHA-256 {shown[:16]}…)",
            f"此文件即所登记作品（SHA-256 {shown[:16]}…）",
        )

    if not (done.run("policy", trust) and done.run("inclusion", inclusion)):
        return done
    if state["policy"].witnessed:
        done.run("witnesses", witnesses)
    else:
        done.facts |= {"witnessed_at": None, "witnesses": []}
        done.absent(
            "witnesses",
            "the policy demands none: only the operator vouches that everybody sees the same log",
            "策略未要求见证方：仅由运营方保证所有人看到同一账本",
        )
    done.run("signature", signature)
    if receipt.OPENING in files:
        done.run("commitments", commitments)
    else:
        done.absent("commitments", "not opened: who claimed what is not shown", "未公开：不显示主张人与主张内容")
    if receipt.AFTER in files:
        done.run("after", after)
    if receipt.STAMP in files:
        done.run("timestamp", stamped)
    else:
        done.absent(
            "timestamp",
            "none: no clock but that of the log and its witnesses vouches for the time",
            "无：时间仅由账本及其见证方的时钟保证",
        )
    if any(name.startswith("renewed/") for name in files):
        done.run("renewal", renewed)
    if work_digest is not None:
        done.run("work", work)
    else:
        done.absent("work", "no file was given: use --work", "未提供文件：请使用 --work")
    return done


def _file(files: Mapping[str, bytes], name: str) -> bytes:
    if name not in files:
        raise VerificationFailed(f"the receipt has no {name}")
    return files[name]


def _prove(files: Mapping[str, bytes], folder: str, trusted: policies.Policy) -> _Proven:
    raw = _file(files, folder + receipt.ENTRY)
    leaf = envelope.parse_leaf(raw)
    parsed = proof.parse_proof(_file(files, folder + receipt.PROOF))
    checkpoint = note.open_checkpoint(parsed.checkpoint, trusted.logs, list(trusted.witnesses.values()))
    if not trusted.satisfied_by(set(checkpoint.signed_by)):
        raise VerificationFailed("fewer witnesses signed the checkpoint than the policy demands")
    verify_inclusion(parsed.index, checkpoint.size, leaf_hash(raw), parsed.hashes, checkpoint.root)
    envelope.check_place(leaf, checkpoint.origin, parsed.index)
    return _Proven(leaf, parsed, checkpoint)


def _signer_keys(
    files: Mapping[str, bytes], entry: _Proven, trusted: policies.Policy
) -> tuple[dict[str, bytes], dict[str, str]]:
    """Keys that the receipt proves to be enrolled in the same log before the entry, and who keeps them."""
    enrolments = [
        _prove(files, name.removesuffix(receipt.ENTRY), trusted) for name in sorted(files) if _KEY_FOLDER.match(name)
    ]
    known: dict[str, bytes] = {}
    custody: dict[str, str] = {}
    for enrolment in sorted(enrolments, key=lambda each: each.proof.index):
        if enrolment.checkpoint.origin != entry.checkpoint.origin:
            raise VerificationFailed("a key was enrolled in another log")
        if enrolment.leaf.kind != "key-enrol" or enrolment.proof.index >= entry.proof.index:
            raise VerificationFailed("a key was not enrolled before the entry it signed")
        keyid, public = envelope.enrolled_key(enrolment.leaf)
        if keyid in known:
            raise VerificationFailed("a key was enrolled twice")
        known[keyid] = public
        custody[keyid] = str(enrolment.leaf.predicate["custody"])
        envelope.verify_signatures(enrolment.leaf, known)  # in a rotation, the old key's too
    return known, custody


def _open(files: Mapping[str, bytes], leaf: envelope.Leaf) -> dict[str, Any]:
    opening = parse_canonical(files[receipt.OPENING])
    promised = leaf.predicate.get("commitments", {})
    if not isinstance(opening, dict) or not opening:
        raise VerificationFailed("opening.json does not open anything")
    opened: dict[str, Any] = {}
    for name, each in opening.items():
        if not isinstance(each, dict) or each.keys() != {"salt", "record"} or not isinstance(each["salt"], str):
            raise VerificationFailed(f"opening.json does not open {name!r:.40} with a salt and a record")
        if name not in promised or statement.commit(unb64(each["salt"]), each["record"]) != promised[name]:
            raise VerificationFailed(f"the {name!r:.40} shown here is not the one that was signed")
        opened[name] = each["record"]
    return opened


def _salted(opened: Mapping[str, Any], salted_digest: Callable[[bytes], bytes] | None) -> bytes:
    record = opened.get("seal")
    if salted_digest is None or not isinstance(record, dict) or not isinstance(record.get("salt"), str):
        raise VerificationFailed("the registration is sealed, and opening.json does not show its salt")
    salt = unb64(record["salt"])
    if len(salt) != envelope.SALT_SIZE:
        raise VerificationFailed("the salt of a sealed registration has 32 bytes")
    return salted_digest(salt)


def _moment(timestamp: int) -> str:
    try:
        return datetime.fromtimestamp(timestamp, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return f"POSIX time {timestamp}"


def _told(done: Verification, found: verified_time.Stamped | None) -> tuple[str, str]:
    """What a time-stamp establishes; one that nobody the reader trusts certifies establishes nothing."""
    if found is None:
        raise VerificationFailed("the time-stamp is missing")
    moment, authority = found.stamp.time.isoformat(), found.stamp.authority or "?"
    if not found.checked:
        raise _Absent(
            f"a token for {moment} by {authority}, which proves nothing yet: name the root you trust with --tsa-ca",
            f"{authority} 的时间戳 {moment}，尚不能证明：请用 --tsa-ca 提供您信任的根证书",
        )
    done.facts["timestamps"].append(
        {"time": int(found.stamp.time.timestamp()), "authority": authority, "size": found.size}
    )
    expires = found.stamp.expires
    until = "" if expires is None else f", whose certificate runs until {expires.date()}"
    until_zh = "" if expires is None else f"（证书有效期至 {expires.date()}）"
    return (
        f"the log of {found.size} entries was there at {moment}, says {authority}{until}",
        f"{authority}{until_zh}证明：{moment} 时账本已有 {found.size} 条",
    )


def summary(facts: Mapping[str, Any], language: Literal["en", "zh"] = "en") -> list[str]:
    """Who claimed what, when at the earliest and latest, signed by which key, witnessed by whom; a line each.

    Args:
        facts: those of a verification in which nothing failed.
    """
    zh = language == "zh"
    out = []
    claim = facts.get("claim")
    if isinstance(claim, dict):
        out.append(f"«{claim.get('title', '')}» — {claim.get('owner', '')}")
    since = facts.get("not_before")
    if since is not None:
        out.append(f"不早于：{_moment(since)}" if zh else f"not before: {_moment(since)}")
    for each in facts.get("timestamps", []):
        who = f"{each['authority']}，RFC 3161" if zh else f"{each['authority']}, RFC 3161"
        out.append(f"不晚于：{_moment(each['time'])}（{who}）" if zh else f"not after: {_moment(each['time'])} ({who})")
    if facts.get("witnessed_at") is not None:
        at, who = _moment(facts["witnessed_at"]), ", ".join(facts["witnesses"])
        out.append(f"不晚于：{at}（见证方 {who}）" if zh else f"not after: {at} (witnesses {who})")
    elif not facts.get("timestamps") and facts.get("logged_at") is not None:
        at = _moment(facts["logged_at"])
        out.append(f"登记时间：{at}（仅由运营方声明）" if zh else f"logged: {at} (the operator's own word)")
    return out


def printable(text: str) -> str:
    """Without what could move a terminal's cursor, change its colours or turn the direction of writing."""
    return "".join(
        c if c.isprintable() or unicodedata.category(c) == "Zs" or c in "\u200c\u200d" else "\ufffd" for c in text
    )
