/* What tests of trunks start from: cores on this machine, whose trunks are peers. */
#ifndef GNS3TRIO_TEST_TRUNK_H
#define GNS3TRIO_TEST_TRUNK_H

#include "trunk_parts.h"
#include "trunk_round.h"
#include "udp_segments.h"

#include "test_core.h"

/* A UDP port that nobody has at this moment. */
static inline uint16_t free_udp_port(void) {
    int fd = test_socket();
    uint16_t udp_port = test_port_of(fd);
    close(fd);
    return udp_port;
}

/* Opens the trunk of a core; returns its UDP port. */
static inline uint16_t open_trunk(udpfwd *core) {
    for (;;) {
        uint16_t udp_port = free_udp_port();
        int result = udpfwd_trunk_open(core, INADDR_LOOPBACK, udp_port);
        if (result == 0)
            return udp_port;
        CHECK(result == -EADDRINUSE); /* somebody was quicker */
    }
}

static inline udpfwd_peer read_peer(udpfwd *core, int id) {
    udpfwd_peer peer;
    CHECK(udpfwd_peer_read(core, id, &peer) == 0);
    return peer;
}

static inline udpfwd_trunk_counters read_trunk(udpfwd *core) {
    udpfwd_trunk_counters counters;
    CHECK(udpfwd_trunk_read(core, &counters) == 0);
    return counters;
}

/* Sends bytes from a socket to a trunk, as one train if 'segment' is not 0. */
static inline void send_train_to(int fd, uint16_t udp_port, const void *bytes, size_t size, uint16_t segment) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(udp_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct iovec part = {(void *)bytes, size};
    _Alignas(struct cmsghdr) char controls[CMSG_SPACE(sizeof segment)] = {0};
    struct msghdr message = {.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &part, .msg_iovlen = 1};
    if (segment != 0)
        split_message(&message, controls, segment);
    CHECK(sendmsg(fd, &message, 0) == (ssize_t)size);
}

/* Writes a frame with its header; returns the size of both. */
static inline size_t put_frame(unsigned char *at, uint32_t vni, const void *frame, size_t size) {
    put_vxlan(at, vni);
    memcpy(at + VXLAN_BYTES, frame, size);
    return VXLAN_BYTES + size;
}

#endif
