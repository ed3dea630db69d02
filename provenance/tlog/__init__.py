"""The log's formats and their offline verification: no database, no HTTP, no file system."""
