"""Accounts, their API keys and their signing keys; the log's own keys."""
