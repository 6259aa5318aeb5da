"""Benchmark of what links do to frames: see ../README.md."""
