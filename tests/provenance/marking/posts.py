"""Posts made for these tests: (name, work, post, answers, verdict). Answers: O owner, S source, T traceable marked."""

from __future__ import annotations

from typing import Any

from provenance.marking import Work

POEM = Work(
    title="渡口的第七盏灯", owner="沈砚秋", owner_aliases=("砚秋", "Shen Yanqiu"), source_name="南岭夜话",
    source_urls=("https://nanling.example.cn/read/Lamp7",), source_handle="nanling_yehua", licence="reprint-with-credit",
)  # fmt: skip
NEWS = Work(
    title="古桥合龙", owner="澄江日报社", owner_aliases=("澄江日报", "Chengjiang Daily"), source_name="澄江新闻网",
    source_urls=("https://www.cjnews.example/local/2024-05/18/bridge.html",), licence="all-rights-reserved",
)  # fmt: skip
PHOTO = Work(
    title="雪线以上", owner="罗伯扬", owner_aliases=("Luo Boyang", "@boyang_l"), source_name="高原图志",
    source_urls=("https://gaoyuan.example/photo/5521",), licence="CC-BY-NC-4.0", kind="image",
)  # fmt: skip
ESSAY = Work(
    title="The Salt Inspector's Notebook", owner="Miriam Adeyemi", owner_aliases=("M. Adeyemi",), source_name="Harbour Review",
    source_urls=("https://harbourreview.example/2021/salt-inspector",), identifiers=("10.5555/hr.2021.118",),
    licence="all-rights-reserved",
)  # fmt: skip
STORY = Work(
    title="Nine Keys", owner="Tomás O'Leary", source_name="Lantern Magazine", source_urls=("https://lantern.example/fiction/nine-keys",),
    licence="reprint-with-credit", source_handle="lanternmag",
)  # fmt: skip
PICTURE = Work(
    title="Tram in the Rain", owner="Sofie Lindqvist", owner_aliases=("@sofielq",), source_name="OpenFrame",
    source_urls=("https://openframe.example/img/40071",), licence="CC-BY-SA-4.0", kind="image",
)  # fmt: skip
SONG = Work(
    title="Low Tide", owner="Paper Kites Collective", source_name="Tidepool Sessions", source_urls=("https://tidepool.example/s/low-tide",),
    licence="CC-BY-ND-4.0", kind="audio",
)  # fmt: skip
HANT = Work(
    title="巷口的裁縫", owner="葉思妤", owner_aliases=("Yeh Szu-yu",), source_name="城南手記", source_urls=("https://chengnan.example.tw/p/318",),
    licence="reprint-with-credit",
)  # fmt: skip
GERMAN = Work(
    title="Die Uhr im Keller",
    owner="Jonas Weidner",
    source_name="Elbblatt",
    source_urls=("https://elbblatt.example/uhr",),
    licence="reprint-with-credit",
)
FRENCH = Work(
    title="Le dernier bac",
    owner="Élodie Marchand",
    source_name="La Revue du Port",
    source_urls=("https://revueduport.example/bac",),
    licence="reprint-with-credit",
)
SPANISH = Work(
    title="El faro sin luz",
    owner="Lucía Peñalver",
    source_name="Cuadernos del Sur",
    source_urls=("https://cuadernosdelsur.example/faro",),
    licence="reprint-with-credit",
)
RUSSIAN = Work(
    title="Ключи от маяка",
    owner="Вера Соколова",
    source_name="Приморский листок",
    source_urls=("https://primlistok.example/mayak",),
    licence="reprint-with-credit",
)
JAPANESE = Work(
    title="港の猫",
    owner="佐伯美月",
    owner_aliases=("Saeki Mizuki",),
    source_name="海辺通信",
    source_urls=("https://umibe.example.jp/neko",),
    licence="reprint-with-credit",
)
KOREAN = Work(
    title="파도의 서랍",
    owner="한도윤",
    source_name="바람신문",
    source_urls=("https://baram.example.kr/drawer",),
    licence="reprint-with-credit",
)
ARABIC = Work(
    title="مفاتيح البحر",
    owner="ليلى حداد",
    source_name="مجلة المرفأ",
    source_urls=("https://marfa.example/keys",),
    licence="reprint-with-credit",
)
PORTUGUESE = Work(
    title="O relógio do cais",
    owner="Beatriz Falcão",
    source_name="Caderno do Porto",
    source_urls=("https://cadernodoporto.example/cais",),
    licence="reprint-with-credit",
)
ITALIAN = Work(
    title="La barca di carta",
    owner="Giulia Ferrante",
    source_name="Il Molo",
    source_urls=("https://ilmolo.example/barca",),
    licence="reprint-with-credit",
)

_LAMP = "渡口的灯一盏一盏亮起来,摆渡人数到第七盏就不再往下数。"
_SALT = "Every inspector kept two notebooks, one for the ministry and one for the sea."
_KEYS = "There were nine keys on the ring, and only eight doors in the house."
_PAGE = "<!doctype html><html><head><title>t</title></head><body>{}</body></html>"


def _t(text: str, **more: Any) -> dict[str, Any]:
    return {"text": text, **more}


def _h(body: str, **more: Any) -> dict[str, Any]:
    return {"html": _PAGE.format(body), **more}


Case = tuple[str, Work, dict[str, Any], str, str]

