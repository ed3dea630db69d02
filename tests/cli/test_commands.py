"""The command line as CONTRACT has it: arguments, JSON lines, exit statuses, one line for every error."""

import io
import json
import sys
import tempfile
import zipfile

import numpy as np
import pytest
from PIL import Image, ImageOps

from cli.commands import scan
from fingerprints.source import CHUNK
from provenance.errors import TooLarge, Unavailable

pytestmark = pytest.mark.slow

ESSAY = (
    "Every autumn the two villages argue over the bell. It was cast in the upper one, from pots and a broken plough, and "
    "rolled downhill in a storm that nobody alive remembers. The lower village hung it where it came to rest. On the first "
    "Sunday of October a delegation walks down, asks for it back in verse, is refused in verse, and is fed until midnight."
)
ZH = (
    "每年秋天，上下两个村子都要为那口钟争一回。钟是上村铸的，用的是旧锅和一张断犁，后来在一场没人记得的暴雨里滚下了山。"
    "下村把它挂在它停下来的地方。十月的第一个星期天，上村的人走下山来，用诗讨钟，下村的人用诗拒绝，然后留他们吃饭吃到半夜。"
)


def picture(path, seed=1):
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    small.resize((480, 360), Image.Resampling.BICUBIC).save(path, quality=90)


def test_the_main_job(sourcemark, tmp_path) -> None:
    (tmp_path / "bell.txt").write_text(ESSAY)
    made = sourcemark("register", "bell.txt", "--title", "The Bell", "--owner", "Ines Vale", "--owner-alias", "伊内斯",
                      "--source-name", "Valley Post", "--source-url", "https://valley.example/bell", "--json")  # fmt: skip
    assert made.status == 0, made.err
    work = made.lines[0]
    assert set(work) >= {"external_id", "path", "status", "work_id", "medium", "fingerprintable", "reason", "competing", "receipt", "error"}  # fmt: skip
    assert work["status"] == "registered"
    assert set(work["receipt"]) == {"origin", "index", "size"}

    found = sourcemark("scan", "-", "--account", "Copycat", "--post-url", "https://p.example/1", "--json", stdin=ESSAY)
    assert found.status == 1
    match = found.lines[0]["matches"][0]
    assert set(match) >= {"work_id", "external_id", "title", "owner", "score", "coverage", "segments", "transform", "marking", "permission", "registered_at", "receipt"}  # fmt: skip
    assert match["segments"][0]["unit"] == "codepoint"
    assert sourcemark("scan", "-", stdin=ZH).status == 0

    seen = sourcemark("lookup", work["work_id"], "--json")
    assert [s["post_url"] for s in seen.lines] == ["https://p.example/1"]
    assert ",uncredited,missing,1.0,1.0,1.0,local,1," in sourcemark("lookup", "bell.txt", "--csv").out.splitlines()[1]
    assert sourcemark("lookup", "bell.txt", "--evidence", "pages").status == 0
    (page,) = (tmp_path / "pages").iterdir()
    assert "https://p.example/1" in page.read_text()
    assert "Copycat" in sourcemark("lookup", "--owner", "ines vale", "--csv").out

    credit = sourcemark("credit", work["work_id"])
    assert "Ines Vale" in credit.out
    credited = sourcemark("scan", "-", "--account", "Copycat", "--json", stdin=f"{credit.out}\n{ESSAY}").lines[0]
    assert credited["matches"][0]["marking"]["owner_marked"]
    assert credited["matches"][0]["marking"]["source_traceable"]

    assert sourcemark("ledger", "policy", "--pin").status == 0
    for target in ("receipt", "receipt.zip", "receipt.json"):
        assert sourcemark("receipt", work["work_id"], "--out", target).status == 0
        verified = sourcemark("verify", target, "--work", "bell.txt", "--json")
        assert verified.status == 0, verified.out
        assert (verified.lines[0]["verdict"], verified.lines[0]["policy_from"]) == ("valid", "pinned")
    assert "VERIFY.md" in zipfile.ZipFile(tmp_path / "receipt.zip").namelist()

    entry = tmp_path / "receipt" / "opening.json"
    entry.write_text(entry.read_text().replace("Ines Vale", "Ines Vole"))
    tampered = sourcemark("verify", "receipt")
    assert tampered.status == 1
    (tmp_path / "other.txt").write_text(ZH)
    assert sourcemark("verify", "receipt.zip", "--work", "other.txt").status == 1


