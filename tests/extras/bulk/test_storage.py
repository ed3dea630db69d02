"""Files, lists and answers in object storage."""

from __future__ import annotations

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli.bulk import storage
from fingerprints.errors import LimitExceeded, UnreadableMedia

from .conftest import text

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def bucket(s3, archive) -> str:
    """The texts 1 and 60 and a large file, an archive that knows them."""
    archive.environment |= s3.environment
    s3.create_bucket(Bucket="archive")
    for name, data in (("a/1.txt", text(1)), ("a/60.txt", text(60)), ("a/large.txt", "x" * 2_000_000)):
        s3.put_object(Bucket="archive", Key=name, Body=data.encode())
    return "s3://archive"


def test_a_list_its_files_and_its_answers_in_s3(archive, s3, bucket: str) -> None:
    paths = ["a/1.txt", f"{bucket}/a/60.txt", "a/none.txt", f"{bucket}/a/large.txt", "s3://none/b.txt", "a"]
    table = pa.table({"path": [*paths, "http://127.0.0.1/"], "external_id": list("abcdefg")})
    out = io.BytesIO()
    pq.write_table(table, out)
    s3.put_object(Bucket="archive", Key="list.parquet", Body=out.getvalue())
    archive.environment["SOURCEMARK_MAX_UPLOAD_MIB"] = "1"
    command = ("scan", "--input", f"{bucket}/list.parquet", "--output", f"{bucket}/out", "--chunk-rows", "4", "--all")
    (summary,) = map(json.loads, archive.run(*command, "--json").splitlines())
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket="archive", Prefix="out/")["Contents"]]
    assert sorted(keys) == sorted(
        f"out/{name}" for name in (
            "done/00000000.json", "done/00000001.json", "manifest.json", "rows/00000000.jsonl", "rows/00000001.jsonl",
            "summary.json",
        )
    )  # fmt: skip
    found = "".join(
        s3.get_object(Bucket="archive", Key=key)["Body"].read().decode() for key in sorted(keys) if "/rows/" in key
    )
    rows = [json.loads(line) for line in found.splitlines()]
    assert [(row["external_id"], row["status"], row["reason"]) for row in rows] == [
        ("a", "matched", None),
        ("b", "no_match", None),
        ("c", "error", "file_missing"),
        ("d", "undecodable", "too_large"),
        ("e", "error", "file_missing"),
        ("f", "error", "is_a_directory"),
        ("g", "error", None),
    ]
    assert "addresses of http:// are not read" in rows[-1]["error"]["detail"]
    again = json.loads(archive.run(*command, "--json"))
    assert again == {**summary, "chunks_before": 2}
    assert "another --all" in archive.run(*command[:-1], status=2)


def test_a_local_list_of_objects_is_registered(archive, bucket: str) -> None:
    (archive.folder / "l.csv").write_text(f"path,owner\n{bucket}/a/60.txt,Lin\n{bucket}/a/1.txt,Lin\n")
    archive.run("register", "--input", "l.csv", "--output", "out")
    assert [row["status"] for row in archive.rows("out")] == ["registered", "already_registered"]


@pytest.fixture
def storage_of(failing, monkeypatch):
    """Storage that fails, and no long pauses."""
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "k"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", failing.address),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(storage, "_PAUSES", (0.01, 0.01, 0.01))
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    yield failing
    s3fs.S3FileSystem.clear_instance_cache()


def test_what_goes_away_by_itself_is_tried_again(storage_of) -> None:
    storage_of.answer = lambda _path, times: 503 if times <= 2 else 200
    with storage.fetch("s3://b/k.txt", 1000) as copy:
        assert copy.read() == b"x" * 200
    assert storage_of.asked == ["HEAD /b/k.txt"] * 3 + ["GET /b/k.txt"]


@pytest.mark.parametrize(
    ("status", "reason", "most"), [(403, "file_unreadable", 1), (500, "not_fetched", 4), (503, "not_fetched", 4)]
)
def test_what_stays_is_an_error_of_the_row(storage_of, status: int, reason: str, most: int) -> None:
    storage_of.answer = lambda _path, _times: status
    with pytest.raises(UnreadableMedia) as caught:
        storage.fetch("s3://b/k.txt", 1000)
    assert caught.value.reason == reason
    assert storage_of.asked == ["HEAD /b/k.txt"] * most


def test_nothing_is_fetched_of_what_is_too_large(storage_of) -> None:
    with pytest.raises(LimitExceeded):
        storage.fetch("s3://b/k.txt", 199)
    assert storage_of.asked == ["HEAD /b/k.txt"]


def test_what_could_not_be_fetched_is_tried_again_by_the_next_run(archive, s3, bucket: str, failing) -> None:
    """The storage is down for a whole run, then it is back."""
    (archive.folder / "l.jsonl").write_text(
        json.dumps({"path": f"{bucket}/a/1.txt"}) + "\n" + json.dumps({"text": text(2)}) + "\n"
    )
    failing.answer = lambda _path, _times: 503
    archive.environment["AWS_ENDPOINT_URL"] = failing.address
    command = ("scan", "--input", "l.jsonl", "--output", "out", "--chunk-rows", "1")
    assert "! 1 files could not be fetched: try them again with --retry" in archive.run(*command)
    archive.environment |= s3.environment
    assert json.loads(archive.run(*command, "--json"))["not_fetched"] == 1
    again = json.loads(archive.run(*command, "--json", "--retry"))
    assert (again["chunks_before"], again["statuses"], again["not_fetched"]) == (1, {"matched": 2}, 0)
