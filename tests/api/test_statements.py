"""Statements signed by a client: over HTTP the service sees public keys and signatures only."""

import base64
import hashlib
import json
import secrets

import pytest

from provenance.accounts import accounts
from provenance.auditing import fsck
from provenance.database.tables import prepared_statements
from provenance.ledger import key_files
from provenance.tlog import envelope, keys, merkle, receipt, statement, verify
from provenance.tlog.encoding import b64, canonical
from provenance.works import prepared as prepared_module
from tests.api.test_api import CLAIM, TEXT, image_bytes, problem

pytestmark = pytest.mark.slow


def head(api) -> tuple[str, envelope.After]:
    lines = api("GET", "/v1/ledger/checkpoint").text.split("\n")
    return lines[0], (int(lines[1]), base64.b64decode(lines[2]))


def submit(api, leaf: bytes, who: str = "producer", **more):
    return api("POST", "/v1/statements", who, json={"leaf": b64(leaf), **more})


def enrolled(api, who: str = "producer", *old: keys.SigningKey, **options) -> keys.SigningKey:
    key = keys.new_signing_key()
    origin, after = head(api)
    made = statement.key_enrol(origin, public_key=key.public, custody="producer", after=after, **options)
    answer = submit(api, statement.sign(made, key, *old), who)
    assert answer.status_code == 201, answer.text
    return key


def prepared(api, who: str = "producer", **item) -> bytes:
    answer = api("POST", "/v1/works/prepare", who, json={**CLAIM, "text": TEXT, **item})
    assert answer.status_code == 200, answer.text
    return base64.b64decode(answer.json()["statement"])


def signed(payload: bytes, *signers: keys.SigningKey) -> bytes:
    return statement.assemble(payload, [(key.keyid, key.sign(envelope.pae(payload))) for key in signers])


def sound(api) -> None:
    assert fsck.check(api.application.db, api.application.log)["problems"] == []
    kept = {path.name for path in api.application.settings.keys_dir.glob("*.pem")}
    assert kept == {key_files.LOG_ED25519, key_files.LOG_MLDSA44}  # no private key of anybody else


def test_prepare_sign_submit(api) -> None:
    key = enrolled(api)
    leaf = signed(prepared(api), key)
    answer = submit(api, leaf)
    assert answer.status_code == 201, answer.text
    work = answer.json()["work"]
    assert (work["status"], work["medium"], work["fingerprintable"]) == ("registered", "text", True)
    assert submit(api, leaf).json()["work"]["work_id"] == work["work_id"]  # the answer was lost: it is told again
    files = receipt.from_zip(api("GET", f"/v1/works/{work['work_id']}/receipt", "producer").content)
    done = verify.verify_receipt(files, api("GET", "/v1/ledger/policy").content, hashlib.sha256(TEXT.encode()).digest())
    assert done.ok, done.lines()
    assert done.facts["signed_by"] == [key.keyid]
    assert done.facts["custody"] == ["producer"]
    assert done.facts["claim"]["owner"] == "Ada Kestrel"
    found = api("POST", "/v1/scans", "platform", json={"text": f"Found it.\n\n{TEXT}"}).json()
    assert found["matches"][0]["work_id"] == work["work_id"]
    again = submit(api, signed(prepared(api), key)).json()["work"]
    assert (again["status"], again["work_id"]) == ("already_registered", work["work_id"])
    shown = api("GET", "/v1/signing-keys", "producer").json()["items"]
    assert [(k["keyid"], k["custody"]) for k in shown] == [(key.keyid, "producer")]
    assert api("GET", "/v1/signing-keys", "rival").json()["items"] == []
    sound(api)


