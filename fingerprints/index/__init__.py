"""Candidate search: which works might an upload reuse. Derived from the rows, rebuilt at will; it never decides."""