CASES: list[Case] = [
    # Chinese, text
    (
        "zh label and link at the head",
        POEM,
        _t(f"作者:沈砚秋\n来源:南岭夜话\nhttps://nanling.example.cn/read/Lamp7\n\n{_LAMP}"),
        "OST",
        "compliant",
    ),
    (
        "zh with http and tracking",
        POEM,
        _t(f"{_LAMP}\n文/沈砚秋 转载自南岭夜话 http://nanling.example.cn/read/Lamp7?utm_source=wx#top"),
        "OST",
        "compliant",
    ),
    (
        "zh spaced name",
        POEM,
        _t(f"作者:沈 砚 秋 | 来源:南岭夜话 https://nanling.example.cn/read/Lamp7/\n{_LAMP}"),
        "OST",
        "compliant",
    ),
    (
        "zh zero width inside the name",
        POEM,
        _t(f"作者:沈\u200b砚\u200d秋 来源:南岭夜话 https://nanling.example.cn/read/Lamp7\n{_LAMP}"),
        "OST",
        "compliant",
    ),
    (
        "zh full width link",
        POEM,
        _t(f"文:沈砚秋,首发:南岭夜话(https://nanling.example.cn/read/Lamp7)。\n{_LAMP}"),
        "OST",
        "compliant",
    ),
    (
        "zh handle with title",
        POEM,
        _t(f"《渡口的第七盏灯》 作者沈砚秋,选自公众号“南岭夜话”(nanling_yehua)\n{_LAMP}"),
        "OST",
        "compliant",
    ),
    ("zh handle without title", POEM, _t(f"作者沈砚秋,选自公众号南岭夜话(nanling_yehua)\n{_LAMP}"), "OS-", "partial"),
    (
        "zh issue and page with title",
        POEM,
        _t(f"沈砚秋《渡口的第七盏灯》,载于《南岭夜话》2024年第3期,第18页\n{_LAMP}"),
        "OST",
        "compliant",
    ),
    (
        "zh transliteration",
        POEM,
        _t(f"Text: Shen Yanqiu, 南岭夜话 https://nanling.example.cn/read/Lamp7\n{_LAMP}"),
        "OST",
        "compliant",
    ),
    ("zh author then source at the end", POEM, _t(f"{_LAMP}\n(作者:沈砚秋,来源:南岭夜话)"), "OS-", "partial"),
    ("zh signature only", POEM, _t(f"{_LAMP}\n——沈砚秋"), "O--", "partial"),
    ("zh with scan code", POEM, _t(f"作者:沈砚秋\n{_LAMP}\n扫码关注看原文"), "O--", "partial"),
    ("zh home page", POEM, _t(f"作者:沈砚秋 来源:南岭夜话 https://nanling.example.cn/\n{_LAMP}"), "OS-", "partial"),
    ("zh short link", POEM, _t(f"作者:沈砚秋 来源:南岭夜话 https://t.cn/A6xyz\n{_LAMP}"), "OS-", "partial"),
    ("zh generic source", POEM, _t(f"来源:网络\n{_LAMP}"), "---", "missing"),
    ("zh collected", POEM, _t(f"{_LAMP}\n(图文来源于网络,侵删)"), "---", "missing"),
    ("zh moments", POEM, _t(f"朋友圈看到的,写得真好\n{_LAMP}"), "---", "missing"),
    ("zh original author only", POEM, _t(f"{_LAMP}\n版权归原作者所有"), "---", "missing"),
    (
        "zh owner as speaker",
        POEM,
        _t(f"本周六,沈砚秋做客城东书店,与读者分享新书。\n今日一诗:{_LAMP}"),
        "---",
        "missing",
    ),
    ("zh praise", POEM, _t(f"好喜欢沈砚秋的风格。\n{_LAMP}"), "---", "missing"),
    ("zh inspired", POEM, _t(f"受沈砚秋启发写的:\n{_LAMP}"), "---", "missing"),
    ("zh only the translator", POEM, _t(f"翻译:周一禾\n{_LAMP}"), "---", "missing"),
    ("zh only the layout editor", POEM, _t(f"{_LAMP}\n责编:小鹿 排版:阿青"), "---", "missing"),
    ("zh reader aloud", POEM, _t(f"朗读:许小满\n{_LAMP}"), "---", "missing"),
    ("zh other author", POEM, _t(f"作者:钱一帆\n{_LAMP}"), "---", "wrong_owner"),
    ("zh other author slash", POEM, _t(f"文/钱一帆\n{_LAMP}"), "---", "wrong_owner"),
    ("zh other author after", POEM, _t(f"钱一帆/文\n{_LAMP}"), "---", "wrong_owner"),
    ("zh one more character", POEM, _t(f"作者:沈砚秋水\n{_LAMP}"), "---", "wrong_owner"),
    ("zh one other character", POEM, _t(f"文字:沈研秋\n{_LAMP}"), "---", "wrong_owner"),
    ("zh original tag", POEM, _t(f"【原创】{_LAMP}", account="半山茶馆"), "---", "wrong_owner"),
    ("zh byline of the account", POEM, _t(f"撰文:半山茶馆\n{_LAMP}", account="半山茶馆"), "---", "wrong_owner"),
    ("zh other source", POEM, _t(f"来源:东城晚报\n{_LAMP}"), "---", "wrong_owner"),
    (
        "zh account owns the rights",
        POEM,
        _t(f"作者:沈砚秋\n{_LAMP}\n本文版权归半山茶馆所有,未经许可不得转载", account="半山茶馆"),
        "O--",
        "misleading",
    ),
    (
        "zh we own the rights",
        POEM,
        _t(f"作者:沈砚秋\n{_LAMP}\n本公众号拥有本文版权", account="半山茶馆"),
        "O--",
        "misleading",
    ),
    ("zh exclusive", POEM, _t(f"沈砚秋/文 半山茶馆独家首发\n{_LAMP}", account="半山茶馆"), "O--", "misleading"),
    (
        "zh co-author",
        POEM,
        _t(f"作者:沈砚秋、半山茶馆\n来源:南岭夜话 https://nanling.example.cn/read/Lamp7\n{_LAMP}", account="半山茶馆"),
        "OST",
        "misleading",
    ),
    (
        "zh look-alike host",
        POEM,
        _t(f"沈砚秋 南岭夜话 https://nanling.example.cn.read-more.example/read/Lamp7\n{_LAMP}"),
        "OS-",
        "misleading",
    ),
    (
        "zh digits for letters",
        POEM,
        _t(f"作者:沈砚秋 来源:南岭夜话 https://nan1ing.example.cn/read/Lamp7\n{_LAMP}"),
        "OS-",
        "misleading",
    ),
    (
        "zh user info",
        POEM,
        _t(f"作者:沈砚秋 南岭夜话 https://nanling.example.cn@reads.example/read/Lamp7\n{_LAMP}"),
        "OS-",
        "misleading",
    ),
    (
        "zh path in another case",
        POEM,
        _t(f"作者:沈砚秋 来源:南岭夜话 https://nanling.example.cn/read/lamp7\n{_LAMP}"),
        "OS-",
        "partial",
    ),
    (
        "zh quotation",
        POEM,
        _t("沈砚秋在《渡口的第七盏灯》里说:“数到第七盏就不再往下数。”我很受触动。", use="quotation"),
        "O--",
        "compliant",
    ),
    (
        "zh quotation without title",
        POEM,
        _t("沈砚秋说过:“数到第七盏就不再往下数。”", use="quotation"),
        "O--",
        "partial",
    ),
    (
        "zh account posts for others with editors",
        POEM,
        _t(
            f"文:沈砚秋 编辑:半山茶馆\n来源:南岭夜话 https://nanling.example.cn/read/Lamp7\n{_LAMP}", account="半山茶馆"
        ),
        "OST",
        "compliant",
    ),
    (
        "zh cover from elsewhere",
        POEM,
        _t(f"题图:视觉素材库\n作者:沈砚秋,来源:南岭夜话,https://nanling.example.cn/read/Lamp7\n{_LAMP}"),
        "OST",
        "compliant",
    ),
    (
        "zh chain",
        POEM,
        _t(f"转自“每日一读”,原载南岭夜话(https://nanling.example.cn/read/Lamp7),作者沈砚秋\n{_LAMP}"),
        "OST",
        "compliant",
    ),
    ("zh denial", POEM, _t(f"这不是沈砚秋写的,是我抄来的\n{_LAMP}"), "---", "missing"),
    ("zh recommended reading", POEM, _t(f"{_LAMP}\n推荐阅读:沈砚秋《渡口的第七盏灯》"), "---", "missing"),
    (
        "zh news with permission",
        NEWS,
        _t(
            "来源:澄江新闻网 版权:澄江日报社 经授权转载 https://www.cjnews.example/local/2024-05/18/bridge.html\n古桥今晨合龙。"
        ),
        "OST",
        "compliant",
    ),
    (
        "zh news mobile address",
        NEWS,
        _t("澄江日报社 澄江新闻网 https://m.cjnews.example/local/2024-05/18/bridge.html 已获授权\n古桥今晨合龙。"),
        "OST",
        "compliant",
    ),
    (
        "zh news no permission",
        NEWS,
        _t("据澄江日报报道,古桥今晨合龙。来源:澄江新闻网 https://cjnews.example/local/2024-05/18/bridge.html"),
        "OST",
        "partial",
    ),
    (
        "zh news permission asked for",
        NEWS,
        _t("澄江日报社/澄江新闻网 https://cjnews.example/local/2024-05/18/bridge.html 已发函申请授权\n古桥今晨合龙。"),
        "OST",
        "partial",
    ),
    (
        "zh news boilerplate is no permission",
        NEWS,
        _t(
            "澄江日报社 澄江新闻网 https://cjnews.example/local/2024-05/18/bridge.html 未经授权不得转载\n古桥今晨合龙。"
        ),
        "OST",
        "partial",
    ),
    (
        "zh news cc claimed",
        NEWS,
        _t("来源:澄江新闻网 澄江日报社 https://cjnews.example/local/2024-05/18/bridge.html 采用知识共享署名 4.0 许可"),
        "OST",
        "misleading",
    ),
    (
        "zh photo nc",
        PHOTO,
        _t("摄影:罗伯扬《雪线以上》 https://gaoyuan.example/photo/5521 CC BY-NC 4.0"),
        "OST",
        "compliant",
    ),
    (
        "zh photo spelled licence",
        PHOTO,
        _t("图/罗伯扬 来自高原图志 https://gaoyuan.example/photo/5521 知识共享 署名-非商业性使用 4.0"),
        "OST",
        "compliant",
    ),
    (
        "zh photo sold",
        PHOTO,
        _t("摄影:罗伯扬 https://gaoyuan.example/photo/5521 CC BY-NC 4.0", commercial=True),
        "OST",
        "partial",
    ),
    (
        "zh photo freer licence",
        PHOTO,
        _t("图:罗伯扬 https://gaoyuan.example/photo/5521 CC BY 4.0"),
        "OST",
        "misleading",
    ),
    ("zh photo free for commerce", PHOTO, _t("罗伯扬 高原图志 可商用"), "OS-", "misleading"),
    ("zh text byline is not the photo's", PHOTO, _t("文:柳青\n雪山徒步攻略"), "---", "missing"),
    ("zh photo agency", PHOTO, _t("图源:环球图库"), "---", "wrong_owner"),
    (
        "zh adapted and said",
        PHOTO,
        _t("图:罗伯扬 https://gaoyuan.example/photo/5521 CC BY-NC 4.0,有裁剪", use="adapted"),
        "OST",
        "compliant",
    ),
    (
        "zh adapted and not said",
        PHOTO,
        _t("图:罗伯扬 https://gaoyuan.example/photo/5521 CC BY-NC 4.0", use="adapted"),
        "OST",
        "partial",
    ),
    # traditional
    (
        "hant full",
        HANT,
        _t("作者:葉思妤|來源:城南手記|https://chengnan.example.tw/p/318\n裁縫的尺掛在巷口。", lang="zh-Hant"),
        "OST",
        "compliant",
    ),
    (
        "hant simplified letters",
        HANT,
        _t("文/叶思妤 出处:城南手记 https://chengnan.example.tw/p/318\n裁縫的尺掛在巷口。"),
        "OST",
        "compliant",
    ),
    ("hant other", HANT, _t("撰文/林家豪\n裁縫的尺掛在巷口。", lang="zh-Hant"), "---", "wrong_owner"),
    ("hant net", HANT, _t("裁縫的尺掛在巷口。\n(圖文轉自網路)", lang="zh-Hant"), "---", "missing"),
    # English, text
    (
        "en byline and link",
        ESSAY,
        _t(
            f"By Miriam Adeyemi. Originally published in Harbour Review (https://harbourreview.example/2021/salt-inspector). Reprinted with permission.\n\n{_SALT}"
        ),
        "OST",
        "compliant",
    ),
    (
        "en doi",
        ESSAY,
        _t(f"Miriam Adeyemi, Harbour Review, doi:10.5555/hr.2021.118, used with permission\n\n{_SALT}"),
        "OST",
        "compliant",
    ),
    (
        "en doi address",
        ESSAY,
        _t(
            f"Miriam Adeyemi, Harbour Review, https://doi.org/10.5555/hr.2021.118. Reprinted by permission of the author.\n\n{_SALT}"
        ),
        "OST",
        "compliant",
    ),
    (
        "en no permission",
        ESSAY,
        _t(f"Miriam Adeyemi in Harbour Review: https://harbourreview.example/2021/salt-inspector\n\n{_SALT}"),
        "OST",
        "partial",
    ),
    (
        "en permission requested",
        ESSAY,
        _t(
            f"By Miriam Adeyemi, Harbour Review, https://harbourreview.example/2021/salt-inspector (permission requested)\n\n{_SALT}"
        ),
        "OST",
        "partial",
    ),
    (
        "en last name first",
        ESSAY,
        _t(
            f"Adeyemi, Miriam. Harbour Review. https://harbourreview.example/2021/salt-inspector. With permission.\n\n{_SALT}"
        ),
        "OST",
        "compliant",
    ),
    ("en initial", ESSAY, _t(f"Text by M. Adeyemi\n\n{_SALT}"), "O--", "partial"),
    (
        "en possessive",
        ESSAY,
        _t(
            f"Miriam Adeyemi’s essay from Harbour Review, https://harbourreview.example/2021/salt-inspector, reproduced with the author's permission.\n\n{_SALT}"
        ),
        "OST",
        "compliant",
    ),
    ("en longer name", ESSAY, _t(f"By Miriam Adeyemi-Clarke\n\n{_SALT}"), "---", "wrong_owner"),
    ("en third name", ESSAY, _t(f"By Miriam Adeyemi Clarke\n\n{_SALT}"), "---", "wrong_owner"),
    ("en other", ESSAY, _t(f"Written by Paul Hendry\n\n{_SALT}"), "---", "wrong_owner"),
    ("en other with colon", ESSAY, _t(f"Author: Paul Hendry\n\n{_SALT}"), "---", "wrong_owner"),
    ("en own copyright", ESSAY, _t(f"{_SALT}\n\n© 2025 QuickReads", account="QuickReads"), "---", "wrong_owner"),
    ("en own story", ESSAY, _t(f"My latest story!\n{_SALT}", account="QuickReads"), "---", "wrong_owner"),
    (
        "en rights taken",
        ESSAY,
        _t(f"Miriam Adeyemi\n{_SALT}\nAll rights reserved by QuickReads.", account="QuickReads"),
        "O--",
        "misleading",
    ),
    ("en tribute", ESSAY, _t(f"In the style of Miriam Adeyemi:\n{_SALT}"), "---", "missing"),
    ("en event", ESSAY, _t(f"Tickets for our evening with Miriam Adeyemi are on sale.\n\n{_SALT}"), "---", "missing"),
    ("en guess", ESSAY, _t(f"{_SALT}\n\nI think this might be by Miriam Adeyemi?"), "---", "missing"),
    ("en found", ESSAY, _t(f"Found online, author unknown.\n\n{_SALT}"), "---", "missing"),
    ("en whoever", ESSAY, _t(f"{_SALT}\n\nCredit: the internet"), "---", "missing"),
    ("en dm", ESSAY, _t(f"{_SALT}\n\nDM for credit or removal"), "---", "missing"),
    ("en edited by", ESSAY, _t(f"Edited by Paul Hendry\n\n{_SALT}"), "---", "missing"),
    ("en header image only", ESSAY, _t(f"Header image: Paul Hendry\n\n{_SALT}"), "---", "missing"),
    (
        "en quotation",
        ESSAY,
        _t(
            "As Miriam Adeyemi writes in “The Salt Inspector’s Notebook”, every inspector kept two notebooks.",
            use="quotation",
        ),
        "O--",
        "compliant",
    ),
    (
        "en archived",
        STORY,
        _t(
            f"“Nine Keys” by Tomás O'Leary, Lantern Magazine: https://web.archive.org/web/20240101000000/https://lantern.example/fiction/nine-keys\n\n{_KEYS}"
        ),
        "OST",
        "compliant",
    ),
    (
        "en no diacritics",
        STORY,
        _t(f"Tomas O’Leary, from Lantern Magazine - https://www.lantern.example/fiction/nine-keys?fbclid=1\n\n{_KEYS}"),
        "OST",
        "compliant",
    ),
    (
        "en markdown",
        STORY,
        _t(f"*Nine Keys*, by Tomás O'Leary ([Lantern Magazine](https://lantern.example/fiction/nine-keys))\n\n{_KEYS}"),
        "OST",
        "compliant",
    ),
    (
        "en markdown elsewhere",
        STORY,
        _t(f"Tomás O'Leary, [https://lantern.example/fiction/nine-keys](https://clicks.example/r/9)\n\n{_KEYS}"),
        "OS-",
        "misleading",
    ),
    ("en handle and title", STORY, _t(f"Nine Keys — Tomás O'Leary, via @lanternmag\n\n{_KEYS}"), "OST", "compliant"),
    ("en link in bio", STORY, _t(f"Story: Tomás O'Leary, Lantern Magazine (link in bio)\n\n{_KEYS}"), "OS-", "partial"),
    (
        "en other article",
        STORY,
        _t(f"Tomás O'Leary, Lantern Magazine, https://lantern.example/fiction/ten-keys\n\n{_KEYS}"),
        "OS-",
        "partial",
    ),
    ("en source only", STORY, _t(f"From Lantern Magazine\n\n{_KEYS}"), "-S-", "partial"),
    ("en source with another author", STORY, _t(f"By Paul Hendry, Lantern Magazine\n\n{_KEYS}"), "-S-", "wrong_owner"),
    (
        "en photo sa",
        PICTURE,
        _t("Photo: Sofie Lindqvist / OpenFrame (https://openframe.example/img/40071), CC BY-SA 4.0"),
        "OST",
        "compliant",
    ),
    (
        "en photo deed",
        PICTURE,
        _t(
            "“Tram in the Rain” by @sofielq, https://openframe.example/img/40071, https://creativecommons.org/licenses/by-sa/4.0/"
        ),
        "OST",
        "compliant",
    ),
    (
        "en photo spelled",
        PICTURE,
        _t(
            "Sofie Lindqvist, https://openframe.example/img/40071, Creative Commons Attribution-ShareAlike 4.0 International"
        ),
        "OST",
        "compliant",
    ),
    (
        "en photo public domain",
        PICTURE,
        _t("Photo by Sofie Lindqvist via OpenFrame. Public domain."),
        "OS-",
        "misleading",
    ),
    (
        "en photo not public domain",
        PICTURE,
        _t("Photo by Sofie Lindqvist, https://openframe.example/img/40071, CC BY-SA 4.0 (not public domain)"),
        "OST",
        "compliant",
    ),
    (
        "en photo royalty-free",
        PICTURE,
        _t("Sofie Lindqvist, https://openframe.example/img/40071, royalty-free"),
        "OST",
        "misleading",
    ),
    ("en photo handle only", PICTURE, _t("📷 @sofielq"), "O--", "partial"),
    ("en photo pinterest", PICTURE, _t("Photo: Pinterest"), "---", "missing"),
    ("en photo other", PICTURE, _t("Photo by Kim Ashby"), "---", "wrong_owner"),
    ("en photo agency", PICTURE, _t("Image source: StockHarbor"), "---", "wrong_owner"),
    (
        "en song nd changed",
        SONG,
        _t(
            "Music: Paper Kites Collective, Tidepool Sessions, https://tidepool.example/s/low-tide, CC BY-ND 4.0 (remix)",
            use="adapted",
        ),
        "OST",
        "partial",
    ),
    (
        "en song",
        SONG,
        _t("Music: Low Tide by Paper Kites Collective, https://tidepool.example/s/low-tide, CC BY-ND 4.0"),
        "OST",
        "compliant",
    ),
    ("en song other", SONG, _t("Music by The Glass Owls"), "---", "wrong_owner"),
    # HTML
    (
        "html linked source",
        ESSAY,
        _h(
            '<article><h1>The Salt Inspector\'s Notebook</h1><p class="byline">By Miriam Adeyemi</p><p>Two notebooks.</p><p>First published in <a href="https://harbourreview.example/2021/salt-inspector">Harbour Review</a>. Republished with permission.</p></article>'
        ),
        "OST",
        "compliant",
    ),
    (
        "html article footer",
        STORY,
        _h(
            '<article><p>Nine keys.</p><footer>Tomás O\'Leary, <a href="https://lantern.example/fiction/nine-keys">Lantern Magazine</a></footer></article>'
        ),
        "OST",
        "compliant",
    ),
    (
        "html site footer",
        STORY,
        _h(
            "<p>Nine keys.</p><footer>Tomás O'Leary for Lantern Magazine, https://lantern.example/fiction/nine-keys</footer>"
        ),
        "---",
        "missing",
    ),
    (
        "html display none",
        STORY,
        _h(
            '<p>Nine keys.</p><div style="display:none">By Tomás O\'Leary https://lantern.example/fiction/nine-keys</div>'
        ),
        "---",
        "missing",
    ),
    (
        "html class hidden by a sheet",
        STORY,
        _h(
            '<style>.meta span.c{display:none!important}</style><div class="meta"><span class="c" style="display:block">By Tomás O\'Leary</span></div><p>Nine keys.</p>'
        ),
        "---",
        "missing",
    ),
    (
        "html child visible again",
        STORY,
        _h(
            '<div style="visibility:hidden">no<p style="visibility:visible">By Tomás O\'Leary, <a href="https://lantern.example/fiction/nine-keys">Lantern Magazine</a></p></div><p>Nine keys.</p>'
        ),
        "OST",
        "compliant",
    ),
    (
        "html off screen",
        STORY,
        _h(
            '<p>Nine keys.</p><p style="position:absolute;left:-10000px">By Tomás O\'Leary https://lantern.example/fiction/nine-keys</p>'
        ),
        "---",
        "missing",
    ),
    (
        "html tiny",
        STORY,
        _h('<p>Nine keys.</p><p style="font-size:0">By Tomás O\'Leary https://lantern.example/fiction/nine-keys</p>'),
        "---",
        "missing",
    ),
    (
        "html transparent",
        STORY,
        _h(
            '<p>Nine keys.</p><p style="color:rgba(0,0,0,0)">By Tomás O\'Leary https://lantern.example/fiction/nine-keys</p>'
        ),
        "---",
        "missing",
    ),
    (
        "html near white",
        STORY,
        _h('<p>Nine keys.</p><p style="color:#fefefe">By Tomás O\'Leary https://lantern.example/fiction/nine-keys</p>'),
        "---",
        "missing",
    ),
    (
        "html white on dark is seen",
        STORY,
        _h(
            '<div style="background:#111"><p>Nine keys.</p><p style="color:#fff">By Tomás O\'Leary, Lantern Magazine https://lantern.example/fiction/nine-keys</p></div>'
        ),
        "OST",
        "compliant",
    ),
    (
        "html clip",
        STORY,
        _h(
            '<style>.sr{position:absolute;clip:rect(1px,1px,1px,1px);overflow:hidden}</style><p>Nine keys.</p><span class="sr">By Tomás O\'Leary https://lantern.example/fiction/nine-keys</span>'
        ),
        "---",
        "missing",
    ),
    (
        "html alt and title",
        PICTURE,
        _h(
            '<img alt="Photo: Sofie Lindqvist https://openframe.example/img/40071 CC BY-SA 4.0" title="Sofie Lindqvist">'
        ),
        "---",
        "missing",
    ),
    (
        "html comment and template",
        STORY,
        _h(
            "<!-- By Tomás O'Leary --><template>By Tomás O'Leary</template><noscript>By Tomás O'Leary</noscript><p>Nine keys.</p>"
        ),
        "---",
        "missing",
    ),
    (
        "html readers' comments",
        STORY,
        _h('<p>Nine keys.</p><section id="comments"><p>By Tomás O\'Leary, Lantern Magazine</p></section>'),
        "---",
        "missing",
    ),
    (
        "html related",
        STORY,
        _h(
            '<p>Nine keys.</p><div class="related-posts"><a href="https://lantern.example/fiction/nine-keys">Tomás O\'Leary, Lantern Magazine</a></div>'
        ),
        "---",
        "missing",
    ),
    (
        "html json-ld only",
        STORY,
        _h(
            '<p>Nine keys.</p><script type="application/ld+json">{"@graph":[{"@type":"Article","author":[{"@type":"Person","name":"Tomás O\'Leary"}],"isBasedOn":{"@id":"https://lantern.example/fiction/nine-keys"}}]}</script>'
        ),
        "OST",
        "partial",
    ),
    (
        "html meta author only",
        STORY,
        _h('<meta name="author" content="Tomás O\'Leary"><p>Nine keys.</p>'),
        "O--",
        "partial",
    ),
    (
        "html machine says other",
        STORY,
        _h(
            '<meta name="author" content="Paul Hendry"><p>By Tomás O\'Leary, <a href="https://lantern.example/fiction/nine-keys">Lantern Magazine</a></p><p>Nine keys.</p>'
        ),
        "OST",
        "compliant",
    ),
    (
        "html href elsewhere",
        STORY,
        _h(
            '<p>Nine keys.</p><p>Tomás O\'Leary, Lantern Magazine, <a href="https://ads.example/go?x=1">https://lantern.example/fiction/nine-keys</a></p>'
        ),
        "OS-",
        "misleading",
    ),
    (
        "html base trick",
        STORY,
        _h(
            '<base href="https://lantern-mag.example.net/"><p>Tomás O\'Leary, Lantern Magazine, <a href="/fiction/nine-keys">https://lantern.example/fiction/nine-keys</a></p>'
        ),
        "OS-",
        "misleading",
    ),
    (
        "html redirect with the address in it",
        STORY,
        _h(
            '<p>Nine keys.</p><p>By Tomás O\'Leary, <a href="https://link.portal.example/?target=https%3A%2F%2Flantern.example%2Ffiction%2Fnine-keys">Lantern Magazine</a></p>'
        ),
        "OST",
        "compliant",
    ),
    (
        "html shortened display",
        STORY,
        _h(
            '<p>By Tomás O\'Leary, Lantern Magazine <a href="https://lantern.example/fiction/nine-keys">lantern.example/fiction/…</a></p><p>Nine keys.</p>'
        ),
        "OST",
        "compliant",
    ),
    (
        "html details",
        STORY,
        _h(
            '<p>Nine keys.</p><details><summary>Credits</summary><p>Tomás O\'Leary · <a href="https://lantern.example/fiction/nine-keys">Lantern Magazine</a></p></details>'
        ),
        "OST",
        "compliant",
    ),
    (
        "html caption licence link",
        PICTURE,
        _h(
            '<figure><img src="a.jpg"><figcaption>Photo: Sofie Lindqvist, <a href="https://openframe.example/img/40071">OpenFrame</a> (<a rel="license" href="https://creativecommons.org/licenses/by-sa/4.0/deed.en">licence</a>)</figcaption></figure>'
        ),
        "OST",
        "compliant",
    ),
    (
        "html zh",
        POEM,
        _h(
            '<div class="article-info"><span>作者:沈砚秋</span><span>来源:<a href="https://nanling.example.cn/read/Lamp7">南岭夜话</a></span></div><p>灯。</p>'
        ),
        "OST",
        "compliant",
    ),
    (
        "html zh related only",
        POEM,
        _h('<p>灯亮了。</p><ul class="recommend"><li>沈砚秋:渡口的第七盏灯</li></ul>'),
        "---",
        "missing",
    ),
    ("html zh byline of another", POEM, _h('<p class="author">钱一帆</p><p>灯亮了。</p>'), "---", "wrong_owner"),
    # other languages
    (
        "de full",
        GERMAN,
        _t(
            "Text: Jonas Weidner. Zuerst erschienen im Elbblatt, https://elbblatt.example/uhr\n\nDie Uhr im Keller schlug dreizehn.",
            lang="de",
        ),
        "OST",
        "compliant",
    ),
    (
        "de genitive",
        GERMAN,
        _t(
            "Jonas Weidners Erzählung aus dem Elbblatt (https://elbblatt.example/uhr)\n\nSie schlug dreizehn.",
            lang="de",
        ),
        "OST",
        "compliant",
    ),
    ("de other", GERMAN, _t("Von Katrin Holm\n\nSie schlug dreizehn.", lang="de"), "---", "wrong_owner"),
    (
        "de reading",
        GERMAN,
        _t("Am Freitag: Lesung mit Jonas Weidner.\nSie schlug dreizehn.", lang="de"),
        "---",
        "missing",
    ),
    (
        "fr full",
        FRENCH,
        _t(
            "Texte d'Élodie Marchand, paru dans La Revue du Port : https://revueduport.example/bac\n\nLe dernier bac part sans nous.",
            lang="fr",
        ),
        "OST",
        "compliant",
    ),
    (
        "fr plain letters",
        FRENCH,
        _t("Elodie Marchand — La Revue du Port — https://revueduport.example/bac\n\nIl part sans nous.", lang="fr"),
        "OST",
        "compliant",
    ),
    ("fr other", FRENCH, _t("Par Hugo Lambert\n\nIl part sans nous.", lang="fr"), "---", "wrong_owner"),
    ("fr unknown", FRENCH, _t("Auteur inconnu\n\nIl part sans nous.", lang="fr"), "---", "missing"),
    (
        "es full",
        SPANISH,
        _t(
            "Autora: Lucía Peñalver. Fuente: Cuadernos del Sur (https://cuadernosdelsur.example/faro)\n\nEl faro duerme.",
            lang="es",
        ),
        "OST",
        "compliant",
    ),
    ("es other", SPANISH, _t("Texto: Raúl Ibarra\n\nEl faro duerme.", lang="es"), "---", "wrong_owner"),
    ("es author only", SPANISH, _t("Escrito por Lucia Penalver\n\nEl faro duerme.", lang="es"), "O--", "partial"),
    (
        "ru genitive",
        RUSSIAN,
        _t(
            "Рассказ Веры Соколовой из «Приморского листка»: https://primlistok.example/mayak\n\nМаяк молчал.",
            lang="ru",
        ),
        "OST",
        "compliant",
    ),
    ("ru other", RUSSIAN, _t("Автор: Пётр Зимин\n\nМаяк молчал.", lang="ru"), "---", "wrong_owner"),
    ("ru net", RUSSIAN, _t("Нашла в сети, автор неизвестен\n\nМаяк молчал.", lang="ru"), "---", "missing"),
    (
        "ja full",
        JAPANESE,
        _t("文:佐伯美月 出典:海辺通信 https://umibe.example.jp/neko\n港の猫は帰らない。", lang="ja"),
        "OST",
        "compliant",
    ),
    (
        "ja particles",
        JAPANESE,
        _t("佐伯美月さんの文章です。海辺通信より転載。https://umibe.example.jp/neko\n港の猫は帰らない。", lang="ja"),
        "OST",
        "compliant",
    ),
    ("ja net", JAPANESE, _t("ネットで見つけた文章\n港の猫は帰らない。", lang="ja"), "---", "missing"),
    ("ja other", JAPANESE, _t("著者:高木陽\n港の猫は帰らない。", lang="ja"), "---", "wrong_owner"),
    (
        "ko full",
        KOREAN,
        _t("글: 한도윤 / 출처: 바람신문 https://baram.example.kr/drawer\n\n파도는 서랍을 열었다.", lang="ko"),
        "OST",
        "compliant",
    ),
    (
        "ko particle",
        KOREAN,
        _t(
            "한도윤의 글입니다. 바람신문(https://baram.example.kr/drawer)에서 옮겼습니다.\n\n파도는 서랍을 열었다.",
            lang="ko",
        ),
        "OST",
        "compliant",
    ),
    ("ko other", KOREAN, _t("글쓴이: 박서준\n\n파도는 서랍을 열었다.", lang="ko"), "---", "wrong_owner"),
    ("ko net", KOREAN, _t("출처: 인터넷\n\n파도는 서랍을 열었다.", lang="ko"), "---", "missing"),
    (
        "ar full",
        ARABIC,
        _t("بقلم ليلى حداد، مجلة المرفأ: https://marfa.example/keys\n\nالبحر لا يغلق أبوابه.", lang="ar"),
        "OST",
        "compliant",
    ),
    ("ar other", ARABIC, _t("بقلم: سامي نصار\n\nالبحر لا يغلق أبوابه.", lang="ar"), "---", "wrong_owner"),
    ("ar net", ARABIC, _t("منقول من الإنترنت\n\nالبحر لا يغلق أبوابه.", lang="ar"), "---", "missing"),
    (
        "pt full",
        PORTUGUESE,
        _t(
            "Texto de Beatriz Falcão, publicado no Caderno do Porto: https://cadernodoporto.example/cais\n\nO relógio parou.",
            lang="pt",
        ),
        "OST",
        "compliant",
    ),
    ("pt net", PORTUGUESE, _t("Fonte: internet\n\nO relógio parou.", lang="pt"), "---", "missing"),
    (
        "it full",
        ITALIAN,
        _t("Testo di Giulia Ferrante, da Il Molo (https://ilmolo.example/barca)\n\nLa barca affonda piano.", lang="it"),
        "OST",
        "compliant",
    ),
    ("it other", ITALIAN, _t("di Marco Bassi\n\nLa barca affonda piano.", lang="it"), "---", "wrong_owner"),
    # a second round
    (
        "zh 原文作者",
        POEM,
        _t(f"原文作者:沈砚秋;原文出处:南岭夜话;原文地址:https://nanling.example.cn/read/Lamp7\n{_LAMP}"),
        "OST",
        "compliant",
    ),
    (
        "zh 感谢",
        POEM,
        _t(f"{_LAMP}\n感谢沈砚秋老师授权,原文刊于“南岭夜话”:https://nanling.example.cn/read/Lamp7"),
        "OST",
        "compliant",
    ),
    (
        "zh prose credit",
        POEM,
        _t(f"今天分享一篇沈砚秋写的短文,最早发表在南岭夜话,链接 https://nanling.example.cn/read/Lamp7 。\n{_LAMP}"),
        "OST",
        "compliant",
    ),
    (
        "zh brackets",
        POEM,
        _t(f"【作者】沈砚秋【来源】南岭夜话【链接】https://nanling.example.cn/read/Lamp7\n{_LAMP}"),
        "OST",
        "compliant",
    ),
    (
        "zh emoji",
        POEM,
        _t(f"✍️ 沈砚秋\n📖 南岭夜话\n🔗 https://nanling.example.cn/read/Lamp7\n{_LAMP}"),
        "OST",
        "compliant",
    ),
    ("zh dash sig", POEM, _t(f"{_LAMP}\n—— 沈砚秋《渡口的第七盏灯》"), "O--", "partial"),
    (
        "zh 本文由",
        POEM,
        _t(
            f"本文由沈砚秋原创,首发于南岭夜话(https://nanling.example.cn/read/Lamp7),经授权转载。\n{_LAMP}",
            account="半山茶馆",
        ),
        "OST",
        "compliant",
    ),
    (
        "zh account shares",
        POEM,
        _t(
            f"半山茶馆 分享\n作者:沈砚秋 来源:南岭夜话 https://nanling.example.cn/read/Lamp7\n{_LAMP}",
            account="半山茶馆",
        ),
        "OST",
        "compliant",
    ),
    ("zh 值班编辑", POEM, _t(f"来源丨南岭夜话\n作者丨沈砚秋\n编辑丨小禾\n审核丨老周\n{_LAMP}"), "OS-", "partial"),
    ("zh 无来源 原作", POEM, _t(f"{_LAMP}\n原作者看到请联系我"), "---", "missing"),
    ("zh 网传", POEM, _t(f"网传佳作\n{_LAMP}"), "---", "missing"),
    ("zh 未署名", POEM, _t(f"{_LAMP}\n(未署名,欢迎提供线索)"), "---", "missing"),
    ("zh 广告", POEM, _t(f"沈砚秋同款钢笔,点击购买\n{_LAMP}"), "---", "missing"),
    (
        "zh 独家授权",
        NEWS,
        _t("澄江日报社独家授权本号发布,来源:澄江新闻网 https://cjnews.example/local/2024-05/18/bridge.html"),
        "OST",
        "compliant",
    ),
    ("zh 记者", NEWS, _t("来源:澄江新闻网\n记者:王晓\n古桥今晨合龙。"), "-S-", "partial"),
    ("zh 讯", NEWS, _t("澄江日报讯 古桥今晨合龙。"), "O--", "partial"),
    ("zh 据他台", NEWS, _t("据江州卫视报道,古桥今晨合龙。"), "---", "wrong_owner"),
    ("zh 综合", NEWS, _t("综合网络报道\n古桥今晨合龙。"), "---", "missing"),
    ("zh photo 供图", PHOTO, _t("供图:罗伯扬/高原图志"), "OS-", "partial"),
    ("zh photo 未找到", PHOTO, _t("图片来自网络,版权归原作者"), "---", "missing"),
    ("zh photo 视觉中国", PHOTO, _t("图片来源|视觉中国"), "---", "wrong_owner"),
    (
        "zh photo 文图",
        PHOTO,
        _t("文/柳青 图/罗伯扬 https://gaoyuan.example/photo/5521 CC BY-NC 4.0"),
        "OST",
        "compliant",
    ),
    ("zh photo 图文柳青", PHOTO, _t("图文:柳青"), "---", "wrong_owner"),
    ("zh photo own", PHOTO, _t("随手拍,雪山真美", account="山里人"), "---", "wrong_owner"),
    ("en photo by me", PICTURE, _t("Photo by me!", account="DailyPix"), "---", "wrong_owner"),
    ("en hashtag", PICTURE, _t("Rainy tram 🌧 #photography 📸 by @sofielq via OpenFrame"), "OS-", "partial"),
    (
        "en credit goes to",
        PICTURE,
        _t("All credit goes to Sofie Lindqvist: https://openframe.example/img/40071 (CC BY-SA 4.0)"),
        "OST",
        "compliant",
    ),
    ("en wrong family", PICTURE, _t("Photo by Sofie Lindqvist Berg, CC BY-SA 4.0"), "---", "wrong_owner"),
    (
        "en cc by claim",
        PICTURE,
        _t("Image: Sofie Lindqvist (OpenFrame), licensed under CC BY 2.0"),
        "OS-",
        "misleading",
    ),
    (
        "en stricter",
        PICTURE,
        _t("Sofie Lindqvist, https://openframe.example/img/40071, © all rights reserved"),
        "OST",
        "partial",
    ),
    (
        "en shared post",
        STORY,
        _t(
            f"Shared from Lantern Magazine.\nNine Keys by Tomas O'Leary\nhttps://lantern.example/fiction/nine-keys/\n\n{_KEYS}"
        ),
        "OST",
        "compliant",
    ),
    (
        "en amp",
        STORY,
        _t(f"Tomás O'Leary | Lantern Magazine | http://m.lantern.example/fiction/nine-keys?utm_campaign=a\n{_KEYS}"),
        "OST",
        "compliant",
    ),
    (
        "en love + credit",
        STORY,
        _t(
            f"I love this one! It's by Tomás O'Leary, from Lantern Magazine: https://lantern.example/fiction/nine-keys\n{_KEYS}"
        ),
        "OST",
        "compliant",
    ),
    ("en like tomas", STORY, _t(f"If you like Tomás O'Leary, you'll enjoy this:\n{_KEYS}"), "---", "missing"),
    (
        "en cyr",
        STORY,
        _t(f"Tomás O'Leary, Lantern Magazine, https://lаntern.example/fiction/nine-keys\n{_KEYS}"),
        "OS-",
        "misleading",
    ),
    (
        "en puny",
        STORY,
        _t(f"Tomás O'Leary, Lantern Magazine, https://xn--lntern-3of.example/fiction/nine-keys\n{_KEYS}"),
        "OS-",
        "misleading",
    ),
    ("en byline of account", STORY, _t(f"By StoryNest Team\n{_KEYS}", account="StoryNest"), "---", "wrong_owner"),
    (
        "en exclusive",
        STORY,
        _t(f"A StoryNest exclusive. Written by Tomás O'Leary.\n{_KEYS}", account="StoryNest"),
        "O--",
        "misleading",
    ),
    (
        "en copyright owner",
        STORY,
        _t(f"© Tomás O'Leary. First published in Lantern Magazine, https://lantern.example/fiction/nine-keys\n{_KEYS}"),
        "OST",
        "compliant",
    ),
    ("en copyright other", STORY, _t(f"Nine Keys\n{_KEYS}\n© 2023 Paul Hendry"), "---", "wrong_owner"),
    (
        "en trans",
        STORY,
        _t(
            f"Translated by Anna Ruiz from “Nine Keys” by Tomás O'Leary (Lantern Magazine, https://lantern.example/fiction/nine-keys)\n{_KEYS}",
            use="adapted",
        ),
        "OST",
        "compliant",
    ),
    (
        "en qrcode",
        STORY,
        _t(f"Tomás O'Leary / Lantern Magazine / scan the QR code for the original\n{_KEYS}"),
        "OS-",
        "partial",
    ),
    (
        "en issue page",
        STORY,
        _t(f"Tomás O'Leary, “Nine Keys”, Lantern Magazine, issue 14, p. 22\n{_KEYS}"),
        "OST",
        "compliant",
    ),
    ("en various", STORY, _t(f"Source: various\n{_KEYS}"), "---", "missing"),
    ("en via friend", STORY, _t(f"via a friend\n{_KEYS}"), "---", "missing"),
    (
        "html sidebar byline",
        STORY,
        _h('<p>Nine keys.</p><aside class="author-box">By Tomás O\'Leary</aside>'),
        "---",
        "missing",
    ),
    (
        "html fig",
        PICTURE,
        _h(
            '<article><p class="byline">By Paul Hendry</p><p>A rainy day in the city, and everything shines.</p><figure><img src=a><figcaption>Sofie Lindqvist / <a href="https://openframe.example/img/40071">OpenFrame</a> / <a href="https://creativecommons.org/licenses/by-sa/4.0/">CC BY-SA 4.0</a></figcaption></figure></article>'
        ),
        "OST",
        "compliant",
    ),
    (
        "html fig bare",
        PICTURE,
        _h(
            '<article><p class="byline">By Paul Hendry</p><p>A rainy day in the city, and everything shines in the lights of the trams that pass, one after the other, until late.</p><figure><img src=a></figure></article>'
        ),
        "---",
        "missing",
    ),
    ("html opacity", STORY, _h('<p>Nine keys.</p><p style="opacity:0">By Tomás O\'Leary</p>'), "---", "missing"),
    ("html scale", STORY, _h('<p>Nine keys.</p><p style="transform:scale(0)">By Tomás O\'Leary</p>'), "---", "missing"),
    ("html hidden attr", STORY, _h("<p>Nine keys.</p><p hidden>By Tomás O'Leary</p>"), "---", "missing"),
    (
        "html meta wrong, nothing seen",
        STORY,
        _h('<meta name="author" content="Paul Hendry"><p>Nine keys.</p>'),
        "---",
        "missing",
    ),
    (
        "de foto",
        Work(
            title="Nebel",
            owner="Ina Vogt",
            source_name="Bildhafen",
            source_urls=("https://bildhafen.example/4",),
            licence="CC-BY-4.0",
            kind="image",
        ),
        _t("Foto: Ina Vogt, Bildhafen (https://bildhafen.example/4), CC BY 4.0", lang="de"),
        "OST",
        "compliant",
    ),
    (
        "de bildquelle",
        Work(
            title="Nebel",
            owner="Ina Vogt",
            source_name="Bildhafen",
            source_urls=("https://bildhafen.example/4",),
            licence="CC-BY-4.0",
            kind="image",
        ),
        _t("Bildquelle: Pixelwerk", lang="de"),
        "---",
        "wrong_owner",
    ),
    (
        "de namensnennung",
        Work(
            title="Nebel",
            owner="Ina Vogt",
            source_name="Bildhafen",
            source_urls=("https://bildhafen.example/4",),
            licence="CC-BY-SA-4.0",
            kind="image",
        ),
        _t(
            "Foto: Ina Vogt / Bildhafen, https://bildhafen.example/4, Creative Commons Namensnennung – Weitergabe unter gleichen Bedingungen 4.0",
            lang="de",
        ),
        "OST",
        "compliant",
    ),
    (
        "pl",
        Work(
            title="Zegar",
            owner="Anna Kowalska",
            source_name="Nadrzecze",
            source_urls=("https://nadrzecze.example/z",),
            licence="reprint-with-credit",
        ),
        _t("Opowiadanie Anny Kowalskiej z „Nadrzecza”: https://nadrzecze.example/z\n\nZegar stoi.", lang="pl"),
        "OST",
        "compliant",
    ),
    (
        "tr",
        Work(
            title="Saat",
            owner="Ayşe Yılmaz",
            source_name="Kıyı Dergisi",
            source_urls=("https://kiyi.example/s",),
            licence="reprint-with-credit",
        ),
        _t("Ayşe Yılmaz'ın yazısı, Kıyı Dergisi, https://kiyi.example/s\n\nSaat durdu.", lang="tr"),
        "OST",
        "compliant",
    ),
    (
        "vi",
        Work(
            title="Bến",
            owner="Nguyễn Thu Hà",
            source_name="Tạp chí Bến Sông",
            source_urls=("https://bensong.example/b",),
            licence="reprint-with-credit",
        ),
        _t("Tác giả: Nguyễn Thu Hà. Nguồn: Tạp chí Bến Sông (https://bensong.example/b)\n\nBến vắng.", lang="vi"),
        "OST",
        "compliant",
    ),
    (
        "id",
        Work(
            title="Dermaga",
            owner="Sari Wulandari",
            source_name="Majalah Pesisir",
            source_urls=("https://pesisir.example/d",),
            licence="reprint-with-credit",
        ),
        _t("Karya Sari Wulandari, dimuat di Majalah Pesisir: https://pesisir.example/d\n\nDermaga sepi.", lang="id"),
        "OST",
        "compliant",
    ),
    (
        "nl",
        Work(
            title="De klok",
            owner="Joost Bakker",
            source_name="Kustblad",
            source_urls=("https://kustblad.example/k",),
            licence="reprint-with-credit",
        ),
        _t(
            "Door Joost Bakker, eerder verschenen in Kustblad (https://kustblad.example/k)\n\nDe klok staat stil.",
            lang="nl",
        ),
        "OST",
        "compliant",
    ),
    (
        "uk",
        Work(
            title="Ключі",
            owner="Олена Бондар",
            source_name="Прибережжя",
            source_urls=("https://pryberezhzhia.example/k",),
            licence="reprint-with-credit",
        ),
        _t("Оповідання Олени Бондар із «Прибережжя»: https://pryberezhzhia.example/k\n\nКлючі.", lang="uk"),
        "OST",
        "compliant",
    ),
    (
        "sv unknown lang",
        Work(
            title="Klockan",
            owner="Karin Ek",
            source_name="Kusttidningen",
            source_urls=("https://kust.example/k",),
            licence="reprint-with-credit",
        ),
        _t("Text: Karin Ek, ur Kusttidningen, https://kust.example/k\n\nKlockan står.", lang="sv"),
        "OST",
        "compliant",
    ),
    (
        "th unknown lang",
        Work(
            title="นาฬิกา",
            owner="สมชาย ใจดี",
            source_name="วารสารริมน้ำ",
            source_urls=("https://rimnam.example/n",),
            licence="reprint-with-credit",
        ),
        _t("โดย สมชาย ใจดี วารสารริมน้ำ https://rimnam.example/n\n\nนาฬิกา", lang="th"),
        "OST",
        "compliant",
    ),
    (
        "hi",
        Work(
            title="घड़ी",
            owner="मीरा शर्मा",
            source_name="तट पत्रिका",
            source_urls=("https://tat.example/g",),
            licence="reprint-with-credit",
        ),
        _t("लेखक: मीरा शर्मा, स्रोत: तट पत्रिका https://tat.example/g\n\nघड़ी रुकी।", lang="hi"),
        "OST",
        "compliant",
    ),
]
