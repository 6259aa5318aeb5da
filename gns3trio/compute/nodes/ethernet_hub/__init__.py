"""Ethernet hubs."""
