"""The JSON objects of the command line and of the HTTP API: one definition for both, one file a noun.

A batch line, a request body and an answer are these models; field names are the contract with users' scripts.
"""

from __future__ import annotations

from .claims import Amendment, Claim, NewClaim, NewWork, RegistrationItem, Transfer
from .policies import Action, Note
from .problems import Problem, problem_of
from .scans import (
    Coverage,
    MatchRecord,
    NewScan,
    Permission,
    ScanItem,
    ScanResult,
    ScanStatus,
    SegmentRecord,
    SightingRecord,
    Use,
    Verdict,
)
from .works import AmendmentRecord, ReceiptRef, RegistrationResult, WorkRecord

__all__ = [
    "Action",
    "Amendment",
    "AmendmentRecord",
    "Claim",
    "Coverage",
    "MatchRecord",
    "NewClaim",
    "NewScan",
    "NewWork",
    "Note",
    "Permission",
    "Problem",
    "ReceiptRef",
    "RegistrationItem",
    "RegistrationResult",
    "ScanItem",
    "ScanResult",
    "ScanStatus",
    "SegmentRecord",
    "SightingRecord",
    "Transfer",
    "Use",
    "Verdict",
    "WorkRecord",
    "problem_of",
]
