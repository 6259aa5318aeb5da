/* Frames that filters hold: a queue of each worker in the order of their times, and a timer for the next.
 *
 * With one delay frames leave in the order in which they came. So the queue is a run, where an entry is appended and taken without a
 * search, and a heap for those that would not be in order there.
 */
#define _GNU_SOURCE
#include "core.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define NANOSECONDS 1000000000u
#define FIRST_ROOM 256u
/* After a batch the timer waits for so long at least: setting it costs as much as sending a few frames. */
#define GATHER_NS 100000u
#define CACHE_LINE_BYTES 64
/* Where the bytes of a frame are in its memory when it passed no bridge. */
#define BYTES_AT (sizeof(held_frame) + HEADROOM_BYTES)

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

static int grow(queue_entry **entries, size_t *room) {
    size_t more = *room ? *room * 2 : FIRST_ROOM;
    queue_entry *grown = realloc(*entries, sizeof **entries * more);
    if (grown == NULL)
        return -ENOMEM;
    *entries = grown;
    *room = more;
    return 0;
}

static size_t run_count(const hold_queue *q) {
    return q->run_end - q->run_first;
}

static size_t count_entries(const hold_queue *q) {
    return q->count + run_count(q);
}

static int push_heap(hold_queue *q, const queue_entry *entry) {
    if (q->count == q->room && grow(&q->heap, &q->room) < 0)
        return -ENOMEM;
    q->heap[q->count] = *entry;
    sift_up(q, q->count++);
    return 0;
}

