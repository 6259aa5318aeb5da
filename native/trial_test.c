/* The traffic generator, over a relay that loses, doubles and swaps frames. */
#include "trial.h"

#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <time.h>

#include "test.h"

enum { LOSE_EVERY = 10, DOUBLE_EVERY = 7, SWAP_EVERY = 13 };

typedef struct {
    int in, out;
    int lose, double_them, swap;
} relay;

static void *run_relay(void *argument) {
    const relay *r = argument;
    unsigned char frame[2048], kept[2048];
    ssize_t size, kept_size = 0;
    for (int number = 1; (size = recv(r->in, frame, sizeof frame, 0)) > 1; number++) {
        if (r->lose && number % LOSE_EVERY == 0)
            continue;
        if (r->swap && number % SWAP_EVERY == 0) { /* goes behind the next one */
            memcpy(kept, frame, (size_t)size);
            kept_size = size;
            continue;
        }
        CHECK(send(r->out, frame, (size_t)size, 0) == size);
        if (r->double_them && number % DOUBLE_EVERY == 0)
            CHECK(send(r->out, frame, (size_t)size, 0) == size);
        if (kept_size > 0)
            CHECK(send(r->out, kept, (size_t)kept_size, 0) == kept_size);
        kept_size = 0;
    }
    return NULL;
}

typedef struct {
    int to_relay[2], from_relay[2];
    relay rules;
    pthread_t thread;
} bed;

static void open_bed(bed *b, relay rules) {
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, b->to_relay) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, b->from_relay) == 0);
    b->rules = rules;
    b->rules.in = b->to_relay[1];
    b->rules.out = b->from_relay[1];
    CHECK(pthread_create(&b->thread, NULL, run_relay, &b->rules) == 0);
}

static void close_bed(bed *b) {
    CHECK(send(b->to_relay[0], "x", 1, 0) == 1);
    CHECK(pthread_join(b->thread, NULL) == 0);
    for (int i = 0; i < 2; i++) {
        close(b->to_relay[i]);
        close(b->from_relay[i]);
    }
}

static udpfwd_trial_result run(bed *b, udpfwd_trial_options options) {
    static udpfwd_trial_result result;
    int stop = eventfd(0, 0);
    CHECK(udpfwd_trial(b->to_relay[0], b->from_relay[0], stop, &options, &result) == 0);
    close(stop);
    return result;
}

static const udpfwd_trial_options thousand = {.frame_bytes = 100,
                                              .trial_id = 7,
                                              .frames_per_second = 20000,
                                              .frames = 1000,
                                              .duration_ns = 10000000000u,
                                              .drain_ns = 1000000000u};

static uint64_t histogram_sum(const udpfwd_trial_result *r) {
    uint64_t sum = 0;
    for (int i = 0; i < UDPFWD_TRIAL_BUCKETS; i++)
        sum += r->latency[i];
    return sum;
}

static void test_a_perfect_way(void) {
    bed b;
    open_bed(&b, (relay){0});
    udpfwd_trial_result r = run(&b, thousand);
    CHECK(r.sent == 1000 && r.received == 1000 && r.duplicated == 0 && r.reordered == 0 && r.foreign == 0);
    CHECK(histogram_sum(&r) == 1000 && r.latency_min_ns > 0 && r.latency_max_ns >= r.latency_min_ns);
    CHECK(r.elapsed_ns >= 999 * 50000u); /* it kept to its schedule */
    close_bed(&b);
}

static void test_loss_doubles_and_swaps(void) {
    bed b;
    open_bed(&b, (relay){.lose = 1});
    udpfwd_trial_result r = run(&b, thousand);
    CHECK(r.sent == 1000 && r.received == 900 && r.duplicated == 0);
    close_bed(&b);
    open_bed(&b, (relay){.double_them = 1});
    r = run(&b, thousand);
    CHECK(r.received == 1000 && r.duplicated >= 1000 / DOUBLE_EVERY - 1); /* it may end before the last double */
    close_bed(&b);
    open_bed(&b, (relay){.swap = 1});
    r = run(&b, thousand);
    CHECK(r.received == 1000 && r.reordered == 1000 / SWAP_EVERY && r.duplicated == 0);
    close_bed(&b);
}

static void test_a_window(void) {
    bed b;
    open_bed(&b, (relay){0});
    udpfwd_trial_options options = thousand;
    options.frames_per_second = 0;
    options.window = 4;
    udpfwd_trial_result r = run(&b, options);
    CHECK(r.sent == 1000 && r.received == 1000);
    close_bed(&b);
    open_bed(&b, (relay){.lose = 1}); /* a window full of lost frames opens again */
    options.frames = 100;
    r = run(&b, options);
    CHECK(r.sent == 100 && r.received == 90);
    close_bed(&b);
}

