/* The part of the core inside the kernel: a BPF program at the loopback interface. flows.c creates its rules. */
#ifndef GNS3TRIO_OFFLOAD_PROGRAM_H
#define GNS3TRIO_OFFLOAD_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#define OFFLOAD_RULES 65536

/* The rule for datagrams to one UDP port of 127.0.0.1. All ports here are in network byte order. */
typedef struct {
    uint16_t source; /* the required source port */
    uint16_t active; /* 0: no rule */
    uint16_t new_source;
    uint16_t new_destination;
} offload_rule;

typedef struct {
    uint64_t rule; /* an offload_rule as an integer, so that it is read and written atomically */
    uint64_t frames;
    uint64_t bytes;
    uint64_t reserved; /* padding: two entries fill a cache line */
} offload_entry;

/* The entry of the port that no socket has: its frames are not 0 when the program moved any since that was cleared. */
#define OFFLOAD_MOVED 0

typedef struct {
    offload_entry *entries; /* OFFLOAD_RULES of them, by UDP port in host byte order, shared with the kernel; NULL when detached */
    int link_fd; /* closing it removes the program; so does the end of the process, for any reason */
} offload;

/* Loads the program and attaches it to the loopback interface. -EPERM without the privilege, -EOPNOTSUPP if the kernel lacks support. */
int attach_offload(offload *o);
/* Does nothing for a zeroed offload. */
void detach_offload(offload *o);

#endif
