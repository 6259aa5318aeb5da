"""The compute that runs nodes on this host."""
