/* The flows of a PC: a table of those that it sends, with a heap of when each is due, and one of those that it counts. */
#define _GNU_SOURCE
#include "pc_flows.h"

#include <errno.h>
#include <stdlib.h>

enum { FIRST_ROOM = 4 };
/* A flow that is heard gives way to a new one when it has been silent so long, or is over: those that go on are not displaced. */
#define LEAST_SILENCE_NS PC_SECOND_NS

/* --- memory: bounded for all hosts together, apart from that of frames --- */

void *pc_take_traffic(pc_host *host, size_t bytes) {
    size_t *all = &host->shared->traffic_memory;
    void *memory = __atomic_add_fetch(all, bytes, __ATOMIC_RELAXED) <= PC_MAX_TRAFFIC_BYTES ? calloc(1, bytes) : NULL;
    if (memory == NULL)
        __atomic_sub_fetch(all, bytes, __ATOMIC_RELAXED);
    else
        host->traffic_memory += bytes;
    return memory;
}

void pc_give_traffic(pc_host *host, void *memory, size_t bytes) {
    if (memory == NULL)
        return;
    host->traffic_memory -= bytes;
    __atomic_sub_fetch(&host->shared->traffic_memory, bytes, __ATOMIC_RELAXED);
    free(memory);
}

static pc_traffic *need_traffic(pc_host *host) {
    if (host->traffic == NULL)
        host->traffic = pc_take_traffic(host, sizeof *host->traffic);
    return host->traffic;
}

static void let_traffic_go(pc_host *host) {
    pc_traffic *t = host->traffic;
    if (t == NULL || t->sender_count > 0 || t->sink_count > 0 || t->listens)
        return;
    pc_give_traffic(host, t->senders, sizeof(pc_sender *) * (size_t)t->sender_room);
    pc_give_traffic(host, t->heap, sizeof(pc_sender *) * (size_t)t->sender_room);
    pc_give_traffic(host, t->sinks, sizeof(pc_sink *) * (size_t)t->sink_room);
    pc_give_traffic(host, t, sizeof *t);
    host->traffic = NULL;
}

/* A table with twice the room, and what it has; NULL without memory. */
static void *grown(pc_host *host, void *table, int room, int wanted) {
    void *larger = pc_take_traffic(host, sizeof(void *) * (size_t)wanted);
    if (larger != NULL && room > 0) {
        memcpy(larger, table, sizeof(void *) * (size_t)room);
        pc_give_traffic(host, table, sizeof(void *) * (size_t)room);
    }
    return larger;
}

static int next_room(int room) {
    return room == 0 ? FIRST_ROOM : 2 * room;
}

/* The first free slot; there is one. */
static int free_slot(void *const *table) {
    int slot = 0;
    while (table[slot] != NULL)
        slot++;
    return slot;
}

/* --- the heap: each sender is due before those at 2n + 1 and 2n + 2 --- */

static void put_at(pc_traffic *t, pc_sender *s, int place) {
    t->heap[place] = s;
    s->place = place;
}

/* The sender at a place is due at another time than before. */
static void sift(pc_traffic *t, pc_sender *s) {
    int place = s->place;
    while (place > 0 && t->heap[(place - 1) / 2]->due_ns > s->due_ns) {
        put_at(t, t->heap[(place - 1) / 2], place);
        place = (place - 1) / 2;
    }
    for (int child; (child = 2 * place + 1) < t->sender_count; place = child) {
        if (child + 1 < t->sender_count && t->heap[child + 1]->due_ns < t->heap[child]->due_ns)
            child++;
        if (t->heap[child]->due_ns >= s->due_ns)
            break;
        put_at(t, t->heap[child], place);
    }
    put_at(t, s, place);
}

void pc_set_flow_due(pc_traffic *t, pc_sender *s, uint64_t due_ns) {
    s->due_ns = due_ns;
    sift(t, s);
}

/* --- beginning and end --- */

int pc_check_flow(const udpfwd_traffic_flow *flow) {
    const uint64_t most_ns = UDPFWD_TRAFFIC_MAX_SECONDS * PC_SECOND_NS, least_ps = 1000000000000ull / UDPFWD_TRAFFIC_MAX_RATE;
    int has_target = can_be_host(&flow->target) && flow->port != 0;
    int fits = flow->data_bytes >= UDPFWD_TRAFFIC_MIN_BYTES && flow->data_bytes <= UDPFWD_PC_MAX_DATA_BYTES && flow->echo <= 1;
    int is_paced = flow->interval_ps >= least_ps && flow->interval_ps <= UDPFWD_TRAFFIC_MAX_INTERVAL_PS && flow->burst >= 1 &&
                   flow->burst <= UDPFWD_TRAFFIC_MAX_BURST;
    int ends = flow->duration_ns > 0 && flow->duration_ns <= most_ns && flow->delay_ns <= most_ns;
    return has_target && fits && is_paced && ends ? 0 : -EINVAL;
}

