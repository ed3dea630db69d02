"""Addresses that strangers choose lead out of this machine and its networks, whatever they name and whenever."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from provenance.errors import BadInput, Forbidden, Unavailable
from provenance.http_client import Guard, HttpServer, is_public
from provenance.jobs.webhook_sender import TargetRules
from tests.provenance.ledger.servers import serving


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
    ],
)
def test_what_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"])
def test_what_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://2130706433/", "https://0x7f.1/",
        "https://10.0.0.8:8443/hook", "https://169.254.169.254/latest", "https://[::ffff:10.0.0.1]/",
    ],
)  # fmt: skip
def test_an_endpoint_within_is_refused_when_it_is_made(url: str) -> None:
    with pytest.raises(Forbidden, match="not on the public internet"):
        TargetRules().check(url)
    TargetRules(private=True).check(url)


@pytest.mark.parametrize(
    ("url", "kind", "said"),
    [
        ("http://93.184.215.14/", Forbidden, "must be https"),
        ("ftp://93.184.215.14/", BadInput, "is no address"),
        ("https://user:secret@93.184.215.14/", BadInput, "is no address"),
        ("https://93.184.215.14/#part", BadInput, "is no address"),
    ],
)
def test_other_addresses_that_are_refused(url: str, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        TargetRules().check(url)


@pytest.mark.parametrize("url", ["https://no-such-name.invalid/", f"https://{'a' * 70}.example/", "https://a..b/"])
def test_a_name_that_nobody_knows_yet_may_be_given_and_is_not_reached(url: str) -> None:
    TargetRules().check(url)
    with pytest.raises(Unavailable):
        TargetRules().server(url).get("", 100)


def found(*addresses: str) -> list[Any]:
    return [
        (socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 1)) for each in addresses
    ]


def test_a_name_that_points_elsewhere_after_the_check_is_not_followed() -> None:
    answers = [found("93.184.215.14"), found("127.0.0.1")]
    rules = TargetRules(http=True, guard=Guard(resolve=lambda *_, **__: answers.pop(0)))
    rules.check("http://hooks.example/")
    with pytest.raises(Unavailable, match="not on the public internet"):
        rules.server("http://hooks.example/").get("", 100)
    assert answers == []  # it was asked once for the connection, and not again


def test_one_address_within_refuses_the_name() -> None:
    guard = Guard(resolve=lambda *_, **__: found("93.184.215.14", "10.0.0.1"))
    with pytest.raises(Forbidden, match="not on the public internet"):
        TargetRules(guard=guard).check("https://hooks.example/")


@pytest.mark.enable_socket
def test_the_address_that_was_checked_is_connected_to_and_the_host_is_named() -> None:
    asked: list[str] = []

    def act(path: str, body: bytes) -> tuple[int, str, bytes]:
        return 200, "text/plain", path.encode()

    with serving(act) as url:
        port = int(url.rpartition(":")[2])

        def resolve(host: str, port_: int, **_: Any) -> list[Any]:
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

        guard = Guard(allows=lambda address: address == "127.0.0.1", resolve=resolve)
        server = HttpServer("http://hooks.example/a?b=c", 5, exact=True, guard=guard)
        assert server.request("POST", "", b"x", {}, 100).body == b"/a?b=c"
        assert server.request("POST", "", b"x", {}, 100).body == b"/a?b=c"
        server.close()
    assert asked == ["hooks.example"]  # the second request took the connection of the first


def _certificate(folder: Path, host: str) -> Path:
    """A certificate for a host and its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    moment = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(moment - datetime.timedelta(days=1))
        .not_valid_after(moment + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / f"{host}.pem"
    pem.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem


@pytest.mark.enable_socket
@pytest.mark.parametrize(("named", "trusted"), [("hooks.example", True), ("other.example", False)])
def test_the_certificate_must_be_the_host_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str, trusted: bool
) -> None:
    pem = _certificate(tmp_path, named)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    seen: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: seen.append(name)
    listener = socket.create_server(("127.0.0.1", 0))

    def talk() -> None:
        connection, _ = listener.accept()
        try:
            with context.wrap_socket(connection, server_side=True) as tls:
                tls.recv(65536)
                tls.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        except OSError:
            connection.close()

    thread = threading.Thread(target=talk)
    thread.start()
    address = (socket.AF_INET, socket.SOCK_STREAM, 6, "", listener.getsockname())
    server = HttpServer(
        "https://hooks.example/", 5, exact=True, guard=Guard(lambda _: True, lambda *_, **__: [address])
    )
    if trusted:
        assert server.get("", 10).status == 204
    else:
        with pytest.raises(Unavailable, match="certificate"):
            server.get("", 10)
    thread.join()
    listener.close()
    server.close()
    assert seen == ["hooks.example"]
    assert ipaddress.ip_address(address[4][0]).is_loopback
