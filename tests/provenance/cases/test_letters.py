"""Letters: none without its step and no step without its letter, once to each mailbox, in two languages, harmless."""

from __future__ import annotations

import email
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from provenance.application import Application
from provenance.cases import letter_texts, letters, links, regimes
from provenance.cases.letters import Letters
from provenance.cases.transitions import TRANSITIONS
from provenance.config import Settings
from provenance.database.engine import Database
from provenance.database.tables import case_addresses, case_letters, case_links, case_parties, cases
from provenance.jobs.delivery import SCHEDULE
from provenance.jobs.mail import Mailer
from tests.provenance.cases.conftest import CASE, a_step
from tests.provenance.jobs.mail_server import Mailbox, mail_server

pytestmark = pytest.mark.enable_socket
REGIMES = regimes.read(None)


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    with mail_server() as server:
        yield server


def sender(db: Database, settings: Settings, smtp_url: str | None = None) -> Letters:
    return Letters(db, Mailer(smtp_url, "desk@service.example", settings.mail_dir), REGIMES, settings)


def send_all(sends: Letters) -> int:
    count = 0
    while sends.deliver(threading.Event()):
        count += 1
    return count


def in_folder(settings: Settings) -> dict[str, EmailMessage]:
    files = sorted(settings.mail_dir.glob("*.eml"))
    return {f.stem: email.message_from_bytes(f.read_bytes(), policy=policy.default) for f in files}  # type: ignore[misc]


def states(db: Database) -> list[tuple[str, int, str | None]]:
    columns = (case_letters.c.state, case_letters.c.attempts, case_letters.c.answer)
    with db.read() as connection:
        return [tuple(row) for row in connection.execute(sa.select(*columns).order_by(case_letters.c.id))]  # type: ignore[misc]


def change(db: Database, table: sa.Table, **values: Any) -> None:
    with db.write() as connection:
        connection.execute(table.update().values(**values))


def test_the_receipt_of_a_notice_confirms_the_address_and_opens_the_case(db: Database, settings: Settings) -> None:
    a_step(db, "file", "notifier", actor="notifier", said={"explanation": "buy pills at https://spam.example"})
    assert send_all(sender(db, settings)) == 1
    (mail,) = in_folder(settings).values()
    assert (mail["To"], mail["From"]) == ("notifier@mail.example", "desk@service.example")
    assert mail["Subject"] == f"Your complaint has arrived [{CASE}]"
    assert mail["Message-ID"] == "<letter_1_notifier@service.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_content()
    assert "until: 2026-12-15 24:00 (America/New_York)" in text
    assert "Post: https://posts.example/9" in text
    assert "17 USC 512" in text
    assert "spam.example" not in text  # who gives another's address cannot have us write there what he likes
    confirming, opening = re.findall(r"http://127\.0\.0\.1:8470/v1/case-links/(sml_[\w-]{43})", text)
    with db.write() as connection:
        assert links.confirm(connection, confirming) == 1
        assert links.find(connection, opening) == 1
    assert states(db) == [("sent", 1, "sent")]
    assert send_all(sender(db, settings)) == 0


def test_a_decision_is_told_to_both_with_its_reasons(sqlite_db: Database, sqlite_settings: Settings) -> None:
    where = sqlite_settings.model_copy(update={"public_url": "https://marks.example/base/"})
    said = {"explanation": "The licence of 2 May\nnames this account.", "note": "tell nobody"}
    a_step(sqlite_db, "decide", "notifier", "poster", said=said)
    assert send_all(sender(sqlite_db, where)) == 2
    for mail in in_folder(where).values():
        text = mail.get_content().replace("\r\n", "\n")
        assert "> The licence of 2 May\n> names this account." in text
        assert "tell nobody" not in text
        assert "https://marks.example/base/v1/case-links/sml_" in text