def test_many_at_once(api) -> None:
    """New ones as one group, known and wrong ones in their places."""
    key, stranger = enrolled(api), keys.new_signing_key()
    origin, after = head(api)

    def sealed(signer: keys.SigningKey, salt: bytes = b"") -> bytes:
        digest = hashlib.sha256(salt or secrets.token_bytes(32)).digest()
        commitments = {"seal": statement.commit(bytes(32), {"salt": ""})}
        made = statement.sealed_registration(origin, digest=digest, commitments=commitments, after=after)
        return statement.sign(made, signer)

    known = sealed(key)
    first = submit(api, known).json()
    withdrawn = statement.withdrawal(
        origin, registration=merkle.leaf_hash(known), index=first["receipt"]["index"], after=after
    )
    one = signed(prepared(api), key)
    leaves = [sealed(key), known, sealed(stranger), b"{}", one, statement.sign(withdrawn, key), sealed(key), one]
    wrong = {"leaf": "="}
    body = {"items": [*({"leaf": b64(leaf)} for leaf in leaves), wrong]}
    answer = api("POST", "/v1/statements/batch", "producer", json=body)
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    told = [item["submitted"]["kind"] if item["submitted"] else item["error"]["status"] for item in items]
    assert told == ["registration", "registration", 403, 403, "registration", "withdrawal", "registration",
                    "registration", 403]  # fmt: skip
    assert items[1]["submitted"]["receipt"]["index"] == first["receipt"]["index"]
    assert items[4]["submitted"]["receipt"]["index"] == items[7]["submitted"]["receipt"]["index"]
    again = api("POST", "/v1/statements/batch", "producer", json=body).json()["items"]
    for before, now in zip(items, again, strict=True):
        if before["submitted"]:
            assert now["submitted"]["receipt"]["index"] == before["submitted"]["receipt"]["index"]
    many = {"items": [{"leaf": b64(sealed(key))} for _ in range(300)]}
    before = api.application.log.head()[0]
    answer = api("POST", "/v1/statements/batch", "producer", json=many).json()["items"]
    assert [item["submitted"]["receipt"]["index"] for item in answer] == list(range(before, before + 300))
    assert api("POST", "/v1/statements/batch", "producer", json={"items": [wrong] * 1001}).status_code == 413
    sound(api)


def test_a_file_is_prepared(api) -> None:
    key = enrolled(api)
    answer = api(
        "POST",
        "/v1/works/prepare",
        "producer",
        files={"file": ("photo.jpg", image_bytes())},
        data={"metadata": json.dumps({"owner": "Ada"})},
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["opening"]["claim"]["record"] == {"title": "photo", "owner": "Ada"}
    work = submit(api, signed(base64.b64decode(answer.json()["statement"]), key)).json()["work"]
    assert work["medium"] == "image"
    sound(api)


def test_the_service_signs_nothing_for_an_account_with_its_own_key(api) -> None:
    enrolled(api)
    refused = problem(api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT}), 403, "forbidden")
    assert refused["reason"] == "own_key"
    sound(api)


def test_whose_key_it_is(api) -> None:
    own, rivals, unknown = enrolled(api), enrolled(api, "rival"), keys.new_signing_key()
    payload = prepared(api)
    for key in (rivals, unknown):
        problem(submit(api, signed(payload, key)), 403, "forbidden")
        problem(submit(api, signed(payload, own, key)), 403, "forbidden")
    problem(submit(api, signed(payload, rivals), "rival"), 404, "not-found")  # prepared for somebody else
    forged = json.loads(signed(payload, unknown))
    forged["signatures"][0]["keyid"] = own.keyid
    problem(submit(api, canonical(forged)), 403, "verification-failed")
    origin, after = head(api)
    revoked = statement.sign(statement.key_revoke(origin, keyid=own.keyid, after=after), own)
    assert submit(api, revoked, "rival").status_code == 201  # whoever brings it: the signature counts
    assert submit(api, revoked, "rival").status_code == 201
    problem(submit(api, signed(payload, own)), 403, "forbidden")
    sound(api)


def test_a_stolen_api_key_registers_nothing(api) -> None:
    own = enrolled(api)
    thief = keys.new_signing_key()
    origin, after = head(api)
    for custody in ("producer", "service"):
        made = statement.key_enrol(origin, public_key=thief.public, custody=custody, after=after)
        assert submit(api, statement.sign(made, thief)).status_code in (400, 403)
    problem(submit(api, signed(prepared(api), thief)), 403, "forbidden")
    enrolled(api, "producer", own)  # with the present key it is a rotation
    sound(api)


