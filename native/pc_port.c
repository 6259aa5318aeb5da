/* A built-in PC as a kind of port: frames that leave at the port come to the host at once; what it sends leaves with its timer,
 * because they come in the middle of a turn. There is one timer for all that the host waits for, and none when it waits for nothing.
 */
#define _GNU_SOURCE
#include "pc_port.h"
#include "statistics.h"

#include <time.h>

_Static_assert(PC_TAG_ROOM_BYTES >= HEADROOM_BYTES, "there is room for the tags of all bridges on a way");
_Static_assert(UDPFWD_PC_MAX_MTU + PC_ETHERNET_BYTES <= UDPFWD_MAX_FRAME_BYTES, "the core takes the largest frames of a PC");
_Static_assert(sizeof(pc_port) <= 4096, "a PC costs little");

/* So many turns of frames that wait, and then the host has its own: it makes no more frames than leave in these. */
#define MOST_LATE_TURNS 256

static void schedule(worker *w, pc_port *pc) {
    uint64_t due_ns = pc->host.out.first != NULL ? 0 : pc_due(&pc->host);
    if (due_ns == PC_NEVER)
        stop_timer(w, &pc->timer);
    else if (due_ns == 0 ? !is_set(&pc->timer) || pc->timer.due_ns > turn_time(w) : pc->timer.due_ns != due_ns)
        set_timer(w, &pc->timer, due_ns == 0 ? turn_time(w) : due_ns);
}

void pc_schedule(pc_port *pc) {
    worker *w = pc->port.worker;
    w->now_ns = 0; /* it is parked: its time is not that of now */
    schedule(w, pc);
    wake(w); /* which looks at its timers then */
}

/* A turn for what the host sends. */
static void let_leave(worker *w, pc_port *pc) {
    pc_frame *taken[UDPFWD_BATCH_FRAMES];
    struct iovec frames[UDPFWD_BATCH_FRAMES];
    int n = 0;
    for (pc_frame *frame; n < pc->port.turn_frames && (frame = pc_pop(&pc->host.out)) != NULL; n++) {
        taken[n] = frame;
        frames[n] = (struct iovec){frame->start, frame->size};
    }
    if (n == 0)
        return;
    receive_turn(w, &pc->port, frames, n);
    for (int i = 0; i < n; i++)
        pc_free_frame(&pc->host, taken[i]);
    note_change(w);
}

static void do_own_work(worker *w, pc_port *pc) {
    pc->late_turns = 0;
    pc_expire(&pc->host, turn_time(w));
}

static void expire(worker *w, timer *t) {
    pc_port *pc = (pc_port *)((char *)t - offsetof(pc_port, timer));
    w->now_ns = w->wall_ns = 0; /* round trips are measured: every PC looks at the clock */
    /* What the host does itself makes frames, so those that wait leave first. But whoever floods it with requests, so that there are
     * always some, must not stop it. */
    int is_its_turn = pc->host.out.first == NULL || pc->late_turns == MOST_LATE_TURNS;
    if (is_its_turn)
        do_own_work(w, pc);
    let_leave(w, pc);
    if (!is_its_turn && pc->host.out.first == NULL)
        do_own_work(w, pc);
    else if (!is_its_turn)
        pc->late_turns++;
    schedule(w, pc);
}

static int pc_open_port(port *p, const port_options *options) {
    pc_port *pc = (pc_port *)p;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    pc->timer.expire = expire;
    pc->host.id = p->id;
    /* Seeded by what differs between PCs and between runs: nothing here has to be secret. */
    uint64_t seed = timespec_ns(now) ^ (uint64_t)(uintptr_t)pc;
    const udpfwd_pc_identity *identity = options->identity;
    pc_begin(&pc->host, options->pcs, identity, seed, timespec_ns(now));
    return 0;
}

static void pc_close_port(port *p) {
    pc_port *pc = (pc_port *)p;
    if (p->worker != NULL)
        stop_timer(p->worker, &pc->timer);
    pc_end(&pc->host);
}

static void pc_send_to(worker *w, port *p, const struct iovec *frames, int n) {
    pc_port *pc = (pc_port *)p;
    count_sent(p, frames, (size_t)n);
    if (pc->host.traffic != NULL)
        w->now_ns = 0; /* latencies are measured: what was sent in this turn was sent before */
    for (int i = 0; i < n; i++)
        pc_input(&pc->host, frames[i].iov_base, frames[i].iov_len, turn_time(w));
    schedule(w, pc);
}

static void pc_moved(port *p, worker *from) {
    move_timer(from, p->worker, &((pc_port *)p)->timer);
}

const port_kind pc_kind = {
    .bytes = sizeof(pc_port), .open = pc_open_port, .close = pc_close_port, .send = pc_send_to, .moved = pc_moved};
