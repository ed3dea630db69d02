"""Which shard holds what, and what the actors of an installation are called."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import sqlalchemy as sa

from ...database.engine import Database
from ...database.tables import log_state
from ...errors import Unavailable


@dataclass(frozen=True, slots=True)
class Installation:
    """One log in one database: what two installations on a Ray cluster are told apart by.

    Attributes:
        origin: name of the log.
        database: of the server and its database, hexadecimal; two logs may have one name.
    """

    origin: str
    database: str

    @property
    def namespace(self) -> str:
        """The Ray namespace of its actors."""
        return f"sourcemark/{self.origin}/{self.database}"

    def __str__(self) -> str:
        return f"{self.origin} ({self.database})"


@dataclass(frozen=True, slots=True)
class Layout:
    """How an installation's index is divided.

    Attributes:
        shards: a work is in the shard of its number modulo this.
        replicas: how many actors hold each shard.
    """

    installation: Installation
    shards: int
    replicas: int

    def name(self, shard: int, replica: int) -> str:
        """Name of an actor; another division has other actors, so that the two never mix."""
        return f"shard-{shard}-of-{self.shards}-replica-{replica}"


def installation(db: Database) -> Installation:
    """The installation whose database this is.

    Raises:
        Unavailable: it cannot be reached, or has no log yet.
    """
    server = sa.text("SELECT current_database(), system_identifier FROM pg_control_system()")
    with db.read() as connection:
        origin = connection.execute(sa.select(log_state.c.origin)).scalar()
        name, system = connection.execute(server).one()
    if origin is None:
        raise Unavailable(f"there is no log in {db.place}", reason="not_published")
    return Installation(str(origin), hashlib.sha256(f"{system}/{name}".encode()).hexdigest()[:12])
