/* libFuzzer target: frames of any content, with any account of them, through TAP devices of a lab: two on a switch, of which some ports have
 * tags, and with a capture, filters and a node with a socket behind it. A pair of datagram sockets stands for each device.
 *
 * The input is a script. What leaves must be what the kernel may be given: single frames of which nothing is left to do, or trains whose
 * segments are single frames; and as much must be counted as leaves.
 */
#define _GNU_SOURCE
#include "fuzz_trains.h"
#include "segments.h"
#include "trains.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#define MUST(condition)                                                                                              \
    do {                                                                                                             \
        if (!(condition))                                                                                            \
            abort();                                                                                                 \
    } while (0)

enum { TAPS = 2, MAX_STEPS = 16, CAPTURE_BYTES = 65536 };

typedef struct {
    udpfwd *core;
    int wires[TAPS], fds[TAPS], taps[TAPS], node, node_port;
    udpfwd_capture *capture;
    uint64_t frames[TAPS], bytes[TAPS]; /* that left */
} bed;

static int mode_of(uint8_t byte) {
    return byte < 200 ? UDPFWD_ACCESS : byte % 3;
}

static void open_bed(bed *b, script *s) {
    char error[64];
    MUST(udpfwd_open(1, 1000000, &b->core) == 0);
    int bridge = udpfwd_bridge_open(b->core, next_byte(s) % 2 ? UDPFWD_HUB : UDPFWD_SWITCH);
    for (int i = 0; i < TAPS; i++) {
        int fds[2];
        MUST(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
        b->wires[i] = fds[0];
        b->fds[i] = fds[1];
        MUST((b->taps[i] = udpfwd_interface_open(b->core, b->fds[i], UDPFWD_TAP)) >= 0);
        MUST(udpfwd_bridge_join(b->core, bridge, b->taps[i], mode_of(next_byte(s)), 1, 0x88a8) == 0);
    }
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    b->node = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    MUST(bind(b->node, (struct sockaddr *)&here, sizeof here) == 0);
    MUST((b->node_port = udpfwd_port_open(b->core, b->node, INADDR_LOOPBACK, 9)) >= 0);
    MUST(udpfwd_bridge_join(b->core, bridge, b->node_port, mode_of(next_byte(s)), 1, 0x88a8) == 0);
    const udpfwd_capture_options options = {UDPFWD_PCAP, UDPFWD_RX | UDPFWD_TX, 65535, CAPTURE_BYTES, NULL};
    MUST(udpfwd_capture_open(b->core, b->taps[next_byte(s) % TAPS], &options, &b->capture, error, sizeof error) == 0);
    if (next_byte(s) % 4 == 0) {
        const udpfwd_filter filter = {.type = next_byte(s) % UDPFWD_FILTER_TYPES,
                                      .directions = next_byte(s) % 4,
                                      .parameters = {next_byte(s) * 1000, next_byte(s), next_byte(s)},
                                      .expression = "tcp"};
        udpfwd_port_set_filters(b->core, b->taps[0], &filter, 1, 1, UDPFWD_AS_BEFORE, error, sizeof error);
    }
}

static void close_bed(bed *b) {
    MUST(udpfwd_capture_stop(b->core, b->capture) == 0);
    udpfwd_capture_close(b->capture);
    udpfwd_close(b->core);
    for (int i = 0; i < TAPS; i++) {
        close(b->wires[i]);
        close(b->fds[i]);
    }
    close(b->node);
}

/* What came from a device: the kernel's account of a frame, and the frame. */
static void put(const bed *b, script *s) {
    static unsigned char message[MOST_MESSAGE_BYTES];
    size_t size = make_message(message, s);
    ssize_t sent = send(b->wires[next_byte(s) % TAPS], message, size, 0);
    (void)sent;
}

static port *tap_of(const bed *b, int i) {
    return find_port(b->core, b->taps[i]);
}

static void take_all(bed *b, int i) {
    static unsigned char message[HEADER_BYTES + LARGE_FRAME_BYTES + HEADROOM_BYTES];
    for (ssize_t size; (size = recv(b->wires[i], message, sizeof message, MSG_DONTWAIT)) >= 0;) {
        struct virtio_net_hdr told;
        MUST((size_t)size >= HEADER_BYTES + 14);
        memcpy(&told, message, sizeof told);
        size_t frame_bytes = (size_t)size - HEADER_BYTES, segments = 1, headers = 0;
        if (told.gso_type == VIRTIO_NET_HDR_GSO_NONE) {
            MUST(told.flags == 0 && frame_bytes <= UDPFWD_MAX_FRAME_BYTES + HEADROOM_BYTES);
        } else {
            frame_train train;
            MUST(open_train(&train, message + HEADER_BYTES, frame_bytes, &told, UDPFWD_MAX_FRAME_BYTES) == 0);
            segments = count_segments(&train);
            headers = train.headers;
            MUST(told.hdr_len == headers && segments > 1);
        }
        b->frames[i] += segments;
        b->bytes[i] += frame_bytes + (segments - 1) * headers;
    }
    const udpfwd_counters *counters = &tap_of(b, i)->counters;
    MUST(counters->tx_frames == b->frames[i] && counters->tx_bytes == b->bytes[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static unsigned char records[CAPTURE_BYTES];
    script s = {data, size};
    bed b = {0};
    open_bed(&b, &s);
    for (int step = 0; step < MAX_STEPS && s.left > 0; step++) {
        put(&b, &s);
        for (int i = 0; i < TAPS; i++) {
            worker *w = tap_of(&b, i)->worker;
            w->now_ns = w->wall_ns = 0;
            serve_port(w, tap_of(&b, i));
        }
        for (int i = 0; i < TAPS; i++)
            take_all(&b, i);
        MUST(udpfwd_capture_read(b.capture, records, sizeof records) >= 0);
    }
    close_bed(&b);
    return 0;
}
