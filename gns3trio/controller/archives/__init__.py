"""Copies of whole projects: exports, imports, duplicates and snapshots."""
