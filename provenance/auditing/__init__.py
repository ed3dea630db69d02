"""What third parties and operators run to check a log: audit, fsck, a witness of one's own."""
