/* Tries to get out of a sandbox, and prints one line for each try: its name, and "refused" with the reason or "WORKED".
 *
 * usage: escapes all|harmless OUTSIDE LIBRARY SERVER_PID TCP_PORT OTHER_TERMINAL
 *
 * It runs in its own folder. OUTSIDE is a folder of the same user with the files secret, victim and empty/, a socket named socket,
 * and an abstract socket named like that path. LIBRARY is a file that it may read. "harmless" tries only what does no harm to
 * this machine when it works, which shows that the tries are real. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MISSING_PATH "/nowhere"
/* The same numbers on x86-64 and ARM. */
#define NR_PIDFD_SEND_SIGNAL 424
#define NR_IO_URING_SETUP 425
#define NR_OPEN_TREE 428
#define NR_FSOPEN 430
#define NR_PIDFD_OPEN 434
#define NR_CLONE3 435
#define NR_OPENAT2 437
#define NR_PIDFD_GETFD 438
#define NR_MOUNT_SETATTR 442
#define NR_FCHMODAT2 452

static int harmless_only;

static void report(const char *name, int worked) {
    int reason = errno;
    if (worked)
        printf("%s: WORKED\n", name);
    else
        printf("%s: refused (%s)\n", name, strerrorname_np(reason) ? strerrorname_np(reason) : "0");
    fflush(stdout);
    errno = 0;
}

/* What works when it is not negative. */
#define TRY(name, expression)                                                                                        \
    do {                                                                                                             \
        errno = 0;                                                                                                   \
        report(name, (long)(expression) >= 0);                                                                       \
    } while (0)
/* The same for what must not work on a machine that is used for other things. */
#define DANGEROUS(name, expression)                                                                                  \
    do {                                                                                                             \
        if (!harmless_only)                                                                                          \
            TRY(name, expression);                                                                                   \
    } while (0)

static char outside_path[4096];
static const char *outside_folder;

static const char *outside(const char *name) {
    snprintf(outside_path, sizeof outside_path, "%s/%s", outside_folder, name);
    return outside_path;
}

/* Opens and closes; what must be seen is that something can be read. */
static int reads(const char *path) {
    char byte;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t got = read(fd, &byte, 1);
    close(fd);
    return got < 0 && errno != EAGAIN ? -1 : 0;
}

static int opens(const char *path, int flags) {
    int fd = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    return fd;
}

static int lists(const char *path) {
    DIR *folder = opendir(path);
    if (folder == NULL)
        return -1;
    closedir(folder);
    return 0;
}

static int of_process(const char *pid, const char *what) {
    char path[128];
    snprintf(path, sizeof path, "/proc/%s/%s", pid, what);
    return reads(path);
}

static int opens_socket(int domain, int type, int protocol) {
    int fd = socket(domain, type | SOCK_CLOEXEC, protocol);
    if (fd >= 0)
        close(fd);
    return fd;
}

static int connects_tcp(int port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int result = connect(fd, (struct sockaddr *)&address, sizeof address);
    close(fd);
    return result;
}

static int connects_unix(const char *path, int abstract) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    strncpy(address.sun_path + abstract, path, sizeof address.sun_path - 2);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + (size_t)abstract);
    int result = connect(fd, (struct sockaddr *)&address, size);
    close(fd);
    return result;
}

static int forks(void) {
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return pid < 0 ? -1 : (waitpid(pid, NULL, 0), 0);
}

static int clones(unsigned long flags) {
    long pid = syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0)
        _exit(0);
    return pid < 0 ? -1 : (waitpid((pid_t)pid, NULL, 0), 0);
}

static int clones3(void) {
    struct clone_args arguments = {.exit_signal = SIGCHLD};
    long pid = syscall(NR_CLONE3, &arguments, sizeof arguments);
    if (pid == 0)
        _exit(0);
    return pid < 0 ? -1 : (waitpid((pid_t)pid, NULL, 0), 0);
}

