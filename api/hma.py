"""/compat/hma: look-ups in the shapes of Hasher-Matcher-Actioner 1.x, so that its clients can be pointed here.

All that is registered is one bank. Content is named by the index of its registration in the log. What HMA would fetch
from an address is refused: a service fetches nothing.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field, JsonValue

from fingerprints.model import Fingerprint
from provenance.application import Application
from provenance.errors import BadInput, UnsupportedContent
from provenance.search.signals import PDQ, PHASH, SHA256, Near

from .bodies import Media, SentMedia
from .body_declarations import media_body
from .dependencies import ApplicationDep, MayScan
from .problems import responses

router = APIRouter(prefix="/compat/hma", tags=["compat"])

BANK = "REGISTERED_WORKS"
OWN = "sourcemark"  # the signal type of our own matching, which decides by more than a hash

_KINDS = f"({'|'.join((PDQ, PHASH, SHA256))})"
Types = Annotated[
    str | None,
    Query(
        max_length=200,
        description="Signal types, separated by commas; default: all.",
        json_schema_extra={"pattern": f"^{_KINDS}(,{_KINDS})*$"},
    ),
]
Banks = Annotated[str | None, Query(max_length=1000, description=f"Banks to look in; there is {BANK}.")]
Unused = Annotated[str | None, Query(max_length=100, description="Taken and not used: nothing is left to chance here.")]
_HEX: dict[str, JsonValue] = {"pattern": "^[0-9a-f]{64}$"}
Signal = Annotated[str, Query(max_length=64, description="Hexadecimal.", examples=["f" * 64], json_schema_extra=_HEX)]
SignalType = Annotated[str, Query(max_length=60, examples=[PHASH], json_schema_extra={"pattern": f"^{_KINDS}$"})]


class BankMatch(BaseModel):
    bank_content_id: int = Field(description="Index of the work's registration in the log.", examples=[41])
    distance: str = Field(description="Bits that differ; of our own matching 1 - score.", examples=["4"])


class RawMatches(BaseModel):
    matches: list[int | BankMatch]


class IndexStatus(BaseModel):
    present: bool
    built_to: int = Field(description="Log size.")
    size: int = Field(description="How many works can be found.")


class Bank(BaseModel):
    name: str = Field(examples=[BANK])
    matching_enabled_ratio: float = Field(examples=[1.0])


class BankContent(BaseModel):
    id: int = Field(examples=[41])
    bank: Bank
    work_id: str = Field(description="As a scan names it, which tells more: title, owner, how it is marked.")


ByBank = dict[str, list[BankMatch]]


@router.get("/status", operation_id="getHmaStatus", summary="HMA: is it there?", responses=responses(401, 403))
def status(app: ApplicationDep, _: MayScan) -> str:
    app.follower.refresh()
    return "I-AM-ALIVE"


@router.post(
    "/h/hash",
    operation_id="hashFile",
    summary="HMA: the signals of a file",
    responses=responses(401, 403, 413, 415, 422),
    openapi_extra=media_body(),
)
def hash_file(app: ApplicationDep, _: MayScan, file: SentMedia, types: Types = None) -> dict[str, str]:
    """The part's name is the content type: photo, video, audio or text."""
    chosen = _chosen(types, app.signals.kinds())
    found = app.signals.of(_examined(app, file))
    return {kind: value for kind, value in found.items() if kind in chosen}


@router.get(
    "/m/raw_lookup",
    operation_id="lookUpSignal",
    summary="HMA: works with a signal near one",
    responses=responses(401, 403),
)
def raw_lookup(
    app: ApplicationDep,
    _: MayScan,
    signal: Signal,
    signal_type: SignalType,
    include_distance: bool = False,
    banks: Banks = None,
) -> RawMatches:
    found = app.signals.near(signal_type, signal) if _asked_for(banks) else []
    return RawMatches(matches=[_match(each) if include_distance else each.index for each in found])


