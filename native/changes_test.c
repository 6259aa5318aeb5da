/* Changes: who has to stop for them, and who goes on. */
#define _GNU_SOURCE
#include "changes.h"

#include "placement.h"
#include "test_core.h"

/* Two patched pairs of ports, each of a worker of its own, and a change that is being made. */
typedef struct {
    running r;
    end ends[4];
} bed;

static bed open_bed(void) {
    bed b = {.r = start()};
    start_workers(&b.r);
    for (int i = 0; i < 4; i += 2) {
        b.ends[i] = open_end(b.r.core);
        b.ends[i + 1] = open_end(b.r.core);
        CHECK(udpfwd_patch(b.r.core, b.ends[i].port, b.ends[i + 1].port) == 0);
    }
    CHECK(worker_of_port(b.r.core, b.ends[0].port) != worker_of_port(b.r.core, b.ends[2].port));
    for (int i = 0; i < 4; i += 2) { /* the workers have begun */
        test_send(b.ends[i].node, b.ends[i].fd, "begun", 5);
        expect(b.ends[i + 1].node, "begun");
    }
    return b;
}

static void close_bed(bed *b) {
    stop(&b->r);
    for (int i = 0; i < 4; i++)
        close_end(&b->ends[i]);
}

static void test_a_change_stops_one_worker(void) {
    bed b = open_bed();
    begin_change(b.r.core);
    CHECK(change_port(b.r.core, b.ends[0].port) != NULL);
    test_send(b.ends[0].node, b.ends[0].fd, "waits", 5);
    for (int i = 0; i < 100; i++) {
        test_send(b.ends[2].node, b.ends[2].fd, "passes", 6);
        expect(b.ends[3].node, "passes");
    }
    CHECK(!test_has_data(b.ends[1].node));
    CHECK(end_change(b.r.core, -EBUSY) == -EBUSY);
    expect(b.ends[1].node, "waits");
    close_bed(&b);
}

static void *suspend_first(void *bed_argument) {
    bed *b = bed_argument;
    CHECK(udpfwd_port_suspend(b->r.core, b->ends[0].port, 1) == 0);
    return NULL;
}

/* Also when they concern different workers. */
static void test_changes_are_made_one_at_a_time(void) {
    bed b = open_bed();
    begin_change(b.r.core);
    pthread_t other;
    CHECK(pthread_create(&other, NULL, suspend_first, &b) == 0);
    port *first = find_port(b.r.core, b.ends[0].port);
    for (int i = 0; i < 100; i++) { /* a change may wait for workers, and no other begins meanwhile */
        CHECK(change_port(b.r.core, b.ends[2].port) != NULL && first->suspended == 0);
        park(b.r.core, first->worker);
    }
    end_change(b.r.core, 0);
    CHECK(pthread_join(other, NULL) == 0 && first->suspended == 1);
    close_bed(&b);
}

static void test_a_port_that_is_none(void) {
    bed b = open_bed();
    uint64_t before = udpfwd_parks(b.r.core);
    for (int id = -1; id < 1000; id++)
        if (find_port(b.r.core, id) == NULL)
            CHECK(udpfwd_port_suspend(b.r.core, id, 1) == -ENOENT && udpfwd_patch(b.r.core, id, id) == -ENOENT);
    CHECK(udpfwd_parks(b.r.core) == before);
    close_bed(&b);
}

/* What is new is joined to nothing, so nobody stops for it; what is joined is changed with one stop, whatever the change has to do. */
static void test_who_stops_how_often(void) {
    bed b = open_bed();
    uint64_t before = udpfwd_parks(b.r.core);
    int hub = udpfwd_bridge_open(b.r.core, UDPFWD_HUB), local = udpfwd_local_open(b.r.core);
    end more = open_end(b.r.core);
    CHECK(hub >= 0 && local >= 0 && udpfwd_parks(b.r.core) == before);
    CHECK(udpfwd_splice(b.r.core, b.ends[0].port, b.ends[2].port) == 0); /* one of the sets moves to the other's worker */
    CHECK(udpfwd_parks(b.r.core) == before + 1);
    CHECK(udpfwd_port_close(b.r.core, b.ends[0].port) == 0); /* and what is left of it back */
    CHECK(udpfwd_parks(b.r.core) == before + 2);
    CHECK(udpfwd_bridge_join(b.r.core, hub, more.port, UDPFWD_ACCESS, 1, 0) == 0);
    CHECK(udpfwd_parks(b.r.core) == before + 3);
    close_end(&more);
    close_bed(&b);
}

