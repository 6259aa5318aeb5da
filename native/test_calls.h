/* What tests of the frame path by direct calls start from: no worker runs, so batches are exact and the time is what a test says. */
#ifndef GNS3TRIO_TEST_CALLS_H
#define GNS3TRIO_TEST_CALLS_H

#include "worker.h"

#include "test_core.h"

#include <stdlib.h>

enum { ROOM = UDPFWD_MAX_FRAME_BYTES, HOSTS = 66, ALL = 255, BOTH = UDPFWD_RX | UDPFWD_TX };

static inline udpfwd *open_core(void) {
    udpfwd *core;
    CHECK(udpfwd_open(1, STATS_INTERVAL_US, &core) == 0);
    return core;
}

/* Ports with nodes behind them, all closed at the end with the core. */
typedef struct {
    udpfwd *core;
    end ends[HOSTS];
    int count;
} bed;

static inline bed open_bed(int ends) {
    bed b = {.core = open_core(), .count = ends};
    for (int i = 0; i < ends; i++)
        b.ends[i] = open_end(b.core);
    return b;
}

static inline void close_bed(bed *b) {
    udpfwd_close(b->core);
    for (int i = 0; i < b->count; i++)
        close_end(&b->ends[i]);
}

static inline int open_bridge(bed *b, int kind, int first, int count) {
    int bridge = udpfwd_bridge_open(b->core, kind);
    CHECK(bridge >= 0);
    for (int i = first; i < first + count; i++)
        CHECK(udpfwd_bridge_join(b->core, bridge, b->ends[i].port, UDPFWD_ACCESS, 1, 0) == 0);
    return bridge;
}

static inline port *port_of(const bed *b, int i) {
    return find_port(b->core, b->ends[i].port);
}

static inline uint64_t drops_at(const bed *b, int i, int reason) {
    return DROPS(port_of(b, i)->counters, reason);
}

/* An Ethernet frame from one host to another, with the tag of a VLAN unless that is 0. Returns its size. */
static inline size_t make_frame(unsigned char *frame, int from, int to, int vlan) {
    const unsigned char tag[] = {0x81, 0, (unsigned char)(vlan >> 8), (unsigned char)vlan};
    size_t at = 12;
    memset(frame, 0, 64);
    memset(frame, to == ALL ? 0xff : 0, 5);
    frame[5] = (unsigned char)to;
    frame[0] |= 2;
    frame[6] = 2;
    frame[11] = (unsigned char)from;
    if (vlan > 0) {
        memcpy(frame + at, tag, sizeof tag);
        at += sizeof tag;
    }
    frame[at] = 8;
    return at + 48;
}

/* Frames with one content come in at a port, as one batch. */
static inline void feed(bed *b, int i, const unsigned char *bytes, size_t size, int n) {
    static unsigned char room[UDPFWD_BATCH_FRAMES][HEADROOM_BYTES + ROOM];
    struct iovec frames[UDPFWD_BATCH_FRAMES];
    for (int k = 0; k < n; k++) {
        frames[k] = (struct iovec){room[k] + HEADROOM_BYTES, size};
        memcpy(frames[k].iov_base, bytes, size);
    }
    worker *w = port_of(b, i)->worker;
    begin_turn(w, n);
    receive_at(w, port_of(b, i), frames, n, &(path){0});
}

/* Replaces the filters of the port of an end. */
static inline void set_filters(bed *b, int i, const udpfwd_filter *filters, int n, uint64_t seed) {
    char error[128];
    CHECK(udpfwd_port_set_filters(b->core, b->ends[i].port, filters, n, seed, UDPFWD_AS_BEFORE, error, sizeof error) == 0);
}

/* Two ends that are joined: what comes in at the first leaves at the second. */
static inline bed open_pair(void) {
    bed b = open_bed(2);
    CHECK(udpfwd_patch(b.core, b.ends[0].port, b.ends[1].port) == 0);
    return b;
}

static inline void send_frame(bed *b, int i, int from, int to, int vlan) {
    unsigned char frame[ROOM];
    feed(b, i, frame, make_frame(frame, from, to, vlan), 1);
}

/* How many frames a node got. */
static inline int arrived(const bed *b, int i) {
    unsigned char frame[ROOM];
    int n = 0;
    while (recv(b->ends[i].node, frame, sizeof frame, MSG_DONTWAIT) >= 0)
        n++;
    return n;
}

#endif
