"""Wires the routes to one application."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import Depends, FastAPI
from fastapi.concurrency import run_in_threadpool

from provenance.accounts import qualifications as qualification_rules
from provenance.application import Application
from provenance.config import MEBIBYTE, Settings
from provenance.errors import SourcemarkError
from provenance.marking.lexicon import lexicon

from . import description, health, metrics, problems, tlog
from .dependencies import refuse_unknown_parameters
from .limits import BodyLimit
from .observation import Observation
from .rate_limits import RateLimits
from .v1 import (
    accounts,
    api_keys,
    credit_lines,
    grants,
    ledger,
    official_accounts,
    policies,
    qualifications,
    receipts,
    scans,
    sightings,
    signing_keys,
    statements,
    works,
)

_logger = logging.getLogger(__name__)
# In the order of the description.
_ROUTES = (
    works,
    receipts,
    credit_lines,
    grants,
    statements,
    signing_keys,
    scans,
    sightings,
    policies,
    ledger,
    accounts,
    official_accounts,
    qualifications,
    api_keys,
)
_SAMPLING_ENDS = 5  # seconds that a service waits at its end for the check of its start
_WARN_SECONDS = 3600  # between two looks for qualifications that expire soon
_OPEN_ROUTES = (health, metrics, tlog)  # probes and mirrors may add parameters of their own


def create_app(settings: Settings) -> FastAPI:
    """The application on one installation. It comes up even while its database is down, and answers 503 until then."""

    counts = metrics.Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        application = Application(settings, counts)
        app.state.application, app.state.metrics = application, counts
        try:
            await run_in_threadpool(application.start)
            await run_in_threadpool(application.follower.refresh)
            await run_in_threadpool(lexicon)  # compiled here, not during the first scan
        except SourcemarkError as error:
            _logger.warning("not ready yet: %s", error.detail)
        sampling = asyncio.create_task(_sample(application))
        stamping = asyncio.create_task(_stamp(application)) if settings.tsa_url is not None else None
        warning = asyncio.create_task(_warn(application))
        yield
        warning.cancel()
        await asyncio.wait([sampling], timeout=_SAMPLING_ENDS)
        if stamping is not None:
            stamping.cancel()
        await run_in_threadpool(application.close)

    app = FastAPI(
        title="Sourcemark",
        version=version("sourcemark"),
        description=description.ABOUT,
        lifespan=lifespan,
        docs_url=None,  # FastAPI's pages load scripts from a CDN; ours is self-contained
        redoc_url=None,
    )
    app.state.rate_limits = RateLimits(settings.rate_per_minute, settings.rate_burst)
    problems.install(app)
    app.add_middleware(problems.Methods, described=app)
    app.add_middleware(BodyLimit, max_bytes=settings.max_upload_mib * MEBIBYTE)
    app.add_middleware(Observation, metrics=counts)  # the outermost: it sees every answer
    for module in _ROUTES:
        app.include_router(module.router, dependencies=[Depends(refuse_unknown_parameters)])
    for module in _OPEN_ROUTES:
        app.include_router(module.router)
    description.install(app)
    return app


async def _sample(application: Application) -> None:
    """Some rows against the log, beside the first requests."""
    try:
        await run_in_threadpool(application.start)
        await run_in_threadpool(application.sample_rows)
    except SourcemarkError as error:
        _logger.warning("the rows are not checked: %s", error.detail)
    except Exception:
        _logger.exception("the rows are not checked")


async def _stamp(application: Application) -> None:
    """Time-stamps of a log that has gone quiet: its last entries get one too."""
    while True:
        await asyncio.sleep(max(1, min(60, application.settings.tsa_interval_seconds)))
        try:
            await run_in_threadpool(application.log.timestamper.stamp_if_due)
        except SourcemarkError as error:
            _logger.warning("no time-stamp: %s", error.detail)
        except Exception:
            _logger.exception("no time-stamp")


async def _warn(application: Application) -> None:
    """Warnings of qualifications that expire soon."""
    while True:
        try:
            await run_in_threadpool(application.start)
            await run_in_threadpool(
                qualification_rules.warn, application.db, application.settings.qualification_warning_days
            )
        except SourcemarkError as error:
            _logger.warning("no warnings of qualifications: %s", error.detail)
        except Exception:
            _logger.exception("no warnings of qualifications")
        await asyncio.sleep(_WARN_SECONDS)