def test_only_what_was_prepared_is_registered(api) -> None:
    """Every part of the statement is the service's or the signer's: nothing can be changed on the way."""
    key = enrolled(api)
    made = json.loads(prepared(api))
    changes = (
        lambda s: s["subject"][0]["digest"].update(sha256="0" * 64),
        lambda s: s["predicate"].update(nonce=b64(bytes(16))),
        lambda s: s["predicate"].update(medium="image"),
        lambda s: s["predicate"]["commitments"].update(claim="sha256:" + "0" * 64),
    )
    for change in changes:
        other = json.loads(json.dumps(made))
        change(other)
        problem(submit(api, signed(canonical(other), key)), 404, "not-found")
    sound(api)


@pytest.mark.parametrize(
    "leaf",
    [b"", b"{}", b"\xff", b'{"a":1,"a":1}', b'{"a":1.5}', b"[" * 5000, b" {}", b'{"payload":"","payloadType":"","signatures":[]}'],
)  # fmt: skip
def test_what_is_no_statement(api, leaf: bytes) -> None:
    problem(submit(api, leaf), 403, "verification-failed")


def test_forms_that_are_refused(api) -> None:
    key = enrolled(api)
    payload = prepared(api)
    good = signed(payload, key)
    spaced = good.replace(b'"payload":', b'"payload": ')
    doubled = good.replace(b'{"payload"', b'{"payload":"","payload"', 1)
    for bad in (spaced, doubled, good + b"\n", signed(canonical(json.loads(payload)) + b" ", key)):
        problem(submit(api, bad), 403, "verification-failed")
    problem(api("POST", "/v1/statements", "producer", json={"leaf": "%%%"}), 403, "verification-failed")
    problem(api("POST", "/v1/statements", "producer", json={"leaf": "A" * 90_000}), 400, "bad-input")
    problem(api("POST", "/v1/statements", "producer", json={}), 400, "bad-input")
    assert problem(api("POST", "/v1/statements", "platform", json={"leaf": b64(good)}), 403, "forbidden")
    problem(api("POST", "/v1/statements", json={"leaf": b64(good)}), 401, "unauthenticated")
    assert submit(api, good).status_code == 201
    origin, after = head(api)
    foreign = statement.key_enrol("other.example/x", public_key=key.public, custody="producer", after=after)
    problem(submit(api, statement.sign(foreign, key)), 403, "verification-failed")
    odd = json.loads(canonical(statement.key_revoke(origin, keyid=key.keyid, after=after)))
    odd["predicateType"] = odd["predicateType"].replace("key-revoke", "decision")
    problem(submit(api, signed(canonical(odd), key)), 403, "verification-failed")
    sound(api)


def test_a_replayed_statement_with_another_signature(api) -> None:
    """Two signers, then one of them: the same statement is not registered twice."""
    key = enrolled(api)
    second = enrolled(api, "producer", key)
    payload = prepared(api)
    first = submit(api, signed(payload, second))
    assert first.status_code == 201, first.text
    for other in (signed(payload, key), signed(payload, second, key)):
        problem(submit(api, other), 404, "not-found")
    sound(api)


def test_withdrawal_by_the_producer(api) -> None:
    key = enrolled(api)
    leaf = signed(prepared(api), key)
    work = submit(api, leaf).json()["work"]
    rivals = enrolled(api, "rival")
    origin, after = head(api)
    made = statement.withdrawal(
        origin, registration=merkle.leaf_hash(leaf), index=work["receipt"]["index"], after=after
    )
    problem(submit(api, statement.sign(made, rivals), "rival"), 404, "not-found")
    problem(submit(api, statement.sign(made, rivals)), 409, "conflict")
    wrong = statement.withdrawal(origin, registration=bytes(32), index=work["receipt"]["index"], after=after)
    problem(submit(api, statement.sign(wrong, key)), 409, "conflict")
    good = statement.sign(made, key)
    assert submit(api, good).status_code == 201
    assert submit(api, good).status_code == 201
    assert api("GET", f"/v1/works/{work['work_id']}", "producer").json()["withdrawn_at"] is not None
    assert api("POST", "/v1/scans", "platform", json={"text": TEXT}).json()["status"] == "no_match"
    sound(api)


