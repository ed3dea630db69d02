"""/log/: the published log as static files, as any web server would host the folder that `ledger export` writes.

The same answers as under /v1/ledger, at the paths that C2SP tlog-tiles gives a log. Tiles and entry bundles never
change, so everybody may keep them; the checkpoint is asked for anew each time.
"""

from __future__ import annotations

from fastapi import APIRouter

from .v1 import ledger

router = APIRouter(prefix="/log", include_in_schema=False)
for _path, _answer in (
    ("/checkpoint", ledger.get_checkpoint),
    ("/log.vkey", ledger.get_log_keys),
    ("/policy", ledger.get_policy),
    ("/tile/{path:path}", ledger.get_tile),
):
    router.add_api_route(_path, _answer, methods=["GET", "HEAD"])
