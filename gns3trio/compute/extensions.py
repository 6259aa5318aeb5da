"""Extensions of GNS3's compute API, which lie beside its routes.

A compute tells by ``GET /v2/compute/extensions`` which of them it has. A controller of ours uses those that it knows,
and only GNS3's routes for the rest. A compute of GNS3 has no such route, and so no extensions. A name stands for a
form of requests and replies that never changes: another form gets another name.
"""

# ``PUT .../ports/{port_number}/conditions`` and ``.../suspension``: all conditions of a link, impairments among them.
LINK_CONDITIONS = "link_conditions"
# ``.../ports/{port_number}/captures/ws``: any number of captures at a port, of every kind.
CAPTURES = "captures"
# ``/v2/compute/reports/ws``: counters at the ends of links, what else is known of nodes, warnings.
REPORTS = "reports"

# ``.../ports/{port_number}/trials/ws`` and ``/v2/compute/udp_trials/ws``: one end of a measurement.
TRIALS = "trials"
# ``GET .../trunks``, and links over the trunks of two hosts.
TRUNK = "trunk"

# ``POST .../projects/{project_id}/batch/create``, ``lease``, ``join`` and ``separate``: many nodes or ports at once.
BATCHES = "batches"
# ``PUT .../nodes/{node_id}/engine``, and the ``engine`` of a node in ``batch/create``.
ENGINES = "engines"
# ``GET /v2/compute/usage`` and ``.../projects/{project_id}/usage``: what nodes take of the host.
USAGE = "usage"

# The names of the extensions that this server has.
EXTENSIONS: tuple[str, ...] = (CAPTURES, LINK_CONDITIONS, REPORTS, TRIALS, TRUNK, BATCHES, ENGINES, USAGE)
