/* Which links the kernel serves, and from when to when. No worker runs, so each look at them is one that a test takes. */
#define _GNU_SOURCE
#include "flows.h"
#include "statistics.h"

#include "test_core.h"

enum { BOTH = UDPFWD_RX | UDPFWD_TX };

/* Has the core look at all ports; returns the directions in which it left those of a node's port to the kernel. */
static uint32_t look(udpfwd *core, int at) {
    for (int id = 0; id < core->port_slots; id++)
        if (core->ports[id] != NULL)
            offload_from(core->ports[id]->worker, core->ports[id]);
    return counters_of(core, at).offloaded;
}

/* A change that has just been made ended the flows of a link, and they stay ended. */
static void check_ended(udpfwd *core, const link_ends *l) {
    CHECK(counters_of(core, l->a.port).offloaded == 0 && look(core, l->a.port) == 0);
}

static void check_begins(udpfwd *core, const link_ends *l) {
    CHECK(look(core, l->a.port) == BOTH && look(core, l->b.port) == BOTH);
}

static void test_whatever_looks_at_frames_ends_the_flows(void) {
    udpfwd *core;
    char error[128];
    CHECK(udpfwd_open(1, STATS_INTERVAL_US, &core) == 0 && udpfwd_offload(core) == 0);
    link_ends l = open_link(core);
    CHECK(udpfwd_splice(core, l.a_tunnel, l.b_tunnel) == 0);
    end source = open_end(core), sink = open_end(core);
    const int way[] = {l.a.port, l.a_tunnel, l.b_tunnel, l.b.port};
    const udpfwd_filter filter = {UDPFWD_FILTER_LOSS, BOTH, {0}, NULL};
    const udpfwd_capture_options options = {UDPFWD_PCAP, BOTH, 64, 65536, NULL};
    for (int i = 0; i < 4; i++) {
        check_begins(core, &l);
        CHECK(udpfwd_port_set_filters(core, way[i], &filter, 1, 1, UDPFWD_AS_BEFORE, error, sizeof error) == 0);
        check_ended(core, &l);
        CHECK(udpfwd_port_set_filters(core, way[i], NULL, 0, 1, 1, error, sizeof error) == 0); /* suspended */
        check_ended(core, &l);
        CHECK(udpfwd_port_suspend(core, way[i], 0) == 0);
        check_begins(core, &l);
        CHECK(udpfwd_port_suspend(core, way[i], 1) == 0);
        check_ended(core, &l);
        CHECK(udpfwd_port_suspend(core, way[i], 0) == 0);
        check_begins(core, &l);
        udpfwd_capture *capture;
        CHECK(udpfwd_capture_open(core, way[i], &options, &capture, error, sizeof error) == 0);
        check_ended(core, &l);
        CHECK(udpfwd_capture_stop(core, capture) == 0);
        udpfwd_capture_close(capture);
    }
    check_begins(core, &l);
    CHECK(udpfwd_probe_attach(core, source.port, sink.port, l.a_tunnel, l.b_tunnel) == 0);
    CHECK(counters_of(core, l.a.port).offloaded == 0);
    CHECK(look(core, l.a.port) == UDPFWD_TX && look(core, source.port) == 0); /* what the far node sends passes no sink */
    CHECK(udpfwd_port_close(core, sink.port) == 0);
    check_begins(core, &l);
    CHECK(look(core, source.port) == 0);
    CHECK(udpfwd_probe_detach(core, source.port, sink.port) == 0);
    check_begins(core, &l);
    CHECK(udpfwd_unsplice(core, l.a_tunnel) == 0);
    CHECK(counters_of(core, l.a.port).offloaded == 0 && counters_of(core, l.b.port).offloaded == 0);
    check_begins(core, &l); /* from the tunnel's socket to the node's, and the other way round: four flows now */
    CHECK(core->flows == 4);
    CHECK(udpfwd_splice(core, l.a_tunnel, l.b_tunnel) == 0);
    CHECK(core->flows == 0);
    check_begins(core, &l);
    CHECK(udpfwd_unpatch(core, l.b.port) == 0);
    check_ended(core, &l);
    CHECK(udpfwd_patch(core, l.b.port, l.b_tunnel) == 0);
    check_begins(core, &l);
    CHECK(udpfwd_port_close(core, l.a_tunnel) == 0);
    check_ended(core, &l);
    CHECK(core->flows == 2); /* between the other tunnel's socket and its node */
    udpfwd_close(core);
    close_link(&l);
    close_end(&source);
    close_end(&sink);
}

