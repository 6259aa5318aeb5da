/* The forwarding core. udpfwd.h is the contract; this file opens with how it works.
 *
 * The worker sleeps in epoll_wait. A port that has datagrams gets one turn (frames.c), then the next port gets its own.
 *
 * Everything else (ports opened, joined, closed) happens on the worker between two rounds of its loop: a caller puts a
 * change into the queue, wakes the worker and waits. So the frame path takes no lock and sees no half-made change. While no worker
 * runs, the caller makes the change itself. Counters are written by the worker alone and read by anybody, atomically one by one.
 */
#define _GNU_SOURCE
#include "core.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define EVENTS_PER_WAIT 64
#define UDPFWD_THREAD_NAME "udpfwd" /* in ps and top; set for as long as the thread is lent */
#define THREAD_NAME_BYTES 16        /* TASK_COMM_LEN of Linux */
/* Room for bursts between two turns of a busy worker. */
#define SOCKET_BUFFER_BYTES (1024 * 1024)
/* Datagrams that came before the socket was connected may be anybody's: this many are looked at and dropped. */
#define MAX_STALE_DATAGRAMS 4096

/* --- statistics --- */

/* Signals that counters changed, and begins a pause. */
static void signal_stats(udpfwd *core) {
    uint64_t one = 1;
    ssize_t written = write(core->stats_fd, &one, sizeof one);
    (void)written; /* fails only when nobody read for 2^64 signals */
    core->unsignalled = 0;
    struct itimerspec once = {.it_value = core->stats_interval};
    core->pausing = timerfd_settime(core->timer_fd, 0, &once, NULL) == 0;
}

void note_change(udpfwd *core) {
    if (core->pausing)
        core->unsignalled = 1;
    else
        signal_stats(core);
}

/* The pause is over. When nothing changed meanwhile, no timer runs until something does. */
static void end_pause(udpfwd *core) {
    uint64_t expirations;
    ssize_t got = read(core->timer_fd, &expirations, sizeof expirations);
    (void)got;
    core->pausing = 0;
    if (core->unsignalled)
        signal_stats(core);
}

int udpfwd_stats_fd(const udpfwd *core) {
    return core->stats_fd;
}