def test_a_letter_in_chinese(sqlite_db: Database, sqlite_settings: Settings) -> None:
    change(sqlite_db, case_parties, lang="zh")
    change(sqlite_db, cases, regime="cn-ec")
    a_step(sqlite_db, "ask", "notifier")
    a_step(sqlite_db, "forward", "poster")
    assert send_all(sender(sqlite_db, sqlite_settings)) == 2
    asked, forwarded = in_folder(sqlite_settings).values()
    assert asked["Subject"] == f"您的投诉内容不完整 [{CASE}]"
    assert "缺少：signature" in asked.get_content()
    assert "期限" not in asked.get_content()  # the clock that runs is that of a later step
    assert forwarded["Subject"] == f"有人投诉您发布的内容 [{CASE}]"
    assert "《电子商务法》" in forwarded.get_content()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_step_has_its_words(lang: Any) -> None:
    told = [(step, role) for step, each in TRANSITIONS.items() for role in each.tells]
    assert len(told) > 25
    for step, role in told:
        for name, regime in REGIMES.regimes.items():
            for clock in ("completion", "counter_notice", "put_back", "appeal", "decision"):
                due = (clock, "2026-12-16T04:00:00.000000Z")
                letter = letter_texts.StepLetter(step, role, lang, CASE, [], due, [], None, "https://x.example/", None)
                subject, text = letter_texts.compose(letter, regime, REGIMES.calendar(name))
                assert subject.endswith(f" [{CASE}]")
                assert CASE in text
                assert (lang == "zh") == bool(re.search(r"[\u4e00-\u9fff]", text.split("\n")[0]))
    assert set(letter_texts._all_words()) == set(TRANSITIONS)  # and no words that nothing uses


HOSTILE = [
    "a\r\nBcc: everybody@x.example\r\n\r\n<script>alert(1)</script>",
    "=HYPERLINK(\"http://x.example\")",
    "\u202egnp.exe \x1b[31m\x00\x07",
    "长" * 9000,
    "x" * 9000,
    ".\r\n.\r\nQUIT",
]  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_stays_text(
    sqlite_db: Database, sqlite_settings: Settings, mailbox: tuple[Mailbox, str], hostile: str
) -> None:
    a_step(sqlite_db, "message", "poster", said={"message": hostile})
    change(sqlite_db, case_addresses, url="https://posts.example/" + hostile)
    assert send_all(sender(sqlite_db, sqlite_settings, mailbox[1])) == 1
    (mail,) = mailbox[0].mails
    assert states(sqlite_db) == [("sent", 1, "sent")]
    own = {"Subject", "From", "To", "Message-ID", "Date", "Auto-Submitted"}
    assert set(mail.keys()) == own | {"MIME-Version", "Content-Type", "Content-Transfer-Encoding"}
    assert mail.get_content_type() == "text/plain"
    assert not mail.is_multipart()
    text = mail.get_content()
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", text.replace("\r\n", "\n"))
    quoted = [line for line in text.splitlines() if line.startswith("> ")]
    assert sum(map(len, quoted)) <= 4000 + 2 * len(quoted)


@pytest.mark.parametrize("address", [None, "", "玛尔塔@x.example", "a@x.example\r\nBcc: b@x.example", "a@b@c", 7])
def test_who_has_no_address_is_written_nothing(sqlite_db: Database, sqlite_settings: Settings, address: Any) -> None:
    a_step(sqlite_db, "forward", "poster")
    change(sqlite_db, case_parties, person={"email": address})
    assert send_all(sender(sqlite_db, sqlite_settings)) == 1
    assert states(sqlite_db) == [("unaddressed", 1, "the party has no mail address")]
    assert not sqlite_settings.mail_dir.exists()


@pytest.mark.parametrize(("who", "answer"), [("nobody", "SMTP 550"), ("later", "SMTP 451")])
def test_a_letter_that_is_refused_is_tried_again_and_given_up_in_the_end(
    db: Database, settings: Settings, mailbox: tuple[Mailbox, str], who: str, answer: str
) -> None:
    change(db, case_parties, person={"email": f"{who}@mail.example"})
    a_step(db, "forward", "notifier", "poster")
    sends = sender(db, settings, mailbox[1])
    assert send_all(sends) == 2
    assert states(db) == [("pending", 1, answer)] * 2
    assert letters.troubled(db) == (2, 0)
    with db.read() as connection:
        assert connection.execute(sa.select(case_links)).all() == []  # nobody was told them
    change(db, case_letters, due=0.0, attempts=len(SCHEDULE))
    send_all(sends)
    assert states(db) == [("dead", len(SCHEDULE) + 1, answer)] * 2
    assert letters.troubled(db) == (0, 2)