/* Two nodes' ends that are patched. */
typedef struct {
    udpfwd *core;
    end a, b;
} patched;

static patched open_patched(void) {
    patched p;
    CHECK(udpfwd_open(1, STATS_INTERVAL_US, &p.core) == 0 && udpfwd_offload(p.core) == 0);
    p.a = open_end(p.core);
    p.b = open_end(p.core);
    CHECK(udpfwd_patch(p.core, p.a.port, p.b.port) == 0);
    return p;
}

static void close_patched(patched *p) {
    udpfwd_close(p->core);
    close_end(&p->a);
    close_end(&p->b);
}

/* The worker has fallen behind so far that its turns never empty the socket. */
static void test_a_socket_that_is_never_empty(void) {
    patched t = open_patched();
    port *p = find_port(t.core, t.a.port);
    expect_flows(p->worker);
    test_send(t.a.node, t.a.fd, "first", 5);
    look_at_flows(p->worker, &p->worker->look);
    CHECK(counters_of(t.core, t.a.port).offloaded == UDPFWD_TX);
    p->turn_frames = 1;
    test_send(t.a.node, t.a.fd, "second", 6);
    serve_port(p->worker, p);
    look_at_flows(p->worker, &p->worker->look);
    CHECK(counters_of(t.core, t.a.port).offloaded == UDPFWD_TX && p->worker->ports_changed);
    p->offload_waits_ns -= 1000000000; /* a second passes */
    look_at_flows(p->worker, &p->worker->look);
    CHECK(counters_of(t.core, t.a.port).offloaded == BOTH && !p->worker->ports_changed);
    serve_port(p->worker, p);
    expect(t.b.node, "first");
    expect(t.b.node, "second"); /* nothing is lost for that */
    close_patched(&t);
}

/* A frame that the kernel was moving when its flow ended is counted when the next one begins. */
static void test_a_frame_that_is_counted_late(void) {
    patched t = open_patched();
    CHECK(look(t.core, t.a.port) == BOTH);
    test_send(t.a.node, t.a.fd, "counted", 7);
    CHECK(udpfwd_port_suspend(t.core, t.a.port, 1) == 0);
    offload_entry *entry = &t.core->kernel.entries[test_port_of(t.a.fd)];
    __atomic_add_fetch(&entry->frames, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&entry->bytes, 4, __ATOMIC_RELAXED);
    CHECK(counters_of(t.core, t.a.port).rx_frames == 1);
    CHECK(udpfwd_port_suspend(t.core, t.a.port, 0) == 0 && look(t.core, t.a.port) == BOTH);
    udpfwd_counters in = counters_of(t.core, t.a.port), out = counters_of(t.core, t.b.port);
    CHECK(in.rx_frames == 2 && in.rx_bytes == 11 && out.tx_frames == 2 && out.tx_bytes == 11);
    /* What the port's successor with the same number gets is its own. */
    CHECK(udpfwd_port_close(t.core, t.a.port) == 0);
    t.a.port = udpfwd_port_open(t.core, t.a.fd, INADDR_LOOPBACK, test_port_of(t.a.node));
    CHECK(udpfwd_patch(t.core, t.a.port, t.b.port) == 0 && look(t.core, t.a.port) == BOTH);
    CHECK(counters_of(t.core, t.a.port).rx_frames == 0 && counters_of(t.core, t.b.port).tx_frames == 2);
    close_patched(&t);
}

