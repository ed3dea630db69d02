"""Characters: scripts, folding, and which encoding some bytes are in."""
