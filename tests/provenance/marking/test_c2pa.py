"""C2PA manifests: what a valid one says counts, what an invalid one says does not, and trust comes from anchors alone."""

from __future__ import annotations

import datetime as dt
import io
import json
from dataclasses import dataclass

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image

from fingerprints import metadata
from fingerprints.model import Field, Limits
from fingerprints.sandbox.pool import Sandbox
from fingerprints.source import Source
from provenance.errors import BadInput, UnsupportedContent
from provenance.marking import Post, Work, check
from provenance.marking.c2pa_credit import sign

pytestmark = pytest.mark.slow

WORK = Work(
    title="盐田清晨", owner="方既白", source_name="白昼图社", source_urls=("https://baizhou.example/pic/3306",),
    licence="CC-BY-4.0", kind="image",
)  # fmt: skip


@dataclass
class Signer:
    root: str
    chain: bytes
    key: bytes


def _name(text: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test"), x509.NameAttribute(NameOID.COMMON_NAME, text)]
    )


def _pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.fixture(scope="module", params=["p256", "ed25519"])
def signer(request: pytest.FixtureRequest) -> Signer:
    root_key = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1()) if request.param == "p256" else ed25519.Ed25519PrivateKey.generate()
    start, end = dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
    usage = {"key_encipherment": False, "data_encipherment": False, "key_agreement": False, "encipher_only": False,
             "decipher_only": False, "content_commitment": False}  # fmt: skip
    root = (
        x509.CertificateBuilder().subject_name(_name("Root")).issuer_name(_name("Root")).public_key(root_key.public_key())
        .serial_number(1).not_valid_before(start).not_valid_after(end)
        .add_extension(x509.BasicConstraints(True, None), True)
        .add_extension(x509.KeyUsage(digital_signature=False, key_cert_sign=True, crl_sign=True, **usage), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), False)
        .sign(root_key, hashes.SHA256())
    )  # fmt: skip
    leaf = (
        x509.CertificateBuilder().subject_name(_name("Signer")).issuer_name(_name("Root")).public_key(key.public_key())
        .serial_number(2).not_valid_before(start).not_valid_after(end)
        .add_extension(x509.BasicConstraints(False, None), True)
        .add_extension(x509.KeyUsage(digital_signature=True, key_cert_sign=False, crl_sign=False, **usage), True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), False)
        .sign(root_key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    return Signer(root.public_bytes(pem).decode(), leaf.public_bytes(pem), _pem(key))


def _picture(format: str = "JPEG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (32, 24), (240, 240, 230)).save(out, format)
    return out.getvalue()


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_signed_credit_is_compliant(signer: Signer, format: str) -> None:
    plain = _picture(format)
    marked = sign(plain, WORK, signer.chain, signer.key)
    report = check(WORK, Post(fields=metadata.read(Source.blob(marked), format.lower(), signer.root)))
    assert report.verdict == "compliant", report.reasons
    assert {e.c2pa_state for e in report.evidence if e.where == "c2pa"} == {"Trusted"}
    before, after = (Image.open(io.BytesIO(b)).convert("RGB").tobytes() for b in (plain, marked))
    assert before == after


def test_without_anchors_it_is_valid_and_not_trusted(signer: Signer) -> None:
    fields = metadata.read(Source.blob(sign(_picture(), WORK, signer.chain, signer.key)), "jpeg")
    assert [f.value for f in fields if f.tag == "state"] == ["Valid"]
    assert check(WORK, Post(fields=fields)).verdict == "compliant"


def test_a_tampered_picture_says_nothing(signer: Signer) -> None:
    marked = bytearray(sign(_picture(), WORK, signer.chain, signer.key))
    marked[-20] ^= 0x55
    fields = metadata.read(Source.blob(bytes(marked)), "jpeg", signer.root)
    assert fields[0] == Field("c2pa", "state", "Invalid")
    assert {f.tag for f in fields[1:]} == {"failure"}
    report = check(WORK, Post(fields=fields))
    assert report.verdict == "missing"
    assert any(e.c2pa_state == "Invalid" and "assertion" in e.quote for e in report.evidence), report.evidence


@pytest.mark.parametrize("intent", ["EDIT", "UPDATE"])
def test_whoever_edits_a_credited_picture_keeps_its_credit(signer: Signer, intent: str) -> None:
    import c2pa

    marked = io.BytesIO(sign(_picture(), WORK, signer.chain, signer.key))
    edited = io.BytesIO()
    manifest = {"claim_generator_info": [{"name": "resizer"}], "title": "x", "assertions": []}
    info = c2pa.C2paSignerInfo("es256", signer.chain, signer.key, None)
    if b"ED25519" in signer.key or len(signer.key) < 150:
        info = c2pa.C2paSignerInfo("ed25519", signer.chain, signer.key, None)
    with (
        c2pa.Context.from_dict({"verify": {"verify_after_sign": False, "remote_manifest_fetch": False}}) as context,
        c2pa.Signer.from_info(info) as by,
        c2pa.Builder(json.dumps(manifest), context=context) as builder,
    ):
        builder.set_intent(getattr(c2pa.C2paBuilderIntent, intent))
        builder.sign(by, "image/jpeg", marked, edited)
    fields = metadata.read(Source.blob(edited.getvalue()), "jpeg")
    assert check(WORK, Post(fields=fields)).verdict == "compliant"


def test_a_broken_manifest_is_no_exception(signer: Signer) -> None:
    marked = sign(_picture(), WORK, signer.chain, signer.key)
    at = marked.index(b"c2pa.claim")
    for data in (marked[: at + 40], marked[:at] + b"\xff" * 300 + marked[at + 300 :]):
        assert {f.value for f in metadata.read(Source.blob(data), "jpeg") if f.where == "c2pa"} <= {"Invalid"}


def test_a_manifest_on_a_page_is_no_visible_credit(signer: Signer) -> None:
    fields = metadata.read(Source.blob(sign(_picture(), WORK, signer.chain, signer.key)), "jpeg", signer.root)
    report = check(WORK, Post(text="清晨的盐田", fields=fields))
    assert (report.verdict, report.reasons) == ("partial", ("not_visible",))


def test_in_the_decoder_process_with_its_limits(signer: Signer) -> None:
    with Sandbox(1, Limits(), signer.root) as sandbox:
        fields = sandbox.examine(Source.blob(sign(_picture(), WORK, signer.chain, signer.key))).fields
    assert ("c2pa", "state", "Trusted") in {(f.where, f.tag, f.value) for f in fields}


def test_what_cannot_be_signed(signer: Signer) -> None:
    with pytest.raises(BadInput, match="key cannot be read"):
        sign(_picture(), WORK, signer.chain, b"-----BEGIN NOTHING-----")
    with pytest.raises(BadInput, match="no certificate"):
        sign(_picture(), WORK, b"", signer.key)
    with pytest.raises(BadInput, match="cannot be signed"):
        sign(_picture(), WORK, signer.chain, _pem(ec.generate_private_key(ec.SECP384R1())))
    with pytest.raises(UnsupportedContent, match="JPEG, PNG, WebP and GIF"):
        sign(b"BM", WORK, signer.chain, signer.key)
