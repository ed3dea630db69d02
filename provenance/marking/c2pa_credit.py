"""A credit as a C2PA manifest (Content Credentials, C2PA 2.x), signed by the user's own key. Nothing is fetched."""

from __future__ import annotations

import io
import json
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from fingerprints.metadata import c2pa_manifest
from fingerprints.source import Source

from ..errors import BadInput, UnsupportedContent
from . import licences
from .model import Work
from .normalization import fold_name

_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_MIME = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"RIFF": "image/webp", b"GIF8": "image/gif"}


def sign(data: bytes, work: Work, certificates: bytes, key: bytes) -> bytes:
    """A copy of a picture with a manifest that names owner, source and licence; an earlier manifest becomes its parent.

    Args:
        certificates: the signer's certificate and the ones up to, but without, the root; PEM.
        key: the signer's private key, PEM without a password: P-256, P-384, P-521, Ed25519 or RSA.

    Raises:
        BadInput: key or certificates cannot be used.
        UnsupportedContent: a picture that cannot carry a manifest.
    """
    import c2pa  # a large library, needed by few

    mime = next((m for magic, m in _MIME.items() if data.startswith(magic)), None)
    if mime is None:
        raise UnsupportedContent("a manifest can be written into JPEG, PNG, WebP and GIF files; convert the picture")
    if b"-----BEGIN CERTIFICATE-----" not in certificates:
        raise BadInput("the certificate chain has no certificate in PEM form")
    settings = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_after_sign": False}}
    out = io.BytesIO()
    try:
        info = c2pa.C2paSignerInfo(_algorithm(key), certificates, key, None)
        with (
            c2pa.Context.from_dict(settings) as context,
            c2pa.Signer.from_info(info) as signer,
            c2pa.Builder(json.dumps(_manifest(work)), context=context) as builder,
        ):
            builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
            builder.sign(signer, mime, io.BytesIO(data), out)
    except c2pa.C2paError as error:
        raise BadInput(f"the manifest cannot be signed with this key and certificate: {str(error)[:300]}") from error
    state = next(c2pa_manifest.fields(Source.blob(out.getvalue()), mime.removeprefix("image/")), None)
    if state is None or state.value == "Invalid":
        raise BadInput("the manifest cannot be signed with this key and certificate: they do not belong together")
    return out.getvalue()


def _algorithm(key: bytes) -> str:
    try:
        found = serialization.load_pem_private_key(key, None)
    except (ValueError, TypeError) as error:
        raise BadInput(f"the signing key cannot be read: it must be PEM without a password ({error})") from error
    if isinstance(found, ec.EllipticCurvePrivateKey) and found.curve.name in _CURVES:
        return _CURVES[found.curve.name]
    if isinstance(found, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(found, rsa.RSAPrivateKey):
        return "ps256"
    raise BadInput("the signing key must be P-256, P-384, P-521, Ed25519 or RSA")


def _manifest(work: Work) -> dict[str, Any]:
    named = {"@type": "Organization", "name": work.owner}
    made: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "CreativeWork",
        "author": [named],
        "copyrightHolder": named,
    }
    if fold_name(work.title):
        made["name"] = work.title
    if work.source_name:
        made["publisher"] = {"@type": "Organization", "name": work.source_name}
    if work.source_urls:
        made["url"] = work.source_urls[0]
    deed = licences.deed(licences.parse(work.licence))
    if deed:
        made["license"] = deed
    return {
        "claim_generator_info": [{"name": "Sourcemark"}],
        "title": work.title or work.owner,
        "assertions": [{"label": "stds.schema-org.CreativeWork", "data": made, "kind": "Json"}],
    }
