/* The frame path by direct calls: no worker runs, so batches are exact and the time is what a test says. */
#define _GNU_SOURCE
#include "core.h"

#include "test_core.h"

enum { ROOM = 2048, HOSTS = 8, ALL = 255, BOTH = UDPFWD_RX | UDPFWD_TX };

static udpfwd *open_core(void) {
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

static bed open_bed(int ends) {
    bed b = {.core = open_core(), .count = ends};
    for (int i = 0; i < ends; i++)
        b.ends[i] = open_end(b.core);
    return b;
}

static void close_bed(bed *b) {
    udpfwd_close(b->core);
    for (int i = 0; i < b->count; i++)
        close_end(&b->ends[i]);
}

static int open_bridge(bed *b, int kind, int first, int count) {
    int bridge = udpfwd_bridge_open(b->core, kind);
    CHECK(bridge >= 0);
    for (int i = first; i < first + count; i++)
        CHECK(udpfwd_bridge_join(b->core, bridge, b->ends[i].port, UDPFWD_ACCESS, 1, 0) == 0);
    return bridge;
}

static port *port_of(const bed *b, int i) {
    return find_port(b->core, b->ends[i].port);
}

static uint64_t drops_at(const bed *b, int i, int reason) {
    return DROPS(port_of(b, i)->counters, reason);
}

/* An Ethernet frame from one host to another, with the tag of a VLAN unless that is 0. Returns its size. */
static size_t make_frame(unsigned char *frame, int from, int to, int vlan) {
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
static void feed(bed *b, int i, const unsigned char *bytes, size_t size, int n) {
    static unsigned char room[UDPFWD_BATCH_FRAMES][HEADROOM_BYTES + ROOM];
    struct iovec frames[UDPFWD_BATCH_FRAMES];
    for (int k = 0; k < n; k++) {
        frames[k] = (struct iovec){room[k] + HEADROOM_BYTES, size};
        memcpy(frames[k].iov_base, bytes, size);
    }
    worker *w = port_of(b, i)->worker;
    w->budget = n * COPIES_PER_FRAME;
    receive_at(w, port_of(b, i), frames, n, &(path){0});
}

static void send_frame(bed *b, int i, int from, int to, int vlan) {
    unsigned char frame[ROOM];
    feed(b, i, frame, make_frame(frame, from, to, vlan), 1);
}

/* How many frames a node got. */
static int arrived(const bed *b, int i) {
    unsigned char frame[ROOM];
    int n = 0;
    while (recv(b->ends[i].node, frame, sizeof frame, MSG_DONTWAIT) >= 0)
        n++;
    return n;
}

/* --- circles --- */

static void test_a_circle_teaches_nothing(void) {
    bed b = open_bed(4);
    open_bridge(&b, UDPFWD_SWITCH, 0, 4);
    CHECK(udpfwd_splice(b.core, b.ends[2].port, b.ends[3].port) == 0); /* a cable from the switch to itself */
    send_frame(&b, 0, 1, ALL, 0);
    CHECK(arrived(&b, 1) == 1 && drops_at(&b, 2, UDPFWD_DROP_LOOP) == 1 && drops_at(&b, 3, UDPFWD_DROP_LOOP) == 1);
    send_frame(&b, 1, 2, 1, 0);
    CHECK(arrived(&b, 0) == 1);
    close_bed(&b);
}

static void test_two_links_between_two_switches(void) {
    bed b = open_bed(6);
    open_bridge(&b, UDPFWD_SWITCH, 0, 3);
    open_bridge(&b, UDPFWD_SWITCH, 3, 3);
    for (int i = 1; i < 3; i++)
        CHECK(udpfwd_splice(b.core, b.ends[i].port, b.ends[3 + i].port) == 0);
    send_frame(&b, 0, 1, ALL, 0);
    CHECK(arrived(&b, 3) == 2); /* one by each link: there is no spanning tree */
    send_frame(&b, 3, 2, 1, 0);
    CHECK(arrived(&b, 0) == 1);
    close_bed(&b);
}

static void test_ports_that_are_joined_to_themselves(void) {
    for (int kind = UDPFWD_HUB; kind <= UDPFWD_SWITCH; kind++) {
        bed b = open_bed(3);
        open_bridge(&b, kind, 0, 3);
        for (int i = 1; i < 3; i++)
            CHECK(udpfwd_splice(b.core, b.ends[i].port, b.ends[i].port) == 0);
        CHECK(udpfwd_splice(b.core, b.ends[1].port, b.ends[1].port) == -EBUSY);
        send_frame(&b, 0, 1, ALL, 0);
        for (int i = 1; i < 3; i++)
            CHECK(drops_at(&b, i, UDPFWD_DROP_LOOP) == 1 && arrived(&b, i) == 0);
        CHECK(arrived(&b, 0) == 0);
        CHECK(udpfwd_unsplice(b.core, b.ends[1].port) == 0 && udpfwd_port_close(b.core, b.ends[2].port) == 0);
        send_frame(&b, 0, 1, ALL, 0);
        CHECK(arrived(&b, 1) == 1);
        close_bed(&b);
    }
}

static void test_a_ring_without_bridges_ends(void) {
    bed b = open_bed(2);
    CHECK(udpfwd_patch(b.core, b.ends[0].port, b.ends[1].port) == 0);
    CHECK(udpfwd_splice(b.core, b.ends[0].port, b.ends[1].port) == 0);
    send_frame(&b, 0, 1, 2, 0);
    CHECK(drops_at(&b, 1, UDPFWD_DROP_LOOP) == 1);
    CHECK(port_of(&b, 1)->counters.tx_frames == UDPFWD_MAX_HOPS);
    close_bed(&b);
}

static void test_a_long_chain_of_switches(void) {
    enum { SWITCHES = UDPFWD_MAX_HOPS };
    bed b = open_bed(2);
    int near = b.ends[0].port;
    end inner[SWITCHES][2];
    for (int i = 0; i < SWITCHES; i++) {
        int bridge = udpfwd_bridge_open(b.core, UDPFWD_SWITCH);
        CHECK(udpfwd_bridge_join(b.core, bridge, near, UDPFWD_ACCESS, 1, 0) == 0);
        for (int side = 0; i < SWITCHES - 1 && side < 2; side++)
            inner[i][side] = open_end(b.core);
        int far = i < SWITCHES - 1 ? inner[i][0].port : b.ends[1].port;
        CHECK(udpfwd_bridge_join(b.core, bridge, far, UDPFWD_ACCESS, 1, 0) == 0);
        if (i < SWITCHES - 1)
            CHECK(udpfwd_splice(b.core, far, near = inner[i][1].port) == 0);
    }
    send_frame(&b, 0, 1, ALL, 0);
    CHECK(arrived(&b, 1) == 1);
    send_frame(&b, 1, 2, 1, 0);
    CHECK(arrived(&b, 0) == 1);
    for (int i = 0; i < 2 * (SWITCHES - 1); i++)
        close_end(&inner[i / 2][i % 2]);
    close_bed(&b);
}

/* --- switches and hubs --- */

static void test_addresses_are_forgotten_with_time(void) {
    bed b = open_bed(3);
    int bridge = open_bridge(&b, UDPFWD_SWITCH, 0, 3);
    worker *w = port_of(&b, 0)->worker;
    uint64_t start_ns = turn_time(w);
    for (int late = 0; late < 2; late++) {
        CHECK(udpfwd_switch_clear(b.core, bridge) == 0);
        w->now_ns = start_ns;
        send_frame(&b, 1, 1, 2, 0);
        arrived(&b, 0), arrived(&b, 2);
        w->now_ns = start_ns + UDPFWD_MAC_AGE_SECONDS * 1000000000ull + (uint64_t)late;
        send_frame(&b, 0, 2, 1, 0);
        CHECK(arrived(&b, 1) == 1 && arrived(&b, 2) == late); /* to one while it is known, to all afterwards */
    }
    close_bed(&b);
}

static void test_the_reserved_vlan(void) {
    bed b = open_bed(2);
    int bridge = udpfwd_bridge_open(b.core, UDPFWD_SWITCH);
    for (int i = 0; i < 2; i++)
        CHECK(udpfwd_bridge_join(b.core, bridge, b.ends[i].port, UDPFWD_DOT1Q, 1, 0) == 0);
    send_frame(&b, 0, 1, ALL, 4094);
    CHECK(arrived(&b, 1) == 1);
    send_frame(&b, 0, 2, ALL, 4095);
    CHECK(arrived(&b, 1) == 0 && drops_at(&b, 0, UDPFWD_DROP_LOCAL) == 1);
    CHECK(udpfwd_switch_macs(b.core, bridge, NULL, 0) == 1);
    CHECK(udpfwd_port_set_vlan(b.core, b.ends[0].port, UDPFWD_ACCESS, 4095, 0) == -EINVAL);
    close_bed(&b);
}

static void test_a_hub_with_one_port_counts(void) {
    bed b = open_bed(1);
    open_bridge(&b, UDPFWD_HUB, 0, 1);
    send_frame(&b, 0, 1, ALL, 0);
    CHECK(drops_at(&b, 0, UDPFWD_DROP_LOCAL) == 1);
    close_bed(&b);
}

/* --- ports --- */

static void test_a_sink_at_a_port_without_a_node(void) {
    bed b = open_bed(4); /* source, sink, near, far */
    CHECK(udpfwd_probe_attach(b.core, b.ends[0].port, b.ends[1].port, b.ends[2].port, b.ends[3].port) == 0);
    send_frame(&b, 3, 1, 2, 0);
    CHECK(drops_at(&b, 3, UDPFWD_DROP_UNLINKED) == 1 && port_of(&b, 3)->counters.rx_frames == 0);
    close_bed(&b);
}

static void test_what_came_before_the_remote_is_dropped_behind_a_notice(void) {
    bed b = open_bed(1);
    int fd = test_socket(), stranger = test_socket(), nobody = test_socket();
    int port_id = udpfwd_port_open(b.core, fd, INADDR_LOOPBACK, test_port_of(nobody));
    close(nobody);
    CHECK(udpfwd_patch(b.core, b.ends[0].port, port_id) == 0);
    send_frame(&b, 0, 1, 2, 0); /* its notice, that nobody listens, waits in the socket */
    CHECK(udpfwd_port_close(b.core, port_id) == 0);
    test_send(stranger, fd, "strange", 7);
    port_id = udpfwd_port_open(b.core, fd, INADDR_LOOPBACK, 9);
    CHECK(udpfwd_patch(b.core, b.ends[0].port, port_id) == 0);
    port *p = find_port(b.core, port_id);
    for (int turn = 0; turn < 2; turn++)
        serve_port(p->worker, p);
    CHECK(arrived(&b, 0) == 0 && p->counters.rx_drops[UDPFWD_DROP_UNLINKED] == 1);
    close_bed(&b);
    close(fd);
    close(stranger);
}

int main(void) {
    test_a_circle_teaches_nothing();
    test_two_links_between_two_switches();
    test_ports_that_are_joined_to_themselves();
    test_a_ring_without_bridges_ends();
    test_a_long_chain_of_switches();
    test_addresses_are_forgotten_with_time();
    test_the_reserved_vlan();
    test_a_hub_with_one_port_counts();
    test_a_sink_at_a_port_without_a_node();
    test_what_came_before_the_remote_is_dropped_behind_a_notice();
    puts("core_test: 10 passed");
    return 0;
}
