/* What tests of built-in PCs start from: hosts in memory on one wire, and a time that passes when nothing else happens. */
#ifndef GNS3TRIO_TEST_PC_H
#define GNS3TRIO_TEST_PC_H

#include "pc_host.h"
#include "pc_ip.h"
#include "pc_jobs.h"
#include "pc_neighbours.h"

#include "test.h"

enum { MOST_HOSTS = 3, MOST_SEEN = 256, MOST_TOLD = 256, SEEN_BYTES = 1600 };
#define TEST_START_NS (1000 * PC_SECOND_NS)

typedef struct {
    size_t size;
    int from;
    uint64_t at_ns;
    unsigned char bytes[SEEN_BYTES]; /* its begin */
} seen_frame;

typedef struct {
    udpfwd_pc_event event;
    unsigned char data[UDPFWD_PC_MAX_MESSAGE_BYTES];
} told_event;

/* One thread, one bed at a time. */
typedef struct {
    pc_shared shared;
    pc_host hosts[MOST_HOSTS];
    int count;
    uint64_t now_ns;
    /* What passed the wire since forget_seen, and events since they were looked at. */
    int seen, told;
    /* Whether a frame is lost: NULL for a good wire. */
    int (*loses)(const unsigned char *frame, size_t size, int number);
    int number; /* of the frame */
    seen_frame frames[MOST_SEEN];
    told_event events[MOST_TOLD];
} pc_bed;

static pc_bed bed;

static inline udpfwd_pc_identity test_identity(int number) {
    udpfwd_pc_identity identity = {.mac = {0, 0x50, 0x79, 0x66, 0x68, (uint8_t)number}, .mtu = 1500};
    snprintf(identity.name, sizeof identity.name, "PC%d", number);
    return identity;
}

static inline pc_address test_ipv4(const char *text) {
    pc_address made = {.family = 4};
    CHECK(inet_pton(AF_INET, text, made.bytes) == 1);
    return made;
}

static inline pc_address test_ipv6(const char *text) {
    pc_address made = {.family = 6};
    CHECK(inet_pton(AF_INET6, text, made.bytes) == 1);
    return made;
}

static inline void use_ipv4(pc_host *host, const char *text, const char *gateway) {
    const pc_address address = test_ipv4(text), router = gateway != NULL ? test_ipv4(gateway) : (pc_address){0};
    pc_use_address(host, &address, 24, &router, UDPFWD_PC_MANUAL);
}

/* Hosts 10.0.0.1, 10.0.0.2, ... with MAC addresses that end with the same number. */
static inline void open_hosts(int count) {
    memset(&bed, 0, sizeof bed);
    bed.now_ns = TEST_START_NS;
    CHECK(pc_open_shared(&bed.shared) == 0);
    for (int i = 0; i < count; i++) {
        const udpfwd_pc_identity identity = test_identity(i + 1);
        char text[24];
        snprintf(text, sizeof text, "10.0.0.%d", i + 1);
        bed.hosts[i].id = i;
        pc_begin(&bed.hosts[i], &bed.shared, &identity, (uint64_t)i, bed.now_ns);
        use_ipv4(&bed.hosts[i], text, NULL);
    }
    bed.count = count;
}

static inline void look_at_events(void) {
    while (bed.told < MOST_TOLD &&
           pc_take_event(&bed.shared, &bed.events[bed.told].event, bed.events[bed.told].data, UDPFWD_PC_MAX_MESSAGE_BYTES) > 0)
        bed.told++;
}

/* Everything was given back. */
static inline void close_hosts(void) {
    for (int i = 0; i < bed.count; i++) {
        pc_end(&bed.hosts[i]);
        CHECK(bed.hosts[i].memory == 0);
    }
    CHECK(bed.shared.memory == 0 && bed.shared.traffic_memory == 0);
    pc_close_shared(&bed.shared);
}

static inline void forget_seen(void) {
    bed.seen = bed.told = 0;
}

/* Frames of all hosts come to all others. Returns how many there were. */
static inline int pass_frames(void) {
    int passed = 0;
    for (int i = 0; i < bed.count; i++) {
        for (pc_frame *frame; (frame = pc_pop(&bed.hosts[i].out)) != NULL; passed++) {
            if (bed.seen < MOST_SEEN) {
                seen_frame *seen = &bed.frames[bed.seen++];
                *seen = (seen_frame){.size = frame->size, .from = i, .at_ns = bed.now_ns};
                memcpy(seen->bytes, frame->start, frame->size < SEEN_BYTES ? frame->size : SEEN_BYTES);
            }
            int is_lost = bed.loses != NULL && bed.loses(frame->start, frame->size, bed.number++);
            for (int to = 0; to < bed.count && !is_lost; to++)
                if (to != i)
                    pc_input(&bed.hosts[to], frame->start, frame->size, bed.now_ns);
            pc_free_frame(&bed.hosts[i], frame);
        }
    }
    return passed;
}

