"""Licences: their names in running text, what they allow, and the duties of somebody who reuses a work under one.

Creative Commons names and abbreviations: https://creativecommons.org/share-your-work/cclicenses/ and the official
translations of its deeds; SPDX identifiers for the registered form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from .normalization import fold

# What a licence withholds from everybody. The fewer, the looser. "free" stands for nothing withheld at all.
_RESERVED = frozenset({"by", "nc", "nd", "sa", "permission"})


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence by its conditions.

    Attributes:
        family: cc, free (CC0, public domain, phrases), reprint (reuse with credit) or reserved.
        conditions: of ``by``, ``nc``, ``nd``, ``sa``, ``permission``; none of them is the public domain.
        version: as in ``4.0``; None where none is named.
        name: as it was found.
    """

    family: str
    conditions: frozenset[str]
    version: str | None = None
    name: str = ""

    def looser_than(self, other: Licence) -> bool:
        """Whether this allows something that the other does not."""
        mine, theirs = set(self.conditions), set(other.conditions)
        if "nd" in mine:
            mine.add("sa")
        return bool(theirs - mine)

    def same_as(self, other: Licence) -> bool:
        """The same licence, a missing version number being no other version."""
        return (
            self.family == other.family
            and self.conditions == other.conditions
            and (self.version is None or other.version is None or self.version == other.version)
        )


@lru_cache(maxsize=1024)
def parse(identifier: str | None) -> Licence:
    """The registered licence from its identifier. Nothing, and anything unknown that asks for permission, is reserved.

    An unknown identifier is taken as reuse with credit: no duty is invented that the owner did not name.
    """
    text = re.sub(r"-(?=\d)", " ", fold(identifier or "").strip())
    if not text or re.search(
        r"all.?rights.?reserved|proprietary|permission|reserved|保留|版权所有|禁止转载|no.?reuse", text
    ):
        return Licence("reserved", _RESERVED, None, identifier or "all rights reserved")
    found = [] if text.startswith("other:") else find(text)  # the owner's own words are no Creative Commons licence
    if found:
        return Licence(found[0][1].family, found[0][1].conditions, found[0][1].version, (identifier or "").strip())
    if text in ("pd", "cc-pd", "pdm", "publicdomain", "public-domain", "no-copyright", "cc-pdm 1.0", "cc-pddc"):
        return Licence("free", frozenset(), None, identifier or "")
    return Licence("reprint", frozenset({"by", "nd", "nc"}), None, (identifier or "").strip())


def _any(*patterns: str) -> str:
    return f"(?:{'|'.join(patterns)})"


def _head(pattern: str) -> str:
    """The letters that a pattern of `_any` begins with."""
    found = re.match(r"(?:\\[^\w]|[^\\\[(.?*+{|])+", pattern)
    assert found, f"{pattern!r} begins with no letter"
    head = found[0][:-1] if pattern[found.end() : found.end() + 1] in ("?", "*") else found[0]
    return re.sub(r"\\(.)", r"\1", head)


def _folded(*words: str) -> list[str]:
    """Literal words as patterns for folded text."""
    return [re.escape(fold(word)) for word in words]


