/* Starts a child process from any thread without running Python code in the child. */
#ifndef GNS3TRIO_SPAWN_H
#define GNS3TRIO_SPAWN_H

#include "sandbox.h"

/* >>> read by cffi: declarations only */

enum { SPAWN_MOST_FDS = 1024 };

typedef struct {
    int pid;   /* of the child, which leads a new session */
    int pidfd; /* belongs to the caller; readable when the child has ended */
} spawned_child;

/* Any thread, but the child dies with the *thread* that called, so call it from one that lives as long as the server.
 * Starts argv[0] (a path) with the given environment and folder. The fds, 3 to SPAWN_MOST_FDS of them, become 0, 1, 2 and
 * so on, every other descriptor is closed. With controlling_tty, the first is a terminal that becomes the child's own.
 * death_signal is sent to the child when the calling thread ends, however it ends. The child's timers may be late by
 * timer_slack_ns (prctl(2), PR_SET_TIMERSLACK), so that many can expire at once; 0 is what the caller has.
 * The program runs in a sandbox with these needs; NULL is none.
 * Returns 0, or the negative errno of the step that failed (no child is left then). */
int spawn_child(char *const *argv, char *const *envp, const char *folder, const int *fds, int fds_len, int controlling_tty,
                int death_signal, unsigned long timer_slack_ns, const sandbox_needs *needs, spawned_child *child);

/* A copy of descriptor fd of the process at pidfd, which belongs to the caller. Returns it, or a negative errno: EBADF when
 * the process has no such descriptor, EPERM when this process may not look into that one. */
int spawn_copy_descriptor(int pidfd, int fd);

/* <<< */

#endif
