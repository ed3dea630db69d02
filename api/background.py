"""What a service does beside answering."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi.concurrency import run_in_threadpool

from provenance.accounts.quotas import FLUSH_SECONDS
from provenance.application import Application
from provenance.errors import SourcemarkError
from provenance.upkeep import Upkeep

from .stopping import Stopping

_logger = logging.getLogger(__name__)
_LAST = 1.0  # seconds that each of these gets when the requests have had their time


@asynccontextmanager
async def running(application: Application, stopping: Stopping, *, keeps_up: bool) -> AsyncIterator[None]:
    """Check some rows once, work off jobs and events, and perform the installation's duties until the block ends.

    Then the application is closed: what was under way has had the time of the requests, for it is told when they are.

    Args:
        keeps_up: whether this process performs the duties.
    """
    upkeep = Upkeep(application) if keeps_up else None
    stopping.at_once(application.background.begin_stop)
    if application.settings.job_threads:
        application.background.start(application.settings.job_threads, application.start)
    sampling = asyncio.create_task(_sample(application))
    counting = asyncio.create_task(_save_counts(application))
    if upkeep is not None:
        stopping.at_once(upkeep.begin_stop)
        upkeep.start()
    yield
    if upkeep is not None:
        await run_in_threadpool(upkeep.stop, _LAST)
    counting.cancel()
    await asyncio.to_thread(_flush, application)
    await asyncio.wait([sampling], timeout=_LAST)
    await run_in_threadpool(application.close, _LAST)


async def _save_counts(application: Application) -> None:
    while True:
        await asyncio.sleep(FLUSH_SECONDS)
        await asyncio.to_thread(_flush, application)  # not in a thread that a request could have


def _flush(application: Application) -> None:
    try:
        application.quotas.flush()
    except SourcemarkError as error:
        _logger.warning("what keys have sent is not saved now: %s", error.detail)


async def _sample(application: Application) -> None:
    """Some rows against the log, beside the first requests."""
    try:
        await run_in_threadpool(application.start)
        await run_in_threadpool(application.sample_rows)
    except SourcemarkError as error:
        _logger.warning("the rows are not checked: %s", error.detail)
    except Exception:
        _logger.exception("the rows are not checked")