/* In a child if that is possible; else here, and then what is executed is the last that is heard. */
static int executes(int folder, const char *path, int flags) {
    char *argv[] = {"sh", "-c", "exit 0", NULL}, *envp[] = {NULL};
    int status;
    pid_t pid = fork();
    if (pid <= 0) {
        if (flags)
            syscall(SYS_execveat, folder, path, argv, envp, flags);
        else
            execve(path, argv, envp);
        if (pid == 0)
            _exit(99);
        return -1;
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

/* A script in its own folder, which it can make, but not execute. */
static int executes_own_file(void) {
    static const char text[] = "#!/bin/sh\nexit 0\n";
    int fd = open("own.sh", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    if (fd < 0 || write(fd, text, sizeof text - 1) < 0)
        abort(); /* its own files are its own */
    close(fd);
    return executes(AT_FDCWD, "./own.sh", 0);
}

static int executes_memory(void) {
    char buffer[65536];
    int from, to = memfd_create("escape", MFD_CLOEXEC);
    if (to < 0)
        return -1;
    from = open("/bin/true", O_RDONLY);
    for (ssize_t got; from >= 0 && (got = read(from, buffer, sizeof buffer)) > 0;)
        if (write(to, buffer, (size_t)got) < 0)
            return -1;
    return executes(to, "", AT_EMPTY_PATH);
}

static int opens_by_handle(void) {
    struct {
        struct file_handle head;
        unsigned char rest[MAX_HANDLE_SZ];
    } handle = {.head.handle_bytes = MAX_HANDLE_SZ};
    int mount;
    if (name_to_handle_at(AT_FDCWD, outside("secret"), &handle.head, &mount, 0) < 0)
        return -1;
    int folder = open(outside_folder, O_RDONLY | O_DIRECTORY);
    return open_by_handle_at(folder, &handle.head, O_RDONLY);
}

static int changes_mode_of_open_file(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int result = fchmod(fd, 0777);
    close(fd);
    return result;
}

static int reads_memory_of(pid_t server) {
    char there[8];
    struct iovec local = {there, sizeof there}, remote = {(void *)&errno, sizeof there};
    ssize_t got = process_vm_readv(server, &local, 1, &remote, 1, 0);
    return got < 0 && errno == EFAULT ? 0 : (int)got; /* allowed, and only the address was wrong */
}

static int signals_through_pidfd(pid_t server) {
    int pidfd = (int)syscall(NR_PIDFD_OPEN, server, 0);
    return pidfd < 0 ? -1 : (int)syscall(NR_PIDFD_SEND_SIGNAL, pidfd, 0, NULL, 0);
}

static int queues_signal(pid_t server) {
    siginfo_t info = {.si_signo = 0, .si_code = SI_QUEUE};
    return (int)syscall(SYS_rt_sigqueueinfo, server, 0, &info);
}

static int has_signals_sent_to(pid_t server) {
    return fcntl(0, F_SETOWN, server);
}

static int raises_limit(int resource) {
    struct rlimit limit;
    getrlimit(resource, &limit);
    if (limit.rlim_max == RLIM_INFINITY)
        return 0;
    limit.rlim_cur = limit.rlim_max = limit.rlim_max + 1;
    return setrlimit(resource, &limit);
}

static int makes_a_huge_file(int allocate) {
    int fd = open("huge", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    off_t size = (off_t)64 << 30;
    int result = allocate ? fallocate(fd, 0, size, 1) : ftruncate(fd, size);
    if (result >= 0 || pwrite(fd, "", 1, size) >= 0)
        result = 0;
    close(fd);
    unlink("huge");
    return result;
}

static int takes_memory(size_t size, int flags) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);
    return memory == MAP_FAILED ? -1 : munmap(memory, size);
}

static int opens_many_descriptors(void) {
    int opened[1000], count = 0, result = 0;
    while (result == 0 && count < 1000)
        if ((opened[count] = dup(0)) < 0)
            result = -1;
        else
            count++;
    int reason = errno;
    while (count > 0)
        close(opened[--count]);
    errno = reason;
    return result;
}

static int has_other_descriptors(void) {
    for (int fd = 3; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            return 0;
    return -1;
}

static pthread_mutex_t threads_wait = PTHREAD_MUTEX_INITIALIZER;

static void *wait_in_thread(void *unused) {
    pthread_mutex_lock(&threads_wait);
    pthread_mutex_unlock(&threads_wait);
    return unused;
}

/* Root is not held to a number of threads. */
static int starts_threads_without_end(void) {
    static pthread_t threads[6000];
    int count = 0, result = 0;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 16384);
    pthread_mutex_lock(&threads_wait);
    while (count < 6000 && (result = pthread_create(&threads[count], &attributes, wait_in_thread, NULL)) == 0)
        count++;
    pthread_mutex_unlock(&threads_wait);
    while (count > 0)
        pthread_join(threads[--count], NULL);
    errno = result;
    return result == 0 ? 0 : -1;
}

static int has_capabilities(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct all[2];
    memset(all, -1, sizeof all);
    return (int)syscall(SYS_capset, &header, all);
}

static int types_into_terminal(void) {
    return ioctl(0, TIOCSTI, "\n");
}

#ifdef __x86_64__
/* getpid by the ways into the kernel that 32-bit programs take, whose numbers mean something else. */
static int calls_as_i386(void) {
    long result = 20;
    __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
    errno = result < 0 ? (int)-result : 0;
    return result < 0 ? -1 : 0;
}
static int calls_as_x32(void) {
    return (int)syscall(0x40000000 + SYS_getpid);
}
#endif

static void try_files(const char *library) {
    TRY("read a file", reads(outside("secret")));
    TRY("read a file through a link in its folder", reads("link"));
    TRY("read a file through the folder above", reads("../../../../outside/secret"));
    TRY("write a file", opens(outside("victim"), O_WRONLY));
    TRY("write a file through a link in its folder", opens("victim-link", O_WRONLY));
    TRY("append to a file", opens(outside("victim"), O_WRONLY | O_APPEND));
    TRY("empty a file", opens(outside("victim"), O_WRONLY | O_TRUNC));
    TRY("empty a file that is opened for reading", opens(outside("victim"), O_RDONLY | O_TRUNC));
    TRY("empty a library", opens(library, O_RDONLY | O_TRUNC));
    TRY("empty a library that is opened for nothing", opens(library, O_ACCMODE | O_TRUNC));
    TRY("truncate a file", truncate(outside("victim"), 0));
    TRY("truncate a library", truncate(library, 0));
    TRY("make a file", opens(outside("new"), O_WRONLY | O_CREAT));
    TRY("make a file without a name", opens(outside_folder, O_WRONLY | O_TMPFILE));
    TRY("make a folder", mkdir(outside("folder"), 0700));
    TRY("make a folder in its own", mkdir("folder", 0700));
    TRY("delete a folder", rmdir(outside("empty")));
    TRY("list a folder", lists(outside_folder));
    TRY("list the root folder", lists("/"));
    TRY("move a file out", (opens("mine", O_WRONLY | O_CREAT), rename("mine", outside("mine"))));
    TRY("link a file in", link(outside("secret"), "linked"));
    TRY("link a file out", (opens("mine", O_WRONLY | O_CREAT), link("mine", outside("linked"))));
    TRY("move a file in", rename(outside("secret"), "stolen"));
    TRY("delete a file", unlink(outside("victim")));
    TRY("make a symbolic link", symlink("/etc/passwd", outside("symlink")));
    TRY("make a symbolic link in its folder", symlink("/etc/passwd", "symlink"));
    TRY("make a pipe in its folder", mkfifo("pipe", 0600));
    TRY("change the mode of a file", chmod(outside("chmod"), 0777));
    TRY("change the mode of a library", chmod(library, 0777));
    TRY("change the mode of an open library", changes_mode_of_open_file(library));
    TRY("change the mode of a file, the newest way", syscall(NR_FCHMODAT2, AT_FDCWD, outside("chmod"), 0777, 0));
    TRY("change the owner of a file", chown(outside("chmod"), getuid(), getgid()));
    TRY("change the times of a file", utimensat(AT_FDCWD, outside("chmod"), NULL, 0));
    TRY("set an attribute of a file", setxattr(outside("chmod"), "user.escape", "1", 1, 0));
    TRY("open a file with openat2", syscall(NR_OPENAT2, AT_FDCWD, outside("chmod"), (uint64_t[3]){O_RDONLY}, 24));
    TRY("read the users of the host", reads("/etc/passwd"));
    DANGEROUS("read the passwords of the host", reads("/etc/shadow"));
    DANGEROUS("open a file by its handle", opens_by_handle());
}

static void try_proc_and_devices(const char *server, const char *terminal) {
    TRY("read its own environment", reads("/proc/self/environ"));
    TRY("read the server's environment", of_process(server, "environ"));
    TRY("read the server's arguments", of_process(server, "cmdline"));
    TRY("read the server's memory map", of_process(server, "maps"));
    TRY("list the processes", lists("/proc"));
    TRY("read a setting of the kernel", reads("/proc/sys/kernel/hostname"));
    TRY("list the devices of the kernel", lists("/sys"));
    TRY("open a terminal of others", opens(terminal, O_RDWR));
    TRY("make a terminal", opens("/dev/ptmx", O_RDWR));
    TRY("type into its terminal", types_into_terminal());
    DANGEROUS("write the server's memory", of_process(server, "mem"));
    DANGEROUS("open the memory of the machine", opens("/dev/mem", O_RDWR));
    DANGEROUS("open the log of the kernel", opens("/dev/kmsg", O_RDWR));
    DANGEROUS("open a TAP device", opens("/dev/net/tun", O_RDWR));
    DANGEROUS("make a device node", mknod("device", S_IFCHR | 0600, 0x0103));
    DANGEROUS("change what its terminal is", ioctl(0, TIOCSETD, &(int){0}));
    DANGEROUS("command the virtual terminals", ioctl(0, TIOCLINUX, "\14"));
}

static void try_sockets(int port) {
    TRY("connect by TCP", connects_tcp(port));
    TRY("make a TCP socket of IPv6", opens_socket(AF_INET6, SOCK_STREAM, 0));
    TRY("make a UDP socket of IPv6", opens_socket(AF_INET6, SOCK_DGRAM, 0));
    TRY("connect to a socket of the host", connects_unix(outside("socket"), 0));
    TRY("connect to an abstract socket of the host", connects_unix(outside("socket"), 1));
    TRY("make a pair of sockets", socketpair(AF_UNIX, SOCK_STREAM, 0, (int[2]){0}));
    TRY("make a netlink socket", opens_socket(AF_NETLINK, SOCK_RAW, 0));
    DANGEROUS("make a raw socket", opens_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
    DANGEROUS("make a packet socket", opens_socket(AF_PACKET, SOCK_RAW, 0x0300));
    DANGEROUS("make a ping socket", opens_socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
    DANGEROUS("make a UDP-Lite socket", opens_socket(AF_INET, SOCK_DGRAM, 136));
    DANGEROUS("make an SCTP socket", opens_socket(AF_INET, SOCK_STREAM, 132));
    DANGEROUS("make a multipath TCP socket", opens_socket(AF_INET, SOCK_STREAM, 262));
    DANGEROUS("make a vsock", opens_socket(AF_VSOCK, SOCK_STREAM, 0));
    DANGEROUS("make a socket of the kernel's ciphers", opens_socket(AF_ALG, SOCK_SEQPACKET, 0));
    DANGEROUS("make a Bluetooth socket", opens_socket(AF_BLUETOOTH, SOCK_RAW, 1));
}

static void try_processes(const char *server_pid) {
    pid_t server = atoi(server_pid);
    TRY("fork", forks());
    TRY("clone", clones(0));
    TRY("clone3", clones3());
    TRY("execute a shell", executes(AT_FDCWD, "/bin/sh", 0));
    TRY("execute a file of its folder", executes_own_file());
    TRY("execute memory", executes_memory());
    TRY("signal the server", kill(server, 0));
    TRY("signal a thread of the server", syscall(SYS_tgkill, server, server, 0));
    TRY("signal the server's thread, the old way", syscall(SYS_tkill, server, 0));
    TRY("signal everybody", kill(-1, 0));
    TRY("queue a signal for the server", queues_signal(server));
    TRY("get a descriptor of the server", syscall(NR_PIDFD_OPEN, server, 0));
    TRY("signal the server through a descriptor", signals_through_pidfd(server));
    TRY("have signals sent to the server", has_signals_sent_to(server));
    TRY("read the server's memory", reads_memory_of(server));
    TRY("read the server's limits", syscall(SYS_prlimit64, server, RLIMIT_NOFILE, NULL, &(struct rlimit){0}));
    TRY("change the server's priority", setpriority(PRIO_PROCESS, (id_t)server, 0));
    DANGEROUS("trace the server", ptrace(PTRACE_SEIZE, server, 0, 0));
    DANGEROUS("be traced", ptrace(PTRACE_TRACEME, 0, 0, 0));
    DANGEROUS("copy a descriptor of the server", syscall(NR_PIDFD_GETFD, 0, 0, 0));
    DANGEROUS("compare itself with the server", syscall(SYS_kcmp, getpid(), server, 0, 0, 0));
    DANGEROUS("choose the server's CPU", syscall(SYS_sched_setaffinity, server, 8, &(unsigned long){~0ul}));
    if (getuid() != 0)
        DANGEROUS("start threads without end", starts_threads_without_end());
}

static void try_kernel(void) {
    static const struct {
        const char *name;
        unsigned long flag;
    } namespaces[] = {{"user", CLONE_NEWUSER}, {"mount", CLONE_NEWNS}, {"network", CLONE_NEWNET}, {"process", CLONE_NEWPID},
                      {"host name", CLONE_NEWUTS}, {"IPC", CLONE_NEWIPC}, {"cgroup", CLONE_NEWCGROUP}};
    for (size_t i = 0; i < sizeof namespaces / sizeof *namespaces; i++) {
        char name[64];
        snprintf(name, sizeof name, "enter a new %s namespace", namespaces[i].name);
        DANGEROUS(name, syscall(SYS_unshare, namespaces[i].flag));
        snprintf(name, sizeof name, "clone into a new %s namespace", namespaces[i].name);
        DANGEROUS(name, clones(namespaces[i].flag));
    }
    DANGEROUS("enter a namespace", syscall(SYS_setns, 0, 0));
    DANGEROUS("mount", syscall(SYS_mount, "none", ".", "tmpfs", 0, NULL));
    DANGEROUS("unmount", syscall(SYS_umount2, MISSING_PATH, 0));
    DANGEROUS("change the root", chroot("."));
    DANGEROUS("exchange the root", syscall(SYS_pivot_root, ".", "."));
    DANGEROUS("open a tree of mounts", syscall(NR_OPEN_TREE, AT_FDCWD, ".", 0));
    DANGEROUS("open a file system", syscall(NR_FSOPEN, "tmpfs", 0));
    DANGEROUS("set attributes of a mount", syscall(NR_MOUNT_SETATTR, AT_FDCWD, ".", 0, NULL, 0));
    DANGEROUS("load a BPF program", syscall(SYS_bpf, 0, NULL, 0));
    DANGEROUS("measure with perf", syscall(SYS_perf_event_open, NULL, 0, 0, -1, 0));
    DANGEROUS("set up an io_uring", syscall(NR_IO_URING_SETUP, 1, (char[256]){0}));
    DANGEROUS("use the kernel's keys", syscall(SYS_keyctl, 0, -3, 0));
    DANGEROUS("add a key", syscall(SYS_add_key, "user", "escape", "1", 1, -3));
    DANGEROUS("handle page faults", syscall(SYS_userfaultfd, 0));
    DANGEROUS("watch the file systems", syscall(SYS_fanotify_init, 0, 0));
    DANGEROUS("watch a folder", syscall(SYS_inotify_init1, 0));
    DANGEROUS("share memory with the host", syscall(SYS_shmget, 0x65736361, 4096, 0600 | 01000));
    DANGEROUS("send messages to the host", syscall(SYS_msgget, 0x65736361, 0600 | 01000));
    DANGEROUS("set the host's name", syscall(SYS_sethostname, NULL, -1));
    DANGEROUS("set the time", syscall(SYS_clock_settime, 0, NULL));
    DANGEROUS("load a module", syscall(SYS_finit_module, -1, "", 0));
    DANGEROUS("restart the machine", syscall(SYS_reboot, 0, 0, 0, 0));
    DANGEROUS("read the log of the kernel", syscall(SYS_syslog, 10, NULL, 0));
    DANGEROUS("become another kind of process", syscall(SYS_personality, 0x0400000));
#ifdef __x86_64__
    DANGEROUS("use ports of the machine", syscall(SYS_ioperm, 0x80, 1, 1));
    TRY("call the kernel as a 32-bit program", calls_as_i386());
    DANGEROUS("call the kernel by x32 numbers", calls_as_x32());
#endif
}

static void try_privileges_and_limits(void) {
    DANGEROUS("take all capabilities", has_capabilities());
    DANGEROUS("become another user", setresuid(12345, 12345, 12345));
    DANGEROUS("become its own user again", syscall(SYS_setuid, getuid()));
    DANGEROUS("join groups", syscall(SYS_setgroups, 1, &(gid_t){0}));
    DANGEROUS("allow privileges again", prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
    DANGEROUS("give root its powers again", prctl(PR_SET_SECUREBITS, 0));
    DANGEROUS("raise an ambient capability", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0));
    DANGEROUS("set another filter", prctl(PR_SET_SECCOMP, 2, NULL));
    DANGEROUS("choose its signal when the server dies", prctl(PR_SET_PDEATHSIG, 0));
    DANGEROUS("let others trace it", prctl(PR_SET_DUMPABLE, 1));
    DANGEROUS("raise the limit of files", raises_limit(RLIMIT_FSIZE));
    DANGEROUS("raise the limit of memory", raises_limit(RLIMIT_AS));
    DANGEROUS("leave a core", raises_limit(RLIMIT_CORE));
    TRY("make a file of 64 GiB", makes_a_huge_file(0));
    DANGEROUS("reserve a file of 64 GiB", makes_a_huge_file(1));
    TRY("take 2 GiB of memory", takes_memory((size_t)2 << 30, MAP_PRIVATE));
    TRY("take 2 GiB of shared memory", takes_memory((size_t)2 << 30, MAP_SHARED));
    DANGEROUS("lock memory", mlock(&harmless_only, 4096));
    TRY("open 1000 descriptors", opens_many_descriptors());
    DANGEROUS("use a descriptor of the server", has_other_descriptors());
}

int main(int argc, char **argv) {
    if (argc != 7)
        return 2;
    harmless_only = strcmp(argv[1], "harmless") == 0;
    outside_folder = argv[2];
    for (char *const *variable = environ; *variable; variable++)
        printf("environment: %s\n", *variable);
    try_proc_and_devices(argv[4], argv[6]);
    try_sockets(atoi(argv[5]));
    try_processes(argv[4]);
    try_kernel();
    try_privileges_and_limits();
    try_files(argv[3]);
    puts("that was all");
    return 0;
}
