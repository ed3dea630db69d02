"""Mail to those who watch their works: through a server on this machine, or into a folder."""

from __future__ import annotations

import email
import socket
import threading
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from typing import Any

import pytest

from provenance.config import Settings
from provenance.database.engine import Database
from provenance.database.tables import now, works
from provenance.errors import BadInput, Misconfigured, NotFound
from provenance.jobs import outbox, watches, webhooks
from provenance.jobs.background import Background
from provenance.jobs.delivery import Deliverer
from provenance.jobs.mail import check_address, check_smtp
from provenance.jobs.queue import Queue
from provenance.scans import sighting_mail
from provenance.schemas.webhooks import NewWatch
from tests.provenance.jobs.conftest import listen
from tests.provenance.jobs.mail_server import Mailbox, mail_server
from tests.provenance.jobs.test_delivery import states
from tests.provenance.jobs.test_outbox import a_sighting
from tests.provenance.ledger.servers import free_port

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    with mail_server() as server:
        yield server


def told(db: Database, settings: Settings, **values: Any) -> None:
    """A sighting of a watched work happens and is delivered, by the settings."""
    with db.write() as connection:
        outbox.emit(connection, "work.sighted", "one", a_sighting(**values), subject="work_1")
    background = Background(db, Queue(db), settings, sighting_mail.compose)
    Deliverer(db, background.sender, disable_days=5, schedule=(60.0,)).deliver(threading.Event())


def through(settings: Settings, url: str) -> Settings:
    return Settings.model_validate({**settings.model_dump(), "smtp_url": url, "mail_from": "watch@service.example"})


def test_a_mail_through_a_server(sqlite_db: Database, sqlite_settings: Settings, mailbox: tuple[Mailbox, str]) -> None:
    box, url = mailbox
    made = watches.create(sqlite_db, "one", NewWatch(email="desk@northbank.example"))
    told(sqlite_db, through(sqlite_settings, url), post_url="https://p.example/9", account="City Daily")
    (mail,) = box.mails
    assert (mail["To"], mail["From"]) == ("desk@northbank.example", "watch@service.example")
    assert mail["Subject"] == "Your work “The Clock Mender” was seen in a post on two"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_content()
    for line in (
        "Verdict: uncredited",
        "Post: https://p.example/9",
        "Posting account: City Daily",
        "Of the work: 60 %",
    ):
        assert line in text
    assert (made.email, made.webhook_id, made.lang) == ("desk@northbank.example", None, "en")
    assert states(sqlite_db) == [("delivered", 1, "sent")]


def test_a_mail_in_chinese_in_the_folder(sqlite_db: Database, sqlite_settings: Settings) -> None:
    watches.create(sqlite_db, "one", NewWatch(email="desk@northbank.example", lang="zh"))
    told(sqlite_db, sqlite_settings, title="修钟人\r\nBcc: everybody@x.example", seen_at="2026-01-31T12:00:00.000000Z")
    (file,) = (sqlite_settings.home / "mail").iterdir()
    assert file.suffix == ".eml"
    mail = email.message_from_bytes(file.read_bytes(), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("您的作品《修钟人")
    assert "结论：未规范署名" in mail.get_content()
    assert "时间（UTC）：2026-01-31 12:00" in mail.get_content()


@pytest.mark.parametrize(
    ("to", "state", "answer"), [("nobody", "pending", "SMTP 550"), ("later", "pending", "SMTP 451")]
)
def test_a_mail_that_is_refused(
    sqlite_db: Database, sqlite_settings: Settings, mailbox: tuple[Mailbox, str], to: str, state: str, answer: str
) -> None:
    watches.create(sqlite_db, "one", NewWatch(email=f"{to}@northbank.example"))
    told(sqlite_db, through(sqlite_settings, mailbox[1]))
    ((found, attempts, said),) = states(sqlite_db)
    assert (found, said) == (state, answer)
    assert attempts == (to == "nobody")  # 451 is about the server, 550 about this mail
    assert watches.page(sqlite_db, "one")[0][0].failing_since is not None


@pytest.mark.parametrize("listening", [False, True], ids=["nobody there", "no mail server"])
def test_a_mail_server_that_is_none(sqlite_db: Database, sqlite_settings: Settings, listening: bool) -> None:
    watches.create(sqlite_db, "one", NewWatch(email="desk@northbank.example"))
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1] if listening else free_port()
        if listening:
            threading.Thread(target=lambda: other.accept()[0].close(), daemon=True).start()
        told(sqlite_db, through(sqlite_settings, f"smtp://127.0.0.1:{port}"))
    ((state, attempts, said),) = states(sqlite_db)
    assert (state, attempts) == ("pending", 0)
    assert "mail server" in str(said)


