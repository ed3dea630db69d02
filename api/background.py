"""What a service does beside answering, in threads of its own pool."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi.concurrency import run_in_threadpool

from provenance import upkeep
from provenance.application import Application
from provenance.errors import SourcemarkError

_logger = logging.getLogger(__name__)
_FIRST = 60  # seconds from the start until each duty is performed for the first time, at most
_SAMPLING_ENDS = 5  # seconds that a service waits at its end for the check of its start


@asynccontextmanager
async def running(application: Application) -> AsyncIterator[None]:
    """Check some rows once, work off jobs and events, and perform the installation's duties until the block ends."""
    if application.settings.job_threads:
        application.background.start(application.settings.job_threads, application.start)
    sampling = asyncio.create_task(_sample(application))
    repeated = [asyncio.create_task(_repeat(duty)) for duty in upkeep.duties(application)]
    yield
    for task in repeated:
        task.cancel()
    await asyncio.wait([sampling], timeout=_SAMPLING_ENDS)


async def _repeat(duty: upkeep.Duty) -> None:
    await asyncio.sleep(min(duty.seconds, _FIRST))
    while True:
        await run_in_threadpool(duty.perform)
        await asyncio.sleep(duty.seconds)


async def _sample(application: Application) -> None:
    """Some rows against the log, beside the first requests."""
    try:
        await run_in_threadpool(application.start)
        await run_in_threadpool(application.sample_rows)
    except SourcemarkError as error:
        _logger.warning("the rows are not checked: %s", error.detail)
    except Exception:
        _logger.exception("the rows are not checked")
