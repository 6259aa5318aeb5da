/* Probes: packets that are sent one after the other and answered, for ping and trace: pc_probe.c; by TCP: pc_tcp_ping.c. */
#ifndef GNS3TRIO_PC_PROBE_H
#define GNS3TRIO_PC_PROBE_H

#include "pc_jobs.h"

enum { PROBE_DUE, PROBE_RESOLVES, PROBE_WAITS };

typedef struct {
    pc_job job; /* first */
    uint32_t sequence;
    uint16_t id, source_port, destination_port;
    uint8_t state, hop, step;
    uint8_t is_reached; /* the target of a trace has answered */
    pc_address next_hop;
    uint64_t begun_ns; /* of this sequence */
    uint64_t sent_ns;  /* of the packet that waits for its answer */
    /* A ping by TCP: what it has sent last, and expects. */
    uint32_t sent, expected;
    uint8_t is_answered, is_closed; /* our FIN, and by theirs */
    uint64_t again_ns, closed_ns;   /* when to send once more; when our FIN was answered */
} pc_probe;

/* The event of an answer that came now. */
udpfwd_pc_event pc_probe_event(const pc_host *host, const pc_probe *probe, int kind, const pc_packet *packet);
/* This sequence is over. */
void pc_probe_next(pc_host *host, pc_probe *probe);
/* The target has answered, which ends this sequence. */
void pc_probe_answered(pc_host *host, pc_probe *probe, const pc_packet *packet);
/* What is sent could not be. */
void pc_probe_not_sent(pc_host *host, pc_probe *probe, int reason);
pc_route pc_probe_route(const pc_probe *probe);
void pc_fill(unsigned char *bytes, size_t size);

/* --- pc_tcp_ping.c --- */

/* Begins a connection; 0 or why it was not sent. */
int pc_tcp_ping_begin(pc_host *host, pc_probe *probe);
/* It is due: sends again, or gives up. */
void pc_tcp_ping_expire(pc_host *host, pc_probe *probe);
int pc_tcp_ping_input(pc_host *host, pc_job *job, const pc_segment *segment);

/* A trace by TCP: each probe asks for a connection, which ends as soon as the target has said yes or no. */
int pc_tcp_trace_send(pc_host *host, pc_probe *probe);
int pc_tcp_trace_input(pc_host *host, pc_job *job, const pc_segment *segment);

#endif
