"""The audit of a published folder finds every edit of any file, hidden entries and broken rules."""

import secrets
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provenance.auditing import auditor
from provenance.auditing import chunk as chunks
from provenance.auditing.fetcher import LogFetcher
from provenance.auditing.report import audit_report
from provenance.errors import Unavailable
from provenance.ledger import tile_store
from provenance.tlog import keys, note, tiles
from provenance.tlog.checkpoint import Checkpoint
from provenance.tlog.merkle import leaf_hash, root_of
from provenance.tlog.signed_checkpoint import LogKeys, sign_checkpoint
from tests.provenance.ledger.servers import serving
from tests.provenance.ledger.small_log import LOG_KEYS, ORIGIN, SmallLog, enrolment, registration, resigned

pytestmark = pytest.mark.slow

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
    signed = (log.folder / "checkpoint").read_bytes()
    found = auditor.audit_log(signed, tile_store.fetch_from(log.folder), log.vkeys, folder=log.folder)
    return [*found, *auditor.stray_files(log.folder), *auditor.tiles_past(log.folder, log.size)]


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
        assert [
            *(line.partition(":")[0] for line in auditor.stray_files(log.folder)),
            *auditor.tiles_past(log.folder, SIZE),
        ] == [name]
        path.unlink()
    (log.folder / "tile/0/000.p").mkdir(exist_ok=True)
    (log.folder / "tile/0/000.p/7").write_bytes(b"an older partial tile is no stranger")
    assert [*auditor.stray_files(log.folder), *auditor.tiles_past(log.folder, SIZE)] == []


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
    from provenance.tlog import statement

    return statement.sign(statement.key_revoke(ORIGIN, keyid=target.keyid, after=(0, root_of([]))), signer)


def test_another_logs_keys(log: SmallLog) -> None:
    stranger = LogKeys(ORIGIN, keys.new_signing_key().private, LOG_KEYS._mldsa44)
    mine = [note.VKey.parse(key) for key in stranger.vkeys()]
    (found,) = auditor.audit_log(log.signed, tile_store.fetch_from(log.folder), mine)
    assert "did not sign" in found


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257])
def test_sizes_at_the_edges(leaves: list[bytes], tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)
    assert problems(SmallLog(leaves[:size], tmp_path)) == []