static void test_frames_that_wait_are_not_overtaken(void) {
    char error[128];
    patched t = open_patched();
    port *p = find_port(t.core, t.a.port);
    test_send(t.a.node, t.a.fd, "", 0);
    test_send(t.a.node, t.a.fd, "waits in the socket", 19);
    CHECK(look(t.core, t.a.port) == UDPFWD_TX);
    serve_port(p->worker, p);
    expect(t.b.node, "waits in the socket");
    CHECK(counters_of(t.core, t.a.port).offloaded == BOTH); /* its turn looked again */
    const udpfwd_filter delay = {UDPFWD_FILTER_DELAY, UDPFWD_RX, {1000000, 0}, NULL};
    CHECK(udpfwd_port_set_filters(t.core, t.a.port, &delay, 1, 1, UDPFWD_AS_BEFORE, error, sizeof error) == 0);
    test_send(t.a.node, t.a.fd, "is held", 7);
    serve_port(p->worker, p);
    CHECK(look(t.core, t.a.port) == UDPFWD_TX);
    CHECK(udpfwd_port_set_filters(t.core, t.a.port, NULL, 0, 1, UDPFWD_AS_BEFORE, error, sizeof error) == 0);
    CHECK(look(t.core, t.a.port) == UDPFWD_TX); /* it is due, but has not left */
    p->worker->ports_changed = 1;
    look_at_flows(p->worker, &p->worker->look);
    CHECK(p->worker->ports_changed && is_set(&p->worker->look)); /* so it looks again */
    release_due(p->worker);
    expect(t.b.node, "is held");
    look_at_flows(p->worker, &p->worker->look);
    CHECK(counters_of(t.core, t.a.port).offloaded == BOTH && !p->worker->ports_changed);
    close_patched(&t);
}

/* Which ports are told of, as a bit for each id. */
static uint64_t changed(udpfwd *core) {
    udpfwd_counters counters[64];
    uint64_t ids = 0;
    tell_noted(&core->workers[0]); /* as it does when it signals */
    int count = udpfwd_changed(core, counters, 64);
    for (int i = 0; i < count; i++)
        ids |= 1ull << counters[i].port_id;
    return ids;
}

/* The kernel says only that it moved frames; whose these were the worker finds. */
static void test_statistics_tell_whose_frames_the_kernel_moved(void) {
    patched t = open_patched();
    worker *w = &t.core->workers[0];
    end c = open_end(t.core), d = open_end(t.core);
    CHECK(udpfwd_patch(t.core, c.port, d.port) == 0);
    uint64_t first = 1ull << t.a.port | 1ull << t.b.port, second = 1ull << c.port | 1ull << d.port;
    CHECK(changed(t.core) == (first | second)); /* opened */
    CHECK(look(t.core, t.a.port) == BOTH && changed(t.core) == (first | second)); /* who moves their frames has changed */
    look_at_flows(w, &w->look);
    CHECK(changed(t.core) == 0);
    test_send(c.node, c.fd, "kernel", 6);
    expect(d.node, "kernel");
    CHECK(changed(t.core) == 0);
    look_at_flows(w, &w->look);
    CHECK(changed(t.core) == second && counters_of(t.core, d.port).tx_frames == 1);
    test_send(t.b.node, t.b.fd, "kernel", 6);
    test_send(t.b.node, t.b.fd, "kernel", 6);
    expect(t.a.node, "kernel");
    expect(t.a.node, "kernel");
    look_at_flows(w, &w->look);
    CHECK(changed(t.core) == first && counters_of(t.core, t.a.port).tx_frames == 2);
    look_at_flows(w, &w->look);
    CHECK(changed(t.core) == 0);
    CHECK(udpfwd_port_suspend(t.core, c.port, 1) == 0);
    CHECK(changed(t.core) == second); /* the kernel moves their frames no more */
    close_end(&c);
    close_end(&d);
    close_patched(&t);
}

int main(void) {
    if (!can_offload("offload_flows_test"))
        return 0;
    test_whatever_looks_at_frames_ends_the_flows();
    test_a_socket_that_is_never_empty();
    test_a_frame_that_is_counted_late();
    test_frames_that_wait_are_not_overtaken();
    test_statistics_tell_whose_frames_the_kernel_moved();
    printf("flows_test: 5 passed\n");
    return 0;
}
