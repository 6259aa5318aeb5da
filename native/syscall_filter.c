/* Everything is refused that is not listed here: with EPERM, or with ENOSYS where a C library then takes an older way.
 *
 * seccomp_unotify(2) and others tell what a filter cannot do: it sees numbers and arguments, not what pointers lead to. So
 * Landlock guards paths, and this filter guards what Landlock does not know: chmod and chown, sockets, other processes,
 * namespaces, and the rarely used parts of the kernel where most of its faults are found.
 *
 * The kernel looks at every number once, when the filter is set, and from then on lets those pass at once that pass
 * whatever their arguments are. The numbers are found by halving, so that this look is short. */
#define _GNU_SOURCE
#include "syscall_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

/* Numbers from here on are newer than this list: a program is told that the kernel does not have them. */
#define FIRST_UNKNOWN 451

/* The treatment of a system call. The checks examine its arguments. */
enum verdict {
    REFUSE,
    ALLOW,
    LACK, /* ENOSYS */
    CHECK_CLONE,
    CHECK_OPEN,
    CHECK_OPENAT,
    CHECK_IOCTL,
    CHECK_FCNTL,
    CHECK_PRCTL,
    CHECK_PRLIMIT,
    CHECK_OWN_PID,
    CHECK_SOCKET,
    CHECK_SOCKET_OPTION,
};

typedef struct {
    int number;
    enum verdict verdict;
} entry;

#ifdef ARCHITECTURE

