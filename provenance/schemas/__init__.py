"""The JSON objects of the command line and of the HTTP API: one definition for both, one file a noun.

A batch line, a request body and an answer are these models; field names are the contract with users' scripts.
"""

from __future__ import annotations

from .claims import Amendment, Claim, NewClaim, NewEvidence, NewWork, RegistrationItem, Transfer
from .evidence import (
    ClaimDecision,
    ClaimReversal,
    CompetingClaim,
    DecidedClaim,
    Evidence,
    NewClaimDecision,
    Part,
)
from .official_accounts import Contact, OfficialAccount, OfficialAccountRecord, Operator, Verification
from .policies import Action, Note
from .posts import NewPost
from .problems import Problem, problem_of
from .qualifications import NewQualification, Qualification
from .scans import (
    Coverage,
    MatchRecord,
    MonthOfSightings,
    NewPart,
    NewScan,
    PartRecord,
    Permission,
    PermissionState,
    ScanItem,
    ScanResult,
    ScanStatus,
    SegmentRecord,
    SightingRecord,
    Use,
    Verdict,
)
from .standing import Standing, StandingAnswer, StandingCount, StandingDecision
from .works import AmendmentRecord, ReceiptRef, RegistrationResult, WorkRecord

__all__ = [
    "Action",
    "Amendment",
    "AmendmentRecord",
    "Claim",
    "ClaimDecision",
    "ClaimReversal",
    "CompetingClaim",
    "Contact",
    "Coverage",
    "DecidedClaim",
    "Evidence",
    "MatchRecord",
    "MonthOfSightings",
    "NewClaim",
    "NewClaimDecision",
    "NewEvidence",
    "NewPart",
    "NewPost",
    "NewQualification",
    "NewScan",
    "NewWork",
    "Note",
    "OfficialAccount",
    "OfficialAccountRecord",
    "Operator",
    "Part",
    "PartRecord",
    "Permission",
    "PermissionState",
    "Problem",
    "Qualification",
    "ReceiptRef",
    "RegistrationItem",
    "RegistrationResult",
    "ScanItem",
    "ScanResult",
    "ScanStatus",
    "SegmentRecord",
    "SightingRecord",
    "Standing",
    "StandingAnswer",
    "StandingCount",
    "StandingDecision",
    "Transfer",
    "Use",
    "Verdict",
    "Verification",
    "WorkRecord",
    "problem_of",
]
