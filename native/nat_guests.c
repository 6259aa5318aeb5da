#include "nat_guests.h"
#include "nat_calls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

/* A libslirp without sockets may still have something to send. */
#define QUIET_SECONDS 5
/* Stacks beyond this age without a socket are freed. */
#define FORGET_SECONDS 300

/* Of each UDP port of a guest, libslirp knows where the guest has sent last. If that is the name server, whatever comes to the port comes
 * from the name server, in its eyes. So a stack of its own has what guests and the name server say to each other. The stack of guest n
 * is number n; that for the name server is number NAT_HOSTS + n. */
#define STACKS (2 * NAT_HOSTS)

typedef struct {
    Slirp *slirp; /* NULL: it had no packet yet */
    unsigned char mac[MAC_BYTES]; /* the guest's, which it was told */
    int64_t seen;
    unsigned turn; /* in which it was polled last */
    int forwards; /* ports of this host that lead to the guest */
} stack;

static struct {
    const slirp_library *library;
    nat_network *network;
    void (*send)(const void *frame, size_t bytes);
    stack stacks[STACKS];
    unsigned turn; /* counts the calls of nat_guests_wait */
    struct pollfd polls[NAT_SOCKETS + 2];
    int polls_len;
} all;

static int64_t now_ns(void *opaque) {
    (void)opaque;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* --- what libslirp calls --- */

static ssize_t send_packet(const void *frame, size_t bytes, void *opaque) {
    (void)opaque;
    nat_name_gateway(all.network, (unsigned char *)frame, bytes); /* it is libslirp's own buffer */
    all.send(frame, bytes);
    return (ssize_t)bytes;
}

static void guest_error(const char *message, void *opaque) {
    (void)message;
    (void)opaque;
}

/* Only its IPv6 has a timer, and that is off. */
static void *timer_new(void (*callback)(void *), void *callback_opaque, void *opaque) {
    (void)callback;
    (void)callback_opaque;
    return opaque;
}

static void timer_free(void *timer, void *opaque) {
    (void)timer;
    (void)opaque;
}

static void timer_mod(void *timer, int64_t expire_ms, void *opaque) {
    (void)timer;
    (void)expire_ms;
    (void)opaque;
}

static void poll_fd(int fd, void *opaque) {
    (void)fd;
    (void)opaque;
}

static void notify(void *opaque) {
    (void)opaque;
}

static const SlirpCb callbacks = {.send_packet = send_packet,
                                  .guest_error = guest_error,
                                  .clock_get_ns = now_ns,
                                  .timer_new = timer_new,
                                  .timer_free = timer_free,
                                  .timer_mod = timer_mod,
                                  .register_poll_fd = poll_fd,
                                  .unregister_poll_fd = poll_fd,
                                  .notify = notify};

static int events_for_slirp(short events) {
    return (events & POLLIN ? SLIRP_POLL_IN : 0) | (events & POLLOUT ? SLIRP_POLL_OUT : 0) | (events & POLLPRI ? SLIRP_POLL_PRI : 0) |
           (events & POLLERR ? SLIRP_POLL_ERR : 0) | (events & POLLHUP ? SLIRP_POLL_HUP : 0);
}

static int add_poll(int fd, int events, void *opaque) {
    (void)opaque;
    if (all.polls_len == NAT_SOCKETS + 2)
        return -1;
    int wanted = (events & SLIRP_POLL_IN ? POLLIN : 0) | (events & SLIRP_POLL_OUT ? POLLOUT : 0) | (events & SLIRP_POLL_PRI ? POLLPRI : 0);
    all.polls[all.polls_len] = (struct pollfd){.fd = fd, .events = (short)wanted};
    return all.polls_len++;
}

static int get_revents(int index, void *opaque) {
    (void)opaque;
    return index < 0 ? 0 : events_for_slirp(all.polls[index].revents);
}

/* --- stacks --- */

void nat_guests_init(const slirp_library *library, nat_network *network, void (*send)(const void *frame, size_t bytes)) {
    all.library = library;
    all.network = network;
    all.send = send;
}

static struct in_addr ipv4(uint32_t address) {
    return (struct in_addr){.s_addr = htonl(address)};
}

static unsigned guest_of(unsigned number) {
    return number % NAT_HOSTS;
}

static stack *open_stack(unsigned number) {
    stack *it = &all.stacks[number];
    if (it->slirp == NULL) {
        const SlirpConfig config = {
            .version = SLIRP_CONFIG_VERSION,
            .in_enabled = true,
            .vnetwork = ipv4(NAT_NETWORK),
            .vnetmask = ipv4(NAT_MASK),
            .vhost = ipv4(all.network->host),
            .vnameserver = ipv4(all.network->dns),
            .vdhcp_start = ipv4(NAT_NETWORK + 15), /* its DHCP server gets no message */
        };
        it->slirp = all.library->open(&config, &callbacks, it);
        memset(it->mac, 0, MAC_BYTES);
    }
    it->seen = now_ns(NULL) / INT64_C(1000000000);
    return it;
}

/* What follows is done for a guest. */
static void enter(unsigned guest, uint32_t target) {
    nat_now = (nat_context){.guest = guest, .target = target};
}

static void leave(void) {
    nat_now = (nat_context){.guest = NAT_NOBODY};
}

/* Tells a stack the MAC address of its guest, if that is news. */
static void tell_mac(stack *it, unsigned guest) {
    const unsigned char *mac = all.network->hosts[guest].mac;
    if (it->slirp == NULL || memcmp(it->mac, mac, MAC_BYTES) == 0)
        return;
    unsigned char arp[NAT_ARP_BYTES];
    memcpy(it->mac, mac, MAC_BYTES);
    nat_tell_mac(all.network, guest, arp);
    all.library->input(it->slirp, arp, sizeof arp);
}

/* libslirp learns the time when it is polled. By a time long ago, the socket of a packet would have expired before its answer comes. */
static void tell_time(stack *it) {
    if (it->turn != all.turn)
        all.library->pollfds_poll(it->slirp, 1, get_revents, NULL); /* no descriptor of it is looked at */
    it->turn = all.turn;
}

void nat_guest_input(const nat_result *result) {
    unsigned guest = result->host;
    enter(guest, result->target);
    stack *it = NULL;
    if (result->verdict == NAT_PASS)
        it = open_stack(result->target == all.network->dns ? NAT_HOSTS + guest : guest);
    tell_mac(&all.stacks[guest], guest);
    tell_mac(&all.stacks[NAT_HOSTS + guest], guest);
    if (it != NULL) {
        tell_time(it);
        all.library->input(it->slirp, result->frame, (int)result->bytes);
    }
    leave();
}

int nat_guest_forward(int is_udp, struct in_addr host, int host_port, uint32_t address, int guest_port) {
    unsigned number = address & ~NAT_MASK;
    enter(NAT_NOBODY, 0);
    nat_now.may_listen = 1;
    stack *it = open_stack(number);
    errno = 0;
    int result = all.library->add_hostfwd(it->slirp, is_udp, host, host_port, ipv4(address), guest_port) < 0 ? errno ? errno : EINVAL : 0;
    if (result == 0)
        it->forwards++;
    leave();
    return result;
}

void nat_guest_unforward(int is_udp, struct in_addr host, int host_port, uint32_t address) {
    stack *it = &all.stacks[address & ~NAT_MASK];
    if (it->forwards > 0 && all.library->remove_hostfwd(it->slirp, is_udp, host, host_port) == 0)
        it->forwards--;
}

static int is_busy(unsigned number, int64_t now) {
    const stack *it = &all.stacks[number];
    return it->slirp != NULL && (it->forwards > 0 || nat_sockets(guest_of(number)) > 0 || it->seen + QUIET_SECONDS > now);
}

unsigned nat_guests_wait(int fd, int other) {
    static int is_polled[STACKS];
    uint32_t timeout = UINT32_MAX;
    int64_t now = now_ns(NULL) / INT64_C(1000000000);
    all.polls[0] = (struct pollfd){.fd = fd, .events = POLLIN};
    all.polls[1] = (struct pollfd){.fd = other, .events = POLLIN};
    all.polls_len = 2;
    all.turn++;
    for (unsigned i = 0; i < STACKS; i++) {
        stack *it = &all.stacks[i];
        is_polled[i] = is_busy(i, now);
        if (is_polled[i]) {
            all.library->pollfds_fill(it->slirp, &timeout, add_poll, NULL);
        } else if (it->slirp != NULL && it->seen + FORGET_SECONDS < now) {
            all.library->cleanup(it->slirp);
            it->slirp = NULL;
        }
    }
    int ready = poll(all.polls, (nfds_t)all.polls_len, timeout > INT32_MAX ? -1 : (int)timeout);
    if (ready < 0 && errno == EINTR)
        return 0;
    for (unsigned i = 0; i < STACKS; i++) {
        if (!is_polled[i])
            continue;
        all.stacks[i].turn = all.turn;
        enter(guest_of(i), 0);
        all.library->pollfds_poll(all.stacks[i].slirp, ready < 0, get_revents, NULL);
        leave();
    }
    return (all.polls[0].revents ? 1u : 0) | (all.polls[1].revents ? 2u : 0);
}
