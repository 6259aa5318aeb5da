/* What the core promises, on real sockets with a real worker thread. */
#define _GNU_SOURCE
#include "placement.h"
#include "test_core.h"

static void test_frames_cross_a_patch_both_ways(void) {
    running r = start();
    end a = open_end(r.core), b = open_end(r.core);
    CHECK(udpfwd_patch(r.core, a.port, b.port) == 0);
    start_workers(&r);
    test_send(a.node, a.fd, "to b", 4);
    expect(b.node, "to b");
    test_send(b.node, b.fd, "to a!", 5);
    expect(a.node, "to a!");
    stop(&r);
    close_end(&a);
    close_end(&b);
}

static void test_frames_cross_a_tunnel_with_and_without_splice(void) {
    running r = start();
    link_ends l = open_link(r.core);
    start_workers(&r);
    test_send(l.a.node, l.a.fd, "sockets", 7);
    expect(l.b.node, "sockets");
    CHECK(udpfwd_splice(r.core, l.a_tunnel, l.b_tunnel) == 0);
    test_send(l.a.node, l.a.fd, "spliced", 7);
    expect(l.b.node, "spliced");
    test_send(l.b.node, l.b.fd, "back", 4);
    expect(l.a.node, "back");
    udpfwd_counters a = counters_of(r.core, l.a_tunnel), b = counters_of(r.core, l.b_tunnel);
    CHECK(a.tx_frames == 2 && a.tx_bytes == 14 && b.rx_frames == 2 && b.rx_bytes == 14);
    CHECK(b.tx_frames == 1 && a.rx_frames == 1);
    /* The sockets of spliced tunnel ports are still there for a datagram from the real remote. */
    CHECK(udpfwd_unsplice(r.core, l.b_tunnel) == 0);
    test_send(l.a.node, l.a.fd, "sockets again", 13);
    expect(l.b.node, "sockets again");
    stop(&r);
    close_link(&l);
}

static void test_a_local_link_has_no_sockets(void) {
    running r = start();
    end a = open_end(r.core), b = open_end(r.core);
    int near = udpfwd_local_open(r.core), far = udpfwd_local_open(r.core);
    CHECK(near >= 0 && far >= 0);
    CHECK(udpfwd_patch(r.core, a.port, near) == 0 && udpfwd_patch(r.core, b.port, far) == 0);
    start_workers(&r);
    test_send(a.node, a.fd, "too early", 9);
    while (counters_of(r.core, near).tx_drops[UDPFWD_DROP_UNLINKED] == 0)
        usleep(100);
    CHECK(udpfwd_splice(r.core, near, far) == 0);
    CHECK(worker_of_port(r.core, a.port) == worker_of_port(r.core, b.port));
    test_send(a.node, a.fd, "to b", 4);
    expect(b.node, "to b");
    test_send(b.node, b.fd, "to a!", 5);
    expect(a.node, "to a!");
    CHECK(udpfwd_port_close(r.core, far) == 0);
    test_send(a.node, a.fd, "too late", 8);
    while (counters_of(r.core, near).tx_drops[UDPFWD_DROP_UNLINKED] == 1)
        usleep(100);
    CHECK(udpfwd_port_close(r.core, near) == 0);
    stop(&r);
    close_end(&a);
    close_end(&b);
}

