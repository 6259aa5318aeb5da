/* The traffic generator, over a relay that loses, doubles and swaps frames. */
#include "trial.h"

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
                                              .drain_ns = 100000000u};

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

int main(void) {
    test_a_perfect_way();
    test_loss_doubles_and_swaps();
    test_a_window();
    test_frames_of_others();
    test_stop();
    puts("trial_test: 5 passed");
    return 0;
}
