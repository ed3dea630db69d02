"""The outbox: events to a receiver that is killed and started again, and events a second beside a naive sender.

python benchmarks/jobs/outbox.py [EVENTS] [--postgresql URL]

The receiver is a process of its own. It verifies each signature and writes down what it was sent before it answers. In
the first run it is killed (SIGKILL) twice while events come; then every event must have come at least once, none
unsigned, and those of one work in their order. The second and third run, without kills, are timed: ours, and a loop
that reads one event, sends it over a connection that it keeps, and marks it as sent.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import sqlalchemy as sa
from standardwebhooks import Webhook, WebhookVerificationError

from provenance.config import Settings
from provenance.database.engine import Database
from provenance.database.tables import accounts, deliveries, endpoints, events, now
from provenance.jobs import outbox, webhooks
from provenance.jobs.delivery import Deliverer, Message
from provenance.jobs.outbox import Occurrence
from provenance.jobs.webhook_sender import TargetRules, WebhookSender, payload, signed
from provenance.schemas import Coverage
from provenance.schemas.events import WorkSighted

WORKS = 500
RULES = TargetRules(http=True, private=True, seconds=5)
SECRET = webhooks.new_secret()


# --- the receiver, a process of its own ------------------------------------------------------------------------------
def receive(port: int, secret: str, log: Path) -> None:
    """Write a line for every request: what was sent, or that its signature does not hold."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                told = Webhook(secret).verify(body, dict(self.headers))
                line = f"{self.headers['webhook-id']} {told['data']['work_id']} {told['data']['sighting_id']}\n"
            except WebhookVerificationError:
                line = "unsigned\n"
            os.write(file, line.encode())
            self.wfile.write(b"HTTP/1.1 204 No Content\r\n\r\n")

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    Server(("127.0.0.1", port), Handler).serve_forever()


@contextmanager
def receiver(port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, __file__, "--receive", str(port), SECRET, str(log)]
    process = subprocess.Popen(command)
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    yield process
    process.send_signal(signal.SIGKILL)
    process.wait()


def lines(log: Path) -> list[list[str]]:
    return [line.split() for line in log.read_text().splitlines()] if log.exists() else []


# --- the events ------------------------------------------------------------------------------------------------------
def prepare(db: Database, count: int, port: int) -> float:
    """An endpoint and its events, in transactions of 100; seconds that writing these took."""
    with db.write() as connection:
        for table in (deliveries, events, endpoints, accounts):
            connection.execute(table.delete())
        connection.execute(accounts.insert().values(id="one", name="one", kind="platform", created_at=now()))
        webhooks.insert(
            connection, "one", "webhook", f"http://127.0.0.1:{port}/",
            events=["work.sighted"], secrets=[{"secret": SECRET, "until": None}],
        )  # fmt: skip
    started = time.perf_counter()
    for first in range(0, count, 100):
        with db.write() as connection:
            outbox.emit_all(connection, [sighting(n) for n in range(first, min(first + 100, count))])
    return time.perf_counter() - started


def sighting(n: int) -> Occurrence:
    work = f"work_{n % WORKS}"
    seen = WorkSighted(
        sighting_id=f"{n:08}", work_id=work, title="The Clock Mender", platform="Riverside Forum", verdict="uncredited",
        score=0.93, coverage=Coverage(upload=0.4, work=0.9), seen_at=now(),
    )  # fmt: skip
    return Occurrence("work.sighted", "one", seen, work)


def waiting(db: Database) -> int:
    with db.read() as connection:
        query = sa.select(sa.func.count()).select_from(deliveries).where(deliveries.c.state != "delivered")
        return connection.execute(query).scalar_one()


def ours(db: Database) -> None:
    """Deliver until nothing waits."""
    deliverer = Deliverer(
        db, lambda row: WebhookSender(row.address, row.secrets, RULES), disable_days=5, first_pause=0.2
    )
    while waiting(db):
        if not deliverer.deliver(threading.Event()):
            time.sleep(0.05)


def naive(db: Database) -> None:
    """One event after the other: read it, send it, mark it as sent."""
    client = httpx.Client()
    while True:
        with db.read() as connection:
            row = connection.execute(
                sa.select(
                    deliveries.c.id.label("number"), deliveries.c.subject, deliveries.c.attempts,
                    events.c.event_id, events.c.event, events.c.data, events.c.created_at, endpoints.c.address,
                )
                .join_from(deliveries, events).join(endpoints)
                .where(deliveries.c.state == "pending").order_by(deliveries.c.id).limit(1)
            ).first()  # fmt: skip
        if row is None:
            client.close()
            return
        values = row._asdict()
        address = values.pop("address")
        message = Message(**values)
        body = payload(message)
        headers = signed(message.event_id, body, [{"secret": SECRET, "until": None}])
        client.post(address, content=body.encode(), headers=headers).raise_for_status()
        with db.write() as connection:
            connection.execute(deliveries.update().where(deliveries.c.id == message.number).values(state="delivered"))


# --- the runs --------------------------------------------------------------------------------------------------------
def with_kills(db: Database, count: int, port: int, folder: Path) -> None:
    log = folder / "killed.log"
    emitted = prepare(db, count, port)
    print(f"{count} events of {WORKS} works written in {emitted:.1f} s ({count / emitted:.0f} a second)")
    done = threading.Thread(target=ours, args=(db,))
    started = time.perf_counter()
    away = 0.0
    for part in (1, 2, 3):
        with receiver(port, log):
            if part == 1:
                done.start()
            if part == 3:
                done.join()
            else:
                while len(lines(log)) < count * part // 3:
                    time.sleep(0.01)
        if part < 3:
            away -= time.perf_counter()
            time.sleep(1)
            away += time.perf_counter()
    took = time.perf_counter() - started
    came = lines(log)
    unsigned = sum(line == ["unsigned"] for line in came)
    first: dict[str, list[str]] = {}
    seen: set[str] = set()
    for event_id, work, number in (line for line in came if len(line) == 3):
        if event_id not in seen:
            seen.add(event_id)
            first.setdefault(work, []).append(number)
    disordered = sum(numbers != sorted(numbers) for numbers in first.values())
    print(
        f"killed twice: {len(seen)} of {count} events came, {len(came) - len(seen)} of them again, {unsigned} "
        f"unsigned, {disordered} of {len(first)} works out of order; {took:.1f} s, the receiver was away {away:.1f}"
    )
    assert (len(seen), unsigned, disordered) == (count, 0, 0)


def speed(db: Database, count: int, port: int, folder: Path) -> None:
    rates = {}
    for name, send, share in (("ours", ours, 1), ("one by one", naive, 5)):
        many = count // share
        prepare(db, many, port)
        with receiver(port, folder / f"{share}.log"):
            started = time.perf_counter()
            send(db)
            rates[name] = many / (time.perf_counter() - started)
        assert len(lines(folder / f"{share}.log")) == many
    print(", ".join(f"{name} {rate:.0f} events a second" for name, rate in rates.items()), end="")
    print(f": {rates['ours'] / rates['one by one']:.1f} times")


def main() -> None:
    if sys.argv[1:2] == ["--receive"]:
        receive(int(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", nargs="?", type=int, default=10_000, metavar="EVENTS")
    parser.add_argument("--postgresql", metavar="URL", help="an empty database; default: SQLite")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        settings = Settings(home=folder, database_url=given.postgresql)
        db = Database(settings.url, 30)
        db.create_file()
        db.migrate()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with_kills(db, given.count, port, folder)
        speed(db, given.count, port, folder)
        db.close()


if __name__ == "__main__":
    main()