static int append_run(hold_queue *q, const queue_entry *entry) {
    if (q->run_end == q->run_room && q->run_first > q->run_room / 2) { /* no more is moved than was taken */
        memmove(q->run, q->run + q->run_first, sizeof *q->run * run_count(q));
        q->run_end -= q->run_first;
        q->run_first = 0;
    }
    if (q->run_end == q->run_room && grow(&q->run, &q->run_room) < 0)
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

static void arm(worker *w, uint64_t release_ns) {
    struct itimerspec once = {.it_value = {.tv_sec = (time_t)(release_ns / NANOSECONDS),
                                           .tv_nsec = (long)(release_ns % NANOSECONDS)}};
    if (timerfd_settime(w->release_fd, TFD_TIMER_ABSTIME, &once, NULL) == 0)
        w->armed_ns = release_ns;
}

static void arm_for_next(worker *w) {
    const queue_entry *next = next_entry(&w->queue);
    if (next != NULL && !w->more_due && (w->armed_ns == 0 || next->release_ns < w->armed_ns))
        arm(w, next->release_ns);
}

/* --- memory of frames ---
 *
 * A link with a delay takes and gives back memory for every frame. Given back to malloc it would go on to the system and come back
 * with page faults, which cost more than the rest of a frame's way; so a busy queue keeps some, and an empty one none.
 */

struct slot {
    slot *next;
};

static const size_t slot_bytes[SLOT_CLASSES] = {512, 2048, HEADROOM_BYTES + UDPFWD_MAX_FRAME_BYTES + 1024};
#define MAX_SPARE_BYTES (32u << 20) /* of one worker */

static int class_of(size_t bytes) {
    int class = 0;
    while (class < SLOT_CLASSES - 1 && slot_bytes[class] < bytes)
        class++;
    return class;
}

static void *new_slot(hold_queue *q, int class) {
    if (__atomic_add_fetch(q->core_bytes, slot_bytes[class], __ATOMIC_RELAXED) <= UDPFWD_MAX_HELD_BYTES) {
        void *made = malloc(slot_bytes[class]);
        if (made != NULL)
            return made;
    }
    __atomic_sub_fetch(q->core_bytes, slot_bytes[class], __ATOMIC_RELAXED);
    return NULL;
}

static void free_slot(hold_queue *q, void *given, int class) {
    __atomic_sub_fetch(q->core_bytes, slot_bytes[class], __ATOMIC_RELAXED);
    free(given);
}

static void free_spares(hold_queue *q) {
    for (int class = 0; class < SLOT_CLASSES; class++)
        for (slot *spare; (spare = q->spare[class]) != NULL;) {
            q->spare[class] = spare->next;
            free_slot(q, spare, class);
        }
    q->spare_bytes = 0;
}

static void *take_slot(hold_queue *q, int class) {
    slot *spare = q->spare[class];
    if (spare == NULL) {
        void *made = new_slot(q, class);
        if (made == NULL && q->spare_bytes > 0) { /* there may be memory for frames of other sizes */
            free_spares(q);
            made = new_slot(q, class);
        }
        return made;
    }
    q->spare[class] = spare->next;
    q->spare_bytes -= slot_bytes[class];
    if (spare->next != NULL) { /* the next frame's, where its bytes begin too: it was last touched a whole delay ago */
        __builtin_prefetch(spare->next, 1);
        __builtin_prefetch((unsigned char *)spare->next + BYTES_AT, 1);
        __builtin_prefetch((unsigned char *)spare->next + BYTES_AT + CACHE_LINE_BYTES, 1);
    }
    return spare;
}

static void give_slot(hold_queue *q, held_frame *frame) {
    int class = frame->slot_class;
    if (q->spare_bytes >= MAX_SPARE_BYTES) {
        free_slot(q, frame, class);
        return;
    }
    slot *spare = (slot *)frame;
    spare->next = q->spare[class];
    q->spare[class] = spare;
    q->spare_bytes += slot_bytes[class];
}

/* An empty queue keeps no memory, but for the little that the next frame would take again. */
static void give_back(hold_queue *q) {
    if (count_entries(q) > 0)
        return;
    free_spares(q);
    if (q->room > FIRST_ROOM) {
        free(q->heap);
        q->heap = NULL;
        q->room = 0;
    }
    if (q->run_room > FIRST_ROOM) {
        free(q->run);
        q->run = NULL;
        q->run_first = q->run_end = q->run_room = 0;
    }
}

/* --- holding and releasing --- */

/* Counts a frame that its port holds (1), or holds no more (-1). */
static void count_held(const held_frame *frame, int more) {
    port *p = frame->port;
    uint32_t *held = held_counter(p, frame->direction);
    __atomic_store_n(held, *held + (uint32_t)more, __ATOMIC_RELAXED);
    p->held_in_order[frame->direction] += (unsigned)(more * frame->in_order);
    p->held_bytes += (size_t)more * slot_bytes[frame->slot_class];
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
    if (*held_counter(p, direction) >= UDPFWD_MAX_HELD_FRAMES)
        return -ENOBUFS;
    size_t visited_bytes = sizeof(uint32_t) * (size_t)way->bridges;
    int class = class_of(sizeof(held_frame) + visited_bytes + HEADROOM_BYTES + frame->iov_len);
    if (p->held_bytes + slot_bytes[class] > UDPFWD_MAX_PORT_HELD_BYTES)
        return -ENOBUFS;
    held_frame *held = take_slot(&w->queue, class);
    if (held == NULL)
        return -ENOBUFS;
    *held = (held_frame){.port = p,
                         .direction = direction,
                         .slot_class = class,
                         .in_order = in_order,
                         .size = (uint32_t)frame->iov_len,
                         .hops = way->hops,
                         .bridges = way->bridges,
                         .visited = (uint32_t *)(held + 1)};
    held->bytes = (unsigned char *)held->visited + visited_bytes + HEADROOM_BYTES;
    write_way(held->visited, way);
    memcpy(held->bytes, frame->iov_base, frame->iov_len);
    if (push(&w->queue, release_ns, w->queue.next_number++, held) < 0) {
        give_slot(&w->queue, held);
        return -ENOBUFS;
    }
    count_held(held, 1);
    arm_for_next(w);
    return 0;
}

static int same_way(const held_frame *a, const held_frame *b) {
    return a->port == b->port && a->direction == b->direction && a->hops == b->hops && a->bridges == b->bridges &&
           memcmp(a->visited, b->visited, sizeof *a->visited * (size_t)a->bridges) == 0;
}

/* Sends on frames of one port and one way. */
static void release_together(worker *w, held_frame **frames, int n) {
    port *p = frames[0]->port;
    path steps[UDPFWD_MAX_HOPS + 1];
    const path *way = read_way(frames[0], steps);
    struct iovec out[UDPFWD_BATCH_FRAMES];
    for (int i = 0; i < n; i++) {
        out[i] = (struct iovec){frames[i]->bytes, frames[i]->size};
        count_held(frames[i], -1);
    }
    if (p->suspended)
        drop(p, frames[0]->direction, UDPFWD_DROP_SUSPENDED, (uint64_t)n);
    else
        leave_filters(w, p, frames[0]->direction, out, n, way);
    for (int i = 0; i < n; i++)
        give_slot(&w->queue, frames[i]);
}

/* The frames came in long ago, by the cache's clock: all are fetched at once instead of each when it is needed. */
static void prefetch_bytes(const held_frame *frame) {
    for (size_t at = 0; at < frame->size; at += CACHE_LINE_BYTES)
        __builtin_prefetch(frame->bytes + at);
    __builtin_prefetch(frame->bytes + frame->size - 1); /* it may end in one line more */
}

void end_hold(worker *w) {
    uint64_t expirations;
    ssize_t got = read(w->release_fd, &expirations, sizeof expirations);
    (void)got;
    w->armed_ns = 0;
    w->more_due = 1;
}

void release_due(worker *w) {
    uint64_t now_ns = turn_time(w);
    hold_queue *q = &w->queue;
    held_frame *batch[UDPFWD_BATCH_FRAMES];
    /* One turn, as for a port. */
    int n = 0;
    const queue_entry *next;
    for (; n < w->release_frames && (next = next_entry(q)) != NULL && next->release_ns <= now_ns; n++) {
        batch[n] = pop(q);
        __builtin_prefetch(batch[n]);
    }
    for (int i = 0; i < n; i++)
        prefetch_bytes(batch[i]);
    begin_turn(w, n);
    for (int first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && same_way(batch[first], batch[end]); end++)
            ;
        release_together(w, batch + first, end - first);
    }
    if (n > 0) {
        w->release_frames = next_limit(w->release_frames, n, end_turn(w, n));
        note_change(w);
    }
    give_back(q);
    next = next_entry(q);
    w->more_due = next != NULL && next->release_ns <= now_ns;
    if (next != NULL && !w->more_due && w->armed_ns == 0) {
        uint64_t soonest = now_ns + GATHER_NS;
        arm(w, next->release_ns > soonest ? next->release_ns : soonest);
    }
}

