"""The command line: one command a file, JSON on stdout when asked, one clear line on stderr when something is wrong."""
