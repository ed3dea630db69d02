"""What a service does not know of a request is an error, wherever it stands."""

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("method", "path", "who", "sent", "said"),
    [
        pytest.param(
            "POST", "/v1/works", "producer", {"json": {"owner": "A", "text": "x", "license": "MIT"}},
            "license: is no field here; did you mean licence?", id="body",
        ),
        pytest.param(
            "POST", "/v1/works/batch", "producer", {"json": {"items": [{"text": "x"}], "account": "a"}},
            "account: is no field here; there are items", id="batch",
        ),
        pytest.param(
            "POST", "/v1/accounts", "administrator", {"json": {"name": "a", "knd": "producer"}},
            "knd: is no field here; did you mean kind?", id="model",
        ),
        pytest.param(
            "POST", "/v1/statements/batch", "producer", {"json": {"items": [{"leaf": "", "externalid": "a"}]}},
            "items.0.externalid: is no field here; did you mean external_id?", id="nested",
        ),
        pytest.param(
            "GET", "/v1/sightings?workid=1", "rights_holder", {},
            "workid: is no parameter here; did you mean work_id?", id="query",
        ),
        pytest.param(
            "GET", "/v1/works/work_1?format=text", "producer", {}, "format: is no parameter here; there is none",
            id="no-query",
        ),
        pytest.param(
            "POST", "/v1/scans", "platform", {"files": {"file": b"a", "meta": (None, "{}")}},
            "meta: is no part here; did you mean metadata?", id="part",
        ),
    ],
)  # fmt: skip
def test_it_is_named(api, method: str, path: str, who: str, sent: dict[str, Any], said: str) -> None:
    answer = api(method, path, who, **sent)
    assert answer.status_code == 400, answer.text
    assert answer.json()["detail"] == said


def test_one_wrong_item_of_a_batch_is_that_items_error(api) -> None:
    items = [{"text": "a" * 80, "owner": "A", "titel": "T"}, {"text": "b" * 80, "owner": "A"}]
    results = api("POST", "/v1/works/batch", "producer", json={"items": items}).json()["results"]
    assert [each["status"] for each in results] == ["error", "registered"]
    assert results[0]["error"]["detail"] == "titel: is no field here; did you mean title?"
