/* What a sandbox promises, each of its parts by itself: in a child that enters it and tries. */
#define _GNU_SOURCE
#include "sandbox.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "syscall_filter.h"
#include "test.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

enum parts { PATHS = 1, CALLS = 2, WHOLE = 3 };

static char folder[] = "/tmp/sandbox_test.XXXXXX";
static int listener;

static const char *inside(const char *name) {
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* Runs `attempt` in a child within these parts of a sandbox; returns 0, or the errno that it ended with. */
static int try_in(const sandbox_needs *needs, enum parts parts, int (*attempt)(void)) {
    int status;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        sandbox *made;
        CHECK(sandbox_prepare(needs, &made) == 0);
        if (parts & PATHS)
            CHECK(sandbox_restrict(made) == 0);
        else
            CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
        if (parts & CALLS)
            CHECK(sandbox_seal(made) == 0);
        errno = 0;
        syscall(SYS_exit_group, attempt() >= 0 ? 0 : errno);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int opens(const char *path, int flags) {
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0600);
}

static int read_file(void) { return opens(inside("file"), O_RDONLY); }
static int write_file(void) { return opens(inside("file"), O_WRONLY); }
static int empty_file(void) { return opens(inside("file"), O_WRONLY | O_TRUNC); }
static int empty_readable_file(void) { return opens(inside("file"), O_RDONLY | O_TRUNC); }
static int open_for_nothing(void) { return opens(inside("file"), O_ACCMODE); }
static int make_file(void) { return opens(inside("new"), O_WRONLY | O_CREAT); }
static int list_folder(void) { return opens(folder, O_RDONLY | O_DIRECTORY); }
static int make_folder(void) { return mkdir(inside("folder"), 0700); }
static int make_pipe(void) { return mkfifo(inside("pipe"), 0600); }
static int make_link(void) { return symlink("/", inside("link")); }
static int delete_new(void) { return unlink(inside("new")); }
static int change_mode(void) { return chmod(inside("file"), 0600); }
static int write_null(void) { return opens("/dev/null", O_WRONLY); }
static int execute(void) {
    char *none[] = {NULL}, *argv[] = {"true", NULL};
    return execve("/bin/true", argv, none);
}
static int connect_tcp(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    if (fd < 0)
        return -1;
    CHECK(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    return connect(fd, (struct sockaddr *)&address, size);
}
static int make_udp(void) { return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP); }
static int make_ping(void) { return socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP); }
static int make_raw(void) { return socket(AF_INET, SOCK_RAW, IPPROTO_UDP); }
static int set_ttl(void) { return setsockopt(make_udp(), IPPROTO_IP, IP_TTL, &(int){9}, sizeof(int)); }
static int make_udp6(void) { return socket(AF_INET6, SOCK_DGRAM, 0); }
static int make_unix(void) { return socket(AF_UNIX, SOCK_STREAM, 0); }
static int set_buffer(void) { return setsockopt(make_udp(), SOL_SOCKET, SO_RCVBUF, &(int){65536}, sizeof(int)); }
static int share_port(void) { return setsockopt(make_udp(), SOL_SOCKET, SO_REUSEPORT, &(int){1}, sizeof(int)); }
static int filter_socket(void) { return setsockopt(make_udp(), SOL_SOCKET, SO_ATTACH_FILTER, NULL, 0); }
static int set_ip_option(void) { return setsockopt(make_udp(), IPPROTO_IP, 1, &(int){0}, sizeof(int)); }
static int set_no_delay(void) {
    return setsockopt(socket(AF_INET, SOCK_STREAM, 0), IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
}
static int set_congestion_control(void) {
    return setsockopt(socket(AF_INET, SOCK_STREAM, 0), IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
}
static int connect_abstract(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "%s", folder);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return connect(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(folder)));
}
static int signal_parent(void) { return kill(getppid(), 0); }
static int signal_itself(void) { return kill(getpid(), 0); }
static int signal_own_thread(void) { return (int)syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), 0); }
static int start_process(void) {
    long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0)
        syscall(SYS_exit_group, 0);
    return (int)pid;
}
static int start_in_namespace(void) { return (int)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL); }
/* The kernel itself says EINVAL to a thread with file systems of its own. */
static int start_thread_in_namespace(void) {
    unsigned long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
    return (int)syscall(SYS_clone, flags | CLONE_NEWNS, NULL, NULL, NULL, NULL);
}
static void *do_nothing(void *unused) { return unused; }
static int start_real_thread(void) {
    pthread_t thread;
    int result = pthread_create(&thread, NULL, do_nothing, NULL);
    if (result == 0)
        pthread_join(thread, NULL);
    errno = result;
    return result == 0 ? 0 : -1;
}
static int control_terminal(void) { return ioctl(0, FIONREAD, &(int){0}) < 0 && errno == EPERM ? -1 : 0; }
static int control_device(void) { return ioctl(0, 0x125e /* BLKROGET */, &(int){0}) < 0 && errno == EPERM ? -1 : 0; }
static int type_into_terminal(void) { return ioctl(0, TIOCSTI, "x") < 0 && errno == EPERM ? -1 : 0; }
static int have_signals_sent(void) { return fcntl(0, F_SETOWN, getppid()); }
static int read_limit(void) { return (int)syscall(SYS_prlimit64, 0, RLIMIT_CORE, NULL, &(struct rlimit){0}); }
static int set_limit(void) { return (int)syscall(SYS_prlimit64, 0, RLIMIT_CORE, &(struct rlimit){0}, NULL); }
static int limit_of_parent(void) { return (int)syscall(SYS_prlimit64, getppid(), RLIMIT_CORE, NULL, &(struct rlimit){0}); }
static int name_itself(void) { return prctl(PR_SET_NAME, "test"); }
static int set_securebits(void) { return prctl(PR_SET_SECUREBITS, 0); }
static int mount_something(void) { return (int)syscall(SYS_mount, "none", "/nowhere", "tmpfs", 0, NULL); }
static int call_newer_kernel(void) { return (int)syscall(5000); }
static int write_much(void) {
    int fd = opens(inside("file"), O_WRONLY);
    return pwrite(fd, "", 1, 1 << 20) < 0 ? -1 : 0;
}
static int capabilities_in_status(void) {
    char text[4096];
    int fd = opens("/proc/self/status", O_RDONLY);
    ssize_t got = read(fd, text, sizeof text - 1);
    if (got < 0)
        return -1;
    text[got] = 0;
    unsigned long long held;
    const char *line = strstr(text, "\nCapPrm:\t");
    CHECK(line != NULL && sscanf(line, "\nCapPrm:\t%llx", &held) == 1);
    errno = held == 0 ? 0 : held == 2 ? 2 : 255;
    return errno ? -1 : 0;
}

