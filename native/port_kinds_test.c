/* Kinds of ports that exist only here: that is all that a new one takes. */
#define _GNU_SOURCE
#include "changes.h"
#include "statistics.h"

#include "test_core.h"

enum { LINE_BYTES = 60 };

/* --- a host inside the core: it answers each frame a while later, so it has a timer and remembers one frame --- */

#define THINKS_NS 1000000u

typedef struct {
    port port;
    timer thinks;
    unsigned char buffer[HEADROOM_BYTES + LINE_BYTES];
    size_t bytes;
} host_port;

static int open_hosts;

static void answer(worker *w, timer *t) {
    host_port *host = (host_port *)((char *)t - offsetof(host_port, thinks));
    struct iovec frame = {host->buffer + HEADROOM_BYTES, host->bytes};
    CHECK(w == host->port.worker);
    receive_turn(w, &host->port, &frame, 1);
    note_change(w);
}

static int host_open(port *p, const port_options *options) {
    if (options->udp_port != 0) /* as one that cannot be */
        return -EADDRNOTAVAIL;
    ((host_port *)p)->thinks.expire = answer;
    open_hosts++;
    return 0;
}

static void host_close(port *p) {
    stop_timer(p->worker, &((host_port *)p)->thinks);
    open_hosts--;
}

static void host_send(worker *w, port *p, const struct iovec *frames, int n) {
    host_port *host = (host_port *)p;
    host->bytes = frames[n - 1].iov_len < LINE_BYTES ? frames[n - 1].iov_len : LINE_BYTES;
    memcpy(host->buffer + HEADROOM_BYTES, frames[n - 1].iov_base, host->bytes);
    count_sent(p, frames, (size_t)n);
    set_timer(w, &host->thinks, turn_time(w) + THINKS_NS);
}

static void host_moved(port *p, worker *from) {
    move_timer(from, p->worker, &((host_port *)p)->thinks);
}

static const port_kind host_kind = {
    .bytes = sizeof(host_port), .open = host_open, .close = host_close, .send = host_send, .moved = host_moved};

static int open_one(udpfwd *core, const port_kind *kind, const port_options *options) {
    begin_change(core);
    return end_change(core, open_port(core, kind, options));
}

static int open_host(udpfwd *core) {
    int id = open_one(core, &host_kind, &(port_options){0});
    CHECK(id >= 0);
    return id;
}

static void test_a_host_inside_the_core(void) {
    running r = start();
    start_workers(&r);
    end node = open_end(r.core);
    int host = open_host(r.core);
    CHECK(udpfwd_patch(r.core, node.port, host) == 0);
    test_send(node.node, node.fd, "are you there?", 14);
    expect(node.node, "are you there?");
    udpfwd_counters counters = counters_of(r.core, host);
    CHECK(counters.tx_frames == 1 && counters.rx_frames == 1 && counters.rx_bytes == 14);
    CHECK(udpfwd_port_close(r.core, host) == 0 && open_hosts == 0);
    stop(&r);
    close_end(&node);
}

/* It works with everything that there is: bridges, filters, splices, captures know nothing of kinds. */
static void test_hosts_on_a_hub_with_a_delay(void) {
    const udpfwd_filter delay = {UDPFWD_FILTER_DELAY, UDPFWD_RX | UDPFWD_TX, {1000}, NULL};
    running r = start();
    start_workers(&r);
    end node = open_end(r.core);
    int hub = udpfwd_bridge_open(r.core, UDPFWD_HUB), near = udpfwd_local_open(r.core), far = udpfwd_local_open(r.core);
    int host = open_host(r.core);
    char error[64];
    CHECK(udpfwd_port_set_filters(r.core, near, &delay, 1, 1, 0, error, sizeof error) == 0);
    CHECK(udpfwd_bridge_join(r.core, hub, node.port, UDPFWD_ACCESS, 1, 0) == 0);
    CHECK(udpfwd_bridge_join(r.core, hub, near, UDPFWD_ACCESS, 1, 0) == 0);
    CHECK(udpfwd_patch(r.core, far, host) == 0 && udpfwd_splice(r.core, near, far) == 0);
    test_send(node.node, node.fd, "through a hub", 13);
    expect(node.node, "through a hub");
    stop(&r);
    CHECK(open_hosts == 0);
    close_end(&node);
}

