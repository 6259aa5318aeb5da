/* What keepalives tell of a peer: whether it answers, how fast, how many are lost, and the size of packets that come through: trunk_probe.c.
 * No sockets, and the time is a parameter (CLOCK_MONOTONIC, ns), which never goes back.
 *
 *     while (probe_next(&probe, now, &request))
 *         send it, or probe_unsent(&probe, now, &request, error)
 *     ... again at probe_due(&probe), and probe_answered(&probe, now, token, sequence) for each answer
 *
 * An answer counts once, and only if it repeats the token, which is secret and random, and the sequence of a request. So datagrams that
 * others forge change nothing.
 */
#ifndef GNS3TRIO_TRUNK_PROBE_H
#define GNS3TRIO_TRUNK_PROBE_H

#include "trunk.h"
#include "trunk_wire.h"

#define PROBE_INTERVAL_NS 1000000000ull
/* While there was no answer yet, the first ones come faster: the peer learns of this trunk a moment later or earlier. */
#define PROBE_FIRST_INTERVAL_NS 50000000ull
#define PROBE_DOWN_AFTER_NS (5 * PROBE_INTERVAL_NS)
/* A keepalive that has no answer after this counts as lost. */
#define PROBE_LATE_NS (2 * PROBE_INTERVAL_NS)
#define PROBE_HISTORY 32
/* Of a size: how often it is tried, and for how long an answer is waited for. */
#define PROBE_TRIES 3
#define PROBE_LEAST_WAIT_NS 200000000ull
#define PROBE_MOST_WAIT_NS PROBE_LATE_NS
/* How often the MTU is looked at again, and whether it has grown. */
#define PROBE_CHECK_NS (10 * PROBE_INTERVAL_NS)
#define PROBE_GROWTH_CHECKS 6
/* A peer asks for about one answer in a second, and a few more while it searches its MTU. */
#define PROBE_MOST_ANSWERS 50
/* The smallest IP packet of a request. */
#define PROBE_LEAST_BYTES (IP_UDP_BYTES + MESSAGE_BYTES)

typedef struct {
    uint32_t sequence;
    size_t bytes; /* of the datagram's payload */
    int is_size;  /* it looks for the MTU, and must not be split */
} probe_request;

typedef struct {
    uint32_t sequence;
    int is_answered;
    uint64_t sent_ns;
} probe_sent;

typedef struct {
    int state;         /* UDPFWD_PEER_... */
    int error;         /* of the last keepalive */
    uint32_t changes;  /* of state or MTU */
    uint32_t mtu;      /* 0: not known */
    uint64_t round_trip_ns;

    uint64_t token;
    uint32_t next_sequence;
    uint64_t begun_ns, heard_ns;      /* when it began, and when the last answer came */
    uint64_t next_ns, interval_ns;    /* of keepalives */
    probe_sent sent[PROBE_HISTORY];   /* the last keepalives, in a ring */
    unsigned sent_count;              /* how many there were */
    unsigned counted_from;            /* those before are losses of another state */

    /* The search of the MTU: sizes of IP packets. */
    uint32_t most;            /* the interface's */
    uint32_t good, bad;       /* the largest that came through, and the smallest that did not, as far as this search knows */
    uint32_t size;            /* what is tried; 0: nothing is, until size_ns */
    int tries;                /* of this size */
    int checks;               /* since the last search for a larger one */
    uint32_t size_sequence;
    uint64_t size_sent_ns;
    uint64_t size_ns; /* when to go on with it; 0: not */

    uint64_t answers_ns; /* the second whose answers are counted */
    int answers;
} probe;

/* 'most' is the MTU of the interface towards the peer. */
void probe_begin(probe *p, uint64_t now, uint64_t token, uint32_t most);
/* Whether a request is to be sent now. Ask again until there is none. */
int probe_next(probe *p, uint64_t now, probe_request *request);
/* When probe_next has something to say. */
uint64_t probe_due(const probe *p);
/* The request could not be sent. */
void probe_unsent(probe *p, uint64_t now, const probe_request *request, int error);
/* -EINVAL if it is no answer to a request that waits for one; nothing is changed then. */
int probe_answered(probe *p, uint64_t now, uint64_t token, uint32_t sequence);
/* Keepalives without an answer, of the last ones, in millionths. */
uint32_t probe_loss(const probe *p, uint64_t now);
/* Whether the peer may get an answer still, at this moment. */
int probe_may_answer(probe *p, uint64_t now);

#endif