static void test_paths(void) {
    sandbox_path paths[] = {{folder, 0}, {"/nowhere", SANDBOX_READ}};
    sandbox_needs needs = {.paths = paths, .paths_len = COUNT(paths)};
    int (*const all[])(void) = {read_file, list_folder, write_file, empty_file, make_file, execute, write_null, make_folder, make_pipe, make_link};
    for (int i = 0; i < COUNT(all); i++)
        CHECK(try_in(&needs, PATHS, all[i]) == EACCES);
    paths[0].access = SANDBOX_READ;
    CHECK(try_in(&needs, PATHS, read_file) == 0);
    CHECK(try_in(&needs, PATHS, list_folder) == 0);
    CHECK(try_in(&needs, PATHS, write_file) == EACCES);
    CHECK(try_in(&needs, PATHS, make_file) == EACCES);
    paths[0].access = SANDBOX_READ | SANDBOX_WRITE;
    CHECK(try_in(&needs, PATHS, write_file) == 0);
    CHECK(try_in(&needs, PATHS, empty_file) == 0);
    CHECK(try_in(&needs, PATHS, make_file) == 0);
    CHECK(try_in(&needs, PATHS, delete_new) == 0);
    CHECK(try_in(&needs, PATHS, make_folder) == EACCES);
    CHECK(try_in(&needs, PATHS, make_pipe) == EACCES);
    CHECK(try_in(&needs, PATHS, make_link) == EACCES);
    paths[0] = (sandbox_path){"/dev/null", SANDBOX_DEVICE};
    CHECK(try_in(&needs, PATHS, write_null) == 0);
    paths[0] = (sandbox_path){"/", SANDBOX_READ | SANDBOX_EXECUTE};
    CHECK(try_in(&needs, PATHS, execute) == 0);
}

static void test_what_landlock_keeps_beside_paths(int version) {
    const sandbox_socket tcp = {AF_INET, SOCK_STREAM};
    sandbox_needs needs = {0};
    if (version >= 4)
        CHECK(try_in(&needs, PATHS, connect_tcp) == EACCES);
    needs.sockets = &tcp;
    needs.sockets_len = 1;
    CHECK(try_in(&needs, PATHS, connect_tcp) == 0);
    if (version >= 6) {
        CHECK(try_in(&needs, PATHS, connect_abstract) == EPERM);
        CHECK(try_in(&needs, PATHS, signal_parent) == EPERM);
    }
    CHECK(try_in(&needs, PATHS, signal_itself) == 0);
}

