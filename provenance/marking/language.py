"""Which language a text is written in, to answer its writer in it: by its letters, and Latin ones by their small words.

For credit lines only. The check itself reads every language of the lexicon, whatever a text is written in.
"""

from __future__ import annotations

import re
from collections import Counter

_READ = 1_500  # code points that are looked at
_MIN_WORDS = 3  # small words of a language; fewer say nothing
_HAN_WEIGHT = 3  # a Han character is about a short word, so few of them are a Chinese text with foreign names in it

_MARKUP = re.compile(r"<(script|style|head)\b.*?</\1\s*>|<[^<>]{1,2000}>|https?://\S+", re.DOTALL | re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
# The letters of a script, the language that most of its texts are in, and letters that tell others.
_SCRIPTS = [
    (re.compile(f"[{letters}]"), language, others)
    for letters, language, others in (
        ("一-鿿", "zh", ()),
        ("぀-ヿ", "ja", ()),
        ("가-힣", "ko", ()),
        ("Ѐ-ӿ", "ru", (("uk", "іїєґ"),)),
        ("ؠ-ۿ", "ar", (("ur", "ٹڈڑںے"), ("fa", "پچژگکی"))),
        ("א-ת", "he", ()),
        ("ก-๛", "th", ()),
        ("ऀ-ॿ", "hi", ()),
        ("ঀ-৿", "bn", ()),
        ("Ͱ-Ͽ", "el", ()),
        ("a-zÀ-ɏḀ-ỿ", "", ()),
    )
]
_HAN, _KANA = 0, 1
_TRADITIONAL = frozenset("這個們來時說國會對後學過還沒關於開")
_SIMPLIFIED = frozenset("这个们来时说国会对后学过还没关于开")
_SMALL_WORDS = {
    "cs": "a že se na je v od při jako který jsou také pro",
    "da": "og det er af ikke på til med som efter også blev",
    "de": "der die das und ist nicht mit von den auf ein eine",
    "en": "the and of to is that in was with for it he",
    "es": "el la los de que y en un una por con del",
    "fi": "ja on ei se että oli hän mutta kun myös joka ovat",
    "fr": "le la les des et est une dans que pour pas du",
    "hu": "a az és hogy nem is egy volt meg csak már mint",
    "id": "yang dan di itu dengan untuk tidak ini dari pada adalah akan",
    "it": "il di che la è per non una con del della sono",
    "nl": "de het een en van is dat niet op met voor zijn",
    "no": "og det er av ikke på til med som etter også ble",
    "pl": "i w nie na się że jest z do jak przez dla",
    "pt": "o de que e do da em um uma não para com",
    "ro": "și de la în nu este cu pe care din sunt pentru",
    "sv": "och det är av inte på till med som efter också blev",
    "tr": "ve bir bu için da de ile çok gibi daha ama olan",
    "vi": "và của là một có không trong được cho người với những",
}
_LANGUAGES_OF: dict[str, list[str]] = {}
for _language, _words in _SMALL_WORDS.items():
    for _word in _words.split():
        _LANGUAGES_OF.setdefault(_word, []).append(_language)


def language_of(text: str) -> str | None:
    """The language of a text, as a BCP 47 tag (``zh-Hant`` for traditional Chinese); None for too little of it."""
    visible = _MARKUP.sub(" ", text[: 4 * _READ])[:_READ].lower()
    counts = [len(letters.findall(visible)) for letters, *_ in _SCRIPTS]
    if not any(counts):
        return None
    counts[_HAN] *= _HAN_WEIGHT
    number = counts.index(max(counts))
    if number == _HAN and counts[_KANA] * 20 > counts[_HAN]:  # Japanese, whose nouns are Han
        number = _KANA
    _, language, others = _SCRIPTS[number]
    if not language:
        return _by_small_words(visible)
    if language == "zh" and sum(map(visible.count, _TRADITIONAL)) > sum(map(visible.count, _SIMPLIFIED)):
        return "zh-Hant"
    return next((other for other, letters in others if any(letter in visible for letter in letters)), language)


def _by_small_words(text: str) -> str | None:
    hits = Counter(language for word in _WORD.findall(text) for language in _LANGUAGES_OF.get(word, ()))
    return max(hits, key=hits.__getitem__) if hits and max(hits.values()) >= _MIN_WORDS else None
