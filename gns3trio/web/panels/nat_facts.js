// What the panel of a node tells about a NAT: its way to the Internet, the addresses that it gives, and the ports that are forwarded into the lab.

// Rows of a name and a text; none for other types of nodes.
export function natFacts({ gateway, ports_mapping: ports, port_forwards: forwards } = {}) {
  if (!gateway) return [];
  const way = gateway === "bridge" ? `bridge ${ports?.[0]?.interface ?? ""}`.trim() : "user mode, 192.168.122.0/24";
  const rows = (forwards ?? []).map((each) => ["Forwarded",
    `${each.protocol} ${each.host_address}:${each.host_port} to ${each.guest_address}:${each.guest_port}`]);
  const addresses = gateway === "bridge" ? "from the DHCP server of the bridge, if it has one"
    : "by DHCP, 192.168.122.2 to 192.168.122.253; gateway and name server 192.168.122.1";
  return [["Internet", way], ["Addresses", addresses], ...rows];
}
