"""Receivers of webhooks on the loopback interface: they verify what comes, and answer as a test wants."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from standardwebhooks import Webhook

from provenance.jobs.webhooks import new_secret
from tests.provenance.ledger.servers import _Server


@dataclass
class Receiver:
    """What came, in its order.

    Attributes:
        answer: status and headers of the answer to the n-th request, n from 0.
        refuses: whether an event of a job is answered by 503 whatever `answer` says.
        events: bodies whose signature holds, each with the header webhook-id.
    """

    secret: str = field(default_factory=new_secret)
    answer: Callable[[int], tuple[int, dict[str, str]]] = lambda n: (204, {})
    refuses: Callable[[str], bool] = lambda subject: False
    url: str = ""
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    heads: list[dict[str, str]] = field(default_factory=list)
    requests: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def subjects(self) -> list[str]:
        return [body["data"].get("job_id", "") for _, body in self.events]


@contextlib.contextmanager
def receiving(receiver: Receiver, port: int = 0) -> Iterator[Receiver]:
    """Receives until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            verified = Webhook(receiver.secret).verify(body, dict(self.headers))
            with receiver.lock:
                status, headers = receiver.answer(receiver.requests)
                if receiver.refuses(verified["data"].get("job_id", "")):
                    status = 503
                receiver.requests += 1
                receiver.heads.append(dict(self.headers))
                if 200 <= status < 300:
                    receiver.events.append((self.headers["webhook-id"], verified))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = _Server(("127.0.0.1", port), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hooks?of=sourcemark"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
