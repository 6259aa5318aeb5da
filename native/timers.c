/* Timers: a pairing heap of those that are set, and one timerfd for the first of them. */
#define _GNU_SOURCE
#include "timers.h"
#include "worker.h"

#include <errno.h>
#include <stddef.h>
#include <sys/timerfd.h>

/* So many may expire in one turn: whoever else waits is served before the others. */
#define TURN_TIMERS 64
/* But no more than this while a change waits: about as long as the turn of a port. */
#define CHANGE_TIMERS 16

/* --- the heap: each timer is due before its children, which are a list --- */

/* Makes one heap of two, each without neighbours. */
static timer *merge(timer *a, timer *b) {
    timer *first = a->due_ns <= b->due_ns ? a : b, *second = first == a ? b : a;
    second->before = first; /* the first child's is its parent */
    second->next = first->children;
    if (first->children != NULL)
        first->children->before = second;
    first->children = second;
    return first;
}

/* Makes one heap of a list of them: first of each two, then of all, so that it stays flat. */
static timer *merge_list(timer *list) {
    timer *pairs = NULL, *all = NULL;
    while (list != NULL) {
        timer *one = list, *other = one->next;
        list = other != NULL ? other->next : NULL;
        one->next = one->before = NULL;
        if (other != NULL) {
            other->next = other->before = NULL;
            one = merge(one, other);
        }
        one->next = pairs;
        pairs = one;
    }
    while (pairs != NULL) {
        timer *next = pairs->next;
        pairs->next = NULL;
        all = all == NULL ? pairs : merge(all, pairs);
        pairs = next;
    }
    return all;
}

static void insert(timer_set *set, timer *t) {
    t->children = t->next = t->before = NULL;
    set->first = set->first == NULL ? t : merge(set->first, t);
}

static void take_out(timer_set *set, timer *t) {
    timer *children = merge_list(t->children);
    if (t == set->first) {
        set->first = children;
        return;
    }
    *(t->before->children == t ? &t->before->children : &t->before->next) = t->next;
    if (t->next != NULL)
        t->next->before = t->before;
    if (children != NULL)
        set->first = merge(set->first, children);
}

/* --- setting and expiring --- */

void stop_timer(worker *w, timer *t) {
    if (is_set(t))
        take_out(&w->timers, t);
    t->due_ns = 0;
}

void set_timer(worker *w, timer *t, uint64_t due_ns) {
    stop_timer(w, t);
    t->due_ns = due_ns > 0 ? due_ns : 1;
    insert(&w->timers, t);
}

void move_timer(worker *from, worker *to, timer *t) {
    uint64_t due_ns = t->due_ns;
    stop_timer(from, t);
    if (due_ns != 0)
        set_timer(to, t, due_ns);
}

void serve_due_timers(worker *w) {
    timer_set *set = &w->timers;
    uint64_t now_ns = turn_time(w);
    set->are_due = 0;
    for (int i = 0; i < TURN_TIMERS && set->first != NULL && set->first->due_ns <= now_ns; i++) {
        timer *t = set->first;
        stop_timer(w, t);
        t->expire(w, t);
        /* Frames of built-in PCs may have been copied to many ports. */
        if (w->round_copies >= TURN_COPIES)
            break;
        if (i >= CHANGE_TIMERS && __atomic_load_n(&w->must_park, __ATOMIC_RELAXED))
            break;
    }
}

static void serve_timers(worker *w, source *s) {
    (void)s; /* it is readable until arm_timers sets it again, which takes one call less than to read it */
    w->timers.has_expired = 1;
    serve_due_timers(w);
}

int arm_timers(worker *w) {
    timer_set *set = &w->timers;
    set->are_due = set->first != NULL && set->first->due_ns <= w->now_ns;
    if (set->are_due) /* set to the time of the turn that is over: the kernel need not know */
        return 1;
    uint64_t due_ns = set->first != NULL ? set->first->due_ns : 0; /* which no time is, and disarms it */
    int is_early = set->armed_ns != 0 && set->armed_ns <= due_ns;
    if (!set->has_expired && (due_ns == 0 || is_early))
        return 0;
    struct itimerspec once = {.it_value = {.tv_sec = (time_t)(due_ns / NANOSECONDS), .tv_nsec = (long)(due_ns % NANOSECONDS)}};
    if (timerfd_settime(set->source.fd, TFD_TIMER_ABSTIME, &once, NULL) < 0)
        return 0;
    set->armed_ns = due_ns;
    set->has_expired = 0;
    return 0;
}

int open_timers(worker *w) {
    w->timers.source = (source){.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), .serve = serve_timers};
    return w->timers.source.fd < 0 ? -errno : watch(w, &w->timers.source);
}

void close_timers(worker *w) {
    close_if_open(w->timers.source.fd);
}
