/* The sockets of a trunk: receiving ones, one for each worker, and sending ones, one for each lane of a peer.
 *
 * The receiving sockets share the UDP port (SO_REUSEPORT, socket(7)), and a classic BPF program chooses the socket by the VNI. It needs no
 * privileges and never changes, because the lane is a part of the VNI. A sharing port would also be open to other processes of the same
 * user: two servers would steal each other's datagrams without an error. So the first socket is bound without the option, which fails if
 * anybody has the port; once the option is set there, our own others may be bound.
 */
#define _GNU_SOURCE
#include "trunk_parts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <unistd.h>

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

/* Of a socket that serves many links: bursts of all of them. */
#define LANE_BUFFER_BYTES (8 * SOCKET_BUFFER_BYTES)

static struct sockaddr_in ipv4(uint32_t address, uint16_t udp_port) {
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(udp_port), .sin_addr.s_addr = htonl(address)};
}

static int set_option(int fd, int level, int name, int value) {
    return setsockopt(fd, level, name, &value, sizeof value) < 0 ? -errno : 0;
}

/* Chooses a socket: A = lane of the VNI, which are bytes 4 to 6 of the payload, modulo the sockets. */
static int steer(int fd, int sockets) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4),
        BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 8),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, UDPFWD_TRUNK_LANES - 1),
        BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, (unsigned)sockets),
        BPF_STMT(BPF_RET | BPF_A, 0),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof code[0], .filter = code};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program) < 0 ? -errno : 0;
}

static int open_receiver(uint32_t address, uint16_t udp_port, int is_first) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    struct sockaddr_in here = ipv4(address, udp_port);
    int result = is_first ? 0 : set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (result == 0 && bind(fd, (struct sockaddr *)&here, sizeof here) < 0)
        result = -errno;
    if (result == 0 && is_first)
        result = set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (result < 0) {
        close(fd);
        return result;
    }
    set_option(fd, SOL_UDP, UDP_GRO, 1); /* without it, datagrams come one by one */
    enlarge_buffers(fd, LANE_BUFFER_BYTES);
    return fd;
}

int open_sources(trunk *t, uint32_t address) {
    int wanted = t->core->worker_count < UDPFWD_TRUNK_LANES ? t->core->worker_count : UDPFWD_TRUNK_LANES, result = 0;
    for (t->source_count = 0; t->source_count < wanted && result >= 0; t->source_count += result >= 0) {
        lane_source *lane = &t->sources[t->source_count];
        result = open_receiver(address, t->udp_port, t->source_count == 0);
        *lane = (lane_source){.source = {.fd = result, .serve = serve_lane}, .trunk = t};
    }
    if (result >= 0 && wanted > 1)
        result = steer(t->sources[0].source.fd, wanted);
    while (result < 0 && t->source_count > 0)
        close(t->sources[--t->source_count].source.fd);
    return result < 0 ? result : 0;
}

int open_sender(uint32_t address, uint16_t udp_port, int is_probe) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    struct sockaddr_in there = ipv4(address, udp_port);
    /* Frames larger than the way's MTU are split, here or by a router on the way (no Don't Fragment). */
    int result = set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, is_probe ? IP_PMTUDISC_PROBE : IP_PMTUDISC_DONT);
    if (result == 0 && connect(fd, (struct sockaddr *)&there, sizeof there) < 0)
        result = -errno;
    if (result < 0) {
        close(fd);
        return result;
    }
    if (!is_probe)
        enlarge_buffers(fd, LANE_BUFFER_BYTES);
    return fd;
}

uint32_t mtu_of(int fd) {
    int mtu = 0;
    socklen_t size = sizeof mtu;
    if (getsockopt(fd, IPPROTO_IP, IP_MTU, &mtu, &size) < 0 || mtu < 0)
        return 0;
    return (uint32_t)mtu < MAX_DATAGRAM_BYTES + IP_UDP_BYTES ? (uint32_t)mtu : MAX_DATAGRAM_BYTES + IP_UDP_BYTES;
}

uint64_t lost_at(int fd) {
    uint32_t told[SK_MEMINFO_VARS] = {0};
    socklen_t size = sizeof told;
    return getsockopt(fd, SOL_SOCKET, SO_MEMINFO, told, &size) == 0 ? told[SK_MEMINFO_DROPS] : 0;
}
