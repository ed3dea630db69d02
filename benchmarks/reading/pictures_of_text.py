"""Text in pictures: articles found, others accused, credits read by their size, and what looking costs.

    python benchmarks/reading/pictures_of_text.py [--articles 40] [--photographs 40]

Articles are made of words by chance, in Chinese (simplified and traditional letters), English and Japanese, and set in
the fonts that are installed here (Noto Sans and Serif CJK, DejaVu, Liberation): as a screenshot, dark, as a long strip,
photographed at a slant with noise, and as JPEG of quality 30. As many others of the same words are registered nowhere.
Costs are CPU seconds of one process: of a picture of text beside the engine alone on the same pixels, of photographs
beside their examination without reading.
"""

from __future__ import annotations

import argparse
import io
import random
import time
from collections.abc import Callable
from dataclasses import replace

import cv2
import noto_cjk_sans_otc
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.common.engine import Engine
from fingerprints import text
from fingerprints.image.examples import photograph
from fingerprints.model import Examination, Limits
from fingerprints.reading import engine
from fingerprints.registry import examine
from fingerprints.source import Source

WORDS = {
    "zh-Hans": """
        渔民 港口 春天 灯塔 学校 孩子 船 风暴 修补 渔网 老人 记得 村子 海边 城里 桐油 父亲 风向 浪声 红色 帆
        每天 晚上 亮起来 没有人 看守 说 的 在 和 了 把 从 到 一个 许多 终于 已经 还是 我们 他们 这里 那里 市场
        面包 图书馆 火车 山谷 雨季 果园 邻居 账本 钟表
    """.split(),  # noqa: SIM905  lists of fifty strings are harder to read
    "zh-Hant": """
        漁民 港口 春天 燈塔 學校 孩子 船 風暴 修補 漁網 老人 記得 村子 海邊 城裡 桐油 父親 風向 浪聲 紅色 帆
        每天 晚上 亮起來 沒有人 看守 說 的 在 和 了 把 從 到 一個 許多 終於 已經 還是 我們 他們 這裡 那裡 市場
        麵包 圖書館 火車 山谷 雨季 果園 鄰居 帳本 鐘錶
    """.split(),  # noqa: SIM905  lists of fifty strings are harder to read
    "en": """
        fisherman harbour spring lighthouse school children boat storm mended net elder remembers village shore
        city father wind wave red sail every evening lit nobody keeper said the in and took from to one many
        finally already still we they here there market bread library train valley rain orchard neighbour ledger
        clock
    """.split(),  # noqa: SIM905  lists of fifty strings are harder to read
    "ja": """
        漁師 港 春 灯台 学校 子ども 船 嵐 直した 網 老人 覚えている 村 海辺 町 父 風向き 波の音 赤い 帆 毎日 夜
        ともる 誰も 見張り と言った は が を に で から まで ひとつ たくさん ようやく もう まだ わたしたち 彼ら
        ここ そこ 市場 パン 図書館 汽車 谷 雨 果樹園 隣人
    """.split(),  # noqa: SIM905  lists of fifty strings are harder to read
}
NOTO, SHARE = noto_cjk_sans_otc.FONT_PATH, "/usr/share/fonts"
_LATIN = (
    "dejavu/DejaVuSans",
    "dejavu/DejaVuSerif",
    "liberation/LiberationSans-Regular",
    "liberation/LiberationSerif-Regular",
)
FACES = {
    "han": [
        (NOTO, 2),
        (f"{SHARE}/opentype/noto/NotoSerifCJK-Regular.ttc", 2),
        (f"{SHARE}/opentype/noto/NotoSansCJK-Bold.ttc", 2),
    ],
    "latin": [(f"{SHARE}/truetype/{name}.ttf", 0) for name in _LATIN],
}
NOTHING = Limits()
ALL = Limits(read_pictures="all", cpu_seconds=60, wall_seconds=600)


def article(language: str, seed: int) -> str:
    rng, joint = random.Random(f"{language}{seed}"), " " if language == "en" else ""
    ends = ". " if joint else "。"
    sentences = [joint.join(rng.choices(WORDS[language], k=rng.randint(6, 12))) for _ in range(14)]
    return ends.join(sentences) + ends.strip()