static uint64_t read_counter(const uint64_t *counter) {
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

int udpfwd_snapshot(udpfwd *core, udpfwd_counters *counters, int max) {
    int found = 0;
    pthread_mutex_lock(&core->lock);
    for (int id = 0; id < core->port_slots; id++) {
        const port *p = core->ports[id];
        if (p == NULL)
            continue;
        if (found < max) {
            udpfwd_counters *to = &counters[found];
            to->port_id = id;
            to->reserved = 0;
            to->rx_frames = read_counter(&p->counters.rx_frames);
            to->rx_bytes = read_counter(&p->counters.rx_bytes);
            to->tx_frames = read_counter(&p->counters.tx_frames);
            to->tx_bytes = read_counter(&p->counters.tx_bytes);
            to->refused = read_counter(&p->counters.refused);
            for (int reason = 0; reason < UDPFWD_DROP_REASONS; reason++)
                to->drops[reason] = read_counter(&p->counters.drops[reason]);
        }
        found++;
    }
    pthread_mutex_unlock(&core->lock);
    return found;
}

/* --- changes --- */

static void wake(udpfwd *core) {
    uint64_t one = 1;
    ssize_t written = write(core->wake_fd, &one, sizeof one);
    (void)written; /* full means that the worker is woken already */
}

/* The lock is held. */
static void apply_changes(udpfwd *core) {
    change *next;
    while ((next = core->first_change) != NULL) {
        core->first_change = next->next;
        next->result = next->apply(core, next->arguments);
        next->done = 1;
    }
    core->last_change = &core->first_change;
    pthread_cond_broadcast(&core->changed);
}

/* Makes a change between two turns of the worker, or here when no worker runs. */
static int make_change(udpfwd *core, change_function apply, const void *arguments) {
    change mine = {.apply = apply, .arguments = arguments};
    pthread_mutex_lock(&core->lock);
    if (!core->running) {
        mine.result = apply(core, arguments);
    } else {
        *core->last_change = &mine;
        core->last_change = &mine.next;
        wake(core);
        while (!mine.done)
            pthread_cond_wait(&core->changed, &core->lock);
    }
    pthread_mutex_unlock(&core->lock);
    return mine.result;
}

static port *find_port(const udpfwd *core, int id) {
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

/* What waits in the socket came before connect(2) chose whose datagrams are let in. */
static void drop_stale(port *p) {
    char byte;
    for (int i = 0; i < MAX_STALE_DATAGRAMS && recv(p->fd, &byte, 1, MSG_DONTWAIT) >= 0; i++)
        count(&p->counters.drops[UDPFWD_DROP_UNLINKED], 1);
}

static void enlarge_buffers(int fd) {
    int bytes = SOCKET_BUFFER_BYTES;
    /* FORCE goes past the system's limit where we may; otherwise the limit is what we get. */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) < 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

/* Has epoll say 'what' when a descriptor is readable: a port, or the address of one of the core's own descriptors. */
static int watch(udpfwd *core, int fd, void *what) {
    struct epoll_event interest = {.events = EPOLLIN, .data.ptr = what};
    return epoll_ctl(core->epoll_fd, EPOLL_CTL_ADD, fd, &interest) < 0 ? -errno : 0;
}

static int free_slot(udpfwd *core) {
    for (int id = 0; id < core->port_slots; id++)
        if (core->ports[id] == NULL)
            return id;
    int slots = core->port_slots ? core->port_slots * 2 : 64;
    port **ports = realloc(core->ports, sizeof *ports * (size_t)slots);
    if (ports == NULL)
        return -ENOMEM;
    memset(ports + core->port_slots, 0, sizeof *ports * (size_t)(slots - core->port_slots));
    int id = core->port_slots;
    core->ports = ports;
    core->port_slots = slots;
    return id;
}

typedef struct {
    int first;
    int second;
    uint32_t address;
    uint16_t udp_port;
} change_arguments;

static int apply_open(udpfwd *core, const void *given) {
    const change_arguments *arguments = given;
    int id = free_slot(core);
    if (id < 0)
        return id;
    port *p = calloc(1, sizeof *p);
    if (p == NULL)
        return -ENOMEM;
    p->id = id;
    p->fd = fcntl(arguments->first, F_DUPFD_CLOEXEC, 0);
    int result = p->fd < 0 ? -errno : connect_to(p->fd, arguments->address, arguments->udp_port);
    if (result == 0) {
        enlarge_buffers(p->fd);
        drop_stale(p);
        result = watch(core, p->fd, p);
    }
    if (result < 0) {
        if (p->fd >= 0)
            close(p->fd);
        free(p);
        return result;
    }
    core->ports[id] = p;
    return id;
}

int udpfwd_port_open(udpfwd *core, int fd, uint32_t remote_address, uint16_t remote_port) {
    return make_change(core, apply_open,
                       &(change_arguments){.first = fd, .address = remote_address, .udp_port = remote_port});
}

static int apply_set_remote(udpfwd *core, const void *given) {
    const change_arguments *arguments = given;
    port *p = find_port(core, arguments->first);
    if (p == NULL)
        return -ENOENT;
    p->segments_refused = 0;
    return connect_to(p->fd, arguments->address, arguments->udp_port);
}

int udpfwd_port_set_remote(udpfwd *core, int port_id, uint32_t remote_address, uint16_t remote_port) {
    return make_change(core, apply_set_remote,
                       &(change_arguments){.first = port_id, .address = remote_address, .udp_port = remote_port});
}

/* The two ways in which ports are joined, and where a port keeps whom it is joined to. */
typedef enum { PATCH, SPLICE } joint;

static port **joined_to(port *p, joint kind) {
    return kind == PATCH ? &p->peer : &p->splice;
}

static void separate(port *p, joint kind) {
    port **mine = joined_to(p, kind);
    if (*mine != NULL)
        *joined_to(*mine, kind) = NULL;
    *mine = NULL;
}

static void end_port(udpfwd *core, port *p) {
    separate(p, PATCH);
    separate(p, SPLICE);
    epoll_ctl(core->epoll_fd, EPOLL_CTL_DEL, p->fd, NULL);
    disconnect(p->fd);
    close(p->fd);
    core->ports[p->id] = NULL;
    free(p);
}

static int apply_close(udpfwd *core, const void *given) {
    port *p = find_port(core, ((const change_arguments *)given)->first);
    if (p == NULL)
        return -ENOENT;
    end_port(core, p);
    return 0;
}

int udpfwd_port_close(udpfwd *core, int port_id) {
    return make_change(core, apply_close, &(change_arguments){.first = port_id});
}

static int join(udpfwd *core, const change_arguments *arguments, joint kind) {
    port *first = find_port(core, arguments->first), *second = find_port(core, arguments->second);
    if (first == NULL || second == NULL)
        return -ENOENT;
    if (first == second)
        return -EINVAL;
    if (*joined_to(first, kind) != NULL || *joined_to(second, kind) != NULL)
        return -EBUSY;
    *joined_to(first, kind) = second;
    *joined_to(second, kind) = first;
    return 0;
}

static int unjoin(udpfwd *core, const change_arguments *arguments, joint kind) {
    port *p = find_port(core, arguments->first);
    if (p == NULL)
        return -ENOENT;
    separate(p, kind);
    return 0;
}

static int apply_patch(udpfwd *core, const void *arguments) {
    return join(core, arguments, PATCH);
}

int udpfwd_patch(udpfwd *core, int first_id, int second_id) {
    return make_change(core, apply_patch, &(change_arguments){.first = first_id, .second = second_id});
}

static int apply_unpatch(udpfwd *core, const void *arguments) {
    return unjoin(core, arguments, PATCH);
}

int udpfwd_unpatch(udpfwd *core, int port_id) {
    return make_change(core, apply_unpatch, &(change_arguments){.first = port_id});
}

static int apply_splice(udpfwd *core, const void *arguments) {
    return join(core, arguments, SPLICE);
}

int udpfwd_splice(udpfwd *core, int first_id, int second_id) {
    return make_change(core, apply_splice, &(change_arguments){.first = first_id, .second = second_id});
}

static int apply_unsplice(udpfwd *core, const void *arguments) {
    return unjoin(core, arguments, SPLICE);
}

int udpfwd_unsplice(udpfwd *core, int port_id) {
    return make_change(core, apply_unsplice, &(change_arguments){.first = port_id});
}

/* --- the worker --- */

static int begin_run(udpfwd *core) {
    pthread_mutex_lock(&core->lock);
    int result = core->running ? -EBUSY : 0;
    if (result == 0)
        core->running = 1;
    pthread_mutex_unlock(&core->lock);
    return result;
}

/* Between two turns: makes the changes that wait. Returns whether the worker shall end. */
static int end_turn(udpfwd *core) {
    uint64_t woken;
    ssize_t got = read(core->wake_fd, &woken, sizeof woken);
    (void)got;
    pthread_mutex_lock(&core->lock);
    apply_changes(core);
    int stopping = core->stopping;
    if (stopping)
        core->running = 0; /* from here on callers make their changes themselves */
    pthread_mutex_unlock(&core->lock);
    return stopping;
}

static int forward(udpfwd *core) {
    struct epoll_event events[EVENTS_PER_WAIT];
    for (;;) {
        int ready = epoll_wait(core->epoll_fd, events, EVENTS_PER_WAIT, -1);
        if (ready < 0 && errno != EINTR)
            return -errno;
        int woken = 0;
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr == &core->wake_fd)
                woken = 1;
            else if (events[i].data.ptr == &core->timer_fd)
                end_pause(core);
            else
                serve_port(core, events[i].data.ptr);
        }
        if (woken && end_turn(core))
            return 0;
    }
}

