/* Trunks between cores on this machine: frames, trains, peers, and what comes from others. */
#define _GNU_SOURCE
#include "test_trunk.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { FRAME = 100, LINKS = 8 };

/* Two hosts with a trunk between them, and links with a node's socket at each end. */
typedef struct {
    running r;
    uint16_t udp_port;
    int peer;
    end ends[LINKS];
    int links[LINKS];
} host;

static uint32_t vni_of(int side, int i) {
    return (uint32_t)(side << 16 | (i + 1));
}

static void link_host(host *h, int side, uint16_t to, int links) {
    h->peer = udpfwd_peer_open(h->r.core, INADDR_LOOPBACK, to);
    CHECK(h->peer >= 0);
    for (int i = 0; i < links; i++) {
        h->links[i] = udpfwd_trunk_link(h->r.core, h->peer, vni_of(!side, i), vni_of(side, i));
        CHECK(h->links[i] >= 0);
        h->ends[i] = open_end(h->r.core);
        CHECK(udpfwd_patch(h->r.core, h->links[i], h->ends[i].port) == 0);
    }
    start_workers(&h->r);
}

static void open_hosts(host *hosts, int links) {
    for (int i = 0; i < 2; i++) {
        hosts[i] = (host){.r = start()};
        hosts[i].udp_port = open_trunk(hosts[i].r.core);
    }
    for (int i = 0; i < 2; i++)
        link_host(&hosts[i], i, hosts[!i].udp_port, links);
}

static void close_host(host *h, int links) {
    stop(&h->r);
    for (int i = 0; i < links; i++)
        close_end(&h->ends[i]);
}

static void test_frames_both_ways(void) {
    host hosts[2];
    open_hosts(hosts, LINKS);
    char text[64];
    for (int i = 0; i < LINKS; i++)
        for (int from = 0; from < 2; from++) {
            snprintf(text, sizeof text, "link %d from %d", i, from);
            test_send(hosts[from].ends[i].node, hosts[from].ends[i].fd, text, strlen(text));
            expect(hosts[!from].ends[i].node, text);
        }
    for (int i = 0; i < 2; i++) {
        WAIT_FOR(read_peer(hosts[i].r.core, hosts[i].peer).tx_frames == LINKS);
        udpfwd_peer peer = read_peer(hosts[i].r.core, hosts[i].peer);
        CHECK(peer.links == LINKS && peer.rx_frames == LINKS && peer.rx_bytes == LINKS * 13 && peer.fragmented == 0);
        CHECK(peer.tx_bytes == LINKS * 13 && peer.udp_port == hosts[!i].udp_port && peer.address == INADDR_LOOPBACK);
        udpfwd_counters counters = counters_of(hosts[i].r.core, hosts[i].links[3]);
        CHECK(counters.tx_frames == 1 && counters.tx_bytes == 13 && counters.rx_frames == 1 && counters.rx_bytes == 13);
    }
    close_host(&hosts[0], LINKS);
    close_host(&hosts[1], LINKS);
}

static void test_keepalives(void) {
    host hosts[2];
    open_hosts(hosts, 1);
    for (int i = 0; i < 2; i++) {
        WAIT_FOR(read_peer(hosts[i].r.core, hosts[i].peer).mtu != 0);
        udpfwd_peer peer = read_peer(hosts[i].r.core, hosts[i].peer);
        CHECK(peer.state == UDPFWD_PEER_UP && peer.round_trip_us > 0 && peer.loss == 0 && peer.error == 0);
        CHECK(peer.mtu == peer.interface_mtu && peer.changes == 2);
        struct pollfd told = {.fd = udpfwd_trunk_fd(hosts[i].r.core), .events = POLLIN};
        CHECK(poll(&told, 1, PATIENCE_MS) == 1);
        uint64_t times;
        CHECK(read(told.fd, &times, sizeof times) == sizeof times);
    }
    close_host(&hosts[1], 1);
    WAIT_FOR(read_peer(hosts[0].r.core, hosts[0].peer).state == UDPFWD_PEER_DOWN);
    struct pollfd told = {.fd = udpfwd_trunk_fd(hosts[0].r.core), .events = POLLIN};
    CHECK(poll(&told, 1, PATIENCE_MS) == 1);
    CHECK(read_peer(hosts[0].r.core, hosts[0].peer).error == ECONNREFUSED);
    close_host(&hosts[0], 1);
}