static void test_order_and_content_of_a_burst_of_mixed_sizes(void) {
    enum { FRAMES = 300 };
    static const size_t sizes[] = {60, 60, 60, 1514, 1514, 1, 1514, 60, 9000, 60};
    static unsigned char sent[UDPFWD_MAX_FRAME_BYTES], got[UDPFWD_MAX_FRAME_BYTES];
    running r = start();
    end a = open_end(r.core), b = open_end(r.core);
    int bytes = 4 << 20;
    setsockopt(b.node, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    CHECK(udpfwd_patch(r.core, a.port, b.port) == 0);
    start_workers(&r);
    for (int burst = 0; burst < 10; burst++) {
        for (int i = 0; i < FRAMES / 10; i++) {
            memset(sent, burst * 30 + i, sizeof sent);
            test_send(a.node, a.fd, sent, sizes[i % 10]);
        }
        for (int i = 0; i < FRAMES / 10; i++) {
            memset(sent, burst * 30 + i, sizeof sent);
            CHECK(test_receive(b.node, got, sizeof got) == (ssize_t)sizes[i % 10]);
            CHECK(memcmp(sent, got, sizes[i % 10]) == 0);
        }
    }
    WAIT_FOR(counters_of(r.core, b.port).tx_frames == FRAMES); /* they are counted after they were sent */
    stop(&r);
    close_end(&a);
    close_end(&b);
}

static void test_bad_datagrams_are_counted_and_harmless(void) {
    static unsigned char large[UDPFWD_MAX_FRAME_BYTES + 1];
    running r = start();
    end a = open_end(r.core), b = open_end(r.core);
    int stranger = test_socket();
    CHECK(udpfwd_patch(r.core, a.port, b.port) == 0);
    start_workers(&r);
    test_send(a.node, a.fd, "", 0);
    test_send(a.node, a.fd, large, sizeof large);
    test_send(stranger, a.fd, "spoofed", 7); /* not from the remote: the kernel keeps it away */
    test_send(a.node, a.fd, large, UDPFWD_MAX_FRAME_BYTES);
    CHECK(test_receive(b.node, large, sizeof large) == UDPFWD_MAX_FRAME_BYTES);
    udpfwd_counters counters = counters_of(r.core, a.port);
    CHECK(DROPS(counters, UDPFWD_DROP_EMPTY) == 1);
    CHECK(DROPS(counters, UDPFWD_DROP_OVERSIZE) == 1);
    CHECK(counters.rx_frames == 1);
    CHECK(!test_has_data(b.node));
    stop(&r);
    close(stranger);
    close_end(&a);
    close_end(&b);
}

static void test_what_waited_before_the_port_was_opened_is_not_forwarded(void) {
    running r = start();
    end b = open_end(r.core);
    int node = test_socket(), fd = test_socket(), stranger = test_socket();
    test_send(stranger, fd, "early", 5);
    int port = udpfwd_port_open(r.core, fd, INADDR_LOOPBACK, test_port_of(node));
    CHECK(port >= 0 && udpfwd_patch(r.core, port, b.port) == 0);
    start_workers(&r);
    test_send(node, fd, "real", 4);
    expect(b.node, "real");
    CHECK(DROPS(counters_of(r.core, port), UDPFWD_DROP_UNLINKED) == 1);
    stop(&r);
    close(node);
    close(fd);
    close(stranger);
    close_end(&b);
}

static void test_a_peer_that_is_not_up_yet(void) {
    running r = start();
    end a = open_end(r.core);
    int late = test_socket(), fd = test_socket();
    uint16_t late_port = test_port_of(late);
    close(late); /* the port is known and nobody listens there */
    int to_late = udpfwd_port_open(r.core, fd, INADDR_LOOPBACK, late_port);
    CHECK(to_late >= 0 && udpfwd_patch(r.core, a.port, to_late) == 0);
    start_workers(&r);
    while (counters_of(r.core, to_late).refused == 0) {
        test_send(a.node, a.fd, "lost", 4);
        usleep(1000);
    }
    late = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(late_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CHECK(bind(late, (struct sockaddr *)&address, sizeof address) == 0);
    test_send(a.node, a.fd, "here", 4);
    char data[8];
    CHECK(test_receive(late, data, sizeof data) == 4);
    stop(&r);
    close(late);
    close(fd);
    close_end(&a);
}

static void test_an_unlinked_port_drains_and_counts(void) {
    running r = start();
    end a = open_end(r.core), b = open_end(r.core);
    start_workers(&r);
    test_send(a.node, a.fd, "x", 1);
    while (DROPS(counters_of(r.core, a.port), UDPFWD_DROP_UNLINKED) == 0)
        usleep(100);
    CHECK(udpfwd_patch(r.core, a.port, b.port) == 0);
    test_send(a.node, a.fd, "y", 1);
    expect(b.node, "y");
    CHECK(udpfwd_port_close(r.core, b.port) == 0);
    test_send(a.node, a.fd, "z", 1);
    while (DROPS(counters_of(r.core, a.port), UDPFWD_DROP_UNLINKED) == 1)
        usleep(100);
    stop(&r);
    close_end(&a);
    close_end(&b);
}

static void test_a_loop_of_splices_ends(void) {
    running r = start();
    end node = open_end(r.core);
    /* a ~ b and c ~ d spliced, b - c and d - a patched: a frame that gets in never gets out. */
    int fds[4], ports[4];
    for (int i = 0; i < 4; i++) {
        fds[i] = test_socket();
        ports[i] = udpfwd_port_open(r.core, fds[i], INADDR_LOOPBACK, test_port_of(node.node));
        CHECK(ports[i] >= 0);
    }
    CHECK(udpfwd_splice(r.core, ports[0], ports[1]) == 0);
    CHECK(udpfwd_splice(r.core, ports[2], ports[3]) == 0);
    CHECK(udpfwd_patch(r.core, ports[1], ports[2]) == 0);
    CHECK(udpfwd_patch(r.core, ports[3], ports[0]) == 0);
    start_workers(&r);
    test_send(node.node, fds[1], "x", 1);
    uint64_t dropped = 0;
    while (dropped == 0) {
        for (int i = 0; i < 4; i++)
            dropped += DROPS(counters_of(r.core, ports[i]), UDPFWD_DROP_LOOP);
        usleep(100);
    }
    CHECK(dropped == 1);
    stop(&r);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    close_end(&node);
}

static void test_a_closed_port_leaves_the_socket_bound_and_unconnected(void) {
    running r = start();
    end a = open_end(r.core);
    start_workers(&r);
    uint16_t before = test_port_of(a.fd);
    CHECK(udpfwd_port_close(r.core, a.port) == 0);
    CHECK(test_port_of(a.fd) == before);
    int anybody = test_socket();
    test_send(anybody, a.fd, "hello", 5);
    expect(a.fd, "hello");
    stop(&r);
    close(anybody);
    close_end(&a);
}

static void test_errors(void) {
    udpfwd *none;
    CHECK(udpfwd_open(1, 0, &none) == -EINVAL);
    CHECK(udpfwd_open(0, 1000, &none) == -EINVAL);
    running r = start();
    end a = open_end(r.core), b = open_end(r.core), c = open_end(r.core);
    CHECK(udpfwd_patch(r.core, a.port, a.port) == -EINVAL);
    CHECK(udpfwd_patch(r.core, a.port, 99) == -ENOENT);
    CHECK(udpfwd_patch(r.core, a.port, b.port) == 0);
    CHECK(udpfwd_patch(r.core, a.port, c.port) == -EBUSY);
    CHECK(udpfwd_unpatch(r.core, b.port) == 0);
    CHECK(udpfwd_patch(r.core, a.port, c.port) == 0);
    CHECK(udpfwd_splice(r.core, a.port, b.port) == 0);
    CHECK(udpfwd_splice(r.core, b.port, c.port) == -EBUSY);
    CHECK(udpfwd_unsplice(r.core, a.port) == 0);
    CHECK(udpfwd_port_close(r.core, c.port) == 0);
    CHECK(udpfwd_port_close(r.core, c.port) == -ENOENT);
    CHECK(udpfwd_unpatch(r.core, c.port) == -ENOENT);
    CHECK(udpfwd_port_open(r.core, 9999, INADDR_LOOPBACK, 1) == -EBADF);
    int file = dup(STDIN_FILENO);
    CHECK(udpfwd_port_open(r.core, file, INADDR_LOOPBACK, 1) == -ENOTSOCK);
    close(file);
    udpfwd_counters one;
    CHECK(udpfwd_snapshot(r.core, &one, 1) == 2); /* more ports than fit: it says how many */
    start_workers(&r);
    test_send(a.node, a.fd, "works", 5);
    while (DROPS(counters_of(r.core, a.port), UDPFWD_DROP_UNLINKED) == 0)
        usleep(100);
    CHECK(udpfwd_patch(r.core, a.port, 99) == -ENOENT);
    CHECK(udpfwd_run(r.core, worker_of_port(r.core, a.port)) == -EBUSY); /* it is there: it forwarded */
    CHECK(udpfwd_run(r.core, WORKERS) == -EINVAL);
    stop(&r);
    close_end(&a);
    close_end(&b);
    close_end(&c);
}

static void test_statistics_are_signalled_when_something_changed(void) {
    running r = start();
    end a = open_end(r.core), b = open_end(r.core);
    CHECK(udpfwd_patch(r.core, a.port, b.port) == 0);
    start_workers(&r);
    int stats = udpfwd_stats_fd(r.core);
    CHECK(!test_has_data(stats));
    for (int i = 0; i < 3; i++) {
        test_send(a.node, a.fd, "x", 1);
        uint64_t signals;
        struct pollfd wait = {.fd = stats, .events = POLLIN};
        CHECK(poll(&wait, 1, PATIENCE_MS) == 1);
        CHECK(read(stats, &signals, sizeof signals) == sizeof signals);
        CHECK(counters_of(r.core, a.port).rx_frames == (uint64_t)i + 1);
    }
    stop(&r);
    close_end(&a);
    close_end(&b);
}

static void test_many_ports_and_ids_used_again(void) {
    enum { PORTS = 500 };
    running r = start();
    start_workers(&r);
    int fd = test_socket(), ids[PORTS];
    for (int i = 0; i < PORTS; i++)
        CHECK((ids[i] = udpfwd_port_open(r.core, fd, INADDR_LOOPBACK, 9)) == i);
    for (int i = 0; i < PORTS; i += 2)
        CHECK(udpfwd_port_close(r.core, ids[i]) == 0);
    CHECK(udpfwd_port_open(r.core, fd, INADDR_LOOPBACK, 9) == 0);
    CHECK(udpfwd_port_open(r.core, fd, INADDR_LOOPBACK, 9) == 2);
    CHECK(udpfwd_snapshot(r.core, NULL, 0) == PORTS / 2 + 2);
    stop(&r);
    close(fd);
}

int main(void) {
    test_frames_cross_a_patch_both_ways();
    test_frames_cross_a_tunnel_with_and_without_splice();
    test_a_local_link_has_no_sockets();
    test_order_and_content_of_a_burst_of_mixed_sizes();
    test_bad_datagrams_are_counted_and_harmless();
    test_what_waited_before_the_port_was_opened_is_not_forwarded();
    test_a_peer_that_is_not_up_yet();
    test_an_unlinked_port_drains_and_counts();
    test_a_loop_of_splices_ends();
    test_a_closed_port_leaves_the_socket_bound_and_unconnected();
    test_errors();
    test_statistics_are_signalled_when_something_changed();
    test_many_ports_and_ids_used_again();
    puts("udpfwd_test: 13 passed");
    return 0;
}
