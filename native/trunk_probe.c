/* Keepalives and the search of the MTU, as a state machine without sockets. */
#include "trunk_probe.h"

#include <errno.h>
#include <string.h>

#define MILLION 1000000u

/* --- the state of the peer --- */

static void set_state(probe *p, int state) {
    if (p->state == state)
        return;
    p->state = state;
    p->changes++;
    p->counted_from = p->sent_count;
}

static void set_mtu(probe *p, uint32_t mtu) {
    if (p->mtu == mtu)
        return;
    p->mtu = mtu;
    p->changes++;
}

void probe_begin(probe *p, uint64_t now, uint64_t token, uint32_t most) {
    *p = (probe){.token = token,
                 .begun_ns = now,
                 .next_ns = now,
                 .interval_ns = PROBE_FIRST_INTERVAL_NS,
                 .most = most,
                 .answers_ns = now};
}

/* --- the search of the MTU --- */

/* Tries a size from the next call on. */
static void try_size(probe *p, uint64_t now, uint32_t size) {
    p->size = size;
    p->tries = 0;
    p->size_ns = now;
}

static void search(probe *p, uint64_t now, uint32_t good, uint32_t bad) {
    p->good = good;
    p->bad = bad;
    p->checks = 0;
    try_size(p, now, bad - 1);
}

static void stop_search(probe *p) {
    p->size = 0;
    p->size_ns = 0;
}

/* After something is known about the size that was tried. */
static void narrow(probe *p, uint64_t now) {
    uint32_t least = p->good >= PROBE_LEAST_BYTES ? p->good : PROBE_LEAST_BYTES - 1;
    if (p->bad - least > 1) {
        try_size(p, now, least + (p->bad - least) / 2);
        return;
    }
    set_mtu(p, p->good);
    p->size = 0;
    p->size_ns = now + PROBE_CHECK_NS;
}

/* A check of an MTU that was found, or of whether there is a larger one now. */
static void check(probe *p, uint64_t now) {
    if (p->mtu == 0) {
        search(p, now, 0, p->most + 1);
    } else if (++p->checks >= PROBE_GROWTH_CHECKS && p->mtu < p->most) {
        search(p, now, p->mtu, p->most + 1);
    } else {
        p->good = 0;
        p->bad = p->mtu + 1;
        try_size(p, now, p->mtu);
    }
}

static uint64_t size_wait_ns(const probe *p) {
    uint64_t wait = 4 * p->round_trip_ns;
    return wait < PROBE_LEAST_WAIT_NS ? PROBE_LEAST_WAIT_NS : wait > PROBE_MOST_WAIT_NS ? PROBE_MOST_WAIT_NS : wait;
}

static void size_is_bad(probe *p, uint64_t now) {
    p->bad = p->size;
    narrow(p, now);
}

static void size_is_good(probe *p, uint64_t now) {
    p->good = p->size;
    narrow(p, now);
}

static int next_size(probe *p, uint64_t now, probe_request *request) {
    while (p->size_ns != 0 && p->size_ns <= now) {
        if (p->size == 0) {
            check(p, now);
        } else if (p->tries == PROBE_TRIES) {
            size_is_bad(p, now);
        } else {
            p->tries++;
            p->size_sequence = p->next_sequence++;
            p->size_sent_ns = now;
            p->size_ns = now + size_wait_ns(p);
            *request = (probe_request){p->size_sequence, p->size - IP_UDP_BYTES, 1};
            return 1;
        }
    }
    return 0;
}

/* --- keepalives --- */

