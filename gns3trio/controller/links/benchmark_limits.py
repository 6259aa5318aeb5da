"""Limits the number of benchmarks that run at the same time."""

from gns3trio.controller.run_limit import RunLimit

# The most simultaneous benchmarks: each uses a whole CPU, and they disturb each other's results.
MOST_BENCHMARKS = 4
one_of_few = RunLimit(MOST_BENCHMARKS, f"{MOST_BENCHMARKS} benchmarks are running").one
