/* Tests of ports on TAP devices and packet sockets. A pair of datagram sockets stands for the device, so no privilege is needed:
 * it carries what the kernel would give, with the header of PACKET_VNET_HDR before it. Real devices are in tests/native. */
#define _GNU_SOURCE
#include "test_core.h"

#include <fcntl.h>
#include <linux/virtio_net.h>

#define HEADER_BYTES sizeof(struct virtio_net_hdr)
#define MOST_BYTES 66048

/* A device, its port, and the node that it is patched to. */
typedef struct {
    running r;
    int wire, fd, port;
    end node;
} bed;

static bed open_bed(int kind) {
    bed b = {.r = start()};
    int fds[2];
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
    b.wire = fds[0];
    b.fd = fds[1];
    CHECK((b.port = udpfwd_interface_open(b.r.core, b.fd, kind)) >= 0);
    b.node = open_end(b.r.core);
    CHECK(udpfwd_patch(b.r.core, b.port, b.node.port) == 0);
    start_workers(&b.r);
    return b;
}

static void close_bed(bed *b) {
    stop(&b->r);
    close_end(&b->node);
    close(b->wire);
    close(b->fd);
}

static void put(const bed *b, const struct virtio_net_hdr *told, const void *frame, size_t size) {
    static unsigned char message[HEADER_BYTES + MOST_BYTES];
    size_t before = told != NULL ? HEADER_BYTES : 0;
    CHECK(size <= MOST_BYTES);
    if (told != NULL)
        memcpy(message, told, HEADER_BYTES);
    memcpy(message + before, frame, size);
    CHECK(send(b->wire, message, before + size, 0) == (ssize_t)(before + size));
}

static ssize_t get(int fd, void *data, size_t room) {
    return test_receive(fd, data, room);
}

/* Frames are counted after they were handed to the kernel. */
static udpfwd_counters await_sent(const bed *b, uint64_t frames) {
    for (int i = 0; counters_of(b->r.core, b->port).tx_frames != frames; i++) {
        CHECK(i < PATIENCE_MS);
        usleep(1000);
    }
    return counters_of(b->r.core, b->port);
}

/* Waits until a port has counted so many drops of a kind. */
static void await_drops(const bed *b, int port, int reason, uint64_t wanted) {
    for (int i = 0; DROPS(counters_of(b->r.core, port), reason) != wanted; i++) {
        CHECK(i < PATIENCE_MS);
        usleep(1000);
    }
}

static void fill(unsigned char *bytes, size_t n) {
    for (size_t i = 0; i < n; i++)
        bytes[i] = (unsigned char)(i * 7 + i / 251);
}

/* --- frames as they are --- */

static void test_tap_and_sizes(void) {
    bed b = open_bed(UDPFWD_TAP);
    unsigned char frame[UDPFWD_MAX_FRAME_BYTES + 2], got[sizeof frame];
    fill(frame, sizeof frame);
    put(&b, NULL, frame, 0);
    put(&b, NULL, frame, 13);
    put(&b, NULL, frame, UDPFWD_MAX_FRAME_BYTES + 1);
    put(&b, NULL, frame, UDPFWD_MAX_FRAME_BYTES);
    CHECK(get(b.node.node, got, sizeof got) == UDPFWD_MAX_FRAME_BYTES && memcmp(got, frame, UDPFWD_MAX_FRAME_BYTES) == 0);
    udpfwd_counters counters = counters_of(b.r.core, b.port);
    CHECK(counters.rx_drops[UDPFWD_DROP_EMPTY] == 1 && counters.rx_drops[UDPFWD_DROP_RUNT] == 1);
    CHECK(counters.rx_drops[UDPFWD_DROP_OVERSIZE] == 1 && counters.rx_frames == 1);
    CHECK(counters.rx_bytes == UDPFWD_MAX_FRAME_BYTES);
    test_send(b.node.node, b.node.fd, frame, 13);
    test_send(b.node.node, b.node.fd, frame, 60);
    CHECK(get(b.wire, got, sizeof got) == 60 && memcmp(got, frame, 60) == 0);
    counters = await_sent(&b, 1);
    CHECK(counters.tx_drops[UDPFWD_DROP_RUNT] == 1 && counters.tx_bytes == 60);
    CHECK(udpfwd_interface_open(b.r.core, b.fd, 0) == -EINVAL);
    close_bed(&b);
}