/* A link inside this process has its conditions before its first frame, and costs a stop for each end that is joined to something. */
static void test_a_link_is_opened_in_one_step(void) {
    const udpfwd_filter all = {UDPFWD_FILTER_FREQUENCY, UDPFWD_RX | UDPFWD_TX, {-1}, NULL};
    bed b = open_bed();
    int32_t ids[2];
    char error[64];
    CHECK(udpfwd_unpatch(b.r.core, b.ends[0].port) == 0 && udpfwd_unpatch(b.r.core, b.ends[2].port) == 0);
    uint64_t before = udpfwd_parks(b.r.core);
    CHECK(udpfwd_link_open(b.r.core, &all, 1, 1, 0, ids, error, sizeof error) == 0);
    CHECK(udpfwd_parks(b.r.core) == before);
    CHECK(worker_of_port(b.r.core, ids[0]) == worker_of_port(b.r.core, ids[1]));
    CHECK(udpfwd_patch(b.r.core, b.ends[0].port, ids[0]) == 0 && udpfwd_patch(b.r.core, b.ends[2].port, ids[1]) == 0);
    CHECK(udpfwd_parks(b.r.core) == before + 2);
    test_send(b.ends[0].node, b.ends[0].fd, "dropped", 7);
    struct pollfd counted = {.fd = udpfwd_stats_fd(b.r.core), .events = POLLIN};
    for (uint64_t signals; DROPS(counters_of(b.r.core, ids[0]), UDPFWD_DROP_FILTER) == 0;)
        CHECK(poll(&counted, 1, PATIENCE_MS) == 1 && read(counted.fd, &signals, sizeof signals) == sizeof signals);
    CHECK(udpfwd_port_set_filters(b.r.core, ids[0], NULL, 0, 0, UDPFWD_AS_BEFORE, error, sizeof error) == 0);
    test_send(b.ends[0].node, b.ends[0].fd, "passes", 6);
    expect(b.ends[2].node, "passes");
    test_send(b.ends[2].node, b.ends[2].fd, "back", 4);
    expect(b.ends[0].node, "back");
    close_bed(&b);
}

static void test_a_suspended_link(void) {
    bed b = open_bed();
    int32_t ids[2];
    char error[64];
    CHECK(udpfwd_link_open(b.r.core, NULL, 0, 0, 1, ids, error, sizeof error) == 0);
    begin_change(b.r.core);
    for (int i = 0; i < 2; i++)
        CHECK(find_port(b.r.core, ids[i])->suspended == 1);
    end_change(b.r.core, 0);
    close_bed(&b);
}

static void test_a_link_with_a_wrong_filter_leaves_nothing(void) {
    const udpfwd_filter wrong[] = {{UDPFWD_FILTER_LOSS, UDPFWD_RX, {1}, NULL}, {UDPFWD_FILTER_BPF, UDPFWD_TX, {0}, "no such thing"}};
    bed b = open_bed();
    int32_t ids[2];
    char error[64] = "";
    udpfwd_counters none;
    int ports = udpfwd_snapshot(b.r.core, &none, 1);
    CHECK(udpfwd_link_open(b.r.core, wrong, 2, 1, 0, ids, error, sizeof error) == -EINVAL && error[0] != '\0');
    CHECK(udpfwd_link_open(b.r.core, wrong, UDPFWD_MAX_FILTERS + 1, 1, 0, ids, error, sizeof error) == -EINVAL);
    CHECK(udpfwd_snapshot(b.r.core, &none, 1) == ports);
    close_bed(&b);
}

static void test_without_workers_nobody_stops(void) {
    running r = start();
    end a = open_end(r.core), b = open_end(r.core);
    CHECK(udpfwd_patch(r.core, a.port, b.port) == 0 && udpfwd_parks(r.core) == 0);
    udpfwd_close(r.core);
    close_end(&a);
    close_end(&b);
}

int main(void) {
    test_a_change_stops_one_worker();
    test_changes_are_made_one_at_a_time();
    test_a_port_that_is_none();
    test_who_stops_how_often();
    test_a_link_is_opened_in_one_step();
    test_a_suspended_link();
    test_a_link_with_a_wrong_filter_leaves_nothing();
    test_without_workers_nobody_stops();
    puts("changes_test: 8 passed");
    return 0;
}
