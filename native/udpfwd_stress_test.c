/* Reconfiguration under traffic: for the thread sanitizer, and to see that frames in = frames out + drops. */
#include "udpfwd.h"

#include <pthread.h>
#include <stdatomic.h>

#include "test.h"

enum { LINKS = 4, ROUNDS = 400, BURST = 16, FRAME_BYTES = 100, WORKERS = 2, MOST_PORTS = 4 * LINKS, BOTH = UDPFWD_RX | UDPFWD_TX };

typedef struct {
    udpfwd *core;
    int nodes[LINKS][2];
    int fds[LINKS][2];
    atomic_int done;
    atomic_int workers;
    int bridge;
} bed;

static void *work(void *argument) {
    bed *b = argument;
    CHECK(udpfwd_run(b->core, atomic_fetch_add(&b->workers, 1)) == 0);
    return NULL;
}

/* Sends into both ends of every link and reads what comes out. */
static void *make_traffic(void *argument) {
    bed *b = argument;
    unsigned char frame[FRAME_BYTES] = {0};
    while (!atomic_load(&b->done)) {
        for (int i = 0; i < LINKS; i++) {
            for (int side = 0; side < 2; side++) {
                for (int k = 0; k < BURST; k++)
                    test_send(b->nodes[i][side], b->fds[i][side], frame, sizeof frame - (size_t)(k % 3));
                while (recv(b->nodes[i][side], frame, sizeof frame, MSG_DONTWAIT) > 0)
                    ;
            }
        }
    }
    return NULL;
}

static void *read_statistics(void *argument) {
    bed *b = argument;
    udpfwd_counters now[MOST_PORTS];
    while (!atomic_load(&b->done)) {
        int found = udpfwd_snapshot(b->core, now, MOST_PORTS);
        CHECK(found >= 0 && found <= MOST_PORTS);
        uint64_t signals;
        ssize_t got = read(udpfwd_stats_fd(b->core), &signals, sizeof signals);
        (void)got;
        usleep(100);
    }
    return NULL;
}

/* Frames that came in at one side went out at the other or were dropped on the way there. */
static void check_balance(bed *b, int in, int out) {
    udpfwd_counters all[MOST_PORTS];
    int found = udpfwd_snapshot(b->core, all, MOST_PORTS);
    CHECK(found <= MOST_PORTS);
    uint64_t entered = 0, left = 0;
    for (int i = 0; i < found; i++) {
        if (all[i].port_id == in)
            entered = all[i].rx_frames;
        if (all[i].port_id == out)
            left = all[i].tx_frames + all[i].tx_drops[UDPFWD_DROP_QUEUE] + all[i].tx_drops[UDPFWD_DROP_ERROR];
    }
    CHECK(entered == left);
}

/* Every kind of filter, a capture that is read meanwhile, and ports that join and leave a switch with other links' ports. */
static void disturb(bed *b, const int *ports, unsigned *seed) {
    const udpfwd_filter filters[] = {
        {UDPFWD_FILTER_LOSS, BOTH, {100000}, NULL},        {UDPFWD_FILTER_CORRUPT, BOTH, {100000}, NULL},
        {UDPFWD_FILTER_DUPLICATE, BOTH, {100000}, NULL},   {UDPFWD_FILTER_REORDER, BOTH, {100000, 100}, NULL},
        {UDPFWD_FILTER_DELAY, BOTH, {200, 100}, NULL},     {UDPFWD_FILTER_RATE, BOTH, {100000000, 3000, 10000}, NULL},
        {UDPFWD_FILTER_BPF, BOTH, {0}, "ip and udp"},      {UDPFWD_FILTER_FREQUENCY, BOTH, {7}, NULL},
    };
    static const udpfwd_capture_options options = {UDPFWD_PCAPNG, BOTH, 64, 65536, NULL};
    char error[128];
    udpfwd_capture *capture;
    unsigned char records[4096];
    CHECK(udpfwd_capture_open(b->core, ports[0], &options, &capture, error, sizeof error) == 0);
    CHECK(udpfwd_port_set_filters(b->core, ports[1], filters, rand_r(seed) % 9, 1, UDPFWD_AS_BEFORE, error, sizeof error) == 0);
    usleep((useconds_t)(rand_r(seed) % 300));
    CHECK(udpfwd_capture_read(capture, records, sizeof records) >= 0);
    for (int side = 0; side < 2; side++)
        CHECK(udpfwd_bridge_join(b->core, b->bridge, ports[side], rand_r(seed) % 3, 1, 0x88a8) == 0);
    CHECK(udpfwd_port_set_filters(b->core, ports[1], filters, rand_r(seed) % 9, 1, UDPFWD_AS_BEFORE, error, sizeof error) == 0);
    CHECK(udpfwd_port_suspend(b->core, ports[0], rand_r(seed) % 2) == 0);
    usleep((useconds_t)(rand_r(seed) % 300));
    CHECK(udpfwd_switch_macs(b->core, b->bridge, NULL, 0) >= 0);
    CHECK(udpfwd_bridge_leave(b->core, ports[rand_r(seed) % 2]) == 0);
    CHECK(udpfwd_capture_read(capture, records, sizeof records) >= 0);
    CHECK(udpfwd_capture_stop(b->core, capture) == 0);
    udpfwd_capture_close(capture);
}