int udpfwd_run(udpfwd *core) {
    int result = begin_run(core);
    if (result < 0)
        return result;
    /* Under SCHED_BATCH waking up does not preempt the sender, so that a burst gathers and is moved as one batch. */
    struct sched_param before_param, batch_param = {.sched_priority = 0};
    char before_name[THREAD_NAME_BYTES];
    prctl(PR_GET_NAME, before_name);
    prctl(PR_SET_NAME, UDPFWD_THREAD_NAME);
    int before = sched_getscheduler(0);
    sched_getparam(0, &before_param);
    sched_setscheduler(0, SCHED_BATCH, &batch_param);
    result = forward(core);
    if (before >= 0)
        sched_setscheduler(0, before, &before_param);
    prctl(PR_SET_NAME, before_name);
    if (result < 0) {
        pthread_mutex_lock(&core->lock);
        core->running = 0;
        apply_changes(core);
        pthread_mutex_unlock(&core->lock);
    }
    return result;
}

void udpfwd_stop(udpfwd *core) {
    pthread_mutex_lock(&core->lock);
    core->stopping = 1;
    pthread_mutex_unlock(&core->lock);
    wake(core);
}

/* --- the core --- */

static int prepare(udpfwd *core) {
    core->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    core->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    core->stats_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    core->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (core->epoll_fd < 0 || core->wake_fd < 0 || core->stats_fd < 0 || core->timer_fd < 0)
        return -errno;
    core->buffers = malloc(sizeof *core->buffers * UDPFWD_BATCH_FRAMES);
    if (core->buffers == NULL)
        return -ENOMEM;
    for (int i = 0; i < UDPFWD_BATCH_FRAMES; i++) {
        core->in_iov[i].iov_base = core->buffers[i];
        core->in_iov[i].iov_len = UDPFWD_MAX_FRAME_BYTES;
        core->in[i].msg_hdr.msg_iov = &core->in_iov[i];
        core->in[i].msg_hdr.msg_iovlen = 1;
    }
    int result = watch(core, core->wake_fd, &core->wake_fd);
    return result < 0 ? result : watch(core, core->timer_fd, &core->timer_fd);
}

