"""fsck finds each edit of a store, says it in one line, and finds the same in one process or several."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from fingerprints.source import Source
from provenance.accounts import accounts
from provenance.application import Application
from provenance.auditing import chunk as chunks
from provenance.auditing import fsck
from provenance.config import Settings
from provenance.database.tables import entries, log_state, works
from provenance.errors import LedgerReadOnly
from provenance.schemas import RegistrationItem, Transfer
from provenance.tlog import merkle, statement, tiles
from provenance.tlog.key_directory import KeyDirectory
from provenance.works import drafts
from tests.provenance.conftest import ESSAY, register_work


def problems(application: Application) -> list[str]:
    return fsck.check(application.db, application.log)["problems"]


def flip(path: Path, at: int = 40) -> None:
    raw = bytearray(path.read_bytes())
    raw[at] ^= 1
    path.write_bytes(raw)


def grow(application: Application, count: int) -> None:
    """Works in one group, all of one text under digests of their own: as registered, without their examination."""
    account, log = accounts.local(application.db), application.log
    source, after, made = Source.blob(ESSAY.encode()), log.head(), []
    signer, whole = application.signing_keys.ensure_signer(account), application.examiner.examine(source)
    for number in range(count):
        item = RegistrationItem(title=str(number), owner="Marta Salt")
        fingerprint = dataclasses.replace(whole.fingerprint, digest=number.to_bytes(32))
        examined = dataclasses.replace(whole, fingerprint=fingerprint)
        draft = drafts.draft_open(application.db, account, item, source, examined, len(ESSAY))
        draft.set_leaf(statement.sign(draft.compose(log.origin, after), signer))
        made.append(draft)
    application.registrar.enter(account, made)
    log.commit([draft.leaf_hash for draft in made])


Edit = Callable[[Path, sa.Connection], object]


def set_kind(folder: Path, connection: sa.Connection) -> None:
    connection.execute(entries.update().where(entries.c.idx == 2).values(kind="log-key"))


def edit_leaf(folder: Path, connection: sa.Connection) -> None:
    connection.execute(entries.update().where(entries.c.idx == 1).values(leaf=b"{}"))


def edit_leaf_and_hash(folder: Path, connection: sa.Connection) -> None:
    leaf = connection.execute(sa.select(entries.c.leaf).where(entries.c.idx == 1)).scalar_one()
    edited = leaf[:-20] + (b"B" if leaf[-20:-19] == b"A" else b"A") + leaf[-19:]
    connection.execute(
        entries.update().where(entries.c.idx == 1).values(leaf=edited, leaf_hash=merkle.leaf_hash(edited))
    )


def delete_entry(folder: Path, connection: sa.Connection) -> None:
    connection.execute(entries.delete().where(entries.c.idx == 0))


def edit_root(folder: Path, connection: sa.Connection) -> None:
    connection.execute(log_state.update().values(frontier=bytes(8)))


def shrink_checkpoint(folder: Path, connection: sa.Connection) -> None:
    signed = (folder / "checkpoint").read_bytes()
    (folder / "checkpoint").write_bytes(signed.replace(b"\n3\n", b"\n2\n", 1))


# What is done, and the one line that is found; places are of a log of 3 entries.
EDITS: dict[str, tuple[Edit, str]] = {
    "kind": (set_kind, "the kind of entry 2 was changed in the database"),
    "leaf": (edit_leaf, "entry 1 was changed in the database"),
    "enrolment-gone": (delete_entry, "entry 0 is missing from the database"),
    "frontier": (edit_root, "the database's root is not that of its entries"),
    "hash-tile": (
        lambda folder, _: flip(folder / "tile/0/000.p/3"),
        "published log: tile/0/000.p/3: differs at entry 1",
    ),
    "bundle": (
        lambda folder, _: flip(folder / "tile/entries/000.p/3"),
        "published log: tile/entries/000.p/3: differs at entry 0",
    ),
    "old-hash-tile": (lambda folder, _: flip(folder / "tile/0/000.p/2"), "published log: tile/0/000.p/2: differs at"),
    "old-bundle": (
        lambda folder, _: flip(folder / "tile/entries/000.p/2"),
        "published log: tile/entries/000.p/2: differs at",
    ),
    "cut-bundle": (
        lambda folder, _: (folder / "tile/entries/000.p/3").write_bytes(b"\0"),
        "published log: tile/entries/000.p/3: an entry bundle is cut off",
    ),
    "no-tile": (lambda folder, _: (folder / "tile/0/000.p/3").unlink(), "published log: tile/0/000.p/3: No such file"),
    "policy": (lambda folder, _: (folder / "policy").write_text("quorum none\n"), "published log: policy is not the"),
    "log.vkey": (lambda folder, _: flip(folder / "log.vkey"), "published log: log.vkey is not the log's"),
    "tail": (
        lambda folder, _: shutil.copy(folder / "tile/0/000.p/3", folder / "tile/0/001.p/3"),
        "published log: tile/0/001.p/3: lies past the signed size of 3 entries",
    ),
    "stranger": (lambda folder, _: (folder / "tile/0/x").write_text(""), "published log: tile/0/x: is not a tile"),
    "checkpoint": (shrink_checkpoint, "published log: the published checkpoint is not"),
    "no-checkpoint": (lambda folder, _: (folder / "checkpoint").unlink(), "published log: checkpoint: No such file"),
    "signer": (lambda folder, _: (folder.parent / "signer/state.json").unlink(), "the signer state"),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with two works; each test takes a copy."""
    place = tmp_path_factory.mktemp("fsck") / "home"
    with Application(Settings(home=place, workers=1, origin="log.test.example/sourcemark")) as application:
        for number in range(2):
            register_work(application, f"{number} {ESSAY}".encode())
    return place


