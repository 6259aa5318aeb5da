/* ICMP: echoes, and errors of both families. */
#define _GNU_SOURCE
#include "pc_icmp.h"
#include "pc_ip.h"
#include "pc_jobs.h"
#include "pc_neighbours.h"
#include "pc_traffic.h"

/* What an error quotes: as much as fits into what every link takes (RFC 1812 4.3.2.3, RFC 4443 2.4 c). */
enum { MOST_QUOTED = 576 - 20 - 8, MOST_QUOTED_6 = 1280 - 40 - 8 };

int pc_icmp4_send(pc_host *host, const pc_route *route, pc_frame *message) {
    put16(message->start + 2, 0);
    put16(message->start + 2, finish_sum(add_to_sum(0, message->start, message->size)));
    return pc_send(host, route, message);
}

/* --- errors that we send --- */

/* Errors are not for groups, not from nobody, and never about errors. */
static int may_tell(const pc_packet *packet) {
    if (packet->to_group || is_unspecified(&packet->source))
        return 0;
    if (packet->source.family == 4) {
        if (!can_be_host(&packet->source))
            return 0;
        if (packet->protocol != PROTOCOL_ICMP)
            return 1;
        return packet->data_bytes > 0 && (packet->data[0] == ICMP_ECHO || packet->data[0] == ICMP_ECHO_REPLY);
    }
    return packet->protocol != PROTOCOL_ICMPV6 || (packet->data_bytes > 0 && packet->data[0] >= ICMP6_ECHO);
}

static void tell(pc_host *host, const pc_packet *packet, int type, int code, uint32_t word) {
    if (!may_tell(packet) || !pc_allows(host, &host->errors)) {
        pc_unwanted(host);
        return;
    }
    int is_ipv4 = packet->source.family == 4;
    size_t quoted = packet->header_bytes + packet->data_bytes, most = is_ipv4 ? MOST_QUOTED : MOST_QUOTED_6;
    if (quoted > most)
        quoted = most;
    pc_frame *message = pc_new_frame(host, 0, ICMP_HEADER_BYTES + quoted);
    if (message == NULL)
        return;
    message->start[0] = (unsigned char)type;
    message->start[1] = (unsigned char)code;
    put32(message->start + 4, word);
    memcpy(message->start + ICMP_HEADER_BYTES, packet->header, quoted);
    const pc_route route = {
        .source = packet->destination,
        .destination = packet->source,
        .protocol = is_ipv4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6,
    };
    (is_ipv4 ? pc_icmp4_send : pc_icmp6_send)(host, &route, message);
}

void pc_unreachable_port(pc_host *host, const pc_packet *packet) {
    if (packet->source.family == 4)
        tell(host, packet, ICMP_UNREACHABLE, UNREACHABLE_PORT, 0);
    else
        tell(host, packet, ICMP6_UNREACHABLE, ICMP6_UNREACHABLE_PORT, 0);
}

void pc_unknown_protocol(pc_host *host, const pc_packet *packet) {
    if (packet->source.family == 4)
        tell(host, packet, ICMP_UNREACHABLE, UNREACHABLE_PROTOCOL, 0);
    else /* the pointer to the field that names it: of the header when no other is between */
        tell(host, packet, ICMP6_PARAMETER_PROBLEM, ICMP6_UNKNOWN_HEADER,
             packet->header_bytes == IPV6_HEADER_BYTES ? 6 : IPV6_HEADER_BYTES);
}

void pc_time_exceeded(pc_host *host, const pc_packet *packet) {
    tell(host, packet, packet->source.family == 4 ? ICMP_TIME_EXCEEDED : ICMP6_TIME_EXCEEDED, REASSEMBLY_TIME, 0);
}

/* --- in --- */

void pc_icmp_error(pc_host *host, const pc_packet *packet, const unsigned char *quoted, size_t size, uint32_t mtu) {
    int family = packet->source.family;
    size_t header = family == 6 ? IPV6_HEADER_BYTES : size < IPV4_HEADER_BYTES ? IPV4_HEADER_BYTES : (size_t)(quoted[0] & 0xf) * 4;
    if (size < header + 8 || header < IPV4_HEADER_BYTES || quoted[0] >> 4 != family) {
        pc_malformed(host);
        return;
    }
    pc_quote quote = {
        .protocol = quoted[family == 4 ? 9 : 6],
        .source = read_address(quoted + (family == 4 ? 12 : 8), family),
        .destination = read_address(quoted + (family == 4 ? 16 : 24), family),
        .type = packet->data[0],
        .code = packet->data[1],
        .mtu = mtu,
    };
    if (family == 6 && quote.protocol == NEXT_FRAGMENT) {
        if (size < header + FRAGMENT_HEADER_BYTES + 8 || (get16(quoted + header + 2) & 0xfff8) != 0) {
            pc_unwanted(host);
            return;
        }
        quote.protocol = quoted[header];
        header += FRAGMENT_HEADER_BYTES;
    } else if (family == 4 && (get16(quoted + 6) & 0x1fff) != 0) { /* a later fragment, which says nothing of whose it is */
        pc_unwanted(host);
        return;
    }
    memcpy(quote.begin, quoted + header, sizeof quote.begin);
    if (!pc_has_address(host, &quote.source)) {
        pc_unwanted(host);
        return;
    }
    /* Who has nothing sent there may not change what is known of the way (RFC 8201, 6). */
    if (pc_jobs_error(host, packet, &quote) || pc_traffic_error(host, packet, &quote)) {
        if (mtu != 0)
            pc_learn_path_mtu(host, &quote.destination, mtu);
    } else {
        pc_unwanted(host);
    }
}

static void answer(pc_host *host, const pc_packet *packet) {
    pc_frame *reply = pc_new_frame(host, 0, packet->data_bytes);
    if (reply == NULL)
        return;
    memcpy(reply->start, packet->data, packet->data_bytes);
    if (packet->to_group)
        pc_learn_sender(host, packet);
    reply->start[0] = ICMP_ECHO_REPLY;
    const pc_route route = {
        .source = packet->to_group ? host->ipv4 : packet->destination, .destination = packet->source, .protocol = PROTOCOL_ICMP};
    pc_icmp4_send(host, &route, reply);
}

void pc_icmp_input(pc_host *host, const pc_packet *packet) {
    const unsigned char *message = packet->data;
    if (packet->data_bytes < ICMP_HEADER_BYTES || finish_sum(add_to_sum(0, message, packet->data_bytes)) != 0) {
        pc_malformed(host);
        return;
    }
    switch (message[0]) {
    case ICMP_ECHO:
        if (can_be_host(&packet->source) && host->ipv4.family != 0)
            answer(host, packet);
        else
            pc_unwanted(host);
        break;
    case ICMP_ECHO_REPLY:
        if (!pc_jobs_echo(host, packet))
            pc_unwanted(host);
        break;
    case ICMP_UNREACHABLE:
    case ICMP_TIME_EXCEEDED:
    case ICMP_PARAMETER_PROBLEM: {
        int too_big = message[0] == ICMP_UNREACHABLE && message[1] == UNREACHABLE_TOO_BIG;
        uint32_t mtu = too_big ? get16(message + 6) : 0;
        pc_icmp_error(host, packet, message + ICMP_HEADER_BYTES, packet->data_bytes - ICMP_HEADER_BYTES, mtu);
        break;
    }
    default:
        pc_unwanted(host);
    }
}
