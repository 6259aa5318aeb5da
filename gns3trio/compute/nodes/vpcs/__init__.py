"""VPCS nodes: simulated PCs."""
