"""Filled forms as pictures: receipts, certificates, invoices, tables, tickets, seat maps, statements, results, passes.

A family is one kind of form in one language and style. What all its fillings have in common (labels, rules, colours,
type sizes) is drawn by random numbers of the family's; the facts in the slots by numbers of the filling's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import fontpkg_noto_sans
import noto_cjk_sans_otc
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.image.drawn import Rng
from benchmarks.text.forms_facts import PLAIN, fact, written

Colour = tuple[int, int, int]
_LATIN = str(next((fontpkg_noto_sans.ROOT / "files").glob("NotoSans?wdth,wght?.ttf")))
_HAN = str(noto_cjk_sans_otc.FONT_PATH)
_SIMPLIFIED = 2  # number of the face in the collection

# What is printed on every filling: English, Chinese.
_LABELS = {
    "shop": ("HARBOUR BAKERY, 12 Bridge Street", "滨江面包房 桥街十二号店"),
    "thanks": ("Thank you, please come again", "谢谢惠顾 欢迎再次光临"),
    "receipt": ("RECEIPT  Goods once sold are not returnable", "收银小票 商品售出概不退换"),
    "certificate": ("CERTIFICATE", "荣誉证书"),
    "certifies": ("This is to certify that", "兹证明"),
    "completed": ("has completed with distinction the course", "以优异成绩完成下列课程学习"),
    "issued": ("issued by the board of examiners on", "考试委员会签发日期"),
    "invoice": ("ELECTRONIC INVOICE", "电子普通发票"),
    "ticket": ("BOARDING TICKET", "乘车凭证"),
    "seats": ("Seats of this performance: dark seats are taken", "本场座位图 深色为已售座位"),
    "payment": ("Payment successful", "支付成功"),
    "results": ("RESULTS OF THE EXAMINATION", "考试成绩通知单"),
    "pass": ("VISITOR PASS  wear it visibly", "访客证 请佩戴于胸前"),
    "table": ("Name|Date|Amount|City|Code", "姓名|日期|金额|城市|编号"),
    "fields": (
        "Buyer|Seller|Address|Item|Quantity|Price|Amount|Tax|Total|Due date|Reference|Clerk",
        "购买方|销售方|地址|货物名称|数量|单价|金额|税额|价税合计|付款期限|发票号码|开票人",
    ),
    "statement": (
        "Payee|Time|Method|Order number|Account|Amount due|Reference",
        "收款方|支付时间|支付方式|订单编号|付款账户|应付金额|交易单号",
    ),
    "subjects": (
        "Mathematics|Physics|Chemistry|Biology|History|Geography|Music|Drawing|Total|Rank",
        "数学|物理|化学|生物|历史|地理|音乐|美术|总分|名次",
    ),
    "journey": ("From|To|Date|Departure|Carriage|Seat|Name|Number", "出发站|到达站|日期|开车时间|车厢|座位|姓名|票号"),
    "visitor": ("Name|Company|Host|Valid on|Floor|Number", "姓名|单位|接待人|有效日期|楼层|编号"),
}
_GOODS = (
    "Rye bread|Butter roll|Apple cake|Coffee|Green tea|Milk|Plum jam|Cheese|Eggs|Honey|Walnuts|Soup|Salad|Water",
    "黑麦面包|黄油卷|苹果蛋糕|咖啡|绿茶|鲜牛奶|李子酱|奶酪|鸡蛋|蜂蜜|核桃仁|热汤|沙拉|矿泉水",
)
_KINDS_OF_FACT = ("person", "date", "amount", "place", "code", "street", "phone", "time", "num")


@lru_cache(64)
def _font(han: bool, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_HAN if han else _LATIN, size, index=_SIMPLIFIED if han else 0)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page being filled.

    Attributes:
        style: random numbers of the family's.
        r: random numbers of the filling's.
        language: ``en`` or ``zh``.
    """

    page: Image.Image
    style: Rng
    r: Rng
    language: str
    ink: Colour

    @property
    def draw(self) -> ImageDraw.ImageDraw:
        return ImageDraw.Draw(self.page)

    def label(self, name: str) -> str:
        return _LABELS[name][self.language == "zh"]

    def labels(self, name: str) -> list[str]:
        return self.label(name).split("|")

    def fact(self, kind: str) -> str:
        return written(kind, fact(kind, self.language, self.r), self.language, PLAIN)

    def write(self, at: tuple[float, float], text: str, size: int, fill: Colour | str = "black") -> None:
        self.draw.text(at, text, fill=fill, font=_font(self.language == "zh", size))

    def rows(self, names: list[str], at: tuple[int, int], step: int, size: int, beside: int, line: bool) -> None:
        """Labels one under another, a fact beside each."""
        x, y = at
        kinds = self.style.choice(_KINDS_OF_FACT, len(names)).tolist()
        for name, kind in zip(names, kinds, strict=True):
            self.write((x, y), name, size, self.ink)
            self.write((x + beside, y), self.fact(kind), size)
            if line:
                self.draw.line((x - 8, y + step - 6, self.page.width - x, y + step - 6), fill=self.ink)
            y += step


