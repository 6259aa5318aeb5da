"""Measures the forwarding core beside a plain forwarder and beside none; the method is in ``benchmarks/README.md``."""