/* A raw socket is the peer: what leaves is what RFC 7348 says, and what it sends comes to the port. */
static void test_bytes_on_the_wire(void) {
    running r = start();
    uint16_t udp_port = open_trunk(r.core);
    int other = test_socket();
    end node = open_end(r.core);
    int peer = udpfwd_peer_open(r.core, INADDR_LOOPBACK, test_port_of(other));
    int link = udpfwd_trunk_link(r.core, peer, 0xabcdef, 0x123456);
    CHECK(peer == 0 && link >= 0 && udpfwd_patch(r.core, link, node.port) == 0);
    start_workers(&r);
    unsigned char bytes[256];
    const unsigned char wanted[] = {8, 0, 0, 0, 0xab, 0xcd, 0xef, 0, 'o', 'u', 't'};
    test_send(node.node, node.fd, "out", 3);
    ssize_t size;
    do /* the first datagrams are keepalives */
        size = test_receive(other, bytes, sizeof bytes);
    while (size == MESSAGE_BYTES);
    CHECK(size == sizeof wanted && memcmp(bytes, wanted, sizeof wanted) == 0);
    send_train_to(other, udp_port, bytes, put_frame(bytes, 0x123456, "in", 2), 0);
    expect(node.node, "in");
    stop(&r);
    close_end(&node);
    close(other);
}

/* --- calls --- */

static void test_what_cannot_be_opened(void) {
    running r = start(), second = start();
    udpfwd_trunk_counters counters;
    udpfwd_peer state;
    CHECK(udpfwd_peer_open(r.core, INADDR_LOOPBACK, 9) == -ENOENT && udpfwd_trunk_read(r.core, &counters) == -ENOENT);
    CHECK(udpfwd_trunk_fd(r.core) == -ENOENT && udpfwd_trunk_close(r.core) == 0);
    uint16_t udp_port = open_trunk(r.core);
    CHECK(udpfwd_trunk_open(r.core, INADDR_LOOPBACK, udp_port) == -EALREADY);
    CHECK(udpfwd_trunk_open(second.core, INADDR_LOOPBACK, udp_port) == -EADDRINUSE); /* though the port is a shared one */
    CHECK(udpfwd_trunk_open(second.core, 0x08080808, udp_port) == -EADDRNOTAVAIL);
    CHECK(udpfwd_peer_open(r.core, 0xffffffff, 9) == -EACCES); /* a broadcast address */
    int peer = udpfwd_peer_open(r.core, INADDR_LOOPBACK, 9);
    CHECK(peer == 0 && udpfwd_peer_open(r.core, INADDR_LOOPBACK, 9) == -EEXIST);
    CHECK(udpfwd_peer_open(r.core, INADDR_LOOPBACK, 10) == 1 && udpfwd_peer_close(r.core, 1) == 0);
    CHECK(udpfwd_peer_close(r.core, 1) == -ENOENT && udpfwd_peer_read(r.core, 1, &state) == -ENOENT);
    CHECK(udpfwd_peer_close(r.core, -1) == -ENOENT && udpfwd_peer_close(r.core, UDPFWD_MAX_PEERS) == -ENOENT);
    CHECK(udpfwd_trunk_link(r.core, 1, 1, 1) == -ENOENT);
    static const uint32_t none[] = {0, 1 << 16, 1 << 24, UINT32_MAX};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        CHECK(udpfwd_trunk_link(r.core, peer, none[i], 1) == -EINVAL && udpfwd_trunk_link(r.core, peer, 1, none[i]) == -EINVAL);
    int link = udpfwd_trunk_link(r.core, peer, UDPFWD_MAX_VNI, 7);
    CHECK(link >= 0 && udpfwd_trunk_link(r.core, peer, 1, 7 | 3 << 16) == -EBUSY);
    CHECK(udpfwd_peer_close(r.core, peer) == -EBUSY);
    CHECK(udpfwd_port_close(r.core, link) == 0 && udpfwd_peer_close(r.core, peer) == 0);
    for (int i = 0; i < UDPFWD_MAX_PEERS; i++)
        CHECK(udpfwd_peer_open(r.core, INADDR_LOOPBACK, (uint16_t)(1 + i)) == i);
    CHECK(udpfwd_peer_open(r.core, INADDR_LOOPBACK, 1000) == -ENOSPC);
    CHECK(udpfwd_trunk_link(r.core, 0, 5, 5) >= 0);
    CHECK(udpfwd_trunk_close(r.core) == 0 && udpfwd_trunk_open(r.core, INADDR_LOOPBACK, udp_port) == 0);
    udpfwd_counters ports;
    CHECK(udpfwd_snapshot(r.core, &ports, 1) == 0); /* closed with the trunk */
    udpfwd_close(r.core);
    udpfwd_close(second.core);
}

