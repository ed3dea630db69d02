"""The names of licences in running text, in the languages of their deeds."""

from __future__ import annotations

import pytest

from provenance.marking.licences import find
from provenance.marking.normalization import fold


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("CC BY-NC-SA 4.0", "by nc sa"),
        ("知识共享 署名-非商业性使用-相同方式共享 4.0 国际", "by nc sa"),
        ("創用CC 姓名標示-非商業性-禁止改作 4.0", "by nc nd"),
        ("クリエイティブ・コモンズ 表示-継承 4.0", "by sa"),
        ("Creative Commons Namensnennung - Nicht kommerziell 4.0", "by nc"),
        ("Лицензия Creative Commons С указанием авторства — Некоммерческая 4.0", "by nc"),
        ("Creative Commons Atribusi-BerbagiSerupa 4.0", "by sa"),
        ("CC Atıf-GayriTicari 4.0", "by nc"),
        ("Creative Commons Ghi công-Chia sẻ tương tự 4.0", "by sa"),
        ("رخصة المشاع الإبداعي نسب المصنف - غير تجاري 4.0", "by nc"),
        ("Creative Commons Erkännande-DelaLika 4.0", "by sa"),
    ],
)
def test_deeds(text: str, asks: str) -> None:
    assert [sorted(licence.conditions) for _, licence in find(fold(text))] == [sorted(asks.split())]


@pytest.mark.parametrize(
    "text", ["atıf yapılmıştır", "Kreditering: Anna", "Attribution: Anna", "署名:小王", "not CC0", "by sea"]
)
def test_ordinary_words_are_no_licence(text: str) -> None:
    assert find(fold(text)) == []
