"""The page of a sighting: what the rights holder sees of a post, in both languages, and who else may see it."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from provenance.accounts import accounts
from provenance.application import Application
from provenance.database.tables import matches
from provenance.errors import NotFound
from provenance.scans import evidence_page, passages, sightings
from provenance.scans.evidence_page import EvidencePage
from tests.provenance.conftest import ESSAY, ESSAY_ZH, encoded, mirrored, picture, register_work, scan_upload

pytestmark = pytest.mark.slow


@pytest.fixture
def forum(sqlite_application: Application) -> Application:
    """An application with a platform."""
    accounts.create(sqlite_application.db, accounts.NewAccount(name="Riverside Forum", kind="platform"))
    return sqlite_application


def shown(application: Application, language: evidence_page.Language = "en") -> EvidencePage:
    """The page of the only sighting."""
    (seen,), _ = sightings.page(application.db, None)
    return evidence_page.make(application.db, seen.sighting_id, None, language)


def words(page: EvidencePage) -> str:
    return re.sub(r"<[^>]+>", "", page.html.decode())


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            [
                "Riverside Forum",
                "City Daily",
                "https://p.example/1",
                "uncredited",
                "(1 scan)",
                "the owner is not named",
            ],
        ),
        (
            "zh",
            [
                "Riverside Forum",
                "City Daily",
                "https://p.example/1",
                "未规范署名",
                "（共 1 次扫描）",
                "未标明著作权人；未标明来源",
            ],
        ),
    ],
)
def test_of_a_text_both_passages_are_shown(
    forum: Application, language: evidence_page.Language, said: list[str]
) -> None:
    register_work(forum, ESSAY_ZH.encode())
    copy = ESSAY_ZH.replace("渡船", "<渡轮>")
    result = scan_upload(
        forum, copy.encode(), platform="Riverside Forum", account="City Daily", post_url="https://p.example/1"
    )
    page = shown(forum, language)
    assert page.sighting.scan_id == result.scan_id
    assert page.picture is None
    for each in [*said, "渡船", "&lt;渡轮&gt;", str(result.scan_id)]:
        assert each in words(page), each
    assert "<mark>六点十分开" in page.html.decode()


def test_of_a_picture_the_drawing_is_shown_without_the_works_of_others(forum: Application) -> None:
    accounts.create(forum.db, accounts.NewAccount(name="rival", kind="producer"))
    mine = register_work(forum, encoded(picture(1)))
    register_work(forum, encoded(picture(1), quality=60), account="rival", owner="John Thief")
    result = scan_upload(forum, encoded(mirrored(picture(1))), platform="Riverside Forum")
    assert len(result.matches) == 2
    seen = next(s for s in sightings.page(forum.db, None)[0] if s.work_id == mine.work_id)
    page = evidence_page.make(forum.db, seen.sighting_id, accounts.local(forum.db).id)
    assert page.picture is not None
    assert page.picture.startswith(b"\x89PNG")
    assert b"data:image/png;base64," in page.html
    assert b"John Thief" not in page.html


def test_the_works_account_and_the_platform_see_it_and_nobody_else(forum: Application) -> None:
    accounts.create(forum.db, accounts.NewAccount(name="rival", kind="producer"))
    register_work(forum, ESSAY.encode())
    scan_upload(forum, ESSAY.encode(), platform="Riverside Forum")
    (seen,), _ = sightings.page(forum.db, None)
    for name in ("local", "Riverside Forum"):
        assert evidence_page.make(forum.db, seen.sighting_id, accounts.find(forum.db, name).id).html
    for sighting_id, name in ((seen.sighting_id, "rival"), ("sight_none", "local")):
        with pytest.raises(NotFound):
            evidence_page.make(forum.db, sighting_id, accounts.find(forum.db, name).id)


def test_erasing_the_work_erases_the_passages(forum: Application) -> None:
    work = register_work(forum, ESSAY.encode(), title="The Salt Ferry")
    scan_upload(forum, ESSAY.encode(), platform="Riverside Forum", account="City Daily")
    assert "harbour" in words(shown(forum))
    forum.erasures.erase(accounts.local(forum.db), str(work.work_id))
    page = words(shown(forum))
    assert "City Daily" in page
    assert "harbour" not in page
    assert "Salt Ferry" not in page
    with forum.db.read() as connection:
        assert connection.execute(sa.select(matches.c.passages)).scalars().all() == [[]]


def test_only_so_much_of_a_text_is_kept(forum: Application) -> None:
    long = " ".join(f"{ESSAY} {number}" for number in range(6))
    register_work(forum, long.encode())
    scan_upload(forum, f"{long}\x1b[2J".encode())
    with forum.db.read() as connection:
        (kept,) = connection.execute(sa.select(matches.c.passages)).scalars().all()
    assert 1 <= len(kept) <= passages.MAX_PASSAGES
    assert max(len(each["text"]) for each in kept) == passages.MAX_CHARACTERS
    assert not any("\x1b" in each["text"] for each in kept)
