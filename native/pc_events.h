/* Events of all PCs, and what else these share: pc_events.c. Any thread. */
#ifndef GNS3TRIO_PC_EVENTS_H
#define GNS3TRIO_PC_EVENTS_H

#include "pc.h"

#include <pthread.h>
#include <stddef.h>

/* Of one job; the later ones are dropped and counted, but for its last. */
#define PC_MAX_WAITING_EVENTS 1024
/* When those of all jobs take so much, each job has no more than the smaller number. */
#define PC_MAX_EVENT_BYTES (32u << 20)
#define PC_LEAST_WAITING_EVENTS 8

typedef struct pc_told pc_told;

/* Part of the core. */
typedef struct {
    size_t memory; /* that hosts have taken: changed atomically */
    int jobs;      /* the number of the last: likewise */
    size_t traffic_memory; /* that their flows have taken: likewise */
    uint64_t clock_id;     /* random: whether the time in a datagram is of our clock */
    int fd;
    pthread_mutex_t lock; /* guards the events */
    pc_told *first, **last;
    size_t event_bytes; /* of them */
} pc_shared;

/* What a job tells: it outlives its events, which count here until they are taken. */
typedef struct {
    int number;
    uint32_t waiting; /* with the lock */
    uint32_t lost;
    int ended; /* nobody tells more: the last event frees it */
} pc_teller;

/* close is needed, and fine, when open fails. */
int pc_open_shared(pc_shared *shared);
void pc_close_shared(pc_shared *shared);

/* NULL without memory. */
pc_teller *pc_new_teller(pc_shared *shared);
/* Tells an event, whose job and 'lost' are filled in here; FINISHED is never dropped but without memory. */
void pc_tell(pc_shared *shared, pc_teller *teller, const udpfwd_pc_event *event, const void *data, size_t size);
/* Nothing more is told. */
void pc_end_teller(pc_shared *shared, pc_teller *teller);
/* As udpfwd_pc_take_event. */
int pc_take_event(pc_shared *shared, udpfwd_pc_event *event, void *data, size_t room);

#endif