@router.get(
    "/m/lookup",
    operation_id="lookUpSignalByBank",
    summary="HMA: works with a signal near one, by bank",
    responses=responses(401, 403),
)
def lookup(
    app: ApplicationDep,
    _: MayScan,
    signal: Signal | None = None,
    signal_type: SignalType | None = None,
    url: Annotated[str | None, Query(max_length=2000, description="Refused: nothing is fetched.")] = None,
    banks: Banks = None,
    seed: Unused = None,
    bypass_coinflip: Unused = None,
) -> ByBank:
    if url is not None:
        raise BadInput("url: nothing is fetched from addresses here; send the file by POST")
    if signal is None or signal_type is None:
        raise BadInput("signal, signal_type: both are needed")
    return _by_bank(app.signals.near(signal_type, signal) if _asked_for(banks) else [])


@router.post(
    "/m/lookup",
    operation_id="lookUpFile",
    summary="HMA: works that a file is like, by signal type and bank",
    responses=responses(401, 403, 413, 415, 422),
    openapi_extra=media_body(),
)
def lookup_file(
    app: ApplicationDep,
    _: MayScan,
    file: SentMedia,
    types: Types = None,
    banks: Banks = None,
    seed: Unused = None,
    bypass_coinflip: Unused = None,
) -> dict[str, ByBank]:
    """`sourcemark` is our own matching: it finds parts of pictures and texts too, and shows what a scan would match."""
    chosen = _chosen(types, [*app.signals.kinds(), OWN])
    examined = _examined(app, file)
    if not _asked_for(banks):
        return {}
    signals = {kind: value for kind, value in app.signals.of(examined).items() if kind in chosen}
    answer = {kind: _by_bank(app.signals.near(kind, value)) for kind, value in signals.items()}
    if OWN in chosen:
        found = app.matcher.find(examined).found
        matches = [BankMatch(bank_content_id=each.work.index, distance=f"{1 - each.match.score:.3f}") for each in found]
        answer[OWN] = {BANK: matches} if matches else {}
    return answer


@router.get(
    "/m/index/status",
    operation_id="getHmaIndexStatus",
    summary="HMA: how much can be found",
    responses=responses(401, 403),
)
def index_status(app: ApplicationDep, _: MayScan) -> dict[str, IndexStatus]:
    holdings = app.signals.holdings()
    return {
        kind: IndexStatus(present=held.position > 0, built_to=held.position, size=held.size)
        for kind, held in holdings.items()
    }


@router.get("/c/banks", operation_id="listBanks", summary="HMA: the banks", responses=responses(401, 403))
def banks(_: MayScan) -> list[Bank]:
    return [_BANK]


@router.get(
    "/c/bank/{bank_name}/content/{content_id}",
    operation_id="getBankContent",
    summary="HMA: the work that was matched",
    responses=responses(401, 403, 404),
)
def bank_content(
    app: ApplicationDep,
    _: MayScan,
    bank_name: Annotated[str, Path(max_length=100, examples=[BANK])],
    content_id: Annotated[int, Path(ge=0, le=2**53)],
) -> BankContent:
    work_id = app.signals.work_id(content_id if bank_name == BANK else -1)
    return BankContent(id=content_id, bank=_BANK, work_id=work_id)


def _examined(app: Application, file: Media) -> Fingerprint:
    """Raises `UnsupportedContent` where the file is of another kind than its part says."""
    found = app.examiner.examine(file.source, thorough=True).fingerprint
    if found.medium != file.kind:
        raise UnsupportedContent(f"this is {found.medium}, and its part says {file.kind}")
    return found


_BANK = Bank(name=BANK, matching_enabled_ratio=1.0)


def _match(near: Near) -> BankMatch:
    return BankMatch(bank_content_id=near.index, distance=str(near.distance))


def _by_bank(found: list[Near]) -> ByBank:
    return {BANK: [_match(each) for each in found]} if found else {}


def _asked_for(banks: str | None) -> bool:
    return banks is None or BANK in banks.split(",")


def _chosen(types: str | None, known: list[str]) -> list[str]:
    if types is None:
        return known
    chosen = [each.strip() for each in types.split(",") if each.strip()]
    if unknown := [each for each in chosen if each not in known]:
        raise BadInput(f"types: there is {', '.join(known)}, not {unknown[0]!r:.60}")
    return chosen