/* A link inside the process between the two, which goes again with its ends in any order. */
static void link_ports(bed *b, const int *ports, unsigned *seed) {
    const udpfwd_filter delay = {UDPFWD_FILTER_DELAY, BOTH, {100, 50}, NULL};
    char error[128];
    int32_t ends[2];
    CHECK(udpfwd_link_open(b->core, &delay, rand_r(seed) % 2, 1, rand_r(seed) % 2, ends, error, sizeof error) == 0);
    for (int side = 0; side < 2; side++)
        CHECK(udpfwd_patch(b->core, ports[side], ends[side]) == 0);
    CHECK(udpfwd_port_suspend(b->core, ends[0], 0) == 0 && udpfwd_port_suspend(b->core, ends[1], 0) == 0);
    usleep((useconds_t)(rand_r(seed) % 300));
    int first = rand_r(seed) % 2;
    CHECK(udpfwd_port_close(b->core, ends[first]) == 0 && udpfwd_port_close(b->core, ends[!first]) == 0);
}

static void reconfigure(bed *b, int i, unsigned *seed) {
    int ports[2];
    for (int side = 0; side < 2; side++) {
        ports[side] = udpfwd_port_open(b->core, b->fds[i][side], INADDR_LOOPBACK, test_port_of(b->nodes[i][side]));
        CHECK(ports[side] >= 0);
    }
    CHECK(udpfwd_patch(b->core, ports[0], ports[1]) == 0);
    usleep((useconds_t)(rand_r(seed) % 300));
    CHECK(udpfwd_unpatch(b->core, ports[rand_r(seed) % 2]) == 0);
    check_balance(b, ports[0], ports[1]);
    check_balance(b, ports[1], ports[0]);
    link_ports(b, ports, seed);
    disturb(b, ports, seed);
    for (int side = 0; side < 2; side++)
        CHECK(udpfwd_port_close(b->core, ports[side]) == 0);
}

typedef struct {
    bed *b;
    int first;
} reconfigurer;

static void *reconfigure_half(void *argument) {
    reconfigurer *r = argument;
    unsigned seed = (unsigned)r->first + 1;
    for (int round = 0; round < ROUNDS; round++)
        reconfigure(r->b, r->first + rand_r(&seed) % (LINKS / 2), &seed);
    return NULL;
}

/* With links that the kernel serves when it may, where it can. */
static void reconfigure_under_traffic(int offloading) {
    bed b = {0};
    CHECK(udpfwd_open(WORKERS, 500, &b.core) == 0);
    int result = offloading ? udpfwd_offload(b.core) : 0;
    CHECK(result == 0 || result == -EPERM || result == -EOPNOTSUPP);
    CHECK((b.bridge = udpfwd_bridge_open(b.core, UDPFWD_SWITCH)) >= 0);
    for (int i = 0; i < LINKS; i++)
        for (int side = 0; side < 2; side++) {
            b.nodes[i][side] = test_socket();
            b.fds[i][side] = test_socket();
        }
    pthread_t workers[WORKERS], traffic, statistics, changers[2];
    for (int i = 0; i < WORKERS; i++)
        CHECK(pthread_create(&workers[i], NULL, work, &b) == 0);
    CHECK(pthread_create(&traffic, NULL, make_traffic, &b) == 0);
    CHECK(pthread_create(&statistics, NULL, read_statistics, &b) == 0);
    reconfigurer halves[2] = {{&b, 0}, {&b, LINKS / 2}};
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&changers[i], NULL, reconfigure_half, &halves[i]) == 0);
    for (int i = 0; i < 2; i++)
        CHECK(pthread_join(changers[i], NULL) == 0);
    atomic_store(&b.done, 1);
    CHECK(pthread_join(traffic, NULL) == 0);
    CHECK(pthread_join(statistics, NULL) == 0);
    udpfwd_stop(b.core);
    for (int i = 0; i < WORKERS; i++)
        CHECK(pthread_join(workers[i], NULL) == 0);
    udpfwd_close(b.core);
    for (int i = 0; i < LINKS; i++)
        for (int side = 0; side < 2; side++) {
            close(b.nodes[i][side]);
            close(b.fds[i][side]);
        }
    printf("udpfwd_stress_test: %d reconfigurations under traffic passed%s\n", 2 * ROUNDS,
           !offloading ? "" : result == 0 ? ", offloaded" : "; offloading SKIPPED, it is not possible here");
}

int main(void) {
    reconfigure_under_traffic(0);
    reconfigure_under_traffic(1);
    return 0;
}