def test_batches(sourcemark, tmp_path) -> None:
    (tmp_path / "in").mkdir()
    picture(tmp_path / "in" / "sea.jpg")
    lines = [
        {"path": "sea.jpg", "owner": "A", "external_id": "1"},
        {"text": ESSAY, "owner": "A", "external_id": "2", "meta": {"meta": {"unknown": "key"}}},
        {"path": "missing.jpg", "owner": "A", "external_id": "3"},
        {"text": ZH, "external_id": "4"},
        {"path": ".", "owner": "A", "external_id": "5"},
        {"owner": "A", "external_id": "6"},
        {"text": ZH, "owner": "甲", "external_id": "7", "published_at": "2026-01-31"},
    ]
    batch = tmp_path / "in" / "works.jsonl"
    batch.write_text("\n".join(json.dumps(line) for line in lines) + "\n{not json\n\n[]\n")
    run = sourcemark("register", "--batch", "in/works.jsonl", "--json")
    assert run.status == 0, run.err
    assert [r["status"] for r in run.lines] == ["registered", "registered", "error", "error", "error", "error", "registered", "error", "error"]  # fmt: skip
    assert [r["external_id"] for r in run.lines] == ["1", "2", "3", "4", "5", "6", "7", None, None]
    assert all(r["error"]["detail"] for r in run.lines if r["status"] == "error")
    again = sourcemark("register", "--batch", "in/works.jsonl", "--json")
    assert [r["status"] for r in again.lines].count("already_registered") == 3

    posts = [
        {"path": "in/sea.jpg", "external_id": "a"},
        {"text": "x", "external_id": "b"},
        {"html": f"<p>{ZH}</p>"},
        {"path": "gone"},
    ]
    run = sourcemark("scan", "--batch", "-", "--json", stdin="\n".join(json.dumps(post) for post in posts))
    assert run.status == 0
    assert [r["status"] for r in run.lines] == ["matched", "too_short", "matched", "error"]
    assert [r["external_id"] for r in run.lines] == ["a", "b", None, None]


def test_the_exported_log(sourcemark, tmp_path) -> None:
    sourcemark(
        "register",
        "--batch",
        "-",
        stdin="\n".join(json.dumps({"text": f"{n} {ESSAY}", "owner": "A"}) for n in range(5)),
    )
    assert sourcemark("ledger", "export", "out").status == 0
    for name in ("checkpoint", "log.vkey", "policy", "tile/0/000.p/6", "tile/entries/000.p/6"):
        assert (tmp_path / "out" / name).is_file(), name
    assert (tmp_path / "out" / "policy").read_text().endswith("quorum none\n")
    assert sourcemark("ledger", "checkpoint").out == (tmp_path / "out" / "checkpoint").read_text()
    assert sourcemark("ledger", "export", "out").status == 0
    assert sourcemark("ledger", "fsck", "--json").lines[0]["problems"] == []
    assert sourcemark("ledger", "rebuild").status == 0
    assert sourcemark("ledger", "fsck").status == 0


