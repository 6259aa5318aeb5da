/* Circles, bridges, ports and turns, by direct calls. */
#define _GNU_SOURCE
#include "test_calls.h"

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

static void test_doubled_frames_in_a_ring_end(void) {
    const udpfwd_filter twice = {UDPFWD_FILTER_DUPLICATE, BOTH, {1000000}, NULL};
    bed b = open_bed(2);
    CHECK(udpfwd_patch(b.core, b.ends[0].port, b.ends[1].port) == 0);
    CHECK(udpfwd_splice(b.core, b.ends[0].port, b.ends[1].port) == 0);
    set_filters(&b, 1, &twice, 1, 1);
    send_frame(&b, 0, 1, 2, 0);
    CHECK(drops_at(&b, 1, UDPFWD_DROP_LOOP) > 0);
    CHECK(port_of(&b, 1)->counters.tx_duplicated <= UDPFWD_MAX_HOPS * COPIES_PER_FRAME);
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

/* However many ports have frames, held ones that are due do not wait for all of them. */
static void test_held_frames_leave_between_the_turns_of_ports(void) {
    enum { PAIRS = 10, HELD = 3 * UDPFWD_BATCH_FRAMES };
    const udpfwd_filter delay = {UDPFWD_FILTER_DELAY, BOTH, {1000}, NULL};
    bed b = open_bed(2 * PAIRS);
    for (int i = 0; i < 2 * PAIRS; i += 2)
        CHECK(udpfwd_patch(b.core, b.ends[i].port, b.ends[i + 1].port) == 0);
    set_filters(&b, 1, &delay, 1, 1);
    for (int i = 0; i < HELD; i++)
        send_frame(&b, 0, 1, 2, 0);
    CHECK(port_of(&b, 1)->counters.tx_held == HELD);
    while (turn_time(port_of(&b, 1)->worker) < next_release(port_of(&b, 1)->worker))
        port_of(&b, 1)->worker->now_ns = 0;
    round_of_all(&b);
    CHECK(arrived(&b, 1) == HELD);
    close_bed(&b);
}

/* Held frames that a hub copies take no turns from its ports. */
static void test_held_frames_that_are_copied_leave_time_for_ports(void) {
    enum { HUB_PORTS = 40, HELD = 1000, ROUNDS = 20 };
    const udpfwd_filter delay = {UDPFWD_FILTER_DELAY, BOTH, {1000}, NULL};
    bed b = open_bed(HOSTS);
    open_bridge(&b, UDPFWD_HUB, 0, HUB_PORTS);
    for (int i = HUB_PORTS; i < HOSTS; i += 2)
        CHECK(udpfwd_patch(b.core, b.ends[i].port, b.ends[i + 1].port) == 0);
    set_filters(&b, 0, &delay, 1, 1);
    for (int i = 0; i < HELD; i++)
        send_frame(&b, 0, 1, ALL, 0);
    worker *w = port_of(&b, 0)->worker;
    while (turn_time(w) < next_release(w))
        w->now_ns = 0;
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t before = received(&b, 1, 1);
        for (int i = 1; i < HOSTS; i += i < HUB_PORTS ? HUB_PORTS : 1)
            fill_socket(&b, i, ALL, 1);
        round_of_all(&b);
        CHECK(received(&b, 1, 1) == before + 1);
    }
    CHECK(port_of(&b, 0)->counters.rx_held < HELD);
    close_bed(&b);
}

static void test_a_change_waits_for_one_turn(void) {
    bed b = open_bed(8);
    for (int i = 0; i < 8; i += 2)
        CHECK(udpfwd_patch(b.core, b.ends[i].port, b.ends[i + 1].port) == 0);
    for (int i = 0; i < 8; i++)
        fill_socket(&b, i, ALL, 3);
    b.core->workers[0].must_park = 1; /* as while a change waits for this worker */
    for (int turn = 0; turn < 200; turn++) {
        uint64_t before = received(&b, 0, 8);
        CHECK(round_of_all(&b) == 1);
        CHECK(received(&b, 0, 8) - before <= 3);
    }
    CHECK(received(&b, 0, 8) == 3 * 8); /* each had a turn in some round */
    b.core->workers[0].must_park = 0;
    close_bed(&b);
}

int main(void) {
    test_a_circle_teaches_nothing();
    test_two_links_between_two_switches();
    test_ports_that_are_joined_to_themselves();
    test_a_ring_without_bridges_ends();
    test_doubled_frames_in_a_ring_end();
    test_a_long_chain_of_switches();
    test_addresses_are_forgotten_with_time();
    test_the_reserved_vlan();
    test_a_hub_with_one_port_counts();
    test_a_sink_at_a_port_without_a_node();
    test_what_came_before_the_remote_is_dropped_behind_a_notice();
    test_frames_that_are_copied_have_short_turns();
    test_a_flooded_hub_leaves_time_for_others();
    test_held_frames_leave_between_the_turns_of_ports();
    test_held_frames_that_are_copied_leave_time_for_ports();
    test_a_change_waits_for_one_turn();
    puts("core_test: 16 passed");
    return 0;
}
