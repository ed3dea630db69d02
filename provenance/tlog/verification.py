"""The result of checking a receipt: named checks, each passed, failed or absent, and the facts they establish.

A receipt is hostile input: nothing in it can raise, name a fact of its own, or reach the terminal unfiltered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, Literal, TypedDict, TypeVar

from ..errors import VerificationFailed
from ..names import printable

State = Literal["passed", "failed", "absent"]
Verdict = Literal["valid", "as_far_as_it_says", "not_valid"]
Language = Literal["en", "zh"]
T = TypeVar("T")
_CLOCK_SKEW = 3600  # seconds by which the reader's clock and the log's may differ
_MARK = {"passed": "✓", "failed": "✗", "absent": "–"}
_VERDICTS: dict[Verdict, tuple[str, str]] = {
    "valid": ("VALID", "有效"),
    "as_far_as_it_says": (
        "VALID AS FAR AS IT SAYS: checked with keys that came with it, as a forger's would",
        "自称有效：所用公钥随凭证附带，伪造者亦可如此",
    ),
    "not_valid": ("NOT VALID", "无效"),
}
_NO_INDEPENDENT_TIME = (
    "no independent time: no witness and no time-stamp that you trust vouches for it, only the log's own clock",
    "没有独立的时间证明：既无见证方，也无您信任的时间戳，仅凭账本自身的时钟",
)
_NAMES_ZH = {
    "policy": "信任策略",
    "inclusion": "账本收录",
    "first": "最早收录",
    "witnesses": "见证",
    "signature": "登记人签名",
    "commitments": "承诺内容",
    "amendments": "变更",
    "evidence": "证据",
    "after": "时间下限",
    "timestamp": "时间戳",
    "renewal": "时间戳续期",
    "times": "时间一致性",
    "work": "作品",
    "age": "证据时效",
}


class TimestampFact(TypedDict):
    """An RFC 3161 token that a trusted root certifies: POSIX seconds, by whom, over a log of how many entries."""

    time: int
    authority: str
    size: int


class AmendmentFact(TypedDict):
    """An amendment or a transfer of a registration: its index, and when the log says it signed it, POSIX seconds."""

    kind: str
    index: int
    logged_at: int | None


class EvidenceFact(TypedDict):
    """Evidence of a claim: its index, when the log says it signed it, POSIX seconds, what it is, None if unshown."""

    index: int
    logged_at: int | None
    item: dict[str, Any] | None


class VerifiedFacts(TypedDict, total=False):
    """What is known, each there once its check has passed.

    Attributes:
        policy_from: "reader" when the reader gave the trusted keys, "pinned" when the reader has kept them from before,
            "receipt" when they came with what they should prove.
        origin, index, size: the log, the entry's place in it, the size of the signed log that holds it.
        kind, sha256: what the entry is, and the hex digests it is about.
        after_size: the entry is not older than the log's checkpoint of this size.
        not_before: POSIX seconds, the earliest time on that checkpoint; None when the receipt does not bring it.
        logged_at: POSIX seconds at which the log says it signed the earliest checkpoint that the receipt brings of
            those that hold the entry; None when no signature bears a time.
        witnessed_at: POSIX seconds by which the demanded witnesses had seen it, None when none are demanded.
        witnesses: names of those of the policy that signed.
        timestamps: those of the receipt's checkpoint and of its renewal.
        signed_by, custody: keyids, and who keeps each key: "producer" or "service".
        opened, claim: the records that open commitments by name; the one called claim, of the newest amendment if
            the receipt brings any.
        registered_claim, amendments: where there are any, the claim that was registered, and what changed it.
        evidence: what was brought forward for the claim, where the receipt brings any.
    """

    policy_from: Literal["reader", "pinned", "receipt"]
    origin: str
    index: int
    size: int
    kind: str
    after_size: int
    not_before: int | None
    logged_at: int | None
    sha256: list[str]
    timestamps: list[TimestampFact]
    witnessed_at: int | None
    witnesses: list[str]
    signed_by: list[str]
    custody: list[str]
    opened: dict[str, Any]
    claim: dict[str, Any]
    registered_claim: dict[str, Any]
    amendments: list[AmendmentFact]
    evidence: list[EvidenceFact]


@dataclass(frozen=True, slots=True)
class Passed(Generic[T]):
    """What a step that passes gives: a value for the steps after it, one line about it, and facts."""

    value: T
    english: str
    chinese: str
    facts: VerifiedFacts = field(default_factory=VerifiedFacts)


class Absent(Exception):
    """Raised by a step that has nothing to check: nothing failed, and nothing is proven."""

    def __init__(self, english: str, chinese: str, facts: VerifiedFacts | None = None) -> None:
        super().__init__(english)
        self.english, self.chinese = english, chinese
        self.facts: VerifiedFacts = facts or {}


@dataclass(frozen=True, slots=True)
class Check:
    """One check by its stable name, and one line about it; in Chinese too, unless it failed."""

    name: str
    state: State
    detail: str
    detail_zh: str = ""


@dataclass(slots=True)
class Verification:
    """What was checked, in order, and what is therefore known."""

    checks: list[Check] = field(default_factory=list)
    facts: VerifiedFacts = field(default_factory=VerifiedFacts)

    @property
    def ok(self) -> bool:
        """Whether nothing failed; says nothing about what is absent."""
        return bool(self.checks) and all(check.state != "failed" for check in self.checks)

    @property
    def failed(self) -> list[Check]:
        """The checks that failed."""
        return [check for check in self.checks if check.state == "failed"]

    @property
    def verdict(self) -> Verdict:
        """Whether it is valid, or only by keys that came with it, which whoever forged it would have chosen too."""
        if not self.ok:
            return "not_valid"
        return "as_far_as_it_says" if self.facts.get("policy_from") == "receipt" else "valid"

    @property
    def independent_time(self) -> bool:
        """Whether anybody but the log vouches for the time: a witness, or an authority that the reader trusts."""
        return self.facts.get("witnessed_at") is not None or bool(self.facts.get("timestamps"))

    def newest_evidence(self) -> int | None:
        """POSIX seconds of the newest time that is proven; the log's own word counts where there is no other."""
        witnessed = self.facts.get("witnessed_at")
        known = [each["time"] for each in self.facts.get("timestamps", [])] + ([] if witnessed is None else [witnessed])
        return max(known, default=self.facts.get("logged_at"))

    def check_future(self, now: int) -> None:
        """Add a check that fails when the lower bound of the entry's time is yet to come, by the reader's clock.

        Args:
            now: POSIX seconds.
        """
        since = self.facts.get("not_before")
        if since is not None and since > now + _CLOCK_SKEW:
            self.fail("times", f"made not before {moment(since)}, which is in the future here: whose clock is wrong?")

    def check_age(self, most: int, now: int) -> None:
        """Add a check that the newest evidence is not older than that; for readers who expect fresh receipts.

        Args:
            most: seconds.
            now: POSIX seconds.
        """
        newest = self.newest_evidence()
        if newest is None:
            self.fail("age", "nothing here says when it was proven")
        elif now - newest > most:
            self.fail("age", f"the newest evidence is of {moment(newest)}: older than you allow")
        else:
            words = f"the newest evidence is of {moment(newest)}", f"最新证据时间为 {moment(newest)}"
            self.checks.append(Check("age", "passed", *words))

    def to_json(self) -> dict[str, Any]:
        """``ok``, ``verdict``, ``independent_time``, ``checks`` and the facts."""
        checks = [{"name": c.name, "state": c.state, "detail": c.detail} for c in self.checks]
        own = {"ok": self.ok, "verdict": self.verdict, "independent_time": self.independent_time}
        return {**own, "checks": checks, **self.facts}

    def lines(self, language: Language = "en") -> list[str]:
        """For a person: a line a check, then what is proven, and a warning where nobody else vouches for the time."""
        out = []
        for check in self.checks:
            name, detail = self.words(check, language)
            out.append(f"{_MARK[check.state]} {name}{'：' if language == 'zh' else ': '}{detail}")
        if self.ok:
            out += [f"  {line}" for line in summary(self.facts, language)]
            if not self.independent_time:
                out.append("! " + _NO_INDEPENDENT_TIME[language == "zh"])
        return [printable(line) for line in out]

    def verdict_words(self, language: Language = "en") -> str:
        """The verdict, for a person."""
        return _VERDICTS[self.verdict][language == "zh"]

    def fail(self, name: str, detail: str) -> None:
        """Note a check that failed."""
        self.checks.append(Check(name, "failed", printable(detail)))

    @staticmethod
    def words(check: Check, language: Language) -> tuple[str, str]:
        """Name and detail of a check, for a person."""
        if language == "zh":
            return _NAMES_ZH[check.name], check.detail_zh or check.detail
        return check.name, check.detail

    def run(self, name: str, step: Callable[[], Passed[T]]) -> T | None:
        """Do one step and note its check; returns its value, None unless it passed."""
        try:
            passed = step()
        except Absent as nothing:
            self.facts |= nothing.facts
            self.checks.append(Check(name, "absent", printable(nothing.english), printable(nothing.chinese)))
            return None
        except VerificationFailed as error:
            self.fail(name, error.detail)
            return None
        except Exception as error:  # whatever a hostile receipt brings about, it does not pass and is no traceback
            self.fail(name, f"this cannot be made sense of ({type(error).__name__})")
            return None
        self.facts |= passed.facts
        self.checks.append(Check(name, "passed", printable(passed.english), printable(passed.chinese)))
        return passed.value


