/* Frames that filters hold: a queue of each worker in the order of their times, and a timer for the next.
 *
 * With one delay frames leave in the order in which they came. So the queue is a run, where an entry is appended and taken without a
 * search, and a heap for those that would not be in order there.
 */
#define _GNU_SOURCE
#include "held_frames.h"
#include "held_memory.h"
#include "statistics.h"
#include "worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_ROOM 256u
/* After a batch the timer waits for so long at least: setting it costs as much as sending a few frames. */
#define GATHER_NS 100000u

static int is_before(const queue_entry *a, const queue_entry *b) {
    return a->release_ns != b->release_ns ? a->release_ns < b->release_ns : a->number < b->number;
}

static void sift_up(hold_queue *q, size_t i) {
    queue_entry entry = q->heap[i];
    while (i > 0 && is_before(&entry, &q->heap[(i - 1) / 2])) {
        q->heap[i] = q->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    q->heap[i] = entry;
}

static void sift_down(hold_queue *q, size_t i) {
    queue_entry entry = q->heap[i];
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= q->count)
            break;
        if (child + 1 < q->count && is_before(&q->heap[child + 1], &q->heap[child]))
            child++;
        if (!is_before(&q->heap[child], &entry))
            break;
        q->heap[i] = q->heap[child];
        i = child;
    }
    q->heap[i] = entry;
}

static void restore_order(hold_queue *q) {
    for (size_t i = q->count / 2; i-- > 0;)
        sift_down(q, i);
}

/* The memory of entries counts as memory of frames. It has no limit of its own, because the number of frames limits their number. */
static int grow(hold_queue *q, queue_entry **entries, size_t *room) {
    size_t more = *room ? *room * 2 : FIRST_ROOM;
    queue_entry *grown = realloc(*entries, sizeof **entries * more);
    if (grown == NULL)
        return -ENOMEM;
    __atomic_add_fetch(q->core_bytes, sizeof **entries * (more - *room), __ATOMIC_RELAXED);
    *entries = grown;
    *room = more;
    return 0;
}

static void free_entries(hold_queue *q, queue_entry **entries, size_t *room) {
    __atomic_sub_fetch(q->core_bytes, sizeof **entries * *room, __ATOMIC_RELAXED);
    free(*entries);
    *entries = NULL;
    *room = 0;
}

static size_t run_count(const hold_queue *q) {
    return q->run_end - q->run_first;
}

/* NULL when no run has been made yet: C allows no arithmetic on a null pointer. */
static queue_entry *first_of_run(const hold_queue *q) {
    return q->run != NULL ? q->run + q->run_first : NULL;
}

static size_t count_entries(const hold_queue *q) {
    return q->count + run_count(q);
}

static int push_heap(hold_queue *q, const queue_entry *entry) {
    if (q->count == q->room && grow(q, &q->heap, &q->room) < 0)
        return -ENOMEM;
    q->heap[q->count] = *entry;
    sift_up(q, q->count++);
    return 0;
}

static int append_run(hold_queue *q, const queue_entry *entry) {
    if (q->run_end == q->run_room && q->run_first > q->run_room / 2) { /* no more is moved than was taken */
        memmove(q->run, first_of_run(q), sizeof *q->run * run_count(q));
        q->run_end -= q->run_first;
        q->run_first = 0;
    }
    if (q->run_end == q->run_room && grow(q, &q->run, &q->run_room) < 0)
        return -ENOMEM;
    q->run[q->run_end++] = *entry;
    return 0;
}

static int push(hold_queue *q, uint64_t release_ns, uint64_t number, held_frame *frame) {
    queue_entry entry = {release_ns, number, frame};
    if (run_count(q) == 0)
        q->run_first = q->run_end = 0;
    return run_count(q) == 0 || is_before(&q->run[q->run_end - 1], &entry) ? append_run(q, &entry) : push_heap(q, &entry);
}

/* NULL when nothing is held. */
static const queue_entry *next_entry(const hold_queue *q) {
    const queue_entry *first = q->count > 0 ? &q->heap[0] : NULL;
    if (run_count(q) > 0 && (first == NULL || is_before(&q->run[q->run_first], first)))
        first = &q->run[q->run_first];
    return first;
}

uint64_t next_release(const worker *w) {
    const queue_entry *next = next_entry(&w->queue);
    return next != NULL ? next->release_ns : 0;
}

static held_frame *pop(hold_queue *q) {
    const queue_entry *next = next_entry(q);
    held_frame *frame = next->frame;
    if (next == q->heap) {
        q->heap[0] = q->heap[--q->count];
        if (q->count > 0)
            sift_down(q, 0);
    } else {
        q->run_first++;
    }
    return frame;
}

