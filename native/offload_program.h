/* The part of the core that lives in the kernel: a program at the loopback interface. flows.c makes its rules. */
#ifndef GNS3TRIO_OFFLOAD_PROGRAM_H
#define GNS3TRIO_OFFLOAD_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#define OFFLOAD_RULES 65536

/* What the program does with datagrams to one UDP port of 127.0.0.1. All ports here are in network byte order. */
typedef struct {
    uint16_t source; /* where they must come from */
    uint16_t active; /* 0: nothing */
    uint16_t new_source;
    uint16_t new_destination;
} offload_rule;

typedef struct {
    uint64_t rule; /* an offload_rule, so that it is read and written in one piece */
    uint64_t frames;
    uint64_t bytes;
    uint64_t reserved; /* two entries fill a line of the cache */
} offload_entry;

/* The entry of the port that no socket has: its frames are not 0 when the program moved any since that was cleared. */
#define OFFLOAD_MOVED 0

typedef struct {
    offload_entry *entries; /* OFFLOAD_RULES of them, by UDP port in host byte order, shared with the kernel; NULL when detached */
    int link_fd; /* closing it takes the program away; so does the end of the process, however it comes */
} offload;

/* Loads the program and puts it at the loopback interface. -EPERM when we may not, -EOPNOTSUPP when the kernel cannot. */
int attach_offload(offload *o);
/* A zeroed offload is fine. */
void detach_offload(offload *o);

#endif
