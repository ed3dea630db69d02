"""Complaints at the command line: who decides sees all of a case, decides it, and takes it away with its proofs."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from provenance.application import Application
from provenance.cases.files import Upload
from provenance.config import Settings
from tests.provenance.cases import people

pytestmark = pytest.mark.slow
CHINESE = {"SOURCEMARK_LANG": "zh"}
DECIDED = ("--finding", "founded", "--outcome", "restrict", "--reason", "copied", "--explanation", "It repeats it.")


@pytest.fixture
def installation(tmp_path: Path) -> Any:
    """An application on the home of the commands, for what only the HTTP API does."""
    with Application(Settings(home=tmp_path / "home", workers=1, job_threads=0)) as opened:
        yield opened


def test_the_way_of_a_case(sourcemark, installation: Application, tmp_path: Path) -> None:
    filed = people.file(installation, [Upload("a draft/../草稿.txt", b"The first draft.")])
    case = filed.case_id
    assert "not confirmed" in sourcemark("case", "show", case).out
    forwarded = sourcemark("case", "forward", case, "--email", "paul@post.example", "--by", "ann", "--json").lines[0]
    assert (forwarded["state"], forwarded["parties"][1]["email"]) == ("forwarded", "paul@post.example")
    assert sourcemark("case", "assign", case, "--by", "ann", "--json").lines[0]["assignee"] == "ann"
    (listed,) = sourcemark("case", "list", "--assignee", "ann", "--json").lines
    assert listed["case_id"] == case
    assert "已转送" in sourcemark("case", "list", env=CHINESE).out
    assert "/v1/case-links/sml_" in sourcemark("case", "link", case).out
    decided = sourcemark("case", "decide", case, *DECIDED, "--law", "Copyright Law, article 53", "--by", "ann")
    assert "decided: ann (founded, restrict, copied)  It repeats it." in decided.out
    shown = sourcemark("case", "show", case, env=CHINESE).out
    for words in ("已决定", "申诉期限", "投诉人：Marta Salt", "（未确认邮箱）", "草稿.txt"):
        assert words in shown
    (row,) = csv.DictReader(io.StringIO(sourcemark("case", "list", "--csv").out))
    assert (row["state"], row["clock"], row["overdue"]) == ("decided", "appeal", "False")
    exported = sourcemark("case", "export", case, "--out", "away")
    assert exported.status == 0, exported.err
    names = sorted(path.name for path in (tmp_path / "away").iterdir())
    assert [name for name in names if name.endswith(".zip")] == [f"step-{n}.receipt.zip" for n in (1, 2, 3)]
    (draft,) = (tmp_path / "away").glob("file_*")
    assert draft.read_bytes() == b"The first draft."
    assert json.loads((tmp_path / "away" / "case.json").read_text())["case_id"] == case
    assert sourcemark("verify", "away/step-1.receipt.zip", "--trust-receipt").status == 0
    assert "is there already" in sourcemark("case", "export", case, "--out", "away").err


def test_an_appeal_is_another_persons(sourcemark, installation: Application) -> None:
    from provenance.schemas.notice import Appeal

    filed = people.forwarded(installation)
    sourcemark("case", "decide", filed.case_id, *DECIDED, "--by", "ann")
    installation.proceedings.appeal(people.party(installation, filed.case_id, "poster"), Appeal(reason="No."))
    refused = sourcemark("case", "decide", filed.case_id, *DECIDED, "--by", "ann")
    assert (refused.status, refused.out) == (2, "")
    assert "another person decides the appeal" in refused.err
    assert sourcemark("case", "decide", filed.case_id, *DECIDED, "--by", "ben", "--json").lines[0]["state"] == "closed"
    erased = sourcemark("case", "erase", filed.case_id, "notifier")
    assert erased.status == 0, erased.err
    after = sourcemark("case", "show", filed.case_id)
    assert "notifier: – (erased)" in after.out
    assert "Marta" not in after.out


def test_refusing_writing_and_measures(sourcemark, installation: Application) -> None:
    case = people.file(installation).case_id
    written = sourcemark("case", "write", case, "Send the original.", "--to", "notifier", "--by", "ann")
    assert "message: ann  Send the original." in written.out
    why = ("--reason", "invented", "--explanation", "There is no such work.", "--by", "ann")
    assert sourcemark("case", "refuse", case, *why, "--misuse", "--json").lines[0]["finding"] == "misuse"
    act = ("case", "measure", case, "--against", "notifier", *why)
    assert "warn first" in sourcemark(*act, "--act", "suspend", "--until", "2099-12-31").err
    assert sourcemark(*act, "--act", "warn").status == 0
    assert sourcemark(*act, "--act", "suspend", "--until", "2099-12-31").status == 0
    counted = sourcemark("case", "misuse", case, "--json").lines[0]
    assert (counted["misuse"], counted["suspended_until"][:10]) == (1, "2100-01-01")
    assert "暂停受理至" in sourcemark("case", "misuse", case, env=CHINESE).out


def test_the_doctor_tells_what_is_late(sourcemark, installation: Application) -> None:
    from provenance.database.tables import case_letters, cases

    people.file(installation)
    with installation.db.write() as connection:
        connection.execute(cases.update().values(due="2026-01-01T00:00:00.000000Z"))
        connection.execute(case_letters.update().values(state="dead"))
    checks = sourcemark("doctor", "--json").lines[0]["checks"]
    told = next(each for each in checks if each["name"] == "complaints")
    assert told["ok"]
    assert "1 overdue (sourcemark case list --overdue)" in told["detail"]
    assert "1 were given up" in told["detail"]
    assert len(sourcemark("case", "list", "--overdue", "--json").lines) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list", "--state", "lost"], "none of received"),
        (["list", "--json", "--csv"], "exclude each other"),
        (["show", "case_0"], "no case of yours"),
        (["export", "case_0", "--out", "x"], "no case of yours"),
        (["erase", "case_0", "judge"], "none of notifier, poster"),
        (["decide", "case_0", *DECIDED, "--law", "a", "--clause", "b"], "exclude each other"),
        (["decide", "case_0", *DECIDED[2:], "--finding", "guilty"], "finding: must be 'founded'"),
        (["write", "case_0", "x", "--to", "judge"], "to.0: must be 'notifier'"),
        (
            ["measure", "case_0", "--act", "suspend", "--against", "poster", "--reason", "x", "--explanation", "y"],
            "until",
        ),
        (["forward", "case_0", "--email", "nobody"], "is not a mail address"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(sourcemark, arguments: list[str], said: str) -> None:
    run = sourcemark("case", *arguments)
    assert (run.status, run.out) == (2, "")
    assert said in run.err
    assert run.err.count("\n") == 1
