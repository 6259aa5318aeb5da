"""Checks the words of filter expressions (pcap-filter(7)). The forwarder compiles them."""

import ipaddress
import re

from gns3trio.errors import Invalid

# libpcap's time is quadratic in the length; the core accepts no longer expressions.
MAX_EXPRESSION_LENGTH = 1024

# The words of pcap-filter(7), in lower case as libpcap requires. It takes any other word for a host name, and resolves
# it over the network.
_WORD_LIST = """
aarp action addr1 addr2 addr3 addr4 address1 address2 address3 address4 ah and arp atalk bcc broadcast byte carp
clnp connectmsg csnp decnet dir direction dpc dst es-is esis esp ether fddi gateway geneve greater hdpc hopc
host icmp icmp6 icmp6code icmp6type icmpcode icmptype ifname igmp igrp iih ilmic inbound ip ip6 ipx is-is isis
iso l1 l2 lane lat len length less link llc lsp mask metac metaconnect mopdl moprc mpls multicast net netbeui
not oam oamf4 oamf4ec oamf4sc on opc or outbound pim port portrange pppoed pppoes proto protochain psnp ra radio
rarp reason rnr rset rulenum ruleset sc sctp sio sls snp src srnr stp subrulenum subtype ta tcp tcpflags tr type
udp vci vlan vpi vrrp wlan
"""
# Likewise, for fields of packets, including the ICMPv6 fields of libpcap 1.9.
_CONSTANT_LIST = """
icmp-echo icmp-echoreply icmp-ireq icmp-ireqreply icmp-maskreply icmp-maskreq icmp-paramprob icmp-redirect
icmp-routeradvert icmp-routersolicit icmp-sourcequench icmp-timxceed icmp-tstamp icmp-tstampreply icmp-unreach
icmp6-certpathadvert icmp6-certpathsolicit icmp6-destinationunreach icmp6-echo icmp6-echoreply
icmp6-homeagentdiscoveryreply icmp6-homeagentdiscoveryrequest icmp6-ineighbordiscoveryadvert
icmp6-ineighbordiscoverysolicit icmp6-mobileprefixadvert icmp6-mobileprefixsolicit icmp6-multicastlistenerdone
icmp6-multicastlistenerquery icmp6-multicastlistenerreportv1 icmp6-multicastlistenerreportv2
icmp6-multicastrouteradvert icmp6-multicastroutersolicit icmp6-multicastrouterterm icmp6-neighboradvert
icmp6-neighborsolicit icmp6-nodeinformationquery icmp6-nodeinformationresponse icmp6-packettoobig
icmp6-parameterproblem icmp6-redirect icmp6-routeradvert icmp6-routerrenum icmp6-routersolicit icmp6-timeexceeded
tcp-ack tcp-cwr tcp-ece tcp-fin tcp-push tcp-rst tcp-syn tcp-urg
"""
# Names of protocols that people use, and expressions for them.
PROTOCOLS = {
    "bgp": "tcp port 179",
    "dhcp": "udp port 67 or udp port 68",
    "dhcp6": "udp port 546 or udp port 547",
    "dns": "port 53",
    "eigrp": "ip proto 88",
    "http": "tcp port 80",
    "https": "tcp port 443",
    "lldp": "ether proto 0x88cc",
    "ntp": "udp port 123",
    "ospf": "ip proto 89",
    "ping": "icmp or icmp6",
    "rip": "udp port 520",
    "snmp": "udp port 161 or udp port 162",
    "ssh": "tcp port 22",
    "syslog": "udp port 514",
    "telnet": "tcp port 23",
    "tftp": "udp port 69",
}
_EXPRESSION_WORDS = frozenset((_WORD_LIST + _CONSTANT_LIST).split())
# After these words comes a number or a name from a local file.
_NAMED_LOCALLY = frozenset({"port", "portrange", "proto", "protochain", "type", "subtype", "ifname", "on"})
# A token that libpcap could split differently, such as ``a:b``, is rejected as a whole. A backslash makes a name of the
# next word.
_WORD = re.compile(r"\\[^\s!()]*|[^\s!()\[\]<>=&|^+*%\\/,.-][^\s!()\[\]<>=&|^+*%\\]*")
_LOCAL_NAME = re.compile(r"\\?[\w.+-]+")
_NUMBER = re.compile(r"\d+(\.\d+){0,3}|0[xX][0-9a-fA-F]+")
_PART_OF_PACKET = re.compile(r"(?P<word>[a-z0-9-]+):[124]")  # its offset, and its length
_ETHERNET_ADDRESS = re.compile(r"[0-9a-fA-F]{1,2}([:.-])[0-9a-fA-F]{1,2}(\1[0-9a-fA-F]{1,2}){4}")


def with_protocols(expression: str) -> str:
    """The expression with the names of ``PROTOCOLS`` replaced, unless they are names of ports or the like."""
    if expression.strip() in PROTOCOLS:
        return PROTOCOLS[expression.strip()]
    before = ""

    def replaced(found: re.Match[str]) -> str:
        nonlocal before
        last, before = before, found[0]
        is_name = found[0] in PROTOCOLS and last not in _NAMED_LOCALLY
        return f"({PROTOCOLS[found[0]]})" if is_name else found[0]

    return _WORD.sub(replaced, expression)


def check_names(expression: str) -> None:
    """Raises Invalid if an expression contains a host name instead of an address."""
    before = ""
    for word in _WORD.findall(expression):
        is_local = before in _NAMED_LOCALLY and _LOCAL_NAME.fullmatch(word)
        if not (is_local or _is_known(word)):
            hint = "hosts need their address, names are not resolved"
            if word.lower() in PROTOCOLS:
                hint = f"write {PROTOCOLS[word.lower()]}"
            raise Invalid(f"{word!r} is not a word of pcap-filter(7); {hint}")
        before = word


def _is_known(word: str) -> bool:
    part = _PART_OF_PACKET.fullmatch(word)
    if part is not None:
        word = part["word"]
    address, slash, bits = word.partition("/")
    if slash and not bits.isdecimal():
        return False
    return bool(
        word in _EXPRESSION_WORDS
        or _NUMBER.fullmatch(address)
        or _ETHERNET_ADDRESS.fullmatch(address)
        or _is_ipv6(address)
        or word == ":"
    )


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return "%" not in text