static void test_calls_that_everybody_has(void) {
    sandbox_needs needs = {0};
    int (*const allowed[])(void) = {read_file, write_file, empty_file, signal_itself, signal_own_thread, control_terminal,
                                    read_limit, name_itself};
    for (int i = 0; i < COUNT(allowed); i++)
        CHECK(try_in(&needs, CALLS, allowed[i]) == 0);
    int (*const refused[])(void) = {
        empty_readable_file, open_for_nothing, change_mode, make_folder, make_pipe, make_link, make_udp, make_unix, connect_tcp,
        signal_parent, start_process, start_in_namespace, start_thread_in_namespace, control_device, type_into_terminal, have_signals_sent,
        set_limit, limit_of_parent, set_securebits, mount_something,
    };
    for (int i = 0; i < COUNT(refused); i++)
        CHECK(try_in(&needs, CALLS, refused[i]) == EPERM);
    CHECK(try_in(&needs, CALLS, call_newer_kernel) == ENOSYS);
}

static int given = -1; /* opened before the sandbox is entered */

static int send_on_given(void) {
    return (int)send(given, "x", 1, MSG_DONTWAIT);
}

static int connect_given(void) {
    struct sockaddr_in elsewhere = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return connect(given, (struct sockaddr *)&elsewhere, sizeof elsewhere);
}

static void test_given_sockets_can_be_used_and_no_others(void) {
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof here;
    given = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(bind(given, (struct sockaddr *)&here, length) == 0 && getsockname(given, (struct sockaddr *)&here, &length) == 0);
    CHECK(connect(given, (struct sockaddr *)&here, length) == 0);
    sandbox_needs needs = {.calls = SANDBOX_GIVEN_SOCKETS};
    CHECK(try_in(&needs, CALLS, send_on_given) == 0);
    CHECK(try_in(&needs, CALLS, connect_given) == EPERM);
    CHECK(try_in(&needs, CALLS, make_udp) == EPERM);
    CHECK(try_in(&needs, CALLS, make_unix) == EPERM);
    needs.calls = 0;
    CHECK(try_in(&needs, CALLS, send_on_given) == EPERM);
    close(given);
}

static void test_calls_that_are_asked_for(void) {
    const sandbox_socket udp[] = {{AF_INET, SOCK_DGRAM}}, both[] = {{AF_INET, SOCK_DGRAM}, {AF_INET, SOCK_STREAM}};
    sandbox_needs needs = {.sockets = udp, .sockets_len = 1};
    CHECK(try_in(&needs, CALLS, make_udp) == 0);
    CHECK(try_in(&needs, CALLS, set_buffer) == 0);
    int (*const refused[])(void) = {make_ping, make_raw, make_udp6, make_unix, connect_tcp, share_port, filter_socket, set_ip_option};
    for (int i = 0; i < COUNT(refused); i++)
        CHECK(try_in(&needs, CALLS, refused[i]) == EPERM);
    needs.calls = SANDBOX_ICMP;
    CHECK(try_in(&needs, CALLS, make_ping) != EPERM); /* whether the kernel lets this user is another matter */
    CHECK(try_in(&needs, CALLS, set_ttl) == 0);
    int (*const refused_still[])(void) = {make_raw, make_udp6, make_unix, connect_tcp, share_port, filter_socket, set_ip_option};
    for (int i = 0; i < COUNT(refused_still); i++)
        CHECK(try_in(&needs, CALLS, refused_still[i]) == EPERM);
    needs.calls = 0;
    needs.sockets = both;
    needs.sockets_len = 2;
    CHECK(try_in(&needs, CALLS, make_udp) == 0);
    CHECK(try_in(&needs, CALLS, connect_tcp) == 0);
    CHECK(try_in(&needs, CALLS, set_no_delay) == 0);
    CHECK(try_in(&needs, CALLS, set_congestion_control) == EPERM);

    needs = (sandbox_needs){.calls = SANDBOX_THREADS};
    CHECK(try_in(&needs, CALLS, start_real_thread) == 0);
    CHECK(try_in(&needs, CALLS, start_thread_in_namespace) == EPERM);
    CHECK(try_in(&needs, CALLS, start_process) == EPERM);
    needs.calls = SANDBOX_PROCESSES;
    CHECK(try_in(&needs, CALLS, start_process) == 0);
    CHECK(try_in(&needs, CALLS, start_in_namespace) == EPERM);
    needs.calls = SANDBOX_CONTROL;
    CHECK(try_in(&needs, CALLS, control_device) == 0);
    CHECK(try_in(&needs, CALLS, type_into_terminal) == EPERM);
}