def summary(facts: VerifiedFacts, language: Language = "en") -> list[str]:
    """Who claimed what, when at the earliest and latest, signed by which key, witnessed by whom; a line each.

    Args:
        facts: those of a verification in which nothing failed.
    """
    zh = language == "zh"
    out = []
    claim: object = facts.get("claim")
    if isinstance(claim, Mapping):
        out.append(titled(claim, zh))
    out += _amended(facts, zh)
    out += _shown(facts, zh)
    since = facts.get("not_before")
    if since is not None:
        out.append(f"不早于：{moment(since)}" if zh else f"not before: {moment(since)}")
    for each in facts.get("timestamps", []):
        who = f"{each['authority']}，RFC 3161" if zh else f"{each['authority']}, RFC 3161"
        out.append(f"不晚于：{moment(each['time'])}（{who}）" if zh else f"not after: {moment(each['time'])} ({who})")
    witnessed, logged = facts.get("witnessed_at"), facts.get("logged_at")
    if witnessed is not None:
        at, who = moment(witnessed), ("、" if zh else ", ").join(facts["witnesses"])
        out.append(f"不晚于：{at}（见证方 {who}）" if zh else f"not after: {at} (witnesses {who})")
    elif not facts.get("timestamps") and logged is not None:
        at = moment(logged)
        out.append(f"不晚于：{at}（仅由运营方声明）" if zh else f"not after: {at} (the operator's own word)")
    return out


