"""What parties do in their case: confirm an address, answer, appeal, write, take a notice back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from ..database.tables import case_parties
from ..errors import BadInput
from ..jobs.mail import check_address
from ..schemas.case import Role, State
from ..schemas.notice import Appeal, CounterNotice, LegalAction, Message
from . import automatic, contents, links, parties, rows
from .automatic import Automatic
from .files import CaseFiles, SealedFile, Upload, attached
from .outcomes import Outcome, Outcomes
from .steps import By, NewStep, Steps, Writing, check_possible


class Proceedings:
    """Takes the steps of parties, each by the number of its row, which a link or a key has shown. Thread-safe.

    Every step raises `Conflict` where the case is in another state, and `Forbidden` where it is the other party's.
    """

    def __init__(self, steps: Steps, files: CaseFiles, automatic: Automatic, outcomes: Outcomes) -> None:
        self._steps = steps
        self._files = files
        self._automatic = automatic
        self._outcomes = outcomes

    def confirm_by_link(self, secret: str) -> int:
        """Use up the link of a letter that confirms a mail address; the number of its party. Raises `NotFound`."""
        with self._steps.writing() as writing:
            party = links.confirm(writing.connection, secret)
            self._confirm(writing, party)
        return party

    def confirm(self, party: int) -> State:
        """A party has shown that a mail address is theirs: what waited for that goes on. Again it changes nothing."""
        with self._steps.writing() as writing:
            return self._confirm(writing, party)

    def _confirm(self, writing: Writing, party: int) -> State:
        _, case = rows.party_case(writing.connection, party)
        automatic.confirmed(writing.connection, party)
        state: State = self._automatic.advance(writing, case).state
        return state

    def counter(self, party: int, new: CounterNotice, uploads: Sequence[Upload] = ()) -> State:
        """The poster answers; raises `BadInput` with what the regime asks for and the answer lacks."""
        if new.email is not None:
            check_address(new.email)
        sealed = self._files.seal(uploads, new.files)
        with self._as(party, "poster") as (writing, row, case):
            said = new.model_copy(update={"files": attached(sealed)})
            missing = contents.lacking_counter(said, self._steps.regimes.of(case.regime))
            if missing:
                raise BadInput(f"the counter-notice lacks: {', '.join(missing)}", reason="incomplete")
            person = {**row.person, **parties.person_of(new)}
            values = {"person": person, "key": parties.key_of(case.account_id, person.get("email"), None)}
            mine = case_parties.c.id == party
            writing.connection.execute(case_parties.update().where(mine).values(**values, lang=new.lang))
            step = NewStep(
                "counter",
                By("poster", party),
                _digests(sealed),
                {"counter_notice": said.model_dump(mode="json", exclude_unset=True)},
                files=sealed,
            )
            state: State = self._automatic.advance(writing, writing.take(case, step)).state
        return state

    def keep_down(self, party: int, new: LegalAction, uploads: Sequence[Upload] = ()) -> State:
        """The notifier has gone to a court or an authority: nothing is put back."""
        sealed = self._files.seal(uploads, new.files)
        with self._as(party, "notifier") as (writing, _, case):
            check_possible(case, "keep_down")
            ids = self._outcomes.apply(writing.connection, case, Outcome("restrict", "legal_action"))
            facts = {"reason": "legal_action", "decision_ids": ids, **_digests(sealed)}
            said = {"legal_action": new.reference}
            step = NewStep("keep_down", By("notifier", party), facts, said, files=sealed)
            state: State = writing.take(case, step).state
        return state

    def appeal(self, party: int, new: Appeal, uploads: Sequence[Upload] = ()) -> State:
        """A party contests the outcome; raises `Forbidden` while it is suspended."""
        sealed = self._files.seal(uploads, new.files)
        with self._as(party, None) as (writing, row, case):
            parties.refuse_suspended(writing.connection, case.account_id, row.key)
            facts = {"by": row.role, **_digests(sealed)}
            step = NewStep("appeal", By(row.role, party), facts, {"appeal": new.reason}, files=sealed)
            state: State = writing.take(case, step).state
        return state

    def message(self, party: int, new: Message, uploads: Sequence[Upload] = ()) -> State:
        """A party writes to those who decide; the other party is not told."""
        sealed = self._files.seal(uploads, new.files)
        with self._as(party, None) as (writing, row, case):
            facts = {"to": ["staff"], **_digests(sealed)}
            said = {"text": new.text}
            step = NewStep("message", By(row.role, party), facts, said, tell=[row.role], files=sealed)
            state: State = writing.take(case, step).state
        return state

    def withdraw(self, party: int) -> State:
        """The notifier takes the notice back."""
        with self._as(party, "notifier") as (writing, _, case):
            state: State = writing.take(case, NewStep("withdraw", By("notifier", party))).state
        return state

    @contextmanager
    def _as(self, party: int, role: Role | None) -> Iterator[tuple[Writing, sa.Row[Any], sa.Row[Any]]]:
        """A party acts: the transaction, the party's row and the case, locked.

        Args:
            role: that the party must have; None: any.
        """
        with self._steps.writing() as writing:
            row, case = rows.party_case(writing.connection, party)
            if role is not None:
                parties.require(row, role)
            yield writing, row, case


def _digests(files: Sequence[SealedFile]) -> dict[str, list[str]]:
    return {"files": [each.digest.hex() for each in files]}
