/* Neighbour discovery: solicitations and advertisements. */
#define _GNU_SOURCE
#include "pc_nd.h"
#include "pc_claims.h"
#include "pc_icmp.h"
#include "pc_ip.h"
#include "pc_neighbours.h"

enum { MESSAGE_BYTES = 24, MAC_OPTION_BYTES = 8, AT_TARGET = 8, IS_SOLICITED = 0x40, IS_OVERRIDE = 0x20 };

static const pc_address ALL_NODES = {.family = 6, .bytes = {0xff, 0x02, [15] = 1}};
static const pc_address ALL_ROUTERS = {.family = 6, .bytes = {0xff, 0x02, [15] = 2}};
static const pc_address NONE = {.family = 6};

/* --- options --- */

int pc_nd_options_fit(const unsigned char *options, size_t size) {
    for (size_t at = 0; at < size; at += 8u * options[at + 1])
        if (size - at < 8 || options[at + 1] == 0 || 8u * options[at + 1] > size - at)
            return 0;
    return 1;
}

const unsigned char *pc_nd_option(const unsigned char *options, size_t size, int kind, const unsigned char *after) {
    size_t at = after == NULL ? 0 : (size_t)(after - options) + 8u * after[1];
    for (; at < size; at += 8u * options[at + 1])
        if (options[at] == kind)
            return options + at;
    return NULL;
}

static const unsigned char *mac_option(const unsigned char *options, size_t size, int kind) {
    const unsigned char *option = pc_nd_option(options, size, kind, NULL);
    return option == NULL ? NULL : option + 2;
}

/* --- out --- */

static void send_nd(pc_host *host, const pc_address *source, const pc_address *destination, int type, uint32_t flags,
                    const pc_address *target) {
    int mac_kind = type == ND_ADVERTISEMENT ? OPTION_TARGET_MAC : OPTION_SOURCE_MAC;
    size_t fixed = target != NULL ? MESSAGE_BYTES : ICMP_HEADER_BYTES;
    size_t option = is_unspecified(source) ? 0 : MAC_OPTION_BYTES;
    pc_frame *frame = pc_new_frame(host, 0, fixed + option);
    if (frame == NULL)
        return;
    unsigned char *message = frame->start;
    message[0] = (unsigned char)type;
    message[4] = (unsigned char)flags;
    if (target != NULL)
        memcpy(message + AT_TARGET, target->bytes, IPV6_BYTES);
    if (option > 0) {
        message[fixed] = (unsigned char)mac_kind;
        message[fixed + 1] = 1;
        memcpy(message + fixed + 2, host->identity.mac, ETHERNET_ADDRESS_BYTES);
    }
    const pc_route route = {.source = *source, .destination = *destination, .protocol = PROTOCOL_ICMPV6, .ttl = ND_HOP_LIMIT};
    pc_icmp6_send(host, &route, frame);
}

void pc_nd_ask(pc_host *host, const pc_address *address) {
    pc_address group = pc_solicited_node(address);
    pc_address source = pc_source_for(host, address);
    if (source.family != 0) /* from nobody it would be a probe */
        send_nd(host, &source, &group, ND_SOLICITATION, 0, address);
}

void pc_nd_probe(pc_host *host, const pc_address *address) {
    pc_address group = pc_solicited_node(address);
    send_nd(host, &NONE, &group, ND_SOLICITATION, 0, address);
}

void pc_nd_ask_router(pc_host *host) {
    send_nd(host, host->link_local_ready ? &host->link_local : &NONE, &ALL_ROUTERS, ND_ROUTER_SOLICITATION, 0, NULL);
}

/* --- in --- */

static void accept_solicitation(pc_host *host, const pc_packet *packet, const pc_address *target) {
    const unsigned char *options = packet->data + MESSAGE_BYTES;
    size_t size = packet->data_bytes - MESSAGE_BYTES;
    int is_probe = is_unspecified(&packet->source);
    const unsigned char *mac = mac_option(options, size, OPTION_SOURCE_MAC);
    if (pc_is_claimed(host, target) && (is_probe || !same_address(target, &host->link_local))) {
        if (is_probe && memcmp(packet->mac, host->identity.mac, ETHERNET_ADDRESS_BYTES) != 0) /* not ours, from a circle */
            pc_contest(host, target, packet->mac);
        return; /* one that we do not have yet is not answered for (RFC 4862, 5.4.3) */
    }
    if (!pc_has_address(host, target) || (same_address(target, &host->link_local) && !host->link_local_ready)) {
        pc_unwanted(host);
        return;
    }
    if (is_probe) {
        send_nd(host, target, &ALL_NODES, ND_ADVERTISEMENT, IS_OVERRIDE, target);
        return;
    }
    if (mac != NULL)
        pc_learn(host, &packet->source, mac, 1);
    send_nd(host, target, &packet->source, ND_ADVERTISEMENT, IS_SOLICITED | IS_OVERRIDE, target);
}

static void accept_advertisement(pc_host *host, const pc_packet *packet, const pc_address *target) {
    const unsigned char *mac = mac_option(packet->data + MESSAGE_BYTES, packet->data_bytes - MESSAGE_BYTES, OPTION_TARGET_MAC);
    if (mac == NULL)
        mac = packet->mac; /* a unicast answer may leave it out */
    if (memcmp(mac, host->identity.mac, ETHERNET_ADDRESS_BYTES) == 0) {
        pc_unwanted(host);
        return;
    }
    if (pc_is_claimed(host, target))
        pc_contest(host, target, mac);
    else
        pc_learn(host, target, mac, 0);
}

void pc_nd_input(pc_host *host, const pc_packet *packet) {
    int type = packet->data[0];
    if (type == ND_ROUTER_ADVERTISEMENT) {
        pc_slaac_advertisement(host, packet);
        return;
    }
    if (type != ND_SOLICITATION && type != ND_ADVERTISEMENT) {
        pc_unwanted(host);
        return;
    }
    size_t size = packet->data_bytes;
    if (packet->ttl != ND_HOP_LIMIT || size < MESSAGE_BYTES || packet->data[1] != 0 ||
        !pc_nd_options_fit(packet->data + MESSAGE_BYTES, size - MESSAGE_BYTES)) {
        pc_malformed(host);
        return;
    }
    pc_address target = read_address(packet->data + AT_TARGET, 6);
    int asked_by_nobody = type == ND_SOLICITATION && is_unspecified(&packet->source) && !is_multicast(&packet->destination);
    if (is_multicast(&target) || asked_by_nobody) {
        pc_malformed(host);
        return;
    }
    if (type == ND_SOLICITATION)
        accept_solicitation(host, packet, &target);
    else
        accept_advertisement(host, packet, &target);
}
