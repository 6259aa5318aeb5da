/* TCP segments: from bytes and to bytes. */
#define _GNU_SOURCE
#include "pc_ip.h"
#include "pc_tcp.h"

enum { OPTION_END = 0, OPTION_NONE = 1, OPTION_MSS = 2 };

/* The largest segment that the peer takes; 0 when the options are damaged. */
static uint16_t read_mss(const unsigned char *options, size_t size) {
    uint16_t mss = TCP_DEFAULT_MSS;
    for (size_t at = 0; at < size && options[at] != OPTION_END;) {
        if (options[at] == OPTION_NONE) {
            at++;
            continue;
        }
        if (size - at < 2 || options[at + 1] < 2 || options[at + 1] > size - at)
            return 0;
        if (options[at] == OPTION_MSS && options[at + 1] == TCP_MSS_BYTES)
            mss = get16(options + at + 2);
        at += options[at + 1];
    }
    return mss < 64 ? 64 : mss; /* one that is tiny would cost many packets */
}

int pc_read_segment(const pc_packet *packet, pc_segment *segment) {
    const unsigned char *bytes = packet->data;
    size_t size = packet->data_bytes;
    uint64_t sum = pseudo_sum(&packet->source, &packet->destination, PROTOCOL_TCP, size);
    if (size < TCP_HEADER_BYTES)
        return 0;
    size_t header = (size_t)(bytes[12] >> 4) * 4;
    if (header < TCP_HEADER_BYTES || header > size)
        return 0;
    *segment = (pc_segment){
        .packet = packet,
        .source_port = get16(bytes),
        .destination_port = get16(bytes + 2),
        .window = get16(bytes + 14),
        .mss = read_mss(bytes + TCP_HEADER_BYTES, header - TCP_HEADER_BYTES),
        .sequence = get32(bytes + 4),
        .acknowledged = get32(bytes + 8),
        .flags = bytes[13],
        .is_damaged = finish_sum(add_to_sum(sum, bytes, size)) != 0,
        .data = bytes + header,
        .size = size - header,
    };
    return segment->mss != 0;
}

uint16_t pc_link_mss(const pc_host *host, int family) {
    return (uint16_t)(host->identity.mtu - (family == 4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES) - TCP_HEADER_BYTES);
}

int pc_send_segment(pc_host *host, const pc_segment_out *out, pc_frame *data) {
    size_t header = TCP_HEADER_BYTES + (out->mss != 0 ? TCP_MSS_BYTES : 0);
    pc_route route = out->route;
    route.protocol = PROTOCOL_TCP;
    if (route.source.family == 0)
        route.source = pc_source_for(host, &route.destination);
    pc_frame *frame = data != NULL ? data : pc_new_frame(host, TCP_HEADER_BYTES + TCP_MSS_BYTES, 0);
    if (frame == NULL)
        return UDPFWD_PC_NO_MEMORY;
    if (route.source.family == 0) {
        pc_free_frame(host, frame);
        return UDPFWD_PC_NO_SOURCE;
    }
    unsigned char *bytes = pc_push(frame, header);
    memset(bytes, 0, header);
    put16(bytes, out->source_port);
    put16(bytes + 2, out->destination_port);
    put32(bytes + 4, out->sequence);
    put32(bytes + 8, out->acknowledged);
    bytes[12] = (unsigned char)(header / 4 << 4);
    bytes[13] = (unsigned char)out->flags;
    put16(bytes + 14, out->window);
    if (out->mss != 0) {
        bytes[TCP_HEADER_BYTES] = OPTION_MSS;
        bytes[TCP_HEADER_BYTES + 1] = TCP_MSS_BYTES;
        put16(bytes + TCP_HEADER_BYTES + 2, out->mss);
    }
    uint64_t sum = pseudo_sum(&route.source, &route.destination, PROTOCOL_TCP, frame->size);
    put16(bytes + 16, finish_sum(add_to_sum(sum, bytes, frame->size)));
    return pc_send(host, &route, frame);
}

void pc_reset(pc_host *host, const pc_segment *segment) {
    if (segment->flags & TCP_RST)
        return;
    pc_segment_out out = {
        .route = {.source = segment->packet->destination, .destination = segment->packet->source},
        .source_port = segment->destination_port,
        .destination_port = segment->source_port,
        .flags = TCP_RST,
    };
    if (segment->flags & TCP_ACK) {
        out.sequence = segment->acknowledged;
    } else {
        out.flags |= TCP_ACK;
        out.acknowledged = segment->sequence + (uint32_t)segment->size + !!(segment->flags & TCP_SYN) + !!(segment->flags & TCP_FIN);
    }
    pc_send_segment(host, &out, NULL);
}
