"""Trust policies: what makes a quorum, and what no policy may say."""

import itertools
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance.errors import VerificationFailed
from provenance.tlog import keys, note, policy
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


BASE = f"log {LOG[0]}\nwitness a {W['a']}\nwitness b {W['b']}\nwitness c {W['c']}\n"


def test_what_a_policy_may_say() -> None:
    text = (
        f"# a comment\n\n \t\nlog\t{LOG[0]} https://log.example/\n log  {LOG[1]}\n"
        f"witness a {W['a']} https://a.example/ \nwitness b {W['b']}\n#witness c\ngroup all all a b\nquorum all"
    )
    read = policy.parse_policy(text.encode())
    assert [str(key) for key in read.logs] == LOG
    assert (read.urls, read.groups, read.quorum) == ({"a": "https://a.example/"}, {"all": (2, ("a", "b"))}, "all")
    mldsa44 = vkey(note.COSIGNATURE_MLDSA44, "w.example", bytes(1312))
    assert policy.parse_policy(f"log {LOG[0]}\nwitness w {mldsa44}\nquorum w\n".encode()).witnessed


@pytest.mark.parametrize(("threshold", "enough"), [("any", 1), ("1", 1), ("2", 2), ("3", 3), ("all", 3)])
def test_thresholds(threshold: str, enough: int) -> None:
    read = policy.parse_policy(f"{BASE}group g {threshold} a b c\nquorum g\n".encode())
    for count in range(4):
        assert read.satisfied_by({W[name] for name in "abc"[:count]}) is (count >= enough)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("group g 0 a\nquorum g\n", "threshold"),
        ("group g 3 a b\nquorum g\n", "threshold"),
        ("group g 1 a\ngroup h 1 a\nquorum h\n", "repeated member"),
        ("group g 1 a a\nquorum g\n", "repeated member"),
        ("group g 1 d\nquorum g\n", "unknown"),
        ("group g 1 none\nquorum g\n", "unknown"),
        ("group g 1 a\ngroup g 1 b\nquorum g\n", "means nothing"),
        ("group none 1 a\nquorum none\n", "means nothing"),
        ("group g 1\nquorum none\n", "means nothing"),
        (f"witness a {W['c']}\nquorum none\n", "means nothing"),
        (f"witness d {LOG[0]} x y\nquorum none\n", "means nothing"),
        (f"log {LOG[1]} x y\nquorum none\n", "means nothing"),
        ("quorum d\n", "means nothing"),
        ("quorum a\nquorum a\n", "means nothing"),
        ("quorum a b\n", "means nothing"),
        (f"log {vkey(4, 'l.example', b'k' * 32)}\nquorum none\n", "another kind"),
        (f"witness d {vkey(1, 'l.example', b'k' * 32)}\nquorum none\n", "another kind"),
        (f"log {LOG[0]}\nquorum none\n", "twice"),
        ("quorum none\n\x7f", "control"),
        ("quorum none\n\x1f", "control"),
        ("quorum none\n\x0b", "control"),
        ("", "no quorum"),
    ],
    ids=itertools.count(),  # the lines hold keys of this run: two processes would name them differently
)
def test_why_it_is_no_policy(lines: str, told: str) -> None:
    with pytest.raises(VerificationFailed, match=told):
        policy.parse_policy((BASE + lines).encode())


# One partner with keys of two kinds, as `sourcemark witness new` prints them.
PQ = f"witness a2 {vkey(note.COSIGNATURE_MLDSA44, W['a'].name, bytes(1312))}\n"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("group g 2 a a2\nquorum g\n", "counts once"),
        ("group g all a a2\nquorum g\n", "counts once"),
        ("group g 3 a a2 b\nquorum g\n", "counts once"),
        ("group h any a2\ngroup g 2 a h\nquorum g\n", "twice"),
        ("group h any a b\ngroup k any a2 c\ngroup g 2 h k\nquorum g\n", "twice"),
    ],
)
def test_no_group_demands_one_witness_twice(lines: str, told: str) -> None:
    with pytest.raises(VerificationFailed, match=told):
        policy.parse_policy((BASE + PQ + lines).encode())


def test_a_witness_counts_once_whatever_its_keys() -> None:
    read = policy.parse_policy((BASE + PQ + "group g 2 a a2 b\nquorum g\n").encode())
    both = {read.witnesses["a"], read.witnesses["a2"]}
    assert not read.satisfied_by(both)
    for one in both:
        assert read.satisfied_by({one, W["b"]})
    assert read.cosigned({read.witnesses["a2"]: 5, W["a"]: 3, W["b"]: 4}) == {"a": 5, "b": 4}
    apart = policy.parse_policy((BASE + PQ + "group h any a a2\ngroup g 2 h b\nquorum g\n").encode())
    assert not apart.satisfied_by(both)
    assert apart.satisfied_by({read.witnesses["a2"], W["b"]})


def test_how_large_a_policy_may_be() -> None:
    whole = (BASE + "quorum none\n#").encode()
    room = (1 << 20) - len(whole)
    assert policy.parse_policy(whole + b"x" * room)
    with pytest.raises(VerificationFailed, match="too large"):
        policy.parse_policy(whole + b"x" * (room + 1))
    with pytest.raises(VerificationFailed, match="no log"):
        policy.parse_policy(b"quorum none\n")
    with pytest.raises(VerificationFailed, match="UTF-8"):
        policy.parse_policy(b"\xff")


def test_the_witnesses_of_one_policy_for_another_log() -> None:
    raw = (BASE + "group g 2 a b c\nquorum g\n").encode()
    fresh = note.VKey.make("new.example", note.ED25519, b"k" * 32)
    read = policy.parse_policy(policy.with_logs(raw, [str(fresh)]))
    assert (read.logs, read.witnesses, read.quorum) == ((fresh,), W, "g")
    with pytest.raises(VerificationFailed):
        policy.with_logs(raw, [])


def test_policy_text() -> None:
    written = policy.format_policy(LOG)
    read = policy.parse_policy(written)
    assert read.logs == tuple(note.VKey.parse(key) for key in LOG)
    assert not read.witnessed
    assert read.satisfied_by(set())
    witness = note.VKey.make("w.example", 4, keys.new_signing_key().public)
    other = note.VKey.make("v.example", 4, keys.new_signing_key().public)
    text = f"# comment\nlog {LOG[0]}\nwitness a {witness}\nwitness b {other} https://b.example/\n"
    two = policy.parse_policy((text + "group g all a b\nquorum g\n").encode())
    assert two.satisfied_by({witness, other})
    assert not two.satisfied_by({witness})
    one = policy.parse_policy((text + "group g 1 a b\nquorum g\n").encode())
    assert one.satisfied_by({other})
    for bad in ("quorum g\n", "", "group g 3 a b\nquorum g\n", "group g 1 a a\nquorum g\n", "quorum a\nquorum a\n",
                "group g 0 a\nquorum g\n", "witness a x\nquorum a\n", "quorum none\nlog x\n", "bogus\nquorum none\n"):  # fmt: skip
        with pytest.raises(VerificationFailed):
            policy.parse_policy((text + bad).encode())
