"""Limits the number of benchmarks that run at the same time."""

from gns3trio.controller.run_limit import RunLimit

# The most simultaneous benchmarks: each uses a whole CPU, and they disturb each other's results.
MOST_BENCHMARKS = 4
# Both ends of a link may be measured here for another controller.
MOST_ENDS = 2 * MOST_BENCHMARKS
one_end_of_few = RunLimit(MOST_ENDS, f"{MOST_ENDS} ends of benchmarks are used").one
one_of_few = RunLimit(MOST_BENCHMARKS, f"{MOST_BENCHMARKS} benchmarks are running").one