static void test_frames_of_others(void) {
    int ends[2], stop = eventfd(0, 0);
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
    CHECK(send(ends[1], "short", 5, 0) == 5);
    unsigned char other[100] = {0};
    CHECK(send(ends[1], other, sizeof other, 0) == sizeof other);
    udpfwd_trial_options options = thousand;
    options.frames = 1;
    options.drain_ns = 1000000;
    static udpfwd_trial_result r;
    CHECK(udpfwd_trial(ends[0], ends[0], stop, &options, &r) == 0);
    CHECK(r.sent == 1 && r.received == 0 && r.foreign == 2 && r.latency_min_ns == 0);
    unsigned char late[UDPFWD_TRIAL_MAX_BYTES]; /* a frame of that trial comes during the next */
    ssize_t size = recv(ends[1], late, sizeof late, 0);
    CHECK(size > 0 && send(ends[1], late, (size_t)size, 0) == size);
    options.trial_id++;
    CHECK(udpfwd_trial(ends[0], ends[0], stop, &options, &r) == 0);
    CHECK(r.sent == 1 && r.received == 0 && r.foreign == 0);
    for (int i = 0; i < 2; i++)
        close(ends[i]);
    close(stop);
}

static void test_stop(void) {
    int ends[2], stop = eventfd(1, 0);
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
    udpfwd_trial_options options = thousand;
    static udpfwd_trial_result r;
    CHECK(udpfwd_trial(ends[0], ends[0], stop, &options, &r) == -ECANCELED);
    options.frame_bytes = 20;
    CHECK(udpfwd_trial(ends[0], ends[0], stop, &options, &r) == -EINVAL);
    for (int i = 0; i < 2; i++)
        close(ends[i]);
    close(stop);
}

/* --- what once went wrong --- */

static uint64_t clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void *write_stop(void *argument) {
    const int *stop = argument;
    uint64_t one = 1;
    usleep(50000);
    CHECK(write(*stop, &one, sizeof one) == sizeof one);
    return NULL;
}

static void connect_to(int from, int to) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(test_port_of(to)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CHECK(connect(from, (struct sockaddr *)&address, sizeof address) == 0);
}

/* Answers come in every turn; it is looked for the stop all the same. */
static void test_stop_while_answers_come(void) {
    int tx = test_socket(), rx = test_socket(), stop = eventfd(0, 0);
    connect_to(tx, rx);
    udpfwd_trial_options options = thousand;
    options.frames = 0;
    options.frames_per_second = 0;
    options.window = 16;
    pthread_t stopper;
    CHECK(pthread_create(&stopper, NULL, write_stop, &stop) == 0);
    static udpfwd_trial_result r;
    CHECK(udpfwd_trial(tx, rx, stop, &options, &r) == -ECANCELED && r.received > 0);
    CHECK(pthread_join(stopper, NULL) == 0);
    close(tx);
    close(rx);
    close(stop);
}

/* A burst that is no whole number of batches, and wholly lost: over after the drain, not after the duration. */
static void test_a_lost_burst(void) {
    int tx = test_socket(), rx = test_socket(), hole = test_socket(), stop = eventfd(0, 0);
    connect_to(tx, hole);
    udpfwd_trial_options options = thousand;
    options.frames = 100;
    options.frames_per_second = 0;
    options.drain_ns = 1000000;
    static udpfwd_trial_result r;
    uint64_t begin = clock_ns(CLOCK_MONOTONIC);
    CHECK(udpfwd_trial(tx, rx, stop, &options, &r) == 0 && r.sent == 100 && r.received == 0);
    CHECK(clock_ns(CLOCK_MONOTONIC) - begin < options.duration_ns / 2);
    close(tx);
    close(rx);
    close(hole);
    close(stop);
}

static void *read_later(void *argument) {
    const int *fd = argument;
    char frame[256];
    usleep(50000);
    while (recv(*fd, frame, sizeof frame, 0) > 1) {
    }
    return NULL;
}