def wrapped(said: str, face: ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines, line = [], ""
    for piece in said.split(" ") if " " in said else said:
        joined = f"{line} {piece}".strip() if " " in said else line + piece
        if line and face.getlength(joined) > width:
            lines.append(line)
            joined = piece
        line = joined
    return [*lines, line]


def screenshot(said: str, rng: random.Random, *, dark: bool = False, width: int = 750) -> Image.Image:
    """A page of a phone with a bar at its top, in one of the fonts."""
    path, number = rng.choice(FACES["latin" if said.isascii() else "han"])
    size = rng.choice((24, 28, 32))
    face = ImageFont.truetype(str(path), size, index=number)
    lines = wrapped(said, face, width - 80)
    ink, ground = ((225, 225, 225), (20, 20, 24)) if dark else ((25, 25, 25), (255, 255, 255))
    page = Image.new("RGB", (width, 200 + int(1.6 * size) * len(lines)), ground)
    draw = ImageDraw.Draw(page)
    draw.text((30, 14), "9:41", font=ImageFont.truetype(str(NOTO), 22), fill=ink)
    for n, line in enumerate(lines):
        draw.text((40, 100 + n * int(1.6 * size)), line, font=face, fill=ink)
    return page


def strip(said: str, rng: random.Random) -> Image.Image:
    return screenshot(said * 3, rng)


def photographed(said: str, rng: random.Random) -> Image.Image:
    """The page at a slant, with noise and shade."""
    page = np.asarray(screenshot(said, rng))
    height, width = page.shape[:2]
    corners = np.array(((0, 0), (width, 0), (width, height), (0, height)), dtype=np.float32)
    moved = corners + np.array([[rng.uniform(-0.04, 0.04) * width for _ in "xy"] for _ in corners], dtype=np.float32)
    seen = cv2.warpPerspective(
        page, cv2.getPerspectiveTransform(corners, moved), (width, height), borderValue=(90, 80, 70)
    )
    shade = np.linspace(0.75, 1.0, width)[None, :, None]
    noise = np.random.default_rng(rng.randrange(1 << 30)).normal(0, 6, seen.shape)
    return Image.fromarray(np.clip(seen * shade + noise, 0, 255).astype(np.uint8))


KINDS: dict[str, Callable[[str, random.Random], Image.Image]] = {
    "screenshot": screenshot,
    "dark": lambda said, rng: screenshot(said, rng, dark=True),
    "strip": strip,
    "photographed": photographed,
}


def encoded(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


def measured(data: bytes, limits: Limits) -> tuple[Examination, float]:
    start = time.process_time()
    return examine(Source.blob(data), limits, thorough=True), time.process_time() - start


def articles(count: int, limits: Limits) -> None:
    """Found and accused, by the kind of picture; and the cost beside the engine alone."""
    engines = Engine(text.fingerprint, lambda data: measured(data, limits)[0].fingerprint.also[-1])
    languages = list(WORDS)
    engines.register((n + 1, article(languages[n % 4], n).encode()) for n in range(count))
    spent = alone = 0.0
    for kind, draw in KINDS.items():
        found = accused = 0
        for n in range(2 * count):
            rng = random.Random(f"{kind}{n}")
            data = encoded(draw(article(languages[n % 4], n), rng), 30 if n % 3 == 0 else 75)
            examined, seconds = measured(data, limits)
            works: set[int] = set()
            if examined.fingerprint.also:
                engines.of_upload = lambda _, read=examined.fingerprint.also[-1]: read
                works = {work for work, _ in engines.query(data)}
            found += n + 1 in works
            accused += bool(works - {n + 1})
            if kind == "screenshot":
                spent += seconds
                alone += of_engine(data)
        print(f"{kind:14} found {found}/{count}, accused {accused}/{2 * count}", flush=True)
    print(f"screenshots: {spent:.1f} s of CPU, the engine alone {alone:.1f} s, ratio {spent / alone:.2f}", flush=True)


def of_engine(data: bytes) -> float:
    with Image.open(io.BytesIO(data)) as opened:
        pixels = np.ascontiguousarray(np.asarray(opened.convert("RGB"))[:, :, ::-1])
    start = time.process_time()
    engine.lines(pixels, lambda: False)
    return time.process_time() - start


def credits(count: int) -> None:
    """Marks in the corner of a photograph, on it and on a bar, light grey on the picture's own ground."""
    limits = replace(ALL, read_pictures="credits")
    for size in (14, 24):
        for bar in (True, False):
            read = 0
            for n in range(count):
                picture = photograph(n, (960, 720))
                draw, mark = ImageDraw.Draw(picture), f"@North Bank {n}" if n % 2 else f"摄影：北岸杂志{n}"
                if bar:
                    draw.rectangle((0, 680, 960, 720), fill=(20, 20, 20))
                draw.text((700, 688), mark, font=ImageFont.truetype(str(NOTO), size, index=2), fill=(235, 235, 235))
                lines = measured(encoded(picture, 80), limits)[0].lines
                read += any(line.text.replace(" ", "") == mark.replace(" ", "") and line.visible for line in lines)
            print(f"credits of {size} px {'on a bar' if bar else 'on the photograph'}: read {read}/{count}", flush=True)


def photographs(count: int, limits: Limits) -> None:
    """What looking for letters costs where there are none."""
    without = with_reading = 0.0
    asked = 0
    for n in range(count):
        data = encoded(photograph(n, (1600, 1200)), 85)
        without += measured(data, NOTHING)[1]
        examined, seconds = measured(data, limits)
        with_reading += seconds
        asked += "read_lines" in examined.fingerprint.facts
    print(f"photographs: {without / count:.3f} s without, {with_reading / count:.3f} s with reading "
          f"({with_reading / without - 1:+.1%}), the engine asked for {asked}/{count}", flush=True)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=40)
    parser.add_argument("--photographs", type=int, default=40)
    options = parser.parse_args()
    engine.load()
    photographs(options.photographs, ALL)
    credits(options.photographs)
    articles(options.articles, ALL)


if __name__ == "__main__":
    main()
