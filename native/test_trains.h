/* What tests of trains start from: large frames as the kernel gives them, and what their segments must be. Segments are checked by sums of
 * bytes, which share nothing with segments.c. */
#ifndef GNS3TRIO_TEST_TRAINS_H
#define GNS3TRIO_TEST_TRAINS_H

#include "test.h"

#include <linux/virtio_net.h>
#include <stddef.h>
#include <stdint.h>

#define HEADER_BYTES sizeof(struct virtio_net_hdr)
#define MOST_BYTES 66048

static inline void fill(unsigned char *bytes, size_t n) {
    for (size_t i = 0; i < n; i++)
        bytes[i] = (unsigned char)(i * 7 + i / 251);
}

static inline uint16_t get16(const unsigned char *at) {
    return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t get32(const unsigned char *at) {
    return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static inline uint32_t sum_of(const unsigned char *bytes, size_t n, uint32_t sum) {
    for (size_t i = 0; i < n; i++)
        sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

typedef struct {
    int is_tcp, is_ipv4;
    size_t tag_bytes;
    size_t options; /* bytes of IPv4 options, or of an extension header of IPv6 */
    size_t payload, segment;
} shape;

#define NETWORK(s) (14 + (s)->tag_bytes)
#define TRANSPORT(s) (NETWORK(s) + ((s)->is_ipv4 ? 20 : 40) + (s)->options)
#define HEADERS(s) (TRANSPORT(s) + ((s)->is_tcp ? 32 : 8))
#define CHECKSUM_AT(s) ((s)->is_tcp ? 16 : 6)

static inline uint32_t pseudo_sum(const shape *s, const unsigned char *frame, size_t length) {
    const unsigned char *network = frame + NETWORK(s);
    return sum_of(network + (s->is_ipv4 ? 12 : 8), s->is_ipv4 ? 8 : 32, (s->is_tcp ? 6 : 17) + (uint32_t)length);
}

/* What the kernel gives for a frame of the shape; returns its size. */
static inline size_t make_train(const shape *s, unsigned char *frame, struct virtio_net_hdr *told) {
    size_t size = HEADERS(s) + s->payload, length = size - TRANSPORT(s);
    fill(frame, size);
    for (size_t at = 12; at < 12 + s->tag_bytes; at += 4)
        memcpy(frame + at, at == 12 ? "\x81\x00\x00\x07" : "\x88\xa8\x00\x08", 4);
    memcpy(frame + NETWORK(s) - 2, s->is_ipv4 ? "\x08\x00" : "\x86\xdd", 2);
    unsigned char *network = frame + NETWORK(s);
    int protocol = s->is_tcp ? 6 : 17;
    if (s->is_ipv4) {
        network[0] = (unsigned char)(0x45 + s->options / 4);
        network[6] = network[7] = 0; /* no fragment */
        network[9] = (unsigned char)protocol;
    } else {
        network[0] = 0x60;
        network[6] = (unsigned char)(s->options > 0 ? 60 : protocol);
        if (s->options > 0) { /* for the destination */
            network[40] = (unsigned char)protocol;
            network[41] = (unsigned char)(s->options / 8 - 1);
        }
    }
    unsigned char *transport = frame + TRANSPORT(s);
    if (s->is_tcp) {
        memcpy(transport + 4, "\xff\xff\xf0\x00", 4); /* wraps within the train */
        transport[12] = 8 << 4;
        transport[13] = 0x80 | 0x10 | 0x08 | 0x01; /* CWR, ACK, PSH, FIN */
    }
    uint32_t pseudo = pseudo_sum(s, frame, length);
    transport[CHECKSUM_AT(s)] = (unsigned char)(pseudo >> 8);
    transport[CHECKSUM_AT(s) + 1] = (unsigned char)pseudo;
    *told = (struct virtio_net_hdr){.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
                                    .gso_type = !s->is_tcp   ? 5 /* UDP_L4 */
                                                : s->is_ipv4 ? VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN
                                                             : VIRTIO_NET_HDR_GSO_TCPV6,
                                    .gso_size = (uint16_t)s->segment,
                                    .csum_start = (uint16_t)TRANSPORT(s),
                                    .csum_offset = (uint16_t)CHECKSUM_AT(s)};
    return size;
}

/* A segment is what a device would have sent. */
static inline void check_segment(const shape *s, const unsigned char *whole, const unsigned char *frame, size_t size, size_t number) {
    size_t from = number * s->segment, left = s->payload - from, payload = left < s->segment ? left : s->segment;
    size_t length = size - TRANSPORT(s);
    const unsigned char *network = frame + NETWORK(s), *transport = frame + TRANSPORT(s);
    CHECK(size == HEADERS(s) + payload && memcmp(frame, whole, NETWORK(s)) == 0);
    CHECK(memcmp(frame + HEADERS(s), whole + HEADERS(s) + from, payload) == 0);
    if (s->is_ipv4) {
        CHECK(get16(network + 2) == size - NETWORK(s) && sum_of(network, 20 + s->options, 0) == 0xffff);
        CHECK(get16(network + 4) == (uint16_t)(get16(whole + NETWORK(s) + 4) + number));
    } else {
        CHECK(get16(network + 4) == size - NETWORK(s) - 40);
    }
    CHECK(sum_of(transport, length, pseudo_sum(s, frame, length)) == 0xffff);
    if (s->is_tcp) {
        CHECK(get32(transport + 4) == (uint32_t)(0xfffff000u + from));
        CHECK(transport[13] == (0x10 | (number == 0 ? 0x80 : 0) | (payload == left ? 0x09 : 0)));
    } else {
        CHECK(get16(transport + 4) == length);
    }
}

#endif
