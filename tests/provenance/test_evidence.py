"""The picture that a scan's matches rest on: kept, shown, forgotten."""

import io
from pathlib import Path

import pytest
import sqlalchemy as sa
from PIL import Image

from provenance import accounts, erasure, evidence
from provenance.errors import NotFound
from provenance.service import Service
from provenance.tables import previews

from .conftest import ESSAY, encoded, mirrored, picture, register_work, scan_upload


def kept(service: Service) -> int:
    with service.db.read() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(previews)).scalar_one())


def test_a_matched_picture_is_shown_beside_the_work(service: Service) -> None:
    register_work(service, encoded(picture(1)))
    result = scan_upload(service, encoded(mirrored(picture(1))))
    assert result.scan_id is not None
    with Image.open(io.BytesIO(evidence.picture(service, result.scan_id))) as drawn:
        assert drawn.format == "PNG"
        assert drawn.width > 2 * 400
    assert kept(service) == 1


def test_what_matched_nothing_or_is_a_text_keeps_no_picture(service: Service) -> None:
    register_work(service, encoded(picture(1)))
    register_work(service, ESSAY.encode())
    for upload in (encoded(picture(2)), ESSAY.encode()):
        result = scan_upload(service, upload)
        assert result.scan_id is not None
        with pytest.raises(NotFound, match="nothing can be shown"):
            evidence.picture(service, result.scan_id)
    assert kept(service) == 0


def test_an_erased_work_is_no_longer_shown(service: Service, tmp_path: Path) -> None:
    work = register_work(service, encoded(picture(1)))
    result = scan_upload(service, encoded(mirrored(picture(1))))
    assert result.scan_id is not None
    assert work.work_id is not None
    erasure.erase(service, accounts.local(service.db), work.work_id)
    with pytest.raises(NotFound):
        evidence.picture(service, result.scan_id)
    assert kept(service) == 0


def test_another_account_does_not_see_it(service: Service) -> None:
    register_work(service, encoded(picture(1)))
    result = scan_upload(service, encoded(picture(1)))
    assert result.scan_id is not None
    with pytest.raises(NotFound):
        evidence.picture(service, result.scan_id, "acct_somebody_else")
