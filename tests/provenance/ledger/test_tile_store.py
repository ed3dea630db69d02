"""Published tiles: the same files whichever way a log grew, proofs out of them, crashes between any two writes."""

import errno
import os
from pathlib import Path

import pytest

from provenance.errors import VerificationFailed
from provenance.ledger import tile_store
from provenance.ledger.reader import LogReader
from provenance.tlog import tiles
from provenance.tlog.merkle import (
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

pytestmark = pytest.mark.slow

SIZES = [0, 1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 66_000]
ENTRIES = [n.to_bytes(4, "big") for n in range(SIZES[-1])]


def leaves(start: int, stop: int) -> list[bytes]:
    return ENTRIES[start:stop]


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)  # thousands of files; durability is tested elsewhere


@pytest.mark.usefixtures("quick")
def test_growth_in_steps_serves_the_same_log(tmp_path: Path) -> None:
    stepped, fresh = tmp_path / "stepped", tmp_path / "fresh"
    before = 0
    for size in SIZES:
        tile_store.publish(stepped, before, size, leaves, b"checkpoint %d" % size)
        before = size
    tile_store.publish(fresh, 0, before, leaves, b"checkpoint %d" % before)
    wanted, served = files(fresh), files(stepped)
    assert wanted.items() <= served.items()
    hashes = [leaf_hash(entry) for entry in ENTRIES]
    root = root_of(hashes)
    reader = tiles.TileReader(tile_store.fetch_from(stepped), before)
    for index in (0, 1, 255, 256, 65_535, 65_536, before - 1):
        verify_inclusion(index, before, hashes[index], inclusion_proof(reader, index, before), root)
    for old in SIZES[1:]:
        verify_consistency(old, before, consistency_proof(reader, old, before), root_of(hashes[:old]), root)


@pytest.mark.parametrize("fail_at", range(12))
def test_a_full_disk_leaves_the_old_log_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fail_at: int) -> None:
    tile_store.publish(tmp_path, 0, 250, leaves, b"checkpoint 250")
    count, real = 0, os.fsync

    def fsync(descriptor: int) -> None:
        nonlocal count
        if count == fail_at:
            raise OSError(errno.ENOSPC, "No space left on device")
        count += 1
        real(descriptor)

    monkeypatch.setattr("os.fsync", fsync)
    failed = False
    try:
        tile_store.publish(tmp_path, 250, 700, leaves, b"checkpoint 700")
    except OSError:
        failed = True
    monkeypatch.undo()
    size = 250 if (tmp_path / "checkpoint").read_bytes() == b"checkpoint 250" else 700
    assert failed or size == 700
    reader = tiles.TileReader(tile_store.fetch_from(tmp_path), size)
    hashes = [leaf_hash(entry) for entry in ENTRIES[:size]]
    verify_inclusion(3, size, hashes[3], inclusion_proof(reader, 3, size), root_of(hashes))
    tile_store.publish(tmp_path, size, 700, leaves, b"checkpoint 700")
    reference = tmp_path / "reference"
    tile_store.publish(reference, 0, 700, leaves, b"checkpoint 700")
    assert files(reference).items() <= files(tmp_path).items()


def test_nothing_takes_its_place_before_it_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many files are synchronised at once: each before its rename, all and their folders before the checkpoint."""
    on_disk: set[int] = set()
    placed: list[Path] = []
    real_fsync, real_replace = os.fsync, Path.replace

    def fsync(descriptor: int) -> None:
        real_fsync(descriptor)
        on_disk.add(os.fstat(descriptor).st_ino)

    def replace(source: Path, target: Path) -> Path:
        assert source.stat().st_ino in on_disk, target
        if target.name == "checkpoint":
            assert {each.parent.stat().st_ino for each in placed} <= on_disk
        on_disk.discard(target.parent.stat().st_ino)
        placed.append(target)
        return real_replace(source, target)

    monkeypatch.setattr("os.fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    tile_store.publish(tmp_path, 0, 20_000, leaves, b"checkpoint 20000")
    assert placed[-1].name == "checkpoint"
    assert len(placed) == 2 * 79 + 1 + 1
    assert tmp_path.stat().st_ino in on_disk
    assert not list(tmp_path.glob(f"{tile_store.TEMPORARY_PREFIX}*"))


def test_what_a_killed_publisher_left_goes(tmp_path: Path) -> None:
    (tmp_path / f"{tile_store.TEMPORARY_PREFIX}1-0").write_bytes(b"half a ti")
    with LogReader(tmp_path).alone():
        assert list(tmp_path.iterdir()) == []


def test_a_full_tile_stands_in_for_a_partial_one(tmp_path: Path) -> None:
    tile_store.publish(tmp_path, 0, 300, leaves, b"c")
    fetch = tile_store.fetch_from(tmp_path)
    assert len(fetch("tile/0/000.p/7")) == 7 * 32
    assert tiles.split_bundle(fetch("tile/entries/000.p/7")) == ENTRIES[:7]
    for bad in (
        "checkpoint",
        "tile/0/../../x",
        "tile/0/000.p/0",
        "tile/64/000",
        "tile/0/1",
        "tile/0/000/",
        "/etc/passwd",
    ):
        with pytest.raises(VerificationFailed):
            fetch(bad)
    with pytest.raises(FileNotFoundError):
        fetch("tile/0/999")


def test_a_database_with_a_gap_is_not_published(tmp_path: Path) -> None:
    with pytest.raises(VerificationFailed):
        tile_store.publish(tmp_path, 0, 3, lambda a, b: ENTRIES[a : b - 1], b"c")
    assert not (tmp_path / "checkpoint").exists()
