/* Sending: from which address, to whom on the link, in what sizes. */
#define _GNU_SOURCE
#include "pc_claims.h"
#include "pc_ip.h"
#include "pc_neighbours.h"

#define DEFAULT_TTL 64
/* Link-local addresses that come into use at once are checked in so long a time (RFC 4862, 5.4.2). */
#define LINK_LOCAL_PAUSE_NS PC_SECOND_NS
/* After which it is tried again whether a way takes larger packets (RFC 1191, 6.3; RFC 8201, 4). */
#define PATH_LIFE_NS (600 * PC_SECOND_NS)

int pc_is_broadcast(const pc_host *host, const pc_address *address) {
    uint32_t value = ipv4_of(address), hosts = host->ipv4_prefix >= 31 ? 0 : UINT32_MAX >> host->ipv4_prefix;
    if (address->family != 4)
        return 0;
    return value == UINT32_MAX || (hosts != 0 && same_prefix(address, &host->ipv4, host->ipv4_prefix) && (value & hosts) == hosts);
}

pc_address pc_source_for(const pc_host *host, const pc_address *destination) {
    if (destination->family == 4)
        return host->ipv4;
    if (pc_has_address(host, destination))
        return *destination;
    int near = is_link_local(destination) || (is_multicast(destination) && (destination->bytes[1] & 0xf) <= 2);
    if (near || host->ipv6.family == 0)
        return host->link_local_ready ? host->link_local : (pc_address){0};
    return host->ipv6;
}

int pc_is_group(const pc_host *host, const pc_address *address) {
    return is_multicast(address) || pc_is_broadcast(host, address);
}

int pc_needs_neighbour(const pc_host *host, const pc_address *hop) {
    return !pc_is_group(host, hop) && !pc_has_address(host, hop);
}

int pc_next_hop(const pc_host *host, const pc_address *destination, pc_address *hop) {
    *hop = *destination;
    if (destination->family == 6 && !pc_has_ipv6(host))
        return UDPFWD_PC_NO_SOURCE;
    if (!pc_needs_neighbour(host, destination))
        return 0;
    if (destination->family == 4) {
        if (host->ipv4.family == 0)
            return UDPFWD_PC_NO_SOURCE;
        if (same_prefix(destination, &host->ipv4, host->ipv4_prefix))
            return 0;
        *hop = host->ipv4_gateway;
    } else {
        if (is_link_local(destination))
            return host->link_local_ready ? 0 : UDPFWD_PC_NO_SOURCE;
        if (host->ipv6.family == 0)
            return UDPFWD_PC_NO_SOURCE;
        if (same_prefix(destination, &host->ipv6, host->ipv6_prefix))
            return 0;
        *hop = host->ipv6_gateway;
    }
    return hop->family == 0 ? UDPFWD_PC_NO_GATEWAY : 0;
}

/* --- packets leave --- */

static void leave(pc_host *host, const pc_address *hop, pc_frame *packet) {
    uint8_t group[ETHERNET_ADDRESS_BYTES];
    const uint8_t *mac = group;
    if (pc_is_broadcast(host, hop)) {
        mac = BROADCAST_MAC;
    } else if (is_multicast(hop) && hop->family == 4) { /* RFC 1112, 6.4 */
        memcpy(group, (const uint8_t[]){1, 0, 0x5e, hop->bytes[1] & 0x7f, hop->bytes[2], hop->bytes[3]}, sizeof group);
    } else if (is_multicast(hop)) { /* RFC 2464, 7 */
        memcpy(group, (const uint8_t[]){0x33, 0x33, hop->bytes[12], hop->bytes[13], hop->bytes[14], hop->bytes[15]}, sizeof group);
    } else if (pc_has_address(host, hop)) {
        mac = host->identity.mac;
    } else if ((mac = pc_find_mac(host, hop)) == NULL) {
        pc_wait_for_neighbour(host, hop, packet);
        return;
    }
    pc_emit(host, packet, mac, pc_ethertype(hop->family));
}

int pc_send(pc_host *host, const pc_route *route, pc_frame *frame) {
    pc_route chosen = *route;
    pc_address hop;
    int reason = pc_next_hop(host, &route->destination, &hop);
    if (reason == 0 && chosen.source.family == 0) {
        chosen.source = pc_source_for(host, &route->destination);
        if (chosen.source.family == 0)
            reason = UDPFWD_PC_NO_SOURCE;
    }
    if (reason != 0) {
        host->counters.dropped++;
        pc_free_frame(host, frame);
        return reason;
    }
    if (!host->link_local_checked && same_address(&chosen.source, &host->link_local)) {
        host->link_local_checked = 1;
        pc_claim_link_local(host, host->now_ns + pc_random(host, LINK_LOCAL_PAUSE_NS));
    }
    /* Routers fragment what IPv4 lets them, so only what they must not, and IPv6, needs to know the way's size. */
    int by_path = route->destination.family == 6 || route->dont_fragment;
    size_t mtu = by_path ? pc_path_mtu_of(host, &route->destination) : host->identity.mtu;
    if (chosen.ttl == 0)
        chosen.ttl = DEFAULT_TTL;
    return (route->destination.family == 4 ? pc_ipv4_send : pc_ipv6_send)(host, &chosen, frame, mtu, &hop, leave);
}

/* --- sizes of ways --- */

size_t pc_path_mtu_of(pc_host *host, const pc_address *to) {
    for (int i = 0; i < PC_PATHS; i++) {
        const pc_path_mtu *path = &host->paths[i];
        if (path->mtu != 0 && path->until_ns > host->now_ns && path->mtu < host->identity.mtu && same_address(&path->to, to))
            return path->mtu;
    }
    return host->identity.mtu;
}

void pc_learn_path_mtu(pc_host *host, const pc_address *to, uint32_t mtu) {
    uint32_t least = to->family == 4 ? 68 : 1280; /* RFC 791, RFC 8200 */
    if (mtu < least)
        mtu = least;
    if (mtu >= pc_path_mtu_of(host, to))
        return;
    pc_path_mtu *chosen = &host->paths[0];
    for (int i = 0; i < PC_PATHS; i++) {
        if (same_address(&host->paths[i].to, to)) {
            chosen = &host->paths[i];
            break;
        }
        if (host->paths[i].until_ns < chosen->until_ns)
            chosen = &host->paths[i];
    }
    *chosen = (pc_path_mtu){*to, (uint16_t)mtu, host->now_ns + PATH_LIFE_NS};
}