/* A socket that is full: it waits without work, and goes on when there is room. */
static void test_a_full_socket(void) {
    int ends[2], rx = test_socket(), stop = eventfd(0, 0);
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
    pthread_t reader;
    CHECK(pthread_create(&reader, NULL, read_later, &ends[1]) == 0);
    udpfwd_trial_options options = thousand;
    options.frames_per_second = 0;
    options.drain_ns = 1000000;
    static udpfwd_trial_result r;
    CHECK(udpfwd_trial(ends[0], rx, stop, &options, &r) == 0 && r.sent == 1000);
    CHECK(send(ends[0], "x", 1, 0) == 1);
    CHECK(pthread_join(reader, NULL) == 0);
    options.frames_per_second = 10000; /* now nobody reads */
    options.frames = 0;
    options.duration_ns = 500000000;
    uint64_t begin = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    CHECK(udpfwd_trial(ends[0], rx, stop, &options, &r) == 0);
    CHECK(clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin < options.duration_ns / 2);
    for (int i = 0; i < 2; i++)
        close(ends[i]);
    close(rx);
    close(stop);
}

typedef struct {
    int fd, done;
} chatter;

static void *send_now_and_then(void *argument) {
    chatter *c = argument;
    while (!__atomic_load_n(&c->done, __ATOMIC_ACQUIRE)) {
        CHECK(send(c->fd, "other", 5, 0) == 5);
        usleep(1000);
    }
    return NULL;
}

/* A lost window opens again although others' frames keep coming. */
static void test_a_lost_window_among_frames_of_others(void) {
    int tx = test_socket(), rx = test_socket(), hole = test_socket(), stop = eventfd(0, 0);
    chatter other = {.fd = test_socket()};
    connect_to(tx, hole);
    connect_to(other.fd, rx);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, send_now_and_then, &other) == 0);
    udpfwd_trial_options options = thousand;
    options.frames = 20;
    options.window = 4;
    options.drain_ns = 20000000;
    static udpfwd_trial_result r;
    CHECK(udpfwd_trial(tx, rx, stop, &options, &r) == 0 && r.sent == 20 && r.foreign > 0);
    __atomic_store_n(&other.done, 1, __ATOMIC_RELEASE);
    CHECK(pthread_join(thread, NULL) == 0);
    close(tx);
    close(rx);
    close(hole);
    close(other.fd);
    close(stop);
}

typedef struct {
    int fd, stop;
    udpfwd_trial_options options;
    udpfwd_trial_result result;
    int outcome;
} receiver;

static void *run_receiver(void *argument) {
    receiver *r = argument;
    r->outcome = udpfwd_trial(-1, r->fd, r->stop, &r->options, &r->result);
    return NULL;
}

/* A sender and a receiver that know nothing of each other, whose clocks differ. */
static void test_two_halves(void) {
    static const int64_t ahead[] = {0, 5000000000, -3600000000000};
    for (unsigned i = 0; i < sizeof ahead / sizeof *ahead; i++) {
        int way[2], stop = eventfd(0, 0); /* a way that loses nothing, should the receiver not run for a while */
        CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, way) == 0);
        static receiver r;
        r = (receiver){.fd = way[1], .stop = eventfd(0, 0), .options = thousand};
        r.options.clock_offset_ns = ahead[i];
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, run_receiver, &r) == 0);
        static udpfwd_trial_result sent;
        CHECK(udpfwd_trial(way[0], -1, stop, &thousand, &sent) == 0 && sent.sent == 1000 && sent.received == 0);
        while (__atomic_load_n(&r.result.received, __ATOMIC_RELAXED) < 1000)
            usleep(1000);
        CHECK(eventfd_write(r.stop, 1) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
        CHECK(r.outcome == -ECANCELED && r.result.sent == 0 && r.result.received == 1000 && r.result.duplicated == 0);
        if (ahead[i] < 0) /* as if it had been sent an hour earlier */
            CHECK(r.result.latency_min_ns >= 3600000000000u);
        else if (ahead[i] > 0) /* after it came: nobody can know */
            CHECK(r.result.latency_max_ns == 0);
        for (int end = 0; end < 2; end++)
            close(way[end]);
        close(r.stop);
        close(stop);
    }
}

/* It ends by itself, when its time is over. */
static void test_a_receiver_without_a_sender(void) {
    receiver r = {.fd = test_socket(), .stop = eventfd(0, 0), .options = thousand};
    r.options.duration_ns = 10000000;
    run_receiver(&r);
    CHECK(r.outcome == 0 && r.result.received == 0);
    close(r.fd);
    close(r.stop);
}

int main(void) {
    test_two_halves();
    test_a_receiver_without_a_sender();
    test_a_perfect_way();
    test_loss_doubles_and_swaps();
    test_a_window();
    test_frames_of_others();
    test_stop();
    test_stop_while_answers_come();
    test_a_lost_burst();
    test_a_full_socket();
    test_a_lost_window_among_frames_of_others();
    puts("trial_test: 11 passed");
    return 0;
}
