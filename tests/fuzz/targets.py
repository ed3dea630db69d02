"""What is fuzzed: every parser that reads what strangers send, with seeds and with what must hold of its answer.

A target takes bytes. It may refuse with a `SourcemarkError`; anything else it raises is a finding, and so is an
AssertionError: something passed that should not have.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance.auditing import auditor
from provenance.errors import SourcemarkError, VerificationFailed
from provenance.ledger import tile_store
from provenance.scans.policy import reachability, rules, store
from provenance.scans.policy.deciding import Policy, decide
from provenance.scans.policy.facts import Facts, PostFacts
from provenance.tlog import (
    encoding,
    envelope,
    keys,
    merkle,
    note,
    policy,
    proof,
    receipt,
    tiles,
    timestamp,
    verify,
    witness_request,
)
from provenance.tlog.checkpoint import checkpoint_of, parse_checkpoint
from provenance.tlog.key_directory import KeyDirectory
from provenance.tlog.signed_checkpoint import open_checkpoint
from tests.provenance.ledger.authority import MISSING, Tsa
from tests.provenance.ledger.small_log import (
    LOG_KEYS,
    ORIGIN,
    WORK,
    SmallLog,
    cosigned,
    enrolment,
    registration,
    witness_vkey,
)

OLD, NEW, WITNESS = keys.new_signing_key(), keys.new_signing_key(), Ed25519PrivateKey.generate()
DIGEST = hashlib.sha256(WORK).digest()


@dataclass(frozen=True)
class Target:
    """Seeds are valid inputs; ``act`` is given edited ones."""

    seeds: Sequence[bytes]
    act: Callable[[bytes], object]


def _same(found: object, expected: Sequence[object]) -> None:
    assert found in expected, "an edited text was accepted as signed"


def targets(folder: Path) -> dict[str, Target]:
    """All of them by name.

    Args:
        folder: an empty one, for the log that the seeds are of.
    """
    log = SmallLog(
        [enrolment(OLD), registration(OLD), enrolment(NEW, OLD, custody="service"), registration(NEW)], folder / "log"
    )
    vkey = witness_vkey(WITNESS, "one.example")
    signed = cosigned(log.signed, WITNESS, "one.example", 1_790_000_050)
    demanding = policy.format_policy(LOG_KEYS.vkeys(), {"one": str(vkey)}, {}, "one")
    files = log.receipt(3, 2, 0, signed=signed)
    files[receipt.FIRST] = log.proof(3, cosigned(log.signed, WITNESS, "one.example", 1_790_000_040))
    roots = None
    if not MISSING:
        tsa = Tsa(folder / "tsa")
        files[receipt.STAMP], roots = tsa.stamp(signed), tsa.root
    return {
        **_texts(log, signed, demanding),
        **_leaves(log),
        **_receipts(files, demanding, roots),
        **_published(log),
        **_policies(),
        **({} if roots is None else _times(files[receipt.STAMP], signed, roots)),
    }


def _texts(log: SmallLog, signed: bytes, demanding: bytes) -> dict[str, Target]:
    text = note.parse_note(signed).text
    good = (ORIGIN, log.size, log_root(log))
    trusted = [*log.vkeys, witness_vkey(WITNESS, "one.example")]

    def opened(raw: bytes) -> None:
        found = open_checkpoint(raw, trusted)
        _same((found.origin, found.size, found.root), [good])

    def vkey(raw: bytes) -> None:
        line = raw.decode("utf-8", "surrogateescape")
        assert str(note.VKey.parse(line)) == line.strip("\n")

    def proved(raw: bytes) -> None:
        found = proof.parse_proof(raw)
        opened(found.checkpoint)
        merkle.verify_inclusion(found.index, log.size, merkle.leaf_hash(log.leaves[1]), found.hashes, log_root(log))
        assert found.index == 1

    def asked(raw: bytes) -> None:
        old, hashes, checkpoint = witness_request.parse_request(raw)
        assert witness_request.format_request(old, hashes, checkpoint) == raw

    def path(raw: bytes) -> None:
        name = raw.decode("utf-8", "surrogateescape")
        place = tiles.parse_path(name)
        assert place is None or tiles.tile_path(*place) == name

    nodes = tiles.TileReader(tile_store.fetch_from(log.folder), log.size)
    request = witness_request.format_request(1, merkle.consistency_proof(nodes, 1, log.size), signed)
    return {
        "note": Target([signed, log.signed], opened),
        "checkpoint": Target([signed], parse_checkpoint),
        "checkpoint text": Target([text], checkpoint_of),
        "vkey": Target([key.encode() for key in LOG_KEYS.vkeys()], vkey),
        "policy": Target([demanding, log.policy], policy.parse_policy),
        "proof": Target([log.proof(1, signed)], proved),
        "request": Target([request], asked),
        "path": Target([b"tile/0/x001/234.p/7", b"tile/entries/000", b"tile/63/x999/x999/999"], path),
    }


def log_root(log: SmallLog) -> bytes:
    return parse_checkpoint(log.signed).root


def _leaves(log: SmallLog) -> dict[str, Target]:
    payloads = [envelope.parse_leaf(leaf).payload for leaf in log.leaves]

    def leaf(raw: bytes) -> None:
        directory = KeyDirectory(ORIGIN, {key.keyid: key.public for key in (OLD, NEW)})
        found = envelope.parse_leaf(raw)
        directory.verify(found)
        _same(found.payload, payloads)

    def canonical(raw: bytes) -> None:
        assert encoding.canonical(encoding.parse_canonical(raw)) == raw

    def bundle(raw: bytes) -> None:
        assert tiles.bundle(tiles.split_bundle(raw)) == raw

    return {
        "leaf": Target(log.leaves, leaf),
        "statement": Target(payloads, envelope.parse_statement),
        "canonical": Target([*payloads, '{"a":[1,"钟\U0001f570\\n"],"b":null}'.encode()], canonical),
        "bundle": Target([tiles.bundle(log.leaves), tiles.bundle([b"", b"a", b"bc"])], bundle),
    }


def _receipts(files: Mapping[str, bytes], demanding: bytes, roots: bytes | None) -> dict[str, Target]:
    free = {receipt.README, receipt.POLICY}  # for people, and not used: the reader brings the policy
    # What the token's own signature does not cover may be edited, as long as it says the same.
    loose = free | {receipt.STAMP}
    trusted = policy.parse_policy(demanding)
    known = {(key.name, key.id) for key in (*trusted.logs, *trusted.witnesses.values())}

    def said(name: str, data: bytes) -> object:
        """What is vouched for: under a checkpoint, lines of keys that nobody here knows may stand, says C2SP."""
        if name != receipt.FIRST and not name.endswith(receipt.PROOF):
            return data
        found = proof.parse_proof(data)
        signed = note.parse_note(found.checkpoint)
        return found.index, found.hashes, signed.text, {each for each in signed.signatures if each[:2] in known}

    def checked(changed: Mapping[str, bytes]) -> None:
        done = verify.verify_receipt(changed, demanding, DIGEST, tsa_roots=roots)
        assert all("this cannot be made sense of" not in check.detail for check in done.checks), done.checks
        # What is left out proves nothing and is told as absent; what is there must be what it was.
        vouched = [name for name in changed if name in files and name not in loose]
        edited = done.ok and any(said(name, changed[name]) != said(name, files[name]) for name in vouched)
        assert not edited, "an edited receipt passed"
        done.to_json()
        for language in ("en", "zh"):
            assert all(line.isprintable() for line in done.lines(language))  # type: ignore[arg-type]

    def zipped(raw: bytes) -> None:
        checked(receipt.from_zip(raw))

    def packed(raw: bytes) -> None:
        checked(receipt.from_json(raw))

    def member(name: str) -> Callable[[bytes], None]:
        return lambda raw: checked({**files, name: raw})

    names = [name for name in files if name not in free]
    return {
        "zip": Target([receipt.to_zip(files)], zipped),
        "json": Target([receipt.to_json(files)], packed),
        **{f"receipt:{name.replace('/', ',')}": Target([files[name]], member(name)) for name in names},
    }


def _published(log: SmallLog) -> dict[str, Target]:
    fetch = tile_store.fetch_from(log.folder)

    def edited(name: str) -> Callable[[bytes], None]:
        def act(raw: bytes) -> None:
            def read(path: str) -> bytes:
                return raw if path == name else fetch(path)

            signed = raw if name == "checkpoint" else log.signed
            problems = list(auditor.audit_log(signed, read, log.vkeys))
            whole = (log.folder / name).read_bytes()
            # Signature lines of keys that nobody here knows may stand under a checkpoint.
            same = raw == whole or (name == "checkpoint" and raw.partition(b"\n\n")[0] == whole.partition(b"\n\n")[0])
            assert same or problems, "an edited log passed its audit"

        return act

    names = ["checkpoint", tiles.tile_path("0", 0, log.size), tiles.tile_path("entries", 0, log.size)]
    return {
        f"audit:{name.replace('/', ',')}": Target([(log.folder / name).read_bytes()], edited(name)) for name in names
    }


def _times(token: bytes, data: bytes, root: bytes) -> dict[str, Target]:
    roots, good = timestamp.roots_of(root), timestamp.read(token, data)

    def stamp(raw: bytes) -> None:
        found = timestamp.verify(raw, data, roots)
        assert (found.time, found.authority) == (good.time, good.authority), "an edited time-stamp passed"

    def certificates(raw: bytes) -> None:
        for each in timestamp.roots_of(raw):
            with contextlib.suppress(VerificationFailed):
                timestamp.verify(token, data, [each])

    return {"timestamp": Target([token], stamp), "certificates": Target([root], certificates)}


def _policies() -> dict[str, Target]:
    nothing = Facts(PostFacts("clear", "no_match"))

    def decided(raw: bytes) -> None:
        found = rules.read(raw.decode("utf-8", "surrogateescape"))
        reachability.check(found)
        decide(Policy("fuzzed", found), nothing)

    return {"rules": Target([store.get_default().toml.encode()], decided)}


def finding(target: Target, raw: bytes) -> str | None:
    """What is wrong with how a target takes these bytes; None if nothing is."""
    try:
        target.act(raw)
    except SourcemarkError:
        return None
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:300]
    return None
