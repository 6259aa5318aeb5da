/* Timers of a worker, any number of them: timers.c. Worker only, or while it is parked.
 *
 * A timer is embedded in the object to which it belongs, zeroed at first except 'expire'. Stop it before that object is freed or moved to
 * another worker. Setting and stopping a timer needs no memory and no system call: the kernel's timer is set before the worker waits.
 */
#ifndef GNS3TRIO_TIMERS_H
#define GNS3TRIO_TIMERS_H

#include "source.h"

#include <stdint.h>

typedef struct timer timer;

struct timer {
    uint64_t due_ns;                        /* CLOCK_MONOTONIC; 0: it is not set */
    void (*expire)(worker *w, timer *t);    /* it is not set any more, and may be set again, to a time to come */
    timer *children, *next, *before;        /* of a pairing heap: its place in there is timers.c's */
};

/* One for each worker. */
typedef struct {
    source source;     /* of a timerfd */
    timer *first;      /* of those that are set, the one that is due before the others */
    uint64_t armed_ns; /* what the timerfd was set to last, 0: not */
    int has_expired;   /* since then */
    int are_due;       /* some were, when the last turn was over: the kernel does not know */
} timer_set;

static inline int is_set(const timer *t) {
    return t->due_ns != 0;
}

/* Sets a timer, or sets it to another time; a time that is past is as good as now. */
void set_timer(worker *w, timer *t, uint64_t due_ns);
/* Not set is fine. */
void stop_timer(worker *w, timer *t);

/* Both workers are parked: a set timer stays set, at the other worker. */
void move_timer(worker *from, worker *to, timer *t);

/* For worker.c: the timers are watched, and ended. close_timers is needed, and fine, when open_timers fails. */
int open_timers(worker *w);
void close_timers(worker *w);
/* Before the worker waits for events. Returns whether it shall not wait, because some timers are due: then serve_due_timers follows. */
int arm_timers(worker *w);
void serve_due_timers(worker *w);

#endif