def _new(size: tuple[int, int], style: Rng, r: Rng, language: str) -> Sheet:
    paper = (255, 255, 255) if style.random() < 0.5 else (250, 246, 235)
    red, green, blue = (int(c) for c in style.integers(10, 150, 3))
    return Sheet(Image.new("RGB", size, paper), style, r, language, (red, green, blue))


def receipt(style: Rng, r: Rng, language: str) -> Image.Image:
    goods = int(style.integers(6, 10))
    sheet = _new((480, 430 + 30 * goods), style, r, language)
    sheet.write((30, 20), sheet.label("shop"), 22)
    sheet.write((30, 52), sheet.label("receipt"), 18)
    sheet.write((30, 84), sheet.fact("code") + "   " + sheet.fact("date"), 18)
    y, names = 126, _GOODS[language == "zh"].split("|")
    for n in r.choice(len(names), goods, replace=False).tolist():
        sheet.write((30, y), names[n], 19)
        sheet.write((250, y), str(int(r.integers(1, 9))), 19)
        sheet.write((330, y), f"{float(r.uniform(1, 90)):.2f}", 19)
        y += 30
    sheet.draw.line((30, y + 6, 450, y + 6), fill="black", width=2)
    for name in sheet.labels("fields")[6:9]:
        sheet.write((30, y + 16), name, 20)
        sheet.write((330, y + 16), f"{float(r.uniform(5, 400)):.2f}", 20)
        y += 32
    sheet.write((30, y + 40), sheet.label("thanks"), 20)
    sheet.write((30, y + 76), sheet.fact("time") + "  " + sheet.fact("phone"), 18)
    return sheet.page


def certificate(style: Rng, r: Rng, language: str) -> Image.Image:
    sheet = _new((900, 640), style, r, language)
    for n in range(int(style.integers(2, 7))):
        sheet.draw.rectangle((12 + 6 * n, 12 + 6 * n, 887 - 6 * n, 627 - 6 * n), outline=sheet.ink, width=2)
    sheet.write((250, 70), sheet.label("certificate"), 60, sheet.ink)
    sheet.write((300, 165), sheet.label("certifies"), 26, sheet.ink)
    sheet.write((250, 230), sheet.fact("person"), 46)
    sheet.write((160, 320), sheet.label("completed"), 26, sheet.ink)
    sheet.write((160, 375), sheet.fact("street") + ", " + sheet.fact("org"), 28)
    sheet.write((110, 480), sheet.label("issued"), 24, sheet.ink)
    sheet.write((110, 525), sheet.fact("date") + "   " + sheet.fact("code"), 26)
    x, y = int(style.integers(640, 720)), int(style.integers(430, 480))
    sheet.draw.ellipse((x, y, x + 120, y + 120), fill=(190, 40, 40), outline=sheet.ink, width=6)
    return sheet.page


def invoice(style: Rng, r: Rng, language: str) -> Image.Image:
    names = _LABELS["fields"][language == "zh"].split("|")[: int(style.integers(9, 13))]
    sheet = _new((700, 190 + 56 * len(names)), style, r, language)
    sheet.write((200, 24), sheet.label("invoice"), 32, sheet.ink)
    sheet.draw.ellipse((290, 74, 430, 134), outline="red", width=3)
    sheet.rows(names, (34, 160), 56, 22, 190, True)
    return sheet.page