# --- what publishing leaves behind ----------------------------------------------------------------------------------
def test_partial_tiles_go_when_the_whole_is_there(leaves: list[bytes], tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)
    for before, size in ((0, 3), (3, 200), (200, 255), (255, 256), (256, 300), (300, 515)):
        tile_store.publish(tmp_path, before, size, lambda a, b: leaves[a:b], b"c")
    kept = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.p/*"))
    assert kept == ["tile/0/002.p/3", "tile/1/000.p/1", "tile/1/000.p/2", "tile/entries/002.p/3"]
    fetch = tile_store.fetch_from(tmp_path)
    assert tiles.split_bundle(fetch("tile/entries/000.p/200")) == leaves[:200]


def test_what_a_killed_process_leaves_is_no_tile(leaves: list[bytes], tmp_path: Path, monkeypatch) -> None:
    class Killed(BaseException):
        pass

    def kill(_: int) -> None:
        raise Killed

    monkeypatch.setattr("os.fsync", kill)
    with pytest.raises(Killed):
        tile_store.publish(tmp_path, 0, 5, lambda a, b: leaves[a:b], b"c")
    monkeypatch.undo()
    assert not any(p.is_file() for p in (tmp_path / "tile").rglob("*"))
    SmallLog(leaves[:5], tmp_path)
    assert [*auditor.stray_files(tmp_path), *auditor.tiles_past(tmp_path, 5)] == []


# --- older checkpoints, several processes ---------------------------------------------------------------------------
def signed_at(leaves: list[bytes], size: int, origin: str = ORIGIN) -> bytes:
    root = root_of(map(leaf_hash, leaves[:size]))
    return sign_checkpoint(Checkpoint(origin, size, root), LOG_KEYS, 1_790_000_000)


def test_the_log_continues_older_checkpoints(log: SmallLog) -> None:
    fetch = tile_store.fetch_from(log.folder)
    older = [signed_at(log.leaves, size) for size in (0, 1, 255, 256, 257, 300, SIZE)]
    assert list(auditor.audit_log(log.signed, fetch, log.vkeys, since=older)) == []
    other = [registration(KEY), *log.leaves[1:]]
    told = {
        "history was rewritten": signed_at(other, 256),
        "has only 515 now": signed_at([*log.leaves, *log.leaves], 516),
        "is of 'other.example/x'": signed_at(log.leaves, 3, "other.example/x"),
        "does not verify": signed_at(log.leaves, 3).replace(b"\n3\n", b"\n4\n", 1),
        "no signatures": b"",
    }
    for word, raw in told.items():
        found = list(auditor.audit_log(log.signed, fetch, log.vkeys, since=[raw]))
        assert len(found) == 1, (word, found)
        assert found[0].startswith("the earlier checkpoint: ")
        assert word in found[0]


def test_hashes_only(log: SmallLog, leaves: list[bytes], tmp_path: Path) -> None:
    bad = SmallLog([registration(KEY), *leaves[1:5]], tmp_path / "bad")  # breaks a rule, under its right root
    fetch = tile_store.fetch_from(bad.folder)
    assert list(auditor.audit_log(bad.signed, fetch, bad.vkeys, rules=False)) == []
    assert len(list(auditor.audit_log(bad.signed, fetch, bad.vkeys))) == 5
    path = log.folder / "tile/entries/000"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert list(auditor.audit_log(log.signed, tile_store.fetch_from(log.folder), log.vkeys, rules=False))


def test_processes_find_what_one_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Enrolments, revocations and repetitions reach over the borders of chunks that different processes replay."""
    monkeypatch.setattr("os.fsync", lambda _: None)
    monkeypatch.setattr(chunks, "BUNDLES", 2)
    chunk = chunks.BUNDLES * tiles.WIDTH
    late, lost = keys.new_signing_key(), keys.new_signing_key()
    entries = [enrolment(KEY), enrolment(lost), *(registration(KEY) for _ in range(3 * chunk + 40))]
    entries[chunk - 1] = enrolment(late)
    entries[chunk] = registration(late)
    entries[chunk + 1] = _revocation(lost, lost)
    entries[chunk + 2] = registration(lost)  # in the chunk of the revocation
    entries[2 * chunk] = registration(lost)  # in a later one
    entries[3 * chunk + 7] = entries[5]
    entries[3 * chunk + 8] = enrolment(late)
    entries[3 * chunk + 9] = b"{}"
    entries[2 * chunk + 9] = registration(keys.new_signing_key())
    entries[2 * chunk + 10] = registration(KEY, after=(chunk + 3, root_of(map(leaf_hash, entries[: chunk + 3]))))
    log = SmallLog(entries, tmp_path)
    (tmp_path / "tile/0/003").write_bytes(bytes(8192))
    site = LogFetcher(str(tmp_path))
    alone = list(auditor.audit_log(log.signed, site, log.vkeys))
    assert [line.partition(": ")[0] for line in sorted(alone)] == sorted(
        [f"entry {at}" for at in (chunk + 2, 2 * chunk, 2 * chunk + 9, 3 * chunk + 7, 3 * chunk + 8, 3 * chunk + 9)]
        + ["tile/0/003"]
    )
    for processes in (2, 3, 9):
        assert sorted(auditor.audit_log(log.signed, site, log.vkeys, processes=processes)) == sorted(alone)


# --- as a third party does it ----------------------------------------------------------------------------------------
def published(log: SmallLog) -> Path:
    (log.folder / "policy").write_bytes(log.policy)
    return log.folder


def test_a_report(log: SmallLog) -> None:
    folder = published(log)
    report = audit_report(str(folder), since=[signed_at(log.leaves, 9)], policy=log.policy)
    assert report == {
        "origin": ORIGIN, "size": SIZE, "root": root_of(map(leaf_hash, log.leaves)).hex(), "policy_from": "reader",
        "checkpoint_time": 1_790_000_000, "witnesses": [], "problems": [], "remarks": []}  # fmt: skip
    assert audit_report(str(folder))["policy_from"] == "log"


@pytest.mark.parametrize(("later", "found"), [(60, 0), (61, 1)])
def test_a_clock_that_went_back_is_found(log: SmallLog, later: int, found: int) -> None:
    older = Checkpoint(ORIGIN, 9, root_of(map(leaf_hash, log.leaves[:9])))
    kept = sign_checkpoint(older, LOG_KEYS, 1_790_000_000 + later)
    problems = audit_report(str(published(log)), since=[kept], policy=log.policy)["problems"]
    assert ["clock went back" in each for each in problems] == [True] * found


@pytest.mark.enable_socket
def test_behind_any_web_server(log: SmallLog) -> None:
    folder = published(log)

    def static(path: str, _: bytes) -> tuple[int, str, bytes]:
        file = folder / path.removeprefix("/some/log/")
        return (200, "application/octet-stream", file.read_bytes()) if file.is_file() else (404, "text/html", b"<html>")

    with serving(static) as url:
        assert audit_report(f"{url}/some/log/", since=[signed_at(log.leaves, 300)])["problems"] == []
        (folder / "tile/0/001").unlink()
        assert audit_report(f"{url}/some/log")["problems"] == ["tile/0/001: tile/0/001 is not published"]
        (folder / "tile/entries/000").unlink()
        assert len(audit_report(f"{url}/some/log")["problems"]) == 1  # nothing after it can be counted
    with pytest.raises(Unavailable):
        audit_report(url)
    with serving(lambda *_: (500, "text/plain", b"")) as url, pytest.raises(Unavailable, match="HTTP 500"):
        audit_report(url)
    with (
        serving(lambda *_: (200, "text/plain", b"x" * (1 << 21))) as url,
        pytest.raises(Unavailable, match="more than"),
    ):
        audit_report(url)


HOSTILE = [
    b"",
    b"\0",
    b"\xff" * 100,
    b"[" * 100_000,
    b"\n\n",
    b"\n" * 100_000,
    "— \u202e\x1b[2J\n".encode() * 10,
    b"9" * 50_000,
]


@pytest.mark.parametrize("name", ["checkpoint", "policy", "tile/entries/000", "tile/0/000", "tile/1/000.p/2"])
def test_hostile_files_are_found_and_are_no_traceback(log: SmallLog, name: str) -> None:
    folder = published(log)
    for raw in HOSTILE:
        (folder / name).write_bytes(raw)
        report = audit_report(str(folder))
        assert report["problems"], (name, raw[:20])
        assert all(line.isprintable() for line in report["problems"])
    (folder / name).unlink()
    (folder / name).mkdir()
    assert audit_report(str(folder))["problems"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.data())
def test_hostile_entries_under_a_right_root(leaves: list[bytes], tmp_path: Path, data: st.DataObject) -> None:
    """An operator can sign anything; the audit names the entry and why, whatever bytes it has."""
    raw = data.draw(
        st.one_of(
            st.binary(max_size=200),
            st.integers(1, 20_000).map(lambda depth: b'{"payload":' + b"[" * depth + b"]" * depth + b"}"),
            st.integers(0, len(leaves[1]) - 1).map(lambda at: leaves[1][:at] + b"\x00" + leaves[1][at + 1 :]),
            st.integers(0, len(leaves[1]) - 1).map(lambda at: leaves[1][:at] + leaves[1][at + 1 :]),
            st.just(b"x" * 65_535),
        )
    )
    bad = SmallLog([leaves[0], raw, leaves[2]], tmp_path / secrets.token_hex(8))
    (found,) = auditor.audit_log(bad.signed, tile_store.fetch_from(bad.folder), bad.vkeys)
    assert found.startswith("entry 1: ")
