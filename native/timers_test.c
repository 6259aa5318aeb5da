/* Timers: set, stopped and expiring, by direct calls and in a worker that runs. */
#define _GNU_SOURCE
#include "changes.h"

#include "test_core.h"

enum { TIMERS = 500, EXPIRED = 4 * TIMERS };

/* Timers of a worker that does not run, and the order in which they expired. */
typedef struct {
    timer timer; /* first: an expired timer is one of these */
    int number;
} numbered;

static numbered timers[TIMERS];
static int expired[EXPIRED], expiries;

static void note(worker *w, timer *t) {
    CHECK(!is_set(t) && w != NULL && expiries < EXPIRED);
    expired[expiries++] = ((numbered *)t)->number;
}

static udpfwd *open_core(void) {
    udpfwd *core;
    CHECK(udpfwd_open(2, STATS_INTERVAL_US, &core) == 0);
    for (int i = 0; i < TIMERS; i++)
        timers[i] = (numbered){.timer.expire = note, .number = i};
    expiries = 0;
    return core;
}

/* Turns at a time, as many as it takes. */
static void turns_at(worker *w, uint64_t now_ns) {
    do {
        w->now_ns = now_ns;
        w->timers.source.serve(w, &w->timers.source);
    } while (w->timers.first != NULL && w->timers.first->due_ns <= now_ns);
}

static unsigned next_random(unsigned *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Whatever was set, set again and stopped before, timers expire in the order of their times, and none early. */
static void test_timers_expire_in_order(void) {
    udpfwd *core = open_core();
    worker *w = &core->workers[0];
    uint64_t due[TIMERS] = {0};
    unsigned state = 1;
    for (int round = 0; round < 20; round++) {
        for (int change = 0; change < 2 * TIMERS; change++) {
            unsigned i = next_random(&state) % TIMERS, kind = next_random(&state) % 4;
            due[i] = kind == 0 ? 0 : 1000 + next_random(&state) % 1000;
            if (kind == 0)
                stop_timer(w, &timers[i].timer);
            else
                set_timer(w, &timers[i].timer, due[i]);
            CHECK(timers[i].timer.due_ns == due[i]);
        }
        for (uint64_t now_ns = 1000; now_ns < 2000; now_ns += 1 + next_random(&state) % 40) {
            expiries = 0;
            turns_at(w, now_ns);
            for (int i = 0; i < expiries; i++) {
                CHECK(due[expired[i]] != 0 && due[expired[i]] <= now_ns);
                CHECK(i == 0 || due[expired[i - 1]] <= due[expired[i]]);
            }
            for (int i = 0; i < expiries; i++)
                due[expired[i]] = 0;
            for (int i = 0; i < TIMERS; i++)
                CHECK(due[i] == 0 ? !is_set(&timers[i].timer) : due[i] > now_ns && is_set(&timers[i].timer));
        }
    }
    udpfwd_close(core);
}

static void set_again(worker *w, timer *t) {
    note(w, t);
    set_timer(w, t, turn_time(w) + 10);
    stop_timer(w, &timers[1].timer);
}

/* What a timer does may set and stop timers, itself too. */
static void test_an_expired_timer_changes_timers(void) {
    udpfwd *core = open_core();
    worker *w = &core->workers[0];
    timers[0].timer.expire = set_again;
    for (int i = 0; i < 3; i++)
        set_timer(w, &timers[i].timer, 100 + (uint64_t)i);
    turns_at(w, 105);
    CHECK(expiries == 2 && expired[0] == 0 && expired[1] == 2);
    CHECK(timers[0].timer.due_ns == 115 && w->timers.first == &timers[0].timer);
    udpfwd_close(core);
}

/* Many that are due at once leave turns to others. */
static void test_a_turn_is_bounded(void) {
    udpfwd *core = open_core();
    worker *w = &core->workers[0];
    for (int i = 0; i < TIMERS; i++)
        set_timer(w, &timers[i].timer, 100);
    w->now_ns = 200;
    w->timers.source.serve(w, &w->timers.source);
    CHECK(expiries > 0 && expiries < TIMERS / 4);
    turns_at(w, 200);
    CHECK(expiries == TIMERS && w->timers.first == NULL);
    udpfwd_close(core);
}

static void test_a_timer_moves_to_another_worker(void) {
    udpfwd *core = open_core();
    worker *from = &core->workers[0], *to = &core->workers[1];
    set_timer(from, &timers[0].timer, 100);
    set_timer(from, &timers[1].timer, 50);
    move_timer(from, to, &timers[0].timer);
    move_timer(from, to, &timers[2].timer);
    CHECK(to->timers.first == &timers[0].timer && timers[0].timer.due_ns == 100 && !is_set(&timers[2].timer));
    turns_at(from, 200);
    CHECK(expiries == 1 && expired[0] == 1);
    turns_at(to, 200);
    CHECK(expiries == 2 && expired[1] == 0);
    udpfwd_close(core);
}

/* --- in a worker that runs --- */

typedef struct {
    timer timer;
    int fd;
    uint64_t due_ns;
} told;

static void tell(worker *w, timer *t) {
    const told *it = (const told *)t;
    CHECK(turn_time(w) >= it->due_ns && write(it->fd, "x", 1) == 1);
}

static void await(int fd) {
    char byte;
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    CHECK(poll(&wait, 1, PATIENCE_MS) == 1 && read(fd, &byte, 1) == 1);
}

/* Also one that is due before those that the worker waits for already, or at once. */
static void test_a_worker_wakes_up_for_its_timers(void) {
    static const uint64_t after_ns[] = {3600ull * NANOSECONDS, 2000000, 1000000, 0};
    running r = start();
    start_workers(&r);
    worker *w = &r.core->workers[0];
    int pipe_fds[2];
    told all[4];
    CHECK(pipe(pipe_fds) == 0);
    for (int i = 0; i < 4; i++) {
        begin_change(r.core);
        park(r.core, w);
        w->now_ns = 0;
        all[i] = (told){.timer.expire = tell, .fd = pipe_fds[1], .due_ns = turn_time(w) + after_ns[i]};
        set_timer(w, &all[i].timer, all[i].due_ns);
        end_change(r.core, 0);
    }
    for (int i = 1; i < 4; i++)
        await(pipe_fds[0]);
    begin_change(r.core);
    park(r.core, w);
    for (int i = 0; i < 4; i++)
        CHECK(is_set(&all[i].timer) == (i == 0));
    stop_timer(w, &all[0].timer);
    end_change(r.core, 0);
    stop(&r);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

int main(void) {
    test_timers_expire_in_order();
    test_an_expired_timer_changes_timers();
    test_a_turn_is_bounded();
    test_a_timer_moves_to_another_worker();
    test_a_worker_wakes_up_for_its_timers();
    puts("timers_test: 5 passed");
    return 0;
}
