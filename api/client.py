"""A client of the HTTP API that signs here: the service never sees the private key.

    from api.client import Client
    from provenance.ledger import key_files

    client = Client("https://sourcemark.example", "smk_...")
    key = key_files.load_signing_key(Path("my.pem"))
    client.register(Path("novel.txt"), {"title": "Novel", "owner": "Ada"}, key)

What is signed is checked before: that it is about these bytes, claims what was given, and is written for this log.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from provenance.errors import BadInput, SourcemarkError, Unavailable, VerificationFailed
from provenance.json_input import parse
from provenance.schemas import Amendment, Claim, NewWork
from provenance.tlog import envelope, merkle, receipt, statement, verify
from provenance.tlog.checkpoint import Checkpoint, parse_checkpoint
from provenance.tlog.encoding import b64, canonical, unb64
from provenance.tlog.keys import SigningKey
from provenance.tlog.proof import parse_proof

_MOST = 64 << 20  # bytes of an answer
_TIMEOUT = 300  # seconds: long films are read before a statement is prepared


class Refused(SourcemarkError):
    """The service answered with a problem; ``status`` is that of the answer."""

    def __init__(self, problem: Mapping[str, Any], status: int) -> None:
        super().__init__(str(problem.get("detail") or f"the service answered {status}"), reason=problem.get("reason"))
        self.status = status  # type: ignore[misc]
        self.exit_status = 4 if status in (401, 403) else 3 if status >= 500 else 2  # type: ignore[misc]
        self._problem = dict(problem)

    def problem(self) -> dict[str, Any]:
        return {**super().problem(), **self._problem}


class _NoRedirect(HTTPRedirectHandler):
    """A redirect would take the API key to another host."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Client:
    """One account's access to a service, by its API key.

    Every method raises `Refused` when the service says no, `Unavailable` when it does not answer, and
    `VerificationFailed` when what it answers is not what was asked for.
    """

    def __init__(self, url: str, api_key: str, origin: str | None = None) -> None:
        """At an address, https:// unless it is this machine's; ``origin`` is the log's name if you know it."""
        parts = urlsplit(url)
        local = parts.hostname in ("localhost", "127.0.0.1", "::1")
        if not parts.hostname or (parts.scheme != "https" and not (parts.scheme == "http" and local)):
            raise BadInput(f"{url!r}: must start with https:// (http:// only to this machine): it carries the API key")
        self._url = url.rstrip("/")
        self._key = api_key
        self._origin = origin
        self._opener = build_opener(_NoRedirect)

    # --- what producers do -------------------------------------------------------------------------------------------
    def register(self, source: Path | str, claim: Mapping[str, Any], key: SigningKey) -> dict[str, Any]:
        """Register a file, or a text given as such, under a key of yours; it is enrolled first if it is your first.

        Args:
            claim: title, owner and so on, as a line of `sourcemark register --batch` has them; with ``opens`` and
                ``seal`` it opens a sealed work.

        Returns:
            What became of it, as `POST /v1/works` answers.
        """
        data = _encoded(source) if isinstance(source, str) else _read(source)
        self.enrol(key, first_only=True)
        if isinstance(source, str):
            prepared = self._json("POST", "/v1/works/prepare", {**claim, "text": source})
        else:
            body, kind = _multipart(source.name, data, claim)
            prepared = self._send("POST", "/v1/works/prepare", body, kind)
        payload = unb64(_text(prepared, "statement"))
        self._check(payload, prepared.get("opening"), hashlib.sha256(data).digest(), claim)
        return dict(self._submit(payload, key)["work"])

    def register_sealed(
        self,
        source: Path | bytes,
        claim: Mapping[str, Any],
        key: SigningKey,
        *,
        keep: Callable[[dict[str, Any]], object],
        tell: bool = True,
    ) -> dict[str, Any]:
        """Register a work of which nobody learns anything, the service included: it is hashed and sealed here.

        Args:
            claim: what is claimed, committed to in the log.
            keep: is given the openings before anything is sent: salt and record by name. Without the one named "seal"
                nobody will be able to prove what was sealed.
            tell: let the service know the claim, so that it can list the work by its title.

        Returns:
            What became of it, as `POST /v1/works` answers.
        """
        data = source if isinstance(source, bytes) else _read(source)
        self.enrol(key, first_only=True)
        seal = secrets.token_bytes(envelope.SALT_SIZE)
        records: dict[str, Any] = {"claim": _claim(claim), "seal": {"salt": b64(seal)}}
        salts = {name: secrets.token_bytes(envelope.SALT_SIZE) for name in records}
        made = statement.sealed_registration(
            self.origin(),
            digest=statement.sealed_digest(seal, data),
            commitments={name: statement.commit(salts[name], record) for name, record in records.items()},
            after=self._head(),
        )
        opening = {name: {"salt": b64(salts[name]), "record": record} for name, record in records.items()}
        keep(opening)
        told = {"claim": opening["claim"]} if tell else None
        answer = self._json("POST", "/v1/statements", {"leaf": b64(statement.sign(made, key)), "opening": told})
        return dict(answer["work"])

    def withdraw(self, work_id: str, key: SigningKey) -> dict[str, Any]:
        """Withdraw a registration by a key that may act for the one that registered it; returns the work."""
        work = self._json("GET", f"/v1/works/{quote(work_id, safe='')}")
        files = self.receipt(work_id)
        made = statement.withdrawal(
            self.origin(),
            registration=merkle.leaf_hash(files[receipt.ENTRY]),
            index=int(work["receipt"]["index"]),
            after=self._head(),
        )
        self._json("POST", "/v1/statements", {"leaf": b64(statement.sign(made, key))})
        return self._json("GET", f"/v1/works/{quote(work_id, safe='')}")

    def erase(self, work_id: str, key: SigningKey) -> dict[str, Any]:
        """Delete what is personal about a registration, for good; it is withdrawn first. Returns the work."""
        address = f"/v1/works/{quote(work_id, safe='')}"
        work, files = self._json("GET", address), self.receipt(work_id)
        if work["withdrawn_at"] is None:
            self.withdraw(work_id, key)
        made = statement.erasure(
            self.origin(),
            entry=merkle.leaf_hash(files[receipt.ENTRY]),
            index=int(work["receipt"]["index"]),
            erased=list(envelope.parse_leaf(files[receipt.ENTRY]).predicate["commitments"]),
            after=self._head(),
        )
        self._submit_leaf(statement.sign(made, key))
        return self._json("GET", address)

    def amend(self, work_id: str, changes: Mapping[str, Any], key: SigningKey) -> dict[str, Any]:
        """Claim something else of a work, by a key that may act for it; returns the work.

        Args:
            changes: fields as `POST /v1/works/{work_id}/amendments` takes them; what is left out stays.
        """
        wanted = parse(Amendment, dict(changes)).model_dump(exclude_unset=True)
        return self._amend(work_id, statement.amendment, wanted, key)

    def transfer(
        self,
        work_id: str,
        owner: str,
        key: SigningKey,
        *,
        owner_aliases: Sequence[str] = (),
        to: str | None = None,
    ) -> dict[str, Any]:
        """Name another owner of a work, signed for the present one; returns the work, as it was where it is gone.

        Args:
            to: keyid of an enrolled key that acts for the work from then on: of another account, if it is not yours.
        """
        changes = {"owner": owner, "owner_aliases": list(owner_aliases)}
        return self._amend(work_id, partial(statement.transfer, to=to), changes, key)

    def _amend(
        self, work_id: str, write: Callable[..., dict[str, Any]], changes: Mapping[str, Any], key: SigningKey
    ) -> dict[str, Any]:
        address, files = f"/v1/works/{quote(work_id, safe='')}", self.receipt(work_id)
        newest = max((name for name in files if _AMENDING.fullmatch(name)), default=receipt.ENTRY)
        folder = newest.removesuffix(receipt.ENTRY)
        shown = json.loads(files.get(folder + receipt.OPENING, b"{}")).get("claim")
        if shown is None:
            raise VerificationFailed("the receipt does not show the present claim: nothing is signed in its place")
        registration, superseded = (
            statement.refer(parse_proof(files[at + receipt.PROOF]).index, merkle.leaf_hash(files[at + receipt.ENTRY]))
            for at in ("", folder)
        )
        kept = {name: value for name, value in {**shown["record"], **changes}.items() if value is not None}
        record = Claim.model_validate(kept).model_dump(exclude_none=True, exclude_defaults=True)
        salt = secrets.token_bytes(envelope.SALT_SIZE)
        made = write(
            self.origin(),
            registration=registration,
            supersedes=superseded,
            commitments={"claim": statement.commit(salt, record)},
            after=self._head(),
        )
        opening, work = {"claim": {"salt": b64(salt), "record": record}}, self._json("GET", address)
        self._json("POST", "/v1/statements", {"leaf": b64(statement.sign(made, key)), "opening": opening})
        try:
            return self._json("GET", address)
        except Refused:  # it is another account's now
            return {**work, "claim": Claim.model_validate(record).model_dump()}

    def receipt(
        self, work_id: str, opening: Mapping[str, Any] | None = None, policy: bytes | None = None
    ) -> dict[str, bytes]:
        """The files of a receipt, verified.

        Args:
            opening: what the service does not know of a sealed work, as `register_sealed` returned it; it is added.
            policy: the log's policy as you got it elsewhere; None takes the receipt's own.
        """
        files = receipt.from_zip(self._raw("GET", f"/v1/works/{quote(work_id, safe='')}/receipt"))
        if opening is not None:
            files[receipt.OPENING] = canonical(dict(opening))
        done = verify.verify_receipt(files, policy=policy)
        if not done.ok:
            failed = next(check for check in done.checks if check.state == "failed")
            raise VerificationFailed(f"the service's receipt does not hold: {failed.name}: {failed.detail}")
        return files

    # --- keys --------------------------------------------------------------------------------------------------------
    def enrol(
        self,
        key: SigningKey,
        *,
        old: SigningKey | None = None,
        recovery: str | None = None,
        first_only: bool = False,
    ) -> dict[str, Any] | None:
        """Enrol a key of yours in the log.

        Args:
            old: your present key, which names this one its successor; needed unless it is your first.
            recovery: keyid of your enrolled key that may revoke this one; it may sign in place of ``old``.
            first_only: do nothing when the account has any key that is not the service's.
        """
        if first_only:
            mine = [each for each in self.signing_keys() if each["custody"] == "producer"]
            if mine:
                return None
        made = statement.key_enrol(
            self.origin(), public_key=key.public, custody="producer", after=self._head(), recovery=recovery
        )
        return self._submit_leaf(statement.sign(made, key, *([] if old is None else [old])))

    def revoke(self, keyid: str, signer: SigningKey) -> dict[str, Any]:
        """Revoke a key, signed by itself, a successor or its recovery key."""
        made = statement.key_revoke(self.origin(), keyid=keyid, after=self._head())
        return self._submit_leaf(statement.sign(made, signer))

    def signing_keys(self) -> list[dict[str, Any]]:
        """Your keys, as `GET /v1/signing-keys` lists them."""
        return list(self._json("GET", "/v1/signing-keys")["items"])

    # --- the log -----------------------------------------------------------------------------------------------------
    def origin(self) -> str:
        """The name of the service's log."""
        if self._origin is None:
            self._origin = self._checkpoint().origin
        return self._origin

    def _head(self) -> envelope.After:
        checkpoint = self._checkpoint()
        return checkpoint.size, checkpoint.root

    def _checkpoint(self) -> Checkpoint:
        return parse_checkpoint(self._raw("GET", "/v1/ledger/checkpoint"))

    # --- signing -----------------------------------------------------------------------------------------------------
    def _check(self, payload: bytes, opening: Any, digest: bytes, claim: Mapping[str, Any]) -> None:
        """Refuse to sign anything but the registration of these bytes under this claim, for this log."""
        leaf = envelope.parse_statement(payload)
        if leaf.kind != "registration" or leaf.host != envelope.host_of(self.origin()):
            raise VerificationFailed("the service prepared another statement than a registration for its log")
        if leaf.digests != [digest.hex()] or not leaf.predicate.keys() <= _SAID:
            raise VerificationFailed("the service prepared a statement about other bytes")
        if (leaf.predicate.get("opens") is None) != (claim.get("opens") is None):
            raise VerificationFailed("the service prepared a statement that opens another sealed work")
        commitments = leaf.predicate["commitments"]
        # a picture, sound or film comes with what its file says of its rights as well
        if not isinstance(opening, dict) or opening.keys() != commitments.keys() or not opening.keys() >= _OPENED:
            raise VerificationFailed("the statement does not commit to a claim and a fingerprint, both shown")
        if not opening.keys() <= {*_OPENED, "metadata"}:
            raise VerificationFailed("the statement commits to something else than claim, fingerprint and metadata")
        for name, each in opening.items():
            if statement.commit(unb64(each["salt"]), each["record"]) != commitments[name]:
                raise VerificationFailed(f"the service's statement commits to another {name}")
        mine = _claim(claim)
        said = opening.get("claim", {}).get("record", {})
        given = {name: said.get(name) for name in ("title", "owner") if name not in mine}  # the service's defaults
        if said != {**given, **mine}:
            raise VerificationFailed("the service's statement claims something else than you do")

    def _submit(self, payload: bytes, key: SigningKey) -> dict[str, Any]:
        signature = key.sign(envelope.pae(payload))
        return self._submit_leaf(statement.assemble(payload, [(key.keyid, signature)]))

    def _submit_leaf(self, leaf: bytes) -> dict[str, Any]:
        return self._json("POST", "/v1/statements", {"leaf": b64(leaf)})

    # --- HTTP --------------------------------------------------------------------------------------------------------
    def _json(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        raw = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        return self._send(method, path, raw, "application/json")

    def _send(self, method: str, path: str, body: bytes | None, kind: str) -> dict[str, Any]:
        try:
            answer = json.loads(self._raw(method, path, body, kind))
        except (ValueError, RecursionError):
            raise Unavailable(f"{self._url} does not answer like Sourcemark: check its address") from None
        if not isinstance(answer, dict):
            raise Unavailable(f"{self._url} does not answer like Sourcemark: check its address")
        return answer

    def _raw(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> bytes:
        headers = {"Authorization": f"Bearer {self._key}"}
        if body is not None:
            headers["Content-Type"] = kind
        request = Request(self._url + path, body, headers, method=method)  # noqa: S310 - the scheme was checked
        try:
            with self._opener.open(request, timeout=_TIMEOUT) as answer:
                raw: bytes = answer.read(_MOST + 1)
        except HTTPError as error:
            raise Refused(_problem(error), error.code) from None
        except (URLError, HTTPException, OSError) as error:
            why = getattr(error, "reason", None) or error
            raise Unavailable(f"{self._url} cannot be reached ({why}): check the address, try again") from error
        if len(raw) > _MOST:
            raise Unavailable(f"{self._url} answers with more than it should")
        return raw


_AMENDING = re.compile(r"amendments/[0-9]+/" + re.escape(receipt.ENTRY))
# What the statement of an open registration may hold.
_OPENED = {"claim", "fingerprint"}
_SAID = {"nonce", "after", "medium", "algorithms", "commitments", "opens"}


def _problem(error: HTTPError) -> dict[str, Any]:
    try:
        found = json.loads(error.read(1 << 16))
        return found if isinstance(found, dict) else {}
    except (ValueError, OSError, HTTPException, RecursionError):
        return {}


def _text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str):
        raise VerificationFailed(f"the service's answer has no {name}")
    return value


def _claim(claim: Mapping[str, Any]) -> dict[str, Any]:
    """What is claimed, as the service writes it down too."""
    given = parse(NewWork, dict(claim)).model_dump(include=set(Claim.model_fields))
    return Claim.model_validate(given).model_dump(exclude_none=True, exclude_defaults=True)


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise BadInput("the text holds half of a surrogate pair, which is not Unicode text") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error


def _multipart(name: str, data: bytes, claim: Mapping[str, Any]) -> tuple[bytes, str]:
    """A multipart/form-data body (RFC 7578) with the file and its metadata."""
    boundary = secrets.token_hex(16)
    label = "".join(c if c.isprintable() and c not in '"\\' else "_" for c in name)
    metadata = json.dumps(dict(claim), ensure_ascii=False).encode()
    parts = (
        (b'name="metadata"', metadata),
        (b'name="file"; filename="' + label.encode("utf-8", "replace") + b'"', data),
    )
    body = b"".join(
        b"--%s\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (boundary.encode(), head, content)
        for head, content in parts
    )
    return body + b"--%s--\r\n" % boundary.encode(), f"multipart/form-data; boundary={boundary}"
