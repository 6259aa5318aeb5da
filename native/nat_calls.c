#define _LARGEFILE64_SOURCE
#include "nat_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RESOLVER_FILE "/etc/resolv.conf"
#define DNS_PORT 53

nat_context nat_now = {.guest = NAT_NOBODY};

static struct {
    const nat_network *network;
    int is_host_reachable;
    uint32_t resolver, before; /* libslirp may use the one before for a second */
    uint64_t resolver_version;
} rules;

static int spare; /* a descriptor to give up for a moment */
static unsigned short owners[NAT_SOCKETS]; /* guest + 1 by descriptor; 0: nobody's */
static unsigned counts[NAT_NOBODY];

/* A forwarded port, and who on the loopback interface sent datagrams to it last: only they get answers there. */
#define FORWARDS 64
#define PEERS 256
typedef struct {
    int fd; /* 0: free */
    in_port_t peers[PEERS]; /* ports of 127.0.0.1 in network byte order; 0: none */
    unsigned next;
} forwarded;
static forwarded forwards[FORWARDS];

void nat_calls_init(const nat_network *network, int is_host_reachable) {
    rules.network = network;
    rules.is_host_reachable = is_host_reachable;
    spare = fcntl(0, F_DUPFD_CLOEXEC, 3);
}

void nat_set_resolver(uint32_t address) {
    rules.before = rules.resolver;
    rules.resolver = address;
    rules.resolver_version++;
}

unsigned nat_sockets(unsigned guest) {
    return counts[guest];
}

/* --- destinations --- */

static int is_loopback(const struct sockaddr_in *address) {
    return ntohl(address->sin_addr.s_addr) == INADDR_LOOPBACK;
}

static forwarded *find_forward(int fd) {
    for (int i = 0; i < FORWARDS; i++)
        if (forwards[i].fd == fd)
            return &forwards[i];
    return NULL;
}

static int is_peer(const forwarded *at, in_port_t port) {
    for (int i = 0; at != NULL && port != 0 && i < PEERS; i++)
        if (at->peers[i] == port)
            return 1;
    return 0;
}

static void note_peer(forwarded *at, in_port_t port) {
    if (at != NULL && !is_peer(at, port))
        at->peers[at->next++ % PEERS] = port;
}

int nat_check(int fd, const struct sockaddr *address, socklen_t bytes, uint32_t target) {
    struct sockaddr_in to;
    if (bytes < sizeof to || address->sa_family != AF_INET)
        return EACCES;
    memcpy(&to, address, sizeof to);
    uint32_t host = ntohl(to.sin_addr.s_addr);
    if (target != 0 && target == rules.network->dns) /* of the name server, only its port of that service */
        return (host == rules.resolver || host == rules.before) && ntohs(to.sin_port) == DNS_PORT ? 0 : ECONNREFUSED;
    if (target != 0 && target == rules.network->host)
        return is_loopback(&to) && (rules.is_host_reachable || is_peer(find_forward(fd), to.sin_port)) ? 0 : ECONNREFUSED;
    return nat_is_no_destination(host) ? EACCES : 0;
}

/* If a connection is refused at once, libslirp 4.7 frees a packet twice. So it is told later: what is not connected fails at the first
 * attempt to send, and then the guest gets its RST. */
int connect(int fd, const struct sockaddr *address, socklen_t bytes) {
    int refusal = nat_check(fd, address, bytes, nat_now.target);
    if (refusal == 0 && syscall(SYS_connect, fd, address, bytes) == 0)
        return 0;
    if (refusal != 0)
        errno = refusal;
    if (errno == ECONNREFUSED)
        errno = EINPROGRESS;
    return -1;
}

ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *address, socklen_t bytes) {
    int refusal = address != NULL ? nat_check(fd, address, bytes, nat_now.target) : 0;
    if (refusal != 0) {
        errno = refusal;
        return -1;
    }
    return syscall(SYS_sendto, fd, data, size, flags | MSG_NOSIGNAL, address, bytes);
}

/* Guests know the loopback interface of this host by the address of the host in their network, wherever they have sent to before. */
ssize_t recvfrom(int fd, void *data, size_t size, int flags, struct sockaddr *address, socklen_t *bytes) {
    struct sockaddr_in *from = (struct sockaddr_in *)address;
    ssize_t got = syscall(SYS_recvfrom, fd, data, size, flags, address, bytes);
    if (got >= 0 && address != NULL && address->sa_family == AF_INET && is_loopback(from)) {
        note_peer(find_forward(fd), from->sin_port);
        from->sin_addr.s_addr = htonl(rules.network->host);
    }
    return got;
}