static const entry BASIC[] = {
    /* memory */
    {SYS_brk, ALLOW},
    {SYS_mmap, ALLOW},
    {SYS_munmap, ALLOW},
    {SYS_mremap, ALLOW},
    {SYS_mprotect, ALLOW},
    {SYS_madvise, ALLOW},
    {SYS_msync, ALLOW},
    {SYS_membarrier, ALLOW},
    /* descriptors */
    {SYS_read, ALLOW},
    {SYS_readv, ALLOW},
    {SYS_pread64, ALLOW},
    {SYS_preadv, ALLOW},
    {SYS_write, ALLOW},
    {SYS_writev, ALLOW},
    {SYS_pwrite64, ALLOW},
    {SYS_pwritev, ALLOW},
    {SYS_lseek, ALLOW},
    {SYS_close, ALLOW},
    {SYS_close_range, ALLOW},
    {SYS_dup, ALLOW},
    {SYS_dup3, ALLOW},
    {SYS_pipe2, ALLOW},
    {SYS_fcntl, CHECK_FCNTL},
    {SYS_ioctl, CHECK_IOCTL},
    {SYS_ppoll, ALLOW},
    {SYS_pselect6, ALLOW},
    {SYS_epoll_create1, ALLOW},
    {SYS_epoll_ctl, ALLOW},
    {SYS_epoll_pwait, ALLOW},
    {SYS_eventfd2, ALLOW},
    {SYS_timerfd_create, ALLOW},
    {SYS_timerfd_settime, ALLOW},
    {SYS_timerfd_gettime, ALLOW},
    {SYS_sendfile, ALLOW},
    /* files, which Landlock guards. What it does not guard is missing: owners, modes, times, attributes, and
     * truncate, which it knows only since its third version. */
#ifdef SYS_open
    {SYS_open, CHECK_OPEN},
    {SYS_creat, ALLOW},
    {SYS_stat, ALLOW},
    {SYS_lstat, ALLOW},
    {SYS_access, ALLOW},
    {SYS_readlink, ALLOW},
    {SYS_rename, ALLOW},
    {SYS_link, ALLOW},
    {SYS_unlink, ALLOW},
    {SYS_getdents, ALLOW},
#endif
    {SYS_openat, CHECK_OPENAT},
    {SYS_openat2, LACK}, /* its flags lie behind a pointer */
    {SYS_fstat, ALLOW},
    {SYS_newfstatat, ALLOW},
    {SYS_statx, ALLOW},
    {SYS_statfs, ALLOW},
    {SYS_fstatfs, ALLOW},
    {SYS_faccessat, ALLOW},
    {SYS_faccessat2, ALLOW},
    {SYS_readlinkat, ALLOW},
#ifdef SYS_renameat
    {SYS_renameat, ALLOW},
#endif
    {SYS_renameat2, ALLOW},
    {SYS_linkat, ALLOW},
    {SYS_unlinkat, ALLOW},
    {SYS_getdents64, ALLOW},
    {SYS_getcwd, ALLOW},
    {SYS_chdir, ALLOW},
    {SYS_fchdir, ALLOW},
    {SYS_umask, ALLOW},
    {SYS_ftruncate, ALLOW},
    {SYS_fallocate, ALLOW},
    {SYS_fsync, ALLOW},
    {SYS_fdatasync, ALLOW},
    {SYS_fadvise64, ALLOW},
    {SYS_flock, ALLOW},
    /* signals, to itself only */
    {SYS_rt_sigaction, ALLOW},
    {SYS_rt_sigprocmask, ALLOW},
    {SYS_rt_sigpending, ALLOW},
    {SYS_rt_sigsuspend, ALLOW},
    {SYS_rt_sigtimedwait, ALLOW},
    {SYS_rt_sigreturn, ALLOW},
    {SYS_sigaltstack, ALLOW},
    {SYS_kill, CHECK_OWN_PID},
    {SYS_tgkill, CHECK_OWN_PID},
    /* time */
    {SYS_clock_gettime, ALLOW},
    {SYS_clock_getres, ALLOW},
    {SYS_clock_nanosleep, ALLOW},
    {SYS_nanosleep, ALLOW},
    {SYS_gettimeofday, ALLOW},
    {SYS_times, ALLOW},
    {SYS_getitimer, ALLOW},
    {SYS_setitimer, ALLOW},
    {SYS_timer_create, ALLOW},
    {SYS_timer_settime, ALLOW},
    {SYS_timer_gettime, ALLOW},
    {SYS_timer_getoverrun, ALLOW},
    {SYS_timer_delete, ALLOW},
    /* itself */
    {SYS_execve, ALLOW}, /* of what Landlock lets it execute */
    {SYS_exit, ALLOW},
    {SYS_exit_group, ALLOW},
    {SYS_restart_syscall, ALLOW},
    {SYS_futex, ALLOW},
    {SYS_set_robust_list, ALLOW},
    {SYS_set_tid_address, ALLOW},
    {SYS_rseq, ALLOW},
    {SYS_wait4, ALLOW},
    {SYS_waitid, ALLOW},
    {SYS_getpid, ALLOW},
    {SYS_getppid, ALLOW},
    {SYS_gettid, ALLOW},
    {SYS_getpgid, ALLOW},
    {SYS_getsid, ALLOW},
    {SYS_getuid, ALLOW},
    {SYS_geteuid, ALLOW},
    {SYS_getgid, ALLOW},
    {SYS_getegid, ALLOW},
    {SYS_getresuid, ALLOW},
    {SYS_getresgid, ALLOW},
    {SYS_getgroups, ALLOW},
    {SYS_getrusage, ALLOW},
    {SYS_prlimit64, CHECK_PRLIMIT},
    {SYS_prctl, CHECK_PRCTL},
    {SYS_getrandom, ALLOW},
    {SYS_uname, ALLOW},
    {SYS_sysinfo, ALLOW},
    {SYS_getcpu, ALLOW},
    {SYS_sched_yield, ALLOW},
    {SYS_sched_getaffinity, ALLOW},
    {SYS_clone3, LACK}, /* its flags lie behind a pointer */
#if defined(__x86_64__)
    {SYS_arch_prctl, ALLOW},
    {SYS_dup2, ALLOW},
    {SYS_pipe, ALLOW},
    {SYS_poll, ALLOW},
    {SYS_select, ALLOW},
    {SYS_epoll_create, ALLOW},
    {SYS_epoll_wait, ALLOW},
    {SYS_eventfd, ALLOW},
    {SYS_alarm, ALLOW},
    {SYS_pause, ALLOW},
    {SYS_time, ALLOW},
    {SYS_getpgrp, ALLOW},
    {SYS_getrlimit, ALLOW},
#endif
};

static const entry OWN_SOCKETS[] = {
    {SYS_socket, CHECK_SOCKET},
    {SYS_bind, ALLOW},
    {SYS_connect, ALLOW},
    {SYS_listen, ALLOW},
    {SYS_accept, ALLOW},
    {SYS_accept4, ALLOW},
};