static void test_limits(void) {
    const sandbox_limit limits[] = {{RLIMIT_FSIZE, 1 << 16}, {RLIMIT_CORE, RLIM_INFINITY}, {RLIMIT_NOFILE, UINT64_MAX}};
    sandbox_needs needs = {.limits = limits, .limits_len = COUNT(limits)};
    CHECK(try_in(&needs, CALLS, write_much) == EFBIG); /* and no signal */
    const sandbox_limit unknown = {1000, 1};
    needs.limits = &unknown;
    needs.limits_len = 1;
    sandbox *made;
    CHECK(sandbox_prepare(&needs, &made) == -EINVAL);
    sandbox_discard(made);
    needs.limits_len = 0;
    needs.tasks = 1 << 20; /* more than there are, so that threads can be started */
    needs.calls = SANDBOX_THREADS;
    CHECK(try_in(&needs, CALLS, start_real_thread) == 0);
}

static void test_capabilities(void) {
    const sandbox_path proc = {"/proc", SANDBOX_READ};
    sandbox_needs needs = {.paths = &proc, .paths_len = 1};
    CHECK(try_in(&needs, WHOLE, capabilities_in_status) == 0);
    needs.capabilities = 2; /* CAP_DAC_OVERRIDE */
    CHECK(try_in(&needs, WHOLE, capabilities_in_status) == (geteuid() == 0 ? 2 : 0));
}

/* Makes this process one of a kernel without Landlock. */
static int live_without_landlock(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 444, 0, 2),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 446, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = COUNT(code), .filter = code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) : -1;
}

static void test_a_kernel_without_landlock(void) {
    int status;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        CHECK(live_without_landlock() == 0);
        CHECK(sandbox_look().landlock == 0);
        sandbox_needs needs = {0};
        CHECK(try_in(&needs, WHOLE, read_file) == 0);
        CHECK(try_in(&needs, WHOLE, change_mode) == EPERM);
        CHECK(try_in(&needs, WHOLE, connect_tcp) == EPERM);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* More kinds of sockets than a filter has room for. */
static void test_too_much_is_told(void) {
    enum { MANY = 200 };
    sandbox_socket many[MANY];
    for (int i = 0; i < MANY; i++)
        many[i] = (sandbox_socket){AF_INET, SOCK_DGRAM};
    sandbox_needs needs = {.sockets = many, .sockets_len = MANY};
    sandbox *made;
    CHECK(sandbox_prepare(&needs, &made) == -E2BIG);
    sandbox_discard(made);
    sandbox_path path = {"relative", SANDBOX_READ | SANDBOX_WRITE | SANDBOX_EXECUTE | SANDBOX_DEVICE};
    needs = (sandbox_needs){.paths = &path, .paths_len = 1};
    CHECK(sandbox_prepare(&needs, &made) == 0);
    sandbox_discard(made);
}

int main(void) {
    sandbox_means means = sandbox_look();
    struct sockaddr_un abstract = {.sun_family = AF_UNIX};
    CHECK(mkdtemp(folder) != NULL);
    close(opens(inside("file"), O_WRONLY | O_CREAT));
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(listen(listener, 64) == 0);
    snprintf(abstract.sun_path + 1, sizeof abstract.sun_path - 1, "%s", folder);
    int named = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(named, (struct sockaddr *)&abstract, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(folder))) == 0);
    CHECK(listen(named, 64) == 0);
    if (means.landlock > 0) {
        test_paths();
        test_what_landlock_keeps_beside_paths(means.landlock);
    } else {
        puts("sandbox_test: Landlock SKIPPED, this kernel has none");
    }
    if (means.seccomp) {
        test_calls_that_everybody_has();
        test_calls_that_are_asked_for();
    test_given_sockets_can_be_used_and_no_others();
        test_limits();
        test_a_kernel_without_landlock();
        test_too_much_is_told();
    } else {
        puts("sandbox_test: system calls SKIPPED, this kernel does not filter them");
    }
    test_capabilities();
    CHECK(unlink(inside("file")) == 0 && rmdir(folder) == 0);
    puts("sandbox_test: passed");
    return 0;
}
