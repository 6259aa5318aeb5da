/* Frames that came in at another worker than that of their port.
 *
 * The worker of the lane copies them to the port, and lists the port in the inbox of its worker, which delivers them in turns. The order of
 * a port's frames is kept, also when it moves to another worker: as long as frames wait at the port, later ones wait behind them. The same
 * way is taken by frames whose copies by bridges would be too many for one turn, so that a flood delays other links no longer than frames of
 * other ports do.
 */
#define _GNU_SOURCE
#include "counting.h"
#include "statistics.h"
#include "trunk_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Of one port: some milliseconds of a fast link. Beyond it frames are dropped as queue. */
#define MOST_WAITING_BYTES (1024 * 1024)

/* Frames that were handed over together. Each has its headroom before it. */
struct handed {
    handed *next;
    size_t bytes; /* of all this */
    int n, done;
    struct iovec frames[];
};

/* --- the lists of ports --- */

/* With the port's lock. */
static void list_port(inbox *box, trunk_port *link) {
    uint64_t one = 1;
    pthread_mutex_lock(&box->lock);
    int was_empty = box->first == NULL;
    link->next_listed = NULL;
    link->is_listed = 1;
    if (was_empty)
        box->first = link;
    else
        box->last->next_listed = link;
    box->last = link;
    pthread_mutex_unlock(&box->lock);
    if (was_empty) {
        ssize_t written = write(box->source.fd, &one, sizeof one);
        (void)written;
    }
}

/* With the port's lock; its worker is parked. */
static void unlist_port(inbox *box, trunk_port *link) {
    pthread_mutex_lock(&box->lock);
    trunk_port **at = &box->first, *before = NULL;
    for (; *at != link; at = &before->next_listed)
        before = *at;
    *at = link->next_listed;
    if (box->last == link)
        box->last = before;
    link->is_listed = 0;
    pthread_mutex_unlock(&box->lock);
}

static trunk_port *take_listed(inbox *box) {
    pthread_mutex_lock(&box->lock);
    trunk_port *listed = box->first;
    box->first = box->last = NULL;
    pthread_mutex_unlock(&box->lock);
    return listed;
}

static inbox *inbox_of(const trunk_port *link, const worker *w) {
    return &work_of(link->peer->trunk, w)->inbox;
}

/* --- handing over --- */

static handed *copy_frames(const struct iovec *frames, int n) {
    size_t bytes = sizeof(handed) + (size_t)n * sizeof(struct iovec);
    for (int i = 0; i < n; i++)
        bytes += HEADROOM_BYTES + frames[i].iov_len;
    handed *copy = malloc(bytes);
    if (copy == NULL)
        return NULL;
    copy->next = NULL;
    copy->bytes = bytes;
    copy->n = n;
    copy->done = 0;
    unsigned char *at = (unsigned char *)&copy->frames[n];
    for (int i = 0; i < n; i++) {
        at += HEADROOM_BYTES;
        memcpy(at, frames[i].iov_base, frames[i].iov_len);
        copy->frames[i] = (struct iovec){at, frames[i].iov_len};
        at += frames[i].iov_len;
    }
    return copy;
}

static void hand_over(trunk_port *link, const struct iovec *frames, int n) {
    size_t waiting = __atomic_load_n(&link->waiting_bytes, __ATOMIC_RELAXED);
    handed *copy = waiting < MOST_WAITING_BYTES ? copy_frames(frames, n) : NULL;
    pthread_mutex_lock(&link->lock);
    if (copy == NULL) {
        link->lost += (uint64_t)n;
    } else {
        if (link->first == NULL)
            link->first = copy;
        else
            link->last->next = copy;
        link->last = copy;
        __atomic_store_n(&link->waiting_bytes, link->waiting_bytes + copy->bytes, __ATOMIC_RELAXED);
    }
    if (!link->is_listed)
        list_port(inbox_of(link, link->home), link);
    pthread_mutex_unlock(&link->lock);
    trunk_count(&link->peer->trunk->counters.handed_over, (uint64_t)n);
}

