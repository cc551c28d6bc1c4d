"""One file per command; argument parsing only."""
