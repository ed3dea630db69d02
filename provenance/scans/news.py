"""Whether a post is news, by what its platform files it under and by how it is written.

A flag, never a verdict. Content counts only by a dateline, the line by which agencies and newspapers open a report, or
by an opening that announces one: a text about news, a quotation of a report in the middle of an essay or a weather
diary has none. docs/accounts.md says what is looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..accounts.official import AccountState
from ..marking.normalization import fold_name
from ..schemas import ScanItem

NEWS_WITHOUT_LICENCE = "news_without_licence"

_HEAD = 600  # code points of a text in which its dateline stands
_READ = 20_000  # code points of a page that are read to find them
_CATEGORIES = frozenset(
    map(fold_name, ("news", "breaking news", "current affairs", "politics", "新闻", "时政", "时事", "时政新闻", "突发"))
)
_MONTH = r"(?:Jan|Feb|March|April|May|June|July|Aug|Sept|Oct|Nov|Dec)[a-z]{0,6}\.?"
_DATELINES = re.compile(
    "|".join(
        (
            # 本报讯, 本台消息, 新华社北京5月3日电, 中新网上海3月2日电, 本报记者 ... 报道
            r"^[\s　【\[（(]*本[报台网刊]\s*(?:讯|消息|快讯|[^\s，。]{0,10}\d{1,2}月\d{1,2}日电)",
            r"^[\s　【\[（(]*[一-鿿]{1,6}(?:社|网|报)[一-鿿]{0,12}?\s?\d{1,2}\s*月\s*\d{1,2}\s*日\s*电(?![一-鿿])",
            r"^[\s　【\[（(]*(?:快讯|突发|最新消息)\s*[：:】\])）]",
            # LONDON, May 3 (Agency) -   |   RIVERSIDE (Agency) —   |   BREAKING: ...
            rf"^\s*[A-Z][A-Z .'-]{{2,40}},(?: [A-Z][\w. ]{{1,30}},)? {_MONTH} \d{{1,2}}[^\n]{{0,40}}?\s[-–—]",
            r"^\s*[A-Z][A-Z .'-]{2,40}(?:, [A-Z][\w.]{1,20})? \([A-Z][A-Za-z ]{1,30}\) ?[-–—]",
            r"^\s*BREAKING(?: NEWS)?\s*[:|]",
        )
    ),
    re.MULTILINE,
)
_HIDDEN = re.compile(r"<(script|style|head)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{1,2000}>")


def flags(item: ScanItem, texts: Iterable[str | None], account: AccountState | None) -> list[str]:
    """`news_without_licence` for news from an account of which no valid licence is recorded, else nothing.

    Args:
        texts: of the post, may be HTML; None of a picture.
        account: that posts; None where its platform keeps none of its id. How a text is written counts only for
            accounts that the platform names by their ids: of the others it records no licences.
    """
    licensed = account is not None and account.news_licence
    written = item.account_id is not None and any(reads_like_news(part) for part in (*texts, item.caption) if part)
    return [NEWS_WITHOUT_LICENCE] if not licensed and (is_filed_as_news(item.category) or written) else []


def is_filed_as_news(category: str | None) -> bool:
    """Whether a category, or a part of one such as ``news/local``, means news."""
    return category is not None and any(fold_name(part) in _CATEGORIES for part in re.split(r"[/>,;|、，]", category))


def reads_like_news(text: str) -> bool:
    """Whether a text opens as a report does."""
    visible = _TAG.sub("\n", _HIDDEN.sub("", text[:_READ])).strip()
    return _DATELINES.search(visible[:_HEAD]) is not None