# The elements by their letters and by the names of the deeds in the languages of the lexicon.
_NC = _any(
    "nc", r"non-?\s?commercial", "非商业性?(?:使用)?", "非商用", "非营利", "非盈利", r"nicht[\s-]?kommerziell",
    "비영리",
    "pas d'utilisation commerciale", "no ?comercial", "nao ?comercial", "non commerciale", "非営利",
    "niet-?commercieel", "uzycie niekomercyjne",
    *_folded(
        "некоммерческое использование", "некоммерческая", "некомерційна", "некомерційне використання",
        "phi thương mại", "nonkomersial", "gayriticari", "gayri ticari", "غير تجاري", "icke kommersiell",
        "ickekommersiell", "ikke-kommerciel", "ikke-kommersiell", "neužívejte dílo komerčně", "necomercial",
        "μη εμπορική χρήση", "गैर-व्यावसायिक", "לא מסחרי", "غیرتجاری", "ไม่ใช้เพื่อการค้า",
    ),
)  # fmt: skip
_ND = _any(
    "nd", r"no-?\s?deriv(?:ative|ativ)?s?(?: works)?", "禁止演绎", "禁止改作", r"keine[\s-]?bearbeitung(?:en)?",
    "변경금지",
    "pas de modifications?", "sin ?(?:obras ?)?derivadas?", "sem ?derivacoes", "non opere derivate", "改変禁止",
    "geen ?afgeleide ?werken", "bez utworow zaleznych",
    *_folded(
        "без производных произведений", "без производных", "без похідних", "không phái sinh", "tanpaturunan",
        "tanpa turunan", "türetilemez", "منع الاشتقاق", "inga bearbetningar", "ingabearbetningar",
        "ingen bearbejdelse", "ingen bearbeidelse", "nezasahujte do díla", "fără opere derivate",
        "όχι παράγωγα έργα", "אין יצירות נגזרות", "بدون اشتقاق", "ไม่ดัดแปลง",
    ),
)  # fmt: skip
_SA = _any(
    "sa", r"share-?\s?alike", "相同方式共享", "相同方式分享", "weitergabe unter gleichen bedingungen",
    "継承", "동일조건변경허락",
    "partage dans les memes conditions", "compartir ?igual", "compartilha ?igual", "condividi allo stesso modo",
    "gelijk ?delen", "na tych samych warunkach",
    *_folded(
        "на тех же условиях", "с сохранением условий", "поширення на тих самих умовах", "chia sẻ tương tự",
        "berbagiserupa", "berbagi serupa", "aynılisanslapaylaş", "aynı lisansla paylaş", "الترخيص بالمثل",
        "المشاركة بالمثل", "dela lika", "delalika", "del på samme vilkår", "zachovejte licenci",
        "distribuire în condiții identice", "παρόμοια διανομή", "שיתוף זהה", "اشتراک یکسان",
        "อนุญาตแบบเดียวกัน",
    ),
)  # fmt: skip
_BY_WORDS = (
    "by", "attribution", "署名", "姓名标示", "namensnennung", "paternite", "atribucion", "reconocimiento", "atribuicao",
    "attribuzione", "表示", "저작자표시", "naamsvermelding", "uznanie autorstwa",
    *_folded(
        "с указанием авторства", "атрибуция", "із зазначенням авторства", "ghi công", "atribusi", "atıf",
        "نسب المصنف", "erkännande", "kreditering", "navngivelse", "uveďte původ", "atribuire",
        "αναφορά δημιουργού", "ייחוס", "انتساب", "แสดงที่มา",
    ),
)  # fmt: skip
_BY = _any(*_BY_WORDS)
_CC = _any(
    r"creative\s+commons", "知识共享", "创作共用", r"创用\s?cc", "크리에이티브 커먼즈", "クリエイティブ·?コモンズ",
)  # fmt: skip
_WORD = _any("license", "licence", "licencia", "lizenz", "licenca", "licenza", "许可")
_JOIN = r"[\s\-–/·,+]{0,3}"
_VERSION = r"(?:\s*(?:版本?|v|ver\.?|version)?\s*([1-4]\.[05])(?!\d))?"
_ABBREVIATED = re.compile(rf"(?<![a-z0-9])cc[\s\-]{{0,2}}(by)((?:{_JOIN}(?:nc|nd|sa)(?![a-z]))*)(?![a-z]){_VERSION}")
_SPELLED = re.compile(
    rf"(?:{_CC}|cc)?[\s:\-,]{{0,3}}{_WORD}?[\s:\-,]{{0,3}}(?<![a-z])({_BY})"
    rf"((?:{_JOIN}(?:{_NC}|{_ND}|{_SA})(?![a-z]))*){_VERSION}"
)
_CC_NAME = re.compile(rf"{_CC}|(?<![a-z])cc(?![a-z])")
_BARE_CC = re.compile(r"(?<![a-z0-9])by-(?:nc|nd|sa)(?:-(?:nc|nd|sa))?(?![a-z])" + _VERSION)
_CC0 = re.compile(r"(?<![a-z0-9])cc[\s\-]?(?:0|zero)(?![a-z\d])(?:\s*1\.0)?")
_PUBLIC_WORDS = (
    r"public[\s-]domain(?![a-z])", "公有领域", "公共领域", "パブリックドメイン", "퍼블릭 ?도메인", r"gemeinfrei\w{0,2}",
    "domaine public", "dominio publico", "pubblico dominio", r"общественно\w{1,3} достояни\w",
    r"публичн\w{2,3} домен\w?", "суспильне надбання", "ملك عام", "المجال العام", "domena publiczna", "kamu mali",
    "publiek domein", "domain publik", "pham vi cong cong",
)  # fmt: skip
_PUBLIC = re.compile("(?<![a-z])" + _any(*_PUBLIC_WORDS))
# The patterns below try much at every place of a text; these tell in no time that most sentences hold none of them.
_BY_HEAD = re.compile("|".join(re.escape(_head(w)) for w in _BY_WORDS))
_PUBLIC_HEAD = re.compile("|".join(re.escape(_head(w)) for w in _PUBLIC_WORDS))
_NOT = _any(
    "not", "n't", "no longer", "nicht", "kein", "pas", "non", "no", "nao", "не", "ليس", "不是", "并非", "非", "不属于",
    "不在", "未进入",
)  # fmt: skip
_NEGATED = re.compile(
    rf"(?<![a-z]){_NOT}\W{{0,3}}(?:in the|in|im|the|als|dans le|del?|a|unter|under an?|under)?\W{{0,3}}$"
)


