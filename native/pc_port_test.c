/* Built-in PCs as ports of a core with running workers: patched, on switches and hubs, through links with filters, and what they cost.
 */
#define _GNU_SOURCE
#include "pc_port.h"

#include "changes.h"
#include "pc_neighbours.h"

#include "test_core.h"

enum { PROTOCOL = PROTOCOL_ICMP };

static udpfwd_pc_identity identity_of(int number) {
    return (udpfwd_pc_identity){.mac = {0, 0x50, 0x79, 0x66, (uint8_t)(number >> 8), (uint8_t)number}, .mtu = 1500, .name = "PC"};
}

static pc_address address_of(int number) {
    return ipv4_address(0x0a000000u + (uint32_t)number);
}

static int open_pc(udpfwd *core, int number) {
    const udpfwd_pc_identity identity = identity_of(number);
    const pc_address address = address_of(number), none = {0};
    int pc = udpfwd_pc_open(core, &identity);
    CHECK(pc >= 0 && udpfwd_pc_set_address(core, pc, &address, 16, &none) == 0);
    return pc;
}

static int start_ping(udpfwd *core, int pc, int target, uint32_t count, uint32_t bytes) {
    const udpfwd_pc_request ping = {.kind = UDPFWD_PC_PING,
                                    .target = address_of(target),
                                    .protocol = PROTOCOL,
                                    .ttl = 64,
                                    .count = count,
                                    .data_bytes = bytes,
                                    .timeout_us = 5000000};
    int job = udpfwd_pc_start(core, pc, &ping);
    CHECK(job > 0);
    return job;
}

static udpfwd_pc_event next_event(udpfwd *core) {
    udpfwd_pc_event event;
    for (;;) {
        if (udpfwd_pc_take_event(core, &event, NULL, 0) > 0)
            return event;
        struct pollfd wait = {.fd = udpfwd_pc_events_fd(core), .events = POLLIN};
        uint64_t signals;
        CHECK(poll(&wait, 1, PATIENCE_MS) == 1 && read(wait.fd, &signals, sizeof signals) == sizeof signals);
    }
}

/* Waits for the end of a job; the replies that it had. */
static uint32_t replies_of(udpfwd *core, int job) {
    uint32_t replies = 0;
    for (;;) {
        udpfwd_pc_event event = next_event(core);
        if (event.job != job)
            continue;
        replies += event.kind == UDPFWD_PC_REPLY;
        if (event.kind == UDPFWD_PC_FINISHED)
            return replies + event.lost;
    }
}

static void test_two_that_are_patched(void) {
    running r = start();
    start_workers(&r);
    int a = open_pc(r.core, 1), b = open_pc(r.core, 2);
    CHECK(udpfwd_patch(r.core, a, b) == 0);
    CHECK(replies_of(r.core, start_ping(r.core, a, 2, 100, 56)) == 100);
    CHECK(replies_of(r.core, start_ping(r.core, b, 1, 10, 65507)) == 10);
    udpfwd_counters counters = counters_of(r.core, a);
    CHECK(counters.rx_frames == 101 + 10 * 45 && counters.tx_frames == counters.rx_frames);
    stop(&r);
}

/* Through a switch, a link with a delay, and a hub: PCs know nothing of what is between. */
static void test_through_everything(void) {
    const udpfwd_filter delay = {UDPFWD_FILTER_DELAY, UDPFWD_RX | UDPFWD_TX, {2000}, NULL};
    running r = start();
    start_workers(&r);
    int a = open_pc(r.core, 1), b = open_pc(r.core, 2), c = open_pc(r.core, 3);
    int hub = udpfwd_bridge_open(r.core, UDPFWD_HUB), sw = udpfwd_bridge_open(r.core, UDPFWD_SWITCH);
    int32_t ends[2];
    char error[64];
    CHECK(udpfwd_link_open(r.core, &delay, 1, 1, 0, ends, error, sizeof error) == 0);
    CHECK(udpfwd_bridge_join(r.core, hub, a, UDPFWD_ACCESS, 1, 0) == 0 &&
          udpfwd_bridge_join(r.core, hub, b, UDPFWD_ACCESS, 1, 0) == 0);
    CHECK(udpfwd_bridge_join(r.core, hub, ends[0], UDPFWD_ACCESS, 1, 0) == 0 &&
          udpfwd_bridge_join(r.core, sw, ends[1], UDPFWD_DOT1Q, 1, 0) == 0);
    CHECK(udpfwd_bridge_join(r.core, sw, c, UDPFWD_ACCESS, 1, 0) == 0);
    CHECK(replies_of(r.core, start_ping(r.core, a, 2, 10, 10000)) == 10);
    CHECK(replies_of(r.core, start_ping(r.core, a, 3, 10, 10000)) == 10);
    int job = start_ping(r.core, c, 2, 1, 56);
    udpfwd_pc_event event = next_event(r.core);
    CHECK(event.job == job && event.kind == UDPFWD_PC_REPLY && event.round_trip_ns >= 4000000 && event.port_id == c);
    stop(&r);
}

