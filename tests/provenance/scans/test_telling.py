"""Who is told of a scan, in the transaction that records it: the platform of each, the owner of first sightings."""

from __future__ import annotations

import pytest

from fingerprints.source import Source
from provenance.accounts import accounts
from provenance.accounts.accounts import NewAccount
from provenance.application import Application
from provenance.database.tables import deliveries, events
from provenance.scans import posts
from provenance.schemas import NewPost, ScanItem
from tests.provenance.conftest import ESSAY, encoded, picture, register_work
from tests.provenance.jobs.conftest import listen, rows

pytestmark = pytest.mark.slow


def test_the_platform_and_the_owner_are_told(sqlite_application: Application) -> None:
    app = sqlite_application
    owner, platform = (accounts.create(app.db, NewAccount(name=name)) for name in ("owner", "forum"))
    listen(app.db, owner.id, "work.sighted", "scan.decided")
    listen(app.db, platform.id, "scan.decided")
    work = register_work(app, encoded(picture(1)), "owner")
    register_work(app, ESSAY.encode())  # an account that listens to nothing
    data = encoded(picture(1), quality=60)
    files = [("a.jpg", Source.blob(data)), ("b.jpg", Source.blob(encoded(picture(1).resize((500, 375)))))]
    post = posts.of_post(NewPost(text=ESSAY, post_url="https://p.example/1", account="City Daily"), files)
    single = posts.Upload(ScanItem(post_url="https://p.example/1"), Source.blob(data))
    results = list(app.scanner.scan(platform, [post, single]))  # twice the same post, in one group
    results += app.scanner.scan(platform, [single])
    list(app.scanner.scan(platform, [single], dry_run=True))
    told = [(event.account_id, event.event) for event in rows(app.db, events)]
    assert told.count((platform.id, "scan.decided")) == 3
    assert told.count((owner.id, "work.sighted")) == 1
    assert len(told) == 4
    decided = [event.data for event in rows(app.db, events) if event.event == "scan.decided"]
    assert [each["scan_id"] for each in decided] == [result.scan_id for result in results]
    assert all(each["action"]["do"] for each in decided)
    (sighted,) = (event.data for event in rows(app.db, events) if event.event == "work.sighted")
    assert (sighted["work_id"], sighted["platform"], sighted["account"]) == (work.work_id, "forum", "City Daily")
    assert (sighted["verdict"], sighted["post_url"]) == ("uncredited", "https://p.example/1")
    subjects = {delivery.subject for delivery in rows(app.db, deliveries)}
    assert subjects == {work.work_id, *(result.scan_id for result in results)}
