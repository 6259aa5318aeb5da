/* What tests of the core start from: a core with workers, nodes' sockets, links. */
#ifndef GNS3TRIO_TEST_CORE_H
#define GNS3TRIO_TEST_CORE_H

#include "udpfwd.h"

#include <pthread.h>
#include <sched.h>

#include "test.h"

#define STATS_INTERVAL_US 1000

#define WORKERS 2
#define DROPS(counters, reason) ((counters).rx_drops[reason] + (counters).tx_drops[reason])

typedef struct {
    udpfwd *core;
    pthread_t workers[WORKERS];
} running;

static inline void *run(void *argument) {
    CHECK(udpfwd_run(argument, 0) == 0);
    CHECK(sched_getscheduler(0) == SCHED_OTHER); /* the thread is given back as it was lent */
    return NULL;
}

static inline void *run_second(void *argument) {
    CHECK(udpfwd_run(argument, 1) == 0);
    return NULL;
}

static inline running start(void) {
    running r = {0};
    CHECK(udpfwd_open(WORKERS, STATS_INTERVAL_US, &r.core) == 0);
    return r;
}

static inline void start_workers(running *r) {
    CHECK(pthread_create(&r->workers[0], NULL, run, r->core) == 0);
    CHECK(pthread_create(&r->workers[1], NULL, run_second, r->core) == 0);
}

static inline void stop(running *r) {
    udpfwd_stop(r->core);
    for (int i = 0; i < WORKERS; i++)
        CHECK(pthread_join(r->workers[i], NULL) == 0);
    udpfwd_close(r->core);
}

static inline udpfwd_counters counters_of(udpfwd *core, int id) {
    udpfwd_counters all[64];
    int found = udpfwd_snapshot(core, all, 64);
    for (int i = 0; i < found && i < 64; i++)
        if (all[i].port_id == id)
            return all[i];
    CHECK(!"the port is in the snapshot");
    return all[0];
}

/* A node's end: its own socket, and the core's socket and port towards it. */
typedef struct {
    int node;
    int fd;
    int port;
} end;

static inline end open_end(udpfwd *core) {
    end e = {.node = test_socket(), .fd = test_socket()};
    e.port = udpfwd_port_open(core, e.fd, INADDR_LOOPBACK, test_port_of(e.node));
    CHECK(e.port >= 0);
    return e;
}

static inline void close_end(end *e) {
    close(e->node);
    close(e->fd);
}

static inline void expect(int fd, const char *text) {
    char data[64];
    ssize_t size = test_receive(fd, data, sizeof data);
    CHECK(size == (ssize_t)strlen(text) && memcmp(data, text, (size_t)size) == 0);
}

/* Two tunnel ports that name each other, each patched to a node's end. */
typedef struct {
    end a, b;
    int a_fd, b_fd;
    int a_tunnel, b_tunnel;
} link_ends;

static inline link_ends open_link(udpfwd *core) {
    link_ends l = {.a = open_end(core), .b = open_end(core), .a_fd = test_socket(), .b_fd = test_socket()};
    l.a_tunnel = udpfwd_port_open(core, l.a_fd, INADDR_LOOPBACK, test_port_of(l.b_fd));
    l.b_tunnel = udpfwd_port_open(core, l.b_fd, INADDR_LOOPBACK, test_port_of(l.a_fd));
    CHECK(udpfwd_patch(core, l.a.port, l.a_tunnel) == 0);
    CHECK(udpfwd_patch(core, l.b.port, l.b_tunnel) == 0);
    return l;
}

static inline void close_link(link_ends *l) {
    close_end(&l->a);
    close_end(&l->b);
    close(l->a_fd);
    close(l->b_fd);
}

/* Whether links can be offloaded here; says why not. */
static inline int can_offload(const char *test) {
    udpfwd *core;
    CHECK(udpfwd_open(1, STATS_INTERVAL_US, &core) == 0);
    int result = udpfwd_offload(core);
    udpfwd_close(core);
    if (result == -EPERM || result == -EOPNOTSUPP) {
        printf("%s: SKIPPED, this needs CAP_BPF, CAP_NET_ADMIN and Linux 6.6 (%s)\n", test, strerror(-result));
        return 0;
    }
    return 1;
}

#endif