int bind(int fd, const struct sockaddr *address, socklen_t bytes) {
    if (!nat_now.may_listen) {
        errno = EACCES;
        return -1;
    }
    forwarded *at = find_forward(0);
    if (at == NULL) {
        errno = EMFILE;
        return -1;
    }
    memset(at, 0, sizeof *at);
    at->fd = fd;
    return (int)syscall(SYS_bind, fd, address, bytes);
}

/* --- descriptors --- */

static int may_open(void) {
    if (nat_now.guest == NAT_NOBODY || counts[nat_now.guest] < NAT_GUEST_SOCKETS)
        return 1;
    errno = EMFILE;
    return 0;
}

static int note(int fd) {
    if (fd >= 0 && fd < NAT_SOCKETS && nat_now.guest != NAT_NOBODY) {
        owners[fd] = (unsigned short)(nat_now.guest + 1);
        counts[nat_now.guest]++;
    }
    return fd;
}

int socket(int domain, int type, int protocol) {
    return may_open() ? note((int)syscall(SYS_socket, domain, type, protocol)) : -1;
}

/* A connection for which there is no room is taken and ended: left in the queue, it would keep the port readable for ever. */
int accept(int fd, struct sockaddr *address, socklen_t *bytes) {
    int got = (int)syscall(SYS_accept4, fd, address, bytes, SOCK_CLOEXEC);
    if (got < 0 && errno == EMFILE && spare >= 0) {
        syscall(SYS_close, spare);
        got = (int)syscall(SYS_accept4, fd, address, bytes, SOCK_CLOEXEC);
        if (got >= 0)
            syscall(SYS_close, got);
        spare = fcntl(0, F_DUPFD_CLOEXEC, 3);
        errno = EMFILE;
        return -1;
    }
    if (got >= 0 && !may_open()) {
        syscall(SYS_close, got);
        errno = EMFILE;
        return -1;
    }
    return note(got);
}

int close(int fd) {
    forwarded *at = fd > 0 ? find_forward(fd) : NULL;
    if (at != NULL)
        at->fd = 0;
    if (fd >= 0 && fd < NAT_SOCKETS && owners[fd] != 0) {
        counts[owners[fd] - 1]--;
        owners[fd] = 0;
    }
    return (int)syscall(SYS_close, fd);
}

/* --- the resolver's file, whose text comes from the server: this process can read no files. Each name that a C library gives to these
 * functions is defined --- */

static FILE *open_resolver_file(void) {
    static char text[64];
    uint32_t a = rules.resolver;
    int length = snprintf(text, sizeof text, a == 0 ? "#\n" : "nameserver %u.%u.%u.%u\n", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
    return fmemopen(text, (size_t)length, "r");
}

FILE *fopen(const char *path, const char *mode) {
    (void)mode;
    if (strcmp(path, RESOLVER_FILE) == 0)
        return open_resolver_file();
    errno = EACCES;
    return NULL;
}

/* libslirp reads the file again when it has changed. */
static int describe(const char *path, void *status, size_t bytes, ino_t *number) {
    if (strcmp(path, RESOLVER_FILE) != 0) {
        errno = EACCES;
        return -1;
    }
    memset(status, 0, bytes);
    *number = (ino_t)rules.resolver_version;
    return 0;
}

#if !defined(__GLIBC__) || __GLIBC_PREREQ(2, 33)
int stat(const char *path, struct stat *status) {
    return describe(path, status, sizeof *status, &status->st_ino);
}
#endif

#ifdef __GLIBC__
FILE *fopen64(const char *path, const char *mode) {
    return fopen(path, mode);
}

#if __GLIBC_PREREQ(2, 33)
int stat64(const char *path, struct stat64 *status) {
    return describe(path, status, sizeof *status, (ino_t *)&status->st_ino);
}
#else
int __xstat64(int version, const char *path, struct stat64 *status) {
    (void)version;
    return describe(path, status, sizeof *status, (ino_t *)&status->st_ino);
}
#endif
#endif
