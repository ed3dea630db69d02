"""What reads like news: datelines and openings of reports, and nothing that merely speaks of them."""

from __future__ import annotations

import pytest

from provenance.scans import news


@pytest.mark.parametrize(
    "text",
    [
        "本报讯 昨日上午，市政府召开会议。",
        "　　本报讯（记者 林昭云）昨日上午",
        "新华社北京5月3日电 （记者某某）",
        "【突发】城东一仓库起火",
        "标题一行\n中新网上海 3月2日电 今天",
        "本台消息：今晨六时",
        "LONDON, May 3 (Coast Agency) - The ferry",
        "SALT HARBOUR (Coast Agency) — The ferry",
        "BREAKING: ferry late",
        "<html><head><title>x</title></head><body><p>本报讯 昨日</p>",
    ],
)
def test_a_report_opens_with_its_dateline(text: str) -> None:
    assert news.reads_like_news(text)


@pytest.mark.parametrize(
    "text",
    [
        "我每天读本报，讯息很多。",
        "报社 3月2日电话不断，他一个也没有接。",
        "昨天收到一封电报，5月3日电话又响了。",
        "他在文章里写道：新华社北京5月3日电的那条消息，让全家都沉默了。",
        "London in May is (mostly) wet - bring a coat.",
        "The news broke at noon, and nobody cared.",
        "I love breaking news: it makes me nervous.",
        "MAY 3 - today I walked to the harbour",
        "去盐岛的渡船六点十分开，那时港口还是石板的颜色。" * 40 + "\n本报讯 昨日",
        "",
    ],
)
def test_what_speaks_of_news_is_none(text: str) -> None:
    assert not news.reads_like_news(text)


def test_a_category_means_news_as_a_whole_word() -> None:
    assert all(map(news.is_filed_as_news, ("News", "local/NEWS", "新闻", "时政、社会", "Breaking-News")))
    assert not any(map(news.is_filed_as_news, (None, "", "newsletter", "culture", "新闻学", "资讯")))