/* Whether frames may go on here and now. Only a change moves the port, for which both this worker and its other one park. */
static int may_pass(const worker *w, const trunk_port *link) {
    return __atomic_load_n(&link->home, __ATOMIC_RELAXED) == w &&
           __atomic_load_n(&link->waiting_bytes, __ATOMIC_RELAXED) == 0;
}

static int has_turn(const worker *w, const port *p) {
    return w->round_copies < TURN_COPIES || !p->is_copied;
}

void deliver(worker *w, trunk_port *link, const struct iovec *frames, int n) {
    int done = 0;
    if (may_pass(w, link)) {
        while (done < n && has_turn(w, &link->port)) {
            int turn = n - done < link->port.turn_frames ? n - done : link->port.turn_frames;
            receive_turn(w, &link->port, frames + done, turn);
            done += turn;
        }
        note_change(w);
    }
    if (done < n)
        hand_over(link, frames + done, n - done);
}

/* --- taking over --- */

/* Frees what was delivered; the port's lock is held. */
static void free_first(trunk_port *link) {
    handed *first = link->first;
    link->first = first->next;
    __atomic_store_n(&link->waiting_bytes, link->waiting_bytes - first->bytes, __ATOMIC_RELAXED);
    free(first);
}

/* A turn of a port: at most turn_frames. If more wait, it is listed again. */
static void take_turn(worker *w, trunk_port *link) {
    port *p = &link->port;
    pthread_mutex_lock(&link->lock);
    handed *first = link->first;
    if (link->lost > 0)
        drop(p, RX, UDPFWD_DROP_QUEUE, link->lost);
    link->lost = 0;
    pthread_mutex_unlock(&link->lock);
    if (first != NULL && has_turn(w, p)) {
        int left = first->n - first->done, n = left < p->turn_frames ? left : p->turn_frames;
        receive_turn(w, p, first->frames + first->done, n);
        first->done += n;
    }
    pthread_mutex_lock(&link->lock);
    if (first != NULL && first->done == first->n)
        free_first(link);
    if (link->first != NULL && !link->is_listed) /* the other worker may have done so meanwhile */
        list_port(inbox_of(link, w), link);
    pthread_mutex_unlock(&link->lock);
}

static void serve_inbox(worker *w, source *s) {
    inbox *box = (inbox *)s;
    uint64_t wakes;
    ssize_t got = read(s->fd, &wakes, sizeof wakes);
    (void)got;
    for (trunk_port *link = take_listed(box), *next; link != NULL; link = next) {
        next = link->next_listed;
        pthread_mutex_lock(&link->lock);
        link->is_listed = 0;
        pthread_mutex_unlock(&link->lock);
        take_turn(w, link);
    }
    note_change(w);
}

/* --- changes --- */

void link_moved(port *p, worker *from) {
    trunk_port *link = (trunk_port *)p;
    pthread_mutex_lock(&link->lock);
    if (link->is_listed)
        unlist_port(inbox_of(link, from), link);
    __atomic_store_n(&link->home, p->worker, __ATOMIC_RELAXED);
    if (link->first != NULL)
        list_port(inbox_of(link, p->worker), link);
    pthread_mutex_unlock(&link->lock);
}

void drop_handed(trunk_port *link) {
    if (link->is_listed)
        unlist_port(inbox_of(link, link->home), link);
    while (link->first != NULL)
        free_first(link);
}

int open_inbox(inbox *box) {
    box->source = (source){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .serve = serve_inbox};
    pthread_mutex_init(&box->lock, NULL);
    return box->source.fd < 0 ? -errno : 0;
}

void close_inbox(inbox *box) {
    close_if_open(box->source.fd);
    pthread_mutex_destroy(&box->lock);
}
