/* Jobs: what a PC begins by itself, and tells events of: pc_jobs.c. Each kind is a module with an entry in its table. */
#ifndef GNS3TRIO_PC_JOBS_H
#define GNS3TRIO_PC_JOBS_H

#include "pc_host.h"

/* An ICMP error, and what it quotes of a packet of ours. */
typedef struct {
    uint8_t protocol;
    pc_address source, destination; /* of the quoted packet */
    unsigned char begin[8];         /* of what it carried */
    int type, code;
    uint32_t mtu;
} pc_quote;

/* A datagram for a port of ours. */
typedef struct {
    const pc_packet *packet;
    uint16_t source_port, destination_port;
    const unsigned char *data;
    size_t size;
} pc_datagram;

typedef struct pc_segment pc_segment; /* pc_tcp.h */

/* What a kind of jobs does. NULL where it has no use for it. Functions that are given what came return whether it was theirs; they may
 * end the job (pc_finish), and touch it no more then. */
typedef struct {
    size_t bytes;                                   /* of its structure, which begins with a pc_job, zeroed at first */
    int is_single;                                  /* a later job of the kind, and for the same family, replaces it */
    int (*check)(const udpfwd_pc_request *request); /* 0 or -EINVAL */
    void (*expire)(pc_host *host, pc_job *job);     /* it is due; the first time at once */
    void (*end)(pc_host *host, pc_job *job);        /* gives back what it has taken */
    int (*echo)(pc_host *host, pc_job *job, const pc_packet *packet); /* an echo reply */
    int (*udp)(pc_host *host, pc_job *job, const pc_datagram *datagram);
    int (*tcp)(pc_host *host, pc_job *job, const pc_segment *segment);
    int (*error)(pc_host *host, pc_job *job, const pc_packet *packet, const pc_quote *quote);
    void (*neighbour)(pc_host *host, pc_job *job, const pc_address *address, int found);
    void (*claimed)(pc_host *host, pc_job *job, const pc_address *address, const uint8_t *taken_by);
} pc_job_kind;

extern const pc_job_kind pc_ping_kind, pc_trace_kind; /* pc_probe.c */
extern const pc_job_kind pc_take_address_kind;        /* pc_take_address.c */
extern const pc_job_kind pc_dhcp_kind;                /* pc_dhcp.c */
extern const pc_job_kind pc_slaac_kind;               /* pc_slaac.c */
extern const pc_job_kind pc_resolve_kind;             /* pc_dns.c */

struct pc_job {
    pc_job *next;
    const pc_job_kind *kind;
    pc_teller *teller;
    uint64_t due_ns;
    uint32_t sent;
    udpfwd_pc_request request;
};

/* Begins one: its number, or -EINVAL, -EBUSY, -ENOMEM. Does nothing yet but become due. */
int pc_start(pc_host *host, const udpfwd_pc_request *request, uint64_t now_ns);
/* Ends it without a word; -ENOENT when there is none. */
int pc_stop(pc_host *host, int number);
void pc_drop_jobs(pc_host *host);
uint64_t pc_jobs_due(const pc_host *host);
void pc_expire_jobs(pc_host *host);

/* For kinds: an event of a job, with its kind and what it tells; port and job are filled in here. */
void pc_job_tell(pc_host *host, pc_job *job, udpfwd_pc_event event, const void *data, size_t size);
/* The last event, and the end of the job. */
void pc_finish(pc_host *host, pc_job *job, int reason);
/* Ends a job whose claim of an address has come to an end, and tells so: the host has the address, or another has it, whose
 * MAC address is taken_by. */
void pc_finish_claim(pc_host *host, pc_job *job, const pc_address *address, const uint8_t *taken_by);
/* The job of a kind, which is_single. NULL: none. */
pc_job *pc_job_of(const pc_host *host, const pc_job_kind *kind);
/* A port for UDP or TCP that none of the host's jobs uses now. */
uint16_t pc_free_port(pc_host *host);

/* What came is offered to all jobs; whether one of them took it. */
int pc_jobs_echo(pc_host *host, const pc_packet *packet);
int pc_jobs_udp(pc_host *host, const pc_datagram *datagram);
int pc_jobs_tcp(pc_host *host, const pc_segment *segment);
int pc_jobs_error(pc_host *host, const pc_packet *packet, const pc_quote *quote);
/* A neighbour that was asked for answered, or does not. */
void pc_jobs_neighbour(pc_host *host, const pc_address *address, int found);
/* As pc_claim_done, for claims of jobs. */
void pc_jobs_claimed(pc_host *host, const pc_address *address, const uint8_t *taken_by);

#endif