def test_a_receipt_s_own_keys_prove_nothing(sourcemark, tmp_path) -> None:
    (tmp_path / "bell.txt").write_text(ESSAY)
    work_id = sourcemark("register", "bell.txt", "--owner", "Ines Vale", "--json").lines[0]["work_id"]
    written = sourcemark("receipt", work_id, "--out", "r.json")
    assert "sourcemark ledger policy --pin" in written.out  # how it is checked well
    blind = sourcemark("verify", "r.json")
    assert blind.status == 1
    assert "VALID AS FAR AS IT SAYS" in blind.out
    assert "sourcemark ledger policy URL --pin" in blind.out
    assert "! no independent time" in blind.out
    told = sourcemark("verify", "r.json", "--json")
    assert (told.status, told.lines[0]["verdict"], told.lines[0]["independent_time"]) == (1, "as_far_as_it_says", False)
    assert sourcemark("verify", "r.json", "--trust-receipt").status == 0
    assert "自称有效" in sourcemark("verify", "r.json", env={"SOURCEMARK_LANG": "zh"}).out

    assert sourcemark("ledger", "export", "log").status == 0
    reader = {"SOURCEMARK_HOME": str(tmp_path / "reader")}
    shown = sourcemark("ledger", "policy", "log", env=reader)
    assert shown.out == (tmp_path / "log" / "policy").read_text()
    assert sourcemark("verify", "r.json", env=reader).status == 1  # shown, not pinned
    pinned = sourcemark("ledger", "policy", "log", "--pin", env=reader)
    assert pinned.status == 0, pinned.err
    assert pinned.out.count("SHA-256") == 2
    assert "trusted on first use" in pinned.out
    done = sourcemark("verify", "r.json", "--work", "bell.txt", env=reader)
    assert (done.status, done.out.splitlines()[-1]) == (0, "VALID")
    assert not (tmp_path / "reader" / "sourcemark.db").exists()
    audited = sourcemark("ledger", "audit", "log", "--json", env=reader)
    assert (audited.status, audited.lines[0]["policy_from"]) == (0, "pinned")
    assert sourcemark("verify", "missing.json", env=reader).status == 2


def test_another_policy_is_not_pinned_silently(sourcemark, tmp_path) -> None:
    assert sourcemark("ledger", "policy", "--pin").status == 0
    assert sourcemark("ledger", "policy", "--pin").status == 0  # the same
    assert sourcemark("ledger", "export", "old").status == 0
    assert sourcemark("key", "rotate", "--log").status == 0
    refused = sourcemark("ledger", "policy", "--pin")
    assert (refused.status, refused.err.count("\n")) == (2, 1)
    assert "no longer 'log " in refused.err
    assert "now 'log " in refused.err
    (tmp_path / "bell.txt").write_text(ESSAY)
    work_id = sourcemark("register", "bell.txt", "--owner", "Ines Vale", "--json").lines[0]["work_id"]
    assert sourcemark("receipt", work_id, "--out", "r").status == 0
    stale = sourcemark("verify", "r")
    assert (stale.status, "--pin --replace" in stale.out) == (1, True)
    assert sourcemark("ledger", "policy", "--pin", "--replace").status == 0
    assert sourcemark("verify", "r").status == 0
    assert sourcemark("ledger", "policy", "--replace").status == 2
    for where, status in (("nowhere", 2), (".", 1), ("old/checkpoint", 1), ("http://127.0.0.1:1/", 3)):
        assert sourcemark("ledger", "policy", where, "--pin").status == status, where


def test_evidence_that_is_too_old(sourcemark, tmp_path) -> None:
    (tmp_path / "bell.txt").write_text(ESSAY)
    work_id = sourcemark("register", "bell.txt", "--owner", "Ines Vale", "--json").lines[0]["work_id"]
    assert sourcemark("receipt", work_id, "--out", "r").status == 0
    assert sourcemark("ledger", "export", "log").status == 0
    for command in (("verify", "r", "--policy", "r/policy"), ("ledger", "audit", "log")):
        assert sourcemark(*command, "--max-age", "1d").status == 0
        old = sourcemark(*command, "--max-age", "0s")
        assert old.status == 1
        assert "older than you allow" in old.out
        assert sourcemark(*command, "--max-age", "soon").status == 2


