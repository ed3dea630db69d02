"""What a post is made of, as it was sent: texts, captions and files, each with a name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Literal

from fingerprints.progress import Listener
from fingerprints.source import Source

from ..errors import BadInput, SourcemarkError
from ..names import clean, printable
from ..schemas import NewPart, NewPost, ScanItem

Role = Literal["upload", "file", "text", "html", "title", "caption"]
_MAX_NAME = 255  # code points


@dataclass(frozen=True, slots=True)
class PartUpload:
    """One part as it was sent: its bytes, or the error that makes it impossible.

    Attributes:
        name: unlike that of any other part of the post; a page refers to its pictures by it.
        role: what it is to a reader; ``upload`` where there is nothing beside it, so that it is no part of a post.
        caption: text that speaks of this file only.
    """

    name: str
    source: Source | SourcemarkError
    role: Role = "file"
    caption: str | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload to scan: what is known of the post, and its bytes, or the error that makes it impossible.

    Attributes:
        content: of a post its parts.
    """

    item: ScanItem
    content: Source | SourcemarkError | tuple[PartUpload, ...]

    @property
    def is_post(self) -> bool:
        return isinstance(self.content, tuple)

    def told_to(self, listener: Callable[[str], Listener]) -> Upload:
        """The same upload with somebody who waits for its sound and film to be read.

        Args:
            listener: makes one for each part, by its name, or by the path of a single upload.
        """
        if not isinstance(self.content, tuple):
            return replace(self, content=_told(self.content, listener, self.item.path or ""))
        parts = (replace(part, source=_told(part.source, listener, part.name)) for part in self.content)
        return replace(self, content=tuple(parts))

    @property
    def parts(self) -> tuple[PartUpload, ...]:
        """Its parts; that of a single upload is all of it."""
        if isinstance(self.content, tuple):
            return self.content
        return (PartUpload("", self.content, "upload", self.item.caption),)


def _told(source: Source | SourcemarkError, listener: Callable[[str], Listener], name: str) -> Source | SourcemarkError:
    return source.told_to(listener(name)) if isinstance(source, Source) else source


def of_post(new: NewPost, files: Sequence[tuple[str | None, Source]]) -> Upload:
    """A post of the API: its texts in the order in which a reader meets them, then its files.

    Args:
        files: each with its name, as it was sent.

    Raises:
        BadInput: there is no part, a file has no name, or two have the same.
    """
    texts: list[tuple[Role, str | None]] = [
        ("title", new.title), ("html", new.html), ("text", new.text), ("caption", new.caption)
    ]  # fmt: skip
    parts = [_text(role, text) for role, text in texts if text is not None and text.strip()]
    for name, source in files:
        if name is None:
            raise BadInput("file: a part has no file name: give each one of its own")
        parts.append(PartUpload(name, source))
    item = new.model_dump(exclude={"title", "html", "text", "caption"})
    return Upload(ScanItem.model_validate(item), _named_once(parts))


def of_item(item: ScanItem, open_file: Callable[[str], Source | SourcemarkError]) -> Upload:
    """A post of a batch line.

    Args:
        open_file: the content of a path of a part.

    Raises:
        BadInput: it has a path, text or html beside its parts, or two parts are the same file or have the same name.
    """
    for beside in ("path", "text", "html"):
        if getattr(item, beside) is not None:
            raise BadInput(f"{beside}: stands beside parts; write it as one of them")
    caption = [] if item.caption is None else [NewPart(caption=item.caption)]
    parts = [_part(new, open_file) for new in (*(item.parts or ()), *caption)]
    return Upload(item.model_copy(update={"caption": None, "parts": None}), _named_once(parts))


def of_files(item: ScanItem, paths: Iterable[str], open_file: Callable[[str], Source | SourcemarkError]) -> Upload:
    """A post of files; raises as `of_item` does."""
    new = item.model_copy(update={"parts": [NewPart(path=path) for path in paths], "path": None})
    return of_item(new, open_file)


def _part(new: NewPart, open_file: Callable[[str], Source | SourcemarkError]) -> PartUpload:
    if new.path is not None:
        return PartUpload(new.name or _file_name(new.path), open_file(new.path), "file", new.caption)
    role, text = next(
        (role, text)
        for role, text in (("text", new.text), ("html", new.html), ("caption", new.caption))
        if text is not None
    )
    return replace(_text(role, text), name=new.name or role)  # type: ignore[arg-type]  # the three are roles


def _text(role: Role, text: str) -> PartUpload:
    return PartUpload(role, Source.text(text, "html" if role == "html" else "plain"), role)


def _file_name(path: str) -> str:
    return clean(PurePath(path).name)[:_MAX_NAME] or "file"


def _named_once(parts: Sequence[PartUpload]) -> tuple[PartUpload, ...]:
    """Parts with names of their own: of several captions or texts the later ones get a number.

    Raises:
        BadInput: there is none, or two files have the same name.
    """
    if not parts:
        raise BadInput("the post has no part: send text, html, a caption or a file")
    taken: set[str] = set()
    out = []
    for part in parts:
        name, number = part.name, 1
        while name in taken:
            if part.role == "file" or part.name != part.role:
                raise BadInput(
                    f"two parts are called {printable(name)!r}: send a file once, and give each part a name of its own"
                )
            number += 1
            name = f"{part.name}-{number}"
        taken.add(name)
        out.append(replace(part, name=name))
    return tuple(out)
