"""What the matches of a scan rest on: passages on the terminal, pictures in files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from provenance.errors import BadInput, SourcemarkError

from . import passages
from .output import say, tr

if TYPE_CHECKING:
    from provenance.application import Application
    from provenance.scans.posts import Upload
    from provenance.schemas import MatchRecord, ScanResult

_DRAWN = {"pixel", "second"}  # units of what is shown as a picture


def show(opened: Application, upload: Upload, result: ScanResult, target: str, *, quiet: bool) -> None:
    """Print the passages of texts, or draw pictures into a file; of a post with several, into one a part.

    Args:
        target: the file to draw into; empty to print.
        quiet: say nothing.
    """
    units = {segment.unit for match in result.matches for segment in match.segments}
    if units & _DRAWN and (target or "codepoint" not in units):
        if not target:
            raise BadInput("pictures, sound and film are drawn into a file: write --show OUT.png")
        _draw(opened, result, Path(target), quiet=quiet)
    elif "codepoint" in units and target:
        raise BadInput("a text's passages are printed: write --show without a file")
    elif "codepoint" in units:
        _print(opened, upload, result)
    elif not quiet:
        say(tr("there is nothing to draw: the upload is an exact copy", "无需对照：上传内容是完全相同的副本"))


def _print(opened: Application, upload: Upload, result: ScanResult) -> None:
    for part in upload.parts:
        found = [match for match in result.matches if (match.part or "") == part.name and _is_text(match)]
        if found and not isinstance(part.source, SourcemarkError):
            passages.show(opened.db, opened.examiner, part.source, found)


def _is_text(match: MatchRecord) -> bool:
    return any(segment.unit == "codepoint" for segment in match.segments)


def _draw(opened: Application, result: ScanResult, target: Path, *, quiet: bool) -> None:
    from provenance.scans import evidence

    assert result.scan_id is not None
    drawn = [match for match in result.matches if any(segment.unit in _DRAWN for segment in match.segments)]
    names = list(dict.fromkeys(match.part for match in drawn))
    for number, name in enumerate(names, 1):
        path = target if len(names) == 1 else target.with_stem(f"{target.stem}-{number}")
        picture = evidence.picture(opened.db, result.scan_id, part=name)
        try:
            path.write_bytes(picture)
        except OSError as error:
            raise BadInput(f"{path} cannot be written: {error.strerror}") from error
        if not quiet:
            say(tr("drawn into", "已绘制到") + f" {path}")