def test_a_password_is_not_sent_unencrypted(
    sqlite_db: Database, sqlite_settings: Settings, mailbox: tuple[Mailbox, str]
) -> None:
    box, url = mailbox
    watches.create(sqlite_db, "one", NewWatch(email="desk@northbank.example"))
    told(sqlite_db, through(sqlite_settings, url.replace("//", "//user:secret@")))
    assert box.mails == []
    assert "unencrypted" in str(states(sqlite_db)[0][2])


@pytest.mark.parametrize(
    "address",
    ["", "desk", "desk@", "@x.example", "a b@x.example", "a@x.example\r\nBcc: b@x.example", "a@x.example,b@x.example",
     "玛尔塔@x.example", "a@" + "x" * 64 + ".example", '"a"@x.example', "<a@x.example>", "a@-x.example"],
)  # fmt: skip
def test_what_is_no_mail_address(address: str) -> None:
    with pytest.raises(BadInput, match="is not a mail address"):
        check_address(address)


@pytest.mark.parametrize("url", ["mail.example", "http://mail.example", "smtp://", "smtp://x:0", "smtp://x/path"])
def test_what_is_no_mail_server(url: str) -> None:
    with pytest.raises(Misconfigured, match="SOURCEMARK_SMTP_URL"):
        check_smtp(url)


def a_work(db: Database, number: int, account: str) -> str:
    key = bytes([number]) * 32
    with db.write() as connection:
        connection.execute(
            works.insert().values(
                id=number, work_id=f"work_{number}", account_id=account, digest=key, medium="text", title="", owner="",
                owner_key="", claim={}, leaf_hash=key, registered_at=now(),
            )
        )  # fmt: skip
    return f"work_{number}"


def test_watches_of_an_account_are_its_own(db: Database) -> None:
    mine, others = a_work(db, 1, "one"), a_work(db, 2, "two")
    listen(db, "two")
    with pytest.raises(NotFound, match="no work of yours"):
        watches.create(db, "one", NewWatch(work_ids=[mine, others], email="a@x.example"))
    with pytest.raises(NotFound, match="no webhook of yours"):
        watches.create(db, "one", NewWatch(webhook_id="hook_two"))
    made = [
        watches.create(db, "one", NewWatch(work_ids=[mine], verdicts=["review"], coverage=0.5, email="a@x.example")),
        watches.create(db, "two", NewWatch(webhook_id="hook_two")),
    ]
    assert watches.page(db, "one") == ([made[0]], None)
    assert watches.page(db, None, limit=1)[1] is not None
    for act in (watches.get, watches.remove):
        with pytest.raises(NotFound):
            act(db, made[1].watch_id, "one")
    assert watches.remove(db, made[0].watch_id, "one") == made[0]
    assert watches.page(db, "one") == ([], None)


def test_what_waits_for_a_watch_goes_with_it(db: Database) -> None:
    watch = watches.create(db, "one", NewWatch(email="a@x.example"))
    with db.write() as connection:
        outbox.emit(connection, "work.sighted", "one", a_sighting(), subject="work_1")
    assert len(states(db)) == 1
    watches.remove(db, watch.watch_id, "one")
    assert states(db) == []


def test_a_webhook_takes_its_watches_along(db: Database) -> None:
    listen(db, "one", "job.finished")
    watches.create(db, "one", NewWatch(webhook_id="hook_one"))
    webhooks.remove(db, "hook_one", "one")
    assert watches.page(db, "one") == ([], None)
    assert webhooks.page(db, "one") == ([], None)


@pytest.mark.parametrize("values", [{}, {"email": "a@x.example", "webhook_id": "hook_1"}])
def test_a_watch_tells_at_one_place(values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="exactly one is needed"):
        NewWatch(**values)  # type: ignore[arg-type]
