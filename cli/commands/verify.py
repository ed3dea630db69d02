"""sourcemark verify: check a receipt offline, without a database and without the service."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from provenance.errors import BadInput, VerificationFailed

from ..output import emit, language, say, tr
from .receipt import check_name, write_certificate


def add_to(app: typer.Typer) -> None:
    app.command("verify", help="Check a receipt offline. 离线核验凭证。")(command)


def command(
    path: Annotated[Path, typer.Argument(metavar="RECEIPT", help="A receipt: folder or .zip.")],
    work: Annotated[Path | None, typer.Option(help="The work itself, to check that it is the one registered.")] = None,
    policy: Annotated[Path | None, typer.Option(help="The log's keys as you got them elsewhere.")] = None,
    tsa_ca: Annotated[
        Path | None, typer.Option("--tsa-ca", help="PEM file of the roots by which you trust time-stamps.")
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="Write what was proven as a page for people: a new file, .html or .pdf.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> int:
    from provenance.tlog import verify
    from provenance.works import receipt_files

    check_name(certificate)
    try:
        files = receipt_files.read(path)
    except VerificationFailed as error:
        if json_:
            emit({"ok": False, "error": error.problem(), "checks": []})
        else:
            say("✗ " + error.detail)
        return 1
    result = verify.verify_receipt(
        files,
        _read(policy),
        _digest(work),
        None if work is None else lambda salt: _digest(work, salt) or b"",
        _read(tsa_ca),
    )
    if json_:
        emit(result.to_json())
    else:
        for line in result.lines(language()):
            say(line)
        say(tr("VALID", "有效") if result.ok else tr("NOT VALID", "无效"))
    if certificate is not None and result.ok:
        write_certificate(files, result, certificate, quiet=json_)
    return 0 if result.ok else 1


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
