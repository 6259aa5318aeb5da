/* Flows of PCs in a core with running workers: batches of them, and PCs that move and go meanwhile. */
#define _GNU_SOURCE
#include "pc_bytes.h"
#include "traffic.h"

#include "test_core.h"

enum { PCS = 20, FLOWS = PCS * (PCS - 1) };

static int open_pc(udpfwd *core, int number) {
    const udpfwd_pc_identity identity = {.mac = {0, 0x50, 0x79, 0x66, (uint8_t)(number >> 8), (uint8_t)number}, .mtu = 1500, .name = "PC"};
    const pc_address address = ipv4_address(0x0a000000u + (uint32_t)number), none = {0};
    int pc = udpfwd_pc_open(core, &identity);
    CHECK(pc >= 0 && udpfwd_pc_set_address(core, pc, &address, 16, &none) == 0);
    return pc;
}

static udpfwd_traffic_flow flow_between(int sender, int receiver, int target, uint64_t packets) {
    return (udpfwd_traffic_flow){.sender = sender,
                                 .receiver = receiver,
                                 .target = ipv4_address(0x0a000000u + (uint32_t)target),
                                 .port = UDPFWD_TRAFFIC_PORT,
                                 .echo = 1,
                                 .data_bytes = 100,
                                 .burst = 1,
                                 .interval_ps = 1000000000, /* 1000 in a second */
                                 .duration_ns = 3600ull * 1000000000,
                                 .packets = packets};
}

static void wait_until_done(udpfwd *core, const udpfwd_traffic_handle *handles, int n, udpfwd_traffic_result *results) {
    const int pause_ms = 1 + n / 2; /* workers stand still while they are read */
    for (int i = 0, waited_ms = 0; i < n; waited_ms += pause_ms) {
        CHECK(udpfwd_traffic_read(core, handles, n, results) == 0 && waited_ms < PATIENCE_MS);
        for (i = 0; i < n && results[i].state == UDPFWD_TRAFFIC_DONE && results[i].returned.packets == results[i].sent;)
            i++;
        if (i < n)
            usleep((useconds_t)(1000 * pause_ms));
    }
}

static void test_all_pairs_on_a_switch(void) {
    running r = start();
    start_workers(&r);
    int pcs[PCS], sw = udpfwd_bridge_open(r.core, UDPFWD_SWITCH), n = 0, failed;
    static udpfwd_traffic_flow flows[FLOWS];
    static udpfwd_traffic_handle handles[FLOWS];
    static udpfwd_traffic_result results[FLOWS];
    for (int i = 0; i < PCS; i++) {
        pcs[i] = open_pc(r.core, i + 1);
        CHECK(udpfwd_bridge_join(r.core, sw, pcs[i], UDPFWD_ACCESS, 1, 0) == 0);
    }
    for (int i = 0; i < PCS; i++)
        for (int j = 0; j < PCS; j++)
            if (i != j)
                flows[n++] = flow_between(pcs[i], pcs[j], j + 1, 10);
    CHECK(udpfwd_traffic_start(r.core, flows, FLOWS, handles, &failed) == 0);
    wait_until_done(r.core, handles, FLOWS, results);
    for (int i = 0; i < FLOWS; i++)
        CHECK(results[i].sent == 10 && results[i].arrived.packets == 10 && results[i].counting == UDPFWD_TRAFFIC_COUNTED);
    CHECK(udpfwd_traffic_stop(r.core, handles, FLOWS) == 0 && udpfwd_traffic_stop(r.core, handles, FLOWS) == 0);
    CHECK(udpfwd_traffic_read(r.core, handles, FLOWS, results) == 0 && results[0].state == UDPFWD_TRAFFIC_GONE);
    stop(&r);
}

/* One PC sends to more neighbours than its cache has room for, and they all to it, again and again: nothing is lost. It is done with some
 * at a time, because the frames that wait for neighbours have a bound, and a busy machine may let many flows begin at once. */
static void test_more_neighbours_than_a_cache_has(void) {
    enum { AT_ONCE = 34, GROUPS = 9, NEIGHBOURS = AT_ONCE * GROUPS, ROUNDS = 3 };
    _Static_assert(NEIGHBOURS > UDPFWD_PC_MAX_NEIGHBOURS + AT_ONCE, "what is asked for in a round is forgotten in it");
    running r = start();
    start_workers(&r);
    int sw = udpfwd_bridge_open(r.core, UDPFWD_SWITCH), centre = open_pc(r.core, 1), pcs[NEIGHBOURS], failed;
    CHECK(udpfwd_bridge_join(r.core, sw, centre, UDPFWD_ACCESS, 1, 0) == 0);
    for (int i = 0; i < NEIGHBOURS; i++) {
        pcs[i] = open_pc(r.core, i + 2);
        CHECK(udpfwd_bridge_join(r.core, sw, pcs[i], UDPFWD_ACCESS, 1, 0) == 0);
    }
    udpfwd_traffic_flow flows[2 * AT_ONCE];
    udpfwd_traffic_handle handles[2 * AT_ONCE];
    udpfwd_traffic_result results[2 * AT_ONCE];
    for (int group = 0; group < ROUNDS * GROUPS; group++) {
        for (int i = 0; i < AT_ONCE; i++) {
            int number = group % GROUPS * AT_ONCE + i;
            flows[2 * i] = flow_between(centre, pcs[number], number + 2, 1);
            flows[2 * i + 1] = flow_between(pcs[number], centre, 1, 1);
        }
        CHECK(udpfwd_traffic_start(r.core, flows, 2 * AT_ONCE, handles, &failed) == 0);
        wait_until_done(r.core, handles, 2 * AT_ONCE, results);
        for (int i = 0; i < 2 * AT_ONCE; i++)
            CHECK(results[i].sent == 1 && results[i].arrived.packets == 1);
        CHECK(udpfwd_traffic_stop(r.core, handles, 2 * AT_ONCE) == 0);
    }
    stop(&r);
}

