/* What the libFuzzer targets of built-in PCs share: a script of bytes, a host, and packets whose checksums are right. */
#ifndef GNS3TRIO_FUZZ_PC_H
#define GNS3TRIO_FUZZ_PC_H

#include "fuzz_script.h"
#include "pc_host.h"
#include "pc_ip.h"
#include "pc_jobs.h"
#include "pc_neighbours.h"

#include <stdlib.h>

#define MUST(condition)                                                                                                               \
    do {                                                                                                                              \
        if (!(condition))                                                                                                             \
            abort();                                                                                                                  \
    } while (0)

enum { MOST_EXPIRIES = 200 };

static inline uint16_t next_u16(script *s) {
    return (uint16_t)(next_byte(s) << 8 | next_byte(s));
}

/* The next bytes, as many as there are, in memory of exactly that size, so that a byte too far is seen. Freed by the caller. */
static inline unsigned char *next_bytes(script *s, size_t wanted, size_t *size) {
    *size = wanted < s->left ? wanted : s->left;
    unsigned char *bytes = malloc(*size ? *size : 1);
    MUST(bytes != NULL);
    if (*size > 0)
        memcpy(bytes, s->bytes, *size);
    s->bytes += *size;
    s->left -= *size;
    return bytes;
}

typedef struct {
    pc_shared shared;
    pc_host host;
    uint64_t now_ns;
} fuzz_bed;

static const pc_address FUZZ_IPV4 = {.family = 4, .bytes = {10, 0, 0, 1}}, FUZZ_PEER = {.family = 4, .bytes = {10, 0, 0, 2}};
static const uint8_t FUZZ_MAC[] = {0, 0x50, 0x79, 0x66, 0x68, 1}, FUZZ_PEER_MAC[] = {0, 0x50, 0x79, 0x66, 0x68, 2};

static inline void open_host(fuzz_bed *b) {
    *b = (fuzz_bed){.now_ns = 1000 * PC_SECOND_NS};
    udpfwd_pc_identity identity = {.mtu = 1500, .name = "fuzz", .domain = "lab", .dns = {FUZZ_PEER}};
    memcpy(identity.mac, FUZZ_MAC, sizeof FUZZ_MAC);
    MUST(pc_open_shared(&b->shared) == 0);
    pc_begin(&b->host, &b->shared, &identity, 1, b->now_ns);
    pc_use_address(&b->host, &FUZZ_IPV4, 24, &FUZZ_PEER, UDPFWD_PC_MANUAL);
    pc_learn(&b->host, &FUZZ_PEER, FUZZ_PEER_MAC, 1);
}

/* What leaves is of sizes that a link takes. */
static inline void drop_output(fuzz_bed *b) {
    for (pc_frame *frame; (frame = pc_pop(&b->host.out)) != NULL;) {
        MUST(frame->size >= PC_LEAST_FRAME_BYTES && frame->size <= PC_ETHERNET_BYTES + b->host.identity.mtu);
        MUST(frame->start >= frame->bytes + PC_TAG_ROOM_BYTES);
        pc_free_frame(&b->host, frame);
    }
    MUST(b->host.memory <= PC_MAX_HOST_BYTES);
}

/* So much time passes, and whatever was due in it is done: never without an end at one moment. */
static inline void let_pass(fuzz_bed *b, uint64_t ns) {
    uint64_t end_ns = b->now_ns + ns, due_ns;
    int expiries = 0;
    while ((due_ns = pc_due(&b->host)) <= end_ns && expiries < MOST_EXPIRIES) {
        int is_now = due_ns <= b->now_ns;
        expiries = is_now ? expiries + 1 : 0;
        if (!is_now)
            b->now_ns = due_ns;
        pc_expire(&b->host, b->now_ns);
        drop_output(b);
    }
    MUST(expiries < MOST_EXPIRIES);
    b->now_ns = end_ns;
    udpfwd_pc_event event;
    unsigned char data[UDPFWD_PC_MAX_MESSAGE_BYTES];
    while (pc_take_event(&b->shared, &event, data, sizeof data) > 0)
        MUST(event.kind >= 0 && event.kind < UDPFWD_PC_EVENT_KINDS && event.data_bytes <= sizeof data);
}

