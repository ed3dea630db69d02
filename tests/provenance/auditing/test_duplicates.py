"""The same statement in a log twice is found, however many entries lie between and whoever signed it again."""

import errno
import io
from contextlib import closing

import pytest

from provenance.auditing import duplicates
from provenance.auditing.duplicates import NO_DIGEST, DuplicateFinder, statement_digest
from provenance.tlog import envelope, keys, statement
from tests.provenance.ledger.small_log import enrolment, registration

KEY, OTHER = keys.new_signing_key(), keys.new_signing_key()


def found_in(leaves: list[bytes]) -> list[str]:
    with closing(DuplicateFinder(leaves.__getitem__)) as looked:
        for leaf in leaves:
            looked.add(statement_digest(envelope.parse_leaf(leaf)))
        return list(looked.found())


@pytest.mark.parametrize("part", [1, 2, 7, 1 << 20])
def test_repeats_are_found_part_by_part(monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    monkeypatch.setattr(duplicates, "_PART", part)
    monkeypatch.setattr(duplicates, "_MAX_IN_MEMORY", 64)  # so that most of them lie in a file
    leaves = [registration(KEY) for _ in range(20)]
    assert found_in(leaves) == []
    assert sorted(found_in([*leaves, leaves[3], leaves[11], leaves[3]])) == [
        "entry 20: the same statement stands in the log twice, first as entry 3",
        "entry 21: the same statement stands in the log twice, first as entry 11",
        "entry 22: the same statement stands in the log twice, first as entry 20",
    ]


@pytest.mark.parametrize("room", [0, 100, 200])
def test_a_full_disk_is_no_reason_not_to_audit(monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    class Full(io.BytesIO):
        def write(self, data: bytes) -> int:
            if self.tell() + len(data) > room:
                return super().write(data[: max(0, room - self.tell())])
            return super().write(data)

    def temporary(**_: object) -> Full:
        if room == 0:
            raise FileNotFoundError(errno.ENOENT, "no usable temporary directory")
        return Full()

    monkeypatch.setattr("tempfile.TemporaryFile", temporary)
    monkeypatch.setattr(duplicates, "_MAX_IN_MEMORY", 64)
    leaves = [registration(KEY) for _ in range(40)]
    assert [line.partition(":")[0] for line in found_in([*leaves, leaves[3]])] == ["entry 40"]


def test_a_dropped_signature_is_the_same_statement() -> None:
    both = statement.add_signature(registration(KEY), OTHER)
    parsed = envelope.parse_leaf(both)
    one = statement.assemble(parsed.payload, parsed.signatures[:1])
    assert one != both
    assert len(found_in([both, enrolment(KEY), one])) == 1


def test_digests_that_are_alike_are_read_again() -> None:
    leaves = [registration(KEY) for _ in range(2)]
    with closing(DuplicateFinder(leaves.__getitem__)) as looked:
        looked.add(b"the same" * 2 + NO_DIGEST * 2)
        assert list(looked.found()) == []
