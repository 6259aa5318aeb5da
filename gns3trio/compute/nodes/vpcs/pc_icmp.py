"""What ICMP errors are called at the console of a built-in PC. Sans-IO."""

# RFC 792, RFC 1122 (3.2.2.1), RFC 1812 (5.2.7.1); in VPCS's words.
_UNREACHABLE = (
    "Destination network unreachable",
    "Destination host unreachable",
    "Destination protocol unreachable",
    "Destination port unreachable",
    "Fragmentation required, and DF flag set",
    "Source route failed",
    "Destination network unknown",
    "Destination host unknown",
    "Source host isolated",
    "Network administratively prohibited",
    "Host administratively prohibited",
    "Network unreachable for TOS",
    "Host unreachable for TOS",
    "Communication administratively prohibited",
    "Host Precedence Violation",
    "Precedence cutoff in effect",
)
# RFC 4443, 3.1.
_UNREACHABLE6 = (
    "No route to destination",
    "Communication administratively prohibited",
    "Beyond scope of source address",
    "Address unreachable",
    "Port unreachable",
    "Source address failed ingress/egress policy",
    "Reject route to destination",
)
_OTHERS = {
    (4, 11, 0): "TTL expired in transit",
    (4, 11, 1): "Fragment reassembly time exceeded",
    (4, 12, 0): "Pointer indicates the error",
    (6, 2, 0): "Packet too big",
    (6, 3, 0): "Hop limit exceeded in transit",
    (6, 3, 1): "Fragment reassembly time exceeded",
}


def describe_icmp(version: int, kind: int, code: int) -> str:
    """An error of ICMP for IPv4, or of ICMPv6, with its type and code."""
    texts = {(4, 3): _UNREACHABLE, (6, 1): _UNREACHABLE6}.get((version, kind), ())
    text = texts[code] if code < len(texts) else _OTHERS.get((version, kind, code), "Unknown")
    return f"ICMP type:{kind}, code:{code}, {text}"