/* Lets so much time pass, or less when nobody waits for anything. */
static inline void run_for(uint64_t ns) {
    uint64_t end_ns = bed.now_ns + ns;
    for (int idle = 0; !idle;) {
        while (pass_frames() > 0)
            ;
        uint64_t due_ns = PC_NEVER;
        for (int i = 0; i < bed.count; i++)
            due_ns = pc_sooner(due_ns, pc_due(&bed.hosts[i]));
        idle = due_ns > end_ns;
        if (idle)
            break;
        if (due_ns > bed.now_ns)
            bed.now_ns = due_ns;
        for (int i = 0; i < bed.count; i++)
            pc_expire(&bed.hosts[i], bed.now_ns);
        look_at_events();
    }
    bed.now_ns = end_ns;
    for (int i = 0; i < bed.count; i++)
        pc_set_time(&bed.hosts[i], end_ns);
    look_at_events();
}

static inline udpfwd_pc_request test_ping(const pc_address *target, uint32_t count) {
    return (udpfwd_pc_request){.kind = UDPFWD_PC_PING,
                               .target = *target,
                               .protocol = PROTOCOL_ICMP,
                               .ttl = 64,
                               .count = count,
                               .data_bytes = 56,
                               .interval_us = 1000000,
                               .timeout_us = 1000000,
                               .destination_port = 7};
}

static inline int start_job(int host, const udpfwd_pc_request *request) {
    int job = pc_start(&bed.hosts[host], request, bed.now_ns);
    CHECK(job > 0);
    return job;
}

/* How many events of a kind were told; the last of them in *last, unless that is NULL. */
static inline int count_told(int kind, udpfwd_pc_event *last) {
    int found = 0;
    for (int i = 0; i < bed.told; i++)
        if (bed.events[i].event.kind == kind) {
            found++;
            if (last != NULL)
                *last = bed.events[i].event;
        }
    return found;
}

/* How its only job has ended; -1 when it has not. */
static inline int reason_of_end(void) {
    udpfwd_pc_event last = {.code = 0};
    return count_told(UDPFWD_PC_FINISHED, &last) == 1 ? last.code : -1;
}

/* A frame from outside, from a MAC address that ends with 'from' to that of a host, or to all (255). */
static inline void give_frame(int host, int from, int to, int ethertype, const void *payload, size_t size) {
    static unsigned char frame[PC_ETHERNET_BYTES + UDPFWD_PC_MAX_MTU];
    memset(frame, 0, PC_ETHERNET_BYTES);
    if (to == 255)
        memset(frame, 255, 6);
    else
        memcpy(frame, (const uint8_t[]){0, 0x50, 0x79, 0x66, 0x68, (uint8_t)to}, 6);
    memcpy(frame + 6, (const uint8_t[]){0, 0x50, 0x79, 0x66, 0x68, (uint8_t)from}, 6);
    put16(frame + 12, (uint32_t)ethertype);
    memcpy(frame + PC_ETHERNET_BYTES, payload, size);
    pc_input(&bed.hosts[host], frame, PC_ETHERNET_BYTES + size, bed.now_ns);
}

/* An IPv4 header with a right checksum in front of data, which are copied. Returns the size. */
static inline size_t make_ipv4(unsigned char *packet, const char *from, const char *to, int protocol, int ttl, uint32_t fragment,
                               const void *data, size_t size) {
    const pc_address source = test_ipv4(from), destination = test_ipv4(to);
    memset(packet, 0, 20);
    packet[0] = 0x45;
    put16(packet + 2, (uint32_t)(20 + size));
    put16(packet + 4, 77);
    put16(packet + 6, fragment);
    packet[8] = (unsigned char)ttl;
    packet[9] = (unsigned char)protocol;
    memcpy(packet + 12, source.bytes, 4);
    memcpy(packet + 16, destination.bytes, 4);
    put16(packet + 10, finish_sum(add_to_sum(0, packet, 20)));
    memcpy(packet + 20, data, size);
    return 20 + size;
}

/* The same with IPv6. */
static inline size_t make_ipv6(unsigned char *packet, const pc_address *from, const pc_address *to, int next, int hops,
                               const void *data, size_t size) {
    memset(packet, 0, 40);
    packet[0] = 0x60;
    put16(packet + 4, (uint32_t)size);
    packet[6] = (unsigned char)next;
    packet[7] = (unsigned char)hops;
    memcpy(packet + 8, from->bytes, 16);
    memcpy(packet + 24, to->bytes, 16);
    memcpy(packet + 40, data, size);
    return 40 + size;
}

#endif
