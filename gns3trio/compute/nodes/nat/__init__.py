"""NAT nodes."""
