/* A thousand PCs that are created, joined, configured, ping each other, and are deleted at random while workers run: for the
 * sanitizers. GNS3TRIO_TEST_PC_STEPS in the environment is the number of steps of each of the two who change them. */
#define _GNU_SOURCE
#include "pc_bytes.h"
#include "traffic.h"

#include <pthread.h>
#include <stdatomic.h>

#include "test.h"

enum { PCS = 1000, SWITCHES = 8, STEPS = 4000, CHANGERS = 2, WORKERS = 2, NONE = -1 };

static long steps = STEPS;

typedef struct {
    udpfwd *core;
    atomic_int done, workers;
    int switches[SWITCHES];
    int pcs[PCS]; /* those of one changer are its own */
    atomic_long replies, ends, arrivals;
} bed;

static void *work(void *argument) {
    bed *b = argument;
    CHECK(udpfwd_run(b->core, atomic_fetch_add(&b->workers, 1)) == 0);
    return NULL;
}

static void *take_events(void *argument) {
    bed *b = argument;
    udpfwd_pc_event event;
    unsigned char data[UDPFWD_PC_MAX_MESSAGE_BYTES];
    for (;;) {
        int is_over = atomic_load(&b->done);
        while (udpfwd_pc_take_event(b->core, &event, data, sizeof data) > 0) {
            CHECK(event.kind >= 0 && event.kind < UDPFWD_PC_EVENT_KINDS && event.job > 0);
            atomic_fetch_add(&b->replies, event.kind == UDPFWD_PC_REPLY);
            atomic_fetch_add(&b->ends, event.kind == UDPFWD_PC_FINISHED);
        }
        if (is_over)
            return NULL;
        struct pollfd wait = {.fd = udpfwd_pc_events_fd(b->core), .events = POLLIN};
        uint64_t signals;
        if (poll(&wait, 1, 10) == 1)
            CHECK(read(wait.fd, &signals, sizeof signals) == sizeof signals);
    }
}

static void open_pc(bed *b, int number) {
    const udpfwd_pc_identity identity = {
        .mac = {0, 0x50, 0x79, 0x66, (uint8_t)(number >> 8), (uint8_t)number}, .mtu = 1500, .name = "PC"};
    const pc_address address = ipv4_address(0x0a000001u + (uint32_t)number), none = {0};
    int pc = udpfwd_pc_open(b->core, &identity);
    CHECK(pc >= 0);
    CHECK(udpfwd_pc_set_address(b->core, pc, &address, 16, &none) == 0);
    CHECK(udpfwd_bridge_join(b->core, b->switches[number % SWITCHES], pc, UDPFWD_ACCESS, 1, 0) == 0);
    b->pcs[number] = pc;
}

static void start_job(bed *b, int number, unsigned *seed) {
    int to = rand_r(seed) % PCS / SWITCHES * SWITCHES + number % SWITCHES; /* on the same switch, more or less */
    static const uint8_t protocols[] = {PROTOCOL_ICMP, PROTOCOL_UDP, PROTOCOL_TCP};
    udpfwd_pc_request request = {.kind = rand_r(seed) % 4 ? UDPFWD_PC_PING : rand_r(seed) % UDPFWD_PC_JOB_KINDS,
                                 .target = ipv4_address(0x0a000001u + (uint32_t)(to % PCS)),
                                 .prefix = 16,
                                 .protocol = protocols[rand_r(seed) % 3],
                                 .ttl = 8,
                                 .count = 1 + (uint32_t)rand_r(seed) % 10,
                                 .data_bytes = (uint32_t)rand_r(seed) % 6000,
                                 .interval_us = 100,
                                 .timeout_us = 20000,
                                 .attempts = 2,
                                 .destination_port = 7,
                                 .name = "host.lab"};
    int result = udpfwd_pc_start(b->core, b->pcs[number], &request);
    CHECK(result > 0 || result == -EBUSY || result == -EINVAL);
    if (result > 0 && rand_r(seed) % 8 == 0) {
        result = udpfwd_pc_stop(b->core, b->pcs[number], result);
        CHECK(result == 0 || result == -ENOENT);
    }
}

