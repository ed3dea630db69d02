"""Bytes -> fingerprint -> match.

This package knows no database, no network and no user. Nothing in it opens a socket.
"""
