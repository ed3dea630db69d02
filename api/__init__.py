"""The HTTP API: the same objects as the command line, under /v1."""