@pytest.fixture
def installation(home: Path, tmp_path: Path) -> Settings:
    shutil.copytree(home, tmp_path / "home")
    return Settings(home=tmp_path / "home", workers=1, origin="log.test.example/sourcemark")


@pytest.mark.parametrize("name", EDITS)
def test_one_edit_is_one_line(installation: Settings, name: str) -> None:
    edit, told = EDITS[name]
    with Application(installation) as application:
        folder = installation.log_dir
        (folder / "tile/0/001.p").mkdir(exist_ok=True)
        assert problems(application) == []
        with application.db.write() as connection:
            edit(folder, connection)
        found = problems(application)
        assert len(found) == 1, found
        assert found[0].startswith(told), found


def test_an_entry_that_is_replaced_with_its_hash_is_told_from_its_published_copies(installation: Settings) -> None:
    with Application(installation) as application:
        with application.db.write() as connection:
            edit_leaf_and_hash(installation.log_dir, connection)
        found = problems(application)
        assert found[0] == "entry 1 was changed in the database"
        assert not any("published" in line for line in found), found


def test_a_lost_signer_state_stops_the_log_until_it_is_made_again(installation: Settings) -> None:
    installation.signer_state.unlink()
    with Application(installation) as application:
        (found,) = problems(application)
        assert "signer state" in found
        assert "ledger rebuild" in found
        with pytest.raises(LedgerReadOnly) as caught:
            register_work(application, b"A later text that nobody has signed, and that shall not be signed now.")
        assert caught.value.reason == "signer_state_missing"
        application.log.rebuild()
    with Application(installation) as application:
        assert problems(application) == []


@pytest.mark.slow
def test_processes_find_what_one_finds(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each opens a connection of its own, on either database."""
    monkeypatch.setattr(chunks, "BUNDLES", 3)
    folder = application.settings.log_dir
    grow(application, chunks.BUNDLES * tiles.WIDTH + 300)
    good = fsck.check(application.db, application.log, processes=2)
    assert (good["problems"], good["processes"], good["checked_from"]) == ([], 2, 0)
    assert good["checkpoint"] is not None
    kept = good["checkpoint"].encode()
    flip(folder / "tile/0/001")
    flip(folder / "tile/1/000.p/4")
    with application.db.write() as connection:
        connection.execute(entries.update().where(entries.c.idx == 1030).values(leaf=b"{}"))
    for processes, since in ((1, None), (2, None), (2, kept)):
        found = fsck.check(application.db, application.log, processes=processes, since=since)
        assert found["problems"] == [
            "published log: tile/0/001: differs at entry 257 from what was signed",
            "entry 1030 was changed in the database",
            "published log: tile/1/000.p/4: differs from the entries",
        ]
        assert found["checkpoint"] is None
        assert found["checked_from"] == (0 if since is None else application.log.head()[0] // tiles.WIDTH * tiles.WIDTH)


def test_an_earlier_checkpoint(installation: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signatures are not verified twice, rows are compared again, and another log's checkpoint spares nothing."""
    with Application(installation) as application:
        grow(application, tiles.WIDTH)
        kept = fsck.check(application.db, application.log)["checkpoint"]
        assert kept is not None
        register_work(application, f"{ESSAY} Later.".encode())
        verified = []
        real = KeyDirectory.verify
        monkeypatch.setattr(KeyDirectory, "verify", lambda self, leaf: (verified.append(1), real(self, leaf))[1])
        report = fsck.check(application.db, application.log, since=kept.encode())
        assert (report["problems"], report["checked_from"]) == ([], tiles.WIDTH)
        assert len(verified) == report["size"] - tiles.WIDTH
        for bad, told in (
            (kept.replace("\n259\n", "\n258\n"), "does not verify"),
            (kept.replace("— ", "— x"), "did not sign"),
            ("x", "the earlier checkpoint"),
        ):
            (found,) = fsck.check(application.db, application.log, since=bad.encode())["problems"]
            assert told in found
        with application.db.write() as connection:
            connection.execute(works.update().where(works.c.digest == (7).to_bytes(32)).values(title="Thief"))
        (found,) = fsck.check(application.db, application.log, since=kept.encode())["problems"]
        assert found.startswith("the claim of work_")


def test_a_transfer_before_an_earlier_checkpoint(sqlite_application: Application) -> None:
    """Who holds a work is learnt from entries that were audited before, too: its new owner may act for it after."""
    application = sqlite_application
    work = register_work(application, ESSAY.encode()).work_id
    assert work is not None
    ines = accounts.create(application.db, accounts.NewAccount(name="ines"))
    given = Transfer(owner="Ines Vale", to="ines")
    application.amendments.transfer(accounts.local(application.db), work, given)
    grow(application, tiles.WIDTH)
    kept = fsck.check(application.db, application.log)["checkpoint"]
    assert kept is not None
    application.withdrawals.withdraw(ines, work)
    report = fsck.check(application.db, application.log, since=kept.encode())
    assert (report["problems"], report["checked_from"]) == ([], tiles.WIDTH)