/* Wherever the descriptors run out, nothing is left open. */
static void test_few_descriptors(void) {
    running r = start();
    uint16_t udp_port = free_udp_port();
    int next = dup(STDERR_FILENO), result = -EMFILE;
    close(next);
    struct rlimit before, few;
    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    few = before;
    int failures = 0;
    for (few.rlim_cur = (rlim_t)next; result < 0; few.rlim_cur++, failures += result < 0) {
        CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
        result = udpfwd_trunk_open(r.core, INADDR_LOOPBACK, udp_port);
        CHECK(result == 0 || result == -EMFILE);
    }
    CHECK(failures == 1 + 2 * WORKERS); /* an eventfd, and of each worker another one and a socket */
    for (result = -EMFILE; result < 0; few.rlim_cur++, failures += result < 0) {
        CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
        result = udpfwd_peer_open(r.core, INADDR_LOOPBACK, 9);
        CHECK(result == 0 || result == -EMFILE);
    }
    CHECK(failures > 1 + 2 * WORKERS && setrlimit(RLIMIT_NOFILE, &before) == 0);
    udpfwd_close(r.core);
    int after = dup(STDERR_FILENO);
    CHECK(after < next); /* the core's own are closed, too */
    close(after);
}

/* --- trains: no worker runs, so the batches are exact --- */

typedef struct {
    udpfwd *core;
    worker *w;
    int other; /* the peer: a plain socket */
    uint16_t udp_port;
    int peer;
    int links[LINKS];
} bed;

static bed open_bed(int links) {
    bed b = {.other = test_socket()};
    CHECK(udpfwd_open(1, STATS_INTERVAL_US, &b.core) == 0);
    b.udp_port = open_trunk(b.core);
    b.peer = udpfwd_peer_open(b.core, INADDR_LOOPBACK, test_port_of(b.other));
    b.w = &b.core->workers[0];
    for (int i = 0; i < links; i++) /* of one lane */
        CHECK((b.links[i] = udpfwd_trunk_link(b.core, b.peer, 4 + 4u * (unsigned)i, 4 + 4u * (unsigned)i)) >= 0);
    return b;
}

static void close_bed(bed *b) {
    udpfwd_close(b->core);
    close(b->other);
}

static void send_at_link(bed *b, int i, size_t size, int n) {
    static unsigned char bytes[UDPFWD_MAX_FRAME_BYTES];
    struct iovec frames[UDPFWD_BATCH_FRAMES];
    for (int k = 0; k < n; k++)
        frames[k] = (struct iovec){bytes, size};
    send_at(b->w, find_port(b->core, b->links[i]), frames, n, &(path){0});
}

static uint64_t messages_after_round(bed *b) {
    uint64_t before = read_trunk(b->core).messages;
    end_trunk_round(b->w);
    return read_trunk(b->core).messages - before;
}

static int datagrams_at(int fd) {
    unsigned char bytes[UDPFWD_MAX_FRAME_BYTES + VXLAN_BYTES];
    int n = 0;
    while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) >= 0)
        n++;
    return n;
}

/* Frames of one size leave as one message, also those of different links and turns. */
static void test_trains(void) {
    bed b = open_bed(LINKS);
    for (int i = 0; i < LINKS; i++)
        send_at_link(&b, i, FRAME, 3);
    CHECK(datagrams_at(b.other) == 0); /* it is not the end of the round */
    CHECK(messages_after_round(&b) == 1 && datagrams_at(b.other) == 3 * LINKS);
    CHECK(messages_after_round(&b) == 0);
    for (int i = 0; i < LINKS; i++)
        CHECK(counters_of(b.core, b.links[i]).tx_frames == 3 && counters_of(b.core, b.links[i]).tx_bytes == 3 * FRAME);
    send_at_link(&b, 0, FRAME, 2);
    send_at_link(&b, 1, FRAME / 2, 1); /* a shorter one ends the run */
    send_at_link(&b, 0, FRAME, 1);
    send_at_link(&b, 0, 2 * FRAME, 2);
    CHECK(messages_after_round(&b) == 3 && datagrams_at(b.other) == 6);
    send_at_link(&b, 0, FRAME, UDPFWD_BATCH_FRAMES);
    send_at_link(&b, 0, FRAME, 1); /* the train is full */
    CHECK(datagrams_at(b.other) == UDPFWD_BATCH_FRAMES && messages_after_round(&b) == 1 && datagrams_at(b.other) == 1);
    send_at_link(&b, 0, UDPFWD_MAX_FRAME_BYTES, 7); /* or has too many bytes */
    CHECK(messages_after_round(&b) == 1 && datagrams_at(b.other) == 7);
    CHECK(read_peer(b.core, b.peer).tx_frames == 3 * LINKS + 6 + 65 + 7);
    close_bed(&b);
}

