"""Policies: a table of rules that decides what is done with a post."""
