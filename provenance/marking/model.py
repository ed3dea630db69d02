"""What goes into the marking check and what comes out: Work, Post, Report with its Evidence; and a Case of a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, get_args

from fingerprints.model import Field

from ..errors import BadInput
from ..json_input import unknown_key
from ..names import printable

if TYPE_CHECKING:
    from .segmentation import Unit

Use = Literal["full", "excerpt", "adapted", "quotation"]
Verdict = Literal["compliant", "partial", "missing", "wrong_owner", "misleading"]
UrlMatch = Literal["exact", "same_site", "other_site", "lookalike", "unresolvable"]
Role = Literal[
    "author", "source", "rights", "title", "licence", "permission", "modification", "translator", "editor", "claim",
    "identifier", "ai_label", "opt_out",
]  # fmt: skip
Party = Literal["owner", "alias", "transliteration", "source", "other", "generic", "self"]

QUOTE = 200  # code points of evidence shown at most


@dataclass(frozen=True, slots=True)
class Work:
    """A registered work, as far as crediting it is concerned.

    Attributes:
        owner: the copyright owner's name; `owner_aliases` are other names that credit the same owner.
        source_name: where it was first published; `source_handle` is that place's account id, if it is an account.
        source_urls: every address that is the work itself, never a home page.
        identifiers: DOI, ISBN, ISRC, ISCC, ledger id ..., in any usual spelling.
        licence: ``CC-BY-SA-4.0``, ``reprint-with-credit``, ``all-rights-reserved`` ...; None counts as all
            rights reserved.
        kind: text, image, audio or video.
        fields: rights-management fields embedded in the original, to be compared with those of a repost; None where
            nobody knows them.
    """

    title: str
    owner: str
    owner_aliases: tuple[str, ...] = ()
    source_name: str | None = None
    source_urls: tuple[str, ...] = ()
    source_handle: str | None = None
    identifiers: tuple[str, ...] = ()
    licence: str | None = None
    kind: str = "text"
    fields: tuple[Field, ...] | None = None

    @classmethod
    def from_json(cls, raw: object) -> Work:
        """A work from the ``work`` object of a batch line.

        Raises:
            BadInput: a key is unknown or has the wrong type, or there is no owner; the message names the key.
        """
        obj = _object(raw, "work", _WORK_KEYS)
        owner = _string(obj, "work", "owner")
        if not owner or not owner.strip():
            raise BadInput("work.owner is missing: give the name of the copyright owner")
        urls = list(_strings(obj, "work", "source_urls"))
        single = _string(obj, "work", "source_url")
        if single and single not in urls:
            urls.insert(0, single)
        return cls(
            title=_string(obj, "work", "title") or "",
            owner=owner,
            owner_aliases=_strings(obj, "work", "owner_aliases"),
            source_name=_string(obj, "work", "source_name"),
            source_urls=tuple(urls),
            source_handle=_string(obj, "work", "source_handle"),
            identifiers=_strings(obj, "work", "identifiers"),
            licence=_string(obj, "work", "licence"),
            kind=_string(obj, "work", "kind") or "text",
        )


@dataclass(frozen=True, slots=True)
class Post:
    """A repost as a reader meets it: plain text, an HTML page, or a bare file of which only the fields are known.

    Attributes:
        fields: embedded metadata of a bare file; None when the post is not a file, ``()`` when the file has none.
        caption: the text shown beside a file.
        around: what else a reader sees of the post that this is a part of; each unit says how near it stands.
        others: works that the post shows beside this one; what credits one of them alone is not about this one.
        lang: BCP 47 tag, or None; the check reads every language of its lexicon anyway.
        use: full, excerpt, adapted or quotation.
        account: the name of the posting account.
    """

    text: str | None = None
    html: str | None = None
    fields: tuple[Field, ...] | None = None
    caption: str | None = None
    around: tuple[Unit, ...] = ()
    others: tuple[Work, ...] = ()
    lang: str | None = None
    use: Use = "full"
    commercial: bool | None = False
    account: str | None = None

    @property
    def is_bare_file(self) -> bool:
        """Whether there is nothing around the file that a reader sees, but for a caption."""
        return self.text is None and self.html is None

    @classmethod
    def from_json(cls, raw: object, fields: tuple[Field, ...] | None = None) -> Post:
        """A post from the ``post`` object of a batch line; ``fields`` are those of its file, if it has one.

        Raises:
            BadInput: a key is unknown or has the wrong type, an unknown ``use``, or there is nothing to check.
        """
        obj = _object(raw, "post", _POST_KEYS)
        use = _string(obj, "post", "use") or "full"
        if use not in get_args(Use):
            raise BadInput(f"post.use must be one of {', '.join(get_args(Use))}, not {use!r}")
        commercial = obj.get("commercial")
        if commercial is not None and not isinstance(commercial, bool):
            raise BadInput(f"post.commercial must be true or false, not {_kind(commercial)}")
        text, html = _string(obj, "post", "text"), _string(obj, "post", "html")
        if text is None and html is None and fields is None:
            raise BadInput("post has nothing to check: give text, html or file")
        return cls(
            text=text,
            html=html,
            fields=fields,
            caption=_string(obj, "post", "caption"),
            lang=_string(obj, "post", "lang"),
            use=use,  # type: ignore[arg-type]  # checked against get_args(Use) above
            commercial=commercial,
            account=_string(obj, "post", "account"),
        )


@dataclass(frozen=True, slots=True)
class Case:
    """A line of a batch: a post to be checked against a work. ``id`` is whatever JSON value the line has there."""

    id: object
    work: Work
    post: Post

    @classmethod
    def from_json(cls, raw: object, fields_of: Callable[[str], tuple[Field, ...]]) -> Case:
        """A case from a line ``{"id", "work": {...}, "post": {...}}``, with what else its owner wrote beside them.

        Args:
            fields_of: embedded fields of the file a ``post.file`` names; called only for such posts.

        Raises:
            BadInput: the line cannot be used; the message names the key.
        """
        if not isinstance(raw, Mapping):
            raise BadInput("a line must be an object with id, work and post")
        for key in ("work", "post"):
            if key not in raw:
                beside = next((each for each in raw if get_close_matches(str(each).casefold(), [key], 1)), None)
                raise BadInput(f"{key} is missing" + (f"; is {printable(str(beside))[:60]} meant?" if beside else ""))
        work, post = Work.from_json(raw["work"]), raw["post"]
        path = post.get("file") if isinstance(post, Mapping) else None
        if path is not None and not isinstance(path, str):
            raise BadInput("post.file must be a string")
        return cls(raw.get("id"), work, Post.from_json(post, None if path is None else fields_of(path)))


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that was seen in the post.

    Attributes:
        where: text, html, caption, title, picture_text, or the metadata container (exif, iim, xmp, png, id3, mp4,
            vorbis, matroska, asf, riff, c2pa).
        locator: ``a-b`` code points of the text, a CSS path of the page, or the tag of the field.
        quote: what stands there, at most 200 code points.
        names_owner: who is named: owner, alias, transliteration, source, other, generic, self; None if nobody.
        visible: whether a reader of the post sees it.
        url_match: how a link relates to the registered address; None if it is not about a link.
        c2pa_state: Valid or Trusted where a C2PA manifest says it, Invalid where one does not count; None elsewhere.
    """

    where: str
    locator: str
    quote: str
    role: Role
    names_owner: Party | None = None
    visible: bool = True
    url_match: UrlMatch | None = None
    c2pa_state: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One rights-management field of the original against the repost. Stripping is a fact, not an accusation."""

    tag: str
    state: Literal["kept", "stripped", "altered"]
    original: str
    repost: str | None = None


@dataclass(frozen=True, slots=True)
class TitleChange:
    """One piece of a changed title, in order."""

    state: Literal["kept", "removed", "added"]
    text: str


# Whether the original's rights-management fields were compared, and if not, why.
Comparison = Literal["compared", "original_not_recorded", "not_a_file"]


@dataclass(frozen=True, slots=True)
class Report:
    """What the check found. Marking, permission and infringement are three things; this speaks of the first two.

    ``reasons`` are stable snake_case codes (see `provenance.marking.rules.REASONS` for their words).
    ``use`` is how the post was taken to use the work.
    ``title_kept`` is None where the post has no heading to compare; ``title_diff`` shows what was changed in a title
    that was not kept. ``rmi_state`` says whether ``rmi_diff`` rests on a comparison. ``searched`` names the places that
    were read.
    """

    owner_marked: bool
    source_marked: bool
    source_traceable: bool
    title_marked: bool
    licence_named: bool
    permission_stated: bool
    modification_stated: bool
    title_kept: bool | None
    editor_named: bool
    ai_label: bool
    verdict: Verdict
    use: Use = "full"
    opt_out: tuple[str, ...] = ()
    licence_findings: tuple[str, ...] = ()
    title_diff: tuple[TitleChange, ...] = ()
    rmi_state: Comparison = "not_a_file"
    rmi_diff: tuple[Difference, ...] = ()
    reasons: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    searched: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON values, keys always in the same order."""
        out: dict[str, Any] = _plain(asdict(self))
        return out


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(v) for v in value]
    return value


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "true/false", int: "a number", float: "a number"}
    return names.get(type(value), "null" if value is None else type(value).__name__)


_WORK_KEYS = (
    "title", "owner", "owner_aliases", "source_name", "source_url", "source_urls", "source_handle", "identifiers",
    "licence", "kind", "meta",
)  # fmt: skip
_POST_KEYS = ("text", "html", "file", "caption", "lang", "use", "commercial", "account", "meta")


def _object(raw: object, name: str, known: Sequence[str]) -> Mapping[str, object]:
    if not isinstance(raw, Mapping):
        raise BadInput(f"{name} must be an object, not {_kind(raw)}")
    for key in raw:
        if key not in known:
            raise BadInput(f"{name}.{unknown_key(str(key), known)}")
    return raw


def _string(obj: Mapping[str, object], where: str, key: str) -> str | None:
    value = obj.get(key)
    if value is None or isinstance(value, str):
        return value
    raise BadInput(f"{where}.{key} must be a string, not {_kind(value)}")


def _strings(obj: Mapping[str, object], where: str, key: str) -> tuple[str, ...]:
    value = obj.get(key)
    if value is None:
        return ()
    if isinstance(value, (list, tuple)) and all(isinstance(v, str) for v in value):
        return tuple(value)
    raise BadInput(f"{where}.{key} must be a list of strings, not {_kind(value)}")