int udpfwd_open(uint32_t stats_interval_us, udpfwd **opened) {
    if (stats_interval_us == 0)
        return -EINVAL;
    udpfwd *core = calloc(1, sizeof *core);
    if (core == NULL)
        return -ENOMEM;
    core->epoll_fd = core->wake_fd = core->stats_fd = core->timer_fd = -1;
    core->stats_interval.tv_sec = stats_interval_us / 1000000;
    core->stats_interval.tv_nsec = stats_interval_us % 1000000 * 1000L;
    core->last_change = &core->first_change;
    pthread_mutex_init(&core->lock, NULL);
    pthread_cond_init(&core->changed, NULL);
    int result = prepare(core);
    if (result < 0) {
        udpfwd_close(core);
        return result;
    }
    *opened = core;
    return 0;
}

static void close_if_open(int fd) {
    if (fd >= 0)
        close(fd);
}

void udpfwd_close(udpfwd *core) {
    for (int id = 0; id < core->port_slots; id++)
        if (core->ports[id] != NULL)
            end_port(core, core->ports[id]);
    close_if_open(core->epoll_fd);
    close_if_open(core->wake_fd);
    close_if_open(core->stats_fd);
    close_if_open(core->timer_fd);
    pthread_cond_destroy(&core->changed);
    pthread_mutex_destroy(&core->lock);
    free(core->ports);
    free(core->buffers);
    free(core);
}
