"""What a service does beside answering."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi.concurrency import run_in_threadpool

from provenance.application import Application
from provenance.errors import SourcemarkError
from provenance.upkeep import Upkeep

_logger = logging.getLogger(__name__)
_SAMPLING_ENDS = 5  # seconds that a service waits at its end for the check of its start


@asynccontextmanager
async def running(application: Application) -> AsyncIterator[None]:
    """Check some rows once, work off jobs and events, and perform the installation's duties until the block ends."""
    if application.settings.job_threads:
        application.background.start(application.settings.job_threads, application.start)
    sampling = asyncio.create_task(_sample(application))
    upkeep = Upkeep(application)
    upkeep.start()
    yield
    await run_in_threadpool(upkeep.stop)
    await asyncio.wait([sampling], timeout=_SAMPLING_ENDS)


async def _sample(application: Application) -> None:
    """Some rows against the log, beside the first requests."""
    try:
        await run_in_threadpool(application.start)
        await run_in_threadpool(application.sample_rows)
    except SourcemarkError as error:
        _logger.warning("the rows are not checked: %s", error.detail)
    except Exception:
        _logger.exception("the rows are not checked")