/* A PC is not joined, loses its port, or is no PC: nothing hangs, nothing is left. */
static void test_pcs_that_go(void) {
    running r = start();
    start_workers(&r);
    int a = open_pc(r.core, 1), b = open_pc(r.core, 2), local = udpfwd_local_open(r.core);
    int job = start_ping(r.core, a, 2, 1, 56);
    CHECK(next_event(r.core).kind == UDPFWD_PC_NOT_SENT && next_event(r.core).job == job); /* after three questions to nobody */
    CHECK(udpfwd_patch(r.core, a, b) == 0);
    job = start_ping(r.core, a, 2, 0, 1000);
    for (int i = 0; i < 100; i++)
        next_event(r.core);
    CHECK(udpfwd_port_close(r.core, a) == 0);
    udpfwd_pc_state state;
    udpfwd_pc_identity identity = identity_of(1);
    CHECK(udpfwd_pc_read(r.core, a, &state) == -ENOENT && udpfwd_pc_stop(r.core, a, job) == -ENOENT);
    CHECK(udpfwd_pc_read(r.core, local, &state) == -ENOENT && udpfwd_pc_identify(r.core, local, &identity) == -ENOENT);
    CHECK(udpfwd_pc_neighbours(r.core, local, 4, NULL, 0) == -ENOENT && udpfwd_pc_clear(r.core, b, 5) == -EINVAL);
    identity.mac[0] = 1;
    CHECK(udpfwd_pc_open(r.core, &identity) == -EINVAL);
    identity = identity_of(1);
    identity.mtu = UDPFWD_PC_MAX_MTU + 1;
    CHECK(udpfwd_pc_open(r.core, &identity) == -EINVAL);
    identity = identity_of(1);
    memset(identity.name, 'x', sizeof identity.name);
    CHECK(udpfwd_pc_open(r.core, &identity) == -EINVAL);
    const pc_address loopback = ipv4_address(0x7f000001), none = {0}, good = address_of(1);
    CHECK(udpfwd_pc_set_address(r.core, b, &loopback, 8, &none) == -EINVAL &&
          udpfwd_pc_set_address(r.core, b, &good, 33, &none) == -EINVAL);
    stop(&r);
}

/* A PC takes little more than its structure, and a worker that serves a thousand of them which do nothing does nothing. */
static void test_what_they_cost(void) {
    enum { PCS = 1000 };
    running r = start();
    static int pcs[PCS];
    for (int i = 0; i < PCS; i++)
        pcs[i] = open_pc(r.core, i + 1);
    start_workers(&r);
    CHECK(udpfwd_patch(r.core, pcs[0], pcs[1]) == 0);
    CHECK(replies_of(r.core, start_ping(r.core, pcs[0], 2, 10, 10000)) == 10);
    for (int i = 0; i < PCS; i++) {
        udpfwd_pc_state state;
        CHECK(udpfwd_pc_read(r.core, pcs[i], &state) == 0 && state.timers == 0 && state.jobs == 0);
        CHECK(state.memory_bytes <= (i < 2 ? sizeof(pc_port) + 512 : sizeof(pc_port)) && state.memory_bytes <= 4096);
    }
    begin_change(r.core);
    for (int i = 0; i < WORKERS; i++) {
        worker *w = &r.core->workers[i];
        park(r.core, w);
        CHECK(w->timers.first == NULL || w->timers.first == &w->pause);
    }
    end_change(r.core, 0);
    printf("pc_port_test: a PC takes %zu bytes\n", sizeof(pc_port));
    stop(&r);
}