static int is_in_order(const hold_queue *q) {
    for (size_t i = q->run_first + 1; i < q->run_end; i++)
        if (is_before(&q->run[i], &q->run[i - 1]))
            return 0;
    return 1;
}

static int compare(const void *a, const void *b) {
    return is_before(a, b) ? -1 : is_before(b, a);
}

/* --- the timer --- */

static void set_for_next(worker *w) {
    const queue_entry *next = next_entry(&w->queue);
    if (next == NULL || w->more_due)
        return;
    uint64_t release_ns = next->release_ns > w->gather_ns ? next->release_ns : w->gather_ns;
    if (!is_set(&w->release) || release_ns < w->release.due_ns)
        set_timer(w, &w->release, release_ns);
}

/* An empty queue keeps no memory. */
static void give_back(hold_queue *q) {
    if (q->count == 0)
        free_entries(q, &q->heap, &q->room);
    if (run_count(q) == 0) {
        free_entries(q, &q->run, &q->run_room);
        q->run_first = q->run_end = 0;
    }
    if (count_entries(q) == 0)
        free_spare_chunks(q);
}

/* --- holding and releasing --- */

static unsigned char *frame_bytes(held_frame *frame) {
    return (unsigned char *)(frame->visited + frame->bridges);
}

/* Counts a frame that its port holds (1), or holds no more (-1). */
static void count_held(const held_frame *frame, int more) {
    port *p = frame->port;
    count_held_frame(p, frame->direction, more);
    p->held_in_order[frame->direction] += (unsigned)(more * frame->in_order);
}

/* The places on a way, the first one first. */
static void write_way(uint32_t *visited, const path *way) {
    for (const path *step = way; step != NULL && step->bridges > 0; step = step->before)
        visited[step->bridges - 1] = step->here;
}

/* The way again, in 'steps': one for each bridge and one more. */
static const path *read_way(const held_frame *frame, path *steps) {
    steps[0] = (path){.hops = frame->hops};
    for (int i = 0; i < frame->bridges; i++)
        steps[i + 1] = (path){.hops = frame->hops, .bridges = i + 1, .here = frame->visited[i], .before = &steps[i]};
    return &steps[frame->bridges];
}

int hold_frame(worker *w, port *p, int direction, const struct iovec *frame, uint64_t release_ns, int in_order,
               const path *way) {
    if (held_frames_of(p, direction) >= UDPFWD_MAX_HELD_FRAMES)
        return -ENOBUFS;
    chunk *from;
    size_t bytes = sizeof(held_frame) + sizeof(uint32_t) * (size_t)way->bridges + frame->iov_len;
    held_frame *held = take_memory(&w->queue, p, &p->held[direction][in_order], bytes, &from);
    if (held == NULL)
        return -ENOBUFS;
    held->port = p;
    held->memory = from;
    held->size = (uint16_t)frame->iov_len;
    held->direction = (uint8_t)direction;
    held->in_order = (uint8_t)in_order;
    held->hops = (uint8_t)way->hops;
    held->bridges = (uint8_t)way->bridges;
    write_way(held->visited, way);
    memcpy(frame_bytes(held), frame->iov_base, frame->iov_len);
    if (push(&w->queue, release_ns, w->queue.next_number++, held) < 0) {
        give_memory(&w->queue, p, from);
        return -ENOBUFS;
    }
    count_held(held, 1);
    set_for_next(w);
    return 0;
}

static int same_way(const held_frame *a, const held_frame *b) {
    return a->port == b->port && a->direction == b->direction && a->hops == b->hops && a->bridges == b->bridges &&
           memcmp(a->visited, b->visited, sizeof *a->visited * a->bridges) == 0;
}

/* Sends on frames of one port and one way. */
static void release_together(worker *w, held_frame **frames, const struct iovec *out, int n) {
    port *p = frames[0]->port;
    int direction = frames[0]->direction;
    path steps[UDPFWD_MAX_HOPS + 1];
    const path *way = read_way(frames[0], steps);
    for (int i = 0; i < n; i++) {
        count_held(frames[i], -1);
        give_memory(&w->queue, p, frames[i]->memory);
    }
    if (p->suspended)
        drop(p, direction, UDPFWD_DROP_SUSPENDED, (uint64_t)n);
    else
        leave_filters(w, p, direction, out, n, way);
}

void end_hold(worker *w, timer *release) {
    (void)release;
    w->more_due = 1;
}

