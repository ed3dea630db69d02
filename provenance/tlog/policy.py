"""C2SP tlog-policy: which logs and witnesses a verifier trusts, and how many must have signed. Pure.

Specification: c2sp.org/tlog-policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import VerificationFailed
from .encoding import decimal
from .note import COSIGNATURE_ED25519, COSIGNATURE_MLDSA44, ED25519, VKey

_NONE = "none"  # the quorum of a log that nobody witnesses
_MAX_POLICY = 1 << 20  # bytes
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


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
        """Whether these keys make the quorum; a witness counts once in a group, with however many keys it signed."""
        holds = {_NONE: True} | {name: key in signed for name, key in self.witnesses.items()}
        for name, (least, members) in self.groups.items():  # members stand before their group
            holds[name] = len(self.partners(member for member in members if holds[member])) >= least
        return holds[self.quorum]

    def partners(self, names: Iterable[str]) -> list[str]:
        """Those of these witnesses and groups that are different parties: of a witness with several keys the first.

        A group is a party of its own; which witnesses may stand in two groups is for `parse_policy` to say.
        """
        first: dict[tuple[bool, str], str] = {}
        for name in names:
            known = self.witnesses.get(name)
            first.setdefault((known is None, name if known is None else known.name), name)
        return list(first.values())

    def cosigned(self, signed: Mapping[VKey, int | None]) -> dict[str, int]:
        """The witnesses among the signers of a checkpoint, each once, by the policy's name, with the last of its times.

        Args:
            signed: POSIX seconds by key.
        """
        last: dict[str, tuple[str, int]] = {}  # by the name in the keys
        for name, key in self.witnesses.items():
            time = signed.get(key)
            if time is not None:
                first, before = last.get(key.name, (name, time))
                last[key.name] = first, max(before, time)
        return dict(last.values())


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
    if len(raw) > _MAX_POLICY or _CONTROL.search(text):
        raise VerificationFailed("the policy is too large or holds control characters")
    parser = _Parser()
    for line in text.split("\n"):
        words = [word for word in re.split(r"[ \t]+", line) if word]
        if not words or words[0].startswith("#"):
            continue
        match words:
            case ["log", key, *rest] if len(rest) <= 1:
                parser.log(key)
            case ["witness", name, key, *rest] if len(rest) <= 1 and name not in parser.names:
                parser.witness(name, key, rest)
            case ["group", name, threshold, *members] if members and name not in parser.names:
                parser.group(name, threshold, members)
            case ["quorum", name] if parser.quorum is None and name in parser.names:
                parser.quorum = name
            case _:
                raise VerificationFailed(f"the policy has a line that means nothing: {line!r:.60}")
    return parser.policy()


class _Parser:
    """What the lines read so far say."""

    def __init__(self) -> None:
        self.names = {_NONE}  # of witnesses and groups
        self.quorum: str | None = None
        self._logs: list[VKey] = []
        self._witnesses: dict[str, VKey] = {}
        self._urls: dict[str, str] = {}
        self._groups: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._grouped: set[str] = set()  # names that are members of some group
        self._publics: set[bytes] = set()
        self._parties: dict[str, set[str]] = {}  # names of the witnesses in each group

    def log(self, key: str) -> None:
        self._logs.append(self._new_key(key, (ED25519, COSIGNATURE_MLDSA44)))

    def witness(self, name: str, key: str, urls: Sequence[str]) -> None:
        self._witnesses[name] = self._new_key(key, (COSIGNATURE_ED25519, COSIGNATURE_MLDSA44))
        self._urls.update((name, url) for url in urls)
        self.names.add(name)

    def group(self, name: str, threshold: str, members: Sequence[str]) -> None:
        for member in members:
            if member not in self.names or member == _NONE or member in self._grouped:
                raise VerificationFailed(f"the policy's group {name!r:.40} has an unknown or repeated member")
            self._grouped.add(member)
        number = {"all": len(members), "any": 1}.get(threshold) or decimal(threshold)
        if not 1 <= number <= len(members):
            raise VerificationFailed(f"the policy's group {name!r:.40} has an impossible threshold")
        self._check_parties(name, number, members)
        self._groups[name] = (number, tuple(members))
        self.names.add(name)

    def _check_parties(self, name: str, number: int, members: Sequence[str]) -> None:
        """Refuse a group in which one witness would count twice, by two of its keys; note which witnesses it holds."""
        alone = {self._witnesses[member].name for member in members if member in self._witnesses}
        # Each group is a member once: its set is taken over, so that nested groups cost no copies.
        groups = [self._parties.pop(member) for member in members if member in self._groups]
        held = set(alone)
        for each in groups:
            small, large = sorted((each, held), key=len)
            if small & large:
                twice = min(small & large)
                raise VerificationFailed(f"the policy's group {name!r:.40} holds the witness {twice!r:.60} twice")
            held = large
            held |= small
        parties = len(alone) + len(groups)
        if number > parties:
            raise VerificationFailed(
                f"the policy's group {name!r:.40} demands {number} of {parties}: a witness counts once, however many "
                "keys it has"
            )
        self._parties[name] = held

    def policy(self) -> Policy:
        if self.quorum is None or not self._logs:
            raise VerificationFailed("the policy names no log, or no quorum")
        return Policy(tuple(self._logs), self._witnesses, self._groups, self.quorum, self._urls)

    def _new_key(self, text: str, kinds: tuple[int, ...]) -> VKey:
        key = VKey.parse(text)
        if key.kind not in kinds:
            raise VerificationFailed(f"the policy's key {key.name!r:.40} is of another kind than its line says")
        # One key under two names would be counted twice, and a log could be its own witness.
        if key.public in self._publics:
            raise VerificationFailed(f"the policy names the key of {key.name!r:.40} twice")
        self._publics.add(key.public)
        return key


def with_logs(raw: bytes, log_keys: Sequence[str]) -> bytes:
    """A policy's witnesses, groups and quorum for a log with these keys; what it says of other logs is left out.

    Raises:
        VerificationFailed: together they are no policy.
    """
    kept = [line for line in raw.splitlines(keepends=True) if line.split()[:1] != [b"log"]]
    made = "".join(f"log {key}\n" for key in log_keys).encode() + b"".join(kept)
    parse_policy(made)
    return made
