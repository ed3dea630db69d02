"""sourcemark receipt: the proof of a registration, for a stranger to check without us."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provenance.errors import BadInput, Unavailable

from ..output import (
    labelled,
    language,
    say,
    tr,
)
from ..remote_service import Remote, client
from ..session import application

if TYPE_CHECKING:
    from provenance.tlog.verification import Verification
    from provenance.works.certificate import WorkPicture


def add_to(app: typer.Typer) -> None:
    app.command("receipt")(command)


def command(
    work_id: Annotated[str, typer.Argument(metavar="WORK_ID")],
    out: Annotated[Path | None, typer.Option(help="A new folder, or a file ending in .zip or .json.")] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="Also or only a page for people: a new file, .html or .pdf.")
    ] = None,
    remote: Remote = None,
) -> None:
    from provenance.config import load_settings

    if out is None and certificate is None:
        raise BadInput("say where to write: --out DIR, FILE.zip or FILE.json, --certificate FILE.html or FILE.pdf")
    check_name(certificate)
    from provenance.auditing.pinned_policies import PinnedPolicies
    from provenance.tlog import receipt, verify
    from provenance.works import receipt_files

    roots = shown = None
    if remote is not None:
        with client(remote) as there:
            files = there.receipt(work_id)
    else:
        with application() as opened:
            from provenance.works.receipt_builder import build_receipt

            files = build_receipt(opened.db, opened.log, work_id)
            if certificate is not None:
                from provenance.works.certificate import picture

                shown = picture.committed(opened.db, files)
            roots = opened.settings.tsa_roots if opened.settings.tsa_url is not None else None
    if out is not None:
        receipt_files.write(files, out)
        say(labelled(tr("receipt written", "凭证已写入"), str(out)))
        pinned = PinnedPolicies(load_settings().policies_dir).find(receipt.origin_of(files) or "")
        if pinned is None:
            where = "" if remote is None else f" {remote}"
            pin = f"sourcemark ledger policy{where} --pin"
            say(labelled(tr("pin the log's keys once", "先固定账本公钥（仅需一次）"), str(pin)))
        say(labelled(tr("check it with", "核验命令"), f"sourcemark verify {out}"))
    if certificate is not None:
        write_certificate(files, verify.verify_receipt(files, tsa_roots=roots), certificate, shown)


def check_name(path: Path | None) -> None:
    """Raises `BadInput` for a name that is not of a certificate, or of a file that is there."""
    if path is None:
        return
    if path.suffix.lower() not in (".html", ".pdf"):
        raise BadInput(f"{path} must end in .html or .pdf")
    if path.exists():
        raise BadInput(f"{path} exists already: choose another name")


def write_certificate(
    files: Mapping[str, bytes],
    done: Verification,
    path: Path,
    picture: WorkPicture | None = None,
    *,
    quiet: bool = False,
) -> None:
    """Write the certificate of a receipt that was checked, in the interface language.

    Raises:
        VerificationFailed: the receipt does not hold.
        Unavailable: the disk refuses.
    """
    from provenance.config import load_settings
    from provenance.works.certificate import certify, to_html, to_pdf

    made = certify(files, done, language(), picture)
    data = to_pdf(made, load_settings().certificate_font) if path.suffix.lower() == ".pdf" else to_html(made)
    try:
        with path.open("xb") as handle:
            handle.write(data)
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {error.strerror}", reason="storage") from error
    if not quiet:
        say(labelled(tr("certificate written", "证书已写入"), str(path)))
