"""Trust policies: what makes a quorum, and what no policy may say."""

import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance.errors import VerificationFailed
from provenance.tlog import note, policy
from tests.provenance.ledger.small_log import LOG_KEYS, witness_vkey

LOG = LOG_KEYS.vkeys()
W = {name: witness_vkey(Ed25519PrivateKey.generate(), f"{name}.example") for name in "abc"}


def test_written_and_read_back() -> None:
    raw = policy.format_policy(
        LOG, {name: str(key) for name, key in W.items()}, {"two": (2, ["a", "b"]), "all": (2, ["two", "c"])}, "all"
    )
    read = policy.parse_policy(raw)
    assert [str(key) for key in read.logs] == LOG
    assert (read.witnesses, read.quorum, read.witnessed) == (W, "all", True)
    assert read.groups == {"two": (2, ("a", "b")), "all": (2, ("two", "c"))}
    for names, enough in (("abc", True), ("ab", False), ("ac", False), ("c", False), ("", False)):
        assert read.satisfied_by({W[name] for name in names}) is enough
    with pytest.raises(VerificationFailed):
        policy.format_policy(LOG, quorum="nobody")


def test_without_witnesses_it_says_so() -> None:
    raw = policy.format_policy(LOG)
    assert raw.endswith(b"\nquorum none\n")
    assert raw.startswith(b"log " + LOG[0].encode())
    read = policy.parse_policy(raw)
    assert not read.witnessed
    assert read.satisfied_by(set())


def vkey(kind: int, name: str, public: bytes) -> str:
    return str(note.VKey.make(name, kind, public))


OWN = LOG_KEYS.ed25519_vkey.public


@pytest.mark.parametrize(
    "text",
    [
        f"log {LOG[0]}\nlog {LOG[0]}\nquorum none\n",
        f"log {vkey(4, 'log.test.example', OWN)}\nquorum none\n",  # a cosignature is no log's signature
        f"log {LOG[0]}\nwitness w {vkey(1, 'w.example', W['a'].public)}\nquorum w\n",
        f"log {LOG[0]}\nwitness w {vkey(4, 'w.example', OWN)}\nquorum w\n",  # the log, witnessing itself
        f"log {LOG[0]}\nwitness v {W['a']}\nwitness w {W['a']}\nquorum none\n",
        f"log {LOG[0]}\nwitness v {W['a']}\nwitness w {vkey(4, 'other.example', W['a'].public)}\nquorum none\n",
        f"log {LOG[0]}\nwitness none {W['a']}\nquorum none\n",
        f"log {LOG[0]}\nwitness a {W['a']}\ngroup g 1 none\nquorum g\n",
        f"log {LOG[0]}\nwitness a {W['a']}\ngroup a 1 a\nquorum a\n",
        f"log {LOG[0]}\nwitness a {W['a']}\ngroup g 1 g\nquorum g\n",
        f"log {LOG[0]}\nwitness a {W['a']}\ngroup g 01 a\nquorum g\n",
        f"log {LOG[0]}\ngroup g any\nquorum none\n",
        f"log {LOG[0]}\nquorum none\nquorum none\n",
        f"log {LOG[0]}\nquorum\u00a0none\n",
        f"log\u3000{LOG[0]}\nquorum none\n",
        f"log {LOG[0]}\r\nquorum none\r\n",
        f"log {LOG[0]}\nquorum none\n\x00",
        f"Log {LOG[0]}\nquorum none\n",
        f"log {LOG[0][:-4]}\nquorum none\n",
        f"log {LOG[0]}\n",
        "quorum none\n",
        "\ufeffquorum none\n",
    ],
)
def test_what_no_policy_says(text: str) -> None:
    with pytest.raises(VerificationFailed) as caught:
        policy.parse_policy(text.encode())
    assert "\n" not in caught.value.detail


def test_many_nested_groups_cost_little() -> None:
    """A policy that came with a receipt is hostile input too."""
    lines = [f"log {LOG[0]}", f"witness a {W['a']}", "group g0 1 a"]
    lines += [f"group g{n} 1 g{n - 1}" for n in range(1, 30_000)]
    began = time.process_time()
    read = policy.parse_policy("\n".join([*lines, "quorum g29999"]).encode())
    assert read.satisfied_by({W["a"]})
    assert not read.satisfied_by(set())
    assert time.process_time() - began < 5
