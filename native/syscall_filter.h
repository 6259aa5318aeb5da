/* The seccomp filter of a sandbox: the permitted system calls and arguments. */
#ifndef GNS3TRIO_SYSCALL_FILTER_H
#define GNS3TRIO_SYSCALL_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <sys/types.h>

#include "sandbox.h"

#define SYSCALL_FILTER_ROOM 1024 /* instructions */
#define SYSCALL_FILTER_PIDS 4

typedef struct {
    struct sock_filter code[SYSCALL_FILTER_ROOM];
    unsigned short length;
    /* Instructions that compare with the process's own id, which is known only after its start. */
    unsigned short pids[SYSCALL_FILTER_PIDS];
    int pids_len;
} syscall_filter;

/* Whether the system call numbers of this architecture are known. */
bool syscall_filter_is_known(void);

/* Returns 0, or -E2BIG if the filter would be too large. */
int syscall_filter_build(const sandbox_needs *needs, syscall_filter *filter);

/* Call in the process itself before the filter is set. */
void syscall_filter_set_pid(syscall_filter *filter, pid_t pid);

#endif
