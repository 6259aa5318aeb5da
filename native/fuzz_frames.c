/* libFuzzer target: frames of any content through a switch with every kind of port, filters, captures and held frames.
 *
 * The input is a script: each step is a byte that says what happens, and the bytes that it needs. Besides what the sanitizers see,
 * frames must be as before when the way through the core returns, and must be accounted for.
 */
#define _GNU_SOURCE
#include "worker.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MUST(condition)                                                                                              \
    do {                                                                                                             \
        if (!(condition))                                                                                            \
            abort();                                                                                                 \
    } while (0)

enum { PORTS = 6, MAX_STEPS = 64, MAX_FRAME = 300, CAPTURE_BYTES = 65536 };

typedef struct {
    const uint8_t *bytes;
    size_t left;
} script;

static uint8_t next_byte(script *s) {
    if (s->left == 0)
        return 0;
    s->left--;
    return *s->bytes++;
}

static uint16_t next_u16(script *s) {
    return (uint16_t)(next_byte(s) << 8 | next_byte(s));
}

typedef struct {
    udpfwd *core;
    int ports[PORTS];
    int fds[PORTS];
    int bridge;
    udpfwd_capture *capture;
} bed;

static int bound_socket(void) {
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    MUST(fd >= 0 && bind(fd, (struct sockaddr *)&here, sizeof here) == 0);
    return fd;
}

static void open_bed(bed *b, script *s) {
    static const uint16_t ethertypes[] = {0x8100, 0x88a8, 0x9100, 0x9200};
    MUST(udpfwd_open(1, 1000000, &b->core) == 0);
    MUST((b->bridge = udpfwd_bridge_open(b->core, UDPFWD_SWITCH)) >= 0);
    for (int i = 0; i < PORTS; i++) {
        b->fds[i] = bound_socket();
        MUST((b->ports[i] = udpfwd_port_open(b->core, b->fds[i], INADDR_LOOPBACK, 9)) >= 0);
        uint8_t kind = next_byte(s);
        MUST(udpfwd_bridge_join(b->core, b->bridge, b->ports[i], kind % 3, (uint16_t)(1 + kind / 3 % 3 * 9),
                                ethertypes[kind / 9 % 4]) == 0);
    }
    /* The last two are joined to each other: a circle. */
    MUST(udpfwd_splice(b->core, b->ports[PORTS - 2], b->ports[PORTS - 1]) == 0);
    const udpfwd_capture_options options = {next_byte(s) % 2, UDPFWD_RX | UDPFWD_TX, 1 + next_byte(s), CAPTURE_BYTES, NULL};
    char error[64];
    MUST(udpfwd_capture_open(b->core, b->ports[0], &options, &b->capture, error, sizeof error) == 0);
}

static void close_bed(bed *b) {
    MUST(udpfwd_capture_stop(b->core, b->capture) == 0);
    udpfwd_capture_close(b->capture);
    udpfwd_close(b->core);
    for (int i = 0; i < PORTS; i++)
        close(b->fds[i]);
}

static void send_frames_in(bed *b, script *s) {
    static unsigned char room[UDPFWD_BATCH_FRAMES][HEADROOM_BYTES + MAX_FRAME], before[UDPFWD_BATCH_FRAMES][MAX_FRAME];
    struct iovec frames[UDPFWD_BATCH_FRAMES];
    int n = 1 + next_byte(s) % UDPFWD_BATCH_FRAMES;
    port *from = find_port(b->core, b->ports[next_byte(s) % PORTS]);
    for (int i = 0; i < n; i++) {
        size_t size = 1 + (size_t)next_u16(s) % MAX_FRAME, known = size < s->left ? size : s->left;
        unsigned char *bytes = room[i] + HEADROOM_BYTES;
        memset(bytes, 0, size);
        memcpy(bytes, s->bytes, known);
        s->bytes += known < 20 ? known : 20; /* what follows is used again as the next frame */
        s->left -= known < 20 ? known : 20;
        memcpy(before[i], bytes, size);
        frames[i] = (struct iovec){bytes, size};
    }
    worker *w = from->worker;
    w->now_ns = w->wall_ns = 0;
    w->budget = n * COPIES_PER_FRAME;
    receive_at(w, from, frames, n, &(path){0});
    for (int i = 0; i < n; i++)
        MUST(memcmp(frames[i].iov_base, before[i], frames[i].iov_len) == 0);
}

static void set_filters(bed *b, script *s) {
    udpfwd_filter filters[4];
    int n = next_byte(s) % 5;
    for (int i = 0; i < n; i++) {
        filters[i] = (udpfwd_filter){.type = next_byte(s) % 9, .directions = next_byte(s) % 4};
        for (int k = 0; k < 3; k++)
            filters[i].parameters[k] = (int64_t)next_u16(s) * (next_byte(s) % 2 ? 1 : 1000) - 1;
        filters[i].expression = next_byte(s) % 2 ? "vlan or ip6" : "ether[0] & 1 != 0";
    }
    char error[64];
    int port_id = b->ports[next_byte(s) % PORTS], suspended = next_byte(s) % 3 - 1;
    int result = udpfwd_port_set_filters(b->core, port_id, filters, n, next_byte(s), suspended, error, sizeof error);
    MUST(result == 0 || result == -EINVAL);
}

static void read_capture(bed *b) {
    static unsigned char records[CAPTURE_BYTES];
    MUST(udpfwd_capture_read(b->capture, records, sizeof records) >= 0);
}

static void release(bed *b) {
    worker *w = &b->core->workers[0];
    w->now_ns = next_release(w); /* time flies */
    release_due(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    script s = {data, size};
    bed b;
    open_bed(&b, &s);
    for (int step = 0; step < MAX_STEPS && s.left > 0; step++) {
        switch (next_byte(&s) % 8) {
        case 0:
            set_filters(&b, &s);
            break;
        case 1:
            release(&b);
            break;
        case 2:
            read_capture(&b);
            break;
        case 3:
            MUST(udpfwd_port_suspend(b.core, b.ports[next_byte(&s) % PORTS], next_byte(&s) % 2) == 0);
            break;
        default:
            send_frames_in(&b, &s);
        }
    }
    close_bed(&b);
    return 0;
}
