/* Captures: which frames become records, and that a reader never sees half of one. */
#include "test_link.h"

#include <stdatomic.h>

enum { RING_BYTES = 65536, FRAME_BYTES = 100, BOTH = UDPFWD_RX | UDPFWD_TX };

static udpfwd_capture *open_capture(bed *b, int format, int directions, uint32_t snaplen, const char *expression) {
    udpfwd_capture *capture;
    char error[128];
    const udpfwd_capture_options options = {format, directions, snaplen, RING_BYTES, expression};
    CHECK(udpfwd_capture_open(b->r.core, b->l.a_tunnel, &options, &capture, error, sizeof error) == 0);
    return capture;
}

static void close_capture(bed *b, udpfwd_capture *capture) {
    CHECK(udpfwd_capture_stop(b->r.core, capture) == 0);
    udpfwd_capture_close(capture);
}

static void pass_frame(bed *b, int from_b, unsigned char byte, size_t size) {
    unsigned char frame[FRAME_BYTES], got[FRAME_BYTES];
    end *from = from_b ? &b->l.b : &b->l.a, *to = from_b ? &b->l.a : &b->l.b;
    memset(frame, byte, sizeof frame);
    test_send(from->node, from->fd, frame, size);
    CHECK(test_receive(to->node, got, sizeof got) == (ssize_t)size);
}

static void wait_for_data(bed *b) {
    uint64_t signals;
    struct pollfd wait = {.fd = udpfwd_captures_fd(b->r.core), .events = POLLIN};
    CHECK(poll(&wait, 1, PATIENCE_MS) == 1);
    CHECK(read(wait.fd, &signals, sizeof signals) == sizeof signals);
}

