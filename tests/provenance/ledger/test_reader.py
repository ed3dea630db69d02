"""Proofs are verified before they are handed out; an export never writes over the proof of a fork."""

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from provenance.application import Application
from provenance.config import Settings
from provenance.database.tables import entries
from provenance.errors import BadInput, Unavailable
from provenance.tlog.policy import parse_policy
from provenance.tlog.signed_checkpoint import open_checkpoint
from provenance.works.receipt_builder import build_receipt
from tests.provenance.conftest import ESSAY, register_work


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def flip(path: Path, at: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[at] ^= 1
    path.write_bytes(raw)


@pytest.mark.parametrize("at", [0, 40, 70], ids=["enrolment", "entry", "neighbour"])
def test_a_proof_from_a_damaged_tile_is_not_handed_out(application: Application, at: int) -> None:
    _, second = (register_work(application, f"{n} {ESSAY}".encode()) for n in range(2))
    log = application.log
    flip(log.settings.log_dir / "tile/0/000.p/3", at)
    for ask in (
        lambda: log.reader.proof(1),
        lambda: log.reader.consistency(1),
        lambda: log.reader.consistency(1, 2),
        lambda: build_receipt(application.db, log, second.work_id),
    ):
        with pytest.raises(Unavailable, match="ledger rebuild") as caught:
            ask()
        assert caught.value.reason == "log_damaged"
    log.rebuild()
    assert log.reader.proof(1)
    assert log.reader.consistency(1, 2)
    assert log.reader.consistency(0, 0) == ""
    assert build_receipt(application.db, log, second.work_id)


@pytest.mark.parametrize("instead", [b"AB", b"."])  # another letter of base64, or none
def test_a_checkpoint_that_was_not_signed_proves_nothing(sqlite_settings: Settings, instead: bytes) -> None:
    with Application(sqlite_settings) as application:
        register_work(application, ESSAY.encode())
        path = application.log.settings.log_dir / "checkpoint"
        before = path.read_bytes()
        at = before.index("—".encode()) + 60
        other = instead[:1] if before[at : at + 1] != instead[:1] else instead[1:]
        path.write_bytes(before[:at] + other + before[at + 1 :])
        with pytest.raises(Unavailable, match="ledger rebuild"):
            application.log.reader.proof(1)


def test_an_entry_changed_in_the_database_gets_no_receipt(application: Application) -> None:
    done = register_work(application, ESSAY.encode())
    with application.db.write() as connection:
        leaf = connection.execute(sa.select(entries.c.leaf).where(entries.c.idx == 1)).scalar_one()
        edited = leaf[:-20] + (b"B" if leaf[-20:-19] == b"A" else b"A") + leaf[-19:]
        connection.execute(entries.update().where(entries.c.idx == 1).values(leaf=edited))
    with pytest.raises(Unavailable, match="ledger fsck"):
        build_receipt(application.db, application.log, done.work_id)


def test_an_export_does_not_write_over_the_proof_of_a_fork(sqlite_settings: Settings, tmp_path: Path) -> None:
    clone, mirror = sqlite_settings.model_copy(update={"home": tmp_path / "clone"}), tmp_path / "mirror"
    with Application(sqlite_settings) as application:
        register_work(application, ESSAY.encode())
        application.log.export(mirror)
    shutil.copytree(sqlite_settings.home, clone.home)
    with Application(clone) as application:
        register_work(application, f"{ESSAY} There.".encode())
        assert application.log.export(mirror) == 3  # continues what is there
        vkeys = parse_policy((mirror / "policy").read_bytes()).logs
    before = files(mirror)
    with Application(sqlite_settings) as application:
        for text in ("Here.", "Later."):
            register_work(application, f"{ESSAY} {text}".encode())
            with pytest.raises(BadInput, match="does not continue"):
                application.log.export(mirror)
            assert files(mirror) == before
    assert open_checkpoint(before["checkpoint"], vkeys).size == 3


def test_an_export_over_something_else(application: Application, tmp_path: Path) -> None:
    folder = tmp_path / "mirror"
    folder.mkdir()
    (folder / "checkpoint").write_bytes(b"no checkpoint")
    with pytest.raises(BadInput, match="choose an empty folder"):
        application.log.export(folder)
    assert files(folder) == {"checkpoint": b"no checkpoint"}
