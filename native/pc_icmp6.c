/* ICMPv6: echoes, errors; neighbour discovery is pc_nd.c's. */
#define _GNU_SOURCE
#include "pc_icmp.h"
#include "pc_jobs.h"
#include "pc_nd.h"
#include "pc_neighbours.h"

int pc_icmp6_send(pc_host *host, const pc_route *route, pc_frame *message) {
    pc_route chosen = *route;
    if (chosen.source.family == 0)
        chosen.source = pc_source_for(host, &route->destination);
    if (chosen.source.family == 0) {
        host->counters.dropped++;
        pc_free_frame(host, message);
        return UDPFWD_PC_NO_SOURCE;
    }
    uint64_t sum = pseudo_sum(&chosen.source, &chosen.destination, PROTOCOL_ICMPV6, message->size);
    put16(message->start + 2, 0);
    put16(message->start + 2, finish_sum(add_to_sum(sum, message->start, message->size)));
    return pc_send(host, &chosen, message);
}

static void answer(pc_host *host, const pc_packet *packet) {
    pc_frame *reply = pc_new_frame(host, 0, packet->data_bytes);
    if (reply == NULL)
        return;
    memcpy(reply->start, packet->data, packet->data_bytes);
    if (packet->to_group)
        pc_learn_sender(host, packet);
    reply->start[0] = ICMP6_ECHO_REPLY;
    pc_route route = {.destination = packet->source, .protocol = PROTOCOL_ICMPV6};
    if (!is_multicast(&packet->destination))
        route.source = packet->destination;
    pc_icmp6_send(host, &route, reply);
}

void pc_icmp6_input(pc_host *host, const pc_packet *packet) {
    const unsigned char *message = packet->data;
    size_t size = packet->data_bytes;
    uint64_t sum = pseudo_sum(&packet->source, &packet->destination, PROTOCOL_ICMPV6, size);
    if (size < ICMP_HEADER_BYTES || finish_sum(add_to_sum(sum, message, size)) != 0) {
        pc_malformed(host);
        return;
    }
    switch (message[0]) {
    case ICMP6_ECHO:
        if (is_unspecified(&packet->source))
            pc_unwanted(host);
        else
            answer(host, packet);
        break;
    case ICMP6_ECHO_REPLY:
        if (!pc_jobs_echo(host, packet))
            pc_unwanted(host);
        break;
    case ICMP6_UNREACHABLE:
    case ICMP6_TOO_BIG:
    case ICMP6_TIME_EXCEEDED:
    case ICMP6_PARAMETER_PROBLEM: {
        uint32_t mtu = message[0] == ICMP6_TOO_BIG ? get32(message + 4) : 0;
        pc_icmp_error(host, packet, message + ICMP_HEADER_BYTES, size - ICMP_HEADER_BYTES, mtu > UINT16_MAX ? UINT16_MAX : mtu);
        break;
    }
    default:
        pc_nd_input(host, packet);
    }
}
