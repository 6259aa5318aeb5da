/* ARP and DHCP are answered here for all guests, because the tables of libslirp have 16 entries each. A packet goes on only if its
 * sender is in the network, and its destination can be outside. */
#include "nat_network.h"
#include "pc_bytes.h"

#define ETHER_BYTES 14
#define TYPE_IPV4 0x0800
#define TYPE_ARP 0x0806
#define ARP_REQUEST 1
#define IP_BYTES 20
#define UDP_BYTES 8
#define PORT_DHCP_SERVER 67
#define PORT_DHCP_CLIENT 68
#define PORT_TFTP 69
#define BROADCAST UINT32_C(0xffffffff)
#define FRAGMENT_BITS 0x3fff /* more fragments, and the offset */

static const unsigned char everybody[MAC_BYTES] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

void nat_network_init(nat_network *network, int is_host_reachable) {
    memset(network, 0, offsetof(nat_network, datagrams)); /* they are large, and stay untouched until they are used */
    for (int i = 0; i < NAT_DATAGRAMS; i++)
        network->datagrams[i].until = 0;
    network->dns = is_host_reachable ? NAT_SECOND : NAT_GATEWAY;
    network->host = is_host_reachable ? NAT_GATEWAY : NAT_HIDDEN;
    network->mac[0] = 0x52;
    network->mac[1] = 0x55;
    put32(network->mac + 2, network->host);
}

static int is_own(const nat_network *network, uint32_t address) {
    return address == network->host || address == network->dns;
}

static int is_guest(const nat_network *network, uint32_t address) {
    uint32_t host = address & ~NAT_MASK;
    return (address & NAT_MASK) == NAT_NETWORK && host != 0 && host != (~NAT_MASK) && !is_own(network, address);
}

/* Notes the sender of a frame. */
static void note(nat_network *network, uint32_t address, const unsigned char *mac, int64_t now, nat_result *result) {
    nat_host *host = &network->hosts[address & ~NAT_MASK];
    memcpy(host->mac, mac, MAC_BYTES);
    host->seen = now;
    result->host = address & ~NAT_MASK;
}

static void put_ether(const nat_network *network, unsigned char *frame, const unsigned char *to, unsigned type) {
    memcpy(frame, to, MAC_BYTES);
    memcpy(frame + MAC_BYTES, network->mac, MAC_BYTES);
    put16(frame + 12, type);
}

static void put_arp(unsigned char *frame, unsigned operation, const unsigned char *from_mac, uint32_t from, const unsigned char *to_mac,
                    uint32_t to) {
    static const unsigned char kinds[] = {0, 1, 8, 0, MAC_BYTES, 4}; /* Ethernet, IPv4 */
    memcpy(frame + 14, kinds, sizeof kinds);
    put16(frame + 20, operation);
    memcpy(frame + 22, from_mac, MAC_BYTES);
    put32(frame + 28, from);
    memcpy(frame + 32, to_mac, MAC_BYTES);
    put32(frame + 38, to);
}

void nat_tell_mac(const nat_network *network, unsigned host, unsigned char frame[NAT_ARP_BYTES]) {
    put_ether(network, frame, network->mac, TYPE_ARP);
    put_arp(frame, 2, network->hosts[host].mac, NAT_NETWORK | host, network->mac, network->host);
}

static void receive_arp(nat_network *network, const unsigned char *frame, size_t bytes, int64_t now, nat_result *result) {
    if (bytes < NAT_ARP_BYTES || get16(frame + 14) != 1 || get16(frame + 16) != TYPE_IPV4 || frame[18] != MAC_BYTES || frame[19] != 4)
        return;
    uint32_t from = get32(frame + 28), target = get32(frame + 38);
    const unsigned char *mac = frame + 22;
    if (mac[0] & 1)
        return;
    if (is_guest(network, from)) {
        note(network, from, mac, now, result);
        result->verdict = NAT_ARP;
    }
    if (get16(frame + 20) == ARP_REQUEST && is_own(network, target)) {
        result->verdict = NAT_REPLY;
        result->reply_bytes = NAT_ARP_BYTES;
        put_ether(network, result->reply, mac, TYPE_ARP);
        put_arp(result->reply, 2, network->mac, target, mac, from);
    }
}

/* --- DHCP over UDP over IPv4 --- */

