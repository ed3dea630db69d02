"""The audit of a published folder finds every edit of any file, hidden entries and broken rules."""

from pathlib import Path

import pytest

from provenance.ledger import audit, keys, note, tiles
from provenance.ledger.tree import leaf_hash, root_of

from .small_log import LOG_KEYS, ORIGIN, SmallLog, enrolment, registration, resigned

KEY = keys.new_signing_key()
SIZE = 515  # two whole tiles of entries, a partial one, and a level above


@pytest.fixture(scope="module")
def leaves() -> list[bytes]:
    return [enrolment(KEY), *(registration(KEY) for _ in range(SIZE - 1))]


@pytest.fixture
def log(leaves: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallLog:
    monkeypatch.setattr("os.fsync", lambda _: None)
    return SmallLog(leaves, tmp_path)


def problems(log: SmallLog) -> list[str]:
    found = audit.audit_log((log.folder / "checkpoint").read_bytes(), tiles.from_folder(log.folder), log.vkeys)
    return [*found, *audit.stray_files(log.folder, log.size)]


def test_a_good_log(log: SmallLog) -> None:
    assert problems(log) == []
    assert sorted(p.relative_to(log.folder).as_posix() for p in log.folder.rglob("*") if p.is_file()) == [
        "checkpoint",
        "tile/0/000", "tile/0/001", "tile/0/002.p/3",
        "tile/1/000.p/2",
        "tile/entries/000", "tile/entries/001", "tile/entries/002.p/3",
    ]  # fmt: skip


def test_every_edit_of_every_file_is_found(log: SmallLog) -> None:
    for path in sorted(p for p in log.folder.rglob("*") if p.is_file()):
        whole = path.read_bytes()
        for at in (1, len(whole) // 2, len(whole) - 1):
            edited = bytearray(whole)
            edited[at] ^= 1
            path.write_bytes(edited)
            assert problems(log), (path, at)
        for other in (whole[:-1], whole + b"\0", b""):
            path.write_bytes(other)
            assert problems(log), path
        path.write_bytes(whole)
        if path.name != "checkpoint":
            path.unlink()
            assert problems(log), path
            path.write_bytes(whole)
    assert problems(log) == []


def test_swapped_and_dropped_entries(log: SmallLog) -> None:
    path = log.folder / "tile/entries/001"
    entries = tiles.split_bundle(path.read_bytes())
    for changed in ([entries[1], entries[0], *entries[2:]], entries[:-1], [*entries, entries[0]]):
        path.write_bytes(tiles.bundle(changed))
        assert problems(log)


def test_what_lies_past_the_signed_size(log: SmallLog) -> None:
    for name in ("tile/0/002.p/9", "tile/entries/002", "tile/0/000.p/0", "tile/0/zzz", "tile/2/000.p/1"):
        path = log.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        assert [line.partition(":")[0] for line in audit.stray_files(log.folder, SIZE)] == [name]
        path.unlink()
    (log.folder / "tile/0/000.p").mkdir(exist_ok=True)
    (log.folder / "tile/0/000.p/7").write_bytes(b"an older partial tile is no stranger")
    assert list(audit.stray_files(log.folder, SIZE)) == []


def test_a_rewritten_log_with_the_right_root(leaves: list[bytes], tmp_path: Path) -> None:
    """An operator who signs what breaks the rules is found by the rules, not by the hashes."""
    revoked = keys.new_signing_key()
    told = {
        "not enrolled": [registration(KEY)],
        "twice": [enrolment(KEY), leaves[1], leaves[1]],
        "another key": [enrolment(KEY), enrolment(revoked), _revocation(revoked, KEY)],
        "other.example": [enrolment(KEY), registration(KEY, origin="other.example/x")],
        "younger": [enrolment(KEY), registration(KEY, after=(5, bytes(32)))],
        "never was": [enrolment(KEY), registration(KEY, after=(1, bytes(32)))],
        "words and integers": [enrolment(KEY), resigned(leaves[1], KEY, lambda s: s["predicate"].update(x=True))],
        "not JSON": [b"x"],
    }
    for number, (word, bad) in enumerate(told.items()):
        found = problems(SmallLog(bad, tmp_path / str(number)))
        assert len(found) == 1, (word, found)
        assert word in found[0]
        assert found[0].startswith(f"entry {len(bad) - 1}: ")
    good = [enrolment(KEY)]
    good.append(registration(KEY, after=(1, root_of(map(leaf_hash, good)))))
    assert problems(SmallLog(good, tmp_path / "good")) == []


def _revocation(target: keys.SigningKey, signer: keys.SigningKey) -> bytes:
    from provenance.ledger import statement

    return statement.sign(statement.key_revoke(ORIGIN, keyid=target.keyid, after=(0, root_of([]))), signer)


def test_another_logs_keys(log: SmallLog) -> None:
    stranger = note.LogKeys(ORIGIN, keys.new_signing_key().private, LOG_KEYS._mldsa44)
    mine = [note.VKey.parse(key) for key in stranger.vkeys()]
    (found,) = audit.audit_log(log.signed, tiles.from_folder(log.folder), mine)
    assert "did not sign" in found


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257])
def test_sizes_at_the_edges(leaves: list[bytes], tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)
    assert problems(SmallLog(leaves[:size], tmp_path)) == []


# --- what publishing leaves behind ----------------------------------------------------------------------------------
def test_partial_tiles_go_when_the_whole_is_there(leaves: list[bytes], tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)
    for before, size in ((0, 3), (3, 200), (200, 255), (255, 256), (256, 300), (300, 515)):
        tiles.publish(tmp_path, before, size, lambda a, b: leaves[a:b], b"c")
    kept = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.p/*"))
    assert kept == ["tile/0/002.p/3", "tile/1/000.p/1", "tile/1/000.p/2", "tile/entries/002.p/3"]
    fetch = tiles.from_folder(tmp_path)
    assert tiles.split_bundle(fetch("tile/entries/000.p/200")) == leaves[:200]


def test_what_a_killed_process_leaves_is_no_tile(leaves: list[bytes], tmp_path: Path, monkeypatch) -> None:
    class Killed(BaseException):
        pass

    def kill(_: int) -> None:
        raise Killed

    monkeypatch.setattr("os.fsync", kill)
    with pytest.raises(Killed):
        tiles.publish(tmp_path, 0, 5, lambda a, b: leaves[a:b], b"c")
    monkeypatch.undo()
    assert not any(p.is_file() for p in (tmp_path / "tile").rglob("*"))
    SmallLog(leaves[:5], tmp_path)
    assert list(audit.stray_files(tmp_path, 5)) == []