static const entry SOCKETS[] = {
    {SYS_setsockopt, CHECK_SOCKET_OPTION},
    {SYS_getsockopt, ALLOW},
    {SYS_getsockname, ALLOW},
    {SYS_getpeername, ALLOW},
    {SYS_sendto, ALLOW},
    {SYS_sendmsg, ALLOW},
    {SYS_sendmmsg, ALLOW},
    {SYS_recvfrom, ALLOW},
    {SYS_recvmsg, ALLOW},
    {SYS_recvmmsg, ALLOW},
    {SYS_shutdown, ALLOW},
};

static const entry CHILDREN[] = {
    {SYS_clone, CHECK_CLONE},
};

/* The numbers of linux/sched.h, with which a thread is known. */
#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
#define NAMESPACE_FLAGS                                                                                              \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)
#define STRANGE_FLAGS (CLONE_PTRACE | CLONE_PIDFD | CLONE_PARENT)

/* Later C libraries read and set a terminal with these. */
#define GET_TERMINAL_2 0x802c542au
#define SET_TERMINAL_2 0x402c542bu
#define SET_TERMINAL_2_WAITING 0x402c542cu
#define SET_TERMINAL_2_FLUSHING 0x402c542du

static const unsigned TERMINAL_CONTROLS[] = {
    TCGETS,     TCSETS,  TCSETSW,  TCSETSF,        GET_TERMINAL_2, SET_TERMINAL_2, SET_TERMINAL_2_WAITING, SET_TERMINAL_2_FLUSHING,
    TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX,        FIONCLEX,       TIOCGPGRP,
};
/* Typing into terminals, changing what a terminal is, and having signals sent to others are refused in any case. */
static const unsigned NEVER_CONTROLS[] = {TIOCSTI, TIOCLINUX, TIOCSETD, TIOCCONS, FIOSETOWN, SIOCSPGRP};
static const unsigned DESCRIPTOR_COMMANDS[] = {
    F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW,
};
static const unsigned PROCESS_OPTIONS[] = {PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, 0x53564d41u /* PR_SET_VMA */};
static const unsigned SOCKET_OPTIONS[] = {SO_REUSEADDR, SO_BROADCAST, SO_SNDBUF,   SO_RCVBUF,   SO_KEEPALIVE,
                                          SO_LINGER,    SO_RCVTIMEO,  SO_SNDTIMEO, SO_OOBINLINE};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void emit(syscall_filter *filter, struct sock_filter instruction) {
    if (filter->length < SYSCALL_FILTER_ROOM)
        filter->code[filter->length] = instruction;
    filter->length++; /* more than there is room is noticed at the end */
}

static void load(syscall_filter *filter, size_t offset) {
    emit(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset));
}

/* The low half of an argument, which is all that the kernel reads of an int. */
static void load_argument(syscall_filter *filter, int index) {
    load(filter, offsetof(struct seccomp_data, args) + (size_t)index * 8); /* both machines are little-endian */
}

static void finish(syscall_filter *filter, enum verdict verdict) {
    unsigned action = verdict == ALLOW  ? SECCOMP_RET_ALLOW
                      : verdict == LACK ? SECCOMP_RET_ERRNO | ENOSYS
                                        : SECCOMP_RET_ERRNO | EPERM;
    emit(filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/* Ends with the verdict if what is loaded has the value. */
static void finish_if(syscall_filter *filter, unsigned value, enum verdict verdict) {
    emit(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
    finish(filter, verdict);
}

static void finish_if_any(syscall_filter *filter, const unsigned *values, size_t count, enum verdict verdict) {
    for (size_t i = 0; i < count; i++)
        finish_if(filter, values[i], verdict);
}

/* The flags of open: to empty a file that may only be read is refused, because Landlock lets it pass before its third
 * version; so is the third kind of access, which is neither reading nor writing for it. */
static void check_open(syscall_filter *filter, int argument) {
    load_argument(filter, argument);
    emit(filter, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, O_ACCMODE | O_TRUNC));
    finish_if(filter, O_RDONLY | O_TRUNC, REFUSE);
    finish_if(filter, O_ACCMODE, REFUSE);
    finish_if(filter, O_ACCMODE | O_TRUNC, REFUSE);
    finish(filter, ALLOW);
}

static void check_clone(syscall_filter *filter, unsigned calls) {
    const unsigned refused = NAMESPACE_FLAGS | STRANGE_FLAGS;
    load_argument(filter, 0);
    if (calls & SANDBOX_PROCESSES) {
        emit(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, refused, 1, 0));
    } else {
        emit(filter, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, THREAD_FLAGS | refused));
        emit(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THREAD_FLAGS, 0, 1));
    }
    finish(filter, ALLOW);
    finish(filter, REFUSE);
}