static void make_due(queue_entry *entry, const port *p, int direction, uint64_t now_ns) {
    if (entry->frame->port == p && entry->frame->direction == direction && entry->release_ns > now_ns)
        entry->release_ns = now_ns;
}

void release_early(port *p, int direction) {
    if (*held_counter(p, direction) == 0)
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
        qsort(q->run + q->run_first, run_count(q), sizeof *q->run, compare);
    arm_for_next(p->worker);
}

typedef void (*taker)(held_frame *frame, uint64_t release_ns, uint64_t number);

/* Takes the entries out that leave, and gives each to take(). */
static void take_out(hold_queue *q, int (*leaves)(const held_frame *, const void *), const void *context, taker take) {
    queue_entry *places[] = {q->heap, q->run + q->run_first};
    size_t counts[] = {q->count, run_count(q)};
    for (int place = 0; place < 2; place++) {
        size_t kept = 0;
        for (size_t i = 0; i < counts[place]; i++) {
            queue_entry entry = places[place][i];
            if (leaves(entry.frame, context))
                take(entry.frame, entry.release_ns, entry.number);
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

static void lose(held_frame *frame, uint64_t release_ns, uint64_t number) {
    (void)release_ns;
    (void)number;
    count_held(frame, -1);
    free_slot(&frame->port->worker->queue, frame, frame->slot_class);
}

void drop_held(port *p) {
    if (p->counters.rx_held + p->counters.tx_held > 0)
        take_out(&p->worker->queue, is_of_port, p, lose);
    give_back(&p->worker->queue);
}

static int has_moved(const held_frame *frame, const void *from) {
    return frame->port->worker != from;
}

static void follow(held_frame *frame, uint64_t release_ns, uint64_t number) {
    worker *to = frame->port->worker;
    if (push(&to->queue, release_ns, number, frame) < 0) {
        drop(frame->port, frame->direction, UDPFWD_DROP_QUEUE, 1);
        lose(frame, release_ns, number);
        return;
    }
    if (to->queue.next_number <= number)
        to->queue.next_number = number + 1;
    arm_for_next(to);
}

void move_held(worker *from) {
    if (count_entries(&from->queue) > 0)
        take_out(&from->queue, has_moved, from, follow);
    give_back(&from->queue);
}

void free_queue(worker *w) {
    for (size_t i = 0; i < w->queue.count; i++)
        free(w->queue.heap[i].frame);
    for (size_t i = w->queue.run_first; i < w->queue.run_end; i++)
        free(w->queue.run[i].frame);
    free(w->queue.heap);
    free(w->queue.run);
    free_spares(&w->queue);
}