static uint32_t u32(const unsigned char *at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static void test_pcap_records(void) {
    bed b = open_bed();
    udpfwd_capture *capture = open_capture(&b, UDPFWD_PCAP, BOTH, 40, NULL);
    unsigned char records[256];
    CHECK(udpfwd_capture_read(capture, records, sizeof records) == 0);
    pass_frame(&b, 0, 1, 60);
    wait_for_data(&b);
    pass_frame(&b, 1, 2, 30);
    CHECK(udpfwd_capture_read(capture, records, 60) == 56); /* the first one only: records stay whole */
    CHECK(u32(records) > 1600000000u && u32(records + 4) < 1000000u && u32(records + 8) == 40 && u32(records + 12) == 60);
    CHECK(records[16] == 1 && records[55] == 1);
    CHECK(udpfwd_capture_read(capture, records, 10) == 0);
    CHECK(udpfwd_capture_read(capture, records, sizeof records) == 46);
    CHECK(u32(records + 8) == 30 && u32(records + 12) == 30 && records[16] == 2);
    udpfwd_capture_counters counters;
    udpfwd_capture_count(capture, &counters);
    CHECK(counters.frames == 2 && counters.bytes == 90 && counters.dropped == 0);
    close_capture(&b, capture);
    close_bed(&b);
}

static void test_pcapng_records(void) {
    bed b = open_bed();
    udpfwd_capture *capture = open_capture(&b, UDPFWD_PCAPNG, BOTH, 1000, NULL);
    unsigned char records[512];
    for (int from_b = 0; from_b < 2; from_b++) {
        pass_frame(&b, from_b, 7, 61);
        CHECK(udpfwd_capture_read(capture, records, sizeof records) == 28 + 64 + 16);
        CHECK(u32(records) == 6 && u32(records + 4) == 108 && u32(records + 104) == 108);
        CHECK(u32(records + 8) == (uint32_t)from_b && u32(records + 20) == 61 && u32(records + 24) == 61);
        CHECK(u32(records + 92) == (2 | 4 << 16) && u32(records + 96) == (from_b ? 1 : 2) && u32(records + 100) == 0);
    }
    close_capture(&b, capture);
    close_bed(&b);
}

static void test_which_frames_are_captured(void) {
    bed b = open_bed();
    udpfwd_capture *from_a = open_capture(&b, UDPFWD_PCAP, UDPFWD_TX, 1000, NULL);
    udpfwd_capture *arp = open_capture(&b, UDPFWD_PCAP, BOTH, 1000, "arp");
    udpfwd_capture *all = open_capture(&b, UDPFWD_PCAP, BOTH, 1000, NULL);
    unsigned char frame[60] = {[12] = 8, [13] = 6}, got[60], records[1024];
    test_send(b.l.a.node, b.l.a.fd, frame, sizeof frame);
    CHECK(test_receive(b.l.b.node, got, sizeof got) == 60);
    pass_frame(&b, 0, 9, 60);
    pass_frame(&b, 1, 9, 60);
    CHECK(udpfwd_capture_read(from_a, records, sizeof records) == 2 * 76);
    CHECK(udpfwd_capture_read(arp, records, sizeof records) == 76 && records[28] == 8 && records[29] == 6);
    CHECK(udpfwd_capture_read(all, records, sizeof records) == 3 * 76);
    /* What a filter drops is not seen, and a capture that is stopped sees nothing but can be read. */
    char error[128];
    CHECK(udpfwd_port_set_filters(b.r.core, b.l.a_tunnel, &(udpfwd_filter){UDPFWD_FILTER_LOSS, UDPFWD_TX, {1000000}, NULL}, 1,
                                  1, UDPFWD_AS_BEFORE, error, sizeof error) == 0);
    test_send(b.l.a.node, b.l.a.fd, frame, sizeof frame);
    pass_frame(&b, 1, 9, 60);
    CHECK(udpfwd_capture_stop(b.r.core, all) == 0);
    pass_frame(&b, 1, 9, 60);
    CHECK(udpfwd_capture_read(all, records, sizeof records) == 76);
    CHECK(udpfwd_capture_stop(b.r.core, all) == 0); /* stopped already is fine */
    udpfwd_capture_close(all);
    close_capture(&b, from_a);
    CHECK(udpfwd_port_close(b.r.core, b.l.a_tunnel) == 0); /* before its capture */
    close_capture(&b, arp);
    close_bed(&b);
}

static void test_a_full_ring_drops_records_and_no_frames(void) {
    enum { FRAMES = 2000, RECORD_BYTES = 16 + FRAME_BYTES };
    bed b = open_bed();
    udpfwd_capture *capture = open_capture(&b, UDPFWD_PCAP, BOTH, 1000, NULL);
    for (int i = 0; i < FRAMES; i++)
        pass_frame(&b, 0, (unsigned char)i, FRAME_BYTES);
    udpfwd_capture_counters counters;
    udpfwd_capture_count(capture, &counters);
    CHECK(counters.frames == RING_BYTES / RECORD_BYTES && counters.dropped == FRAMES - counters.frames);
    CHECK(counters.tx_frames == counters.frames && counters.tx_dropped == counters.dropped);
    uint64_t signals;
    CHECK(read(udpfwd_captures_full_fd(b.r.core), &signals, sizeof signals) == sizeof signals && signals == 1);
    static unsigned char records[RING_BYTES];
    int read = udpfwd_capture_read(capture, records, sizeof records);
    CHECK(read == (int)counters.frames * RECORD_BYTES);
    for (int i = 0; i < read / RECORD_BYTES; i++)
        CHECK(records[i * RECORD_BYTES + 16] == (unsigned char)i);
    close_capture(&b, capture);
    close_bed(&b);
}

typedef struct {
    udpfwd_capture *capture;
    atomic_int done;
    atomic_int records;
} reading;

static void *read_records(void *argument) {
    reading *r = argument;
    static unsigned char records[5000];
    for (int last = 0; !last;) {
        last = atomic_load(&r->done);
        int size;
        while ((size = udpfwd_capture_read(r->capture, records, sizeof records)) > 0) {
            int at = 0;
            for (; at < size; at += 16 + (int)u32(records + at + 8)) {
                CHECK(records[at + 16] == (unsigned char)r->records);
                r->records++;
            }
            CHECK(at == size);
        }
    }
    return NULL;
}

static void test_a_reader_beside_the_worker(void) {
    enum { FRAMES = 5000 };
    bed b = open_bed();
    reading r = {.capture = open_capture(&b, UDPFWD_PCAP, BOTH, 1000, NULL)};
    pthread_t reader;
    CHECK(pthread_create(&reader, NULL, read_records, &r) == 0);
    for (int i = 0; i < FRAMES; i++) {
        while (i - atomic_load(&r.records) > RING_BYTES / 200) /* a busy machine may not let the reader run */
            usleep(100);
        pass_frame(&b, 0, (unsigned char)i, 20 + (size_t)i % 80);
    }
    atomic_store(&r.done, 1);
    CHECK(pthread_join(reader, NULL) == 0);
    CHECK(r.records == FRAMES);
    close_capture(&b, r.capture);
    close_bed(&b);
}

static void test_errors(void) {
    bed b = open_bed();
    udpfwd_capture *capture;
    char error[128];
    udpfwd_capture_options options = {UDPFWD_PCAP, BOTH, 1000, RING_BYTES, "no such"};
    CHECK(udpfwd_capture_open(b.r.core, b.l.a_tunnel, &options, &capture, error, sizeof error) == -EINVAL && error[0]);
    options.expression = NULL;
    CHECK(udpfwd_capture_open(b.r.core, 99, &options, &capture, error, sizeof error) == -ENOENT);
    options.ring_bytes = 70000;
    CHECK(udpfwd_capture_open(b.r.core, b.l.a_tunnel, &options, &capture, error, sizeof error) == -EINVAL);
    close_bed(&b);
}

int main(void) {
    test_pcap_records();
    test_pcapng_records();
    test_which_frames_are_captured();
    test_a_full_ring_drops_records_and_no_frames();
    test_a_reader_beside_the_worker();
    test_errors();
    puts("capture_test: 6 passed");
    return 0;
}
