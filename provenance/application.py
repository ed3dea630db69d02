"""Wires one process's share of an installation together.

An application is made without touching anything and started by whoever opens it (the command line's session, a route's
dependency), so that a server can come up before its database does and answer "not now" until then.
"""

from __future__ import annotations

import logging
import threading
from itertools import islice
from types import TracebackType

import sqlalchemy as sa

from fingerprints.sandbox.pool import Sandbox

from .accounts.official import OfficialAccounts
from .accounts.quotas import Quotas
from .accounts.second_factor import SecondFactor
from .accounts.signing_keys import SigningKeys
from .auditing.sample import sample_rows
from .cases import regimes
from .cases.automatic import Automatic
from .cases.deciding import CaseDecisions
from .cases.erasure import CaseErasures
from .cases.files import CaseFiles
from .cases.letters import Letters
from .cases.notices import Notices
from .cases.outcomes import Outcomes
from .cases.proceedings import Proceedings
from .cases.steps import Steps
from .config import MEBIBYTE, MEMORY, Settings
from .database.engine import Database
from .errors import Unavailable, from_os_error
from .jobs.background import Background
from .jobs.mail import Mailer
from .jobs.queue import Queue
from .ledger.log import Log
from .observer import Observer
from .scans import batches as scan_batches
from .scans import exports, records, sighting_mail
from .scans import later as scans_later
from .scans.policy import replay
from .scans.review import bulk, statements
from .scans.review.decisions import Decisions
from .scans.review.queue import ReviewQueue
from .scans.scanning import Scanner
from .search.examination import Examiner
from .search.follower import Follower, WorkIndex
from .search.matching import Matcher
from .search.signals import Signals
from .works import batches as work_batches
from .works import later as works_later
from .works.amendment import Amendments
from .works.attaching import Attaching
from .works.backing import Backings
from .works.claim_decisions import ClaimDecisions
from .works.competing_claims import CompetingClaims
from .works.erasure import Erasures
from .works.evidence import Evidences
from .works.grants import Grants
from .works.prepared import PreparedStatements
from .works.registration import Registrar
from .works.submissions import Submissions
from .works.withdrawal import Withdrawals

_logger = logging.getLogger(__name__)
_MOST_DAMAGED = 100  # lines in the operator's log


