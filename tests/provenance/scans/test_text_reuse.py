"""Lifted text through the business: statuses, older fingerprints, both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from fingerprints import text
from fingerprints.model import Fingerprint
from fingerprints.text.examples import edited, han, words
from provenance.application import Application
from provenance.auditing import fsck
from provenance.config import Settings
from provenance.database.tables import fingerprints, works
from tests.provenance.conftest import ESSAY, register_work, scan_upload

pytestmark = pytest.mark.slow

LICENCE = words(900, 100)
ARTICLE = words(1, 500)


def test_a_paragraph_in_a_long_article_is_found_and_located(application: Application) -> None:
    paragraph = ESSAY[200:560]
    registered = register_work(application, ESSAY.encode())
    post = f"{ARTICLE}\n\n{paragraph}\n\n{words(2, 500)}"
    result = scan_upload(application, post.encode())
    assert result.status == "matched"
    (match,) = result.matches
    assert match.work_id == registered.work_id
    assert match.reuse == "excerpt"
    (segment,) = match.segments
    assert isinstance(segment.upload[0], int)
    assert isinstance(segment.upload[1], int)
    found = post[segment.upload[0] : segment.upload[1]]
    assert len(set(found.split()) - set(paragraph.split())) <= 2
    assert abs(len(found) - len(paragraph)) < 10
    assert match.coverage.upload < 0.2


def test_nothing_but_a_template_says_so(application: Application) -> None:
    for n in range(4):
        register_work(application, (words(10 + n, 200) + "\n" + LICENCE).encode(), title=f"Work {n}")
    result = scan_upload(application, LICENCE.encode())
    assert (result.status, result.reason, result.matches) == ("template_only", "template_only", [])
    assert scan_upload(application, b"Hello there").status == "too_short"
    assert scan_upload(application, b"\x80\x81\xfe\xff\xff\xff").status == "undecodable"


def test_a_competing_claim_is_recorded_for_an_excerpt(application: Application) -> None:
    first = register_work(application, (ESSAY + " " + words(4, 200)).encode())
    second = register_work(application, (words(3, 300) + ESSAY[100:600]).encode(), owner="Somebody Else")
    assert second.competing == [first.work_id]


@pytest.mark.parametrize("start", [0, -400], ids=["first", "last"])
def test_posts_that_begin_or_end_with_a_work_s_paragraphs_teach_nothing(application: Application, start: int) -> None:
    register_work(application, (ESSAY + words(73, 200)).encode() if start == 0 else (words(73, 200) + ESSAY).encode())
    taken = ESSAY[:400] if start == 0 else ESSAY[-400:]
    for n in range(6):
        own = words(700 + n, 250)
        post = taken + "\n\n" + own if start == 0 else own + "\n\n" + taken
        assert scan_upload(application, post.encode()).status == "matched"
    assert scan_upload(application, taken.encode()).status == "matched"


def test_a_paragraph_that_goes_around_stays_a_reuse(application: Application) -> None:
    register_work(application, (words(72, 200) + ESSAY + words(73, 200)).encode())
    for n in range(10):
        post = words(200 + n, 200) + "\n\n" + ESSAY[100:500] + "\n\n" + words(300 + n, 200)
        assert scan_upload(application, post.encode()).status == "matched"


OLDER = "sourcemark-text/1:made-up"


@pytest.fixture
def aged(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation whose one work has a fingerprint of an older version, and only that; this one can read it."""

    def upgrade(old: Fingerprint) -> Fingerprint | None:
        return text.fingerprint(old.detail) if old.algorithm == OLDER else None

    monkeypatch.setattr(text, "upgrade", upgrade)
    with Application(settings) as opened:
        registered = register_work(opened, ESSAY.encode())
        old = Fingerprint("text", OLDER, text.fingerprint(ESSAY.encode()).digest, detail=ESSAY.encode())
        with opened.db.write() as connection:
            number = connection.execute(sa.select(works.c.id).where(works.c.work_id == registered.work_id)).scalar_one()
            connection.execute(
                fingerprints.update()
                .where(fingerprints.c.work == number)
                .values(algorithm=OLDER, data=old.index_bytes(), detail=old.detail)
            )
    return settings


def test_what_an_older_version_registered_is_found_by_this_one(aged: Settings) -> None:
    for _ in range(2):
        with Application(aged) as opened:
            result = scan_upload(opened, f"{ARTICLE}\n\n{ESSAY[100:560]}\n".encode())
            assert result.status == "matched"
            assert scan_upload(opened, ESSAY.encode()).matches[0].transform == {"exact": True}
            with opened.db.read() as connection:
                kept = connection.execute(sa.select(fingerprints.c.algorithm)).scalars().all()
            assert sorted(kept) == [OLDER, text.ALGORITHM]


def test_fsck_compares_what_the_log_commits_to(application: Application) -> None:
    register_work(application, ESSAY.encode())
    assert fsck.check(application.db, application.log)["problems"] == []
    with application.db.write() as connection:
        connection.execute(fingerprints.update().values(detail=b"x"))
    problems = fsck.check(application.db, application.log)["problems"]
    assert any("fingerprint" in problem for problem in problems)


def test_a_chinese_work_in_traditional_characters_inside_an_article(application: Application) -> None:
    work = han(5, 900)
    register_work(application, work.encode())
    post = han(6, 1500) + "\n" + work[300:420] + "\n" + han(7, 1500)
    assert scan_upload(application, post.encode("gb18030")).status == "matched"
    assert scan_upload(application, edited(ARTICLE, 0.5, 1).encode()).status == "no_match"