static void test_packet_socket(void) {
    static const struct virtio_net_hdr nothing = {0};
    bed b = open_bed(UDPFWD_ETHERNET);
    unsigned char frame[60], got[100];
    fill(frame, sizeof frame);
    put(&b, NULL, frame, 3); /* not even a header */
    put(&b, &nothing, frame, 0);
    put(&b, &nothing, frame, 13);
    put(&b, &nothing, frame, sizeof frame);
    CHECK(get(b.node.node, got, sizeof got) == sizeof frame && memcmp(got, frame, sizeof frame) == 0);
    udpfwd_counters counters = counters_of(b.r.core, b.port);
    CHECK(counters.rx_drops[UDPFWD_DROP_EMPTY] == 2 && counters.rx_drops[UDPFWD_DROP_RUNT] == 1);
    test_send(b.node.node, b.node.fd, frame, 13);
    for (int i = 0; i < 3; i++)
        test_send(b.node.node, b.node.fd, frame, sizeof frame);
    for (int i = 0; i < 3; i++) {
        CHECK(get(b.wire, got, sizeof got) == HEADER_BYTES + sizeof frame && memcmp(got, &nothing, HEADER_BYTES) == 0);
        CHECK(memcmp(got + HEADER_BYTES, frame, sizeof frame) == 0);
    }
    counters = await_sent(&b, 3);
    CHECK(counters.tx_drops[UDPFWD_DROP_RUNT] == 1 && counters.tx_bytes == 180);
    close_bed(&b);
}

/* --- what the kernel left to the device: checked by sums of bytes, which share nothing with segments.c --- */

