/* The frame path by direct calls: no worker runs, so batches are exact and the time is what a test says. */
#define _GNU_SOURCE
#include "core.h"

#include "test_core.h"

#include <stdlib.h>

enum { ROOM = UDPFWD_MAX_FRAME_BYTES, HOSTS = 66, ALL = 255, BOTH = UDPFWD_RX | UDPFWD_TX };

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
    begin_turn(w, n);
    receive_at(w, port_of(b, i), frames, n, &(path){0});
}

/* Replaces the filters of the port of an end. */
static void set_filters(bed *b, int i, const udpfwd_filter *filters, int n, uint64_t seed) {
    char error[128];
    CHECK(udpfwd_port_set_filters(b->core, b->ends[i].port, filters, n, seed, UDPFWD_AS_BEFORE, error, sizeof error) == 0);
}

/* Two ends that are joined: what comes in at the first leaves at the second. */
static bed open_pair(void) {
    bed b = open_bed(2);
    CHECK(udpfwd_patch(b.core, b.ends[0].port, b.ends[1].port) == 0);
    return b;
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
    uint64_t before = drops_at(&b, 3, UDPFWD_DROP_UNLINKED); /* somebody's late datagram may have come to the new socket */
    send_frame(&b, 3, 3, 4, 0);
    CHECK(drops_at(&b, 3, UDPFWD_DROP_UNLINKED) == before + 1 && port_of(&b, 3)->counters.rx_frames == 0);
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
    CHECK(arrived(&b, 0) == 0 && p->counters.rx_drops[UDPFWD_DROP_UNLINKED] >= 1);
    close_bed(&b);
    close(fd);
    close(stranger);
}

/* --- filters --- */

enum { FRAMES = 1000 };

/* What became of frames that leave at a port, one after the other: '.' passed, or the reason. 'pauses' says when each comes. */
static void play(bed *b, const uint64_t *pauses_ns, char *fates) {
    const port *p = port_of(b, 1);
    worker *w = p->worker;
    uint64_t now_ns = turn_time(w);
    for (int i = 0; i < FRAMES; i++) {
        uint64_t filtered = p->counters.tx_drops[UDPFWD_DROP_FILTER], limited = p->counters.tx_drops[UDPFWD_DROP_RATE];
        w->now_ns = now_ns += pauses_ns[i];
        send_frame(b, 0, 1, 2, 0);
        fates[i] = p->counters.tx_drops[UDPFWD_DROP_RATE] > limited      ? 'R'
                   : p->counters.tx_drops[UDPFWD_DROP_FILTER] > filtered ? 'L'
                                                                         : '.';
        arrived(b, 1);
    }
}

static void test_decisions_do_not_depend_on_the_time(void) {
    const udpfwd_filter filters[] = {{UDPFWD_FILTER_RATE, BOTH, {1000000, 3000, 0}, NULL},
                                     {UDPFWD_FILTER_LOSS, BOTH, {500000}, NULL}};
    char fates[2][FRAMES];
    unsigned seed = 1;
    for (int run = 0; run < 2; run++) {
        uint64_t pauses_ns[FRAMES];
        for (int i = 0; i < FRAMES; i++)
            pauses_ns[i] = (uint64_t)rand_r(&seed) % 600000;
        bed b = open_pair();
        set_filters(&b, 1, filters, 2, 7);
        play(&b, pauses_ns, fates[run]);
        close_bed(&b);
    }
    int limited = 0, compared = 0;
    for (int i = 0; i < FRAMES; i++) {
        limited += (fates[0][i] == 'R') + (fates[1][i] == 'R');
        if (fates[0][i] == 'R' || fates[1][i] == 'R')
            continue;
        CHECK(fates[0][i] == fates[1][i]);
        compared++;
    }
    CHECK(limited > 0 && compared > FRAMES / 4);
}

static void test_seeds_and_directions_have_nothing_in_common(void) {
    char fates[6][FRAMES];
    for (int run = 0; run < 6; run++) {
        const udpfwd_filter loss = {UDPFWD_FILTER_LOSS, run % 2 ? UDPFWD_RX : UDPFWD_TX, {500000}, NULL};
        bed b = open_pair();
        set_filters(&b, 1, &loss, 1, 7 + (uint64_t)run / 2);
        for (int i = 0; i < FRAMES; i++) {
            uint64_t before = drops_at(&b, 1, UDPFWD_DROP_FILTER);
            send_frame(&b, run % 2, 1, 2, 0);
            fates[run][i] = drops_at(&b, 1, UDPFWD_DROP_FILTER) > before;
            arrived(&b, !(run % 2));
        }
        close_bed(&b);
    }
    for (int one = 0; one < 6; one++)
        for (int other = 0; other < one; other++) {
            int alike = 0;
            for (int i = 0; i < FRAMES; i++)
                alike += fates[one][i] == fates[other][i];
            CHECK(alike > 420 && alike < 580); /* five standard deviations around one half */
        }
}