/* More lanes than a worker gathers for at once: the oldest leaves, and the order in each lane stays. */
static void test_more_lanes_than_trains(void) {
    enum { PEERS = 20 };
    bed b = open_bed(0);
    int others[PEERS], links[PEERS];
    unsigned char byte = 'x';
    const struct iovec frame = {&byte, 1};
    for (int i = 0; i < PEERS; i++) {
        others[i] = test_socket();
        int peer = udpfwd_peer_open(b.core, INADDR_LOOPBACK, test_port_of(others[i]));
        links[i] = udpfwd_trunk_link(b.core, peer, 1, 1 + (unsigned)i);
        CHECK(links[i] >= 0);
    }
    for (int i = 0; i < PEERS; i++)
        send_at(b.w, find_port(b.core, links[i]), &frame, 1, &(path){0});
    for (int i = 0; i < PEERS; i++)
        CHECK(test_has_data(others[i]) == (i < PEERS - 16));
    CHECK(messages_after_round(&b) == 16);
    for (int i = 0; i < PEERS; i++) {
        CHECK(datagrams_at(others[i]) == 1);
        close(others[i]);
    }
    close_bed(&b);
}

/* Frames that the kernel refuses are dropped and counted at their ports; a notice about an earlier frame loses none. */
static void test_frames_that_cannot_be_sent(void) {
    bed b = open_bed(2);
    trunk_lane *lane = &b.core->trunk->peers[b.peer]->lanes[0];
    close(b.other);
    send_at_link(&b, 0, FRAME, 1);
    CHECK(messages_after_round(&b) == 1); /* and comes back as port unreachable */
    b.other = test_socket();
    send_at_link(&b, 0, FRAME, 2);
    CHECK(messages_after_round(&b) == 1 && counters_of(b.core, b.links[0]).tx_frames == 3);
    int no_socket = open("/dev/null", O_WRONLY | O_CLOEXEC);
    CHECK(no_socket >= 0 && dup2(no_socket, lane->fd) == lane->fd);
    send_at_link(&b, 0, FRAME, 2);
    send_at_link(&b, 1, 2 * FRAME, 3);
    CHECK(messages_after_round(&b) == 0);
    for (int i = 0; i < 2; i++)
        CHECK(counters_of(b.core, b.links[i]).tx_drops[UDPFWD_DROP_ERROR] == (uint64_t)(2 + i));
    close(no_socket);
    close_bed(&b);
}

/* --- what comes in --- */

static void take(bed *b, const void *bytes, size_t size, size_t segment) {
    take_datagram(b->w, b->core->trunk, INADDR_LOOPBACK, bytes, size, segment);
}

static uint64_t dropped(bed *b, int reason) {
    return read_trunk(b->core).drops[reason];
}