static int next_keepalive(probe *p, uint64_t now, probe_request *request) {
    if (p->next_ns > now)
        return 0;
    if (now - p->next_ns >= PROBE_LATE_NS) /* this process stood still, so the peer could not be heard */
        p->heard_ns = p->begun_ns = now;
    uint64_t since = p->state == UDPFWD_PEER_UP ? p->heard_ns : p->begun_ns;
    if (p->state != UDPFWD_PEER_DOWN && now - since >= PROBE_DOWN_AFTER_NS) {
        set_state(p, UDPFWD_PEER_DOWN);
        stop_search(p);
        p->round_trip_ns = 0;
    }
    p->interval_ns = p->state != UDPFWD_PEER_WAITING      ? PROBE_INTERVAL_NS
                     : 2 * p->interval_ns < PROBE_INTERVAL_NS ? 2 * p->interval_ns
                                                          : PROBE_INTERVAL_NS;
    p->next_ns = now + p->interval_ns;
    p->error = 0;
    *request = (probe_request){p->next_sequence++, MESSAGE_BYTES, 0};
    p->sent[p->sent_count++ % PROBE_HISTORY] = (probe_sent){.sequence = request->sequence, .sent_ns = now};
    return 1;
}

int probe_next(probe *p, uint64_t now, probe_request *request) {
    return next_keepalive(p, now, request) || next_size(p, now, request);
}

uint64_t probe_due(const probe *p) {
    return p->size_ns != 0 && p->size_ns < p->next_ns ? p->size_ns : p->next_ns;
}

void probe_unsent(probe *p, uint64_t now, const probe_request *request, int error) {
    if (!request->is_size)
        p->error = error;
    else if (p->size != 0 && request->sequence == p->size_sequence && error == EMSGSIZE)
        size_is_bad(p, now); /* the interface says so */
}

/* --- answers --- */

static unsigned known_keepalives(const probe *p) {
    return p->sent_count < PROBE_HISTORY ? p->sent_count : PROBE_HISTORY;
}

static probe_sent *find_keepalive(probe *p, uint32_t sequence) {
    for (unsigned i = 0; i < known_keepalives(p); i++)
        if (p->sent[i].sequence == sequence && !p->sent[i].is_answered)
            return &p->sent[i];
    return NULL;
}

static void measure(probe *p, uint64_t took_ns) {
    p->round_trip_ns = p->round_trip_ns == 0 ? took_ns : (7 * p->round_trip_ns + took_ns) / 8; /* as RFC 6298 smooths it */
}

static void hear(probe *p, uint64_t now) {
    p->heard_ns = now;
    if (p->state == UDPFWD_PEER_UP)
        return;
    set_state(p, UDPFWD_PEER_UP);
    search(p, now, 0, p->most + 1);
    p->next_ns = p->next_ns < now + PROBE_INTERVAL_NS ? p->next_ns : now + PROBE_INTERVAL_NS;
}

int probe_answered(probe *p, uint64_t now, uint64_t token, uint32_t sequence) {
    if (token != p->token)
        return -EINVAL;
    probe_sent *keepalive = find_keepalive(p, sequence);
    if (keepalive != NULL) {
        keepalive->is_answered = 1;
        measure(p, now - keepalive->sent_ns);
        hear(p, now);
        return 0;
    }
    if (p->size == 0 || p->tries == 0 || sequence != p->size_sequence)
        return -EINVAL;
    p->heard_ns = now;
    size_is_good(p, now);
    return 0;
}

uint32_t probe_loss(const probe *p, uint64_t now) {
    uint32_t lost = 0, settled = 0;
    unsigned known = known_keepalives(p), counted = p->sent_count - p->counted_from;
    for (unsigned back = 1; back <= known && back <= counted; back++) {
        const probe_sent *keepalive = &p->sent[(p->sent_count - back) % PROBE_HISTORY];
        int is_late = now - keepalive->sent_ns >= PROBE_LATE_NS;
        lost += !keepalive->is_answered && is_late;
        settled += keepalive->is_answered || is_late;
    }
    return settled == 0 ? 0 : (uint32_t)((uint64_t)lost * MILLION / settled);
}

int probe_may_answer(probe *p, uint64_t now) {
    if (now - p->answers_ns >= PROBE_INTERVAL_NS) {
        p->answers_ns = now;
        p->answers = 0;
    }
    return p->answers++ < PROBE_MOST_ANSWERS;
}
