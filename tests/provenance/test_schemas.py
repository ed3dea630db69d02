"""What is sent: nothing that a sender wrote vanishes."""

from typing import Any

import pytest

from provenance.accounts.accounts import NewAccount, NewApiKey
from provenance.errors import BadInput
from provenance.json_input import parse
from provenance.marking import Case
from provenance.schema_fields import Request
from provenance.schemas import Claim, NewScan, NewWork, RegistrationItem, ScanItem
from provenance.works.grants import NewGrant
from provenance.works.submissions import SignedStatement

MISSPELT = [
    (NewWork, "license", "licence"),
    (NewWork, "titel", "title"),
    (RegistrationItem, "owner_alias", "owner_aliases"),
    (RegistrationItem, "author", "authors"),
    (RegistrationItem, "Source-URL", "source_url"),
    (RegistrationItem, "url", "source_url"),
    (NewScan, "post_ur", "post_url"),
    (ScanItem, "url", "post_url"),
    (NewGrant, "teritory", "territory"),
    (NewAccount, "defaultowner", "default_owner"),
    (NewApiKey, "scope", "scopes"),
    (SignedStatement, "openings", "opening"),
]


@pytest.mark.parametrize(
    ("model", "key", "meant"), [pytest.param(*case, id=f"{case[0].__name__}-{case[1]}") for case in MISSPELT]
)
def test_an_unknown_field_is_an_error_that_names_the_nearest(model: type[Request], key: str, meant: str) -> None:
    with pytest.raises(BadInput, match=f"^{key}: is no field here; did you mean {meant}\\?$"):
        parse(model, {key: "x"})


def test_a_field_that_resembles_none_is_told_what_there_is() -> None:
    with pytest.raises(BadInput, match=r"^\ufffd\[31mzzzzz: is no field here; there are external_id, text"):
        parse(NewScan, {"\x1b[31mzzzzz": 1})


def test_meta_carries_what_the_sender_likes_and_is_not_claimed() -> None:
    item = parse(
        RegistrationItem, {"path": "a", "owner": "Ada", "meta": {"tag": [1]}, "source_url": "https://a.example/"}
    )
    assert "meta" not in item.model_dump()
    assert item.source_urls == ["https://a.example/"]


@pytest.mark.parametrize("place", ["work", "post"])
def test_a_case_of_the_marking_check_has_no_unknown_field(place: str) -> None:
    case: dict[str, Any] = {"id": 1, "note": "mine", "work": {"owner": "A"}, "post": {"text": "x"}}
    Case.from_json(case, lambda _: ())
    case[place]["comercial"] = True
    with pytest.raises(BadInput, match=rf"^{place}\.comercial: is no field here"):
        Case.from_json(case, lambda _: ())


def test_a_case_without_its_work_is_told_what_is_near() -> None:
    with pytest.raises(BadInput, match="work is missing; is works meant"):
        Case.from_json({"works": {}, "post": {}}, lambda _: ())


def test_a_claim_of_an_earlier_version_is_read_as_it_is() -> None:
    assert Claim.model_validate({"owner": "A", "licence": "CC-BY-9.9", "later": 1}).licence == "CC-BY-9.9"
    with pytest.raises(BadInput, match=r"^licence: CC-BY-9.9 is no licence known here; did you mean CC-BY-4.0"):
        parse(NewWork, {"owner": "A", "licence": "CC-BY-9.9"})
    assert parse(NewWork, {"owner": "A", "licence": "cc by 4.0"}).licence == "CC-BY-4.0"
