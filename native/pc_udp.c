/* UDP: a PC echoes what comes to any port, as VPCS does, but for what has used up its hops: that comes from a traceroute, and is told
 * that the port is unreachable.
 *
 * Hosts that echo everything could echo each other's echoes for ever. So late answers to our own jobs and what comes from the echo
 * port are not echoed, and echoes are so limited that a circle that is as quick as the core comes to its end.
 */
#define _GNU_SOURCE
#include "pc_udp.h"
#include "pc_dhcp.h"
#include "pc_icmp.h"
#include "pc_jobs.h"
#include "pc_traffic.h"

#define LAST_HOP 1

void pc_udp_remember_port(pc_host *host, uint16_t port) {
    for (int i = 0; i < PC_USED_PORTS; i++)
        if (host->used_ports[i] == port)
            return;
    memmove(host->used_ports + 1, host->used_ports, sizeof *host->used_ports * (PC_USED_PORTS - 1));
    host->used_ports[0] = port;
}

static int was_ours(const pc_host *host, uint16_t port) {
    for (int i = 0; i < PC_USED_PORTS; i++)
        if (host->used_ports[i] == port)
            return 1;
    return 0;
}

int pc_udp_send(pc_host *host, const pc_route *route, uint16_t source_port, uint16_t destination_port, pc_frame *frame) {
    pc_route chosen = *route;
    chosen.protocol = PROTOCOL_UDP;
    if (chosen.source.family == 0)
        chosen.source = pc_source_for(host, &route->destination);
    if (chosen.source.family == 0) {
        host->counters.dropped++;
        pc_free_frame(host, frame);
        return UDPFWD_PC_NO_SOURCE;
    }
    unsigned char *header = pc_push(frame, UDP_HEADER_BYTES);
    put16(header, source_port);
    put16(header + 2, destination_port);
    put16(header + 4, frame->size);
    put16(header + 6, 0);
    uint64_t sum = pseudo_sum(&chosen.source, &chosen.destination, PROTOCOL_UDP, frame->size);
    uint16_t checksum = finish_sum(add_to_sum(sum, header, frame->size));
    put16(header + 6, checksum != 0 ? checksum : 0xffff); /* 0 means that there is none */
    return pc_send(host, &chosen, frame);
}

static void echo(pc_host *host, const pc_datagram *datagram) {
    const pc_packet *packet = datagram->packet;
    if (datagram->source_port == ECHO_PORT || was_ours(host, datagram->destination_port) ||
        !pc_allows(host, &host->echoes)) {
        pc_unwanted(host);
        return;
    }
    pc_frame *frame = pc_new_frame(host, UDP_HEADER_BYTES, datagram->size);
    if (frame == NULL)
        return;
    memcpy(frame->start, datagram->data, datagram->size);
    const pc_route route = {.source = packet->destination, .destination = packet->source};
    pc_udp_send(host, &route, datagram->destination_port, datagram->source_port, frame);
}

void pc_udp_input(pc_host *host, const pc_packet *packet) {
    size_t length = packet->data_bytes < UDP_HEADER_BYTES ? 0 : get16(packet->data + 4);
    int no_checksum = length != 0 && get16(packet->data + 6) == 0;
    if (length < UDP_HEADER_BYTES || length > packet->data_bytes || (no_checksum && packet->source.family == 6)) {
        pc_malformed(host);
        return;
    }
    uint64_t sum = pseudo_sum(&packet->source, &packet->destination, PROTOCOL_UDP, length);
    if (!no_checksum && finish_sum(add_to_sum(sum, packet->data, length)) != 0) {
        pc_malformed(host);
        return;
    }
    const pc_datagram datagram = {
        .packet = packet,
        .source_port = get16(packet->data),
        .destination_port = get16(packet->data + 2),
        .data = packet->data + UDP_HEADER_BYTES,
        .size = length - UDP_HEADER_BYTES,
    };
    if (pc_dhcp_input(host, &datagram) || pc_traffic_input(host, &datagram) || pc_jobs_udp(host, &datagram))
        return;
    if (packet->to_group || datagram.source_port == 0 || is_unspecified(&packet->source))
        pc_unwanted(host);
    else if (packet->ttl == LAST_HOP)
        pc_unreachable_port(host, packet);
    else
        echo(host, &datagram);
}
