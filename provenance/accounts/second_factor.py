"""A second factor at sign-in: codes by time (TOTP, RFC 6238), and codes for when the device is lost.

The shared secret is sealed by a key that lies with the signing keys: whoever reads the database alone makes no codes.
A code is taken once (RFC 6238, 5.2), one step early or late.
"""

from __future__ import annotations

import secrets
import time
from typing import Any

import pyotp
import sqlalchemy as sa

from ..config import Settings
from ..database.engine import Database
from ..database.tables import people
from ..errors import BadInput, NotFound
from ..ledger.kept_cipher import KeptCipher
from .people import digest

FILE = "people.pem"
_USE = b"sourcemark: second factors of people, version 1"
_STEP = 30  # seconds of one code
_CODES, _CODE_BYTES = 10, 5  # codes for a lost device, and how long they are


class SecondFactor:
    """Second factors of people. Thread-safe."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._cipher = KeptCipher(settings, FILE, _USE, "the second factors of people")

    @staticmethod
    def propose() -> str:
        """A fresh secret, base32, to be shown to the person and sent back with a code."""
        return str(pyotp.random_base32())

    @staticmethod
    def address(secret: str, name: str, issuer: str) -> str:
        """What a QR code for authenticator programs holds (otpauth:, Key Uri Format)."""
        return str(pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer))

    def enable(self, person_id: str, secret: str, code: str) -> list[str]:
        """Ask a person for codes from now on.

        Returns:
            Codes for a lost device, each good once; they are in this answer and nowhere else.

        Raises:
            BadInput: the code is not that of the secret now.
        """
        step = _fitting_step(secret, code, after=-1)
        if step is None:
            raise BadInput("code: is not the present one; check the clock of your device", reason="second_factor")
        codes = [secrets.token_hex(_CODE_BYTES) for _ in range(_CODES)]
        with self._db.write() as connection:
            changed = connection.execute(
                people.update()
                .where(people.c.id == person_id)
                .values(
                    second_factor=self._cipher.seal(secret.encode(), person_id),
                    second_factor_used=step,
                    recovery=[digest(each).hex() for each in codes],
                )
            )
        if not changed.rowcount:
            raise NotFound(f"no person has the id {person_id!r}")
        return codes

    def disable(self, person_id: str) -> None:
        with self._db.write() as connection:
            connection.execute(
                people.update()
                .where(people.c.id == person_id)
                .values(second_factor=None, second_factor_used=None, recovery=[])
            )

    def take(self, person: sa.Row[Any], code: str) -> bool:
        """Whether a code lets a person in; it does so once.

        Raises:
            LedgerReadOnly: the key that opens the secret is not here.
        """
        code = "".join(code.split())
        secret = self._cipher.open(person.second_factor, person.id).decode()
        step = _fitting_step(secret, code, after=person.second_factor_used or 0)
        if step is not None:
            return self._change(person, people.c.second_factor_used == person.second_factor_used, step)
        spent = digest(code.lower()).hex()
        if spent not in person.recovery:
            return False
        left = [each for each in person.recovery if each != spent]
        return self._change(person, sa.true(), person.second_factor_used, recovery=left)

    def _change(self, person: sa.Row[Any], where: sa.ColumnElement[bool], used: int | None, **besides: Any) -> bool:
        """Note that a code was used; False where another request was first."""
        with self._db.write() as connection:
            changed = connection.execute(
                people.update().where(people.c.id == person.id, where).values(second_factor_used=used, **besides)
            )
        return bool(changed.rowcount)


def _fitting_step(secret: str, code: str, after: int) -> int | None:
    """The time step whose code it is, of those after one: the present, the one before, the one to come."""
    present = int(time.time()) // _STEP
    totp = pyotp.TOTP(secret)
    for step in (present, present - 1, present + 1):
        if step > after and pyotp.utils.strings_equal(totp.generate_otp(step), code.strip()):
            return step
    return None
