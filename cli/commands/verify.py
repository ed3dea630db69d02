"""sourcemark verify: check a receipt offline, without a database and without the service.

By the keys that the reader gives, else by those pinned for its log (`sourcemark ledger policy --pin`). To be checked
with the keys that it brought itself is a finding, unless the reader says that it is none.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fingerprints.source import Source
from provenance.errors import BadInput, SourcemarkError, VerificationFailed

from ..durations import seconds_of
from ..output import emit, language, say, tr
from .receipt import check_name, write_certificate

if TYPE_CHECKING:
    from provenance.works.certificate import WorkPicture


def add_to(app: typer.Typer) -> None:
    app.command("verify")(command)


def command(
    path: Annotated[Path, typer.Argument(metavar="RECEIPT", help="A receipt: folder, .zip or .json.")],
    work: Annotated[Path | None, typer.Option(help="The work itself, to check that it is the one registered.")] = None,
    policy: Annotated[Path | None, typer.Option(help="The log's keys as you got them elsewhere.")] = None,
    trust_receipt: Annotated[
        bool,
        typer.Option("--trust-receipt", help="Take the keys that came with the receipt."),
    ] = False,
    tsa_ca: Annotated[
        Path | None, typer.Option("--tsa-ca", help="PEM file of the roots by which you trust time-stamps.")
    ] = None,
    max_age: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help="Refuse evidence older than that: 90m, 12h, 30d, 5y."),
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="Write what was proven as a page for people: a new file, .html or .pdf.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> int:
    from provenance.tlog import verify
    from provenance.works import receipt_files

    check_name(certificate)
    most = None if max_age is None else seconds_of(max_age)
    try:
        files = receipt_files.read(path)
    except VerificationFailed as error:
        if json_:
            emit({"ok": False, "error": error.problem(), "checks": []})
        else:
            say("✗ " + error.detail)
        return 1
    trusted, came = _trusted(files, policy)
    result = verify.verify_receipt(
        files,
        trusted,
        _digest(work),
        None if work is None else lambda salt: _digest(work, salt) or b"",
        _read(tsa_ca),
        came,
    )
    if result.ok:
        result.check_future(int(time.time()))
        if most is not None:
            result.check_age(most, int(time.time()))
    if json_:
        emit(result.to_json())
    else:
        for line in result.lines(language()):
            say(line)
        say(result.verdict_words(language()))
        if result.verdict == "as_far_as_it_says" and not trust_receipt:
            _say_how()
        if came == "pinned" and trusted is not None and "inclusion" in [each.name for each in result.failed]:
            pin = "sourcemark ledger policy URL --pin --replace"
            say(
                tr(
                    f"  If the operator announced new keys, check them by another channel and pin them: `{pin}`",
                    f"  若运营方已宣布更换公钥，请从其他渠道核对后重新固定：`{pin}`",
                )
            )
    if certificate is not None and result.ok:
        write_certificate(files, result, certificate, None if work is None else _picture(work), quiet=json_)
    return 0 if result.verdict == "valid" or (trust_receipt and result.ok) else 1


def _trusted(files: Mapping[str, bytes], given: Path | None) -> tuple[bytes | None, Literal["reader", "pinned"]]:
    """The policy to check with, and how the reader came by it; None when there is but the receipt's own."""
    from provenance.auditing.pinned_policies import PinnedPolicies
    from provenance.config import load_settings
    from provenance.tlog import receipt

    if given is not None:
        return _read(given), "reader"
    origin = receipt.origin_of(files)
    pinned = None if origin is None else PinnedPolicies(load_settings().policies_dir).find(origin)
    return pinned, "pinned"


def _say_how() -> None:
    pin = "sourcemark ledger policy URL --pin"
    say(
        tr(
            f"  Pin the log's keys once, from its address or folder (`{pin}`), and verify again,",
            f"  请先从账本的网址或文件夹固定其公钥（`{pin}`），然后重新核验；",
        )
    )
    say(
        tr(
            "  or give them with --policy FILE. --trust-receipt takes those of the receipt.",
            "  或用 --policy FILE 提供公钥。--trust-receipt 表示接受凭证自带的公钥。",
        )
    )


def _picture(work: Path) -> WorkPicture | None:
    """A small copy of a picture that was checked to be the work; None of what is no picture or cannot be drawn."""
    from fingerprints.sandbox.pool import Sandbox
    from provenance.config import load_settings
    from provenance.observer import Observer
    from provenance.search.examination import Examiner
    from provenance.works.certificate import picture

    source = Source.file(work)
    examiner = Examiner(Sandbox(1, load_settings().limits), 1, Observer())
    try:
        return picture.of_file(examiner.examine(source).fingerprint)
    except SourcemarkError:
        return None
    finally:
        examiner.close()


def _read(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error


def _digest(path: Path | None, salt: bytes = b"") -> bytes | None:
    if path is None:
        return None
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, lambda: hashlib.sha256(salt)).digest()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