uint64_t pc_flow_id(pc_host *host) {
    return draw_random(&host->random);
}

static uint64_t most_packets(const udpfwd_traffic_flow *flow) {
    uint64_t in_time = flow->duration_ns * 1000 / flow->interval_ps + flow->burst;
    return flow->packets != 0 && flow->packets < in_time ? flow->packets : in_time;
}

/* Room for one more sink; 0 or an error. */
static int make_sink_room(pc_host *host, pc_traffic *t) {
    if (t->sink_count == UDPFWD_TRAFFIC_MAX_PC_FLOWS)
        return -ENOBUFS;
    if (t->sink_count < t->sink_room)
        return 0;
    int room = next_room(t->sink_room);
    pc_sink **sinks = grown(host, t->sinks, t->sink_room, room);
    if (sinks == NULL)
        return -ENOMEM;
    t->sinks = sinks;
    t->sink_room = room;
    return 0;
}

int pc_add_sink(pc_host *host, uint64_t id, const udpfwd_traffic_flow *flow) {
    pc_traffic *t = need_traffic(host);
    if (t == NULL)
        return -ENOMEM;
    int result = make_sink_room(host, t);
    pc_sink *added = result == 0 ? pc_take_traffic(host, sizeof *added) : NULL;
    if (result == 0 && added == NULL)
        result = -ENOMEM;
    if (added != NULL) {
        result = free_slot((void *const *)t->sinks);
        added->id = id;
        added->most = most_packets(flow);
        t->sinks[result] = added;
        t->sink_count++;
    }
    let_traffic_go(host);
    return result;
}

/* Room for one more sender; 0 or an error. */
static int make_sender_room(pc_host *host, pc_traffic *t) {
    if (t->sender_count == UDPFWD_TRAFFIC_MAX_PC_FLOWS)
        return -ENOBUFS;
    if (t->sender_count < t->sender_room)
        return 0;
    int room = next_room(t->sender_room);
    pc_sender **heap = pc_take_traffic(host, sizeof *heap * (size_t)room), **senders = NULL;
    if (heap == NULL || (senders = grown(host, t->senders, t->sender_room, room)) == NULL) {
        pc_give_traffic(host, heap, sizeof *heap * (size_t)room);
        return -ENOMEM;
    }
    if (t->sender_count > 0)
        memcpy(heap, t->heap, sizeof *heap * (size_t)t->sender_count);
    pc_give_traffic(host, t->heap, sizeof *heap * (size_t)t->sender_room);
    t->heap = heap;
    t->senders = senders;
    t->sender_room = room;
    return 0;
}

static void free_sender(pc_host *host, pc_sender *s) {
    pc_give_traffic(host, s->returned, sizeof *s->returned);
    pc_give_traffic(host, s, sizeof *s);
}

/* With the memory for what comes back, if that is wanted: what is not counted would be taken for lost. */
static pc_sender *new_sender(pc_host *host, const udpfwd_traffic_flow *flow) {
    pc_sender *made = pc_take_traffic(host, sizeof *made);
    if (made == NULL)
        return NULL;
    made->flow = *flow;
    if (flow->echo && (made->returned = pc_take_traffic(host, sizeof *made->returned)) == NULL) {
        free_sender(host, made);
        return NULL;
    }
    return made;
}

int pc_add_sender(pc_host *host, uint64_t id, const udpfwd_traffic_flow *flow, uint16_t sink_slot) {
    if (pc_is_group(host, &flow->target))
        return -EINVAL;
    pc_traffic *t = need_traffic(host);
    if (t == NULL)
        return -ENOMEM;
    int result = make_sender_room(host, t);
    pc_sender *added = result == 0 ? new_sender(host, flow) : NULL;
    if (result == 0 && added == NULL)
        result = -ENOMEM;
    if (added != NULL) {
        result = free_slot((void *const *)t->senders);
        added->id = id;
        added->slot = (uint16_t)result;
        added->sink_slot = sink_slot;
        t->senders[result] = added;
        put_at(t, added, t->sender_count++);
        pc_set_flow_due(t, added, host->now_ns + flow->delay_ns);
    }
    let_traffic_go(host);
    return result;
}

pc_sender *pc_find_sender(const pc_host *host, uint16_t slot, uint64_t id) {
    const pc_traffic *t = host->traffic;
    pc_sender *found = t != NULL && slot < t->sender_room ? t->senders[slot] : NULL;
    return found != NULL && found->id == id ? found : NULL;
}

pc_sink *pc_find_sink(const pc_host *host, uint16_t slot, uint64_t id) {
    const pc_traffic *t = host->traffic;
    pc_sink *found = t != NULL && slot < t->sink_room ? t->sinks[slot] : NULL;
    return found != NULL && found->id == id ? found : NULL;
}