/* One that cannot be started takes the others back. */
static void test_all_or_none(void) {
    running r = start();
    start_workers(&r);
    int a = open_pc(r.core, 1), b = open_pc(r.core, 2), local = udpfwd_local_open(r.core), failed = -1;
    CHECK(udpfwd_patch(r.core, a, b) == 0);
    udpfwd_traffic_flow flows[3] = {flow_between(a, b, 2, 5), flow_between(b, a, 1, 5), flow_between(a, local, 3, 5)};
    udpfwd_traffic_handle handles[3];
    CHECK(udpfwd_traffic_start(r.core, flows, 3, handles, &failed) == -ENOENT && failed == 2);
    flows[2] = flow_between(a, 9999, 3, 5);
    CHECK(udpfwd_traffic_start(r.core, flows, 3, handles, &failed) == -ENOENT && failed == 2);
    flows[1].burst = 0;
    CHECK(udpfwd_traffic_start(r.core, flows, 3, handles, &failed) == -EINVAL && failed == 1);
    udpfwd_pc_state state;
    CHECK(udpfwd_pc_read(r.core, a, &state) == 0 && state.timers == 0);
    CHECK(udpfwd_traffic_start(r.core, flows, 1, handles, &failed) == 0);
    udpfwd_traffic_result result;
    wait_until_done(r.core, handles, 1, &result);
    CHECK(result.sent == 5);
    CHECK(udpfwd_traffic_listen(r.core, local, 1) == -ENOENT && udpfwd_traffic_heard(r.core, 9999, NULL, 0) == -ENOENT);
    CHECK(udpfwd_traffic_listen(r.core, b, 1) == 0 && udpfwd_traffic_listen(r.core, b, 1) == -EBUSY);
    CHECK(udpfwd_traffic_heard(r.core, b, NULL, 0) == 0 && udpfwd_traffic_listen(r.core, b, 0) == 0);
    stop(&r);
}

/* Both workers, PCs that change theirs, and PCs that are closed and whose ports are others' then. */
static void test_pcs_that_move_and_go(void) {
    running r = start();
    int a = open_pc(r.core, 1), b = open_pc(r.core, 2), c = open_pc(r.core, 3), d = open_pc(r.core, 4), failed;
    int locals[2] = {udpfwd_local_open(r.core), udpfwd_local_open(r.core)};
    CHECK(udpfwd_patch(r.core, a, locals[0]) == 0 && udpfwd_patch(r.core, c, d) == 0);
    start_workers(&r);
    const udpfwd_traffic_flow flows[2] = {flow_between(a, b, 2, 0), flow_between(c, d, 4, 0)};
    udpfwd_traffic_handle handles[2];
    udpfwd_traffic_result results[2];
    CHECK(udpfwd_traffic_start(r.core, flows, 2, handles, &failed) == 0);
    for (int i = 0; i < 50; i++) {
        CHECK(udpfwd_patch(r.core, b, locals[1]) == 0 && udpfwd_splice(r.core, locals[0], locals[1]) == 0);
        CHECK(udpfwd_traffic_read(r.core, handles, 2, results) == 0);
        CHECK(udpfwd_unsplice(r.core, locals[0]) == 0 && udpfwd_unpatch(r.core, b) == 0);
    }
    CHECK(udpfwd_patch(r.core, b, locals[1]) == 0 && udpfwd_splice(r.core, locals[0], locals[1]) == 0);
    for (int waited_ms = 0; results[0].arrived.packets == 0 || results[1].arrived.packets == 0; waited_ms++) {
        CHECK(udpfwd_traffic_read(r.core, handles, 2, results) == 0 && waited_ms < PATIENCE_MS);
        usleep(1000);
    }
    CHECK(udpfwd_port_close(r.core, b) == 0 && udpfwd_port_close(r.core, c) == 0);
    CHECK(open_pc(r.core, 5) >= 0 && open_pc(r.core, 6) >= 0);
    CHECK(udpfwd_traffic_read(r.core, handles, 2, results) == 0);
    CHECK(results[0].state == UDPFWD_TRAFFIC_SENDING && results[0].counting == UDPFWD_TRAFFIC_UNCOUNTED);
    CHECK(results[1].state == UDPFWD_TRAFFIC_GONE && results[1].arrived.packets > 0);
    CHECK(udpfwd_traffic_stop(r.core, handles, 2) == 0);
    stop(&r);
}

int main(void) {
    test_all_pairs_on_a_switch();
    test_more_neighbours_than_a_cache_has();
    test_all_or_none();
    test_pcs_that_move_and_go();
    puts("pc_traffic_calls_test: 4 passed");
    return 0;
}
