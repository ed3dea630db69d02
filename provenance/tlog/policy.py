"""C2SP tlog-policy: which logs and witnesses a verifier trusts, and how many must have signed. Pure.

Specification: c2sp.org/tlog-policy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import VerificationFailed
from .encoding import decimal
from .note import COSIGNATURE_ED25519, COSIGNATURE_MLDSA44, ED25519, VKey

_NONE = "none"


@dataclass(frozen=True, slots=True)
class Policy:
    """Trusted log keys, witnesses by name, groups as (threshold, members) by name, and who must have signed.

    ``urls`` are where witnesses are asked, by name, of those that a log can ask.
    """

    logs: tuple[VKey, ...]
    witnesses: dict[str, VKey]
    groups: dict[str, tuple[int, tuple[str, ...]]]
    quorum: str
    urls: dict[str, str] = field(default_factory=dict)

    @property
    def witnessed(self) -> bool:
        """Whether any witness is demanded at all."""
        return self.quorum != _NONE

    def satisfied_by(self, signed: set[VKey]) -> bool:
        """Whether these keys make the quorum."""
        holds = {_NONE: True} | {name: key in signed for name, key in self.witnesses.items()}
        for name, (least, members) in self.groups.items():  # members stand before their group
            holds[name] = sum(holds[member] for member in members) >= least
        return holds[self.quorum]


def format_policy(
    log_keys: Sequence[str],
    witnesses: Mapping[str, str] | None = None,
    groups: Mapping[str, tuple[int, Sequence[str]]] | None = None,
    quorum: str = _NONE,
) -> bytes:
    """A policy file that trusts these log keys; without a quorum it says visibly that nobody witnesses the log.

    Args:
        log_keys: verifier keys.
        witnesses: verifier keys by the names groups and quorum use.
        groups: threshold and members by name, members before the groups that hold them.
    """
    lines = [f"log {key}" for key in log_keys]
    lines += [f"witness {name} {key}" for name, key in (witnesses or {}).items()]
    lines += [f"group {name} {least} {' '.join(members)}" for name, (least, members) in (groups or {}).items()]
    raw = "".join(f"{line}\n" for line in [*lines, f"quorum {quorum}"]).encode()
    parse_policy(raw)
    return raw


def parse_policy(raw: bytes) -> Policy:
    """Raises `VerificationFailed`."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise VerificationFailed("the policy is not UTF-8") from None
    if len(raw) > 1 << 20 or re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text):
        raise VerificationFailed("the policy is too large or holds control characters")
    logs: list[VKey] = []
    witnesses: dict[str, VKey] = {}
    urls: dict[str, str] = {}
    groups: dict[str, tuple[int, tuple[str, ...]]] = {}
    taken = {_NONE}
    members_used: set[str] = set()
    publics: set[bytes] = set()
    quorum: str | None = None

    def new_key(text: str, kinds: tuple[int, ...]) -> VKey:
        key = VKey.parse(text)
        if key.kind not in kinds:
            raise VerificationFailed(f"the policy's key {key.name!r:.40} is of another kind than its line says")
        # One key under two names would be counted twice, and a log could be its own witness.
        if key.public in publics:
            raise VerificationFailed(f"the policy names the key of {key.name!r:.40} twice")
        publics.add(key.public)
        return key

    for line in text.split("\n"):
        words = [word for word in re.split(r"[ \t]+", line) if word]
        if not words or words[0].startswith("#"):
            continue
        match words:
            case ["log", key, *rest] if len(rest) <= 1:
                logs.append(new_key(key, (ED25519, COSIGNATURE_MLDSA44)))
            case ["witness", name, key, *rest] if len(rest) <= 1 and name not in taken:
                witnesses[name] = new_key(key, (COSIGNATURE_ED25519, COSIGNATURE_MLDSA44))
                urls.update((name, url) for url in rest)
                taken.add(name)
            case ["group", name, least, *members] if members and name not in taken:
                for member in members:
                    if member not in taken or member == _NONE or member in members_used:
                        raise VerificationFailed(f"the policy's group {name!r:.40} has an unknown or repeated member")
                    members_used.add(member)
                number = {"all": len(members), "any": 1}.get(least) or decimal(least)
                if not 1 <= number <= len(members):
                    raise VerificationFailed(f"the policy's group {name!r:.40} has an impossible threshold")
                groups[name] = (number, tuple(members))
                taken.add(name)
            case ["quorum", name] if quorum is None and name in taken:
                quorum = name
            case _:
                raise VerificationFailed(f"the policy has a line that means nothing: {line!r:.60}")
    if quorum is None or not logs:
        raise VerificationFailed("the policy names no log, or no quorum")
    return Policy(tuple(logs), witnesses, groups, quorum, urls)


def with_logs(raw: bytes, log_keys: Sequence[str]) -> bytes:
    """A policy's witnesses, groups and quorum for a log with these keys; what it says of other logs is left out.

    Raises:
        VerificationFailed: together they are no policy.
    """
    kept = [line for line in raw.splitlines(keepends=True) if line.split()[:1] != [b"log"]]
    made = "".join(f"log {key}\n" for key in log_keys).encode() + b"".join(kept)
    parse_policy(made)
    return made
