/* Generated traffic between built-in PCs: flows of UDP datagrams, and what arrives of them. The contract between C and Python;
 * pc_traffic.c, pc_traffic_calls.c.
 *
 * A flow has a sender, which is a PC, and goes to an address. If its receiver is a PC of this core, that one counts what arrives. A PC
 * elsewhere counts what comes to it while it listens, and tells the sender when the flow is over. A receiver that is asked to sends
 * each datagram back, so that the sender counts what comes round. Anything that echoes UDP serves for this, too.
 *
 * A datagram's data, big-endian: the magic (8 bytes), its type (1), whether it shall be sent back (1), where the receiver keeps the
 * flow (2), 0 (4), the id of the flow (8), of the sender's clock (8), the sequence number from 0 on (8), the time of sending in ns (8),
 * then zeros. In a report follows what arrived (traffic_message.h). Latencies one way are known where the
 * receiver's clock is the sender's.
 */
#ifndef GNS3TRIO_TRAFFIC_H
#define GNS3TRIO_TRAFFIC_H

#include "pc.h"

#define UDPFWD_TRAFFIC_MAGIC "g3flow1\n"

/* >>> read by cffi: declarations only */

#define UDPFWD_TRAFFIC_MIN_BYTES 48         /* of a datagram's data */
#define UDPFWD_TRAFFIC_PORT 7               /* that flows go to, unless they say another: of echoes (RFC 862) */
#define UDPFWD_TRAFFIC_MAX_RATE 1000000     /* datagrams per second of a flow */
#define UDPFWD_TRAFFIC_MAX_BURST 1000       /* datagrams */
#define UDPFWD_TRAFFIC_MAX_SECONDS 86400    /* of a flow, and before it begins */
#define UDPFWD_TRAFFIC_MAX_INTERVAL_PS 1000000000000000 /* between two datagrams: 1000 s */
#define UDPFWD_TRAFFIC_MAX_PC_FLOWS 2048    /* that a PC sends at once; and as many that it counts */
#define UDPFWD_TRAFFIC_MAX_HEARD 16         /* that a PC counts because it listens; one that is over or silent gives way */
#define UDPFWD_TRAFFIC_WINDOW 8192          /* a datagram so far behind the newest counts as duplicated */

typedef struct {
    int32_t sender;   /* the port of a PC */
    int32_t receiver; /* likewise; -1: whoever has the target's address */
    udpfwd_pc_address target;
    uint16_t port;
    uint8_t echo; /* the receiver shall send everything back */
    uint32_t data_bytes;
    uint32_t burst;       /* so many at one go, at the same rate on the whole */
    uint64_t interval_ps; /* between two datagrams, in 10^-12 s */
    uint64_t delay_ns;    /* before it begins */
    uint64_t duration_ns;
    uint64_t packets; /* ends after so many; 0: when the duration is over */
} udpfwd_traffic_flow;

/* A flow that was started. */
typedef struct {
    uint64_t id;
    int32_t sender, receiver; /* as told */
    uint16_t sender_slot, sink_slot;
} udpfwd_traffic_handle;

/* In ns, within 7 %. All are 0 without samples. */
typedef struct {
    uint64_t samples;
    uint64_t min_ns, mean_ns, max_ns, p50_ns, p90_ns, p99_ns, p99_9_ns;
} udpfwd_traffic_latency;

typedef struct {
    uint64_t packets; /* each once */
    uint64_t bytes;   /* of their UDP data */
    uint64_t duplicated;
    uint64_t reordered; /* came behind a later one (RFC 4737) */
    uint64_t span_ns;   /* from the first to the last */
    udpfwd_traffic_latency latency;
} udpfwd_traffic_arrivals;

typedef enum {
    UDPFWD_TRAFFIC_WAITING, /* for its time, or for the MAC address of the next hop */
    UDPFWD_TRAFFIC_SENDING,
    UDPFWD_TRAFFIC_ASKING, /* the receiver, what has arrived */
    UDPFWD_TRAFFIC_DONE,
    UDPFWD_TRAFFIC_GONE, /* its sender is */
    UDPFWD_TRAFFIC_STATES
} udpfwd_traffic_state;

typedef enum {
    UDPFWD_TRAFFIC_UNCOUNTED, /* nobody knows what has arrived (yet) */
    UDPFWD_TRAFFIC_COUNTED,   /* by a PC of this core: up to now */
    UDPFWD_TRAFFIC_REPORTED,  /* the receiver told it, at the end */
    UDPFWD_TRAFFIC_COUNTINGS
} udpfwd_traffic_counting;

typedef struct {
    int32_t state;        /* udpfwd_traffic_state */
    int32_t reason;       /* udpfwd_pc_reason, when it is done: why it did not send all */
    int32_t counting;     /* udpfwd_traffic_counting: of 'arrived' */
    uint32_t unreachable; /* how often somebody reported (ICMP) that it does not arrive */
    uint64_t sent;
    uint64_t unsent;  /* that could not be, for want of memory */
    uint64_t span_ns; /* from the first to the last that was sent */
    udpfwd_traffic_arrivals arrived, returned; /* latency: one way; and round trip */
} udpfwd_traffic_result;

/* A flow of anybody that came to a PC that listens. */
typedef struct {
    uint64_t id;
    udpfwd_pc_address source;
    uint16_t source_port;
    uint8_t is_over; /* its sender said so */
    uint64_t sent;   /* as it said then; 0 before */
    uint64_t silent_ns;
    udpfwd_traffic_arrivals arrived;
} udpfwd_traffic_heard_flow;

/* Starts flows, all of them or none. Returns 0, or why one could not be, whose number is in *failed: -ENOENT where a port is of no PC,
 * -EINVAL for what makes no sense (target: a group), -ENOBUFS when the PC has UDPFWD_TRAFFIC_MAX_PC_FLOWS, -ENOMEM when all PCs
 * together have as many as there is memory for. */
int udpfwd_traffic_start(udpfwd *core, const udpfwd_traffic_flow *flows, int n, udpfwd_traffic_handle *handles, int *failed);
/* What became of each of them up to now. */
int udpfwd_traffic_read(udpfwd *core, const udpfwd_traffic_handle *handles, int n, udpfwd_traffic_result *results);
/* Ends and forgets flows; those that are gone are fine. */
int udpfwd_traffic_stop(udpfwd *core, const udpfwd_traffic_handle *handles, int n);
/* A PC begins to count what comes from others, or (0) ends and forgets it. -EBUSY when it does already. */
int udpfwd_traffic_listen(udpfwd *core, int port_id, int listens);
/* Writes at most max of the flows that it has heard; returns how many there are. */
int udpfwd_traffic_heard(udpfwd *core, int port_id, udpfwd_traffic_heard_flow *flows, int max);

/* <<< */

#endif
