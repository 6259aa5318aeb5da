/* IPv4: what is for this host, and headers and fragments of what leaves. */
#define _GNU_SOURCE
#include "pc_ip.h"
#include "pc_reassembly.h"

enum { DONT_FRAGMENT = 0x4000, MORE_FRAGMENTS = 0x2000, OFFSET_MASK = 0x1fff, DHCP_CLIENT_PORT = 68 };
#define ALL_HOSTS 0xe0000001u /* RFC 1112 */
enum { AT_LENGTH = 2, AT_ID = 4, AT_FLAGS = 6, AT_TTL = 8, AT_PROTOCOL = 9, AT_CHECKSUM = 10, AT_SOURCE = 12, AT_DESTINATION = 16 };

/* A fragment with less data would be filled up to the least size of a frame. There are hosts that take the filling for data: VPCS
 * 0.8.3 is killed by it. So the last fragment gets some of what the one before would have. */
enum { UNPADDED_BYTES = PC_LEAST_FRAME_BYTES - PC_ETHERNET_BYTES - IPV4_HEADER_BYTES, PART_MOVED_BYTES = 32 };

/* Whether it is for the host; a host that asks DHCP has no address yet (RFC 2131, 4.1). */
static int is_for(const pc_host *host, const pc_packet *packet) {
    if (pc_has_address(host, &packet->destination))
        return 1;
    int is_udp = packet->protocol == PROTOCOL_UDP && packet->data_bytes >= 8;
    if (is_udp && host->dhcp != NULL && get16(packet->data + 2) == DHCP_CLIENT_PORT)
        return 1;
    return host->ipv4.family != 0 && (ipv4_of(&packet->destination) == ALL_HOSTS || pc_is_broadcast(host, &packet->destination));
}

void pc_ipv4_input(pc_host *host, const unsigned char *bytes, size_t size, const pc_carrier *carrier) {
    size_t header = size < IPV4_HEADER_BYTES ? 0 : (size_t)(bytes[0] & 0xf) * 4, length = header == 0 ? 0 : get16(bytes + AT_LENGTH);
    if (header < IPV4_HEADER_BYTES || bytes[0] >> 4 != 4 || length < header || length > size ||
        finish_sum(add_to_sum(0, bytes, header)) != 0) {
        pc_malformed(host);
        return;
    }
    pc_packet packet = {
        .source = read_address(bytes + AT_SOURCE, 4),
        .destination = read_address(bytes + AT_DESTINATION, 4),
        .header = bytes,
        .header_bytes = header,
        .data = bytes + header,
        .data_bytes = length - header,
        .protocol = bytes[AT_PROTOCOL],
        .ttl = bytes[AT_TTL],
        .mac = carrier->mac,
    };
    uint32_t flags = get16(bytes + AT_FLAGS);
    int is_fragment = (flags & (MORE_FRAGMENTS | OFFSET_MASK)) != 0;
    packet.to_group = carrier->to_group || !pc_has_address(host, &packet.destination);
    /* Not one host (RFC 1122, 3.2.1.3): an answer would go to many. */
    int from_nobody = !can_be_host(&packet.source) || pc_is_broadcast(host, &packet.source);
    if (from_nobody || !is_for(host, &packet)) {
        pc_unwanted(host);
        return;
    }
    if (!is_fragment) {
        pc_deliver(host, &packet);
        return;
    }
    const pc_fragment fragment = {get16(bytes + AT_ID), (flags & OFFSET_MASK) * 8, (flags & MORE_FRAGMENTS) != 0};
    pc_reassemble(host, &packet, &fragment);
}

static void write_header(const pc_route *route, pc_frame *packet, uint32_t id, uint32_t flags) {
    unsigned char *header = pc_push(packet, IPV4_HEADER_BYTES);
    memset(header, 0, IPV4_HEADER_BYTES);
    header[0] = 0x45;
    put16(header + AT_LENGTH, packet->size);
    put16(header + AT_ID, id);
    put16(header + AT_FLAGS, flags);
    header[AT_TTL] = route->ttl;
    header[AT_PROTOCOL] = route->protocol;
    memcpy(header + AT_SOURCE, route->source.bytes, IPV4_BYTES);
    memcpy(header + AT_DESTINATION, route->destination.bytes, IPV4_BYTES);
    put16(header + AT_CHECKSUM, finish_sum(add_to_sum(0, header, IPV4_HEADER_BYTES)));
}

int pc_ipv4_send(pc_host *host, const pc_route *route, pc_frame *frame, size_t mtu, const pc_address *hop, pc_leave leave) {
    size_t total = frame->size + (size_t)IPV4_HEADER_BYTES;
    uint32_t id = host->ipv4_id++;
    if (total <= mtu) {
        write_header(route, frame, id, route->dont_fragment ? DONT_FRAGMENT : 0);
        leave(host, hop, frame);
        return 0;
    }
    if (route->dont_fragment || total > IP_MAX_BYTES) {
        host->counters.dropped++;
        pc_free_frame(host, frame);
        return UDPFWD_PC_TOO_BIG;
    }
    size_t room = (mtu - IPV4_HEADER_BYTES) / 8 * 8;
    pc_queue fragments = {0};
    int reason = 0;
    for (size_t at = 0, part; at < frame->size; at += part) {
        part = frame->size - at < room ? frame->size - at : room;
        size_t rest = frame->size - at - part;
        if (rest > 0 && rest < UNPADDED_BYTES)
            part -= PART_MOVED_BYTES;
        pc_frame *fragment = pc_new_frame(host, 0, part);
        if (fragment == NULL) {
            reason = UDPFWD_PC_NO_MEMORY;
            break;
        }
        memcpy(fragment->start, frame->start + at, part);
        write_header(route, fragment, id, (uint32_t)(at / 8) | (at + part < frame->size ? MORE_FRAGMENTS : 0));
        pc_append(&fragments, fragment);
    }
    pc_free_frame(host, frame);
    if (reason != 0)
        pc_free_queue(host, &fragments);
    for (pc_frame *fragment; (fragment = pc_pop(&fragments)) != NULL;)
        leave(host, hop, fragment);
    return reason;
}