def test_sealed_by_the_client(api) -> None:
    key = enrolled(api)
    seal, work = secrets.token_bytes(32), TEXT.encode()
    claim, salts = {"title": "Secret", "owner": "Ada"}, [secrets.token_bytes(32) for _ in range(2)]
    records = {"claim": claim, "seal": {"salt": b64(seal)}}
    promised = {name: statement.commit(salt, r) for salt, (name, r) in zip(salts, records.items(), strict=True)}
    origin, after = head(api)
    made = statement.sealed_registration(
        origin, digest=statement.sealed_digest(seal, work), commitments=promised, after=after
    )
    leaf = statement.sign(made, key)
    told = {"claim": {"salt": b64(salts[0]), "record": claim}}
    lie = {"claim": {"salt": b64(salts[0]), "record": {**claim, "owner": "Eve"}}}
    for bad in (lie, {"other": told["claim"]}, {"claim": {}}, {"claim": []}):
        problem(submit(api, leaf, opening=bad), 403, "verification-failed")
    answer = submit(api, leaf, opening=told)
    assert answer.status_code == 201, answer.text
    sealed = answer.json()["work"]
    assert (sealed["medium"], sealed["reason"], sealed["fingerprintable"]) == ("sealed", "sealed", False)
    assert api("POST", "/v1/scans", "platform", json={"text": TEXT}).json()["status"] == "no_match"
    assert hashlib.sha256(work).digest() not in leaf

    files = receipt.from_zip(api("GET", f"/v1/works/{sealed['work_id']}/receipt", "producer").content)
    policy = api("GET", "/v1/ledger/policy").content
    unopened = verify.verify_receipt(
        files, policy, hashlib.sha256(work).digest(), lambda s: hashlib.sha256(s + work).digest()
    )
    assert not unopened.ok  # the service does not know the salt, so it cannot be in its receipt
    files[receipt.OPENING] = canonical({**told, "seal": {"salt": b64(salts[1]), "record": records["seal"]}})
    for content, ok in ((work, True), (work + b".", False)):
        done = verify.verify_receipt(
            files, policy, hashlib.sha256(content).digest(), lambda s, c=content: hashlib.sha256(s + c).digest()
        )
        assert done.ok is ok, done.lines()

    # opened later: with the salt, and only for the very same file
    wrong = {**CLAIM, "text": TEXT + "!", "opens": sealed["work_id"], "seal": b64(seal)}
    problem(api("POST", "/v1/works/prepare", "producer", json=wrong), 403, "verification-failed")
    problem(api("POST", "/v1/works/prepare", "producer", json={**wrong, "seal": None}), 400, "bad-input")
    problem(api("POST", "/v1/works/prepare", "rival", json={**wrong, "text": TEXT}), 404, "not-found")
    payload = prepared(api, opens=sealed["work_id"], seal=b64(seal))
    assert json.loads(payload)["predicate"]["opens"] == {
        "index": sealed["receipt"]["index"],
        "leafHash": merkle.leaf_hash(leaf).hex(),
        "salt": b64(seal),
    }
    opened = submit(api, signed(payload, key)).json()["work"]
    record = api("GET", f"/v1/works/{opened['work_id']}", "producer").json()
    assert record["opens"] == sealed["work_id"]
    assert (
        api("POST", "/v1/scans", "platform", json={"text": TEXT}).json()["matches"][0]["work_id"] == opened["work_id"]
    )
    sound(api)


def test_a_sealed_statement_read_in_the_log_is_not_sent_again(api) -> None:
    """By whoever: with another account's signature, by the same one after a rotation, after its withdrawal."""
    key = enrolled(api)
    origin, after = head(api)
    seal = secrets.token_bytes(32)
    promised = {"seal": statement.commit(bytes(32), {"salt": b64(seal)})}
    payload = canonical(
        statement.sealed_registration(
            origin, digest=statement.sealed_digest(seal, b"work"), commitments=promised, after=after
        )
    )
    first = submit(api, signed(payload, key))
    assert first.status_code == 201, first.text
    assert submit(api, signed(payload, key)).json()["work"]["work_id"] == first.json()["work"]["work_id"]
    problem(submit(api, signed(payload, enrolled(api, "rival")), "rival"), 409, "conflict")
    second = enrolled(api, "producer", key)
    problem(submit(api, signed(payload, second)), 409, "conflict")
    withdrawn = statement.withdrawal(
        origin,
        registration=merkle.leaf_hash(signed(payload, key)),
        index=first.json()["work"]["receipt"]["index"],
        after=after,
    )
    assert submit(api, statement.sign(withdrawn, second)).status_code == 201
    for again in (signed(payload, second), signed(payload, key, second)):
        problem(submit(api, again), 409, "conflict")
    sound(api)