def table(style: Rng, r: Rng, language: str) -> Image.Image:
    sheet = _new((840, 620), style, r, language)
    step = int(style.integers(32, 42))
    for n, name in enumerate(sheet.labels("table")):
        sheet.draw.rectangle((168 * n, 0, 168 * n + 166, step - 2), fill=sheet.ink)
        sheet.write((168 * n + 8, 5), name, 20, "white")
    for row in range(1, 620 // step):
        if row % 2:
            sheet.draw.rectangle((0, row * step, 839, row * step + step - 2), fill=(221, 235, 247))
        for n, kind in enumerate(("person", "date", "amount", "place", "code")):
            sheet.write((168 * n + 8, row * step + 5), sheet.fact(kind)[:13], 18)
    return sheet.page


def ticket(style: Rng, r: Rng, language: str) -> Image.Image:
    sheet = _new((820, 400), style, r, language)
    sheet.draw.rectangle((0, 0, 820, 64), fill=sheet.ink)
    sheet.write((24, 12), sheet.label("ticket"), 32, "white")
    names = sheet.labels("journey")
    kinds = ("place", "place", "date", "time", "smallint", "code", "person", "code")
    for n, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        x, y = 24 + 200 * (n % 4), 90 + 110 * (n // 4)
        sheet.write((x, y), name, 20, (110, 110, 110))
        sheet.write((x, y + 30), sheet.fact(kind)[:14], 24)
    for x in range(30, 790, 4):
        if r.random() < 0.5:
            sheet.draw.rectangle((x, 320, x + 3, 380), fill="black")
    return sheet.page


def seats(style: Rng, r: Rng, language: str) -> Image.Image:
    sheet = _new((760, 560), style, r, language)
    sheet.write((40, 16), sheet.label("seats"), 22, sheet.ink)
    sheet.write((40, 50), sheet.fact("org") + "  " + sheet.fact("date"), 20)
    sheet.draw.rounded_rectangle((200, 84, 560, 108), 10, fill=sheet.ink)
    columns, free = int(style.integers(14, 20)), (205, 225, 205)
    side = 660 // columns
    for row in range(380 // side):
        sheet.write((14, 130 + row * side), chr(65 + row), 18, sheet.ink)
        for column in range(columns):
            x, y = 50 + column * side, 130 + row * side
            taken = r.random() < 0.45
            sheet.draw.rounded_rectangle((x, y, x + side - 7, y + side - 7), 5, fill=sheet.ink if taken else free)
    return sheet.page


def payment(style: Rng, r: Rng, language: str) -> Image.Image:
    sheet = _new((540, 900), style, r, language)
    sheet.draw.ellipse((230, 70, 310, 150), fill=sheet.ink)
    sheet.draw.line([(250, 110), (266, 128), (294, 92)], fill="white", width=7)
    sheet.write((170, 170), sheet.label("payment"), 28, sheet.ink)
    sheet.write((150, 225), f"{float(r.uniform(1, 9000)):.2f}", 56)
    sheet.rows(sheet.labels("statement"), (36, 350), 62, 21, 190, bool(style.random() < 0.5))
    sheet.draw.rounded_rectangle((120, 810, 420, 866), 26, outline=sheet.ink, width=3)
    return sheet.page


def results(style: Rng, r: Rng, language: str) -> Image.Image:
    sheet = _new((640, 760), style, r, language)
    sheet.write((110, 24), sheet.label("results"), 30, sheet.ink)
    sheet.write((60, 84), sheet.fact("person") + "   " + sheet.fact("code"), 24)
    for n, name in enumerate(sheet.labels("subjects")):
        y = 140 + 56 * n
        sheet.draw.rectangle((50, y, 590, y + 56), outline=sheet.ink, width=2)
        sheet.draw.line((330, y, 330, y + 56), fill=sheet.ink, width=2)
        sheet.write((66, y + 12), name, 22, sheet.ink)
        sheet.write((360, y + 12), f"{int(r.integers(31, 100))} / {sheet.fact('num')}", 22)
    return sheet.page


def badge(style: Rng, r: Rng, language: str) -> Image.Image:
    sheet = _new((640, 420), style, r, language)
    sheet.draw.rectangle((0, 0, 640, 60), fill=sheet.ink)
    sheet.write((24, 12), sheet.label("pass"), 28, "white")
    sheet.draw.rectangle((30, 96, 190, 300), fill=(205, 210, 215))
    skin = tuple(int(c) for c in r.integers(120, 230, 3))
    sheet.draw.ellipse((62, 120, 158, 230), fill=skin)
    sheet.draw.rectangle(
        (62, 112, 158, 112 + int(r.integers(14, 50))), fill=tuple(int(c) for c in r.integers(0, 120, 3))
    )
    sheet.draw.ellipse((44, 226, 176, 360), fill=tuple(int(c) for c in r.integers(0, 255, 3)))
    sheet.draw.rectangle((30, 300, 190, 362), fill=sheet.ink)
    sheet.rows(sheet.labels("visitor"), (220, 92), 50, 22, 140, False)
    return sheet.page


KINDS: dict[str, Callable[[Rng, Rng, str], Image.Image]] = {
    each.__name__: each for each in (receipt, certificate, invoice, table, ticket, seats, payment, results, badge)
}


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of form in one language and style; those of odd styles are held out."""

    kind: str
    language: str
    style: int

    @property
    def held_out(self) -> bool:
        return self.style % 2 == 1

    def filled(self, number: int, seed: int) -> Image.Image:
        """The filling of this number."""
        mine = [seed, list(KINDS).index(self.kind), self.language == "zh", self.style]
        return KINDS[self.kind](
            np.random.default_rng([1, *mine]), np.random.default_rng([2, number, *mine]), self.language
        )


def families(styles: int) -> list[Family]:
    return [Family(kind, language, style) for kind in KINDS for language in ("en", "zh") for style in range(styles)]