def negated(low: str, position: int) -> bool:
    """Whether what stands at a position is denied by the words before it."""
    return _NEGATED.search(low[max(0, position - 24) : position]) is not None


def find(low: str) -> list[tuple[tuple[int, int], Licence]]:
    """The licences named in normalized text, with their spans. A negated one (`not CC0`) is left out."""
    out: list[tuple[tuple[int, int], Licence]] = []
    taken: list[tuple[int, int]] = []
    for start, end, licence in _candidates(low):
        if any(a < end and start < b for a, b in taken):
            continue
        taken.append((start, end))
        if not negated(low, start):
            out.append(((start, end), licence))
    out.sort(key=lambda item: item[0])
    return out


def _candidates(low: str) -> Iterator[tuple[int, int, Licence]]:
    """Names of licences with their spans; of two that overlap, the surer one comes first."""
    if "cc" in low:
        for m in _CC0.finditer(low):
            yield *m.span(), Licence("free", frozenset(), None, m[0])
        for m in _ABBREVIATED.finditer(low):
            yield *m.span(), _cc(m[2], m[3], m[0])
    if "by-" in low:
        for m in _BARE_CC.finditer(low):
            yield *m.span(), _cc(m[0], m[1], m[0])
    for m in _SPELLED.finditer(low) if _BY_HEAD.search(low) else ():
        if _is_licence(m):
            yield *m.span(), _cc(m[2], m[3], m[0])
    for m in _PUBLIC.finditer(low) if _PUBLIC_HEAD.search(low) else ():
        yield *m.span(), Licence("free", frozenset(), None, m[0])


def _is_licence(spelled: re.Match[str]) -> bool:
    """Whether a spelled-out name is one: "attribution" or 署名 alone is an ordinary word.

    A version or the name of Creative Commons must stand beside it, or another element of a licence.
    """
    named = bool(spelled[3] or _CC_NAME.search(spelled[0]))
    if spelled[1] == "by":
        return named and bool(spelled[2].strip(" -–/·,+"))
    return named or (bool(spelled[2].strip(" -–/·,+")) and len(spelled[1]) > 2)


def _cc(elements: str, version: str | None, name: str) -> Licence:
    conditions = {"by"}
    for code, pattern in (("nc", _NC), ("nd", _ND), ("sa", _SA)):
        if re.search(rf"(?<![a-z]){pattern}(?![a-z])", elements):
            conditions.add(code)
    return Licence("cc", frozenset(conditions), version, name.strip())


@lru_cache(maxsize=1024)
def from_url(url: str) -> Licence | None:
    """The licence of a Creative Commons deed address."""
    try:
        parts = urlsplit(url if "://" in url else "https://" + url.removeprefix("//"))
    except ValueError:
        return None
    if not (parts.hostname or "").lower().endswith("creativecommons.org"):
        return None
    m = re.match(r"^/(?:licenses|licences)/([a-z-]+)(?:/(\d\.\d))?", parts.path.lower())
    if m and m[1].startswith("by"):
        return _cc(m[1], m[2], url)
    if re.match(r"^/publicdomain/", parts.path.lower()):
        return Licence("free", frozenset(), None, url)
    return None


def deed(licence: Licence) -> str | None:
    """The address of a Creative Commons licence's deed."""
    if licence.family == "cc":
        code = "-".join(c for c in ("by", "nc", "nd", "sa") if c in licence.conditions)
        return f"https://creativecommons.org/licenses/{code}/{licence.version or '4.0'}/"
    if licence.family == "free":
        return "https://creativecommons.org/publicdomain/zero/1.0/"
    return None


def short_name(licence: Licence) -> str | None:
    """``CC BY-SA 4.0`` for a Creative Commons licence, ``CC0 1.0`` for a free one, None for the others."""
    if licence.family == "cc":
        code = "-".join(c for c in ("by", "nc", "nd", "sa") if c in licence.conditions)
        return f"CC {code.upper()} {licence.version or ''}".strip()
    return "CC0 1.0" if licence.family == "free" else None
