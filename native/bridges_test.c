/* Hubs and switches: where frames go, and with which tag. */
#define _GNU_SOURCE
#include "placement.h"
#include "test_core.h"

enum { PORTS = 4, PAYLOAD_BYTES = 46, BROADCAST = 255 };

typedef struct {
    running r;
    end ends[PORTS];
    int bridge;
} bed;

typedef struct {
    int mode;
    uint16_t vlan;
    uint16_t ethertype;
} vlan_port;

static bed open_bed(int kind, const vlan_port *ports) {
    bed b = {.r = start()};
    b.bridge = udpfwd_bridge_open(b.r.core, kind);
    CHECK(b.bridge >= 0);
    for (int i = 0; i < PORTS; i++) {
        b.ends[i] = open_end(b.r.core);
        CHECK(udpfwd_bridge_join(b.r.core, b.bridge, b.ends[i].port, ports[i].mode, ports[i].vlan, ports[i].ethertype) == 0);
    }
    start_workers(&b.r);
    return b;
}

static const vlan_port plain[PORTS] = {{0, 1, 0}, {0, 1, 0}, {0, 1, 0}, {0, 1, 0}};

static void close_bed(bed *b) {
    stop(&b->r);
    for (int i = 0; i < PORTS; i++)
        close_end(&b->ends[i]);
}

/* A frame from one host to another (or all), with tags (ethertype and VLAN each), 0 ends them. Returns its size. */
static size_t make_frame(unsigned char *frame, int from, int to, const uint16_t *tags) {
    memset(frame, 0, 128);
    memset(frame, to == BROADCAST ? 0xff : 0x02, 6);
    memset(frame + 6, 0x02, 6);
    if (to != BROADCAST)
        frame[5] = (unsigned char)to;
    frame[11] = (unsigned char)from;
    size_t at = 12;
    for (; tags != NULL && tags[0] != 0; tags += 2) {
        for (int i = 0; i < 2; i++) {
            frame[at++] = (unsigned char)(tags[i] >> 8);
            frame[at++] = (unsigned char)tags[i];
        }
    }
    frame[at++] = 0x08, frame[at++] = 0x00;
    memset(frame + at, 0xaa, PAYLOAD_BYTES);
    return at + PAYLOAD_BYTES;
}

static void send_frame(bed *b, int port, int from, int to, const uint16_t *tags) {
    unsigned char frame[128];
    size_t size = make_frame(frame, from, to, tags);
    test_send(b->ends[port].node, b->ends[port].fd, frame, size);
}

static void expect_frame(bed *b, int port, int from, int to, const uint16_t *tags) {
    unsigned char want[128], got[128];
    size_t size = make_frame(want, from, to, tags);
    CHECK(test_receive(b->ends[port].node, got, sizeof got) == (ssize_t)size);
    CHECK(memcmp(want, got, size) == 0);
}

static void expect_nothing(bed *b, int port) {
    CHECK(!test_has_data(b->ends[port].node));
}

static void test_a_hub_floods(void) {
    bed b = open_bed(UDPFWD_HUB, plain);
    for (int i = 0; i < 20; i++)
        send_frame(&b, 0, 0, 1, NULL);
    for (int i = 0; i < 20; i++)
        for (int port = 1; port < PORTS; port++)
            expect_frame(&b, port, 0, 1, NULL);
    expect_nothing(&b, 0);
    CHECK(udpfwd_bridge_leave(b.r.core, b.ends[3].port) == 0);
    send_frame(&b, 1, 1, 0, NULL);
    expect_frame(&b, 0, 1, 0, NULL);
    expect_frame(&b, 2, 1, 0, NULL);
    expect_nothing(&b, 3);
    close_bed(&b);
}

