"""Measures the forwarding core against a plain forwarder and against no forwarder; the method is in ``benchmarks/README.md``."""
