"""What the posting account claims for itself: rights, exclusivity, co-authorship, authorship."""

from __future__ import annotations

from collections.abc import Iterator

from .credit_model import Credit, Statement, UnitReading
from .entities import ACCOUNT, BOTH, OWNER
from .entity_tagger import EntityTagger
from .model import Work


def is_relevant(credit: Credit, kind: str) -> bool:
    """Whether a credit speaks of this kind of work."""
    if kind == "image" and "cover" in credit.kinds:
        return credit.credits_owner or credit.credits_source
    return kind in credit.kinds and credit.role in ("author", "source", "rights")


class ClaimReader:
    """Reads the claims of the posting account in the units of one post."""

    def __init__(self, tagger: EntityTagger, work: Work) -> None:
        self.tagger, self.work = tagger, work

    def claims(self, reading: UnitReading) -> Iterator[str]:
        """The claims of a unit, as codes of `provenance.marking.rules.REASONS`."""
        if self._may_claim(reading):
            if self._claims_rights(reading):
                yield "rights_claimed"
            if any(
                c.credited == "account" and c.beside_owner and is_relevant(c, self.work.kind) for c in reading.credits
            ):
                yield "coauthor_claimed"

    def statements(self, reading: UnitReading) -> Iterator[Statement]:
        """The statements of a unit, ``originality`` only where the account claims to have made the work itself."""
        may_claim = self._may_claim(reading)
        for statement in reading.statements:
            if statement.category != "originality" or (may_claim and not _names_owner(reading)):
                yield statement
        if may_claim and "demand" in reading.categories and _names_account(reading):
            yield Statement(
                reading.tagged, "originality"
            )  # "please credit us": who asks for the credit claims the work

    def _may_claim(self, reading: UnitReading) -> bool:
        """The account is not the owner, and the unit does not say that the work is somebody else's."""
        return not (self.tagger.account_is_owner or {"disclaim", "not_original"} & reading.categories)

    def _claims_rights(self, reading: UnitReading) -> bool:
        categories, account, owner = reading.categories, _names_account(reading), _names_owner(reading)
        claimed = [c.kinds for c in reading.credits if c.credited == "account" and c.role in ("rights", "author")]
        if claimed and not any(self.work.kind in kinds for kinds in claimed):
            return False  # "text © us" beside somebody's photo
        if any(c.credited == "account" and c.role == "rights" for c in reading.credits):
            return True
        if "originality" in categories and account and not owner:
            return True
        permitted = "permission" in categories and "pending" not in categories
        if permitted or not {"rights_claim", "licensing", "exclusive"} & categories:
            return False
        for_itself = account or (not owner and self.tagger.lexicon.self_reference.has(reading.tagged.low))
        # "the rights are the author's, tell us and we delete it" claims nothing
        disowned = "unknown" in categories and not account
        return for_itself and ("exclusive" in categories or not disowned)


def _names_account(reading: UnitReading) -> bool:
    return ACCOUNT in reading.tagged.low


def _names_owner(reading: UnitReading) -> bool:
    return OWNER in reading.tagged.low or BOTH in reading.tagged.low
