"""Who was first: what is registered later with a work's text in it does not hide the work."""

import pytest

from fingerprints.text.examples import edited, words
from tests.fingerprints.finding import indexed, made, search

pytestmark = pytest.mark.slow

PARAGRAPHS = [words(1100 + n, 60) for n in range(8)]
WORK = "\n\n".join(PARAGRAPHS)
HALF = words(1120, 60) + "\n\n" + "\n\n".join(PARAGRAPHS[2:6]) + "\n\n" + words(1121, 60)
POSTS = {"half": HALF, "one paragraph": words(1122, 300) + "\n\n" + PARAGRAPHS[4] + "\n\n" + words(1123, 300)}


def around(n: int, content: str) -> str:
    return words(1200 + n, 250) + "\n\n" + content + "\n\n" + words(1300 + n, 250)


@pytest.mark.parametrize("count", [2, 3, 4, 12, 40])
@pytest.mark.parametrize("post", POSTS)
def test_a_work_is_found_however_many_later_ones_contain_it(post: str, count: int) -> None:
    works = [made(WORK), *(made(around(n, WORK)) for n in range(count))]
    assert 0 in search(made(POSTS[post]), works).matches


@pytest.mark.parametrize("post", POSTS)
def test_later_works_with_comments_between_its_paragraphs_hide_nothing(post: str) -> None:
    def commented(n: int) -> str:
        return "\n\n".join(part for k, p in enumerate(PARAGRAPHS) for part in (p, words(1400 + 8 * n + k, 25)))

    works = [made(WORK), *(made(commented(n)) for n in range(5))]
    assert 0 in search(made(POSTS[post]), works).matches


def test_a_passage_is_not_made_common_by_other_accounts_but_by_many() -> None:
    opening = "\n\n".join(PARAGRAPHS[:2])
    takers = [made(opening + "\n\n" + words(1500 + n, 300)) for n in range(12)]
    works = [made(WORK), *takers]
    post = made(opening + "\n\n" + words(1520, 300))
    strangers = [1] + [2 + n % 3 for n in range(12)]
    assert 0 in search(post, works, indexed(works, strangers)).matches
    many = list(range(13))
    assert 0 not in search(post, works, indexed(works, many)).matches
    repeated_by_itself = [1] * 13
    assert 0 not in search(post, works, indexed(works, repeated_by_itself)).matches


def test_who_came_later_gains_nothing_by_it() -> None:
    """A passage that an earlier work had stays common for all that have it after that one."""
    works = [made(around(n, WORK)) for n in range(5)]
    found = search(made(HALF), works, indexed(works, list(range(5)))).matches
    assert set(found) == {0}


def test_copies_that_were_edited_each_time_hide_nothing() -> None:
    works = [made(WORK), *(made(around(n, edited(WORK, 0.08, n))) for n in range(8))]
    for post in POSTS.values():
        assert 0 in search(made(post), works).matches