static int bits_turned(const unsigned char *frame, const unsigned char *sent, size_t size) {
    int bits = 0;
    for (size_t i = 0; i < size; i++)
        bits += __builtin_popcount(frame[i] ^ sent[i]);
    return bits;
}

static void test_copies_are_damaged_one_by_one(void) {
    const udpfwd_filter twice = {UDPFWD_FILTER_DUPLICATE, BOTH, {1000000}, NULL};
    const udpfwd_filter damage = {UDPFWD_FILTER_CORRUPT, BOTH, {500000}, NULL};
    bed b = open_bed(4);
    CHECK(udpfwd_patch(b.core, b.ends[0].port, b.ends[1].port) == 0);
    CHECK(udpfwd_splice(b.core, b.ends[1].port, b.ends[2].port) == 0);
    CHECK(udpfwd_patch(b.core, b.ends[2].port, b.ends[3].port) == 0);
    set_filters(&b, 1, &twice, 1, 1);
    set_filters(&b, 3, &damage, 1, 1);
    int found[3] = {0}; /* how many copies of a pair were damaged */
    for (int i = 0; i < FRAMES; i++) {
        unsigned char sent[ROOM], got[ROOM];
        size_t size = make_frame(sent, 1, 2, 0);
        int damaged = 0;
        feed(&b, 0, sent, size, 1);
        for (int copy = 0; copy < 2; copy++) {
            CHECK(test_receive(b.ends[3].node, got, sizeof got) == (ssize_t)size);
            int bits = bits_turned(got, sent, size);
            CHECK(bits <= 1);
            damaged += bits;
        }
        found[damaged]++;
    }
    CHECK(found[0] > 180 && found[0] < 320 && found[1] > 420 && found[1] < 580 && found[2] > 180);
    close_bed(&b);
}

/* A frame that tells its number leaves at the second end. */
static void send_numbered(bed *b, int number) {
    send_frame(b, 0, number, 2, 0);
}

static void release_at(bed *b, uint64_t now_ns) {
    worker *w = port_of(b, 1)->worker;
    w->now_ns = now_ns;
    do
        release_due(w);
    while (w->more_due);
}

static void expect_numbers(bed *b, int count) {
    for (int i = 0; i < count; i++) {
        unsigned char frame[ROOM];
        CHECK(test_receive(b->ends[1].node, frame, sizeof frame) > 0 && frame[11] == i);
    }
    CHECK(arrived(b, 1) == 0);
}

static void test_no_frame_overtakes_those_that_are_held_when_filters_change(void) {
    const uint64_t ms = 1000000;
    const udpfwd_filter slow = {UDPFWD_FILTER_DELAY, BOTH, {300000}, NULL}, quick = {UDPFWD_FILTER_DELAY, BOTH, {1000}, NULL};
    const udpfwd_filter loss = {UDPFWD_FILTER_LOSS, BOTH, {0}, NULL};
    const udpfwd_filter rate = {UDPFWD_FILTER_RATE, BOTH, {1000000000, 9999, 9999}, NULL};
    const struct {
        const udpfwd_filter *filters;
        int count;
        uint64_t wait_ns; /* of those that are held */
    } changes[] = {{&quick, 1, 300 * ms}, {&rate, 1, 300 * ms}, {&loss, 1, 0}, {NULL, 0, 0}};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        bed b = open_pair();
        worker *w = port_of(&b, 1)->worker;
        set_filters(&b, 1, &slow, 1, 1);
        uint64_t start_ns = turn_time(w);
        for (int number = 0; number < 3; number++)
            send_numbered(&b, number);
        set_filters(&b, 1, changes[i].filters, changes[i].count, 1);
        for (int number = 3; number < 6; number++) {
            w->now_ns = start_ns + 10 * ms;
            send_numbered(&b, number);
        }
        CHECK(arrived(&b, 1) == 0 && port_of(&b, 1)->counters.tx_held == 6);
        release_at(&b, start_ns + 20 * ms + changes[i].wait_ns);
        expect_numbers(&b, 6);
        send_numbered(&b, 0); /* nobody is waited for any more */
        release_at(&b, start_ns + 25 * ms + changes[i].wait_ns);
        expect_numbers(&b, 1);
        close_bed(&b);
    }
}

