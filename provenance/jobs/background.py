"""What a process does beside its requests: jobs, and telling of events."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from ..config import Settings
from ..database.engine import Database
from ..errors import SourcemarkError
from . import webhooks
from .delivery import Deliverer, Sender
from .mail import Compose, Mailer, MailSender
from .queue import Queue
from .webhook_secrets import WebhookSecrets
from .webhook_sender import TargetRules, WebhookSender
from .worker import Step, Worker

_logger = logging.getLogger(__name__)


class Background:
    """Starts the workers of one process, and knows where its webhooks and its mail may go.

    Attributes:
        rules: of the addresses of webhooks.
        secrets: that sign them.
    """

    def __init__(
        self, db: Database, queue: Queue, settings: Settings, compose: Compose, send_letter: Step | None = None
    ) -> None:
        """
        Args:
            compose: writes the mail of a watch.
            send_letter: sends the next letter about a case.
        """
        self.rules = TargetRules(settings.webhook_http, settings.webhook_private, settings.webhook_seconds)
        self.secrets = WebhookSecrets(settings)
        self._db = db
        self._queue = queue
        self._settings = settings
        self._mailer = Mailer.of(settings)
        self._compose = compose
        self._send_letter = send_letter
        self._worker: Worker | None = None

    def start(self, threads: int, ready: Callable[[], None]) -> None:
        """Begin to work in so many threads of each kind.

        Args:
            ready: starts the application; raises `SourcemarkError` while that cannot be.
        """
        deliverer = Deliverer(self._db, self.sender, disable_days=self._settings.webhook_days)
        self._worker = Worker(self._queue, deliverer.deliver, ready, threads, self._send_letter)
        self._worker.start()

    def begin_stop(self) -> None:
        """Take nothing more; jobs under way end when they have saved what they have done."""
        if self._worker is not None:
            self._worker.begin_stop()

    def stop(self, seconds: float) -> None:
        """Take nothing more, wait so long for what is under way, and give back the jobs that have not ended then."""
        if self._worker is not None:
            self._worker.stop(seconds)
            self._worker = None

    def sender(self, endpoint: Any) -> Sender:
        """What sends to an endpoint, given its row."""
        if endpoint.kind == "mail":
            return MailSender(endpoint.address, endpoint.lang, self._mailer, self._compose)
        opened = self.secrets.open(endpoint.endpoint_id, endpoint.secrets)
        try:
            webhooks.seal(self._db, endpoint, self.secrets)
        except SourcemarkError as error:  # it stays as it was; what waits is told all the same
            _logger.warning("the secret of %s is not sealed yet: %s", endpoint.endpoint_id, error.detail)
        return WebhookSender(endpoint.address, opened, self.rules)
