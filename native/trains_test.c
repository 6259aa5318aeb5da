/* Tests of trains in the core: which ways they cross whole, and where they become single frames. A pair of datagram sockets stands for each
 * TAP device. No worker runs: turns are given by calls. */
#define _GNU_SOURCE
#include "test_calls.h"
#include "test_trains.h"

#include <fcntl.h>
#include <sys/socket.h>

enum { TAPS = 3 };

typedef struct {
    int wire, fd, port;
} tap;

typedef struct {
    bed bed; /* with nodes */
    tap taps[TAPS];
} lab;

static lab open_lab(int nodes) {
    lab l = {.bed = open_bed(nodes)};
    for (int i = 0; i < TAPS; i++) {
        int fds[2];
        CHECK(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
        l.taps[i] = (tap){.wire = fds[0], .fd = fds[1], .port = udpfwd_interface_open(l.bed.core, fds[1], UDPFWD_TAP)};
        CHECK(l.taps[i].port >= 0);
    }
    return l;
}

static void close_lab(lab *l) {
    close_bed(&l->bed);
    for (int i = 0; i < TAPS; i++) {
        close(l->taps[i].wire);
        close(l->taps[i].fd);
    }
}

static const shape usual = {.is_tcp = 1, .is_ipv4 = 1, .payload = 20000, .segment = 1448};
#define SEGMENTS 14

typedef struct {
    struct virtio_net_hdr told;
    unsigned char frame[MOST_BYTES];
    size_t size;
} message;

static message made; /* what was sent last */

static void put_message(const lab *l, int i) {
    unsigned char bytes[HEADER_BYTES + MOST_BYTES];
    memcpy(bytes, &made.told, HEADER_BYTES);
    memcpy(bytes + HEADER_BYTES, made.frame, made.size);
    CHECK(send(l->taps[i].wire, bytes, HEADER_BYTES + made.size, 0) == (ssize_t)(HEADER_BYTES + made.size));
}

/* From a host to another, as in make_frame. */
static void put_train(const lab *l, int i, const shape *s, int from, int to) {
    made.size = make_train(s, made.frame, &made.told);
    memcpy(made.frame, (const unsigned char[]){2, 0, 0, 0, 0, (unsigned char)to, 2, 0, 0, 0, 0, (unsigned char)from}, 12);
    put_message(l, i);
}

static void put_single(const lab *l, int i, int from, int to) {
    made.told = (struct virtio_net_hdr){0};
    made.size = make_frame(made.frame, from, to, 0);
    put_message(l, i);
}

static void give_turn(const lab *l, int i) {
    port *p = find_port(l->bed.core, l->taps[i].port);
    p->turn_frames = UDPFWD_BATCH_FRAMES;
    p->worker->now_ns = p->worker->wall_ns = 0;
    serve_port(p->worker, p);
}

/* What a host behind a TAP device got next; its size, -1 if it got nothing. */
static ssize_t take(const lab *l, int i, message *got) {
    unsigned char bytes[HEADER_BYTES + MOST_BYTES];
    ssize_t size = recv(l->taps[i].wire, bytes, sizeof bytes, MSG_DONTWAIT);
    if (size < 0)
        return -1;
    CHECK(size >= (ssize_t)HEADER_BYTES);
    memcpy(&got->told, bytes, HEADER_BYTES);
    got->size = (size_t)size - HEADER_BYTES;
    memcpy(got->frame, bytes + HEADER_BYTES, got->size);
    return (ssize_t)got->size;
}

static void expect_train(const lab *l, int i) {
    message got;
    CHECK(take(l, i, &got) == (ssize_t)made.size && memcmp(got.frame, made.frame, made.size) == 0);
    CHECK(got.told.gso_type == made.told.gso_type && got.told.gso_size == made.told.gso_size);
    CHECK(got.told.csum_start == made.told.csum_start && got.told.csum_offset == made.told.csum_offset);
    CHECK(got.told.flags == VIRTIO_NET_HDR_F_NEEDS_CSUM && take(l, i, &got) < 0);
}

/* The segments of the last train, at a node. */
static void expect_segments(const lab *l, int node, const shape *s) {
    unsigned char frame[ROOM];
    size_t segments = (s->payload + s->segment - 1) / s->segment;
    for (size_t k = 0; k < segments; k++) {
        ssize_t size = test_receive(l->bed.ends[node].node, frame, sizeof frame);
        CHECK(size > 0);
        check_segment(s, made.frame, frame, (size_t)size, k);
    }
    CHECK(arrived(&l->bed, node) == 0);
}

static uint64_t bytes_of(const shape *s, size_t segments) {
    return s->payload + segments * HEADERS(s);
}

static udpfwd_counters at_tap(const lab *l, int i) {
    return counters_of(l->bed.core, l->taps[i].port);
}

/* --- whole --- */

static void test_a_plain_link(void) {
    lab l = open_lab(0);
    int32_t ends[2];
    char error[64];
    CHECK(udpfwd_link_open(l.bed.core, NULL, 0, 1, 0, ends, error, sizeof error) == 0);
    CHECK(udpfwd_patch(l.bed.core, l.taps[0].port, ends[0]) == 0 && udpfwd_patch(l.bed.core, l.taps[1].port, ends[1]) == 0);
    put_train(&l, 0, &usual, 1, 2);
    give_turn(&l, 0);
    expect_train(&l, 1);
    udpfwd_counters in = at_tap(&l, 0), out = at_tap(&l, 1), near = counters_of(l.bed.core, ends[0]);
    udpfwd_counters far = counters_of(l.bed.core, ends[1]);
    uint64_t bytes = bytes_of(&usual, SEGMENTS);
    CHECK(in.rx_frames == SEGMENTS && in.rx_bytes == bytes && out.tx_frames == SEGMENTS && out.tx_bytes == bytes);
    CHECK(near.tx_frames == SEGMENTS && near.tx_bytes == bytes && far.rx_frames == SEGMENTS && far.rx_bytes == bytes);
    close_lab(&l);
}

static void test_order_between_single_frames(void) {
    lab l = open_lab(0);
    message got;
    CHECK(udpfwd_patch(l.bed.core, l.taps[0].port, l.taps[1].port) == 0);
    put_single(&l, 0, 1, 2);
    put_train(&l, 0, &usual, 1, 2);
    size_t train_bytes = made.size;
    put_single(&l, 0, 1, 2);
    give_turn(&l, 0);
    CHECK(take(&l, 1, &got) == (ssize_t)made.size && got.told.gso_type == 0 && got.told.flags == 0);
    CHECK(take(&l, 1, &got) == (ssize_t)train_bytes);
    CHECK(take(&l, 1, &got) == (ssize_t)made.size && memcmp(got.frame, made.frame, made.size) == 0);
    CHECK(at_tap(&l, 1).tx_frames == SEGMENTS + 2);
    close_lab(&l);
}

static void test_bridges(void) {
    for (int kind = UDPFWD_HUB; kind <= UDPFWD_SWITCH; kind++) {
        lab l = open_lab(1);
        int bridge = open_bridge(&l.bed, kind, 0, 1);
        for (int i = 0; i < TAPS; i++)
            CHECK(udpfwd_bridge_join(l.bed.core, bridge, l.taps[i].port, UDPFWD_ACCESS, 1, 0) == 0);
        put_train(&l, 0, &usual, 1, 2); /* to all: to each as it can be there */
        give_turn(&l, 0);
        expect_train(&l, 1);
        expect_train(&l, 2);
        expect_segments(&l, 0, &usual);
        put_train(&l, 1, &usual, 2, 1); /* to where a switch has learned its destination */
        give_turn(&l, 1);
        expect_train(&l, 0);
        message got;
        CHECK((take(&l, 2, &got) < 0) == (kind == UDPFWD_SWITCH));
        CHECK(at_tap(&l, 0).tx_frames == SEGMENTS && at_tap(&l, 0).rx_frames == SEGMENTS);
        close_lab(&l);
    }
}

/* --- single --- */

static void test_tags(void) {
    lab l = open_lab(1);
    int bridge = udpfwd_bridge_open(l.bed.core, UDPFWD_SWITCH), node = l.bed.ends[0].port;
    CHECK(udpfwd_bridge_join(l.bed.core, bridge, node, UDPFWD_ACCESS, 7, 0) == 0);
    CHECK(udpfwd_port_set_vlan(l.bed.core, node, UDPFWD_DOT1Q, 1, 0) == 0);
    CHECK(udpfwd_bridge_join(l.bed.core, bridge, l.taps[0].port, UDPFWD_ACCESS, 7, 0) == 0);
    put_train(&l, 0, &usual, 1, 2);
    give_turn(&l, 0);
    /* As if the train had had the tag. */
    shape tagged = usual;
    tagged.tag_bytes = 4;
    memmove(made.frame + 16, made.frame + 12, made.size - 12);
    memcpy(made.frame + 12, "\x81\x00\x00\x07", 4);
    expect_segments(&l, 0, &tagged);
    CHECK(udpfwd_port_set_vlan(l.bed.core, node, UDPFWD_ACCESS, 7, 0) == 0);
    CHECK(udpfwd_bridge_join(l.bed.core, bridge, l.taps[1].port, UDPFWD_ACCESS, 7, 0) == 0);
    put_train(&l, 0, &usual, 1, 2);
    give_turn(&l, 0);
    expect_train(&l, 1); /* no port has tags any more */
    CHECK(udpfwd_bridge_join(l.bed.core, bridge, l.taps[2].port, UDPFWD_QINQ, 9, 0x88a8) == 0);
    put_train(&l, 0, &usual, 1, 2);
    give_turn(&l, 0);
    message got;
    CHECK(take(&l, 1, &got) == (ssize_t)(HEADERS(&usual) + usual.segment));
    while (take(&l, 1, &got) >= 0)
        ;
    CHECK(udpfwd_bridge_leave(l.bed.core, l.taps[2].port) == 0);
    put_train(&l, 0, &usual, 1, 2);
    give_turn(&l, 0);
    expect_train(&l, 1);
    close_lab(&l);
}

static void filter_tap(const lab *l, int i, const udpfwd_filter *filters, int n) {
    char error[128];
    CHECK(udpfwd_port_set_filters(l->bed.core, l->taps[i].port, filters, n, 1, UDPFWD_AS_BEFORE, error, sizeof error) == 0);
}

static void test_filters(void) {
    static const udpfwd_filter every_third = {.type = UDPFWD_FILTER_FREQUENCY, .directions = BOTH, .parameters = {3}};
    static const udpfwd_filter delay = {.type = UDPFWD_FILTER_DELAY, .directions = BOTH, .parameters = {1000}};
    for (int at = 0; at < 2; at++) {
        lab l = open_lab(0);
        message got;
        int arrived_frames = 0;
        CHECK(udpfwd_patch(l.bed.core, l.taps[0].port, l.taps[1].port) == 0);
        filter_tap(&l, at, &every_third, 1);
        put_train(&l, 0, &usual, 1, 2);
        give_turn(&l, 0);
        for (size_t k = 0; take(&l, 1, &got) >= 0; k++, arrived_frames++) {
            k += k % 3 == 2; /* those that were dropped */
            CHECK(got.told.gso_type == 0 && got.told.flags == 0);
            check_segment(&usual, made.frame, got.frame, got.size, k);
        }
        CHECK(arrived_frames == SEGMENTS - SEGMENTS / 3);
        CHECK(DROPS(at_tap(&l, at), UDPFWD_DROP_FILTER) == SEGMENTS / 3);
        filter_tap(&l, at, &delay, 1);
        put_train(&l, 0, &usual, 1, 2);
        give_turn(&l, 0);
        udpfwd_counters counters = at_tap(&l, at);
        CHECK(counters.rx_held + counters.tx_held == SEGMENTS && take(&l, 1, &got) < 0);
        filter_tap(&l, at, NULL, 0); /* they leave with the next turn, and before what comes then */
        put_train(&l, 0, &usual, 1, 2);
        give_turn(&l, 0);
        worker *w = find_port(l.bed.core, l.taps[0].port)->worker;
        w->now_ns = 0;
        release_due(w);
        for (int k = 0; k < 2 * SEGMENTS; k++) {
            CHECK(take(&l, 1, &got) > 0);
            check_segment(&usual, made.frame, got.frame, got.size, (size_t)k % SEGMENTS);
        }
        put_train(&l, 0, &usual, 1, 2);
        give_turn(&l, 0);
        expect_train(&l, 1);
        close_lab(&l);
    }
}

static void test_captures(void) {
    lab l = open_lab(0);
    static unsigned char records[65536];
    const udpfwd_capture_options options = {UDPFWD_PCAP, BOTH, 65535, sizeof records, NULL};
    udpfwd_capture *captures[2];
    char error[64];
    CHECK(udpfwd_patch(l.bed.core, l.taps[0].port, l.taps[1].port) == 0);
    for (int i = 0; i < 2; i++)
        CHECK(udpfwd_capture_open(l.bed.core, l.taps[i].port, &options, &captures[i], error, sizeof error) == 0);
    put_train(&l, 0, &usual, 1, 2);
    give_turn(&l, 0);
    expect_train(&l, 1); /* a capture changes nothing of what it sees */
    for (int i = 0; i < 2; i++) {
        int bytes = udpfwd_capture_read(captures[i], records, sizeof records), at = 0;
        for (size_t k = 0; k < SEGMENTS; k++) {
            uint32_t kept;
            memcpy(&kept, records + at + 8, sizeof kept);
            check_segment(&usual, made.frame, records + at + 16, kept, k);
            at += 16 + (int)kept;
        }
        CHECK(at == bytes);
        CHECK(udpfwd_capture_stop(l.bed.core, captures[i]) == 0);
        udpfwd_capture_close(captures[i]);
    }
    close_lab(&l);
}

/* --- counted as single frames where they are dropped --- */

static void test_drops(void) {
    lab l = open_lab(0);
    put_train(&l, 0, &usual, 1, 2);
    give_turn(&l, 0);
    CHECK(at_tap(&l, 0).rx_drops[UDPFWD_DROP_UNLINKED] == SEGMENTS);
    CHECK(udpfwd_patch(l.bed.core, l.taps[0].port, l.taps[1].port) == 0);
    CHECK(udpfwd_port_suspend(l.bed.core, l.taps[1].port, 1) == 0);
    put_train(&l, 0, &usual, 1, 2);
    give_turn(&l, 0);
    CHECK(at_tap(&l, 1).tx_drops[UDPFWD_DROP_SUSPENDED] == SEGMENTS);
    CHECK(udpfwd_port_suspend(l.bed.core, l.taps[1].port, 0) == 0);
    close(l.taps[1].wire); /* the device is gone */
    put_train(&l, 0, &usual, 1, 2);
    give_turn(&l, 0);
    CHECK(at_tap(&l, 1).tx_drops[UDPFWD_DROP_ERROR] == SEGMENTS && at_tap(&l, 1).tx_frames == 0);
    l.taps[1].wire = dup(l.taps[0].wire);
    CHECK(udpfwd_unpatch(l.bed.core, l.taps[0].port) == 0);
    int bridge = udpfwd_bridge_open(l.bed.core, UDPFWD_SWITCH);
    CHECK(udpfwd_bridge_join(l.bed.core, bridge, l.taps[0].port, UDPFWD_ACCESS, 1, 0) == 0);
    put_train(&l, 0, &usual, 1, 2);
    give_turn(&l, 0);
    CHECK(at_tap(&l, 0).rx_drops[UDPFWD_DROP_LOCAL] == SEGMENTS);
    close_lab(&l);
}

/* A link whose ends are one: a train comes back, and circles no longer than single frames do. */
static void test_loops(void) {
    lab l = open_lab(0);
    int bridge = udpfwd_bridge_open(l.bed.core, UDPFWD_HUB), ends[] = {udpfwd_local_open(l.bed.core), udpfwd_local_open(l.bed.core)};
    CHECK(udpfwd_splice(l.bed.core, ends[0], ends[1]) == 0);
    CHECK(udpfwd_bridge_join(l.bed.core, bridge, l.taps[0].port, 0, 0, 0) == 0);
    CHECK(udpfwd_bridge_join(l.bed.core, bridge, ends[0], 0, 0, 0) == 0);
    CHECK(udpfwd_bridge_join(l.bed.core, bridge, ends[1], 0, 0, 0) == 0);
    put_train(&l, 0, &usual, 1, 2);
    give_turn(&l, 0);
    CHECK(counters_of(l.bed.core, ends[0]).rx_drops[UDPFWD_DROP_LOOP] == SEGMENTS);
    CHECK(counters_of(l.bed.core, ends[1]).rx_drops[UDPFWD_DROP_LOOP] == SEGMENTS);
    close_lab(&l);
}

/* Whoever sends trains of many small segments gets no more of a worker's time than others by much. */
static void test_a_turn_ends(void) {
    static const shape small = {.is_tcp = 1, .is_ipv4 = 1, .payload = 2000, .segment = 10};
    lab l = open_lab(0);
    CHECK(udpfwd_patch(l.bed.core, l.taps[0].port, l.taps[1].port) == 0);
    for (int i = 0; i < 4; i++)
        put_train(&l, 0, &small, 1, 2);
    give_turn(&l, 0);
    CHECK(at_tap(&l, 0).rx_frames == 400);
    give_turn(&l, 0);
    CHECK(at_tap(&l, 0).rx_frames == 800);
    close_lab(&l);
}

static void serve(const lab *l, int i) {
    port *p = find_port(l->bed.core, l->taps[i].port);
    p->worker->now_ns = p->worker->wall_ns = 0;
    p->source.serve(p->worker, &p->source);
}

/* A device answers while a frame is written to it: so it is served at once, but not for ever where it never answers. */
static void test_answers(void) {
    lab l = open_lab(0);
    message got;
    CHECK(udpfwd_patch(l.bed.core, l.taps[0].port, l.taps[1].port) == 0);
    for (int i = 0; i < 20; i++) { /* more than the turns after which lone frames are read one by one */
        put_single(&l, 1, 2, 1);   /* as if the device answered what is to come */
        put_train(&l, 0, &usual, 1, 2);
        serve(&l, 0);
        CHECK(take(&l, 0, &got) > 0 && take(&l, 1, &got) > 0);
    }
    int answers = 0;
    for (int i = 0; i < 20; i++) {
        put_single(&l, 0, 1, 2);
        serve(&l, 0);
        CHECK(take(&l, 1, &got) > 0);
    }
    for (int i = 0; i < 20; i++) {
        put_single(&l, 1, 2, 1);
        put_single(&l, 0, 1, 2);
        serve(&l, 0);
        answers += take(&l, 0, &got) > 0;
    }
    CHECK(answers > 0 && at_tap(&l, 0).rx_frames == 20 * SEGMENTS + 40);
    CHECK(udpfwd_port_close(l.bed.core, l.taps[1].port) == 0); /* which the worker must not ask any more */
    put_single(&l, 0, 1, 2);
    serve(&l, 0);
    close_lab(&l);
}

/* Where single frames come one after the other, each turn takes one; where many wait, none of them waits for long. */
static void test_lone_frames(void) {
    lab l = open_lab(0);
    message got;
    CHECK(udpfwd_patch(l.bed.core, l.taps[0].port, l.taps[1].port) == 0);
    for (int i = 0; i < 10; i++) {
        put_single(&l, 0, 1, 2);
        give_turn(&l, 0);
        CHECK(take(&l, 1, &got) > 0);
    }
    for (int i = 0; i < 40; i++)
        put_single(&l, 0, 1, 2);
    int turns = 0, taken = 0;
    for (; taken < 40; turns++) {
        give_turn(&l, 0);
        while (take(&l, 1, &got) > 0)
            taken++;
    }
    CHECK(turns <= 10);
    close_lab(&l);
}

int main(void) {
    test_a_plain_link();
    test_order_between_single_frames();
    test_bridges();
    test_tags();
    test_filters();
    test_captures();
    test_drops();
    test_loops();
    test_a_turn_ends();
    test_answers();
    test_lone_frames();
    puts("trains_test: 11 passed");
    return 0;
}
