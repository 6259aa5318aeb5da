/* IPv6: what is for this host, extension headers, and headers and fragments of what leaves. */
#define _GNU_SOURCE
#include "pc_claims.h"
#include "pc_icmp.h"
#include "pc_ip.h"
#include "pc_reassembly.h"

enum { AT_LENGTH = 4, AT_NEXT = 6, AT_HOP_LIMIT = 7, AT_SOURCE = 8, AT_DESTINATION = 24 };
enum { MORE_FRAGMENTS = 1, OFFSET_MASK = 0xfff8 };

/* So many extension headers are looked at: nobody needs more. */
#define MOST_EXTENSIONS 8

pc_address pc_solicited_node(const pc_address *address) {
    pc_address group = {.family = 6, .bytes = {0xff, 0x02, [11] = 1, [12] = 0xff}};
    memcpy(group.bytes + 13, address->bytes + 13, 3);
    return group;
}

int pc_is_group_of(const pc_address *group, const pc_address *address) {
    const pc_address own = pc_solicited_node(address);
    return address->family == 6 && same_address(group, &own);
}

/* Whether the host is in a group: all nodes, and those of its addresses and of those that it would like to have (RFC 4291, 2.8). */
static int listens_to(const pc_host *host, const pc_address *group) {
    static const pc_address all_nodes = {.family = 6, .bytes = {0xff, 0x02, [15] = 1}};
    return same_address(group, &all_nodes) || pc_is_group_of(group, &host->link_local) || pc_is_group_of(group, &host->ipv6) ||
           pc_is_group_of_claim(host, group);
}

/* The options of a header that every host looks at: whether one of them says that the packet is to be dropped (RFC 8200, 4.2). */
static int options_allow(const unsigned char *options, size_t size) {
    for (size_t at = 0; at < size;) {
        if (options[at] == 0) { /* Pad1 */
            at++;
            continue;
        }
        if (size - at < 2 || size - at - 2 < options[at + 1])
            return 0;
        if (options[at] != 1 && options[at] >> 6 != 0) /* not PadN, and unknown options of its kind are not skipped */
            return 0;
        at += 2u + options[at + 1];
    }
    return 1;
}

typedef struct {
    int is_fragment;
    pc_fragment fragment;
} extensions;

/* Goes over the extension headers; returns 0 when the packet is none that can be used. */
static int pass_extensions(pc_packet *packet, extensions *found) {
    for (int i = 0; i < MOST_EXTENSIONS; i++) {
        const unsigned char *header = packet->data;
        size_t size;
        switch (packet->protocol) {
        case NEXT_HOP_BY_HOP:
        case NEXT_DESTINATION:
        case NEXT_ROUTING:
            if (packet->data_bytes < 8 || packet->data_bytes < (size = 8 + 8u * header[1]))
                return 0;
            if (packet->protocol == NEXT_ROUTING ? header[3] != 0 : !options_allow(header + 2, size - 2))
                return 0;
            break;
        case NEXT_FRAGMENT:
            size = FRAGMENT_HEADER_BYTES;
            if (packet->data_bytes < size || found->is_fragment)
                return 0;
            found->fragment = (pc_fragment){get32(header + 4), get16(header + 2) & OFFSET_MASK, header[3] & MORE_FRAGMENTS};
            found->is_fragment = found->fragment.offset != 0 || found->fragment.more;
            break;
        default:
            return 1;
        }
        packet->protocol = header[0];
        packet->data += size;
        packet->data_bytes -= size;
        packet->header_bytes += size;
        if (found->is_fragment) /* what follows is looked at when it is whole */
            return 1;
    }
    return 0;
}

void pc_ipv6_input(pc_host *host, const unsigned char *bytes, size_t size, const pc_carrier *carrier) {
    if (size < IPV6_HEADER_BYTES || bytes[0] >> 4 != 6 || get16(bytes + AT_LENGTH) > size - IPV6_HEADER_BYTES) {
        pc_malformed(host);
        return;
    }
    pc_packet packet = {
        .source = read_address(bytes + AT_SOURCE, 6),
        .destination = read_address(bytes + AT_DESTINATION, 6),
        .header = bytes,
        .header_bytes = IPV6_HEADER_BYTES,
        .data = bytes + IPV6_HEADER_BYTES,
        .data_bytes = get16(bytes + AT_LENGTH),
        .protocol = bytes[AT_NEXT],
        .ttl = bytes[AT_HOP_LIMIT],
        .mac = carrier->mac,
    };
    int is_group = is_multicast(&packet.destination), is_from_host = can_be_host(&packet.source) || is_unspecified(&packet.source);
    packet.to_group = (uint8_t)(is_group || carrier->to_group);
    if (!is_from_host || !(is_group ? listens_to(host, &packet.destination) : pc_has_address(host, &packet.destination))) {
        pc_unwanted(host);
        return;
    }
    extensions found = {0};
    if (!pass_extensions(&packet, &found)) {
        pc_malformed(host);
        return;
    }
    if (found.is_fragment)
        pc_reassemble(host, &packet, &found.fragment);
    else if (packet.protocol != NEXT_NONE)
        pc_deliver(host, &packet);
}

static void write_header(const pc_route *route, pc_frame *packet, int next) {
    uint32_t length = packet->size;
    unsigned char *header = pc_push(packet, IPV6_HEADER_BYTES);
    memset(header, 0, IPV6_HEADER_BYTES);
    header[0] = 0x60;
    put16(header + AT_LENGTH, length);
    header[AT_NEXT] = (unsigned char)next;
    header[AT_HOP_LIMIT] = route->ttl;
    memcpy(header + AT_SOURCE, route->source.bytes, IPV6_BYTES);
    memcpy(header + AT_DESTINATION, route->destination.bytes, IPV6_BYTES);
}

int pc_ipv6_send(pc_host *host, const pc_route *route, pc_frame *frame, size_t mtu, const pc_address *hop, pc_leave leave) {
    if (frame->size + (size_t)IPV6_HEADER_BYTES <= mtu) {
        write_header(route, frame, route->protocol);
        leave(host, hop, frame);
        return 0;
    }
    if (route->dont_fragment || frame->size > IP_MAX_BYTES - FRAGMENT_HEADER_BYTES) {
        host->counters.dropped++;
        pc_free_frame(host, frame);
        return UDPFWD_PC_TOO_BIG;
    }
    size_t room = (mtu - IPV6_HEADER_BYTES - FRAGMENT_HEADER_BYTES) / 8 * 8;
    uint32_t id = host->ipv6_id++;
    pc_queue fragments = {0};
    int reason = 0;
    for (size_t at = 0; at < frame->size; at += room) {
        size_t part = frame->size - at < room ? frame->size - at : room;
        pc_frame *fragment = pc_new_frame(host, 0, part);
        if (fragment == NULL) {
            reason = UDPFWD_PC_NO_MEMORY;
            break;
        }
        memcpy(fragment->start, frame->start + at, part);
        unsigned char *header = pc_push(fragment, FRAGMENT_HEADER_BYTES);
        memset(header, 0, FRAGMENT_HEADER_BYTES);
        header[0] = route->protocol;
        put16(header + 2, (uint32_t)at | (at + part < frame->size ? MORE_FRAGMENTS : 0));
        put32(header + 4, id);
        write_header(route, fragment, NEXT_FRAGMENT);
        pc_append(&fragments, fragment);
    }
    pc_free_frame(host, frame);
    if (reason != 0)
        pc_free_queue(host, &fragments);
    for (pc_frame *fragment; (fragment = pc_pop(&fragments)) != NULL;)
        leave(host, hop, fragment);
    return reason;
}
