"""The files that a person means by naming a folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from provenance.errors import BadInput


def files_in(paths: Sequence[Path], pattern: str | None, home: Path | None = None) -> list[Path]:
    """The paths with each folder replaced by its files, those of its folders too, sorted by path.

    Hidden files and folders are left out, and so are symbolic links: what they lead to may stand outside the folder.

    Args:
        pattern: of a folder only files of such names, for example ``*.jpg``; upper and lower case are the same.
        home: a folder to leave out wherever it stands: that of the installation, which holds keys.

    Raises:
        BadInput: a folder has no such file or cannot be read, or there is a pattern and no folder.
    """
    found: list[Path] = []
    folders = 0
    for path in paths:
        if path.is_dir():
            folders += 1
            found += _files(path, pattern, home)
        else:
            found.append(path)
    if pattern is not None and not folders:
        raise BadInput("--pattern: is for a folder, and none is named")
    return found


def _files(folder: Path, pattern: str | None, home: Path | None) -> list[Path]:
    files: list[Path] = []
    left_out = None if home is None else home.resolve()

    def refuse(error: OSError) -> None:
        raise BadInput(f"{error.filename} cannot be read: {error.strerror}") from error

    for here, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [n for n in folders if not n.startswith(".") and Path(here, n).resolve() != left_out]
        for name in names:
            path = Path(here, name)
            wanted = pattern is None or fnmatchcase(name.casefold(), pattern.casefold())
            if wanted and not name.startswith(".") and path.is_file() and not path.is_symlink():
                files.append(path)
    if not files:
        which = "file that is not hidden" if pattern is None else f"file {pattern}"
        raise BadInput(f"{folder} has no {which}: name another folder or --pattern")
    return sorted(files)