static void test_a_switch_learns_and_forgets(void) {
    bed b = open_bed(UDPFWD_SWITCH, plain);
    send_frame(&b, 0, 0, 1, NULL); /* unknown: to all */
    for (int port = 1; port < PORTS; port++)
        expect_frame(&b, port, 0, 1, NULL);
    send_frame(&b, 1, 1, 0, NULL); /* known: to one */
    expect_frame(&b, 0, 1, 0, NULL);
    send_frame(&b, 0, 0, 1, NULL);
    expect_frame(&b, 1, 0, 1, NULL);
    udpfwd_mac macs[8];
    CHECK(udpfwd_switch_macs(b.r.core, b.bridge, macs, 8) == 2);
    CHECK(macs[0].vlan == 1 && macs[0].mac[0] == 2 && macs[0].age_seconds < 60);
    send_frame(&b, 0, 5, 0, NULL); /* from and to the same port: goes nowhere */
    while (DROPS(counters_of(b.r.core, b.ends[0].port), UDPFWD_DROP_LOCAL) < 1)
        usleep(100);
    send_frame(&b, 2, 0, 1, NULL); /* moved */
    expect_frame(&b, 1, 0, 1, NULL);
    send_frame(&b, 1, 1, 0, NULL);
    expect_frame(&b, 2, 1, 0, NULL);
    CHECK(udpfwd_switch_clear(b.r.core, b.bridge) == 0);
    CHECK(udpfwd_switch_macs(b.r.core, b.bridge, macs, 8) == 0);
    send_frame(&b, 0, 0, 1, NULL);
    for (int port = 1; port < PORTS; port++)
        expect_frame(&b, port, 0, 1, NULL);
    CHECK(udpfwd_port_close(b.r.core, b.ends[0].port) == 0); /* its addresses go with it */
    CHECK(udpfwd_switch_macs(b.r.core, b.bridge, macs, 8) == 0);
    close_bed(&b);
}

static void test_vlans_and_tags(void) {
    /* Hosts 0 and 1 in VLANs 10 and 20, host 2 on a trunk with native VLAN 10, host 3 on one with native VLAN 1. */
    const vlan_port ports[PORTS] = {
        {UDPFWD_ACCESS, 10, 0}, {UDPFWD_ACCESS, 20, 0}, {UDPFWD_DOT1Q, 10, 0}, {UDPFWD_DOT1Q, 1, 0}};
    const uint16_t ten[] = {0x8100, 10, 0}, twenty[] = {0x8100, 20, 0}, urgent[] = {0x8100, 0xe000 | 20, 0};
    const uint16_t priority_only[] = {0x8100, 0xe000, 0}, inner[] = {0x8100, 20, 0x8100, 7, 0}, seven[] = {0x8100, 7, 0};
    bed b = open_bed(UDPFWD_SWITCH, ports);
    send_frame(&b, 0, 0, BROADCAST, NULL);
    expect_frame(&b, 2, 0, BROADCAST, NULL);
    expect_frame(&b, 3, 0, BROADCAST, ten);
    send_frame(&b, 1, 1, BROADCAST, NULL);
    expect_frame(&b, 2, 1, BROADCAST, twenty);
    expect_frame(&b, 3, 1, BROADCAST, twenty);
    send_frame(&b, 3, 3, BROADCAST, ten);
    expect_frame(&b, 0, 3, BROADCAST, NULL);
    expect_frame(&b, 2, 3, BROADCAST, NULL);
    send_frame(&b, 3, 3, BROADCAST, urgent);
    expect_frame(&b, 1, 3, BROADCAST, NULL);
    expect_frame(&b, 2, 3, BROADCAST, urgent);
    send_frame(&b, 2, 2, BROADCAST, priority_only);
    expect_frame(&b, 0, 2, BROADCAST, NULL);
    expect_frame(&b, 3, 2, BROADCAST, (const uint16_t[]){0x8100, 0xe000 | 10, 0});
    send_frame(&b, 3, 3, BROADCAST, inner);
    expect_frame(&b, 1, 3, BROADCAST, seven);
    expect_frame(&b, 2, 3, BROADCAST, inner);
    send_frame(&b, 0, 0, BROADCAST, twenty); /* a tag at an access port is payload */
    expect_frame(&b, 2, 0, BROADCAST, twenty);
    expect_frame(&b, 3, 0, BROADCAST, (const uint16_t[]){0x8100, 10, 0x8100, 20, 0});
    send_frame(&b, 1, 1, 3, NULL); /* VLAN 20 learned host 3 at port 3 */
    expect_frame(&b, 3, 1, 3, twenty);
    for (int port = 0; port < PORTS; port++)
        expect_nothing(&b, port);
    CHECK(udpfwd_port_set_vlan(b.r.core, b.ends[1].port, UDPFWD_ACCESS, 10, 0) == 0);
    CHECK(udpfwd_port_set_vlan(b.r.core, b.ends[1].port, UDPFWD_ACCESS, 4095, 0) == -EINVAL);
    send_frame(&b, 1, 1, 0, NULL);
    expect_frame(&b, 0, 1, 0, NULL);
    close_bed(&b);
}

