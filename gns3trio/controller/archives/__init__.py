"""Whole projects as copies: exports, imports, duplicates and snapshots."""
