"""A time-stamping authority of one's own: openssl behind a real socket."""

from __future__ import annotations

import contextlib
import datetime
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.provenance.ledger.servers import serving

MISSING = "openssl is not installed" if shutil.which("openssl") is None else ""
_CONFIG = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
certs = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


class Tsa:
    """Root, certificate and key in a folder.

    Args:
        usage: for what the certificate is.
        days: from when to when it is valid, counted from now.
    """

    def __init__(
        self,
        folder: Path,
        name: str = "Test TSA",
        usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.TIME_STAMPING,
        days: tuple[int, int] = (-1, 3650),
    ) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        now = datetime.datetime.now(datetime.UTC)
        root_key, key = (rsa.generate_private_key(65537, 2048) for _ in range(2))
        root = (
            x509.CertificateBuilder()
            .subject_name(_name(f"{name} Root"))
            .issuer_name(_name(f"{name} Root"))
            .public_key(root_key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(4000))
            .not_valid_after(now + datetime.timedelta(4000))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), critical=False)
            .sign(root_key, hashes.SHA256())
        )
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(root.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days[0]))
            .not_valid_after(now + datetime.timedelta(days[1]))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
            .sign(root_key, hashes.SHA256())
        )
        self.root = root.public_bytes(serialization.Encoding.PEM)
        (folder / "root.pem").write_bytes(self.root)
        (folder / "tsa.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / "tsa.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        (folder / "serial").write_text("01\n")
        (folder / "openssl.cnf").write_text(_CONFIG.format(folder=folder))
        self.asked = 0

    def reply(self, query: bytes) -> bytes:
        """The answer to a TimeStampReq."""
        self.asked += 1
        asked, answer = self.folder / "query", self.folder / "answer"
        asked.write_bytes(query)
        subprocess.run(
            ["openssl", "ts", "-reply", "-config", str(self.folder / "openssl.cnf"), "-queryfile", str(asked),
             "-out", str(answer)],
            check=True, capture_output=True,
        )  # fmt: skip
        return answer.read_bytes()

    def stamp(self, data: bytes, *options: str) -> bytes:
        """A token over these bytes, asked for with openssl's own query."""
        source = self.folder / "data"
        source.write_bytes(data)
        query = subprocess.run(
            ["openssl", "ts", "-query", "-data", str(source), "-sha256", "-cert", *options],
            check=True, capture_output=True,
        )  # fmt: skip
        return self.reply(query.stdout)


@contextlib.contextmanager
def standing(tsa: Tsa) -> Iterator[str]:
    """The authority at work; yields its URL."""

    def act(_: str, body: bytes) -> tuple[int, str, bytes]:
        return 200, "application/timestamp-reply", tsa.reply(body)

    with serving(act) as url:
        yield url