static void test_qinq(void) {
    const vlan_port ports[PORTS] = {
        {UDPFWD_QINQ, 200, 0x88a8}, {UDPFWD_QINQ, 200, 0x88a8}, {UDPFWD_DOT1Q, 1, 0}, {UDPFWD_QINQ, 300, 0x88a8}};
    const uint16_t customer[] = {0x8100, 10, 0}, both[] = {0x88a8, 200, 0x8100, 10, 0}, outer[] = {0x88a8, 200, 0};
    bed b = open_bed(UDPFWD_SWITCH, ports);
    send_frame(&b, 0, 0, BROADCAST, customer);
    expect_frame(&b, 1, 0, BROADCAST, customer);
    expect_frame(&b, 2, 0, BROADCAST, both);
    send_frame(&b, 0, 0, BROADCAST, NULL);
    expect_frame(&b, 1, 0, BROADCAST, NULL);
    expect_frame(&b, 2, 0, BROADCAST, outer);
    send_frame(&b, 2, 2, BROADCAST, both);
    expect_frame(&b, 0, 2, BROADCAST, customer);
    expect_frame(&b, 1, 2, BROADCAST, customer);
    for (int port = 0; port < PORTS; port++)
        expect_nothing(&b, port);
    close_bed(&b);
}

static void test_a_circle_is_no_storm(void) {
    for (int kind = UDPFWD_HUB; kind <= UDPFWD_SWITCH; kind++) {
        bed b = open_bed(kind, plain);
        /* Two pairs of ports of the bridge are joined to each other. */
        int fds[4], ports[4];
        for (int i = 0; i < 4; i++) {
            fds[i] = test_socket();
            ports[i] = udpfwd_port_open(b.r.core, fds[i], INADDR_LOOPBACK, test_port_of(fds[i]));
            CHECK(ports[i] >= 0 && udpfwd_bridge_join(b.r.core, b.bridge, ports[i], UDPFWD_ACCESS, 1, 0) == 0);
        }
        CHECK(udpfwd_splice(b.r.core, ports[0], ports[1]) == 0);
        CHECK(udpfwd_splice(b.r.core, ports[2], ports[3]) == 0);
        send_frame(&b, 0, 0, BROADCAST, NULL);
        for (int port = 1; port < PORTS; port++)
            expect_frame(&b, port, 0, BROADCAST, NULL);
        uint64_t looped = 0;
        while (looped < 4) {
            looped = 0;
            for (int i = 0; i < 4; i++)
                looped += DROPS(counters_of(b.r.core, ports[i]), UDPFWD_DROP_LOOP);
            usleep(100);
        }
        CHECK(looped == 4);
        for (int port = 0; port < PORTS; port++)
            expect_nothing(&b, port);
        stop(&b.r);
        for (int i = 0; i < PORTS; i++)
            close_end(&b.ends[i]);
        for (int i = 0; i < 4; i++)
            close(fds[i]);
    }
}

static void test_odd_frames(void) {
    bed b = open_bed(UDPFWD_SWITCH, plain);
    test_send(b.ends[0].node, b.ends[0].fd, "short", 5);
    while (DROPS(counters_of(b.r.core, b.ends[0].port), UDPFWD_DROP_RUNT) < 1)
        usleep(100);
    unsigned char frame[128];
    size_t size = make_frame(frame, 0, BROADCAST, NULL);
    frame[6] |= 1; /* a group as source is not learned */
    test_send(b.ends[0].node, b.ends[0].fd, frame, size);
    for (int port = 1; port < PORTS; port++)
        CHECK(test_receive(b.ends[port].node, frame, sizeof frame) == (ssize_t)size);
    CHECK(udpfwd_switch_macs(b.r.core, b.bridge, NULL, 0) == 0);
    close_bed(&b);
}

