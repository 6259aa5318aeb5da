// The names of numbers in packets (the registries of IANA).

export const ICMP = new Map([[0, "echo reply"], [3, "unreachable"], [5, "redirect"], [8, "echo request"], [11, "time exceeded"]]);
export const ICMP6 = new Map([
  [1, "unreachable"], [2, "packet too big"], [3, "time exceeded"], [128, "echo request"], [129, "echo reply"], [133, "router solicitation"],
  [134, "router advertisement"], [135, "neighbour solicitation"], [136, "neighbour advertisement"],
]);
export const DHCP = new Map([[1, "discover"], [2, "offer"], [3, "request"], [4, "decline"], [5, "acknowledge"], [6, "refuse"], [7, "release"], [8, "inform"]]);
export const ETHERTYPES = new Map([[0x0800, "IPv4"], [0x0806, "ARP"], [0x86dd, "IPv6"], [0x8100, "VLAN tag"], [0x88a8, "service VLAN tag"], [0x88cc, "LLDP"]]);
export const PROTOCOLS = new Map([[1, "ICMP"], [2, "IGMP"], [6, "TCP"], [17, "UDP"], [47, "GRE"], [50, "ESP"], [58, "ICMPv6"], [89, "OSPF"], [112, "VRRP"], [132, "SCTP"]]);
export const RECORDS = new Map([[1, "A"], [2, "NS"], [5, "CNAME"], [6, "SOA"], [12, "PTR"], [15, "MX"], [16, "TXT"], [28, "AAAA"], [33, "SRV"]]);

const FLAGS = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"];

export const tcpFlags = (byte) => FLAGS.filter((_, bit) => byte & (1 << bit)).join(" ");
