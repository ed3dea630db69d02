"""A form that was filled in with other facts accuses nobody; the same facts are a copy."""

import pytest

from fingerprints.text.facts import han_value, tokens
from fingerprints.text.forms import Comparison, fillings, likeness
from fingerprints.unicode.folding import code_points, fold_units, to_text
from tests.fingerprints.finding import indexed, made, search


def leave(name: str, town: str, days: str, start: str, end: str, deputy: str) -> str:
    return f"""Application for leave. The undersigned {name}, employed in the branch at {town}, hereby applies for {days}
working days of leave from {start} until {end}. During this time the work will be taken over by {deputy}, who has agreed
to it and holds the keys. The undersigned remains reachable in urgent cases and will hand in the outstanding papers on
the first day after the leave. It is understood that leave which has not been approved in writing may not be taken, and
that days not used by the end of the year lapse unless the head of the branch has agreed that they be carried over."""


def notice(number: str, station: str, line: str, why: str, date: str, street: str, days: str) -> str:
    return f"""关于{station}停用电梯的通知（第{number}号）。因{why}，自{date}起，地铁{line}号线{station}位于{street}一侧的无障碍电梯
暂停使用，预计工期{days}天。停用期间，需要使用电梯的乘客可以联系车站工作人员，由工作人员引导至邻近出入口进站，或者使用升降平台。
施工围挡占用部分通道，请乘客注意脚下，听从引导，照看好随行的老人和儿童。恢复使用的时间另行公告，给您带来不便，敬请谅解。"""


LEAVES = [
    leave("Ada Barton", "Millwick", "12", "4 March 2026", "19 March 2026", "Otis Fenley"),
    leave("Hugo Corstad", "Selham", "7", "21 July 2025", "29 July 2025", "Petra Norholm"),
    leave("Ines Galgate", "Dorrow", "15", "2 November 2024", "22 November 2024", "Kaspar Wynley"),
    leave("Felix Trower", "Ulmere", "3", "13 May 2023", "16 May 2023", "Rosa Kinfield"),
]
NOTICES = [
    notice("14", "青石桥站", "2", "轿厢钢丝绳更换", "2026年3月2日", "柳荫街", "12"),
    notice("31", "望江楼站", "5", "井道渗水需要彻底处理", "2025年9月18日", "桂花巷", "40"),
    notice("52", "老粮仓站", "9", "年度大修", "2024年1月7日", "粮仓路", "25"),
    notice("77", "北苑站", "11", "控制系统升级改造", "2023年6月21日", "云杉街", "8"),
]
FORMS = pytest.mark.parametrize("forms", [LEAVES, NOTICES], ids=["en", "zh"])


@FORMS
@pytest.mark.parametrize("registered", [1, 2, 3])
@pytest.mark.parametrize("owners", ["one", "several"])
def test_another_filling_of_a_form_matches_none(forms: list[str], registered: int, owners: str) -> None:
    works = [made(form) for form in forms[:registered]]
    accounts = [0] * registered if owners == "one" else list(range(registered))
    found = search(made(forms[3]), works, indexed(works, accounts))
    assert found.matches == {}
    assert found.reason == "template_only"


@FORMS
@pytest.mark.parametrize("registered", [1, 3])
def test_the_same_facts_are_a_copy(forms: list[str], registered: int) -> None:
    works = [made(form) for form in forms[:registered]]
    words = {"agreed": "consented", "outstanding": "missing", "工作人员": "服务人员", "围挡": "护栏"}
    changed = forms[0]
    for one, other in words.items():
        changed = changed.replace(one, other)
    for copy in (forms[0] + "\nreposted 转载", changed, forms[0][20:]):
        assert 0 in search(made(copy), works).matches


def test_one_corrected_fact_leaves_a_copy() -> None:
    work = made(LEAVES[0])
    assert 0 in search(made(LEAVES[0].replace("12\nworking", "11\nworking")), [work]).matches


