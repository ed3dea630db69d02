"""Lists that are Parquet files, and answers that are."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli.bulk.listing import open_listing
from provenance.errors import BadInput
from provenance.schemas import RegistrationItem, ScanItem

from .conftest import text


@pytest.mark.parametrize("rows", [1, 3, 4, 7, 100])
def test_chunks_hold_each_row_once(tmp_path: Path, rows: int) -> None:
    path = tmp_path / "l.parquet"
    pq.write_table(pa.table({"path": [f"{n}.txt" for n in range(19)]}), path, row_group_size=4)
    listing = open_listing(str(path), ScanItem.model_fields)
    assert listing.total == 19
    found: list[Any] = []
    for chunk in listing.chunks(rows):
        part = list(listing.rows(chunk))
        assert len(part) == chunk.rows
        found += part
    assert found == [(n + 1, {"path": f"{n}.txt"}) for n in range(19)]


def test_columns_are_fields(tmp_path: Path) -> None:
    path = tmp_path / "l.parquet"
    evidence = [[{"kind": "draft", "date": "2026-01-31", "digest": "9f" * 32}], None]
    table = pa.table(
        {
            "text": pa.array(["a", None]).dictionary_encode(),
            "path": pa.array([None, "b.txt"], pa.large_string()),
            "published_at": [datetime.date(2026, 1, 31), None],
            "sealed": [True, None],
            "owner_aliases": [["x", "y"], []],
            "evidence": evidence,
        }
    )
    pq.write_table(table, path)
    listing = open_listing(str(path), RegistrationItem.model_fields)
    (chunk,) = listing.chunks(10)
    first, second = (fields for _, fields in listing.rows(chunk))
    assert first == {
        "text": "a", "published_at": "2026-01-31", "sealed": True, "owner_aliases": ["x", "y"], "evidence": evidence[0]
    }  # fmt: skip
    assert second == {"path": "b.txt", "owner_aliases": []}
    assert RegistrationItem.model_validate(first).published_at == "2026-01-31"


def test_lists_that_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "l.parquet"
    for table, what in (
        ({"pth": ["a"]}, "the column pth: is no field here; did you mean path"),
        ({"lang": ["en"]}, "a column is missing that says what is read"),
        ({"path": ["a"], "external_id": [1]}, "external_id is of the type int64"),
    ):
        pq.write_table(pa.table(table), path)
        with pytest.raises(BadInput, match=what):
            open_listing(str(path), ScanItem.model_fields)
    for damaged in (b"", b"PAR1", b"no parquet at all", path.read_bytes()[:-9], path.read_bytes()[:-4] + b"PAR2"):
        path.write_bytes(damaged)
        with pytest.raises(BadInput, match="is no Parquet file, or a damaged one"):
            open_listing(str(path), ScanItem.model_fields)


def test_a_damaged_row_group_is_errors_of_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "l.parquet"
    pq.write_table(pa.table({"path": [f"{n}.txt" for n in range(9)]}), path, row_group_size=3, compression="gzip")
    about = pq.ParquetFile(path).metadata.row_group(1).column(0)
    data = bytearray(path.read_bytes())
    start = about.dictionary_page_offset or about.data_page_offset
    data[start + 30 : start + about.total_compressed_size] = b"\xff" * (about.total_compressed_size - 30)
    path.write_bytes(data)
    listing = open_listing(str(path), ScanItem.model_fields)
    rows = [row for chunk in listing.chunks(5) for row in listing.rows(chunk)]
    assert [number for number, _ in rows] == list(range(1, 10))
    assert [number for number, row in rows if isinstance(row, BadInput)] == [4, 5, 6]


def test_answers_in_parquet(archive) -> None:
    table = pa.table({"text": [text(1), text(60), None], "external_id": ["a", "b", "c"]})
    pq.write_table(table, archive.folder / "l.parquet")
    archive.run("scan", "--input", "l.parquet", "--output", "out", "--format", "parquet", "--chunk-rows", "2")
    found = pq.read_table(archive.folder / "out" / "rows").to_pylist()
    assert [(row["row"], row["external_id"], row["status"], row["matches"]) for row in found] == [
        (1, "a", "matched", 1),
        (3, "c", "error", 0),
    ]
    assert "exactly one of path, text, html, parts is needed" in found[1]["error"]
