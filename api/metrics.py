"""/metrics: what this service did and what the installation holds, in the text format of Prometheus."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterator, Mapping
from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from provenance.application import Application
from provenance.database import backlog
from provenance.errors import Forbidden, SourcemarkError, Unauthenticated
from provenance.observer import Observer
from provenance.schemas import ScanResult

from .health import apart
from .problems import responses
from .worker_memory import Worker, WorkerMemory

router = APIRouter(tags=["health"])

_PATIENCE = 0.8  # seconds until a database that does not answer counts as down
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
# A request with one of these came through a proxy, whose own address is not the asker's.
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


class Metrics(Observer):
    """The counts of one process, in a registry of its own; workers of one service write theirs into its folder."""

    def __init__(self, worker: Worker, memory: WorkerMemory) -> None:
        self._folder, self._memory = worker.folder, memory
        self.registry = CollectorRegistry()
        if self._folder is None:
            ProcessCollector(registry=self.registry)
        self._requests = Histogram(
            "sourcemark_request_seconds",
            "Time until a request was answered, by route.",
            ("method", "route", "status"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._scans = Counter(
            "sourcemark_scans",
            "Uploads and posts scanned, by medium, status, verdict, and action of the policy.",
            ("medium", "status", "verdict", "action"),
            registry=self.registry,
        )
        self._examinations = Histogram(
            "sourcemark_examination_seconds",
            "Time in a decoder process, waiting for one included.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._failures = Counter(
            "sourcemark_decoder_failures",
            "Files and texts that could not be read, by reason.",
            ("reason",),
            registry=self.registry,
        )
        self._limited = Counter(
            "sourcemark_rate_limited", "Requests refused because a key sent too many.", registry=self.registry
        )

    def text(self, installation: Collector) -> bytes:
        """All of it, of all workers, with what the installation holds."""
        asked = CollectorRegistry()
        asked.register(installation)
        if self._folder is None:
            return generate_latest(self.registry) + generate_latest(asked)
        MultiProcessCollector(asked, path=str(self._folder))  # type: ignore[no-untyped-call]
        asked.register(_Processes(self._memory))
        return generate_latest(asked)

    def requested(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered; ``route`` is its template, or "" for an address that there is none of."""
        self._requests.labels(method, route, str(status)).observe(seconds)
        if status == 429:
            self._limited.inc()

    def scanned(self, result: ScanResult) -> None:
        action = "" if result.action is None else result.action.do
        self._scans.labels(result.medium or "", result.status, result.verdict, action).inc()

    def examined(self, seconds: float, failed: str | None) -> None:
        self._examinations.observe(seconds)
        if failed is not None:
            self._failures.labels(failed).inc()


class _Processes(Collector):
    """What the system knows of each worker."""

    def __init__(self, memory: WorkerMemory) -> None:
        self._memory = memory

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        for number, (pid, *_) in enumerate(self._memory.slots()):
            if not pid:
                continue
            for metric in ProcessCollector(pid=partial(int, pid), registry=None).collect():
                family = families.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
                for sample in metric.samples:
                    family.add_sample(sample.name, {**sample.labels, "worker": str(number)}, sample.value)
        yield from families.values()


_Stored = tuple[int, Mapping[tuple[str, str], int]]  # size of the log, and what waits


def _stored(app: Application) -> _Stored | None:
    try:
        app.start()
        with app.db.read() as connection:
            return backlog.log_size(connection), backlog.waiting(connection)
    except SourcemarkError:
        return None


class _Installation(Collector):
    """What is read when it is asked for: the log, the index, and what waits."""

    def __init__(self, app: Application, stored: _Stored | None) -> None:
        self._app, self._stored = app, stored

    def collect(self) -> Iterator[Metric]:
        position = self._app.follower.position
        yield GaugeMetricFamily("sourcemark_index_position", "Log size that this process's index covers.", position)
        if (damaged := self._app.damaged_rows) is not None:
            yield GaugeMetricFamily(
                "sourcemark_damaged_rows", "Rows that disagreed with the log at the start.", damaged
            )
        up = self._stored is not None
        yield GaugeMetricFamily("sourcemark_database_up", "1 while the database answers within a second.", up)
        if self._stored is None:
            return
        size, waiting = self._stored
        yield GaugeMetricFamily("sourcemark_log_size", "Entries of the log.", size)
        family = GaugeMetricFamily("sourcemark_waiting", "What is not done yet.", labels=("kind", "state"))
        for labels, count in waiting.items():
            family.add_metric(labels, count)
        yield family


@router.get(
    "/metrics",
    operation_id="getMetrics",
    summary="Counts and latencies for Prometheus",
    response_class=Response,
    responses=responses(
        401,
        403,
        ok={200: {"description": "Text format 0.0.4", "content": {"text/plain": {"schema": {"type": "string"}}}}},
    ),
)
async def get_metrics(request: Request) -> Response:
    """Of this service, and what the installation holds. With `SOURCEMARK_METRICS_TOKEN` set, send it as
    `Authorization: Bearer ...`; without it only this machine itself is answered, and nothing that a proxy passed on."""
    _refuse_strangers(request)
    stored = await apart(request, _stored, _PATIENCE)
    text = request.app.state.metrics.text(_Installation(request.app.state.application, stored))
    return Response(text, media_type=CONTENT_TYPE_PLAIN_0_0_4, headers={"Cache-Control": "no-store"})


def _refuse_strangers(request: Request) -> None:
    application: Application = request.app.state.application
    token = application.settings.metrics_token
    if token is not None:
        sent = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(sent, b"Bearer " + token.get_secret_value().encode()):
            raise Unauthenticated("send the token of SOURCEMARK_METRICS_TOKEN: Authorization: Bearer ...")
    elif not _is_local(request):
        raise Forbidden("only this machine may read this: set SOURCEMARK_METRICS_TOKEN to let others")


def _is_local(request: Request) -> bool:
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
