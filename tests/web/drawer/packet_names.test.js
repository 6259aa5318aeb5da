import assert from "node:assert/strict";
import { test } from "node:test";

import { DHCP, ICMP, PROTOCOLS, tcpFlags } from "../../../gns3trio/web/drawer/packet_names.js";

test("numbers have names", () => {
  assert.deepEqual([ICMP.get(8), DHCP.get(1), PROTOCOLS.get(89)], ["echo request", "discover", "OSPF"]);
  assert.deepEqual([tcpFlags(0x12), tcpFlags(0), tcpFlags(0xff)], ["SYN ACK", "", "FIN SYN RST PSH ACK URG"]);
});
