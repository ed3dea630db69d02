"""C2PA manifests (Content Credentials, C2PA 2.x), by the reference library. The state is looked at before any claim.

Nothing is fetched: no remote manifest, no revocation list. An invalid manifest gives its state and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from ..model import Field
from ..source import Source

_MIME = {
    "jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif", "tiff": "image/tiff",
    "avif": "image/avif", "heic": "image/heic", "mp3": "audio/mpeg", "wav": "audio/wav", "m4a": "audio/mp4",
    "mp4": "video/mp4", "mov": "video/quicktime", "avi": "video/avi",
}  # fmt: skip
_CREATIVE_WORK = (  # properties of schema.org's CreativeWork
    "author",
    "creator",
    "copyrightHolder",
    "publisher",
    "creditText",
    "copyrightNotice",
    "url",
    "isBasedOn",
    "license",
    "name",
    "headline",
)
_MAX_VALUES = 200
_MAX_FAILURES = 5
_MAX_PARENTS = 8  # manifests of a picture that are looked at, one behind the other


def fields(source: Source, format: str, trust_anchors: str = "") -> Iterator[Field]:
    """The state (Invalid, Valid, Trusted), and of a manifest that is not Invalid what its assertions say of authorship.

    Args:
        trust_anchors: PEM certificates; only with them can a manifest be Trusted.
    """
    if format not in _MIME or not any(b"c2pa" in window or b"C2PA" in window for _, window in source.windows(3)):
        return
    read = _read(source, _MIME[format], trust_anchors)
    if read is None:
        return
    state, store = read
    yield Field("c2pa", "state", state)
    if state not in ("Valid", "Trusted"):
        for code in _failures(store):
            yield Field("c2pa", "failure", code)
        return
    active = store.get("manifests", {}).get(store.get("active_manifest"), {})
    signer = active.get("signature_info") or {}
    if isinstance(signer.get("common_name") or signer.get("issuer"), str):
        yield Field("c2pa", "signer", signer.get("common_name") or signer["issuer"])
    yield from _authorship(store, active)


def _authorship(store: dict[str, Any], manifest: dict[str, Any]) -> list[Field]:
    """What a manifest says of authorship; where it says nothing, that of its parent stands, and so on.

    Whoever resized or annotated a picture kept its credit.
    """
    said = list(islice(_said(manifest), _MAX_VALUES))
    for _ in range(_MAX_PARENTS):
        if any(field.tag in _CREATIVE_WORK for field in said) or (parent := _parent(store, manifest)) is None:
            break
        manifest = parent
        said += islice(_said(manifest), _MAX_VALUES - len(said))
    return said


def _said(manifest: dict[str, Any]) -> Iterator[Field]:
    for assertion in manifest.get("assertions") or ():
        for tag, value in _claims(str(assertion.get("label", "")), assertion.get("data")):
            yield Field("c2pa", tag, value)


def _parent(store: dict[str, Any], manifest: dict[str, Any]) -> dict[str, Any] | None:
    """The manifest of what this one was made from (C2PA 2.1, 18.16), if it is intact."""
    for ingredient in manifest.get("ingredients") or ():
        if ingredient.get("relationship") == "parentOf" and not _is_broken(ingredient):
            found = store.get("manifests", {}).get(ingredient.get("active_manifest"))
            if isinstance(found, dict):
                return found
    return None


def _is_broken(ingredient: dict[str, Any]) -> bool:
    results = (ingredient.get("validation_results") or {}).get("activeManifest") or {}
    failures = [str(each.get("code", "")) for each in results.get("failure") or ()]
    return any(not code.startswith("signingCredential.untrusted") for code in failures)


def _failures(store: dict[str, Any]) -> list[str]:
    """Why the active manifest is Invalid: codes of C2PA 2.1, 15."""
    results = (store.get("validation_results") or {}).get("activeManifest") or {}
    codes = [str(each.get("code", "")) for each in results.get("failure") or ()]
    codes += [str(each.get("code", "")) for each in store.get("validation_status") or ()]
    return list(dict.fromkeys(code for code in codes if code))[:_MAX_FAILURES]


def _read(source: Source, mime: str, trust_anchors: str) -> tuple[str, dict[str, Any]] | None:
    """State and manifest store; None where there is no manifest."""
    import c2pa  # loads a large library: only for files that carry a manifest

    settings: dict[str, Any] = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True}}
    if trust_anchors:
        settings["trust"] = {"trust_anchors": trust_anchors}
    try:
        with (
            c2pa.Context.from_dict(settings) as context,
            source.open() as stream,
            c2pa.Reader(mime, stream, context=context) as reader,
        ):
            return str(reader.get_validation_state()), json.loads(reader.json())
    except c2pa.C2paError as error:
        missing = "ManifestNotFound" in type(error).__name__ or "no JUMBF" in str(error)
        return None if missing else ("Invalid", {})


def _claims(label: str, data: Any) -> Iterator[tuple[str, str]]:
    """What one assertion says of authorship and of the use of the work, as (tag, value)."""
    if not isinstance(data, dict):
        return
    if "training-mining" in label:
        yield from _mining(data)
    elif label.startswith("c2pa.actions"):
        for action in data.get("actions") or ():
            if isinstance(action, dict) and isinstance(action.get("digitalSourceType"), str):
                yield "digitalSourceType", action["digitalSourceType"]
    elif "CreativeWork" in label:
        for key in _CREATIVE_WORK:
            for value in _strings(data.get(key)):
                yield "title" if key in ("name", "headline") else key, value
    elif "metadata" in label or label.startswith(("stds.iptc", "stds.exif")):
        for key, item in data.items():
            if ":" in str(key):
                for value in _strings(item):
                    yield str(key), value


def _mining(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for use, entry in (data.get("entries") or {}).items():
        if isinstance(entry, dict) and entry.get("use") in ("notAllowed", "constrained"):
            yield f"datamining:{use}", f"prohibited ({entry['use']})"


def _strings(value: Any) -> Iterator[str]:
    """The strings of a JSON-LD value: names of persons, items of lists, values of language alternatives."""
    queue = [value]
    for _ in range(_MAX_VALUES):
        if not queue:
            return
        node = queue.pop(0)
        if isinstance(node, str):
            yield node
        elif isinstance(node, list):
            queue.extend(node)
        elif isinstance(node, dict):
            queue.extend(
                v
                for k, v in node.items()
                if k in ("name", "url", "@value", "@id", "x-default", "identifier") or "-" in k
            )