def test_certificates(sourcemark, tmp_path) -> None:
    (tmp_path / "bell.txt").write_text(ESSAY)
    work_id = sourcemark("register", "bell.txt", "--owner", "Ines Vale", "--json").lines[0]["work_id"]
    done = sourcemark("receipt", work_id, "--out", "r.zip", "--certificate", "c.pdf")
    assert (done.status, done.out.splitlines()[-1]) == (0, "certificate written: c.pdf")
    assert (tmp_path / "c.pdf").read_bytes().startswith(b"%PDF-")
    assert sourcemark("receipt", work_id, "--certificate", "zh.html", env={"SOURCEMARK_LANG": "zh"}).status == 0
    assert "登记证书" in (tmp_path / "zh.html").read_text()
    stranger = {"SOURCEMARK_HOME": str(tmp_path / "nowhere")}
    assert sourcemark("verify", "r.zip", "--certificate", "c.html", "--json", env=stranger).lines[0]["ok"]
    assert "Ines Vale" in (tmp_path / "c.html").read_text()
    assert sourcemark("verify", "r.zip", "--work", "zh.html", "--certificate", "no.html").status == 1
    assert not (tmp_path / "no.html").exists()
    for arguments in ([], ["--certificate", "c.txt"], ["--certificate", "c.html"], ["--certificate", "no/where.pdf"]):
        failed = sourcemark("receipt", work_id, *arguments)
        assert failed.status in (2, 3)
        assert failed.err.count("\n") == 1


def test_an_audit_of_somebodys_log(sourcemark, tmp_path) -> None:
    (tmp_path / "bell.txt").write_text(ESSAY)
    (tmp_path / "zh.txt").write_text(ZH)
    sourcemark("register", "bell.txt", "--owner", "Ines Vale")
    (tmp_path / "kept").write_text(sourcemark("ledger", "checkpoint").out)
    sourcemark("register", "zh.txt", "--owner", "Ines Vale")
    sourcemark("ledger", "export", "out")
    stranger = {"SOURCEMARK_HOME": str(tmp_path / "nowhere")}  # needs no installation of its own
    args = ("ledger", "audit", "out", "--since", "kept", "--policy", "out/policy")
    done = sourcemark(*args, env=stranger)
    assert done.status == 0, done.out
    assert done.out.splitlines()[0].startswith("✓ 3 entries of log-")
    assert done.out.splitlines()[1:] == ["✓ it continues the earlier checkpoints", "– no witness cosigned it"]
    assert not (tmp_path / "nowhere").exists()
    report = sourcemark(*args, "--json", "--hashes", "--processes", "2", env=stranger).lines[0]
    assert (report["size"], report["problems"], report["policy_from"]) == (3, [], "reader")
    assert "采用账本自行公布的公钥" in sourcemark("ledger", "audit", "out", env={"SOURCEMARK_LANG": "zh"}).out
    bundle = tmp_path / "out/tile/entries/000.p/3"
    bundle.write_bytes(bundle.read_bytes().replace(b"payloadType", b"payloadTyqe", 1))
    bad = sourcemark(*args)
    assert bad.status == 1
    assert "✗ tile/entries/000.p/3: differs at entry 0 from what was signed\n" in bad.out
    assert bad.out.count("✗") == 1  # one edit, one line
    (tmp_path / "out/checkpoint").write_bytes(b"\x1b[2J")
    assert sourcemark(*args).out.startswith("✗ checkpoint: the note")
    for arguments, status in (
        (["nowhere"], 2),
        (["out", "--since", "nowhere"], 2),
        (["ftp://log.example"], 2),
        (["http://127.0.0.1:1"], 3),
    ):
        failed = sourcemark("ledger", "audit", *arguments)
        assert (failed.status, failed.err.count("\n")) == (status, 1), failed.err


