"""Wires the routes to one application."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib.metadata import version

import anyio
from fastapi import APIRouter, Depends, FastAPI
from fastapi.concurrency import run_in_threadpool
from starlette.routing import BaseRoute

from provenance.application import Application
from provenance.config import MEBIBYTE, Settings
from provenance.errors import SourcemarkError
from provenance.marking.lexicon import lexicon

from . import background, bodies, description, health, hma, metrics, problems, tlog, web
from .admission import Admission, Places
from .dependencies import refuse_unknown_parameters
from .limits import BodyLimit
from .observation import Observation
from .rate_limits import RateLimits
from .stopping import Stopping
from .v1 import (
    accounts,
    api_keys,
    case_links,
    cases,
    claim_decisions,
    credit_lines,
    decisions,
    evidence,
    exports,
    grants,
    jobs,
    ledger,
    notices,
    official_accounts,
    people,
    policies,
    posts,
    qualifications,
    queue,
    receipts,
    review,
    scans,
    sightings,
    signing_keys,
    statements,
    statements_of_reasons,
    stay_down,
    transparency,
    watches,
    webhooks,
    works,
)
from .web import failures
from .web.visitors import SignInNeeded
from .worker_memory import ALONE, InHand, Worker, WorkerMemory

_logger = logging.getLogger(__name__)
# In the order of the description.
_ROUTES = (
    works,
    receipts,
    credit_lines,
    grants,
    evidence,
    claim_decisions,
    statements,
    signing_keys,
    scans,
    posts,
    sightings,
    policies,
    queue,
    decisions,
    statements_of_reasons,
    stay_down,
    review,
    notices,
    case_links,
    cases,
    transparency,
    watches,
    webhooks,
    jobs,
    exports,
    ledger,
    accounts,
    people,
    official_accounts,
    qualifications,
    api_keys,
    hma,
)
_PLACES_A_DECODER = 2  # requests in work: while one is in a decoder, another is searched for
_PROBES = 4  # threads for what operators ask
_OPEN_ROUTES = (health, metrics, tlog)  # probes and mirrors may add parameters of their own


def create_app(settings: Settings, worker: Worker = ALONE) -> FastAPI:
    """The application on one installation. It comes up even while its database is down, and answers 503 until then.

    Args:
        settings: of the service; a worker takes its share of them.
    """
    memory, stopping = WorkerMemory(worker), Stopping()
    counts = metrics.Metrics(worker, memory)
    own = settings.model_copy(
        update={"workers": worker.share(settings.workers), "job_threads": settings.job_threads * worker.keeps_up}
    )
    application = Application(own, counts)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            await run_in_threadpool(application.start)
            await run_in_threadpool(application.follower.refresh)
            await run_in_threadpool(lexicon)  # compiled here, not during the first scan
        except SourcemarkError as error:
            _logger.warning("not ready yet: %s", error.detail)
        async with background.running(application, stopping, keeps_up=worker.keeps_up):
            yield

    app = FastAPI(
        title="Sourcemark",
        version=version("sourcemark"),
        description=description.ABOUT,
        lifespan=lifespan,
        docs_url=None,  # FastAPI's pages load scripts from a CDN; ours is self-contained
        redoc_url=None,
    )
    app.state.application, app.state.metrics = application, counts
    app.state.stopping = stopping
    app.state.rate_limits = RateLimits(memory, settings.rate_burst)
    app.state.places = Places(_PLACES_A_DECODER * own.workers, stopping)
    app.state.large_places = Places(1, stopping)
    app.state.probes = anyio.CapacityLimiter(_PROBES)
    operations = problems.operations(module.router for module in (*_ROUTES, *_OPEN_ROUTES))
    problems.install(app, operations, failures.as_page)
    app.add_exception_handler(SignInNeeded, failures.sign_in_needed)
    app.add_middleware(problems.Methods, described=operations)
    _admit(app, settings, InHand(memory, worker.number, settings.max_in_hand, settings.max_in_hand_mib * MEBIBYTE))
    app.add_middleware(Observation, metrics=counts)  # the outermost: it sees every answer
    app.router.routes.extend(_routes())
    description.install(app)
    return app


@cache
def _routes() -> list[BaseRoute]:
    """All routes, once a process: FastAPI works out how each is called at its first request, and keeps it."""
    router = APIRouter()
    for module in _ROUTES:
        router.include_router(module.router, dependencies=[Depends(refuse_unknown_parameters)])
    for module in _OPEN_ROUTES:
        router.include_router(module.router)
    for pages in web.ROUTERS:
        router.include_router(pages)
    return router.routes


def _admit(app: FastAPI, settings: Settings, in_hand: InHand) -> None:
    """Bound what is let in: each body, then how many requests and bytes there are at once."""
    app.add_middleware(
        BodyLimit,
        limits={posts.PATH: (settings.max_post_mib * MEBIBYTE, "SOURCEMARK_MAX_POST_MIB")},
        otherwise=(settings.max_upload_mib * MEBIBYTE, "SOURCEMARK_MAX_UPLOAD_MIB"),
    )
    app.add_middleware(
        Admission,
        paths=bodies.content_paths(module.router for module in _ROUTES),
        in_hand=in_hand,
        max_bytes=settings.max_in_hand_mib * MEBIBYTE,
        stopping=app.state.stopping,
    )
