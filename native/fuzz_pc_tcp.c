/* libFuzzer target: segments of a few connections to the echo port of a PC, and to a ping by TCP. Sequence numbers are near those of
 * the connection, so that states are reached that random ones would not find. */
#define _GNU_SOURCE
#include "fuzz_pc.h"

enum { OUR_PORT = 5000 };

static uint32_t last_sequence, last_acknowledged;

/* What the host sent last says which numbers are near. */
static void look_at_output(fuzz_bed *b) {
    for (const pc_frame *frame = b->host.out.first; frame != NULL; frame = frame->next) {
        const unsigned char *ip = frame->start + PC_ETHERNET_BYTES;
        if (frame->size >= PC_ETHERNET_BYTES + 40 && ip[9] == PROTOCOL_TCP) {
            last_sequence = get32(ip + 24);
            last_acknowledged = get32(ip + 28);
        }
    }
}

static void give_segment(fuzz_bed *b, script *s) {
    unsigned char frame[14 + 20 + 60 + 64] = {0}, *ip = frame + 14, *segment = ip + 20;
    uint8_t what = next_byte(s);
    size_t options = 4u * (what >> 6), data = next_byte(s) % 64, size = 20 + options + data;
    memcpy(frame, FUZZ_MAC, 6);
    memcpy(frame + 6, FUZZ_PEER_MAC, 6);
    put16(frame + 12, 0x0800);
    ip[0] = 0x45;
    ip[8] = 64;
    ip[9] = PROTOCOL_TCP;
    memcpy(ip + 12, FUZZ_PEER.bytes, 4);
    memcpy(ip + 16, FUZZ_IPV4.bytes, 4);
    int to_ping = what & 1;
    put16(segment, to_ping ? 7 : 1000 + (what >> 1 & 1));
    put16(segment + 2, to_ping ? OUR_PORT : (what & 4 ? 7 : 80));
    put32(segment + 4, last_acknowledged + (uint32_t)(int8_t)next_byte(s));
    put32(segment + 8, last_sequence + (uint32_t)(int8_t)next_byte(s));
    segment[12] = (unsigned char)((20 + options) / 4 << 4);
    segment[13] = next_byte(s);
    put16(segment + 14, next_u16(s) >> (what & 8 ? 12 : 0));
    for (size_t i = 0; i < options; i++)
        segment[20 + i] = next_byte(s);
    fix_checksums(ip, 20 + size);
    pc_input(&b->host, frame, 14 + 20 + size, b->now_ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    script s = {data, size};
    fuzz_bed b;
    open_host(&b);
    last_sequence = last_acknowledged = 0;
    const udpfwd_pc_request ping = {.kind = UDPFWD_PC_PING,
                                    .target = FUZZ_PEER,
                                    .protocol = PROTOCOL_TCP,
                                    .ttl = 64,
                                    .count = 3,
                                    .data_bytes = 20,
                                    .interval_us = 1000,
                                    .timeout_us = 1000000,
                                    .source_port = OUR_PORT,
                                    .destination_port = 7};
    MUST(pc_start(&b.host, &ping, b.now_ns) > 0);
    while (s.left > 0) {
        uint8_t what = next_byte(&s);
        if (what % 8 == 0) {
            pc_expire(&b.host, b.now_ns += (uint64_t)what << 20);
        } else {
            give_segment(&b, &s);
        }
        look_at_output(&b);
        drop_output(&b);
    }
    let_pass(&b, 200 * PC_SECOND_NS);
    MUST(b.host.jobs == NULL);
    close_host(&b);
    return 0;
}