static void test_the_address_table_is_bounded(void) {
    bed b = open_bed(UDPFWD_SWITCH, plain);
    unsigned char frame[128];
    size_t size = make_frame(frame, 0, 1, NULL);
    send_frame(&b, 1, 1, BROADCAST, NULL);
    expect_frame(&b, 0, 1, BROADCAST, NULL);
    for (int i = 0; i < 2 * UDPFWD_MAX_MACS; i++) {
        frame[9] = (unsigned char)(i >> 8), frame[10] = (unsigned char)i;
        test_send(b.ends[0].node, b.ends[0].fd, frame, size);
        if (i % 64 == 63)
            while (counters_of(b.r.core, b.ends[0].port).rx_frames < (uint64_t)i + 1)
                usleep(50);
    }
    int known = udpfwd_switch_macs(b.r.core, b.bridge, NULL, 0);
    CHECK(known > UDPFWD_MAX_MACS / 2 && known <= UDPFWD_MAX_MACS);
    close_bed(&b);
}

/* A change at a port costs what hangs at it, not what the lab has. */
static void test_a_change_walks_over_the_smaller_set_only(void) {
    enum { HUB_PORTS = 500, HUBS = 4 };
    udpfwd *core;
    CHECK(udpfwd_open(WORKERS, STATS_INTERVAL_US, &core) == 0);
    int ids[HUBS][HUB_PORTS], hubs[HUBS];
    for (int h = 0; h < HUBS; h++) {
        hubs[h] = udpfwd_bridge_open(core, UDPFWD_HUB);
        for (int i = 0; i < HUB_PORTS; i++) {
            ids[h][i] = udpfwd_local_open(core);
            CHECK(udpfwd_bridge_join(core, hubs[h], ids[h][i], 0, 0, 0) == 0);
        }
        if (h > 0)
            CHECK(udpfwd_splice(core, ids[h - 1][1], ids[h][0]) == 0);
    }
    int single = udpfwd_local_open(core);
    for (int round = 0; round < 3; round++) { /* together, and apart by hand and by the end of a port */
        CHECK(round == 2 || udpfwd_splice(core, single, ids[HUBS - 1][2]) == 0);
        if (round == 1)
            CHECK(udpfwd_unsplice(core, single) == 0 && udpfwd_splice(core, single, ids[HUBS - 1][2]) == 0);
        if (round == 0)
            CHECK(udpfwd_unsplice(core, single) == 0);
        if (round == 2)
            CHECK(udpfwd_port_close(core, ids[HUBS - 1][2]) == 0);
        unsigned last = core->visits;
        int walked = 0;
        for (int i = 0; i < core->port_slots; i++)
            walked += core->ports[i] != NULL && core->ports[i]->visit != 0 && core->ports[i]->visit + 1 >= last;
        CHECK(walked < HUB_PORTS);
    }
    udpfwd_close(core);
}

static void test_errors(void) {
    running r = start();
    end a = open_end(r.core), b = open_end(r.core);
    int hub = udpfwd_bridge_open(r.core, UDPFWD_HUB);
    CHECK(udpfwd_bridge_open(r.core, 7) == -EINVAL);
    CHECK(udpfwd_bridge_join(r.core, 99, a.port, 0, 1, 0) == -ENOENT);
    CHECK(udpfwd_bridge_join(r.core, hub, a.port, 0, 0, 0) == 0); /* a hub has no VLANs */
    CHECK(udpfwd_bridge_join(r.core, hub, a.port, 0, 0, 0) == -EBUSY);
    CHECK(udpfwd_patch(r.core, a.port, b.port) == -EBUSY);
    CHECK(udpfwd_port_set_vlan(r.core, a.port, 0, 1, 0) == -ENOENT);
    CHECK(udpfwd_switch_macs(r.core, hub, NULL, 0) == -ENOENT);
    CHECK(udpfwd_bridge_close(r.core, hub) == 0);
    CHECK(udpfwd_bridge_close(r.core, hub) == -ENOENT);
    CHECK(udpfwd_patch(r.core, a.port, b.port) == 0);
    int sw = udpfwd_bridge_open(r.core, UDPFWD_SWITCH);
    CHECK(sw == hub); /* ids are used again */
    CHECK(udpfwd_bridge_join(r.core, sw, a.port, 0, 1, 0) == -EBUSY);
    start_workers(&r);
    stop(&r);
    close_end(&a);
    close_end(&b);
}

