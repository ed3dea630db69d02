"""Version 1 of the API: one noun a file."""