static void check_ioctl(syscall_filter *filter, unsigned calls) {
    load_argument(filter, 1);
    if (calls & SANDBOX_CONTROL) {
        finish_if_any(filter, NEVER_CONTROLS, COUNT(NEVER_CONTROLS), REFUSE);
        finish(filter, ALLOW);
    } else {
        finish_if_any(filter, TERMINAL_CONTROLS, COUNT(TERMINAL_CONTROLS), ALLOW);
        finish(filter, REFUSE);
    }
}

static void check_value(syscall_filter *filter, int argument, const unsigned *values, size_t count) {
    load_argument(filter, argument);
    finish_if_any(filter, values, count, ALLOW);
    finish(filter, REFUSE);
}

/* Limits may be read, and only its own. */
static void check_prlimit(syscall_filter *filter) {
    const size_t new_limit = offsetof(struct seccomp_data, args) + 2 * 8;
    const size_t words[] = {offsetof(struct seccomp_data, args), new_limit, new_limit + 4};
    for (size_t i = 0; i < COUNT(words); i++) {
        load(filter, words[i]);
        emit(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0));
        finish(filter, REFUSE);
    }
    finish(filter, ALLOW);
}

static void check_own_pid(syscall_filter *filter) {
    load_argument(filter, 0);
    filter->pids[filter->pids_len++] = filter->length;
    finish_if(filter, ~0u, ALLOW); /* syscall_filter_set_pid puts the id here */
    finish(filter, REFUSE);
}

/* Sockets for ICMP echo, whose type is that of UDP. */
static void allow_pings(syscall_filter *filter) {
    load_argument(filter, 0);
    emit(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 0, 6));
    load_argument(filter, 1);
    emit(filter, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, ~(unsigned)(SOCK_CLOEXEC | SOCK_NONBLOCK)));
    emit(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SOCK_DGRAM, 0, 3));
    load_argument(filter, 2);
    finish_if(filter, IPPROTO_ICMP, ALLOW); /* two instructions, which the jumps count */
}

/* A kind that is allowed, with the one protocol that it has. */
static void check_socket(syscall_filter *filter, const sandbox_needs *needs) {
    if (needs->calls & SANDBOX_ICMP)
        allow_pings(filter);
    for (int i = 0; i < needs->sockets_len; i++) {
        unsigned type = (unsigned)needs->sockets[i].type;
        unsigned protocol = type == SOCK_STREAM ? IPPROTO_TCP : type == SOCK_DGRAM ? IPPROTO_UDP : 0;
        load_argument(filter, 0);
        emit(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)needs->sockets[i].domain, 0, 7));
        load_argument(filter, 1);
        emit(filter, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, ~(unsigned)(SOCK_CLOEXEC | SOCK_NONBLOCK)));
        emit(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, type, 0, 4));
        load_argument(filter, 2);
        emit(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0));
        emit(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, protocol, 0, 1));
        finish(filter, ALLOW);
    }
    finish(filter, REFUSE);
}

static void check_socket_option(syscall_filter *filter, unsigned calls) {
    if (calls & SANDBOX_ICMP) {
        load_argument(filter, 1);
        emit(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_IP, 0, 5));
        load_argument(filter, 2);
        finish_if(filter, IP_TTL, ALLOW); /* two instructions each, which the jump counts */
        finish_if(filter, IP_RECVERR, ALLOW);
    }
    load_argument(filter, 1);
    emit(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 4));
    load_argument(filter, 2);
    finish_if(filter, TCP_NODELAY, ALLOW); /* two instructions, which the jump counts */
    finish(filter, REFUSE);
    emit(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SOL_SOCKET, 1, 0));
    finish(filter, REFUSE);
    check_value(filter, 2, SOCKET_OPTIONS, COUNT(SOCKET_OPTIONS));
}

