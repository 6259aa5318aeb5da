/* Ports: the sockets and devices that frames come in and leave at, from opening to closing. */
#define _GNU_SOURCE
#include "port.h"
#include "capture.h"
#include "changes.h"
#include "filter_chain.h"
#include "flows.h"
#include "joints.h"
#include "placement.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Room for bursts between two turns of a busy worker. */
#define SOCKET_BUFFER_BYTES (1024 * 1024)
/* Datagrams that came before the socket was connected may be anybody's: this many are looked at and dropped. */
#define MAX_STALE_DATAGRAMS 4096

port *find_port(const udpfwd *core, int id) {
    return id >= 0 && id < core->port_slots ? core->ports[id] : NULL;
}

static int connect_to(int fd, uint32_t address, uint16_t udp_port) {
    struct sockaddr_in remote = {
        .sin_family = AF_INET, .sin_port = htons(udp_port), .sin_addr.s_addr = htonl(address)};
    return connect(fd, (struct sockaddr *)&remote, sizeof remote) < 0 ? -errno : 0;
}

static void disconnect(int fd) {
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    connect(fd, &nobody, sizeof nobody); /* a port that bind(2) named stays */
}

/* What waits in the socket came before connect(2) chose whose datagrams are let in. A notice of an earlier time may stand before
 * it (ECONNREFUSED). */
static void drop_stale(port *p) {
    char byte;
    for (int i = 0; i < MAX_STALE_DATAGRAMS; i++) {
        if (recv(p->fd, &byte, 1, MSG_DONTWAIT) >= 0)
            drop(p, RX, UDPFWD_DROP_UNLINKED, 1);
        else if (errno == EAGAIN)
            break;
    }
}

void close_if_open(int fd) {
    if (fd >= 0)
        close(fd);
}

static void enlarge_buffers(int fd) {
    int bytes = SOCKET_BUFFER_BYTES;
    /* FORCE goes past the system's limit where we may; otherwise the limit is what we get. */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) < 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

int watch(worker *w, int fd, void *what) {
    struct epoll_event interest = {.events = EPOLLIN, .data.ptr = what};
    return epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, fd, &interest) < 0 ? -errno : 0;
}

int watch_port(worker *w, port *p) {
    return p->kind == LOCAL ? 0 : watch(w, p->fd, p);
}

void unwatch_port(port *p) {
    if (p->kind != LOCAL)
        epoll_ctl(p->worker->epoll_fd, EPOLL_CTL_DEL, p->fd, NULL);
}

/* The lowest free id, with a slot in the table. */
static int free_port_id(udpfwd *core) {
    for (int id = core->lowest_free_port; id < core->port_slots; id++)
        if (core->ports[id] == NULL)
            return core->lowest_free_port = id;
    int id = core->port_slots, slots = id ? id * 2 : 64;
    port **ports = realloc(core->ports, sizeof *ports * (size_t)slots);
    if (ports == NULL)
        return -ENOMEM;
    memset(ports + id, 0, sizeof *ports * (size_t)(slots - id));
    core->ports = ports;
    core->port_slots = slots;
    return core->lowest_free_port = id;
}

/* What a port is opened with. */
typedef struct {
    int fd;
    int kind;
    uint32_t address;
    uint16_t udp_port;
} port_options;

static int prepare_descriptor(port *p, const port_options *options) {
    p->fd = -1;
    if (p->kind == LOCAL)
        return 0;
    p->fd = fcntl(options->fd, F_DUPFD_CLOEXEC, 0);
    if (p->fd < 0)
        return -errno;
    if (p->kind != 0) {
        if (p->kind == UDPFWD_ETHERNET)
            enlarge_buffers(p->fd);
        return 0;
    }
    int result = connect_to(p->fd, options->address, options->udp_port);
    if (result == 0) {
        enlarge_buffers(p->fd);
        drop_stale(p);
    }
    return result;
}

/* In a change; no worker has to be parked. Returns the id. */
static int open_port(udpfwd *core, const port_options *options) {
    int id = free_port_id(core);
    if (id < 0)
        return id;
    port *p = calloc(1, sizeof *p);
    if (p == NULL)
        return -ENOMEM;
    p->id = id;
    p->kind = options->kind;
    p->turn_frames = FIRST_TURN_FRAMES;
    int result = prepare_descriptor(p, options);
    if (result == 0)
        result = place_port(core, p);
    if (result < 0) {
        close_if_open(p->fd);
        free(p);
        return result;
    }
    core->ports[id] = p;
    return id;
}

static int change_open(udpfwd *core, const port_options *options) {
    begin_change(core);
    return end_change(core, open_port(core, options));
}

int udpfwd_port_open(udpfwd *core, int fd, uint32_t remote_address, uint16_t remote_port) {
    return change_open(core, &(port_options){.fd = fd, .address = remote_address, .udp_port = remote_port});
}

int udpfwd_interface_open(udpfwd *core, int fd, int kind) {
    if (kind != UDPFWD_TAP && kind != UDPFWD_ETHERNET)
        return -EINVAL;
    return change_open(core, &(port_options){.fd = fd, .kind = kind});
}

int udpfwd_local_open(udpfwd *core) {
    return change_open(core, &(port_options){.kind = LOCAL});
}

int udpfwd_port_set_remote(udpfwd *core, int port_id, uint32_t remote_address, uint16_t remote_port) {
    begin_change(core);
    port *p = change_port(core, port_id);
    int result = p == NULL ? -ENOENT : p->kind != 0 ? -EINVAL : connect_to(p->fd, remote_address, remote_port);
    if (result == 0)
        p->segments_refused = 0;
    return end_change(core, result);
}

void end_port(udpfwd *core, port *p) {
    end_flows(p);
    isolate_port(p);
    drop_held(p);
    detach_captures(p);
    for (int direction = 0; direction < DIRECTIONS; direction++)
        free_chain(p->filters[direction]);
    unwatch_port(p);
    p->worker->ports--;
    if (p->kind == 0)
        disconnect(p->fd);
    close_if_open(p->fd);
    core->ports[p->id] = NULL;
    if (p->id < core->lowest_free_port)
        core->lowest_free_port = p->id;
    free(p);
}

int udpfwd_port_close(udpfwd *core, int port_id) {
    begin_change(core);
    port *p = change_port(core, port_id);
    if (p == NULL)
        return end_change(core, -ENOENT);
    port *peer = p->peer, *splice = p->splice != p ? p->splice : NULL;
    end_port(core, p);
    spread(core, peer);
    spread(core, splice);
    return end_change(core, 0);
}

int udpfwd_port_worker(udpfwd *core, int port_id) {
    pthread_mutex_lock(&core->lock);
    const port *p = find_port(core, port_id);
    int result = p == NULL ? -ENOENT : (int)(p->worker - core->workers);
    pthread_mutex_unlock(&core->lock);
    return result;
}
