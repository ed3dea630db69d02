"""Sending one webhook: signed by the Standard Webhooks specification, to an address that strangers have chosen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from standardwebhooks import Webhook

from ..database.tables import now
from ..errors import BadInput, Forbidden, SourcemarkError
from ..http_client import BlockedAddress, Guard, HttpServer, check_url, retry_after_seconds
from .delivery import Message, Outcome

_MOST_ANSWER_BYTES = 16 * 1024  # only the status counts; the rest of a longer answer is not read
_ASKS_TO_WAIT = (429, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class TargetRules:
    """Which addresses webhooks may go to.

    Attributes:
        http: without TLS too.
        private: into this machine and its networks too.
        seconds: most that an attempt may take.
    """

    http: bool = False
    private: bool = False
    seconds: float = 15.0
    guard: Guard = field(default_factory=Guard)

    def check(self, url: str) -> None:
        """Refuse an address that nothing would be sent to. A name that is not known may be so tomorrow.

        Raises:
            BadInput: it is no address.
            Forbidden: it leads where webhooks may not go.
        """
        parts = check_url(url, query=True)
        if parts.scheme != "https" and not self.http:
            raise Forbidden("url: must be https (SOURCEMARK_WEBHOOK_HTTP allows http)")
        if self.private:
            return
        try:
            self.guard.addresses(str(parts.hostname), parts.port or 443)
        except BlockedAddress as error:
            raise Forbidden(f"url: {error}") from error
        except (OSError, UnicodeError):
            return

    def server(self, url: str) -> HttpServer:
        if urlsplit(url).scheme != "https" and not self.http:
            raise BadInput("its address is not https, which SOURCEMARK_WEBHOOK_HTTP would allow")
        return HttpServer(url, self.seconds, exact=True, guard=None if self.private else self.guard)


class WebhookSender:
    """Sends events to one address."""

    def __init__(self, url: str, secrets: Sequence[Mapping[str, Any]], rules: TargetRules) -> None:
        """
        Args:
            secrets: that sign, each with the moment until it does, or None.
        """
        self._secrets = secrets
        self._refused: str | None = None
        try:
            self._server: HttpServer | None = rules.server(url)
        except BadInput as error:
            self._server, self._refused = None, error.detail

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    def send(self, message: Message) -> Outcome:
        """One attempt; see `delivery.Sender`."""
        if self._server is None:
            return Outcome(False, self._refused or "", unreached=True)
        body = payload(message)
        headers = {"Content-Type": "application/json", **signed(message.event_id, body, self._secrets)}
        try:
            answer = self._server.request("POST", "", body.encode(), headers, _MOST_ANSWER_BYTES, cut=True)
        except SourcemarkError as error:
            return Outcome(False, error.detail, unreached=True)
        status = answer.status
        return Outcome(
            delivered=200 <= status < 300,
            answer=str(status),
            unreached=status in _ASKS_TO_WAIT,
            gone=status == 410,
            wait=retry_after_seconds(answer.retry_after) or 0.0,
        )


def payload(message: Message) -> str:
    """The body: the same in every attempt."""
    told = {"type": message.event, "timestamp": message.created_at, "data": message.data}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def signed(event_id: str, body: str, secrets: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The headers of a webhook; while a secret is replaced, the old one signs too."""
    moment, stamped = datetime.now(UTC), now()
    valid = [each["secret"] for each in secrets if each["until"] is None or each["until"] > stamped]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(event_id, moment, body) for secret in valid),
    }