def test_marking_needs_no_installation(sourcemark, tmp_path) -> None:
    case = {
        "id": "m1",
        "work": {"title": "The Bell", "owner": "Ines Vale", "source_name": "Valley Post",
                 "source_url": "https://valley.example/bell", "licence": "reprint-with-credit", "kind": "text"},
        "post": {"text": f"By Ines Vale, Valley Post, https://valley.example/bell\n\n{ESSAY}", "lang": "en", "use": "full",
                 "commercial": False, "account": "Copycat"},
    }  # fmt: skip
    run = sourcemark("marking", "--batch", "-", "--json", stdin=json.dumps(case) + "\n{}\nno\n")
    assert run.status == 0, run.err
    first = run.lines[0]
    assert {k: first[k] for k in ("id", "owner_marked", "source_marked", "source_traceable", "verdict")} == {
        "id": "m1", "owner_marked": True, "source_marked": True, "source_traceable": True, "verdict": "compliant"}  # fmt: skip
    assert [line.get("status") for line in run.lines[1:]] == ["error", "error"]
    assert not (tmp_path / "home").exists()
    refused = sourcemark("marking", "--batch", "-", "--trust-anchors", "no.pem", stdin=json.dumps(case))
    assert refused.status == 2
    assert "--trust-anchors" in refused.err


def test_a_credit_is_written_into_a_copy(sourcemark, tmp_path) -> None:
    Image.new("RGB", (640, 480), (200, 220, 240)).save(tmp_path / "lake.png")
    work = sourcemark("register", "lake.png", "--owner", "Ines Vale", "--title", "Lake", "--licence", "CC-BY-4.0",
                      "--source-url", "https://valley.example/lake", "--json").lines[0]  # fmt: skip
    before = (tmp_path / "lake.png").read_bytes()
    assert sourcemark("credit", work["work_id"], "--into", "lake.png", "--lang", "de").status == 0
    assert (tmp_path / "lake.png").read_bytes() == before
    assert b"Ines Vale" in (tmp_path / "lake.credited.png").read_bytes()
    for wrong in (["--sign-key", "k.pem"], ["--sign-key", "k.pem", "--sign-chain", "c.pem", "--into", "lake.png"]):
        refused = sourcemark("credit", work["work_id"], *wrong)
        assert refused.status == 2
        assert "Traceback" not in refused.err


def test_accounts_and_keys(sourcemark) -> None:
    made = sourcemark("account", "new", "City Daily", "--kind", "platform", "--json").lines[0]
    key = sourcemark("key", "new", "City Daily", "--json").lines[0]
    assert key["scopes"] == ["scan"]
    assert key["secret"].startswith("smk_")
    listed = sourcemark("key", "list", "--json")
    assert key["secret"] not in listed.out
    assert sourcemark("key", "revoke", key["id"]).status == 0
    assert made["id"] in sourcemark("account", "list", "--json").out
    assert sourcemark("account", "show", "City Daily", "--json").lines[0]["api_keys"][0]["revoked_at"]
    assert sourcemark("account", "new", "City Daily").status == 2
    sourcemark("register", "--batch", "-", stdin=json.dumps({"text": ESSAY, "owner": "A"}))
    signing = next(k for k in sourcemark("key", "list", "--json").lines if k["type"] == "signing")
    assert sourcemark("key", "revoke", signing["keyid"]).status == 0
    after = sourcemark("register", "--batch", "-", "--json", stdin=json.dumps({"text": ZH, "owner": "A"})).lines[0]
    assert after["status"] == "registered"
    assert sourcemark("ledger", "fsck").status == 0


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["register", "missing.txt", "--owner", "A"], 2),
        (["register", ".", "--owner", "A", "--pattern", "*.png"], 2),
        (["register", "good.txt"], 2),
        (["register"], 2),
        (["register", "good.txt", "--owner", "A", "--source-url", "nowhere"], 2),
        (["register", "--batch", "missing.jsonl"], 2),
        (["register", "good.txt", "--owner", "A", "--account", "nobody"], 2),
        (["scan", "missing.txt"], 2),
        (["scan", "good.txt", "--caption", "missing.txt"], 2),
        (["scan", "good.txt", "--use", "borrowed"], 2),
        (["scan"], 2),
        (["lookup", "work_none"], 2),
        (["lookup", "--owner", "A", "--since", "yesterday"], 2),
        (["credit", "work_none"], 2),
        (["receipt", "work_none", "--out", "r"], 2),
        (["verify", "missing"], 2),
        (["verify", "good.txt"], 1),
        (["marking", "--batch", "missing.jsonl"], 2),
        (["ledger", "export", "good.txt"], 3),
        (["key", "new", "nobody"], 2),
        (["key", "revoke", "key_none"], 2),
        (["nonsense"], 2),
        (["scan", "--nonsense"], 2),
        (["serve", "--host", "203.0.113.1"], 3),
    ],
)
def test_every_mistake_is_one_clear_line(sourcemark, tmp_path, arguments, status) -> None:
    (tmp_path / "good.txt").write_text(ESSAY)
    run = sourcemark(*arguments)
    assert run.status == status, (run.out, run.err)
    said = (run.err or run.out).strip()
    assert said
    assert len(said.splitlines()) == 1 or arguments[0] == "verify"


