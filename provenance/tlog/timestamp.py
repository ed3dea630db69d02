"""RFC 3161 time-stamps over checkpoints: what a token says, and checking it against roots that a reader trusts. Pure.

A token is checked as of its own time: its certificate must have been valid then. What a certificate was worth later is
what renewal is for: a later token over a later checkpoint that continues the first.
"""

from __future__ import annotations

import hashlib
import ssl
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import rfc3161_client
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning
from rfc3161_client import TimeStampResponse, VerifierBuilder

from ..errors import VerificationFailed

MAX_TOKEN = 64 * 1024  # bytes
_HASHES = {
    "2.16.840.1.101.3.4.2.1": hashlib.sha256,
    "2.16.840.1.101.3.4.2.2": hashlib.sha384,
    "2.16.840.1.101.3.4.2.3": hashlib.sha512,
}
T = TypeVar("T")
C = TypeVar("C", bound=Iterable[x509.Certificate])


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says.

    Attributes:
        time: when, in UTC.
        authority: the subject of the certificate that signed, RFC 4514; empty if the token carries none.
        expires: until when that certificate is valid; None if the token carries none.
    """

    time: datetime
    authority: str
    expires: datetime | None


def roots_of(pem: bytes) -> list[x509.Certificate]:
    """Trusted certificates; raises `VerificationFailed`."""

    def certificates() -> list[x509.Certificate]:
        return _read_whole(x509.load_pem_x509_certificates(pem))

    found = _guarded(certificates, "this holds no certificate in PEM form")
    if not found:
        raise VerificationFailed("this holds no certificate in PEM form")
    return found


def read(token: bytes, data: bytes) -> Token:
    """What a token says of these bytes, without trusting it: nobody's signature is checked.

    Args:
        token: a TimeStampResp, as ``openssl ts -reply`` writes it.

    Raises:
        VerificationFailed: it is no token, or is over other bytes.
    """
    return _read(_parsed(token), data, ())


def verify(token: bytes, data: bytes, roots: Sequence[x509.Certificate], nonce: int | None = None) -> Token:
    """Check a token over these bytes.

    Args:
        roots: certificates that are trusted; what lies between comes with the token.
        nonce: of the request, when it is known.

    Raises:
        VerificationFailed: no token, over other bytes, or not signed by a certificate for time-stamping that was valid
            then and leads to a root.
    """
    response = _parsed(token)
    said = _read(response, data, roots)
    verifier = VerifierBuilder(roots=list(roots), nonce=nonce).build()
    _guarded(lambda: verifier.verify_message(response, data), "the time-stamp does not hold")
    return said


def _parsed(token: bytes) -> TimeStampResponse:
    if len(token) > MAX_TOKEN:
        raise VerificationFailed(f"a time-stamp has at most {MAX_TOKEN} bytes")
    return _guarded(lambda: rfc3161_client.decode_timestamp_response(token), "this is no RFC 3161 time-stamp")


def _read(response: TimeStampResponse, data: bytes, roots: Sequence[x509.Certificate]) -> Token:
    def facts() -> tuple[str, bytes, datetime, x509.Certificate | None]:
        info = response.tst_info
        imprint = info.message_imprint
        signed = response.signed_data
        certificates = {x509.load_der_x509_certificate(raw) for raw in signed.certificates}
        _read_whole(certificates)
        signers = {(signer.issuer, signer.serial_number) for signer in signed.signer_infos}
        # Whose name is shown must be the certificate that the signature was checked with: a trusted one, or else the
        # only one of that issuer and number in the token.
        who = [root for root in roots if (root.issuer, root.serial_number) in signers]
        who = who or [each for each in certificates if (each.issuer, each.serial_number) in signers]
        if len(who) > 1:
            raise ValueError("it carries several certificates for its signer")
        time = info.gen_time
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
        return imprint.hash_algorithm.dotted_string, bytes(imprint.message), time, who[0] if who else None

    algorithm, digest, time, certificate = _guarded(facts, "this time-stamp cannot be made sense of")
    if algorithm not in _HASHES:
        raise VerificationFailed("the time-stamp uses a hash that is not of the SHA-2 family")
    if _HASHES[algorithm](data).digest() != digest:
        raise VerificationFailed("the time-stamp is over other bytes")
    if certificate is None:
        return Token(time, "", None)
    return Token(time, certificate.subject.rfc4514_string(), certificate.not_valid_after_utc)


def _read_whole(certificates: C) -> C:
    """Raises ValueError or OSError for what the library that verifies would panic over, on the terminal."""
    openssl = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for each in certificates:
        _ = each.subject, each.issuer, each.extensions
        # That library has OpenSSL read them once more, which refuses some that were read here.
        openssl.load_verify_locations(cadata=each.public_bytes(Encoding.DER))
    return certificates


def _guarded(act: Callable[[], T], what: str) -> T:
    """Whatever a library says of foreign bytes, down to a panic of its Rust part, is one line here."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)  # about odd certificates, for nobody here
            return act()
    except Exception as error:
        raise VerificationFailed(f"{what}: {_first_line(error)}") from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise VerificationFailed(what) from None


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:160] if lines else type(error).__name__
