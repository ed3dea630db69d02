"""From an upload to the registered works it reuses: reading, the index and its follower, matching."""
