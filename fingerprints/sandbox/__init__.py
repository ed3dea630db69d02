"""Decoding in limited child processes: the pool that runs them, and what runs inside."""
