"""Scans: what an upload reuses, how it is marked, what is permitted, and the sightings it leaves."""
