/* The workers: threads that are lent to the core, each of which serves the ports that it has, round after round. */
#define _GNU_SOURCE
#include "worker.h"
#include "flows.h"
#include "statistics.h"
#include "trunk_round.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#define EVENTS_PER_WAIT 64
#define SILENCES 4u
#define SILENCE_PROBE 8u
#define UDPFWD_THREAD_NAME "udpfwd-%d" /* in ps and top; set for as long as the thread is lent */
#define THREAD_NAME_BYTES 16           /* TASK_COMM_LEN of Linux */

/* --- sources --- */

int watch(worker *w, source *s) {
    struct epoll_event interest = {.events = EPOLLIN, .data.ptr = s};
    return s->fd >= 0 && epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, s->fd, &interest) < 0 ? -errno : 0;
}

void unwatch(worker *w, const source *s) {
    if (s->fd >= 0)
        epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, s->fd, NULL);
}

/* --- waking and parking --- */

void wake(const worker *w) {
    uint64_t one = 1;
    ssize_t written = write(w->waker.fd, &one, sizeof one);
    (void)written; /* full means that the worker is woken already */
}

static void serve_waker(worker *w, source *s) {
    (void)s;
    w->woken = 1;
}

/* Between two turns: stays here while a change is made. Returns whether the worker shall end. */
static int stay_parked(worker *w) {
    udpfwd *core = w->core;
    uint64_t wakes;
    ssize_t got = read(w->waker.fd, &wakes, sizeof wakes);
    (void)got;
    pthread_mutex_lock(&core->lock);
    w->is_parked = 1;
    pthread_cond_broadcast(&core->changed);
    while (w->must_park)
        pthread_cond_wait(&core->changed, &core->lock);
    w->is_parked = 0;
    w->now_ns = w->wall_ns = 0;
    expect_flows(w);
    int stopping = core->stopping;
    pthread_mutex_unlock(&core->lock);
    return stopping;
}

static int begin_run(udpfwd *core, worker *w) {
    pthread_mutex_lock(&core->lock);
    while (w->must_park)
        pthread_cond_wait(&core->changed, &core->lock);
    int result = w->running ? -EBUSY : 0;
    w->running = 1;
    pthread_mutex_unlock(&core->lock);
    return result;
}

static void end_run(udpfwd *core, worker *w) {
    pthread_mutex_lock(&core->lock);
    w->running = 0; /* from here on nobody waits for this worker to park */
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

/* The first source of a round is random, so that none is always the last. */
static unsigned first_of(worker *w, int ready) {
    w->chance = w->chance * 1664525u + 1013904223u;
    return (w->chance >> 16) % (unsigned)ready;
}

static int change_waits(const worker *w) {
    return __atomic_load_n(&w->must_park, __ATOMIC_RELAXED);
}

/* A device takes frames in while they are written to it, so an answer is there at once: it need not wait for the next look for events.
 * Where there was none of late, every SILENCE_PROBE-th frame is looked for one. */
static void give_answering_turn(worker *w) {
    port *p = w->answering;
    w->answering = NULL;
    if (p == NULL || w->round_copies >= TURN_COPIES || change_waits(w))
        return;
    int is_silent = p->silences >= SILENCES && p->silences % SILENCE_PROBE != 0;
    p->silences = !is_silent && serve_port(w, p) ? 0 : p->silences + 1;
}

void serve_port_source(worker *w, source *s) {
    w->answering = NULL; /* what was sent outside of turns of ports is of no concern */
    give_turn(w, (port *)s); /* which its source is the first part of */
    give_answering_turn(w);
    if (!change_waits(w))
        give_release_turn(w);
}

int serve_round(worker *w, const struct epoll_event *events, int ready) {
    unsigned first = ready > 1 ? first_of(w, ready) : 0;
    w->woken = 0;
    w->round_copies = w->released_copies = 0;
    for (int i = 0; i < ready && !w->woken; i++) {
        source *s = events[(first + (unsigned)i) % (unsigned)ready].data.ptr;
        w->now_ns = w->wall_ns = 0;
        s->serve(w, s);
        w->woken |= change_waits(w);
    }
    if (w->timers.are_due && !w->woken) {
        w->now_ns = w->wall_ns = 0;
        serve_due_timers(w);
    }
    if (w->more_due && !w->woken) {
        w->now_ns = w->wall_ns = 0;
        release_due(w);
    }
    if (w->core->trunk != NULL)
        end_trunk_round(w);
    return w->woken;
}

static int forward(worker *w) {
    struct epoll_event events[EVENTS_PER_WAIT];
    for (;;) {
        int are_due = arm_timers(w);
        int ready = epoll_wait(w->epoll_fd, events, EVENTS_PER_WAIT, w->more_due || are_due ? 0 : -1);
        if (ready < 0 && errno != EINTR)
            return -errno;
        if (serve_round(w, events, ready) && stay_parked(w))
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
    for (int i = 0; i < core->worker_count; i++)
        wake(&core->workers[i]);
}

/* --- beginning and end --- */

int prepare_worker(udpfwd *core, worker *w) {
    w->epoll_fd = w->waker.fd = w->timers.source.fd = -1;
    w->pause.expire = end_pause;
    w->release.expire = end_hold;
    w->look.expire = look_at_flows;
    w->core = core;
    w->release_frames = UDPFWD_BATCH_FRAMES;
    w->queue.core_bytes = &core->held_bytes;
    w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    w->waker = (source){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .serve = serve_waker};
    if (w->epoll_fd < 0 || w->waker.fd < 0)
        return -errno;
    w->buffers = malloc(sizeof *w->buffers * UDPFWD_BATCH_FRAMES);
    w->large = aligned_alloc(CACHE_LINE_BYTES, LARGE_ROOM_BYTES); /* costs address space only, where no device is served */
    if (w->buffers == NULL || w->large == NULL)
        return -ENOMEM;
    for (int i = 0; i < UDPFWD_BATCH_FRAMES; i++) {
        w->in_iov[i].iov_base = w->buffers[i] + HEADROOM_BYTES;
        w->in_iov[i].iov_len = UDPFWD_MAX_FRAME_BYTES;
        w->in[i].msg_hdr.msg_iov = &w->in_iov[i];
        w->in[i].msg_hdr.msg_iovlen = 1;
    }
    int result = watch(w, &w->waker);
    return result < 0 ? result : open_timers(w);
}

void close_worker(worker *w) {
    free_queue(w);
    close_if_open(w->epoll_fd);
    close_if_open(w->waker.fd);
    close_timers(w);
    free(w->buffers);
    free(w->large);
}