void pc_drop_sink(pc_host *host, uint16_t slot, uint64_t id) {
    pc_sink *dropped = pc_find_sink(host, slot, id);
    if (dropped == NULL)
        return;
    host->traffic->sinks[slot] = NULL;
    host->traffic->sink_count--;
    pc_give_traffic(host, dropped, sizeof *dropped);
    let_traffic_go(host);
}

void pc_drop_sender(pc_host *host, uint16_t slot, uint64_t id) {
    pc_traffic *t = host->traffic;
    pc_sender *dropped = pc_find_sender(host, slot, id);
    if (dropped == NULL)
        return;
    t->senders[slot] = NULL;
    pc_sender *last = t->heap[--t->sender_count];
    if (last != dropped) {
        put_at(t, last, dropped->place);
        sift(t, last);
    }
    free_sender(host, dropped);
    let_traffic_go(host);
}

void pc_finish_flow(pc_host *host, pc_sender *s, int reason) {
    s->state = UDPFWD_TRAFFIC_DONE;
    s->reason = (uint8_t)reason;
    pc_set_flow_due(host->traffic, s, PC_NEVER);
}

int pc_listen(pc_host *host) {
    pc_traffic *t = need_traffic(host);
    if (t == NULL)
        return -ENOMEM;
    if (t->listens)
        return -EBUSY;
    t->listens = 1;
    return 0;
}

static void drop_heard(pc_host *host, pc_heard **at) {
    pc_heard *dropped = *at;
    *at = dropped->next;
    host->traffic->heard_count--;
    pc_give_traffic(host, dropped, sizeof *dropped);
}

void pc_end_listening(pc_host *host) {
    if (host->traffic == NULL)
        return;
    while (host->traffic->heard != NULL)
        drop_heard(host, &host->traffic->heard);
    host->traffic->listens = 0;
    let_traffic_go(host);
}

pc_heard *pc_hear(pc_host *host, const pc_datagram *datagram, uint64_t id) {
    pc_traffic *t = host->traffic;
    if (t->heard_count == UDPFWD_TRAFFIC_MAX_HEARD) {
        pc_heard **oldest = &t->heard;
        for (pc_heard **at = &t->heard; *at != NULL; at = &(*at)->next)
            if ((*at)->heard_ns < (*oldest)->heard_ns)
                oldest = at;
        if (!(*oldest)->is_over && host->now_ns - (*oldest)->heard_ns < LEAST_SILENCE_NS)
            return NULL;
        drop_heard(host, oldest);
    }
    pc_heard *made = pc_take_traffic(host, sizeof *made);
    if (made == NULL)
        return NULL;
    made->id = id;
    made->source = datagram->packet->source;
    made->source_port = datagram->source_port;
    made->next = t->heard;
    t->heard = made;
    t->heard_count++;
    return made;
}

void pc_drop_traffic(pc_host *host) {
    pc_end_listening(host);
    for (int slot = 0; host->traffic != NULL && slot < host->traffic->sink_room; slot++)
        if (host->traffic->sinks[slot] != NULL)
            pc_drop_sink(host, (uint16_t)slot, host->traffic->sinks[slot]->id);
    while (host->traffic != NULL)
        pc_drop_sender(host, host->traffic->heap[0]->slot, host->traffic->heap[0]->id);
}

/* --- results --- */

int pc_read_sender(const pc_host *host, uint16_t slot, uint64_t id, udpfwd_traffic_result *result) {
    const pc_sender *s = pc_find_sender(host, slot, id);
    if (s == NULL)
        return 0;
    *result = (udpfwd_traffic_result){
        .state = s->state,
        .reason = s->reason,
        .counting = s->counting,
        .unreachable = s->unreachable,
        .sent = s->sent,
        .unsent = s->unsent,
        .span_ns = s->last_ns - s->first_ns,
        .arrived = s->reported,
        .returned = read_tally(s->returned),
    };
    return 1;
}

int pc_read_sink(const pc_host *host, uint16_t slot, uint64_t id, udpfwd_traffic_result *result) {
    const pc_sink *found = pc_find_sink(host, slot, id);
    if (found == NULL)
        return 0;
    result->counting = UDPFWD_TRAFFIC_COUNTED;
    result->arrived = read_tally(&found->tally);
    return 1;
}

int pc_list_heard(const pc_host *host, udpfwd_traffic_heard_flow *flows, int max) {
    int found = 0;
    for (const pc_heard *each = host->traffic == NULL ? NULL : host->traffic->heard; each != NULL; each = each->next, found++) {
        if (found >= max)
            continue;
        flows[found] = (udpfwd_traffic_heard_flow){
            .id = each->id,
            .source = each->source,
            .source_port = each->source_port,
            .is_over = each->is_over,
            .sent = each->sent,
            .silent_ns = host->now_ns - each->heard_ns,
            .arrived = read_tally(&each->tally),
        };
    }
    return found;
}