/* How many ports the worker has that has fewer. */
static int fewest(udpfwd *core, const end *ends, int count) {
    int on[WORKERS] = {0};
    for (int i = 0; i < count; i++)
        on[worker_of_port(core, ends[i].port)]++;
    return on[0] < on[1] ? on[0] : on[1];
}

static void test_joined_ports_have_one_worker_and_others_spread(void) {
    running r = start();
    end ends[6];
    for (int i = 0; i < 6; i++)
        ends[i] = open_end(r.core);
    CHECK(fewest(r.core, ends, 6) == 3);
    start_workers(&r);
    CHECK(udpfwd_patch(r.core, ends[0].port, ends[1].port) == 0);
    CHECK(udpfwd_splice(r.core, ends[1].port, ends[2].port) == 0);
    int hub = udpfwd_bridge_open(r.core, UDPFWD_HUB);
    for (int i = 2; i < 6; i++)
        CHECK(udpfwd_bridge_join(r.core, hub, ends[i].port, 0, 0, 0) == 0);
    for (int i = 1; i < 6; i++)
        CHECK(worker_of_port(r.core, ends[i].port) == worker_of_port(r.core, ends[0].port));
    test_send(ends[5].node, ends[5].fd, "moved", 5);
    expect(ends[0].node, "moved");
    expect(ends[4].node, "moved");
    CHECK(udpfwd_bridge_leave(r.core, ends[5].port) == 0);
    CHECK(fewest(r.core, ends, 6) == 1);
    CHECK(udpfwd_bridge_close(r.core, hub) == 0); /* three are joined still, and three are alone */
    CHECK(fewest(r.core, ends, 6) == 3);
    CHECK(worker_of_port(r.core, ends[0].port) == worker_of_port(r.core, ends[2].port));
    stop(&r);
    for (int i = 0; i < 6; i++)
        close_end(&ends[i]);
}

static void test_what_is_separated_spreads(void) {
    udpfwd *core;
    CHECK(udpfwd_open(WORKERS, STATS_INTERVAL_US, &core) == 0);
    end ends[6];
    for (int round = 0; round < 3; round++) { /* separated by hand twice, and by the end of a port */
        for (int i = 0; i < 6; i++)
            ends[i] = open_end(core);
        for (int i = 0; i < 5; i++)
            CHECK((i % 2 == 0 ? udpfwd_patch : udpfwd_splice)(core, ends[i].port, ends[i + 1].port) == 0);
        CHECK(fewest(core, ends, 6) == 0);
        if (round == 0)
            CHECK(udpfwd_unsplice(core, ends[1].port) == 0 && fewest(core, ends, 6) == 2);
        if (round == 1)
            CHECK(udpfwd_unpatch(core, ends[3].port) == 0 && fewest(core, ends, 6) == 3);
        for (int i = 0; i < 6; i++) {
            int port = ends[(i + 2) % 6].port; /* the third first */
            CHECK(udpfwd_port_close(core, port) == 0);
            if (round == 2 && i == 0)
                CHECK(fewest(core, ends + 3, 3) + fewest(core, ends, 2) == 0); /* what was joined stays so */
            if (round == 2 && i == 0)
                CHECK(worker_of_port(core, ends[0].port) != worker_of_port(core, ends[5].port));
        }
        for (int i = 0; i < 6; i++)
            close_end(&ends[i]);
    }
    udpfwd_close(core);
}

int main(void) {
    test_a_hub_floods();
    test_a_switch_learns_and_forgets();
    test_vlans_and_tags();
    test_qinq();
    test_a_circle_is_no_storm();
    test_odd_frames();
    test_the_address_table_is_bounded();
    test_errors();
    test_joined_ports_have_one_worker_and_others_spread();
    test_what_is_separated_spreads();
    test_a_change_walks_over_the_smaller_set_only();
    puts("bridges_test: 11 passed");
    return 0;
}
