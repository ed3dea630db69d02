"""The business: works, registrations, scans, sightings, marking, accounts, the ledger.

This package knows no HTTP and no terminal.
"""