class Application:
    """The parts of one process, each given what it needs. Thread-safe; close it, or use it as a context manager."""

    def __init__(self, settings: Settings, observer: Observer | None = None) -> None:
        observer = Observer() if observer is None else observer
        self.settings = settings
        self.db = Database.of(settings)
        self.log = Log(self.db, settings)
        self.examiner = Examiner(
            Sandbox(settings.workers, settings.limits, settings.anchors), settings.workers, observer
        )
        self.follower = _index(self.db, settings)
        self.matcher = Matcher(self.db, self.follower)
        self.signals = Signals(self.db, self.follower)
        self.backings = Backings(self.db, self.log.reader)
        self.signing_keys = SigningKeys(self.db, self.log, settings)
        self.claims = CompetingClaims(self.db, self.matcher)
        attaching = Attaching(self.db, self.log, self.signing_keys)
        self.evidence = Evidences(self.db, self.log, attaching)
        self.registrar = Registrar(
            self.db, self.log, self.examiner, self.signing_keys, self.claims, self.evidence, settings
        )
        self.prepared = PreparedStatements(self.db, self.log, self.examiner, settings)
        self.withdrawals = Withdrawals(self.db, self.log, self.signing_keys, self.follower)
        self.erasures = Erasures(
            self.db,
            self.log,
            self.signing_keys,
            self.follower,
            self.withdrawals,
            forget_scans=_forget_in_scans,
        )
        self.amendments = Amendments(self.db, self.log, self.signing_keys)
        self.submissions = Submissions(
            self.db,
            self.log,
            self.signing_keys,
            self.prepared,
            self.registrar,
            self.withdrawals,
            self.erasures,
            self.amendments,
        )
        self.grants = Grants(self.db, self.log, attaching)
        self.claim_decisions = ClaimDecisions(self.db, self.log, attaching)
        self.official_accounts = OfficialAccounts(self.db, settings.standing_table)
        defaults = statements.Defaults.of(settings)
        self.scanner = Scanner(
            self.db,
            self.log,
            self.examiner,
            self.matcher,
            self.backings,
            self.official_accounts,
            batch_size=settings.batch_size,
            max_parts=settings.max_parts,
            defaults=defaults,
            observer=observer,
            may_be_incomplete=settings.index_incomplete == "status",
        )
        lease_seconds = settings.review_minutes * 60
        self.review_queue = ReviewQueue(self.db, lease_seconds)
        self.decisions = Decisions(self.db, self.official_accounts, lease_seconds, settings.second_opinion, defaults)
        self.regimes = regimes.read(settings.regimes)
        steps = Steps(self.db, self.log, self.signing_keys, self.regimes)
        outcomes = Outcomes(self.decisions, self.official_accounts)
        self.case_files = CaseFiles(settings)
        self.automatic = Automatic(steps, outcomes)
        self.notices = Notices(steps, self.case_files, self.automatic.advance, self.examiner, self.matcher, settings)
        self.proceedings = Proceedings(steps, self.case_files, self.automatic, outcomes)
        self.case_decisions = CaseDecisions(steps, outcomes, self.claim_decisions)
        self.case_erasures = CaseErasures(self.db, self.log, self.signing_keys)
        self.quotas = Quotas(self.db, settings)
        self.second_factor = SecondFactor(self.db, settings)
        self.jobs = Queue(self.db, settings.max_waiting_mib * MEBIBYTE)
        self.jobs.register(scan_batches.job_kind(self.db, self.scanner, settings.batch_size))
        self.jobs.register(work_batches.job_kind(self.db, self.registrar, settings.batch_size))
        self.jobs.register(scans_later.job_kind(self.db, self.scanner))
        self.jobs.register(works_later.job_kind(self.db, self.registrar))
        self.jobs.register(replay.job_kind(self.db))
        self.jobs.register(bulk.job_kind(self.decisions))
        self.jobs.register(exports.job_kind(self.db))
        letters = Letters(self.db, Mailer.of(settings), self.regimes, settings)
        self.background = Background(self.db, self.jobs, settings, sighting_mail.compose, letters.deliver)
        self.damaged_rows: int | None = None  # what `sample_rows` has found, None before
        self._start_lock = threading.Lock()
        self._started = False

    def __enter__(self) -> Application:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Make the home folder, bring the database to the newest schema, open the log. Does nothing the second time.

        Raises:
            Unavailable: the home folder cannot be written or the database cannot be reached; try again later.
            LedgerReadOnly: the ledger's stores disagree.
        """
        if self._started:
            return
        with self._start_lock:
            if self._started:
                return
            try:
                self.settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
                self.db.create_file()
            except OSError as error:
                raise Unavailable(
                    f"the folder {self.settings.home} cannot be made ({error.strerror}): set SOURCEMARK_HOME",
                    reason="storage",
                ) from error
            self.db.migrate()
            try:
                self.log.start()
            except OSError as error:
                raise from_os_error(error, self.settings.home) from error
            self._started = True

    def sample_rows(self) -> None:
        """Hold some rows against the log, and tell the operator of each that does not agree; it still serves.

        Raises:
            Unavailable: the database cannot be reached.
        """
        found = list(islice(sample_rows(self.db), _MOST_DAMAGED))
        for line in found:
            _logger.error("%s: run `sourcemark ledger fsck`", line)
        self.damaged_rows = len(found)

    def close(self, seconds: float = 5.0) -> None:
        """End everything; what works in the background gets so long."""
        self.background.stop(seconds)
        self.examiner.close()
        self.follower.close()
        self.log.close()
        self.db.close()


def _index(db: Database, settings: Settings) -> WorkIndex:
    if settings.index_url == MEMORY:
        return Follower(db, folder=settings.index_dir, tail=settings.index_tail)
    from .search.cluster.sharded_follower import ShardedFollower  # the extra `cluster`

    return ShardedFollower(db, settings)


def _forget_in_scans(connection: sa.Connection, work: int) -> None:
    """What scans and what was decided about them keep of a work that is erased."""
    statements.forget(connection, work)
    records.forget(connection, work)