static void test_a_frame_without_delay_waits_for_those_that_are_due(void) {
    const udpfwd_filter delay = {UDPFWD_FILTER_DELAY, BOTH, {1000, 1000}, NULL};
    bed b = open_pair();
    worker *w = port_of(&b, 1)->worker;
    set_filters(&b, 1, &delay, 1, 1);
    uint64_t start_ns = turn_time(w);
    for (int number = 0; number < 200; number++) {
        w->now_ns = start_ns + (uint64_t)number * 100000; /* late for many that are due, whatever the timer does */
        send_numbered(&b, number);
    }
    release_at(&b, start_ns + 1000000000u);
    expect_numbers(&b, 200);
    close_bed(&b);
}

static void test_reordered_frames_stay_so_behind_a_delay(void) {
    enum { SENT = 20 };
    const udpfwd_filter filters[] = {{UDPFWD_FILTER_REORDER, BOTH, {500000, 50000}, NULL},
                                     {UDPFWD_FILTER_DELAY, BOTH, {1000}, NULL}};
    bed b = open_pair();
    set_filters(&b, 1, filters, 2, 1);
    uint64_t start_ns = turn_time(port_of(&b, 1)->worker);
    for (int number = 0; number < SENT; number++)
        send_numbered(&b, number);
    release_at(&b, start_ns + 1000000);
    int early = arrived(&b, 1);
    CHECK(early >= SENT / 4 && early < SENT); /* not only those before the first that is held longer */
    release_at(&b, start_ns + 51000000);
    CHECK(arrived(&b, 1) == SENT - early);
    close_bed(&b);
}

/* --- memory of held frames --- */

static void hold_large_frames(bed *b, int batches) {
    static unsigned char large[ROOM];
    for (int i = 0; i < batches; i++)
        feed(b, 0, large, sizeof large, UDPFWD_BATCH_FRAMES);
}

static void test_held_frames_have_bounded_memory_and_give_it_back(void) {
    const udpfwd_filter delay = {UDPFWD_FILTER_DELAY, BOTH, {30000000}, NULL};
    bed b = open_pair();
    set_filters(&b, 1, &delay, 1, 1);
    int enough = UDPFWD_MAX_PORT_HELD_BYTES / ROOM / UDPFWD_BATCH_FRAMES + 1;
    hold_large_frames(&b, enough);
    const port *p = port_of(&b, 1);
    CHECK(drops_at(&b, 1, UDPFWD_DROP_QUEUE) > 0);
    CHECK(p->counters.tx_held + drops_at(&b, 1, UDPFWD_DROP_QUEUE) == (uint64_t)enough * UDPFWD_BATCH_FRAMES);
    CHECK(p->held_bytes <= UDPFWD_MAX_PORT_HELD_BYTES && p->held_bytes > UDPFWD_MAX_PORT_HELD_BYTES / 8 * 7);
    CHECK(b.core->held_bytes == p->held_bytes);
    /* Some leave, and their memory is spare. */
    worker *w = p->worker;
    w->now_ns = UINT64_MAX / 2;
    release_due(w);
    CHECK(w->queue.spare_bytes > 0 && b.core->held_bytes == p->held_bytes + w->queue.spare_bytes);
    CHECK(udpfwd_port_close(b.core, b.ends[1].port) == 0);
    CHECK(b.core->held_bytes == 0 && w->queue.spare_bytes == 0 && w->queue.room <= 256);
    close_bed(&b);
}

static void test_the_core_holds_so_much_in_all(void) {
    const udpfwd_filter delay = {UDPFWD_FILTER_DELAY, BOTH, {30000000}, NULL};
    bed b = open_pair();
    set_filters(&b, 1, &delay, 1, 1);
    b.core->held_bytes = UDPFWD_MAX_HELD_BYTES - 3 * ROOM; /* others hold it */
    hold_large_frames(&b, 1);
    CHECK(port_of(&b, 1)->counters.tx_held == 2 && drops_at(&b, 1, UDPFWD_DROP_QUEUE) == UDPFWD_BATCH_FRAMES - 2);
    close_bed(&b);
}

/* --- turns --- */

/* Datagrams wait at a port. */
static void fill_socket(bed *b, int i, int to, int n) {
    unsigned char frame[ROOM];
    size_t size = make_frame(frame, i, to, 0);
    while (n-- > 0)
        test_send(b->ends[i].node, b->ends[i].fd, frame, size);
}

