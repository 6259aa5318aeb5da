/* Who reads statistics is told of the ports whose counters changed, and of no others. */
#define _GNU_SOURCE
#include "statistics.h"

#include "placement.h"
#include "test_core.h"

enum { IDLE = 1000, PAGE = 64 };

/* --- reading --- */

/* What udpfwd_changed told last, by id. */
typedef struct {
    udpfwd_counters counters[PAGE];
    int count;
} told;

static told read_changed(udpfwd *core) {
    told t;
    t.count = udpfwd_changed(core, t.counters, PAGE);
    return t;
}

static void forget_changed(udpfwd *core) {
    while (read_changed(core).count > 0)
        ;
}

static const udpfwd_counters *find(const told *t, int id) {
    for (int i = 0; i < t->count; i++)
        if (t->counters[i].port_id == id)
            return &t->counters[i];
    return NULL;
}

static void wait_signal(udpfwd *core) {
    uint64_t signals;
    struct pollfd wait = {.fd = udpfwd_stats_fd(core), .events = POLLIN};
    CHECK(poll(&wait, 1, PATIENCE_MS) == 1);
    CHECK(read(wait.fd, &signals, sizeof signals) == sizeof signals);
}

/* The counters of a port when it is told of next. */
static udpfwd_counters next_told(udpfwd *core, int id) {
    for (;;) {
        wait_signal(core);
        told t = read_changed(core);
        const udpfwd_counters *found = find(&t, id);
        if (found != NULL)
            return *found;
    }
}

/* Reads after each signal, until a port has sent so many frames in all; returns how many ports were told of others than 'known'. */
static int read_until_sent(udpfwd *core, int id, uint64_t frames, const int *known, int count) {
    int others = 0;
    for (;;) {
        wait_signal(core);
        told t = read_changed(core);
        for (int i = 0; i < t.count; i++) {
            int is_known = 0;
            for (int k = 0; k < count; k++)
                is_known |= t.counters[i].port_id == known[k];
            others += !is_known;
        }
        const udpfwd_counters *found = find(&t, id);
        if (found != NULL && found->tx_frames == frames)
            return others;
    }
}

/* --- */

static void test_only_ports_that_changed_are_told(void) {
    running r = start();
    for (int i = 0; i < IDLE; i++)
        CHECK(udpfwd_local_open(r.core) >= 0);
    link_ends l = open_link(r.core);
    CHECK(udpfwd_splice(r.core, l.a_tunnel, l.b_tunnel) == 0);
    const int ports[] = {l.a.port, l.a_tunnel, l.b_tunnel, l.b.port};
    int opened = 0;
    for (told t; (t = read_changed(r.core)).count > 0;)
        opened += t.count;
    CHECK(opened == IDLE + 4);
    start_workers(&r);
    CHECK(read_changed(r.core).count == 0);
    for (uint64_t i = 1; i <= 50; i++) {
        test_send(l.a.node, l.a.fd, "over", 4);
        expect(l.b.node, "over");
        CHECK(read_until_sent(r.core, l.b.port, i, ports, 4) == 0);
    }
    stop(&r);
    close_link(&l);
}

static void test_what_happened_is_told_completely_in_the_end(void) {
    enum { FRAMES = 3000 };
    running r = start();
    link_ends l = open_link(r.core);
    CHECK(udpfwd_splice(r.core, l.a_tunnel, l.b_tunnel) == 0);
    const int ports[] = {l.a.port, l.a_tunnel, l.b_tunnel, l.b.port};
    start_workers(&r);
    for (int i = 0; i < FRAMES; i++) {
        test_send(l.a.node, l.a.fd, "over", 4);
        expect(l.b.node, "over");
    }
    CHECK(read_until_sent(r.core, l.b.port, FRAMES, ports, 4) == 0); /* the last of them, too, though nothing follows */
    stop(&r);
    close_link(&l);
}

static void test_a_closed_port_is_told_with_zeros_and_its_id_is_another_ports(void) {
    running r = start();
    end e = open_end(r.core);
    forget_changed(r.core);
    drop(find_port(r.core, e.port), RX, UDPFWD_DROP_EMPTY, 7);
    CHECK(udpfwd_port_close(r.core, e.port) == 0);
    told t = read_changed(r.core);
    const udpfwd_counters *closed = find(&t, e.port);
    CHECK(t.count == 1 && closed != NULL && DROPS(*closed, UDPFWD_DROP_EMPTY) == 0);
    CHECK(read_changed(r.core).count == 0);
    CHECK(udpfwd_local_open(r.core) == e.port);
    t = read_changed(r.core);
    CHECK(t.count == 1 && find(&t, e.port) != NULL);
    udpfwd_close(r.core);
    close_end(&e);
}