/* Flows between PCs of one changer, some of which are on one switch. */
static void run_traffic(bed *b, int number, unsigned *seed) {
    enum { FLOWS = 4 };
    udpfwd_traffic_flow flows[FLOWS];
    udpfwd_traffic_handle handles[FLOWS];
    udpfwd_traffic_result results[FLOWS];
    int failed, listens = rand_r(seed) % 2;
    for (int i = 0; i < FLOWS; i++) {
        int to = rand_r(seed) % (PCS / SWITCHES) * SWITCHES + number % SWITCHES;
        flows[i] = (udpfwd_traffic_flow){.sender = b->pcs[number],
                                         .receiver = rand_r(seed) % 2 ? b->pcs[to] : -1,
                                         .target = ipv4_address(0x0a000001u + (uint32_t)to),
                                         .port = UDPFWD_TRAFFIC_PORT,
                                         .echo = 1,
                                         .data_bytes = 48 + (uint32_t)rand_r(seed) % 3000,
                                         .burst = 1 + (uint32_t)rand_r(seed) % 4,
                                         .interval_ps = 50000000,
                                         .duration_ns = 2000000};
    }
    int result = udpfwd_traffic_start(b->core, flows, FLOWS, handles, &failed);
    CHECK(result == 0 || result == -ENOMEM);
    if (result < 0)
        return;
    CHECK(udpfwd_traffic_listen(b->core, b->pcs[number], listens) == 0 || listens);
    usleep((useconds_t)(rand_r(seed) % 3000));
    CHECK(udpfwd_traffic_read(b->core, handles, FLOWS, results) == 0);
    for (int i = 0; i < FLOWS; i++)
        atomic_fetch_add(&b->arrivals, (long)results[i].arrived.packets);
    CHECK(udpfwd_traffic_stop(b->core, handles, rand_r(seed) % 8 ? FLOWS : FLOWS / 2) == 0);
}

static void disturb(bed *b, int number, unsigned *seed) {
    udpfwd_pc_state state;
    udpfwd_pc_neighbour entries[UDPFWD_PC_MAX_NEIGHBOURS];
    int pc = b->pcs[number];
    switch (rand_r(seed) % 7) {
    case 0:
        CHECK(udpfwd_port_close(b->core, pc) == 0);
        b->pcs[number] = NONE;
        break;
    case 1:
        CHECK(udpfwd_bridge_leave(b->core, pc) == 0);
        CHECK(udpfwd_bridge_join(b->core, b->switches[number % SWITCHES], pc, UDPFWD_ACCESS, 1, 0) == 0);
        break;
    case 2:
        CHECK(udpfwd_pc_read(b->core, pc, &state) == 0 && state.identity.mac[5] == (uint8_t)number);
        CHECK(udpfwd_pc_neighbours(b->core, pc, 4, entries, UDPFWD_PC_MAX_NEIGHBOURS) >= 0);
        CHECK(udpfwd_pc_forget_neighbours(b->core, pc, 4) == 0);
        break;
    case 3:
        CHECK(udpfwd_pc_read(b->core, pc, &state) == 0);
        CHECK(udpfwd_pc_identify(b->core, pc, &state.identity) == 0);
        break;
    case 4:
        run_traffic(b, number, seed);
        break;
    default:
        start_job(b, number, seed);
    }
}

typedef struct {
    bed *b;
    int number;
} changer;

static void *change(void *argument) {
    const changer *c = argument;
    unsigned seed = (unsigned)c->number + 1;
    for (long step = 0; step < steps; step++) {
        int number = rand_r(&seed) % (PCS / CHANGERS) * CHANGERS + c->number;
        if (c->b->pcs[number] == NONE)
            open_pc(c->b, number);
        else
            disturb(c->b, number, &seed);
        if (step % 8 == 0)
            usleep((useconds_t)(rand_r(&seed) % 2000));
    }
    return NULL;
}

int main(void) {
    static bed b;
    const char *wanted = getenv("GNS3TRIO_TEST_PC_STEPS");
    if (wanted != NULL)
        CHECK((steps = atol(wanted)) > 0);
    CHECK(udpfwd_open(WORKERS, 1000, &b.core) == 0);
    for (int i = 0; i < SWITCHES; i++)
        CHECK((b.switches[i] = udpfwd_bridge_open(b.core, UDPFWD_SWITCH)) >= 0);
    pthread_t workers[WORKERS], events, changers[CHANGERS];
    changer parts[CHANGERS];
    for (int i = 0; i < WORKERS; i++)
        CHECK(pthread_create(&workers[i], NULL, work, &b) == 0);
    CHECK(pthread_create(&events, NULL, take_events, &b) == 0);
    for (int i = 0; i < PCS; i++)
        open_pc(&b, i);
    for (int i = 0; i < CHANGERS; i++) {
        parts[i] = (changer){&b, i};
        CHECK(pthread_create(&changers[i], NULL, change, &parts[i]) == 0);
    }
    for (int i = 0; i < CHANGERS; i++)
        CHECK(pthread_join(changers[i], NULL) == 0);
    atomic_store(&b.done, 1);
    CHECK(pthread_join(events, NULL) == 0);
    udpfwd_stop(b.core);
    for (int i = 0; i < WORKERS; i++)
        CHECK(pthread_join(workers[i], NULL) == 0);
    udpfwd_close(b.core);
    CHECK(atomic_load(&b.replies) > 0 && atomic_load(&b.ends) > 0 && atomic_load(&b.arrivals) > 0);
    printf("pc_stress_test: %ld steps with %d PCs passed, %ld replies\n", steps * CHANGERS, PCS, atomic_load(&b.replies));
    return 0;
}
