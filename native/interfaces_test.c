/* Tests of ports on TAP devices and packet sockets. A pair of datagram sockets stands for the device, so no privilege is needed:
 * it carries what the kernel would give, with the header of PACKET_VNET_HDR before it. Real devices are in tests/native. */
#define _GNU_SOURCE
#include "test_core.h"
#include "test_trains.h"

#include <fcntl.h>

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
    static unsigned char message[HEADER_BYTES + MOST_BYTES + 1];
    size_t before = told != NULL ? HEADER_BYTES : 0;
    CHECK(before + size <= sizeof message);
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
    WAIT_FOR(counters_of(b->r.core, b->port).tx_frames == frames);
    return counters_of(b->r.core, b->port);
}

/* Waits until a port has counted so many drops of a kind. */
static void await_drops(const bed *b, int port, int reason, uint64_t wanted) {
    WAIT_FOR(DROPS(counters_of(b->r.core, port), reason) == wanted);
}

/* --- frames as they are --- */

static void test_tap_and_sizes(void) {
    static const struct virtio_net_hdr nothing = {0};
    static unsigned char frame[MOST_BYTES + 1], got[sizeof frame];
    bed b = open_bed(UDPFWD_TAP);
    fill(frame, sizeof frame);
    put(&b, NULL, frame, 3); /* not even a header */
    put(&b, &nothing, frame, 0);
    put(&b, &nothing, frame, 13);
    put(&b, &nothing, frame, UDPFWD_MAX_FRAME_BYTES + 1);
    put(&b, &nothing, frame, MOST_BYTES + 1);
    put(&b, &nothing, frame, UDPFWD_MAX_FRAME_BYTES);
    CHECK(get(b.node.node, got, sizeof got) == UDPFWD_MAX_FRAME_BYTES && memcmp(got, frame, UDPFWD_MAX_FRAME_BYTES) == 0);
    udpfwd_counters counters = counters_of(b.r.core, b.port);
    CHECK(counters.rx_drops[UDPFWD_DROP_EMPTY] == 2 && counters.rx_drops[UDPFWD_DROP_RUNT] == 1);
    CHECK(counters.rx_drops[UDPFWD_DROP_OVERSIZE] == 2 && counters.rx_frames == 1);
    CHECK(counters.rx_bytes == UDPFWD_MAX_FRAME_BYTES);
    test_send(b.node.node, b.node.fd, frame, 13);
    test_send(b.node.node, b.node.fd, frame, 60);
    CHECK(get(b.wire, got, sizeof got) == HEADER_BYTES + 60 && memcmp(got, &nothing, HEADER_BYTES) == 0);
    CHECK(memcmp(got + HEADER_BYTES, frame, 60) == 0);
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

/* --- what the kernel left to the device --- */

static void carry_train(int kind, shape s) {
    static unsigned char whole[MOST_BYTES], got[UDPFWD_MAX_FRAME_BYTES];
    bed b = open_bed(kind);
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
    static const shape shapes[] = {
        {.is_tcp = 1, .is_ipv4 = 1, .payload = 65160, .segment = 1448},
        {.is_tcp = 1, .is_ipv4 = 1, .payload = 2001, .segment = 1000, .tag_bytes = 4},
        {.is_tcp = 1, .is_ipv4 = 1, .payload = 20000, .segment = 101}, /* more than a batch */
        {.is_tcp = 1, .is_ipv4 = 1, .payload = 3000, .segment = 1000, .tag_bytes = 8, .options = 40},
        {.is_tcp = 1, .payload = 60000, .segment = 8948},
        {.is_tcp = 1, .payload = 5001, .segment = 1000, .tag_bytes = 4, .options = 16},
        {.is_ipv4 = 1, .payload = 30001, .segment = 1201},
        {.payload = 5000, .segment = 1200},
        {.is_tcp = 1, .is_ipv4 = 1, .payload = 600, .segment = 1448}, /* a train of one */
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        carry_train(UDPFWD_ETHERNET, shapes[i]);
        carry_train(UDPFWD_TAP, shapes[i]);
    }
}

static void test_checksum(int kind) {
    shape s = {.is_ipv4 = 1, .payload = 33};
    bed b = open_bed(kind);
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

/* Drops a train that a program behind the device has made, or whose account it has made up. */
typedef struct {
    shape shape;
    size_t at; /* a byte of the frame that is changed */
    unsigned char value;
    struct virtio_net_hdr told; /* the fields that are not 0 are changed */
    int clears_flags, clears_size;
} forgery;

static const shape ipv4_train = {.is_tcp = 1, .is_ipv4 = 1, .payload = 3000, .segment = 1000};
static const shape ipv6_train = {.is_tcp = 1, .payload = 3000, .segment = 1000, .options = 8};

static void test_trains_that_cannot_be_split(int kind) {
    static unsigned char frame[MOST_BYTES];
    const forgery forgeries[] = {
        {ipv4_train, .told.gso_type = VIRTIO_NET_HDR_GSO_UDP}, /* fragments of IP */
        {ipv4_train, .told.gso_type = VIRTIO_NET_HDR_GSO_TCPV6},
        {ipv4_train, .told.gso_type = 5 /* UDP_L4 */},
        {ipv4_train, .told.gso_type = VIRTIO_NET_HDR_GSO_ECN},
        {ipv4_train, .clears_flags = 1},
        {ipv4_train, .clears_size = 1},
        {ipv4_train, .told.gso_size = 1}, /* too many */
        {ipv4_train, .told.gso_size = UDPFWD_MAX_FRAME_BYTES},
        {ipv4_train, .told.csum_start = 3066 - 4},
        {ipv4_train, .told.csum_start = 20},
        {ipv4_train, .told.csum_start = 38},
        {ipv4_train, .told.csum_start = 65535},
        {ipv4_train, .told.csum_offset = 6},
        {ipv4_train, .told.csum_offset = 65535},
        {ipv4_train, .at = 34 + 12, .value = 4 << 4}, /* a TCP header of 16 bytes */
        {ipv4_train, .at = 12, .value = 0x88},        /* no IP */
        {ipv4_train, .at = 14, .value = 0x46},        /* options, which are not told of */
        {ipv4_train, .at = 14, .value = 0x55},        /* of version 5 */
        {ipv4_train, .at = 14 + 6, .value = 0x20},    /* a fragment */
        {ipv4_train, .at = 14 + 7, .value = 1},
        {ipv4_train, .at = 14 + 9, .value = 17}, /* of UDP */
        {ipv6_train, .at = 14, .value = 0x40},
        {ipv6_train, .at = 14 + 6, .value = 44}, /* a fragment */
        {ipv6_train, .at = 14 + 40, .value = 17},
        {ipv6_train, .at = 14 + 41, .value = 255}, /* a header that ends behind that of TCP */
        {ipv6_train, .told.csum_start = 14 + 40},
        {ipv6_train, .told.gso_type = VIRTIO_NET_HDR_GSO_TCPV4},
    };
    bed b = open_bed(kind);
    uint64_t dropped = 0;
    for (; dropped < sizeof forgeries / sizeof *forgeries; dropped++) {
        const forgery *f = &forgeries[dropped];
        struct virtio_net_hdr told;
        size_t size = make_train(&f->shape, frame, &told);
        frame[f->at] = f->at > 0 ? f->value : frame[0];
        told.flags = f->clears_flags ? 0 : told.flags;
        told.gso_type = f->told.gso_type > 0 ? f->told.gso_type : told.gso_type;
        told.gso_size = f->clears_size ? 0 : f->told.gso_size > 0 ? f->told.gso_size : told.gso_size;
        told.csum_start = f->told.csum_start > 0 ? f->told.csum_start : told.csum_start;
        told.csum_offset = f->told.csum_offset > 0 ? f->told.csum_offset : told.csum_offset;
        put(&b, &told, frame, size);
        await_drops(&b, b.port, UDPFWD_DROP_OVERSIZE, dropped + 1);
    }
    CHECK(counters_of(b.r.core, b.port).rx_frames == 0);
    struct virtio_net_hdr nothing = {0};
    put(&b, &nothing, frame, 60); /* the port goes on */
    CHECK(get(b.node.node, frame, sizeof frame) == 60);
    close_bed(&b);
}

int main(void) {
    test_tap_and_sizes();
    test_packet_socket();
    test_trains();
    test_checksum(UDPFWD_ETHERNET);
    test_checksum(UDPFWD_TAP);
    test_trains_that_cannot_be_split(UDPFWD_ETHERNET);
    test_trains_that_cannot_be_split(UDPFWD_TAP);
    puts("interfaces_test: 7 passed");
    return 0;
}