/* A ping that is on its way goes on when its worker changes. */
static void test_a_pc_moves_to_another_worker(void) {
    running r = start();
    int a = open_pc(r.core, 1), b = open_pc(r.core, 2), c = open_pc(r.core, 3), d = open_pc(r.core, 4);
    int locals[2] = {udpfwd_local_open(r.core), udpfwd_local_open(r.core)};
    CHECK(udpfwd_patch(r.core, a, locals[0]) == 0 && udpfwd_patch(r.core, c, d) == 0);
    start_workers(&r);
    int job = start_ping(r.core, a, 2, 200, 56);
    for (int i = 0; i < 50; i++) {
        CHECK(udpfwd_patch(r.core, b, locals[1]) == 0 && udpfwd_splice(r.core, locals[0], locals[1]) == 0);
        CHECK(udpfwd_unsplice(r.core, locals[0]) == 0 && udpfwd_unpatch(r.core, b) == 0);
    }
    CHECK(udpfwd_patch(r.core, b, locals[1]) == 0 && udpfwd_splice(r.core, locals[0], locals[1]) == 0);
    CHECK(replies_of(r.core, job) > 0);
    stop(&r);
}

/* In every turn come requests, so that answers wait to leave whenever the PC has its timer: its own work goes on. */
static void test_a_flood_does_not_stop_its_jobs(int batches) {
    enum { AT_ONCE = 32, ECHO_BYTES = 98, TURNS = 4000 };
    static unsigned char frames[AT_ONCE][HEADROOM_BYTES + ECHO_BYTES];
    running r = start(); /* nobody runs the workers but we */
    int pc = open_pc(r.core, 1), local = udpfwd_local_open(r.core);
    CHECK(udpfwd_patch(r.core, pc, local) == 0);
    port *flooder = find_port(r.core, local);
    worker *w = flooder->worker;
    const udpfwd_pc_identity identity = identity_of(1), other = identity_of(2);
    const pc_address own = address_of(1), from = address_of(2);
    pc_learn(&((pc_port *)find_port(r.core, pc))->host, &from, other.mac, 1);
    struct iovec flood[AT_ONCE];
    for (int i = 0; i < AT_ONCE; i++) {
        unsigned char *frame = frames[i] + HEADROOM_BYTES, *packet = frame + 14, *message = packet + 20;
        memset(frame, 0, ECHO_BYTES);
        memcpy(frame, identity.mac, 6);
        memcpy(frame + 6, other.mac, 6);
        put16(frame + 12, 0x0800);
        packet[0] = 0x45;
        put16(packet + 2, ECHO_BYTES - 14);
        packet[8] = 64;
        packet[9] = PROTOCOL;
        memcpy(packet + 12, from.bytes, 4);
        memcpy(packet + 16, own.bytes, 4);
        put16(packet + 10, finish_sum(add_to_sum(0, packet, 20)));
        message[0] = 8;
        put16(message + 2, finish_sum(add_to_sum(0, message, ECHO_BYTES - 34)));
        flood[i] = (struct iovec){frame, ECHO_BYTES};
    }
    int job = start_ping(r.core, pc, 1, 3, 56), is_over = 0;
    for (int i = 0; i < TURNS; i++) {
        w->now_ns = 0;
        for (int k = 0; k < batches; k++)
            receive_turn(w, flooder, flood, AT_ONCE);
        w->now_ns = 0;
        serve_due_timers(w);
    }
    udpfwd_pc_event event;
    while (udpfwd_pc_take_event(r.core, &event, NULL, 0) > 0)
        is_over |= event.job == job && event.kind == UDPFWD_PC_FINISHED;
    CHECK(is_over && counters_of(r.core, pc).rx_frames >= TURNS);
    udpfwd_close(r.core);
}

int main(void) {
    test_two_that_are_patched();
    test_through_everything();
    test_pcs_that_go();
    test_what_they_cost();
    test_a_pc_moves_to_another_worker();
    test_a_flood_does_not_stop_its_jobs(1);
    test_a_flood_does_not_stop_its_jobs(4); /* more than leave in a turn */
    puts("pc_port_test: 7 passed");
    return 0;
}