def test_a_database_that_is_down(sourcemark, tmp_path) -> None:
    run = sourcemark(
        "scan", "-", stdin=ESSAY, env={"SOURCEMARK_DATABASE_URL": "postgresql://x:secret@127.0.0.1:1/none"}
    )
    assert run.status == 3
    assert "secret" not in run.err
    assert len(run.err.splitlines()) == 1


def test_a_home_that_cannot_be_made(sourcemark, tmp_path) -> None:
    (tmp_path / "file").write_text("x")
    run = sourcemark("scan", "-", stdin=ESSAY, env={"SOURCEMARK_HOME": str(tmp_path / "file" / "home")})
    assert run.status == 3
    assert len(run.err.splitlines()) == 1


@pytest.mark.parametrize("size", [0, 5, CHUNK, CHUNK + 1])
def test_small_standard_input_needs_no_temporary_folder(size: int, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"x" * size)))
    if size <= CHUNK:
        with scan._source("-", 2 * CHUNK) as source:
            assert source.read(CHUNK) == b"x" * size
    else:
        with pytest.raises(Unavailable, match="none cannot be used"), scan._source("-", 2 * CHUNK):
            pass


@pytest.mark.parametrize("limit", [3, CHUNK + 3])
def test_standard_input_at_its_limit(limit: int, monkeypatch) -> None:
    for size in (limit, limit + 1):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"x" * size)))
        with scan._source("-", limit) as source:
            assert isinstance(source, TooLarge) is (size > limit)
            assert isinstance(source, TooLarge) or source.size == size


def test_chinese_interface(sourcemark) -> None:
    run = sourcemark("scan", "-", stdin=ESSAY, env={"SOURCEMARK_LANG": "zh"})
    assert "无匹配" in run.out


def test_configuration_and_doctor(sourcemark) -> None:
    values = sourcemark("config", "--json", env={"SOURCEMARK_DATABASE_URL": "postgresql://u:secret@h/d"}).lines[0]
    assert values["SOURCEMARK_PORT"] == 8470
    assert "secret" not in str(values)
    run = sourcemark("doctor", "--json")
    assert run.status == 0, run.out
    assert run.lines[0]["ok"] is True
    bad = sourcemark("doctor", env={"SOURCEMARK_DATABASE_URL": "postgresql://u@127.0.0.1:1/d"})
    assert bad.status == 1


def test_doctor_tells_how_the_segments_of_the_index_are(sourcemark, tmp_path) -> None:
    env = {"SOURCEMARK_INDEX_TAIL": "1"}
    sourcemark("register", "--batch", "-", stdin=json.dumps({"text": ESSAY, "owner": "A"}), env=env)
    assert "1 segments up to" in sourcemark("doctor", env=env).out
    (file,) = (tmp_path / "home" / "index").glob("*.segment")
    file.write_bytes(file.read_bytes()[:-1])
    run = sourcemark("doctor", env=env)
    assert (run.status, file.name in run.out, "cut short" in run.out) == (1, True, True)
    assert sourcemark("doctor", env=env).status == 0  # it was made again
    assert sourcemark("scan", "-", "--json", stdin=ESSAY, env=env).lines[0]["matches"]


