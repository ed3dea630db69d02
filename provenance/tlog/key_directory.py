"""The key directory of a log: which key may sign what, by the log's own order. Pure.

The sequencer asks it before it takes an entry, `fsck` and every audit replay it: one set of rules, in one place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ..errors import VerificationFailed
from . import envelope, keys, merkle, note, statement, tiles
from .envelope import Leaf

# Reads an earlier entry of the same log: its exact bytes, by index.
Earlier = Callable[[int], bytes]


@dataclass(slots=True)
class KeyDirectory:
    """The keys of a log as they stand before its next entry.

    The rules; the order of the log decides, never a clock:

    - A key is enrolled once, signed by itself, before its first use.
    - In a rotation the old key signs the enrolment too; the new key is its successor. There is one old key.
    - An enrolment may name a recovery key, enrolled before: kept where the key itself is not, it may act when the key
      is lost or stolen. It may sign the enrolment too, and is not thereby rotated.
    - `acts_for` says who may act for a key: itself, its successors and theirs, and the recovery keys of the key and of
      those it succeeded, so that a thief who rotates a stolen key has gained nothing.
    - A key is revoked once, by who may act for it; nothing is signed by a revoked key.
    - A withdrawal, a grant, or a registration that opens a sealed one names an earlier registration and is signed by
      who may act for the key that signed that. A withdrawal may name an earlier grant likewise, which it ends.
    - An amendment or a transfer names an earlier registration likewise, and the entry in which the work's claim stood
      until then: that registration, or an amendment or transfer of it. The newest of them in the log's order holds.
    - A transfer may name an enrolled key: from then on that key, and who may act for it, acts for the work in place of
      the one that registered it.
    - An erasure names an earlier entry and commitments that stand in it. Any enrolled key may sign it: it says what was
      deleted outside the log and changes nothing that the log proves.
    - The log's own keys change by a `log-key` entry that names those in force, is signed by their Ed25519 key and by
      the new one; both are enrolled like other keys. One without new keys ends the log: nothing stands behind it.
    - No statement stands in the log twice.

    Attributes:
        origin: of the log; statements written for another one are refused. None takes any.
        known: raw public keys by keyid, revoked ones too.
        revoked: keyids.
        predecessors: for a key that came by rotation, the keyid of the old one.
        recoveries: keyid of the recovery key, by the keyid of the key that named it.
        holders: keyid of the key that a work was transferred to, by the index of its registration.
        log_keys: the log's verifier keys since the last `log-key` entry, None before the first.
        ended: whether that entry ended the log.
    """

    origin: str | None = None
    known: dict[str, bytes] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    predecessors: dict[str, str] = field(default_factory=dict)
    recoveries: dict[str, str] = field(default_factory=dict)
    holders: dict[int, str] = field(default_factory=dict)
    log_keys: list[str] | None = None
    ended: bool = False

    def replay(self, index: int, raw: bytes, earlier: Earlier) -> Leaf:
        """Apply the next entry of a log, from its bytes: form, signatures and rules, not whether it is a repeat.

        Raises:
            VerificationFailed: it breaks a rule; the directory stays as it was.
        """
        leaf = envelope.parse_leaf(raw)
        self.verify(leaf)
        self.admit(index, leaf, earlier)
        return leaf

    def verify(self, leaf: Leaf) -> None:
        """Every signature must hold, under an enrolled key or, in an enrolment, the new one."""
        known = self.known
        if leaf.kind == "key-enrol":
            keyid, public = envelope.enrolled_key(leaf)
            known = {keyid: public, **{signer: known[signer] for signer in leaf.signers if signer in known}}
        envelope.verify_signatures(leaf, known)

    def admit(self, index: int, leaf: Leaf, earlier: Earlier) -> None:
        """Apply the next entry, of which the signatures were verified before; raises as `replay`."""
        envelope.check_place(leaf, self.origin, index)
        if self.ended:
            raise VerificationFailed("the log was ended before")
        if leaf.kind == "key-enrol":
            self._enrol(leaf)
            return
        self._check_signers(leaf.signers)
        if leaf.kind == "key-revoke":
            self._revoke(leaf)
        elif leaf.kind == "log-key":
            self._change_log_keys(leaf)
        elif leaf.kind == "withdrawal":
            self._check_target(leaf, leaf.predicate, index, earlier, kinds=envelope.ENDED_BY_WITHDRAWAL)
        elif leaf.kind in ("grant", "evidence"):
            self._check_target(leaf, leaf.predicate, index, earlier)
        elif leaf.kind == "claim-decision":  # by anybody; whose decisions count is a matter of who follows them
            if _target(leaf.predicate, index, earlier).kind != "registration":
                raise VerificationFailed(f"the entry {leaf.predicate['index']} that it names is not a registration")
        elif leaf.kind in envelope.AMENDING:
            self._amend(leaf, index, earlier)
        elif leaf.kind == "registration" and "opens" in leaf.predicate:
            target = self._check_target(leaf, leaf.predicate["opens"], index, earlier)
            if "sealed" not in target.predicate:
                raise VerificationFailed("the registration that this one opens is not sealed")
        elif leaf.kind == "erasure":
            target = _target(leaf.predicate, index, earlier)
            if not set(leaf.predicate["erased"]) <= set(target.predicate.get("commitments", {})):
                raise VerificationFailed("an erasure names what the entry does not commit to")

    def acts_for(self, signer: str, keyid: str) -> bool:
        """Whether one key may act for another; true for itself."""
        if keyid in self._line(signer):
            return True
        return any(self.recoveries.get(each) == signer for each in self._line(keyid))

    def _line(self, keyid: str) -> Iterator[str]:
        """The key and those it succeeded; a rotation needs a key enrolled before, so there is no circle."""
        at: str | None = keyid
        while at is not None:
            yield at
            at = self.predecessors.get(at)

    def _check_signers(self, signers: list[str]) -> None:
        for signer in signers:
            if signer not in self.known:
                raise envelope.UnknownKey(f"the key {signer[:16]} that signed the entry is not enrolled")
            if signer in self.revoked:
                raise VerificationFailed(f"the key {signer[:16]} that signed the entry was revoked before")

    def _enrol(self, leaf: Leaf) -> None:
        keyid, public = envelope.enrolled_key(leaf)
        if keyid in self.known:
            raise VerificationFailed("the key was enrolled twice")
        recovery = leaf.predicate.get("recovery")
        if recovery is not None and (recovery not in self.known or recovery in self.revoked):
            raise VerificationFailed("the recovery key that an enrolment names is not enrolled, or revoked")
        others = [signer for signer in leaf.signers if signer != keyid]
        self._check_signers(others)
        old = [signer for signer in others if signer != recovery]
        if len(old) > 1:
            raise VerificationFailed("a rotation has one old key")
        self.known[keyid] = public
        if old:
            self.predecessors[keyid] = old[0]
        if recovery is not None:
            self.recoveries[keyid] = recovery

    def _revoke(self, leaf: Leaf) -> None:
        target = leaf.predicate["keyid"]
        if target not in self.known:
            raise VerificationFailed("a key is revoked that was never enrolled")
        if target in self.revoked:
            raise VerificationFailed("the key was revoked before")
        if not any(self.acts_for(signer, target) for signer in leaf.signers):
            raise VerificationFailed("a key is revoked by another key that may not act for it")
        self.revoked.add(target)

    def _change_log_keys(self, leaf: Leaf) -> None:
        old, new = list(leaf.predicate["replaces"]), list(leaf.predicate["keys"])
        if self.log_keys is not None and old != self.log_keys:
            raise VerificationFailed("it replaces other keys of the log than those in force")
        for vkeys in filter(None, (old, new)):
            parsed = [note.VKey.parse(each) for each in vkeys]
            if parsed[0].kind != note.ED25519 or any(self.origin not in (None, key.name) for key in parsed):
                raise VerificationFailed("it names keys that are not this log's, Ed25519 first")
            if keys.keyid_of(parsed[0].public) not in leaf.signers:
                raise VerificationFailed("a change of the log's keys is signed by the old key and by the new one")
        self.log_keys, self.ended = new or old, not new

    def _amend(self, leaf: Leaf, index: int, earlier: Earlier) -> None:
        said = leaf.predicate
        self._check_target(leaf, said, index, earlier)
        superseded = said["supersedes"]
        if superseded["index"] != said["index"]:
            before = _target(superseded, index, earlier)
            if before.kind not in envelope.AMENDING or before.predicate["index"] != said["index"]:
                raise VerificationFailed(f"the entry {superseded['index']} that it supersedes claims another work")
        elif superseded["leafHash"] != said["leafHash"]:
            raise VerificationFailed("it supersedes another entry than the registration at that index")
        if "to" in said:
            if said["to"] not in self.known or said["to"] in self.revoked:
                raise VerificationFailed("the key that a work is transferred to is not enrolled, or revoked")
            self.holders[said["index"]] = said["to"]

    def _check_target(
        self,
        leaf: Leaf,
        reference: statement.Reference,
        index: int,
        earlier: Earlier,
        kinds: tuple[str, ...] = ("registration",),
    ) -> Leaf:
        """The registration, or other kind, that a statement names, whose signer it must be able to act for."""
        target = _target(reference, index, earlier)
        if target.kind not in kinds:
            raise VerificationFailed(f"the entry {reference['index']} that it names is not a {' or '.join(kinds)}")
        registration = reference["index"] if target.kind == "registration" else target.predicate["index"]
        holder = None if target.kind == "claim-decision" else self.holders.get(registration)
        registrants = target.signers if holder is None else [holder]
        if not any(self.acts_for(signer, registrant) for signer in leaf.signers for registrant in registrants):
            raise VerificationFailed(f"its key may not act for the key that signed entry {reference['index']}")
        return target


def _target(reference: statement.Reference, index: int, earlier: Earlier) -> Leaf:
    at = reference["index"]
    if at >= index:
        raise VerificationFailed(f"it names entry {at}, which is not before it")
    raw = earlier(at)
    if merkle.leaf_hash(raw).hex() != reference["leafHash"]:
        raise VerificationFailed(f"it names an entry {at} that is another one in this log")
    return envelope.parse_leaf(raw)


def published_entries(fetch: tiles.Fetch, size: int) -> Earlier:
    """Reads entries of a published log of this size, for `KeyDirectory.replay`."""

    def earlier(index: int) -> bytes:
        number, place = divmod(index, tiles.WIDTH)
        path = tiles.tile_path("entries", number, min(tiles.WIDTH, size - number * tiles.WIDTH))
        try:
            return tiles.split_bundle(fetch(path))[place]
        except (OSError, IndexError):
            raise VerificationFailed(f"entry {index}, which it names, cannot be read") from None

    return earlier