static uint16_t get16(const unsigned char *at) {
    return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t get32(const unsigned char *at) {
    return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static uint32_t sum_of(const unsigned char *bytes, size_t n, uint32_t sum) {
    for (size_t i = 0; i < n; i++)
        sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

typedef struct {
    int is_tcp, is_ipv4;
    size_t tag_bytes, payload, segment;
} shape;

#define NETWORK(s) (14 + (s)->tag_bytes)
#define TRANSPORT(s) (NETWORK(s) + ((s)->is_ipv4 ? 20 : 40))
#define HEADERS(s) (TRANSPORT(s) + ((s)->is_tcp ? 32 : 8))
#define CHECKSUM_AT(s) ((s)->is_tcp ? 16 : 6)

static uint32_t pseudo_sum(const shape *s, const unsigned char *frame, size_t length) {
    const unsigned char *network = frame + NETWORK(s);
    return sum_of(network + (s->is_ipv4 ? 12 : 8), s->is_ipv4 ? 8 : 32, (s->is_tcp ? 6 : 17) + (uint32_t)length);
}

/* What the kernel gives for a frame of the shape; returns its size. */
static size_t make_train(const shape *s, unsigned char *frame, struct virtio_net_hdr *told) {
    size_t size = HEADERS(s) + s->payload, length = size - TRANSPORT(s);
    fill(frame, size);
    if (s->tag_bytes > 0)
        memcpy(frame + 12, "\x81\x00\x00\x07", 4);
    memcpy(frame + NETWORK(s) - 2, s->is_ipv4 ? "\x08\x00" : "\x86\xdd", 2);
    frame[NETWORK(s)] = s->is_ipv4 ? 0x45 : 0x60;
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
static void check_segment(const shape *s, const unsigned char *whole, const unsigned char *frame, size_t size, size_t number) {
    size_t from = number * s->segment, left = s->payload - from, payload = left < s->segment ? left : s->segment;
    size_t length = size - TRANSPORT(s);
    const unsigned char *network = frame + NETWORK(s), *transport = frame + TRANSPORT(s);
    CHECK(size == HEADERS(s) + payload && memcmp(frame, whole, NETWORK(s)) == 0);
    CHECK(memcmp(frame + HEADERS(s), whole + HEADERS(s) + from, payload) == 0);
    if (s->is_ipv4) {
        CHECK(get16(network + 2) == size - NETWORK(s) && sum_of(network, 20, 0) == 0xffff);
        CHECK(get16(network + 4) == (uint16_t)(get16(whole + NETWORK(s) + 4) + number));
    } else {
        CHECK(get16(network + 4) == length);
    }
    CHECK(sum_of(transport, length, pseudo_sum(s, frame, length)) == 0xffff);
    if (s->is_tcp) {
        CHECK(get32(transport + 4) == (uint32_t)(0xfffff000u + from));
        CHECK(transport[13] == (0x10 | (number == 0 ? 0x80 : 0) | (payload == left ? 0x09 : 0)));
    } else {
        CHECK(get16(transport + 4) == length);
    }
}

static void test_train(shape s) {
    static unsigned char whole[MOST_BYTES], got[UDPFWD_MAX_FRAME_BYTES];
    bed b = open_bed(UDPFWD_ETHERNET);
    struct virtio_net_hdr told;
    size_t size = make_train(&s, whole, &told), segments = (s.payload + s.segment - 1) / s.segment;
    put(&b, &told, whole, size);
    for (size_t i = 0; i < segments; i++) {
        ssize_t part = get(b.node.node, got, sizeof got);
        CHECK(part > 0);
        check_segment(&s, whole, got, (size_t)part, i);
    }
    udpfwd_counters counters = counters_of(b.r.core, b.port);
    CHECK(counters.rx_frames == segments && counters.rx_bytes == s.payload + segments * HEADERS(&s));
    close_bed(&b);
}

static void test_trains(void) {
    test_train((shape){.is_tcp = 1, .is_ipv4 = 1, .payload = 65160, .segment = 1448});
    test_train((shape){.is_tcp = 1, .is_ipv4 = 1, .payload = 2001, .segment = 1000, .tag_bytes = 4});
    test_train((shape){.is_tcp = 1, .is_ipv4 = 1, .payload = 20000, .segment = 101}); /* more than a batch */
    test_train((shape){.is_tcp = 1, .payload = 60000, .segment = 8948});
    test_train((shape){.is_ipv4 = 1, .payload = 30001, .segment = 1201});
    test_train((shape){.payload = 5000, .segment = 1200});
    test_train((shape){.is_tcp = 1, .is_ipv4 = 1, .payload = 600, .segment = 1448}); /* a train of one */
}

static void test_checksum(void) {
    shape s = {.is_ipv4 = 1, .payload = 33};
    bed b = open_bed(UDPFWD_ETHERNET);
    unsigned char frame[100], got[100];
    struct virtio_net_hdr told;
    size_t size = make_train(&s, frame, &told);
    told.gso_type = VIRTIO_NET_HDR_GSO_NONE;
    put(&b, &told, frame, size);
    CHECK(get(b.node.node, got, sizeof got) == (ssize_t)size);
    CHECK(sum_of(got + TRANSPORT(&s), size - TRANSPORT(&s), pseudo_sum(&s, got, size - TRANSPORT(&s))) == 0xffff);
    memset(got + TRANSPORT(&s) + 6, 0, 2);
    memset(frame + TRANSPORT(&s) + 6, 0, 2);
    CHECK(memcmp(got, frame, size) == 0); /* and nothing else is changed */
    told.csum_offset = (uint16_t)(size - told.csum_start - 1);
    put(&b, &told, frame, size);
    await_drops(&b, b.port, UDPFWD_DROP_OVERSIZE, 1);
    close_bed(&b);
}

static void test_trains_that_cannot_be_split(void) {
    static unsigned char frame[MOST_BYTES];
    shape s = {.is_tcp = 1, .is_ipv4 = 1, .payload = 3000, .segment = 1000};
    bed b = open_bed(UDPFWD_ETHERNET);
    struct virtio_net_hdr good;
    size_t size = make_train(&s, frame, &good);
    struct virtio_net_hdr wrong[] = {good, good, good, good, good, good, good};
    wrong[0].gso_type = VIRTIO_NET_HDR_GSO_UDP; /* fragments of IP */
    wrong[1].flags = 0;
    wrong[2].gso_size = 0;
    wrong[3].gso_size = UDPFWD_MAX_FRAME_BYTES;
    wrong[4].csum_start = (uint16_t)(size - 4);
    wrong[5].csum_start = 20;
    wrong[6].csum_offset = 6;
    uint64_t dropped = 0;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        put(&b, &wrong[i], frame, size), dropped++;
    frame[TRANSPORT(&s) + 12] = 4 << 4; /* a TCP header of 16 bytes */
    put(&b, &good, frame, size), dropped++;
    frame[12] = 0x88; /* no IP */
    put(&b, &good, frame, size), dropped++;
    good.gso_type = VIRTIO_NET_HDR_GSO_NONE;
    good.flags = 0;
    put(&b, &good, frame, UDPFWD_MAX_FRAME_BYTES + 1), dropped++;
    await_drops(&b, b.port, UDPFWD_DROP_OVERSIZE, dropped);
    CHECK(counters_of(b.r.core, b.port).rx_frames == 0);
    put(&b, &good, frame, 60); /* the port goes on */
    CHECK(get(b.node.node, frame, sizeof frame) == 60);
    close_bed(&b);
}

int main(void) {
    test_tap_and_sizes();
    test_packet_socket();
    test_trains();
    test_checksum();
    test_trains_that_cannot_be_split();
    puts("interfaces_test: 5 passed");
    return 0;
}
