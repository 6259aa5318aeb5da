"""Metrics of what the server was asked to do, and of what failed."""

from collections.abc import Iterator

from gns3trio.api.context import ApiContext
from gns3trio.api.metric import Metric, Sample, histogram
from gns3trio.api.request_counts import BUCKETS


def activity_metrics(context: ApiContext) -> Iterator[Metric]:
    """Requests, starts of nodes, and events that slow clients did not get."""
    requests, starts = context.requests, context.controller.starts
    yield Metric(
        "gns3trio_http_requests_total",
        "counter",
        "Requests and websockets, by the pattern of their path and the class of their status.",
        [
            Sample(count, {"method": kind.method, "route": kind.route, "status": kind.status})
            for kind, count in requests.requests.items()
        ],
    )
    yield histogram(
        "gns3trio_http_request_seconds",
        "Time until the reply to a request began, by the version of the API.",
        BUCKETS,
        [({"api": api}, each.cumulative(), each.seconds) for api, each in requests.latencies.items()],
    )
    yield Metric(
        "gns3trio_http_requests_unanswered",
        "gauge",
        "Requests whose reply has not begun, with the one for these metrics.",
        [Sample(requests.unanswered)],
    )
    yield Metric(
        "gns3trio_node_starts_total",
        "counter",
        "Nodes that were started or reloaded.",
        [Sample(count, {"node_type": node_type}) for node_type, count in starts.started.items()],
    )
    yield Metric(
        "gns3trio_node_failed_starts_total",
        "counter",
        "Nodes that were to be started or reloaded, and failed to.",
        [Sample(count, {"node_type": node_type}) for node_type, count in starts.failed.items()],
    )
    hubs = context.events.hubs().items()
    yield Metric(
        "gns3trio_events_passed_over_total",
        "counter",
        "Statistics and pings that a slow client did not get, because newer ones replace them.",
        [Sample(hub.counts.passed_over, {"api": api}) for api, hub in hubs],
    )
    yield Metric(
        "gns3trio_events_lost_total",
        "counter",
        "How often a client read events so slowly that it lost some, and was told so.",
        [Sample(hub.counts.lost, {"api": api}) for api, hub in hubs],
    )
