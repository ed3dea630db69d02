"""Secrets of webhooks are sealed in the database, and open only with the key that lies with the signing keys."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr

from provenance.config import Settings
from provenance.database.engine import Database
from provenance.database.tables import endpoints
from provenance.errors import LedgerReadOnly
from provenance.jobs import webhooks
from provenance.jobs.background import Background
from provenance.jobs.queue import Queue
from provenance.jobs.webhook_secrets import FILE, WebhookSecrets
from provenance.jobs.webhook_sender import TargetRules
from provenance.ledger import key_files
from provenance.schemas.webhooks import NewWebhook, Rotation
from tests.provenance.jobs.conftest import listen, rows

PASSPHRASE = SecretStr("a passphrase of several words")
RULES = TargetRules(http=True, private=True)
PLAIN = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def settings(home: Path, **values: Any) -> Settings:
    return Settings(home=home, **values)


def test_the_database_has_no_secret_in_it(db: Database, tmp_path: Path) -> None:
    store = WebhookSecrets(settings(tmp_path))
    made = webhooks.create(db, "one", NewWebhook(url="http://127.0.0.1:1/"), RULES, store)
    rotated = webhooks.rotate(db, made.webhook_id, "one", Rotation(), store)
    stored = next(row for row in rows(db, endpoints) if row.endpoint_id == made.webhook_id).secrets
    assert not any(secret.removeprefix("whsec_") in str(stored) for secret in (made.secret, rotated.secret))
    another = WebhookSecrets(settings(tmp_path))  # another process of the installation
    opened = another.open(made.webhook_id, stored)
    assert [each["secret"] for each in opened] == [rotated.secret, made.secret]
    assert [each["until"] is None for each in opened] == [True, False]
    assert (tmp_path / "keys" / FILE).stat().st_mode & 0o777 == 0o600


def test_a_secret_is_bound_to_its_endpoint_and_its_key(tmp_path: Path) -> None:
    store = WebhookSecrets(settings(tmp_path / "a"))
    sealed = store.seal("hook_1", PLAIN)
    assert sealed != store.seal("hook_1", PLAIN)
    other = WebhookSecrets(settings(tmp_path / "b"))
    other.seal("hook_1", PLAIN)
    for who, endpoint in ((store, "hook_2"), (other, "hook_1")):
        with pytest.raises(LedgerReadOnly, match="does not open") as failed:
            who.open(endpoint, [sealed])
        assert failed.value.reason == "key_damaged"
    missing = WebhookSecrets(settings(tmp_path / "c"))
    with pytest.raises(LedgerReadOnly, match="copy it from the machine") as failed:
        missing.open("hook_1", [sealed])
    assert failed.value.reason == "key_missing"
    assert not (tmp_path / "c" / "keys").exists()  # a second key would open nothing


def test_the_key_is_encrypted_where_the_others_are(tmp_path: Path) -> None:
    locked = settings(tmp_path, key_passphrase=PASSPHRASE)
    key_files.create_log_keys(locked.keys_dir, locked.passphrase)
    with pytest.raises(LedgerReadOnly) as failed:
        WebhookSecrets(settings(tmp_path)).seal("hook_1", PLAIN)
    assert failed.value.reason == "passphrase_missing"
    sealed = WebhookSecrets(locked).seal("hook_1", PLAIN)
    assert b"ENCRYPTED" in (tmp_path / "keys" / FILE).read_bytes()
    assert WebhookSecrets(locked).open("hook_1", [sealed])[0]["secret"] == PLAIN
    with pytest.raises(LedgerReadOnly) as failed:
        WebhookSecrets(settings(tmp_path)).open("hook_1", [sealed])
    assert failed.value.reason == "passphrase_missing"


def test_a_secret_of_an_older_database_is_read_and_sealed_when_something_is_sent(
    db: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    listen(db, "one", address="http://127.0.0.1:1/", secrets=[{"secret": PLAIN, "until": None}])
    (row,) = rows(db, endpoints)
    locked = settings(tmp_path / "locked", key_passphrase=PASSPHRASE)
    key_files.create_log_keys(locked.keys_dir, locked.passphrase)
    for where, sealed in ((settings(tmp_path / "locked"), False), (settings(tmp_path / "open"), True)):
        background = Background(db, Queue(db), where, lambda *_: pytest.fail("no mail"))
        background.sender(row).close()
        (stored,) = rows(db, endpoints)
        assert (PLAIN not in str(stored.secrets)) == sealed
        assert background.secrets.open(row.endpoint_id, stored.secrets) == [{"secret": PLAIN, "until": None}]
    assert "is not sealed yet" in caplog.text
    webhooks.seal(db, SimpleNamespace(**stored._asdict()), background.secrets)  # once
    assert rows(db, endpoints)[0].secrets == stored.secrets