static void emit_verdict(syscall_filter *filter, const sandbox_needs *needs, enum verdict verdict) {
    switch (verdict) {
    case REFUSE:
    case ALLOW:
    case LACK:
        finish(filter, verdict);
        break;
    case CHECK_CLONE:
        check_clone(filter, needs->calls);
        break;
    case CHECK_OPEN:
        check_open(filter, 1);
        break;
    case CHECK_OPENAT:
        check_open(filter, 2);
        break;
    case CHECK_IOCTL:
        check_ioctl(filter, needs->calls);
        break;
    case CHECK_FCNTL:
        check_value(filter, 1, DESCRIPTOR_COMMANDS, COUNT(DESCRIPTOR_COMMANDS));
        break;
    case CHECK_PRCTL:
        check_value(filter, 0, PROCESS_OPTIONS, COUNT(PROCESS_OPTIONS));
        break;
    case CHECK_PRLIMIT:
        check_prlimit(filter);
        break;
    case CHECK_OWN_PID:
        check_own_pid(filter);
        break;
    case CHECK_SOCKET:
        check_socket(filter, needs);
        break;
    case CHECK_SOCKET_OPTION:
        check_socket_option(filter, needs->calls);
        break;
    }
}

/* Numbers from `first` on, up to the next range, have one verdict. */
typedef struct {
    unsigned first;
    enum verdict verdict;
} range;

/* Which of the ranges the number that is loaded lies in. */
static void emit_ranges(syscall_filter *filter, const sandbox_needs *needs, const range *ranges, size_t count) {
    if (count == 1) {
        emit_verdict(filter, needs, ranges[0].verdict);
        return;
    }
    size_t half = count / 2;
    emit(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, ranges[half].first, 0, 1));
    unsigned jump = filter->length; /* a conditional jump reaches only 255 instructions */
    emit(filter, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0));
    emit_ranges(filter, needs, ranges, half);
    if (jump < SYSCALL_FILTER_ROOM)
        filter->code[jump].k = filter->length - jump - 1;
    emit_ranges(filter, needs, ranges + half, count - half);
}

static void enter(enum verdict *verdicts, const entry *entries, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (entries[i].number < FIRST_UNKNOWN)
            verdicts[entries[i].number] = entries[i].verdict;
}

bool syscall_filter_is_known(void) {
    return true;
}

int syscall_filter_build(const sandbox_needs *needs, syscall_filter *filter) {
    enum verdict verdicts[FIRST_UNKNOWN] = {REFUSE};
    enter(verdicts, BASIC, COUNT(BASIC));
    if (needs->sockets_len > 0)
        enter(verdicts, OWN_SOCKETS, COUNT(OWN_SOCKETS));
    if (needs->sockets_len > 0 || needs->calls & SANDBOX_GIVEN_SOCKETS)
        enter(verdicts, SOCKETS, COUNT(SOCKETS));
    if (needs->calls & SANDBOX_GIVEN_SOCKETS)
        verdicts[SYS_socketpair] = ALLOW; /* which leads nowhere else */
    if (needs->calls & (SANDBOX_THREADS | SANDBOX_PROCESSES))
        enter(verdicts, CHILDREN, COUNT(CHILDREN));
#ifdef SYS_vfork
    if (needs->calls & SANDBOX_PROCESSES)
        verdicts[SYS_vfork] = verdicts[SYS_fork] = ALLOW;
#endif
    /* The last range holds what is unknown; it also has the numbers of the x32 way into an x86-64 kernel. */
    range ranges[FIRST_UNKNOWN + 1];
    size_t count = 0;
    for (unsigned number = 0; number < FIRST_UNKNOWN; number++)
        /* A check of a range of two numbers would be the same: none reads the number. */
        if (number == 0 || verdicts[number] != verdicts[number - 1])
            ranges[count++] = (range){number, verdicts[number]};
    ranges[count++] = (range){FIRST_UNKNOWN, LACK};

    filter->length = 0;
    filter->pids_len = 0;
    load(filter, offsetof(struct seccomp_data, arch));
    emit(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
    finish(filter, REFUSE); /* another machine's numbers mean something else */
    load(filter, offsetof(struct seccomp_data, nr));
    emit_ranges(filter, needs, ranges, count);
    return filter->length > SYSCALL_FILTER_ROOM ? -E2BIG : 0;
}

void syscall_filter_set_pid(syscall_filter *filter, pid_t pid) {
    for (int i = 0; i < filter->pids_len; i++)
        filter->code[filter->pids[i]].k = (unsigned)pid;
}

#else

bool syscall_filter_is_known(void) {
    return false;
}

int syscall_filter_build(const sandbox_needs *needs, syscall_filter *filter) {
    (void)needs;
    filter->length = 0;
    return 0;
}

void syscall_filter_set_pid(syscall_filter *filter, pid_t pid) {
    (void)filter;
    (void)pid;
}

#endif
