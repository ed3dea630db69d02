"""Cells of CSV that come from strangers."""

import pytest

from provenance import spreadsheet


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_no_name_begins_a_formula(sign: str) -> None:
    assert spreadsheet.row([f"{sign}1", -1, None, f"a{sign}1"]) == f"'{sign}1,-1,,a{sign}1\r\n"