/* A port that changes its worker while its timer is set answers all the same. */
static void test_a_host_moves_to_another_worker(void) {
    running r = start();
    end ends[3] = {open_end(r.core), open_end(r.core), open_end(r.core)};
    int host = open_host(r.core);
    CHECK(udpfwd_patch(r.core, ends[0].port, ends[2].port) == 0 && udpfwd_patch(r.core, ends[1].port, host) == 0);
    host_port *there = (host_port *)find_port(r.core, host);
    worker *before = there->port.worker;
    CHECK(before != find_port(r.core, ends[0].port)->worker);
    test_send(ends[1].node, ends[1].fd, "soon", 4);
    serve_port(before, find_port(r.core, ends[1].port));
    CHECK(is_set(&there->thinks));
    CHECK(udpfwd_splice(r.core, ends[0].port, host) == 0 && there->port.worker != before);
    start_workers(&r);
    expect(ends[1].node, "soon");
    stop(&r);
    for (int i = 0; i < 3; i++)
        close_end(&ends[i]);
}

static void test_a_port_that_cannot_be_opened(void) {
    running r = start();
    CHECK(open_one(r.core, &host_kind, &(port_options){.udp_port = 1}) == -EADDRNOTAVAIL);
    udpfwd_counters none;
    CHECK(udpfwd_snapshot(r.core, &none, 1) == 0 && open_hosts == 0);
    CHECK(udpfwd_port_open(r.core, -1, INADDR_LOOPBACK, 9) == -EBADF);
    udpfwd_close(r.core);
}

/* --- a source above ports: frames of many come in at one socket, and the first byte says whose each is --- */

typedef struct {
    source source; /* first */
    port *ports[2];
} trunk;

static void serve_trunk(worker *w, source *s) {
    trunk *t = (trunk *)s;
    unsigned char *buffer = w->in_iov[0].iov_base;
    ssize_t size = recv(s->fd, buffer, UDPFWD_MAX_FRAME_BYTES, MSG_DONTWAIT);
    if (size < 2 || buffer[0] > 1)
        return;
    struct iovec frame = {buffer + 1, (size_t)size - 1};
    receive_turn(w, t->ports[buffer[0]], &frame, 1);
    note_change(w);
}

static void test_a_source_above_ports(void) {
    running r = start();
    end nodes[2] = {open_end(r.core), open_end(r.core)};
    trunk t = {.source = {.fd = test_socket(), .serve = serve_trunk}};
    int other = test_socket();
    for (int i = 0; i < 2; i++) {
        int port_id = udpfwd_local_open(r.core);
        CHECK(udpfwd_patch(r.core, port_id, nodes[i].port) == 0);
        t.ports[i] = find_port(r.core, port_id);
    }
    worker *w = t.ports[0]->worker;
    if (t.ports[1]->worker != w) /* a socket serves ports of one worker: they are joined */
        CHECK(udpfwd_splice(r.core, t.ports[0]->id, t.ports[1]->id) == 0);
    w = t.ports[0]->worker;
    CHECK(watch(w, &t.source) == 0 && t.ports[1]->worker == w);
    start_workers(&r);
    test_send(other, t.source.fd, "\1second", 7);
    expect(nodes[1].node, "second");
    test_send(other, t.source.fd, "\0first", 6);
    expect(nodes[0].node, "first");
    begin_change(r.core);
    park(r.core, w);
    unwatch(w, &t.source);
    end_change(r.core, 0);
    stop(&r);
    close(t.source.fd);
    close(other);
    for (int i = 0; i < 2; i++)
        close_end(&nodes[i]);
}

int main(void) {
    test_a_host_inside_the_core();
    test_hosts_on_a_hub_with_a_delay();
    test_a_host_moves_to_another_worker();
    test_a_port_that_cannot_be_opened();
    test_a_source_above_ports();
    puts("port_kinds_test: 5 passed");
    return 0;
}