static int frames_of_a_turn(bed *b, int i) {
    port *p = port_of(b, i);
    uint64_t before = p->counters.rx_frames;
    serve_port(p->worker, p);
    return (int)(p->counters.rx_frames - before);
}

static void test_frames_that_are_copied_have_short_turns(void) {
    bed b = open_bed(HOSTS);
    open_bridge(&b, UDPFWD_SWITCH, 0, HOSTS);
    fill_socket(&b, 0, ALL, 100);
    CHECK(frames_of_a_turn(&b, 0) == FIRST_TURN_FRAMES); /* nobody knew yet */
    CHECK(frames_of_a_turn(&b, 0) == TURN_COPIES / (HOSTS - 1));
    while (frames_of_a_turn(&b, 0) > 0)
        ;
    fill_socket(&b, 1, 0, 200); /* to one port: nothing is copied */
    for (int taken = FIRST_TURN_FRAMES; taken <= UDPFWD_BATCH_FRAMES; taken *= 2)
        CHECK(frames_of_a_turn(&b, 1) == taken);
    close_bed(&b);
}

/* A round in which the ports of all ends have frames. */
static int round_of_all(bed *b) {
    struct epoll_event events[HOSTS];
    for (int i = 0; i < b->count; i++)
        events[i].data.ptr = port_of(b, i);
    return serve_round(&b->core->workers[0], events, b->count);
}

static uint64_t received(const bed *b, int first, int count) {
    uint64_t frames = 0;
    for (int i = first; i < first + count; i++)
        frames += port_of(b, i)->counters.rx_frames;
    return frames;
}

static void test_a_flooded_hub_leaves_time_for_others(void) {
    enum { HUB_PORTS = HOSTS - 2, QUIET = HUB_PORTS, EACH = 30 };
    bed b = open_bed(HOSTS);
    open_bridge(&b, UDPFWD_HUB, 0, HUB_PORTS);
    CHECK(udpfwd_patch(b.core, b.ends[QUIET].port, b.ends[QUIET + 1].port) == 0);
    for (int i = 0; i < HUB_PORTS; i++) {
        fill_socket(&b, i, ALL, 1);
        frames_of_a_turn(&b, i);
        port_of(&b, i)->turn_frames = TURN_COPIES / HUB_PORTS; /* as after some of these */
        fill_socket(&b, i, ALL, EACH);
    }
    for (int turn = 0; turn < 10; turn++) {
        uint64_t before = received(&b, 0, HUB_PORTS);
        fill_socket(&b, QUIET, ALL, 1);
        CHECK(round_of_all(&b) == 0);
        CHECK(arrived(&b, QUIET + 1) == 1);
        uint64_t served = received(&b, 0, HUB_PORTS) - before;
        CHECK(served > 0 && served * (HUB_PORTS - 1) < 2 * TURN_COPIES);
    }
    /* None of the others is left out for ever. */
    for (int turn = 0; turn < 10 * HOSTS * (EACH / (TURN_COPIES / HUB_PORTS) + 1); turn++)
        round_of_all(&b);
    CHECK(received(&b, 0, HUB_PORTS) == HUB_PORTS * (EACH + 1));
    close_bed(&b);
}

static void test_a_change_waits_for_one_turn(void) {
    bed b = open_bed(8);
    for (int i = 0; i < 8; i += 2)
        CHECK(udpfwd_patch(b.core, b.ends[i].port, b.ends[i + 1].port) == 0);
    for (int i = 0; i < 8; i++)
        fill_socket(&b, i, ALL, 3);
    b.core->changing = 1; /* as while make_change waits for this worker */
    for (int turn = 0; turn < 200; turn++) {
        uint64_t before = received(&b, 0, 8);
        CHECK(round_of_all(&b) == 1);
        CHECK(received(&b, 0, 8) - before <= 3);
    }
    CHECK(received(&b, 0, 8) == 3 * 8); /* each had a turn in some round */
    b.core->changing = 0;
    close_bed(&b);
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
    test_decisions_do_not_depend_on_the_time();
    test_seeds_and_directions_have_nothing_in_common();
    test_copies_are_damaged_one_by_one();
    test_no_frame_overtakes_those_that_are_held_when_filters_change();
    test_a_frame_without_delay_waits_for_those_that_are_due();
    test_reordered_frames_stay_so_behind_a_delay();
    test_held_frames_have_bounded_memory_and_give_it_back();
    test_the_core_holds_so_much_in_all();
    test_frames_that_are_copied_have_short_turns();
    test_a_flooded_hub_leaves_time_for_others();
    test_a_change_waits_for_one_turn();
    puts("core_test: 21 passed");
    return 0;
}
