"""Secrets do not stand in the lines of the service's log."""

from __future__ import annotations

import json
import logging

import pytest

from provenance.logs import JsonLines, without_secrets


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("the key smk_aB3-x_9= is not known", "the key smk_*** is not known"),
        ("signed by whsec_aB+/3=.", "signed by whsec_***."),
        ("Authorization: Bearer aB3.x-9, then more", "Authorization: Bearer *** then more"),
        ("authorization: basic dXNlcjpw", "authorization: basic ***"),
        ("smtps://desk:pa55@mail.example.org does not answer", "smtps://***@mail.example.org does not answer"),
        ("https://example.org/a@b: nothing secret", "https://example.org/a@b: nothing secret"),
    ],
)
def test_secrets_are_left_out_of_what_a_line_says(text: str, told: str) -> None:
    assert without_secrets(text) == told
    record = logging.LogRecord("provenance", logging.WARNING, __file__, 1, text, None, None)
    assert json.loads(JsonLines().format(record))["message"] == told