static void receive_dhcp(nat_network *network, const unsigned char *packet, size_t bytes, int64_t now, nat_result *result) {
    const unsigned char *udp = packet + IP_BYTES;
    size_t length = get16(udp + 4);
    if (length < UDP_BYTES || length > bytes - IP_BYTES)
        return;
    unsigned char *out = result->reply + ETHER_BYTES, *message = out + IP_BYTES + UDP_BYTES;
    uint32_t to;
    size_t answer = nat_dhcp(network, udp + UDP_BYTES, length - UDP_BYTES, now, message, &to);
    if (answer == 0)
        return;
    result->verdict = NAT_REPLY;
    result->reply_bytes = ETHER_BYTES + IP_BYTES + UDP_BYTES + answer;
    put_ether(network, result->reply, to == BROADCAST ? everybody : message + 28, TYPE_IPV4);
    memset(out, 0, IP_BYTES + UDP_BYTES);
    out[0] = 0x45;
    put16(out + 2, (unsigned)(IP_BYTES + UDP_BYTES + answer));
    out[8] = 64;
    out[9] = PROTOCOL_UDP;
    put32(out + 12, NAT_GATEWAY);
    put32(out + 16, to);
    put16(out + 10, finish_sum(add_to_sum(0, out, IP_BYTES)));
    put16(out + IP_BYTES, PORT_DHCP_SERVER);
    put16(out + 22, PORT_DHCP_CLIENT);
    put16(out + 24, (unsigned)(UDP_BYTES + answer));
    uint64_t pseudo = add_to_sum(PROTOCOL_UDP + UDP_BYTES + answer, out + 12, 8); /* both addresses */
    put16(out + 26, finish_sum(add_to_sum(pseudo, out + IP_BYTES, UDP_BYTES + answer)));
}

/* --- IPv4 --- */

static int can_be_outside(const nat_network *network, uint32_t address) {
    return (address & NAT_MASK) == NAT_NETWORK ? is_own(network, address) : !nat_is_no_destination(address);
}

/* DHCP, which is answered here, and TFTP. */
static int is_for_a_server_of_libslirp(const unsigned char *packet) {
    size_t header = (packet[0] & 15) * 4u;
    if (packet[9] != PROTOCOL_UDP || get16(packet + 2) < header + UDP_BYTES)
        return 0;
    unsigned port = get16(packet + header + 2);
    return port == PORT_DHCP_SERVER || port == PORT_TFTP;
}

static void receive_ipv4(nat_network *network, const unsigned char *frame, size_t bytes, int64_t now, nat_result *result) {
    const unsigned char *packet = frame + ETHER_BYTES;
    bytes -= ETHER_BYTES;
    if (bytes < IP_BYTES || packet[0] >> 4 != 4 || (packet[0] & 15) * 4 < IP_BYTES || get16(packet + 2) > bytes)
        return;
    uint32_t from = get32(packet + 12), target = get32(packet + 16);
    unsigned fragment = get16(packet + 6) & FRAGMENT_BITS;
    int is_for_us = memcmp(frame, network->mac, MAC_BYTES) == 0;
    int is_plain_udp = packet[0] == 0x45 && packet[9] == PROTOCOL_UDP && fragment == 0 && get16(packet + 2) >= IP_BYTES + UDP_BYTES;
    if (is_plain_udp && get16(packet + IP_BYTES + 2) == PORT_DHCP_SERVER && (target == BROADCAST || target == NAT_GATEWAY)) {
        if (is_for_us || memcmp(frame, everybody, MAC_BYTES) == 0)
            receive_dhcp(network, packet, get16(packet + 2), now, result);
        return;
    }
    if (!is_for_us || frame[MAC_BYTES] & 1 || !is_guest(network, from) || !can_be_outside(network, target))
        return;
    note(network, from, frame + MAC_BYTES, now, result);
    result->target = target;
    result->frame = frame;
    result->bytes = bytes + ETHER_BYTES;
    if (fragment != 0)
        result->frame = nat_reassemble(network->datagrams, frame, now, &result->bytes);
    if (result->frame != NULL && !(is_own(network, target) && is_for_a_server_of_libslirp(result->frame + ETHER_BYTES)))
        result->verdict = NAT_PASS;
}

void nat_name_gateway(const nat_network *network, unsigned char *frame, size_t bytes) {
    unsigned char *packet = frame + ETHER_BYTES;
    if (bytes < ETHER_BYTES + IP_BYTES || get16(frame + 12) != TYPE_IPV4 || packet[0] != 0x45 || packet[9] != PROTOCOL_ICMP ||
        get32(packet + 12) != network->host)
        return;
    put32(packet + 12, NAT_GATEWAY);
    put16(packet + 10, 0);
    put16(packet + 10, finish_sum(add_to_sum(0, packet, IP_BYTES)));
}

void nat_receive(nat_network *network, const unsigned char *frame, size_t bytes, int64_t now, nat_result *result) {
    result->verdict = NAT_DROP;
    if (bytes < ETHER_BYTES || bytes > NAT_FRAME_BYTES)
        return;
    switch (get16(frame + 12)) {
    case TYPE_ARP:
        receive_arp(network, frame, bytes, now, result);
        break;
    case TYPE_IPV4:
        receive_ipv4(network, frame, bytes, now, result);
        break;
    }
}
