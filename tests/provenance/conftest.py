"""Works and uploads for the business's tests, written for this project."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from PIL import Image, ImageOps

from fingerprints.source import Source
from provenance.accounts import accounts
from provenance.application import Application
from provenance.database.tables import events
from provenance.jobs import webhooks
from provenance.scans import scanning
from provenance.schemas import RegistrationItem, RegistrationResult, ScanItem, ScanResult
from provenance.works.registration import RegistrationRequest

ESSAY = (
    "The ferry to the salt islands leaves at ten past six, when the harbour is still the colour of slate. Old Marta sells "
    "tickets from a kitchen chair, and she writes the number of every passenger into a ledger that her grandmother began. "
    "Nobody has ever asked to see it. On the crossing the engine coughs twice at the same buoy, a habit so regular that the "
    "children hold their breath for it. The islanders boil sea water in flat iron pans, rake the crystals to the edge, and "
    "let the wind finish the work. A good pan gives forty kilos on a dry day. Last summer a researcher came with a drone and "
    "a questionnaire; she left with a jar of grey salt and a sunburn, and sent a postcard in November to say that the jar "
    "was still on her desk, unopened, because it smelled of the place."
)
ESSAY_ZH = (
    "去盐岛的渡船六点十分开，那时港口还是石板的颜色。玛尔塔坐在一把厨房椅子上卖票，把每个乘客的号码写进外婆留下的账本，从来没有人要看它。"
    "船走到同一个浮标旁边，发动机总要咳嗽两声，准得让孩子们提前屏住呼吸。岛上的人用平底铁锅煮海水，把盐粒耙到锅边，剩下的事情交给风。"
    "天气干燥的时候，一口好锅一天能出四十公斤。去年夏天来了一位研究者，带着无人机和问卷，走的时候带走一罐灰盐和一身晒伤。"
    "十一月她寄来明信片，说那罐盐还放在桌上没有打开，因为它有那个地方的味道。"
)


def picture(seed: int, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A picture with structure at every scale, different for every seed."""
    rng = np.random.default_rng(seed)
    canvas = np.zeros((size[1], size[0], 3))
    for cells in (3, 7, 17, 41):
        coarse = Image.fromarray(rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8))
        canvas += np.asarray(coarse.resize(size, Image.Resampling.BICUBIC), dtype=float) / cells**0.5
    canvas = 255 * (canvas - canvas.min()) / np.ptp(canvas)
    return Image.fromarray(canvas.astype(np.uint8))


def encoded(image: Image.Image, form: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def mirrored(image: Image.Image) -> Image.Image:
    return ImageOps.mirror(image)


def register_work(
    application: Application, source: bytes | Path, account: str | None = None, **claim: Any
) -> RegistrationResult:
    """Registers one work for an account (default: the local one)."""
    acting = accounts.local(application.db) if account is None else accounts.find(application.db, account)
    item = RegistrationItem.model_validate({"owner": "Marta Salt", "title": "The Salt Ferry", **claim})
    return next(application.registrar.register(acting, [RegistrationRequest(item, _source(source))]))


def _source(given: bytes | Path) -> Source:
    return Source.blob(given) if isinstance(given, bytes) else Source.file(given)


def scan_upload(
    application: Application, source: bytes | Path, *, platform: str | None = None, dry_run: bool = False, **post: Any
) -> ScanResult:
    """Scans one upload for an account (default: the local one)."""
    acting = accounts.local(application.db) if platform is None else accounts.find(application.db, platform)
    upload = scanning.Upload(ScanItem.model_validate(post), _source(source))
    return next(application.scanner.scan(acting, [upload], dry_run=dry_run))


def listen(application: Application, account_id: str, event: str) -> None:
    """An endpoint of an account, so that what it is told stands in the outbox."""
    with application.db.write() as connection:
        webhooks.insert(connection, account_id, "webhook", "https://hooks.example/in", events=[event])


def heard(application: Application) -> list[dict[str, Any]]:
    """The payloads in the outbox, oldest first."""
    with application.db.read() as connection:
        return list(connection.execute(sa.select(events.c.data).order_by(events.c.id)).scalars())