static void test_hostile_datagrams(void) {
    bed b = open_bed(2);
    CHECK(udpfwd_patch(b.core, b.links[0], b.links[1]) == 0);
    static const unsigned char large[UDPFWD_MAX_FRAME_BYTES + 1];
    unsigned char bytes[sizeof large + 100] = {0};
    for (size_t size = 0; size < VXLAN_BYTES; size++)
        take(&b, bytes, size, 0);
    take(&b, bytes, 60, 0); /* without the flag */
    CHECK(dropped(&b, UDPFWD_TRUNK_DROP_HEADER) == VXLAN_BYTES + 1);
    take(&b, bytes, put_frame(bytes, 4, "", 0), 0);
    take(&b, bytes, put_frame(bytes, 4, large, sizeof large), 0);
    CHECK(dropped(&b, UDPFWD_TRUNK_DROP_HEADER) == VXLAN_BYTES + 3);
    take(&b, bytes, put_frame(bytes, 400, "no link", 7), 0);
    take(&b, bytes, put_frame(bytes, 4 | 1 << 16, "an earlier link", 15), 0);
    CHECK(dropped(&b, UDPFWD_TRUNK_DROP_VNI) == 2);
    take_datagram(b.w, b.core->trunk, INADDR_LOOPBACK + 1, bytes, put_frame(bytes, 4, "another host", 12), 0);
    CHECK(dropped(&b, UDPFWD_TRUNK_DROP_PEER) == 1);
    CHECK(counters_of(b.core, b.links[0]).rx_frames == 0);
    size_t size = put_frame(bytes, 4, "first", 5), n = size;
    n += put_frame(bytes + n, 8, "other", 5);
    n += put_frame(bytes + n, 4, "las", 3);
    take(&b, bytes, n, size); /* a train for two links */
    CHECK(counters_of(b.core, b.links[0]).rx_frames == 2 && counters_of(b.core, b.links[1]).rx_frames == 1);
    for (size_t segment = 1; segment < n + 2; segment++) /* any size that the kernel might say */
        take(&b, bytes, n, segment);
    size = put_frame(bytes, UDPFWD_MAX_VNI, "x", 1);
    for (int i = 1; i < 200; i++)
        put_frame(bytes + i * (int)size, 4, "x", 1);
    uint64_t before = counters_of(b.core, b.links[0]).rx_frames;
    take(&b, bytes, 200 * size, size); /* more than a batch */
    CHECK(counters_of(b.core, b.links[0]).rx_frames == before + 199);
    CHECK(messages_after_round(&b) > 0 && counters_of(b.core, b.links[1]).tx_frames >= 199);
    close_bed(&b);
}

static void test_hostile_keepalives(void) {
    bed b = open_bed(0);
    unsigned char bytes[200];
    trunk_message message = {MESSAGE_ANSWER, test_port_of(b.other), 1, 0};
    probe *p = &b.core->trunk->peers[b.peer]->probe;
    const probe before = *p;
    put_message(bytes, sizeof bytes, &message);
    take(&b, bytes, sizeof bytes, 0); /* a wrong token */
    message.token = p->token;
    message.sequence = 77;
    put_message(bytes, sizeof bytes, &message);
    take(&b, bytes, sizeof bytes, 0); /* to nothing that was asked */
    take(&b, bytes, MESSAGE_BYTES - 1, 0);
    CHECK(dropped(&b, UDPFWD_TRUNK_DROP_PROBE) == 3 && memcmp(&before, p, sizeof before) == 0);
    message.udp_port++;
    put_message(bytes, sizeof bytes, &message);
    take(&b, bytes, sizeof bytes, 0); /* from none of the peers */
    CHECK(dropped(&b, UDPFWD_TRUNK_DROP_PEER) == 1);
    message = (trunk_message){MESSAGE_REQUEST, test_port_of(b.other), 5, 6};
    put_message(bytes, sizeof bytes, &message);
    for (int i = 0; i < 2 * PROBE_MOST_ANSWERS; i++)
        take(&b, bytes, sizeof bytes, 0);
    CHECK(dropped(&b, UDPFWD_TRUNK_DROP_PROBE) >= PROBE_MOST_ANSWERS && datagrams_at(b.other) >= PROBE_MOST_ANSWERS);
    CHECK(p->state == UDPFWD_PEER_WAITING && p->changes == 0);
    close_bed(&b);
}

/* Nobody reads the socket: what its buffer cannot hold is told. */
static void test_a_flood_is_told(void) {
    bed b = open_bed(1);
    int bytes = 4096;
    static const unsigned char frame[1000];
    unsigned char datagram[1400];
    size_t size = put_frame(datagram, 4, frame, sizeof frame);
    CHECK(setsockopt(b.core->trunk->sources[0].source.fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) == 0);
    for (int i = 0; i < 100; i++)
        send_train_to(b.other, b.udp_port, datagram, size, 0);
    uint64_t lost = dropped(&b, UDPFWD_TRUNK_DROP_QUEUE);
    CHECK(lost > 50 && lost < 100);
    while (counters_of(b.core, b.links[0]).rx_drops[UDPFWD_DROP_UNLINKED] < 100 - lost)
        serve_lane(b.w, &b.core->trunk->sources[0].source);
    close_bed(&b);
}

