"""The ledger: RFC 6962 tree, C2SP notes, tiles and proofs, signed statements, receipts.

All but log.py and fsck.py are pure: no database, no network.
"""
