"""Compiles filter expressions (pcap-filter(7)) with libpcap, for checks. It needs no running forwarder."""

from gns3trio._udpfwd import ffi, lib
from gns3trio.conditions.expressions import check_names
from gns3trio.forwarder.results import ERROR_BYTES, check_result


def check_expression(expression: str) -> None:
    """Compile an expression (pcap-filter(7)); raises Invalid with libpcap's message if it is invalid. May take long."""
    check_names(expression)
    error = ffi.new("char[]", ERROR_BYTES)
    check_result(lib.udpfwd_check_expression(expression.encode(), error, ERROR_BYTES), error)
