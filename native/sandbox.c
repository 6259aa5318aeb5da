/* Landlock for paths, TCP, and signals; a seccomp filter for what Landlock does not know; no privileges; limits.
 *
 * The kernel's numbers are written here, because the headers of a system are often older than its kernel. */
#define _GNU_SOURCE
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "syscall_filter.h"

/* landlock(7); the same numbers on every machine. */
#define LANDLOCK_CREATE_RULESET 444
#define LANDLOCK_ADD_RULE 445
#define LANDLOCK_RESTRICT_SELF 446
#define RULESET_VERSION 1u
#define RULE_PATH_BENEATH 1
#define FS_EXECUTE (1u << 0)
#define FS_WRITE_FILE (1u << 1)
#define FS_READ_FILE (1u << 2)
#define FS_READ_DIR (1u << 3)
#define FS_REMOVE_FILE (1u << 5)
#define FS_MAKE_REG (1u << 8)
#define FS_TRUNCATE (1u << 14)
#define FS_IOCTL_DEV (1u << 15)
#define NET_TCP 3u /* to bind, to connect */
#define SCOPE_ABSTRACT_SOCKETS 1u
#define SCOPE_SIGNALS 2u
/* The access rights that apply to files. */
#define FS_OF_FILES (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
/* The number of access rights of each version, from the lowest bit on. */
static const int KNOWN_ACCESSES[] = {0, 13, 14, 15, 15, 16};
#define VERSION_WITH_TCP 4
#define VERSION_WITH_SCOPES 6

typedef struct {
    uint64_t paths;
    uint64_t net;
    uint64_t scopes;
} ruleset;

typedef struct {
    uint64_t access;
    int32_t folder;
} __attribute__((packed)) path_rule;

struct sandbox {
    int rules; /* the descriptor of the Landlock rules; -1 without */
    int limits_len;
    struct {
        int resource;
        struct rlimit limit;
    } limits[RLIM_NLIMITS];
    uint64_t capabilities;
    int filters; /* whether there is a filter */
    syscall_filter filter;
};

sandbox_means sandbox_look(void) {
    long version = syscall(LANDLOCK_CREATE_RULESET, NULL, 0, RULESET_VERSION);
    uint32_t action = SECCOMP_RET_ERRNO;
    int filters = syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
    return (sandbox_means){.landlock = version > 0 ? (int)version : 0, .seccomp = filters && syscall_filter_is_known()};
}

static uint64_t known_accesses(int version) {
    const int last = sizeof KNOWN_ACCESSES / sizeof *KNOWN_ACCESSES - 1;
    return (UINT64_C(1) << KNOWN_ACCESSES[version < last ? version : last]) - 1;
}

static uint64_t wanted_accesses(unsigned access) {
    uint64_t wanted = 0;
    if (access & SANDBOX_READ)
        wanted |= FS_READ_FILE | FS_READ_DIR;
    if (access & SANDBOX_WRITE)
        wanted |= FS_WRITE_FILE | FS_TRUNCATE | FS_MAKE_REG | FS_REMOVE_FILE;
    if (access & SANDBOX_EXECUTE)
        wanted |= FS_EXECUTE;
    if (access & SANDBOX_DEVICE)
        wanted |= FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE | FS_IOCTL_DEV;
    return wanted;
}

static int allow_path(int rules, int version, const sandbox_path *path) {
    path_rule rule = {.folder = open(path->path, O_PATH | O_CLOEXEC)};
    if (rule.folder < 0) /* what is not there, or cannot be reached, nobody can use */
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -errno;
    struct stat status;
    int result = fstat(rule.folder, &status) < 0 ? -errno : 0;
    if (result == 0) {
        rule.access = wanted_accesses(path->access) & known_accesses(version);
        if (!S_ISDIR(status.st_mode))
            rule.access &= FS_OF_FILES;
        if (rule.access != 0 && syscall(LANDLOCK_ADD_RULE, rules, RULE_PATH_BENEATH, &rule, 0) < 0)
            result = -errno;
    }
    close(rule.folder);
    return result;
}

static int uses_tcp(const sandbox_needs *needs) {
    for (int i = 0; i < needs->sockets_len; i++)
        if (needs->sockets[i].type == SOCK_STREAM && needs->sockets[i].domain != AF_UNIX)
            return 1;
    return 0;
}

