"""Small texts written by code, their edits, and texts that share a footer or a template with them."""

from __future__ import annotations

import random
import re

from ..medium import Example

_SYLLABLES = [
    "ba",
    "ce",
    "di",
    "fo",
    "gu",
    "la",
    "me",
    "ni",
    "po",
    "ru",
    "sa",
    "te",
    "vi",
    "xo",
    "zu",
    "kra",
    "ble",
    "dri",
    "sto",
    "plu",
    "wen",
    "tar",
    "mon",
    "sil",
]
_HAN = (
    "春江潮水连海平上明月共生滟随波千万里何处无花林似霰空流霜不觉飞汀白沙看见天色纤尘皎中孤轮人初照"
    "年代穷已只相待送长云片去青枫浦愁谁家今夜扁舟思楼怜徘徊应离妆镜台玉户帘卷捣衣砧还拂来此时望闻愿逐华君鸿雁光度鱼龙潜跃成文"
)
_TRADITIONAL = str.maketrans(
    "连生随万里无飞见纤尘轮穷云谁楼怜应离妆镜帘卷还来时闻愿华鸿鱼龙跃",
    "連生隨萬裡無飛見纖塵輪窮雲誰樓憐應離妝鏡簾捲還來時聞願華鴻魚龍躍",
)
FOOTER = (
    "This text may be shared under the terms printed on the last page of the catalogue. "
    "Questions go to the office, which answers within ten working days and keeps no copies."
)


def words(seed: int, count: int) -> str:
    """Prose of invented words in sentences."""
    r = random.Random(seed)
    out: list[str] = []
    for _ in range(count):
        word = "".join(r.choice(_SYLLABLES) for _ in range(r.choice((1, 2, 2, 3, 4))))
        out.append(word + r.choice(("", "", "", "", "", "", ",", ".")))
    return " ".join(out)


def han(seed: int, count: int) -> str:
    """Chinese-looking prose: characters of one old poem in another order."""
    r = random.Random(seed)
    return "".join(r.choice(_HAN) + ("，" if n % 9 == 8 else "") for n in range(count))


def edited(text: str, share: float, seed: int) -> str:
    """Replace a share of the words."""
    r = random.Random(seed)
    return " ".join(words(r.randrange(1 << 30), 1) if r.random() < share else w for w in text.split(" "))


def wrapped(text: str) -> str:
    """The text as the body of a web page with scripts, links and references."""
    inner = re.sub(r"(\w+) (\w+)\.", r"<b title='a > b'>\1</b>&nbsp;<a href=\"/x?a=1&b=2\">\2</a>.", text)
    return (
        "<!doctype html><html><head><title>x</title><style>p{color:red}</style></head><body><nav>Home</nav>"
        f"<script>if (a < b) document.write('never shown')</script><article><p>{inner}</p><!-- hidden -->"
        "</article></body></html>"
    )


_ENGLISH = words(1, 260)
_CHINESE = han(2, 420)
_WIDE = str.maketrans({chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)})

EXAMPLES = (
    Example(
        "spaced words",
        _ENGLISH.encode(),
        {
            "rewrapped": re.sub(r"(.{30}\S*) ", r"\1\n  ", _ENGLISH).encode(),
            "upper case": _ENGLISH.upper().encode(),
            "full width": _ENGLISH.translate(_WIDE).encode(),
            "zero width": "\u200b".join(_ENGLISH).encode(),
            "no punctuation": re.sub(r"[.,]", "", _ENGLISH).encode(),
            "new headline": ("A Wholly Different Headline\n\n" + _ENGLISH).encode(),
            "words edited": edited(_ENGLISH, 0.12, 3).encode(),
            "HTML": wrapped(_ENGLISH).encode(),
            "UTF-16": ("\ufeff" + _ENGLISH).encode("utf-16-le"),
            "excerpt": _ENGLISH[300:620].encode(),
            "embedded": (words(11, 400) + "\n\n" + _ENGLISH[300:620] + "\n\n" + words(12, 400)).encode(),
        },
        {
            "another text": words(4, 260).encode(),
        },
    ),
    Example(
        "Han",
        _CHINESE.encode(),
        {
            "embedded": (han(13, 900) + "\n\n" + _CHINESE[100:180] + "\n\n" + han(14, 900)).encode(),
            "traditional": _CHINESE.translate(_TRADITIONAL).encode(),
            "no punctuation": _CHINESE.replace("，", "").encode(),
            "wrapped": "\n".join(_CHINESE[k : k + 20] for k in range(0, len(_CHINESE), 20)).encode(),
            "new headline": ("潮水的故事\n" + _CHINESE).encode(),
            "characters edited": "".join("山" if n % 23 == 0 else c for n, c in enumerate(_CHINESE)).encode(),
            "HTML": wrapped(_CHINESE).encode(),
            "GB18030": (_CHINESE + "的是不了在人有我他这中大来上个国到说").encode("gb18030"),
        },
        {"another text": han(6, 420).encode()},
    ),
    Example(
        "with a footer",
        (words(7, 60) + " " + FOOTER).encode(),
        {
            "one word edited": (words(7, 60).replace(" ", " zo ", 1) + " " + FOOTER).encode(),
            "a paragraph in a long article": f"{words(14, 500)}\n\n{words(7, 60)}\n\n{words(15, 500)}".encode(),
        },
        {"another text": words(8, 60).encode()},
    ),
    Example(
        "too short",
        "春江潮水连海平".encode(),
        {"punctuation": "春江，潮水連海平！".encode()},
        {"shorter": "春江".encode()},
    ),
)