static inline void close_host(fuzz_bed *b) {
    pc_end(&b->host);
    MUST(b->host.memory == 0 && b->shared.memory == 0 && b->shared.traffic_memory == 0);
    pc_close_shared(&b->shared);
}

/* Makes the checksums of an IP packet right, as far as its headers say where they are. */
static inline void fix_checksums(unsigned char *packet, size_t size) {
    static const unsigned char places[256] = {[1] = 2, [6] = 16, [17] = 6, [58] = 2}; /* of the checksum */
    if (size < 40)
        return;
    int family = packet[0] >> 4;
    size_t header = family == 4 ? (size_t)(packet[0] & 0xf) * 4 : 40;
    if ((family != 4 && family != 6) || header < 20 || header > size)
        return;
    int protocol = packet[family == 4 ? 9 : 6];
    size_t data = size - header;
    if (family == 4) {
        put16(packet + 2, (uint32_t)size);
        put16(packet + 10, 0);
        put16(packet + 10, finish_sum(add_to_sum(0, packet, header)));
    } else {
        put16(packet + 4, (uint32_t)data);
    }
    if (places[protocol] == 0 || data < 20)
        return;
    unsigned char *place = packet + header + places[protocol];
    pc_address source = read_address(packet + (family == 4 ? 12 : 8), family);
    pc_address destination = read_address(packet + (family == 4 ? 16 : 24), family);
    if (protocol == PROTOCOL_UDP)
        put16(packet + header + 4, (uint32_t)data);
    put16(place, 0);
    uint64_t sum = protocol == 1 ? 0 : pseudo_sum(&source, &destination, protocol, data);
    put16(place, finish_sum(add_to_sum(sum, packet + header, data)));
}

/* A packet comes in as a frame from the peer. */
static inline void give_packet(fuzz_bed *b, int ethertype, const unsigned char *packet, size_t size) {
    unsigned char *frame = malloc(PC_ETHERNET_BYTES + size);
    MUST(frame != NULL);
    memcpy(frame, FUZZ_MAC, sizeof FUZZ_MAC);
    memcpy(frame + 6, FUZZ_PEER_MAC, sizeof FUZZ_PEER_MAC);
    put16(frame + 12, (uint32_t)ethertype);
    memcpy(frame + PC_ETHERNET_BYTES, packet, size);
    pc_input(&b->host, frame, PC_ETHERNET_BYTES + size, b->now_ns);
    free(frame);
    drop_output(b);
}

/* Data of a protocol, in a packet from the peer to the host, with right checksums. */
static inline void give_ipv4(fuzz_bed *b, int protocol, int ttl, uint32_t id, uint32_t fragment, const unsigned char *data,
                             size_t size) {
    unsigned char *packet = malloc(20 + size);
    MUST(packet != NULL);
    memset(packet, 0, 20);
    packet[0] = 0x45;
    put16(packet + 4, id);
    put16(packet + 6, fragment);
    packet[8] = (unsigned char)ttl;
    packet[9] = (unsigned char)protocol;
    memcpy(packet + 12, FUZZ_PEER.bytes, 4);
    memcpy(packet + 16, FUZZ_IPV4.bytes, 4);
    memcpy(packet + 20, data, size);
    if (fragment == 0)
        fix_checksums(packet, 20 + size);
    put16(packet + 2, (uint32_t)(20 + size));
    put16(packet + 10, 0);
    put16(packet + 10, finish_sum(add_to_sum(0, packet, 20)));
    give_packet(b, 0x0800, packet, 20 + size);
    free(packet);
}

#endif
