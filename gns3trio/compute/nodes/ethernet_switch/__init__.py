"""Ethernet switches."""
