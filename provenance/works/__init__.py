"""Works: registration, competing claims, withdrawal, erasure, sealing, grants, receipts."""