/* Makes the Landlock rules; returns their descriptor or a negative errno. */
static int make_rules(const sandbox_needs *needs, int version) {
    ruleset handled = {.paths = known_accesses(version)};
    if (version >= VERSION_WITH_TCP && !uses_tcp(needs))
        handled.net = NET_TCP;
    if (version >= VERSION_WITH_SCOPES)
        handled.scopes = SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS;
    /* An older kernel takes a larger structure when the part that it does not know is zero. */
    int rules = (int)syscall(LANDLOCK_CREATE_RULESET, &handled, sizeof handled, 0);
    if (rules < 0)
        return -errno;
    for (int i = 0; i < needs->paths_len; i++) {
        int result = allow_path(rules, version, &needs->paths[i]);
        if (result < 0) {
            close(rules);
            return result;
        }
    }
    return rules;
}

/* Never more than what this process may have itself. */
static int add_limit(sandbox *made, int resource, uint64_t most) {
    struct rlimit now;
    if (made->limits_len == RLIM_NLIMITS)
        return -E2BIG;
    if (getrlimit(resource, &now) < 0)
        return -errno;
    if (most > now.rlim_max)
        most = now.rlim_max;
    made->limits[made->limits_len].resource = resource;
    made->limits[made->limits_len++].limit = (struct rlimit){.rlim_cur = most, .rlim_max = most};
    return 0;
}

static int add_limits(sandbox *made, const sandbox_needs *needs) {
    int result = 0;
    for (int i = 0; result == 0 && i < needs->limits_len; i++)
        result = add_limit(made, needs->limits[i].resource, needs->limits[i].most);
    struct sysinfo host;
    if (result == 0 && needs->tasks != 0)
        result = sysinfo(&host) < 0 ? -errno : add_limit(made, RLIMIT_NPROC, (uint64_t)host.procs + needs->tasks);
    return result;
}

int sandbox_prepare(const sandbox_needs *needs, sandbox **made) {
    sandbox *new = *made = malloc(sizeof *new);
    if (new == NULL)
        return -ENOMEM;
    sandbox_means means = sandbox_look();
    new->rules = -1;
    new->limits_len = 0;
    new->capabilities = needs->capabilities;
    new->filters = means.seccomp;
    int result = add_limits(new, needs);
    if (result == 0 && means.seccomp)
        result = syscall_filter_build(needs, &new->filter);
    if (result == 0 && means.landlock > 0) {
        new->rules = make_rules(needs, means.landlock);
        result = new->rules < 0 ? new->rules : 0;
    }
    return result;
}

void sandbox_discard(sandbox *made) {
    if (made != NULL && made->rules >= 0)
        close(made->rules);
    free(made);
}

/* --- in the child --- */

/* Gives up all capabilities but those in `kept`, for good. Two steps need CAP_SETPCAP: without it they are not needed,
 * since a process without new privileges cannot get back what it has given up. */
static int give_up_capabilities(uint64_t kept) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &header, data) < 0)
        return -1;
    for (unsigned long number = 0; number < 64; number++)
        if (!(kept >> number & 1) && prctl(PR_CAPBSET_DROP, number, 0, 0, 0) < 0 && errno == EINVAL)
            break; /* there are no more */
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return -1;
    if (kept != 0) {
        for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
            data[i].inheritable = data[i].permitted & (uint32_t)(kept >> 32 * i);
        if (syscall(SYS_capset, &header, data) < 0)
            return -1;
        for (unsigned long number = 0; number < 64; number++)
            if (data[number / 32].inheritable >> number % 32 & 1 &&
                prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) < 0)
                return -1;
    }
    /* For root too, executing a program gives nothing. */
    prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
                                 SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED);
    for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
        data[i].effective = data[i].permitted = data[i].inheritable = data[i].permitted & (uint32_t)(kept >> 32 * i);
    return (int)syscall(SYS_capset, &header, data);
}

int sandbox_restrict(const sandbox *made) {
    if (give_up_capabilities(made->capabilities) < 0)
        return -1;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -1;
    return made->rules < 0 ? 0 : (int)syscall(LANDLOCK_RESTRICT_SELF, made->rules, 0);
}

int sandbox_seal(sandbox *made) {
    for (int i = 0; i < made->limits_len; i++)
        if (setrlimit(made->limits[i].resource, &made->limits[i].limit) < 0)
            return -1;
    /* A file that has reached its limit fails to grow, and does not end the program. */
    struct sigaction ignored = {.sa_handler = SIG_IGN};
    if (sigaction(SIGXFSZ, &ignored, NULL) < 0)
        return -1;
    if (!made->filters)
        return 0;
    syscall_filter_set_pid(&made->filter, getpid());
    struct sock_fprog program = {.len = made->filter.length, .filter = made->filter.code};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}
