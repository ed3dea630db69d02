"""Files that no service should trust, in one batch: each its own clear line, the good ones in between unharmed."""

import io
import json
import struct
import threading
import time
import zlib
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.test_commands import ESSAY, ZH, picture

pytestmark = pytest.mark.slow


def bomb(width: int, height: int) -> bytes:
    """A small PNG that declares, and really holds, a very large picture of one colour."""
    squeeze = zlib.compressobj(9)
    row = b"\0" + bytes((width + 7) // 8)
    data = b"".join(squeeze.compress(row) for _ in range(height)) + squeeze.flush()

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_hostile_files_in_one_batch(sourcemark, tmp_path: Path) -> None:
    picture(tmp_path / "good.jpg")
    whole = (tmp_path / "good.jpg").read_bytes()
    gif = io.BytesIO()
    Image.new("P", (1, 1)).save(gif, "GIF")
    cases: list[tuple[str, bytes, tuple[str, ...]]] = [
        ("empty.txt", b"", ("empty",)),
        ("truncated.jpg", whole[: len(whole) // 3], ("truncated",)),
        ("mislabelled.jpg", ESSAY.encode(), (None,)),
        (
            "encrypted.pdf",
            b"%PDF-1.7\n1 0 obj<</Encrypt 2 0 R>>endobj\ntrailer<</Encrypt 2 0 R>>",
            ("encrypted_pdf", "pdf"),
        ),
        ("huge.png", bomb(30_000, 30_000), ("too_many_pixels",)),
        ("long.txt", b"a" * (100 * 1024 * 1024 + 1), ("too_large",)),
        ("utf8.txt", b"\xc3\x28\xa0\xa1\xff\xfe\xfa" * 40, ("undecodable", "unknown_binary", "nul_bytes")),
        ("gb18030.txt", ZH.encode("gb18030")[:-3] + b"\x81\x20\xff\xff" * 30, ("undecodable", "unknown_binary")),
        ("nul.txt", b"\0" * 500, ("nul_bytes", "unknown_binary")),
        ("zip.docx", b"PK\x03\x04" + b"\0" * 400, ("archive", "office_document")),
        ("dot.gif", gif.getvalue(), (None,)),
        ("chinese.txt", ZH.encode("gb18030"), (None,)),
    ]
    for name, data, _ in cases:
        (tmp_path / name).write_bytes(data)
    lines = [{"path": name, "owner": "A", "external_id": name} for name, _, _ in cases]
    lines += [
        {"path": "good.jpg", "owner": "A", "external_id": "good.jpg"},
        {"path": "\0", "owner": "A"},
        {"path": "x" * 5000, "owner": "A"},
    ]
    (tmp_path / "works.jsonl").write_text("\n".join(map(json.dumps, lines)))
    run = sourcemark("register", "--batch", "works.jsonl", "--json")
    assert run.status == 0, run.err
    assert len(run.lines) == len(lines)
    for (name, _, reasons), answer in zip(cases, run.lines, strict=False):
        if reasons == (None,):
            assert answer["status"] == "registered", answer
        else:
            assert answer["status"] == "error", (name, answer)
            assert answer["error"]["reason"] in reasons, (name, answer["error"])
            assert "\n" not in answer["error"]["detail"]
    assert [answer["status"] for answer in run.lines[-3:]] == ["registered", "error", "error"]
    assert run.lines[10]["reason"] in ("too_small", "no_texture")
    (tmp_path / "posts.jsonl").write_text("\n".join(json.dumps({"path": line["path"]}) for line in lines))
    scanned = sourcemark("scan", "--batch", "posts.jsonl", "--json")
    assert [line["status"] for line in scanned.lines[:2]] == ["undecodable", "undecodable"]
    assert scanned.lines[11]["status"] == "matched"
    assert scanned.lines[12]["status"] == "matched"
    assert sourcemark("ledger", "fsck").status == 0


def test_files_that_vanish_while_the_batch_runs(sourcemark, tmp_path: Path) -> None:
    names = [f"{n}.txt" for n in range(60)]
    for n, name in enumerate(names):
        (tmp_path / name).write_text(f"{n} {ESSAY}")
    (tmp_path / "works.jsonl").write_text("\n".join(json.dumps({"path": name, "owner": "A"}) for name in names))

    def remove() -> None:
        time.sleep(0.8)
        for name in reversed(names):
            (tmp_path / name).unlink()

    thread = threading.Thread(target=remove)
    thread.start()
    run = sourcemark("register", "--batch", "works.jsonl", "--json", env={"SOURCEMARK_BATCH_SIZE": "4"})
    thread.join()
    assert run.status == 0
    assert [line["path"] for line in run.lines] == names
    assert all(line["status"] == "registered" or line["error"]["reason"] == "file_missing" for line in run.lines)


def test_two_processes_on_one_database(sourcemark, tmp_path: Path) -> None:
    batch = "\n".join(json.dumps({"text": f"{n} {ESSAY}", "owner": "A"}) for n in range(40))
    answers: list = []

    def client() -> None:
        answers.append(
            sourcemark("register", "--batch", "-", "--json", stdin=batch, env={"SOURCEMARK_BATCH_SIZE": "4"})
        )

    threads = [threading.Thread(target=client) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [run.status for run in answers] == [0, 0], [run.err for run in answers]
    one, two = ([(line["work_id"], line["receipt"]["index"]) for line in run.lines] for run in answers)
    assert one == two
    assert len(set(one)) == 40
    assert sourcemark("ledger", "fsck").status == 0
