"""Whatever is sent, the sequencer takes exactly what an audit accepts."""

import shutil
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provenance.accounts import accounts
from provenance.application import Application
from provenance.auditing.report import audit_report
from provenance.config import Settings
from provenance.database.tables import entries, signing_keys
from provenance.errors import Conflict, VerificationFailed
from provenance.tlog import keys, merkle, statement
from provenance.tlog.encoding import b64
from provenance.tlog.key_directory import KeyDirectory

pytestmark = pytest.mark.slow

KEYS = [keys.new_signing_key() for _ in range(5)]
some = st.integers(0, len(KEYS) - 1)
places = st.integers(0, 12)
steps = st.one_of(
    st.tuples(st.just("enrol"), some, st.lists(some, max_size=2), st.none() | some),
    st.tuples(st.just("revoke"), some, some),
    st.tuples(st.just("register"), some, st.booleans()),
    st.tuples(st.just("withdraw"), some, places),
    st.tuples(st.just("open"), some, places),
    st.tuples(st.just("erase"), some, places, st.sampled_from(["claim", "seal", "nothing"])),
)


def written(application: Application, log: list[bytes], step: tuple) -> bytes:
    """The leaf of a step, signed as it says, whether or not that is allowed."""
    kind, number = step[:2]
    key, origin, after = KEYS[number], application.log.origin, application.log.head()
    signers = [key]
    commitments = {"claim": statement.commit(bytes(32), {}), "seal": statement.commit(bytes(32), {"salt": ""})}
    named = step[2] if kind in ("withdraw", "open", "erase") else 0
    entry = merkle.leaf_hash(log[named]) if named < len(log) else bytes(32)
    match kind:
        case "enrol":
            recovery = None if step[3] is None else KEYS[step[3]].keyid
            made = statement.key_enrol(
                origin, public_key=key.public, custody="producer", after=after, recovery=recovery
            )
            signers = list({k.keyid: k for k in (key, *(KEYS[n] for n in step[2]))}.values())
        case "revoke":
            made = statement.key_revoke(origin, keyid=KEYS[step[2]].keyid, after=after)
        case "register" if step[2]:
            made = statement.sealed_registration(origin, digest=bytes(32), commitments=commitments, after=after)
        case "register" | "open":
            opens = None if kind == "register" else {**statement.refer(named, entry), "salt": b64(bytes(32))}
            made = statement.registration(
                origin,
                digest=bytes(32),
                medium="text",
                algorithms=[],
                commitments=commitments,
                after=after,
                opens=opens,
            )
        case "withdraw":
            made = statement.withdrawal(origin, registration=entry, index=named, after=after)
        case _:
            made = statement.erasure(origin, entry=entry, index=named, erased=[step[3]], after=after)
    return statement.sign(made, *signers)


def accepted(directory: KeyDirectory, log: list[bytes], leaf: bytes) -> bool:
    try:
        directory.replay(len(log), leaf, log.__getitem__)
    except VerificationFailed:
        return False
    log.append(leaf)
    return True


@st.composite
def families(draw: st.DrawFn) -> list[list[tuple]]:
    """Rounds that enrol the keys, each alone, as a successor or with a recovery key, and have each register once."""
    rounds = []
    for number in range(len(KEYS)):
        older = st.none() | st.integers(0, number - 1) if number else st.none()
        old, recovery = draw(older), draw(older)
        signers = [] if old is None else [old]
        rounds.append([("enrol", number, signers, recovery), ("register", number, draw(st.booleans()))])
    return rounds


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(family=families(), rounds=st.lists(st.lists(steps, min_size=1, max_size=6), min_size=2, max_size=8))
def test_the_sequencer_takes_what_an_audit_accepts(
    migrated: Path, family: list[list[tuple]], rounds: list[list[tuple]]
) -> None:
    with tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        shutil.copy(migrated, home)
        patch.setattr("os.fsync", lambda _: None)
        with Application(Settings(home=Path(home), workers=1, origin="log.test.example/x")) as application:
            account = accounts.local(application.db)
            directory, log = KeyDirectory(application.log.origin), []
            for steps_ in family + rounds:
                sent: dict[bytes, bool] = {}
                for step in steps_:
                    leaf = written(application, log, step)
                    with application.db.write() as connection:
                        known = set(connection.execute(sa.select(signing_keys.c.keyid)).scalars())
                        if step[0] == "enrol" and KEYS[step[1]].keyid not in known:
                            row = {"keyid": KEYS[step[1]].keyid, "public_key": KEYS[step[1]].public}
                            more = {"account_id": account.id, "custody": "producer", "created_at": ""}
                            connection.execute(signing_keys.insert().values(**row, **more))
                    try:
                        with application.db.write() as connection:
                            application.log.submit(connection, [leaf])
                    except VerificationFailed:
                        assert not accepted(directory, log, leaf)
                        continue
                    sent[merkle.leaf_hash(leaf)] = accepted(directory, log, leaf)
                for leaf_hash, good in sent.items():
                    if good:
                        application.log.commit([leaf_hash])
                    else:
                        with pytest.raises(Conflict):
                            application.log.commit([leaf_hash])
                with application.db.read() as connection:
                    stored = connection.execute(sa.select(entries.c.leaf).order_by(entries.c.idx)).scalars().all()
                assert stored == log
            # Entries only: the rows of works are none of the sequencer's business.
            audited = audit_report(str(Path(home) / "log"), policy=application.log.policy())
            assert audited["problems"] == []
