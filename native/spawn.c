/* vfork, because a fork of a large process copies its page tables; the child shares our memory until it execs, so it
 * may only call functions that are safe after vfork and must not return from child_main. */
#define _GNU_SOURCE
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_NOT_STARTED 127

typedef struct {
    char *const *argv;
    char *const *envp;
    const char *folder;
    const int *fds;
    int fds_len;
    int controlling_tty;
    int death_signal;
    unsigned long timer_slack_ns;
    sandbox *box; /* NULL without */
    pid_t parent;
    volatile int error; /* set by the child, read by the parent once the child has execed or ended */
} child_plan;

static void default_signals(void) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &standard, NULL); /* fails for SIGKILL and the like, which is fine */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int prepare(const child_plan *plan) {
    if (setsid() < 0)
        return -1;
    if (prctl(PR_SET_PDEATHSIG, plan->death_signal) < 0)
        return -1;
    if (getppid() != plan->parent) { /* the parent died before the line above */
        errno = ESRCH;
        return -1;
    }
    if (plan->timer_slack_ns != 0 && prctl(PR_SET_TIMERSLACK, plan->timer_slack_ns) < 0)
        return -1;
    /* Ambient capabilities of the server (capabilities(7)) are not for its nodes. */
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return -1;
    /* Copies above the last one first, so that no dup2 overwrites a descriptor that is still needed. */
    int copies[SPAWN_MOST_FDS];
    for (int i = 0; i < plan->fds_len; i++)
        if ((copies[i] = fcntl(plan->fds[i], F_DUPFD, plan->fds_len)) < 0)
            return -1;
    for (int i = 0; i < plan->fds_len; i++)
        if (dup2(copies[i], i) < 0)
            return -1;
    if (plan->controlling_tty && ioctl(0, TIOCSCTTY, 0) < 0)
        return -1;
    if (chdir(plan->folder) < 0)
        return -1;
    if (plan->box && sandbox_restrict(plan->box) < 0)
        return -1;
    if (syscall(SYS_close_range, (unsigned)plan->fds_len, ~0u, 0u) < 0)
        return -1;
    return plan->box ? sandbox_seal(plan->box) : 0;
}

static void child_main(child_plan *plan) {
    default_signals();
    if (prepare(plan) == 0)
        execve(plan->argv[0], plan->argv, plan->envp);
    plan->error = errno;
    _exit(EXIT_NOT_STARTED);
}

static int start(child_plan *plan, spawned_child *child) {
    /* With signals blocked no handler of ours can run in the child, where it would change our memory. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = vfork();
    if (pid == 0)
        child_main(plan);
    int fork_error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (pid < 0)
        return -fork_error;
    if (plan->error) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
        return -plan->error;
    }
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0u);
    if (pidfd < 0) {
        int open_error = errno;
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
        return -open_error;
    }
    child->pid = pid;
    child->pidfd = pidfd;
    return 0;
}

int spawn_child(char *const *argv, char *const *envp, const char *folder, const int *fds, int fds_len, int controlling_tty,
                int death_signal, unsigned long timer_slack_ns, const sandbox_needs *needs, spawned_child *child) {
    if (fds_len < 3 || fds_len > SPAWN_MOST_FDS)
        return -EINVAL;
    child_plan plan = {
        .argv = argv,
        .envp = envp,
        .folder = folder,
        .fds = fds,
        .fds_len = fds_len,
        .controlling_tty = controlling_tty,
        .death_signal = death_signal,
        .timer_slack_ns = timer_slack_ns,
        .parent = getpid(),
    };
    int result = needs ? sandbox_prepare(needs, &plan.box) : 0;
    if (result == 0)
        result = start(&plan, child);
    sandbox_discard(plan.box);
    return result;
}

int spawn_copy_descriptor(int pidfd, int fd) {
    int copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0u); /* close-on-exec */
    return copy < 0 ? -errno : copy;
}
