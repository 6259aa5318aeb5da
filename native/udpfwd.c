/* The forwarding core: workers, changes and statistics. udpfwd.h is the contract; each other file has a header with what others
 * may use of it.
 *
 * All ports that are joined, directly or through others, belong to one worker, so the frame path takes no lock. A change is made
 * by the thread that asks for it, while all workers are parked between two batches.
 */
#define _GNU_SOURCE
#include "changes.h"
#include "flows.h"
#include "joints.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define EVENTS_PER_WAIT 64
#define UDPFWD_THREAD_NAME "udpfwd-%d" /* in ps and top; set for as long as the thread is lent */
#define THREAD_NAME_BYTES 16           /* TASK_COMM_LEN of Linux */

/* --- statistics --- */

/* Signals that counters changed, and begins a pause. */
static void signal_stats(worker *w) {
    uint64_t one = 1;
    ssize_t written = write(w->core->stats_fd, &one, sizeof one);
    (void)written; /* fails only when nobody read for 2^64 signals */
    w->unsignalled = 0;
    struct itimerspec once = {.it_value = w->core->stats_interval};
    w->pausing = timerfd_settime(w->timer_fd, 0, &once, NULL) == 0;
}

void note_change(worker *w) {
    if (w->pausing)
        w->unsignalled = 1;
    else
        signal_stats(w);
}

/* The pause is over. When nothing changed meanwhile, no timer runs until something does. */
static void end_pause(worker *w) {
    uint64_t expirations;
    ssize_t got = read(w->timer_fd, &expirations, sizeof expirations);
    (void)got;
    w->pausing = 0;
    if (w->unsignalled)
        signal_stats(w);
}

int udpfwd_stats_fd(const udpfwd *core) {
    return core->stats_fd;
}

int udpfwd_captures_fd(const udpfwd *core) {
    return core->captures_fd;
}

int udpfwd_captures_full_fd(const udpfwd *core) {
    return core->captures_full_fd;
}

