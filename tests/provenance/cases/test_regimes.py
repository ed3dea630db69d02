"""Regimes as data: what is shipped holds what each law asks; an operator's file is told what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from provenance.cases import regimes
from provenance.errors import BadInput, Misconfigured
from provenance.schemas.regimes import Period


def test_the_shipped_regimes_differ_as_their_laws_do() -> None:
    shipped = regimes.read(None)
    assert shipped.offered == ["cn-ntd", "cn-cc", "cn-ec", "us-dmca", "eu-dsa"] == list(shipped.regimes)
    clocks = {name: each.put_back for name, each in shipped.regimes.items()}
    assert clocks["us-dmca"] is not None
    assert (clocks["us-dmca"].earliest, clocks["us-dmca"].latest) == (
        Period(business_days=10),
        Period(business_days=14),
    )
    assert clocks["cn-ec"] is not None
    assert clocks["cn-ec"].earliest == Period(days=15)
    assert clocks["cn-ntd"] is not None
    assert clocks["cn-ntd"].earliest.amount == 0
    assert clocks["eu-dsa"] is None
    assert "name" in shipped.of("us-dmca").poster_sees  # and nobody's elsewhere
    assert not any(each.poster_sees for name, each in shipped.regimes.items() if name != "us-dmca")
    for name in shipped.offered:
        assert shipped.calendar(name) is shipped.calendars[shipped.of(name).calendar]


def test_a_file_adds_a_regime_and_changes_a_calendar(tmp_path: Path) -> None:
    shipped = regimes.SHIPPED.read_text(encoding="utf-8")
    start = shipped.index("[regimes.eu-dsa]")
    own = shipped[start:].replace("eu-dsa", "de-house").replace('calendar = "eu"', 'calendar = "de"')
    path = tmp_path / "own.toml"
    calendar = '[calendars.de]\ntime_zone = "Europe/Berlin"\nholidays = [2026-10-03]\nknown_until = 2026-12-31\n'
    path.write_text(f'offered = ["de-house", "us-dmca"]\n{calendar}rolls = true\n{own}', encoding="utf-8")
    found = regimes.read(path)
    assert found.choose(None) == "de-house"
    assert found.choose("us-dmca") == "us-dmca"
    assert found.calendar("de-house").time_zone == "Europe/Berlin"
    assert "cn-cc" in found.regimes  # cases under it go on, new ones cannot name it
    with pytest.raises(BadInput, match=r"regime: cn-cc is not offered here; choose of de-house, us-dmca"):
        found.choose("cn-cc")
    with pytest.raises(Misconfigured, match="under the regime xx: put it back"):
        found.of("xx")


def _changed(old: str, new: str) -> str:
    shipped = regimes.SHIPPED.read_text(encoding="utf-8")
    assert old in shipped
    return shipped.replace(old, new)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[", "is not TOML"),
        ("regimes = 3", "calendars and regimes must be tables"),
        ('offered = ["xx"]', "offered: there is no regime xx"),
        ("offered = []", "offered: "),
        ("regime = 1", "regime: is no field here; did you mean regimes?"),
        (_changed('calendar = "us"', 'calendar = "mars"'), "regimes.us-dmca.calendar: there is no calendar mars"),
        (_changed("America/New_York", "Earth/Nowhere"), "calendars.us.time_zone: is no time zone known here"),
        (_changed("America/New_York", "/etc/passwd"), "calendars.us.time_zone: is no time zone known here"),
        (_changed("2026-01-04, 2026", "2026-01-03, 2026"), "calendars.cn: working_days: 2026-01-03 is one of the hol"),
        (_changed("latest = { business_days = 14 }", "latest = { business_days = 9 }"), "latest: must be as long as"),
        (_changed("latest = { business_days = 14 }", "latest = { days = 14 }"), "in the same unit"),
        (_changed("{ business_days = 3 }", "{ business_days = 3, days = 1 }"), "exactly one of hours, days"),
        (_changed("{ business_days = 3 }", "{ }"), "exactly one of hours, days"),
        (_changed("{ business_days = 3 }", "{ weeks = 3 }"), "weeks: is no field here"),
        (_changed("appeal_months = 6", "appeal_months = 5"), "appeal_months: "),
        (_changed('"explanation", "good_faith"]', '"explanation", "authorised"]'), "statements.authorised: is missing"),
        (_changed('["name", "email", "work", "addresses", "ex', '["name", "work", "addresses", "ex'), "email"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_in_one_line(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(Misconfigured) as error:
        regimes.read(path)
    assert error.value.detail.startswith("SOURCEMARK_REGIMES: ")
    assert said in error.value.detail
    assert "\n" not in error.value.detail


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be read"):
        regimes.read(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"\xff")
    with pytest.raises(Misconfigured, match="is not TOML"):
        regimes.read(tmp_path / "latin.toml")