static void test_frames_that_came_before_a_port_was_opened_are_told(void) {
    running r = start();
    int node = test_socket(), fd = test_socket();
    test_send(node, fd, "early", 5);
    int id = udpfwd_port_open(r.core, fd, INADDR_LOOPBACK, test_port_of(node));
    told t = read_changed(r.core);
    CHECK(t.count == 1 && DROPS(*find(&t, id), UDPFWD_DROP_UNLINKED) == 1);
    udpfwd_counters now;
    CHECK(udpfwd_port_counters(r.core, id, &now) == 0 && DROPS(now, UDPFWD_DROP_UNLINKED) == 1);
    CHECK(udpfwd_port_counters(r.core, id + 1, &now) == -ENOENT);
    udpfwd_close(r.core);
    close(node);
    close(fd);
}

static void test_a_port_that_moves_to_another_worker_is_told(void) {
    running r = start();
    int first = udpfwd_local_open(r.core), second = udpfwd_local_open(r.core);
    CHECK(worker_of_port(r.core, first) != worker_of_port(r.core, second));
    forget_changed(r.core);
    for (uint64_t round = 1; round <= 3; round++) { /* noted by one worker, it is joined to the other's, and separated again */
        drop(find_port(r.core, first), RX, UDPFWD_DROP_EMPTY, 1);
        drop(find_port(r.core, second), RX, UDPFWD_DROP_EMPTY, 1);
        CHECK(udpfwd_patch(r.core, first, second) == 0);
        drop(find_port(r.core, first), RX, UDPFWD_DROP_EMPTY, 1);
        CHECK(worker_of_port(r.core, first) == worker_of_port(r.core, second));
        CHECK(udpfwd_unpatch(r.core, first) == 0);
        for (int i = 0; i < WORKERS; i++)
            tell_noted(&r.core->workers[i]); /* as they do when they signal */
        told t = read_changed(r.core);
        CHECK(t.count == 2);
        CHECK(DROPS(*find(&t, first), UDPFWD_DROP_EMPTY) == 2 * round && DROPS(*find(&t, second), UDPFWD_DROP_EMPTY) == round);
        CHECK(read_changed(r.core).count == 0);
    }
    udpfwd_close(r.core);
}

static void test_held_frames_are_told_when_they_come_and_when_they_leave(void) {
    running r = start();
    link_ends l = open_link(r.core);
    char error[128];
    const udpfwd_filter delay = {UDPFWD_FILTER_DELAY, UDPFWD_TX, {1000000000, 0}, NULL};
    CHECK(udpfwd_splice(r.core, l.a_tunnel, l.b_tunnel) == 0);
    CHECK(udpfwd_port_set_filters(r.core, l.a_tunnel, &delay, 1, 1, UDPFWD_AS_BEFORE, error, sizeof error) == 0);
    forget_changed(r.core);
    start_workers(&r);
    test_send(l.a.node, l.a.fd, "held", 4);
    udpfwd_counters at = {0};
    while (at.tx_held != 1)
        at = next_told(r.core, l.a_tunnel);
    CHECK(udpfwd_port_set_filters(r.core, l.a_tunnel, NULL, 0, 1, UDPFWD_AS_BEFORE, error, sizeof error) == 0);
    expect(l.b.node, "held");
    while (at.tx_held != 0 || at.tx_frames != 1)
        at = next_told(r.core, l.a_tunnel);
    stop(&r);
    close_link(&l);
}

int main(void) {
    test_only_ports_that_changed_are_told();
    test_what_happened_is_told_completely_in_the_end();
    test_a_closed_port_is_told_with_zeros_and_its_id_is_another_ports();
    test_frames_that_came_before_a_port_was_opened_are_told();
    test_a_port_that_moves_to_another_worker_is_told();
    test_held_frames_are_told_when_they_come_and_when_they_leave();
    puts("statistics_test: 6 passed");
    return 0;
}
