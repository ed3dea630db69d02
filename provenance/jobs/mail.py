"""Mail: by an SMTP server, or without one into a folder of .eml files."""

from __future__ import annotations

import os
import re
import smtplib
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from ..config import Settings
from ..errors import BadInput, Misconfigured
from .delivery import Message, Outcome

# Who a language's mail says what to: subject and text, given an event's payload.
Compose = Callable[[str, Mapping[str, Any]], tuple[str, str]]

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})*")
_SECONDS = 15.0


def check_address(address: str) -> str:
    """A mail address that mail can be sent to; raises `BadInput`."""
    if len(address) > 254 or not _ADDRESS.fullmatch(address):
        raise BadInput(f"email: {address!r:.80} is not a mail address of plain ASCII, such as desk@example.org")
    return address


@dataclass(frozen=True, slots=True)
class Letter:
    """
    Attributes:
        letter_id: the same in every attempt, so that a mailbox shows it once.
        created_at: as times are stored.
        subject: one line.
    """

    letter_id: str
    created_at: str
    to: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Mailer:
    """How mail leaves.

    Attributes:
        smtp_url: smtp://[user:password@]host[:port], or smtps:// with TLS from the beginning; None: into ``folder``.
        sender: the address that it comes from.
    """

    smtp_url: str | None
    sender: str
    folder: Path

    @classmethod
    def of(cls, settings: Settings) -> Mailer:
        smtp = settings.smtp_url
        return cls(None if smtp is None else smtp.get_secret_value(), settings.mail_from, settings.mail_dir)

    def attempt(self, letter: Letter) -> Outcome:
        """Try once to send a letter."""
        mail = EmailMessage(policy=SMTP)
        mail["Subject"], mail["From"], mail["To"] = letter.subject, self.sender, letter.to
        mail["Message-ID"] = f"<{letter.letter_id}@{self.sender.rpartition('@')[2]}>"
        mail["Date"] = format_datetime(datetime.fromisoformat(letter.created_at).astimezone(UTC))
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(letter.text)
        try:
            self._send(mail, letter.letter_id)
        except Misconfigured as error:
            return Outcome(False, error.detail, unreached=True)
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            return Outcome(False, f"SMTP {code}", unreached=code < 500)
        except smtplib.SMTPResponseException as error:
            return Outcome(False, f"SMTP {error.smtp_code}", unreached=error.smtp_code < 500)
        except (OSError, smtplib.SMTPException) as error:
            return Outcome(False, f"the mail server: {getattr(error, 'strerror', None) or error}", unreached=True)
        return Outcome(True, "sent")

    def _send(self, mail: EmailMessage, name: str) -> None:
        """Send one; ``name`` is the file's in the folder.

        Raises:
            OSError, smtplib.SMTPException: it was not taken.
            Misconfigured: the server's address is none.
        """
        if self.smtp_url is None:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            whole = self.folder / f"{name}.eml"
            part = whole.with_suffix(".part")
            part.write_bytes(mail.as_bytes())
            os.replace(part, whole)  # noqa: PTH105  # it is there whole or not at all
            return
        with _connected(check_smtp(self.smtp_url)) as server:
            server.send_message(mail)


def check_smtp(url: str) -> SplitResult:
    """The parts of an SMTP server's address; raises `Misconfigured`."""
    try:
        parts = urlsplit(url)
        ok = parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and parts.port != 0 and parts.path in ("", "/")
    except ValueError:
        ok = False
    if not ok:
        raise Misconfigured("SOURCEMARK_SMTP_URL: must be smtp://[user:password@]host[:port], or smtps://...")
    return parts


@contextmanager
def _connected(parts: SplitResult) -> Iterator[smtplib.SMTP]:
    """A session; encrypted if the server can, and always before a password is sent."""
    host, tls = str(parts.hostname), ssl.create_default_context()
    if parts.scheme == "smtps":
        session: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=_SECONDS, context=tls)
    else:
        session = smtplib.SMTP(host, parts.port or 25, timeout=_SECONDS)
    with session as server:
        server.ehlo()
        if parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=tls)
            server.ehlo()
        elif parts.scheme == "smtp" and parts.username:
            raise Misconfigured("SOURCEMARK_SMTP_URL: this server would be sent the password unencrypted: use smtps://")
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        yield server


class MailSender:
    """Sends events to one mailbox."""

    def __init__(self, address: str, lang: str, mailer: Mailer, compose: Compose) -> None:
        self._address = address
        self._lang = lang
        self._mailer = mailer
        self._compose = compose

    def close(self) -> None:
        """Nothing is kept open."""

    def send(self, message: Message) -> Outcome:
        """One attempt; see `delivery.Sender`."""
        subject, text = self._compose(self._lang, message.data)
        return self._mailer.attempt(Letter(message.event_id, message.created_at, self._address, subject, text))
