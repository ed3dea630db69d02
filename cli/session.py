"""What most commands open: the settings and a service on them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from provenance.config import load_settings

if TYPE_CHECKING:
    from provenance.accounts import Account
    from provenance.service import Service


@contextmanager
def service() -> Iterator[Service]:
    """A started service on the settings in force."""
    from provenance.service import Service

    with Service(load_settings()) as opened:
        yield opened


def acting_account(opened: Service, ref: str | None) -> Account:
    """The account a command acts for: the one named, or the local one."""
    from provenance import accounts

    return accounts.local(opened.db) if ref is None else accounts.find(opened.db, ref)
