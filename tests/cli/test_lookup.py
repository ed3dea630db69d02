"""lookup: whom it asks about, and what it says of names that nobody registered."""

from __future__ import annotations

import json

TEXT = " ".join(f"ferry{n} river{n} lantern{n} bread{n}" for n in range(40))


def test_lookup_names_what_is_unknown_and_looks_over_all_works(sourcemark) -> None:
    assert sourcemark("register", "--batch", "-", stdin=json.dumps({"text": TEXT, "owner": "Marta Salt"})).status == 0
    assert sourcemark("scan", "--batch", "-", stdin=json.dumps({"html": f"<p>{TEXT}</p>"})).status == 0
    (seen,) = sourcemark("lookup", "--json").lines
    assert seen["owner"] == "Marta Salt"
    assert sourcemark("lookup", "--owner", "MARTA salt", "--json").lines == [seen]
    assert "UTC" in sourcemark("lookup").out
    unknown = sourcemark("lookup", "--owner", "Marta Slat")
    assert (unknown.status, unknown.out) == (2, "")
    assert "did you mean Marta Salt?" in unknown.err
    (sourcemark.folder / "other.txt").write_text(TEXT[::-1])
    other = sourcemark("lookup", "other.txt", "--json")
    assert (other.status, other.out) == (2, "")
    assert "no registered work" in other.err