def titled(claim: Mapping[str, object], zh: bool) -> str:
    """A claim's title and owner, with the quotation marks of the language."""
    title, owner = claim.get("title", ""), claim.get("owner", "")
    return f"《{title}》——{owner}" if zh else f"«{title}» — {owner}"


def _amended(facts: VerifiedFacts, zh: bool) -> list[str]:
    """What was registered, where something else is claimed now: the times below are of that."""
    if not facts.get("amendments"):
        return []
    newest, old = facts["amendments"][-1], facts.get("registered_claim", {})
    when = "" if newest["logged_at"] is None else moment(newest["logged_at"])
    was = titled(old, zh) if old else ""
    if zh:
        return [f"自第 {newest['index']} 条起如此主张（{when}）；登记时为：{was or '未公开'}"]
    return [f"claimed so since entry {newest['index']} ({when}); registered as: {was or 'not shown'}"]


def _shown(facts: VerifiedFacts, zh: bool) -> list[str]:
    """What was brought forward for the claim, a line each: its own date is claimed, that of its entry is not."""
    out = []
    for each in facts.get("evidence", []):
        item = each["item"] or {}
        said = " · ".join(str(item[name]) for name in ("kind", "date", "shows", "address", "digest") if name in item)
        when = "" if each["logged_at"] is None else f" ({moment(each['logged_at'])})"
        english, chinese = (
            f"evidence, entry {each['index']}{when}: {said}",
            f"证据，第 {each['index']} 条{when}：{said}",
        )
        out.append(chinese if zh else english)
    return out


def moment(timestamp: int) -> str:
    """POSIX seconds as ISO 8601 in UTC; times that no calendar shows, as the number."""
    try:
        return datetime.fromtimestamp(timestamp, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return f"POSIX time {timestamp}"