/* A train with frames of two lanes comes in at the socket of the first one's: the others have no business there. */
static void test_a_train_of_two_lanes(void) {
    running r = start();
    uint16_t udp_port = open_trunk(r.core);
    int other = test_socket();
    int peer = udpfwd_peer_open(r.core, INADDR_LOOPBACK, test_port_of(other));
    end nodes[2] = {open_end(r.core), open_end(r.core)};
    for (int i = 0; i < 2; i++) {
        int link = udpfwd_trunk_link(r.core, peer, 1, 4 + (unsigned)i);
        CHECK(link >= 0 && udpfwd_patch(r.core, link, nodes[i].port) == 0);
    }
    start_workers(&r);
    unsigned char bytes[64];
    size_t size = put_frame(bytes, 4, "even", 4);
    put_frame(bytes + size, 5, "odd!", 4);
    send_train_to(other, udp_port, bytes, 2 * size, (uint16_t)size);
    expect(nodes[0].node, "even");
    WAIT_FOR(read_trunk(r.core).drops[UDPFWD_TRUNK_DROP_LANE] == 1);
    send_train_to(other, udp_port, bytes + size, size, 0);
    expect(nodes[1].node, "odd!");
    stop(&r);
    close(other);
    for (int i = 0; i < 2; i++)
        close_end(&nodes[i]);
}

/* --- sizes: in a network of its own, whose interface can be made smaller --- */

static void set_mtu(int mtu) {
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(ioctl(fd, SIOCGIFFLAGS, &request) == 0);
    request.ifr_flags |= IFF_UP;
    CHECK(ioctl(fd, SIOCSIFFLAGS, &request) == 0);
    request.ifr_mtu = mtu;
    CHECK(ioctl(fd, SIOCSIFMTU, &request) == 0);
    close(fd);
}

static void test_frames_larger_than_the_mtu(void) {
    bed b = open_bed(1);
    send_at_link(&b, 0, 1400, 3);
    CHECK(messages_after_round(&b) == 1 && datagrams_at(b.other) == 3);
    send_at_link(&b, 0, 1400, 2);
    send_at_link(&b, 0, 1500, 4); /* as a train, the kernel refuses them */
    send_at_link(&b, 0, 1400, 5);
    CHECK(messages_after_round(&b) == 6 && datagrams_at(b.other) == 11);
    CHECK(b.core->trunk->peers[b.peer]->lanes[0].most_segment_bytes == 1500 + VXLAN_BYTES - 1);
    send_at_link(&b, 0, 1500, 4); /* which is known then */
    CHECK(messages_after_round(&b) == 4 && datagrams_at(b.other) == 4);
    udpfwd_peer peer = read_peer(b.core, b.peer);
    CHECK(peer.interface_mtu == 1500 && peer.fragmented == 8 && peer.tx_frames == 3 + 11 + 4);
    CHECK(counters_of(b.core, b.links[0]).tx_frames == 18);
    close_bed(&b);
}

static void test_the_mtu_is_found(void) {
    host hosts[2];
    open_hosts(hosts, 1);
    for (int i = 0; i < 2; i++)
        WAIT_FOR(read_peer(hosts[i].r.core, hosts[i].peer).mtu == 1500);
    close_host(&hosts[0], 1);
    close_host(&hosts[1], 1);
}

static int tests_of_sizes(void) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
            _exit(2);
        set_mtu(1500);
        test_frames_larger_than_the_mtu();
        test_the_mtu_is_found();
        exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    if (WEXITSTATUS(status) == 2) {
        puts("trunk_test: sizes SKIPPED, this needs a network namespace");
        return 0;
    }
    CHECK(WEXITSTATUS(status) == 0);
    return 2;
}

int main(void) {
    int passed = 11 + tests_of_sizes();
    test_frames_both_ways();
    test_bytes_on_the_wire();
    test_what_cannot_be_opened();
    test_few_descriptors();
    test_trains();
    test_more_lanes_than_trains();
    test_frames_that_cannot_be_sent();
    test_hostile_datagrams();
    test_hostile_keepalives();
    test_a_flood_is_told();
    test_a_train_of_two_lanes();
    test_keepalives();
    printf("trunk_test: %d passed\n", passed + 1);
    return 0;
}