def test_a_later_letter_waits_for_an_earlier_one_of_the_same_party(
    sqlite_db: Database, sqlite_settings: Settings, mailbox: tuple[Mailbox, str]
) -> None:
    change(sqlite_db, case_parties, person={"email": "later@mail.example"})
    a_step(sqlite_db, "file", "notifier")
    a_step(sqlite_db, "forward", "notifier", "poster")
    assert send_all(sender(sqlite_db, sqlite_settings, mailbox[1])) == 2
    assert [attempts for _, attempts, _ in states(sqlite_db)] == [1, 0, 1]


def test_two_workers_send_each_letter_once(db: Database, settings: Settings, mailbox: tuple[Mailbox, str]) -> None:
    for _ in range(4):
        a_step(db, "message", "notifier", "poster", said={"message": "Hello."})
    sends = sender(db, settings, mailbox[1])
    workers = [threading.Thread(target=send_all, args=(sends,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    send_all(sends)  # a worker may find nothing while another has the earlier letter of the same party
    assert len(mailbox[0].mails) == 8
    assert len({mail["Message-ID"] for mail in mailbox[0].mails}) == 8


_KILLED = """
import os, signal, sys, threading
from pathlib import Path
from provenance.cases import regimes
from provenance.cases.letters import Letters
from provenance.config import Settings
from provenance.database.engine import Database
from provenance.jobs.mail import Mailer
class Dies(Letters):
    def _record(self, taken, values):
        os.kill(os.getpid(), signal.SIGKILL)  # sent, and not yet written down
settings = Settings(home=Path(sys.argv[1]))
db = Database(settings.url, 5)
Dies(db, Mailer(sys.argv[2] or None, "desk@service.example", settings.mail_dir), regimes.read(None), settings).deliver(
    threading.Event())
"""


@pytest.mark.parametrize("by_server", [False, True], ids=["folder", "server"])
def test_a_worker_that_is_killed_between_sending_and_recording(
    sqlite_db: Database, sqlite_settings: Settings, mailbox: tuple[Mailbox, str], by_server: bool, tmp_path: Path
) -> None:
    """In the folder the letter is once; a mailbox is given the same Message-ID again, and shows it once."""
    a_step(sqlite_db, "forward", "poster")
    url = mailbox[1] if by_server else ""
    command = [sys.executable, "-c", _KILLED, str(sqlite_settings.home), url]
    done = subprocess.run(command, cwd=tmp_path, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert states(sqlite_db) == [("pending", 0, None)]
    sends = sender(sqlite_db, sqlite_settings, url or None)
    assert send_all(sends) == 0  # it is held until its lease runs out
    change(sqlite_db, case_letters, due=0.0)
    assert send_all(sends) == 1
    assert states(sqlite_db) == [("sent", 1, "sent")]
    if by_server:
        assert [mail["Message-ID"] for mail in mailbox[0].mails] == ["<letter_1_poster@service.example>"] * 2
    else:
        assert list(in_folder(sqlite_settings)) == ["letter_1_poster"]


def test_the_workers_of_a_process_send_letters(sqlite_db: Database, sqlite_settings: Settings) -> None:
    a_step(sqlite_db, "forward", "notifier", "poster")
    with Application(sqlite_settings) as application:
        application.background.start(1, application.start)
        until = time.monotonic() + 60
        while len(in_folder(sqlite_settings)) < 2 and time.monotonic() < until:
            time.sleep(0.05)
    assert list(in_folder(sqlite_settings)) == ["letter_1_notifier", "letter_1_poster"]
    assert states(sqlite_db) == [("sent", 1, "sent")] * 2


def test_a_late_worker_writes_nothing_over_the_next_ones_record(sqlite_db: Database, sqlite_settings: Settings) -> None:
    a_step(sqlite_db, "forward", "poster")
    sends = sender(sqlite_db, sqlite_settings)
    taken = letters.leases.take(sqlite_db, case_letters, letters._next(), 0.0, *case_letters.c)
    assert taken is not None
    change(sqlite_db, case_letters, due=0.0)
    assert send_all(sends) == 1
    sends._record(taken, {"state": "dead", "answer": "too late"})
    assert states(sqlite_db) == [("sent", 1, "sent")]