def test_keys_are_private(sourcemark, tmp_path) -> None:
    (tmp_path / "home").mkdir(mode=0o755)  # even in a folder that others may enter
    sourcemark("register", "--batch", "-", stdin=json.dumps({"text": ESSAY, "owner": "A"}))
    assert (tmp_path / "home" / "sourcemark.db").stat().st_mode & 0o777 == 0o600
    files = list((tmp_path / "home" / "keys").iterdir())
    assert len(files) == 3  # the log's two keys and the producer's
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)


def test_a_home_of_its_own_is_private(sourcemark, tmp_path) -> None:
    sourcemark("doctor")
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700


def test_nothing_but_json_on_stdout(sourcemark, tmp_path) -> None:
    run = sourcemark("register", "--batch", "-", "--json", stdin=json.dumps({"text": ESSAY, "owner": "A"}))
    assert len(run.lines) == 1
    assert run.err == ""


def test_grants(sourcemark, tmp_path) -> None:
    (tmp_path / "bell.txt").write_text(ESSAY)
    (tmp_path / "letter.pdf").write_bytes(b"a written permission")
    work = sourcemark("register", "bell.txt", "--owner", "Ines Vale", "--json").lines[0]["work_id"]
    given = sourcemark("grant", "give", work, "--to", "Copycat", "--until", "2099-12-31", "--no-credit",
                       "--document", "letter.pdf", "--json")  # fmt: skip
    assert given.status == 0, given.err
    grant = given.lines[0]
    assert (grant["to"], grant["until"], len(grant["document"])) == (["Copycat"], "2099-12-31", 64)
    seen = sourcemark("scan", "-", "--account", "Copycat", "--json", stdin=ESSAY).lines[0]
    assert seen["verdict"] == "licensed"
    assert grant["grant_id"] in sourcemark("grant", "list", work).out
    assert sourcemark("grant", "revoke", grant["grant_id"]).status == 0
    assert sourcemark("scan", "-", "--account", "Copycat", "--json", stdin=ESSAY).lines[0]["verdict"] == "uncredited"
    for args, word in (
        (("--until", "soon"), "until"),
        (("--territory", "china"), "territory"),
        (("--use", "all"), "uses"),
    ):
        wrong = sourcemark("grant", "give", work, "--to", "Copycat", *args)
        assert wrong.status == 2
        assert word in wrong.err
        assert len(wrong.err.strip().splitlines()) == 1


def test_show_draws_a_picture_and_prints_a_text(sourcemark, tmp_path) -> None:
    picture(tmp_path / "sea.png")
    (tmp_path / "essay.txt").write_text(ESSAY)
    for name in ("sea.png", "essay.txt"):
        assert sourcemark("register", name, "--title", "T", "--owner", "O").status == 0
    with Image.open(tmp_path / "sea.png") as opened:
        ImageOps.mirror(opened).save(tmp_path / "copy.png")
    for order in (("copy.png", "--show", "drawn.png"), ("--show", "drawn.png", "copy.png", "--json")):
        done = sourcemark("scan", *order)
        assert done.status == 1
        with Image.open(tmp_path / "drawn.png") as drawn:
            assert drawn.format == "PNG"
        (tmp_path / "drawn.png").unlink()
    for order in (("essay.txt", "--show"), ("--show", "essay.txt")):
        assert "work 0–" in sourcemark("scan", *order).out
    for wrong in (("copy.png", "--show"), ("essay.txt", "--show", "out.png"), ("essay.txt", "--show", "--json")):
        done = sourcemark("scan", *wrong)
        assert (done.status, len(done.err.splitlines())) == (2, 1)