void release_due(worker *w) {
    uint64_t now_ns = turn_time(w);
    hold_queue *q = &w->queue;
    held_frame *batch[UDPFWD_BATCH_FRAMES];
    struct iovec out[UDPFWD_BATCH_FRAMES];
    /* One turn, as for a port. */
    int n = 0;
    const queue_entry *next;
    for (; n < w->release_frames && (next = next_entry(q)) != NULL && next->release_ns <= now_ns; n++) {
        batch[n] = pop(q);
        /* Into the buffers of frames that come in, which are free now: there they have headroom. Tags may have used some of it. */
        size_t tags = batch[n]->size > UDPFWD_MAX_FRAME_BYTES ? batch[n]->size - UDPFWD_MAX_FRAME_BYTES : 0;
        out[n] = (struct iovec){(unsigned char *)w->in_iov[n].iov_base - tags, batch[n]->size};
        memcpy(out[n].iov_base, frame_bytes(batch[n]), batch[n]->size);
    }
    begin_turn(w, n);
    for (int first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && same_way(batch[first], batch[end]); end++)
            ;
        release_together(w, batch + first, out + first, end - first);
    }
    if (n > 0) {
        w->release_frames = next_limit(w->release_frames, n, end_turn(w, n));
        note_change(w);
    }
    give_back(q);
    next = next_entry(q);
    w->more_due = next != NULL && next->release_ns <= now_ns;
    w->gather_ns = now_ns + GATHER_NS;
    set_for_next(w);
}

static void make_due(queue_entry *entry, const port *p, int direction, uint64_t now_ns) {
    if (entry->frame->port == p && entry->frame->direction == direction && entry->release_ns > now_ns)
        entry->release_ns = now_ns;
}

void release_early(port *p, int direction) {
    if (held_frames_of(p, direction) == 0)
        return;
    hold_queue *q = &p->worker->queue;
    uint64_t now_ns = turn_time(p->worker);
    p->worker->now_ns = 0;
    for (size_t i = 0; i < q->count; i++)
        make_due(&q->heap[i], p, direction, now_ns);
    restore_order(q);
    for (size_t i = q->run_first; i < q->run_end; i++)
        make_due(&q->run[i], p, direction, now_ns);
    if (!is_in_order(q)) /* when others are held between them */
        qsort(first_of_run(q), run_count(q), sizeof *q->run, compare);
    set_for_next(p->worker);
}

typedef void (*taker)(hold_queue *q, const queue_entry *entry);

/* Takes the entries out that leave, and gives each to take(). */
static void take_out(hold_queue *q, int (*leaves)(const held_frame *, const void *), const void *context, taker take) {
    queue_entry *places[] = {q->heap, first_of_run(q)};
    size_t counts[] = {q->count, run_count(q)};
    for (int place = 0; place < 2; place++) {
        size_t kept = 0;
        for (size_t i = 0; i < counts[place]; i++) {
            queue_entry entry = places[place][i];
            if (leaves(entry.frame, context))
                take(q, &entry);
            else
                places[place][kept++] = entry;
        }
        counts[place] = kept;
    }
    q->count = counts[0];
    q->run_end = q->run_first + counts[1];
    restore_order(q);
}

static int is_of_port(const held_frame *frame, const void *p) {
    return frame->port == p;
}

static void lose(hold_queue *q, const queue_entry *entry) {
    count_held(entry->frame, -1);
    give_memory(q, entry->frame->port, entry->frame->memory);
}

void drop_held(port *p) {
    if (p->counters.rx_held + p->counters.tx_held > 0)
        take_out(&p->worker->queue, is_of_port, p, lose);
    give_back(&p->worker->queue);
}

static int has_moved(const held_frame *frame, const void *from) {
    return frame->port->worker != from;
}

static void follow(hold_queue *from, const queue_entry *entry) {
    port *p = entry->frame->port;
    hold_queue *to = &p->worker->queue;
    if (push(to, entry->release_ns, entry->number, entry->frame) < 0) {
        drop(p, entry->frame->direction, UDPFWD_DROP_QUEUE, 1);
        lose(from, entry);
        return;
    }
    if (to->next_number <= entry->number)
        to->next_number = entry->number + 1;
    set_for_next(p->worker);
}

void move_held(worker *from) {
    if (count_entries(&from->queue) > 0)
        take_out(&from->queue, has_moved, from, follow);
    give_back(&from->queue);
}

/* All ports have ended, so nothing is held. */
void free_queue(worker *w) {
    give_back(&w->queue);
}