static uint64_t read_counter(const uint64_t *counter) {
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static void read_counters(udpfwd_counters *to, const port *p) {
    to->port_id = p->id;
    to->rx_held = __atomic_load_n(&p->counters.rx_held, __ATOMIC_RELAXED);
    to->tx_held = __atomic_load_n(&p->counters.tx_held, __ATOMIC_RELAXED);
    to->offloaded = 0;
    to->rx_frames = read_counter(&p->counters.rx_frames);
    to->rx_bytes = read_counter(&p->counters.rx_bytes);
    to->tx_frames = read_counter(&p->counters.tx_frames);
    to->tx_bytes = read_counter(&p->counters.tx_bytes);
    to->refused = read_counter(&p->counters.refused);
    to->rx_duplicated = read_counter(&p->counters.rx_duplicated);
    to->tx_duplicated = read_counter(&p->counters.tx_duplicated);
    for (int reason = 0; reason < UDPFWD_DROP_REASONS; reason++) {
        to->rx_drops[reason] = read_counter(&p->counters.rx_drops[reason]);
        to->tx_drops[reason] = read_counter(&p->counters.tx_drops[reason]);
    }
    add_offloaded(to, p);
}

int udpfwd_snapshot(udpfwd *core, udpfwd_counters *counters, int max) {
    int found = 0;
    pthread_mutex_lock(&core->lock);
    for (int id = 0; id < core->port_slots; id++) {
        if (core->ports[id] == NULL)
            continue;
        if (found < max)
            read_counters(&counters[found], core->ports[id]);
        found++;
    }
    pthread_mutex_unlock(&core->lock);
    return found;
}

/* --- changes --- */

static void wake(const worker *w) {
    uint64_t one = 1;
    ssize_t written = write(w->wake_fd, &one, sizeof one);
    (void)written; /* full means that the worker is woken already */
}

static void wake_all(udpfwd *core) {
    for (int i = 0; i < core->worker_count; i++)
        wake(&core->workers[i]);
}

int make_change(udpfwd *core, change_function apply, const void *arguments) {
    pthread_mutex_lock(&core->lock);
    while (core->changing)
        pthread_cond_wait(&core->changed, &core->lock);
    __atomic_store_n(&core->changing, 1, __ATOMIC_RELAXED);
    wake_all(core);
    while (core->parked < core->running)
        pthread_cond_wait(&core->changed, &core->lock);
    int result = apply(core, arguments);
    __atomic_store_n(&core->changing, 0, __ATOMIC_RELAXED);
    pthread_cond_broadcast(&core->changed);
    pthread_mutex_unlock(&core->lock);
    return result;
}

/* Between two turns: parks while a change is made. Returns whether the worker shall end. */
static int park(worker *w) {
    udpfwd *core = w->core;
    uint64_t woken;
    ssize_t got = read(w->wake_fd, &woken, sizeof woken);
    (void)got;
    pthread_mutex_lock(&core->lock);
    core->parked++;
    pthread_cond_broadcast(&core->changed);
    while (core->changing)
        pthread_cond_wait(&core->changed, &core->lock);
    core->parked--;
    expect_flows(w);
    int stopping = core->stopping;
    pthread_mutex_unlock(&core->lock);
    return stopping;
}

/* --- the workers --- */

static int begin_run(udpfwd *core, worker *w) {
    pthread_mutex_lock(&core->lock);
    while (core->changing)
        pthread_cond_wait(&core->changed, &core->lock);
    int result = w->running ? -EBUSY : 0;
    if (result == 0) {
        w->running = 1;
        core->running++;
    }
    pthread_mutex_unlock(&core->lock);
    return result;
}

static void end_run(udpfwd *core, worker *w) {
    pthread_mutex_lock(&core->lock);
    w->running = 0;
    core->running--; /* from here on nobody waits for this worker to park */
    pthread_cond_broadcast(&core->changed);
    pthread_mutex_unlock(&core->lock);
}

/* Serves a port, unless it is one whose frames are copied to many and there were enough copies in this round. */
static void give_turn(worker *w, port *p) {
    if (w->round_copies < TURN_COPIES || !p->is_copied)
        serve_port(w, p);
}

/* Held frames that are due get a turn after each port's, or a flood at many ports would make them late; and the memory that they give
 * back is taken by the next ones while the cache has it still. Their copies are counted apart, so that ports have as many turns. */
static void give_release_turn(worker *w) {
    uint64_t next_ns = next_release(w);
    if (next_ns == 0 || w->released_copies >= TURN_COPIES || next_ns > turn_time(w))
        return;
    int64_t of_ports = w->round_copies;
    w->now_ns = w->wall_ns = 0;
    release_due(w);
    w->released_copies += w->round_copies - of_ports;
    w->round_copies = of_ports;
}

/* Who comes first in a round is left to chance, so that nobody comes last for ever. */
static unsigned first_of(worker *w, int ready) {
    w->chance = w->chance * 1664525u + 1013904223u;
    return (w->chance >> 16) % (unsigned)ready;
}

static int change_waits(const worker *w) {
    return __atomic_load_n(&w->core->changing, __ATOMIC_RELAXED);
}

int serve_round(worker *w, const struct epoll_event *events, int ready) {
    unsigned first = ready > 1 ? first_of(w, ready) : 0;
    int woken = 0;
    w->round_copies = w->released_copies = 0;
    for (int i = 0; i < ready && !woken; i++) {
        void *what = events[(first + (unsigned)i) % (unsigned)ready].data.ptr;
        w->now_ns = w->wall_ns = 0;
        if (what == &w->wake_fd)
            woken = 1;
        else if (what == &w->timer_fd)
            end_pause(w);
        else if (what == &w->release_fd)
            end_hold(w);
        else if (what == &w->look_fd)
            look_at_flows(w);
        else {
            give_turn(w, what);
            if (!change_waits(w))
                give_release_turn(w);
        }
        woken |= change_waits(w);
    }
    if (w->more_due && !woken) {
        w->now_ns = w->wall_ns = 0;
        release_due(w);
    }
    return woken;
}

static int forward(worker *w) {
    struct epoll_event events[EVENTS_PER_WAIT];
    for (;;) {
        int ready = epoll_wait(w->epoll_fd, events, EVENTS_PER_WAIT, w->more_due ? 0 : -1);
        if (ready < 0 && errno != EINTR)
            return -errno;
        if (serve_round(w, events, ready) && park(w))
            return 0;
    }
}

int udpfwd_run(udpfwd *core, int number) {
    if (number < 0 || number >= core->worker_count)
        return -EINVAL;
    worker *w = &core->workers[number];
    int result = begin_run(core, w);
    if (result < 0)
        return result;
    /* Under SCHED_BATCH waking up does not preempt the sender, so that a burst gathers and is moved as one batch. */
    struct sched_param before_param, batch_param = {.sched_priority = 0};
    char before_name[THREAD_NAME_BYTES], name[2 * THREAD_NAME_BYTES];
    prctl(PR_GET_NAME, before_name);
    snprintf(name, sizeof name, UDPFWD_THREAD_NAME, number);
    prctl(PR_SET_NAME, name);
    int before = sched_getscheduler(0);
    sched_getparam(0, &before_param);
    sched_setscheduler(0, SCHED_BATCH, &batch_param);
    result = forward(w);
    if (before >= 0)
        sched_setscheduler(0, before, &before_param);
    prctl(PR_SET_NAME, before_name);
    end_run(core, w);
    return result;
}

void udpfwd_stop(udpfwd *core) {
    pthread_mutex_lock(&core->lock);
    core->stopping = 1;
    pthread_mutex_unlock(&core->lock);
    wake_all(core);
}

/* --- the core --- */

static int prepare_worker(udpfwd *core, worker *w) {
    w->core = core;
    w->release_frames = UDPFWD_BATCH_FRAMES;
    w->queue.core_bytes = &core->held_bytes;
    w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    w->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    w->release_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    w->look_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (w->epoll_fd < 0 || w->wake_fd < 0 || w->timer_fd < 0 || w->release_fd < 0 || w->look_fd < 0)
        return -errno;
    w->buffers = malloc(sizeof *w->buffers * UDPFWD_BATCH_FRAMES);
    w->large = malloc(LARGE_FRAME_BYTES); /* costs address space only, where no packet socket is served */
    if (w->buffers == NULL || w->large == NULL)
        return -ENOMEM;
    for (int i = 0; i < UDPFWD_BATCH_FRAMES; i++) {
        w->in_iov[i].iov_base = w->buffers[i] + HEADROOM_BYTES;
        w->in_iov[i].iov_len = UDPFWD_MAX_FRAME_BYTES;
        w->in[i].msg_hdr.msg_iov = &w->in_iov[i];
        w->in[i].msg_hdr.msg_iovlen = 1;
    }
    int result = watch(w, w->wake_fd, &w->wake_fd);
    if (result == 0)
        result = watch(w, w->timer_fd, &w->timer_fd);
    if (result == 0)
        result = watch(w, w->look_fd, &w->look_fd);
    return result < 0 ? result : watch(w, w->release_fd, &w->release_fd);
}

static int prepare(udpfwd *core, int workers) {
    core->stats_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    core->captures_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    core->captures_full_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (core->stats_fd < 0 || core->captures_fd < 0 || core->captures_full_fd < 0)
        return -errno;
    core->workers = calloc((size_t)workers, sizeof *core->workers);
    if (core->workers == NULL)
        return -ENOMEM;
    for (int i = 0; i < workers; i++) {
        worker *w = &core->workers[core->worker_count++];
        w->epoll_fd = w->wake_fd = w->timer_fd = w->release_fd = w->look_fd = -1;
        int result = prepare_worker(core, w);
        if (result < 0)
            return result;
    }
    return 0;
}

int udpfwd_open(int workers, uint32_t stats_interval_us, udpfwd **opened) {
    if (stats_interval_us == 0 || workers < 1 || workers > UDPFWD_MAX_WORKERS)
        return -EINVAL;
    udpfwd *core = calloc(1, sizeof *core);
    if (core == NULL)
        return -ENOMEM;
    core->stats_interval.tv_sec = stats_interval_us / 1000000;
    core->stats_interval.tv_nsec = stats_interval_us % 1000000 * 1000L;
    pthread_mutex_init(&core->lock, NULL);
    pthread_cond_init(&core->changed, NULL);
    core->stats_fd = core->captures_fd = core->captures_full_fd = -1;
    int result = prepare(core, workers);
    if (result < 0) {
        udpfwd_close(core);
        return result;
    }
    *opened = core;
    return 0;
}

static void close_worker(worker *w) {
    free_queue(w);
    close_if_open(w->epoll_fd);
    close_if_open(w->wake_fd);
    close_if_open(w->timer_fd);
    close_if_open(w->release_fd);
    close_if_open(w->look_fd);
    free(w->buffers);
    free(w->large);
}

void udpfwd_close(udpfwd *core) {
    for (int id = 0; id < core->port_slots; id++)
        if (core->ports[id] != NULL)
            end_port(core, core->ports[id]);
    close_bridges(core);
    detach_offload(&core->kernel);
    for (int i = 0; i < core->worker_count; i++)
        close_worker(&core->workers[i]);
    close_if_open(core->stats_fd);
    close_if_open(core->captures_fd);
    close_if_open(core->captures_full_fd);
    pthread_cond_destroy(&core->changed);
    pthread_mutex_destroy(&core->lock);
    free(core->ports);
    free(core->workers);
    free(core);
}