def test_another_date_format_is_the_same_date() -> None:
    work = made(LEAVES[0])
    again = LEAVES[0].replace("4 March 2026", "2026-03-04").replace("19 March 2026", "March 19th, 2026")
    assert 0 in search(made(again), [work]).matches
    work = made(NOTICES[0])
    again = NOTICES[0].replace("2026年3月2日", "二〇二六年三月二日").replace("12", "十二").replace("14", "十四")
    assert 0 in search(made(again), [work]).matches


def test_a_story_with_other_names_is_a_copy() -> None:
    story = """When the last tram had gone, Mara climbed the depot roof to see whether the river was still there. It was,
but it had moved closer, as it did on evenings when nobody counted the boats. Old Benno sat by the chimney with a
thermos and a stool for guests. "You are late," he said, "the moon has been asking." Mara told him about the wheel that
would not stop singing, and Benno listened the way he listened to rails, with one palm flat on the ground. In the end he
unscrewed the lid, poured tea into it, and said that a wheel which sings is only a wheel that has seen the sea."""
    renamed = story.replace("Mara", "Elin").replace("Benno", "Gustav")
    assert 0 in search(made(renamed), [made(story)]).matches


def test_of_several_fillings_the_one_that_was_copied_stands_out() -> None:
    facts = [frozenset(("number", f"{n}{k}") for k in range(8)) for n in range(3)]
    fixed = frozenset({("number", "30"), ("number", "14")})
    form = Comparison(numbers=6, names=4, words=120, phrases=2, same_numbers=2, same=fixed)
    copy = Comparison(numbers=2, names=1, words=120, phrases=2, same_numbers=10, same_names=4, same=fixed | facts[0])
    assert fillings({1: form}) == [1]
    assert fillings({1: copy}) == []
    assert fillings({1: form, 2: form, 3: copy}) == [1, 2]
    another = Comparison(numbers=2, names=1, words=120, phrases=2, same_numbers=10, same_names=4, same=fixed)
    assert fillings({1: form, 2: form, 3: another}) == [1, 2, 3]


def test_what_one_office_puts_into_all_its_fillings_makes_none_a_copy() -> None:
    office = frozenset(("name", f"office {k}") for k in range(8))
    mine = Comparison(numbers=6, names=4, words=120, phrases=2, same_names=8, same=office)
    other = Comparison(numbers=8, names=8, words=120, phrases=2, same_numbers=1, same=frozenset({("number", "30")}))
    assert likeness(mine) > 3.0  # by itself it is a form,
    assert 0.6 * mine.differing < 8  # though it shares facts that the others do not have
    assert fillings({1: mine, 2: other, 3: other}) == [1, 2, 3]


# --- facts -----------------------------------------------------------------------------------------------------------
def states(text: str) -> list[str]:
    folded = code_points(text).copy()
    units, where = fold_units(code_points(text))
    folded[where] = units
    return [t.value for t in tokens(text, to_text(folded)) if t.states]


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("On 4 March 2026 Ada Barton paid 1,250.50.", ["4", "3", "2026", "ada", "barton", "1250.5"]),
        ("It costs twenty-one or eight hundred. Then it rains.", ["21", "800"]),
        ("2026-03-04, 10:30, item QX77-B", ["2026", "3", "4", "10", "30", "qx77"]),
        ("1. First of all\n2) a second time", ["2"]),
        ("二〇二六年三月四日付三千五百元，一个人三思。", ["2026", "3", "4", "3500"]),
        ("一、目的\n他用 Kettle 烧水", ["kettle"]),
    ],
    ids=["english date", "number words", "codes", "entries", "numerals", "latin in han"],
)
def test_facts_are_told_by_their_form(text: str, facts: list[str]) -> None:
    assert states(text) == facts


@pytest.mark.parametrize(
    ("numeral", "value"),
    [("十", 10), ("二十五", 25), ("三千零六", 3006), ("一亿二千万", 120_000_000), ("九八", 98)],
    ids=str,
)
def test_chinese_numerals_have_values(numeral: str, value: int) -> None:
    assert han_value(numeral) == value