def test_prepared_statements_are_forgotten(api, monkeypatch) -> None:
    key = enrolled(api)
    payload = prepared(api)
    monkeypatch.setattr(prepared_module, "KEPT", prepared_module.KEPT * 0)
    prepared(api, title="Another")
    with api.application.db.read() as connection:
        assert len(connection.execute(prepared_statements.select()).all()) == 1
    problem(submit(api, signed(payload, key)), 404, "not-found")


def test_what_cannot_be_prepared(api) -> None:
    problem(api("POST", "/v1/works/prepare", "producer", json={**CLAIM, "text": ""}), 422, "bad-content")
    problem(api("POST", "/v1/works/prepare", "producer", json={"text": TEXT}), 400, "bad-input")
    problem(
        api("POST", "/v1/works/prepare", "producer", json={**CLAIM, "text": TEXT, "sealed": True}), 400, "bad-input"
    )
    problem(api("POST", "/v1/works/prepare", "platform", json={**CLAIM, "text": TEXT}), 403, "forbidden")


def test_erasure(api) -> None:
    kept = api("POST", "/v1/works", "rival", json={**CLAIM, "text": TEXT}).json()
    problem(api("POST", f"/v1/works/{kept['work_id']}/erasure", "producer"), 404, "not-found")
    erased = api("POST", f"/v1/works/{kept['work_id']}/erasure", "rival")
    assert erased.status_code == 200, erased.text
    assert erased.json()["erased_at"] is not None
    problem(api("POST", f"/v1/works/{kept['work_id']}/erasure", "rival"), 409, "conflict")

    key = enrolled(api)
    leaf = signed(prepared(api), key)
    work = submit(api, leaf).json()["work"]
    problem(api("POST", f"/v1/works/{work['work_id']}/erasure", "producer"), 403, "forbidden")
    origin, after = head(api)
    entry, index = merkle.leaf_hash(leaf), work["receipt"]["index"]

    def made(*names: str) -> bytes:
        return statement.sign(statement.erasure(origin, entry=entry, index=index, erased=names, after=after), key)

    problem(submit(api, made("claim", "fingerprint")), 409, "conflict")  # still matched
    withdrawn = statement.withdrawal(origin, registration=entry, index=index, after=after)
    assert submit(api, statement.sign(withdrawn, key)).status_code == 201
    problem(submit(api, made("claim")), 409, "conflict")  # not all of it
    good = made("claim", "fingerprint")
    assert submit(api, good).status_code == 201
    assert submit(api, good).status_code == 201
    assert api("GET", f"/v1/works/{work['work_id']}", "producer").json()["claim"]["owner"] == ""
    third = api("POST", "/v1/works", "rival", json={**CLAIM, "text": TEXT}).json()
    assert api("POST", f"/v1/works/{third['work_id']}/erasure", "administrator").status_code == 200
    assert fsck.check(api.application.db, api.application.log)["problems"] == []


def test_a_stolen_api_key_takes_no_account_over(api) -> None:
    """The service keeps the account's key: it signs the enrolment of another one only for the scope `keys`."""
    assert api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT}).status_code == 201
    key = keys.new_signing_key()
    origin, after = head(api)
    leaf = statement.sign(statement.key_enrol(origin, public_key=key.public, custody="producer", after=after), key)
    for refused in (
        submit(api, leaf).json(),
        api("POST", "/v1/statements/batch", "producer", json={"items": [{"leaf": b64(leaf)}]}).json()["items"][0][
            "error"
        ],
    ):
        assert (refused["status"], refused["reason"]) == (403, "scope")
        assert "scope register --scope keys" in refused["detail"]
    again = api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT + " Later."})
    assert again.status_code == 201  # the service still signs for the account
    scopes = ["register", "keys"]
    issued = accounts.issue_key(api.application.db, accounts.NewApiKey(account="producer", scopes=scopes))
    api.keys["owner"] = issued.secret
    assert submit(api, leaf, "owner").status_code == 201
    assert submit(api, leaf).status_code == 201  # it is in the log: sent again it is answered again
    problem(api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT + " More."}), 403, "forbidden")
    sound_log = fsck.check(api.application.db, api.application.log)["problems"]
    assert sound_log == []
