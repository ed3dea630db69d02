"""What a rights holder is written when a work of his was seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..names import clean
from ..schemas.events import WorkSighted
from . import words


def compose(lang: str, data: Mapping[str, Any]) -> tuple[str, str]:
    """Subject and text of the mail about a sighting, in English or, for ``zh``, 中文."""
    seen = WorkSighted.model_validate(data)
    chinese = lang == "zh"
    verdict = words.VERDICTS[seen.verdict][chinese]
    title, platform = clean(seen.title), clean(seen.platform)
    work, upload = (f"{share * 100:.0f} %" for share in (seen.coverage.work, seen.coverage.upload))
    if chinese:
        subject = f"您的作品《{title}》出现在“{platform}”的帖子中"
        lines = [
            ("结论", verdict),
            ("发帖账号", clean(seen.account or "")),
            ("帖子地址", seen.post_url or ""),
            ("占作品", work),
            ("占帖子", upload),
            ("时间（UTC）", seen.seen_at[:16].replace("T", " ")),
        ]
        rest = f"证据：sourcemark lookup {seen.work_id}，转载记录 {seen.sighting_id}"
        text = "\n".join(f"{name}：{value}" for name, value in lines if value)
    else:
        subject = f"Your work “{title}” was seen in a post on {platform}"
        lines = [
            ("Verdict", verdict),
            ("Posting account", clean(seen.account or "")),
            ("Post", seen.post_url or ""),
            ("Of the work", work),
            ("Of the post", upload),
            ("Time (UTC)", seen.seen_at[:16].replace("T", " ")),
        ]
        rest = f"Evidence: sourcemark lookup {seen.work_id}, sighting {seen.sighting_id}"
        text = "\n".join(f"{name}: {value}" for name, value in lines if value)
    return subject, f"{subject}\n\n{text}\n\n{rest}\n"
