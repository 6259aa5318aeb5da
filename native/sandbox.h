/* The permissions of a program that the server starts, which the kernel enforces. */
#ifndef GNS3TRIO_SANDBOX_H
#define GNS3TRIO_SANDBOX_H

#include <stdint.h>

/* >>> read by cffi: declarations only */

/* Permitted access to a path; for a folder, to everything below it. */
enum sandbox_access {
    SANDBOX_READ = 1,    /* read files, list folders */
    SANDBOX_WRITE = 2,   /* write, create, rename and delete regular files; no folders, links, pipes, sockets or devices */
    SANDBOX_EXECUTE = 4, /* execute files */
    SANDBOX_DEVICE = 8,  /* read, write and control a device */
};

/* Groups of system calls beyond those that every program may use (listed in syscall_filter.c). */
enum sandbox_calls {
    SANDBOX_THREADS = 1,   /* start threads */
    SANDBOX_PROCESSES = 2, /* start processes, in the same namespaces */
    SANDBOX_CONTROL = 4,   /* all ioctl calls; otherwise only those of terminals and sockets */
    SANDBOX_ICMP = 8,      /* sockets for ICMP echo (icmp(7)); for all sockets, TTL and the errors that come by ICMP */
    SANDBOX_GIVEN_SOCKETS = 16, /* use sockets that it is given; not open, bind or connect any */
};

typedef struct {
    const char *path;
    unsigned access; /* of enum sandbox_access */
} sandbox_path;

typedef struct {
    int domain; /* AF_ */
    int type;   /* SOCK_ */
} sandbox_socket;

typedef struct {
    int resource; /* RLIMIT_ */
    uint64_t most;
} sandbox_limit;

typedef struct {
    const sandbox_path *paths; /* paths that do not exist are ignored */
    int paths_len;
    const sandbox_socket *sockets; /* the kinds of socket that it may open; AF_INET or AF_INET6 with SOCK_STREAM is TCP */
    int sockets_len;
    const sandbox_limit *limits;
    int limits_len;
    unsigned calls;        /* of enum sandbox_calls */
    uint32_t tasks;        /* threads and processes that its user may have beyond those that the host has now; 0 is no limit.
                            * The kernel does not hold root to it. */
    uint64_t capabilities; /* the ones to keep, as a bit mask, if the server has them */
} sandbox_needs;

typedef struct {
    int landlock; /* the version of the kernel's Landlock interface; 0 without */
    int seccomp;  /* whether the kernel filters system calls, and this build knows those of the machine */
} sandbox_means;

/* The sandbox features of the kernel. */
sandbox_means sandbox_look(void);

/* <<< */

/* A prepared sandbox, ready to be entered. */
typedef struct sandbox sandbox;

/* Prepares everything that needs memory. If the kernel lacks Landlock or seccomp, the sandbox does without.
 * Returns 0 or a negative errno; *made is freed by sandbox_discard then. */
int sandbox_prepare(const sandbox_needs *needs, sandbox **made);
void sandbox_discard(sandbox *made);

/* Call one after the other in a child between vfork and execve; they only make system calls.
 * sandbox_restrict removes privileges and access to paths, and needs the sandbox's descriptor; after sandbox_seal only the allowed
 * system calls are possible. Both return 0, or -1 with errno. */
int sandbox_restrict(const sandbox *made);
int sandbox_seal(sandbox *made);

#endif
