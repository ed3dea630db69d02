"""The picture that a scan's matches rest on: kept, shown, forgotten."""

import dataclasses
import io
from pathlib import Path

import pytest
import sqlalchemy as sa
from PIL import Image

from fingerprints import image
from fingerprints.model import Fingerprint
from provenance.accounts import accounts
from provenance.application import Application
from provenance.config import Settings
from provenance.database.tables import fingerprints, previews
from provenance.errors import NotFound
from provenance.scans import evidence
from tests.provenance.conftest import ESSAY, encoded, mirrored, picture, register_work, scan_upload

pytestmark = pytest.mark.slow


def kept(application: Application) -> int:
    with application.db.read() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(previews)).scalar_one())


def test_a_matched_picture_is_shown_beside_the_work(application: Application) -> None:
    register_work(application, encoded(picture(1)))
    result = scan_upload(application, encoded(mirrored(picture(1))))
    assert result.scan_id is not None
    with Image.open(io.BytesIO(evidence.picture(application.db, result.scan_id))) as drawn:
        assert drawn.format == "PNG"
        assert drawn.width > 2 * 400
    assert kept(application) == 1


def test_what_matched_nothing_or_is_a_text_keeps_no_picture(application: Application) -> None:
    register_work(application, encoded(picture(1)))
    register_work(application, ESSAY.encode())
    for upload in (encoded(picture(2)), ESSAY.encode()):
        result = scan_upload(application, upload)
        assert result.scan_id is not None
        with pytest.raises(NotFound, match="nothing can be shown"):
            evidence.picture(application.db, result.scan_id)
    assert kept(application) == 0


def test_an_erased_work_is_no_longer_shown(application: Application, tmp_path: Path) -> None:
    work = register_work(application, encoded(picture(1)))
    result = scan_upload(application, encoded(mirrored(picture(1))))
    assert result.scan_id is not None
    assert work.work_id is not None
    application.erasures.erase(accounts.local(application.db), work.work_id)
    with pytest.raises(NotFound):
        evidence.picture(application.db, result.scan_id)
    assert kept(application) == 0


def test_another_account_does_not_see_it(application: Application) -> None:
    register_work(application, encoded(picture(1)))
    result = scan_upload(application, encoded(picture(1)))
    assert result.scan_id is not None
    with pytest.raises(NotFound):
        evidence.picture(application.db, result.scan_id, "acct_somebody_else")


def test_of_a_works_older_fingerprints_the_newest_is_upgraded(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    second, first = "sourcemark-image/2:made-up", "sourcemark-image/1:made-up"

    def upgrade(old: Fingerprint) -> Fingerprint | None:
        return dataclasses.replace(old, algorithm=image.ALGORITHM) if old.algorithm == second else None

    monkeypatch.setattr(image, "upgrade", upgrade)
    with Application(settings) as opened:
        registered = register_work(opened, encoded(picture(1)))
        with opened.db.write() as connection:
            row = connection.execute(sa.select(fingerprints)).mappings().one()
            now = Fingerprint.from_bytes(row["data"] + row["detail"])
            connection.execute(fingerprints.delete())
            for algorithm, detail in ((first, b"unknown"), (second, now.detail)):
                old = dataclasses.replace(now, algorithm=algorithm, detail=detail)
                values = {"work": row["work"], "algorithm": algorithm, "data": old.index_bytes(), "detail": detail}
                connection.execute(fingerprints.insert().values(values))
    for _ in range(2):
        with Application(settings) as opened:
            result = scan_upload(opened, encoded(mirrored(picture(1)).crop((100, 80, 560, 420))))
            assert [match.work_id for match in result.matches] == [registered.work_id]
            assert result.scan_id is not None
            assert evidence.picture(opened.db, result.scan_id)
            with opened.db.read() as connection:
                kept_of = connection.execute(sa.select(fingerprints.c.algorithm, fingerprints.c.detail)).all()
            assert sorted(name for name, _ in kept_of) == [first, second, image.ALGORITHM]
            assert dict(kept_of)[image.ALGORITHM] == dict(kept_of)[second]
