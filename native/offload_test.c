/* Links that the kernel serves: what passes them, how it is counted, and that whatever looks at frames gets to see them. Workers run. */
#define _GNU_SOURCE
#include "test_core.h"
#include "udp_segments.h"

#include <dirent.h>

enum { BOTH = UDPFWD_RX | UDPFWD_TX };

/* A spliced link between two nodes whose frames the kernel moves, with running workers. */
typedef struct {
    running r;
    link_ends l;
} bed;

static void wait_offloaded(const bed *b, int port, uint32_t directions) {
    for (int ms = 0; counters_of(b->r.core, port).offloaded != directions; ms++) {
        CHECK(ms < PATIENCE_MS);
        usleep(1000);
    }
}

static void wait_begun(const bed *b) {
    wait_offloaded(b, b->l.a.port, BOTH);
    wait_offloaded(b, b->l.b.port, BOTH);
}

static bed open_bed(void) {
    bed b = {.r = start()};
    CHECK(udpfwd_offload(b.r.core) == 0);
    b.l = open_link(b.r.core);
    CHECK(udpfwd_splice(b.r.core, b.l.a_tunnel, b.l.b_tunnel) == 0);
    start_workers(&b.r);
    wait_begun(&b);
    return b;
}

static void close_bed(bed *b) {
    stop(&b->r);
    close_link(&b->l);
}

/* A frame goes through, and comes from the port that the node at that end knows. */
static void check_frame(const bed *b, const char *text) {
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    test_send(b->l.a.node, b->l.a.fd, text, strlen(text));
    struct pollfd wait = {.fd = b->l.b.node, .events = POLLIN};
    CHECK(poll(&wait, 1, PATIENCE_MS) == 1);
    char data[64];
    CHECK(recvfrom(b->l.b.node, data, sizeof data, 0, (struct sockaddr *)&from, &size) == (ssize_t)strlen(text));
    CHECK(memcmp(data, text, strlen(text)) == 0);
    CHECK(ntohs(from.sin_port) == test_port_of(b->l.b.fd));
}

static void test_frames_pass_both_ways_and_are_counted_at_every_port(void) {
    bed b = open_bed();
    CHECK(udpfwd_offload(b.r.core) == -EBUSY);
    check_frame(&b, "to b");
    test_send(b.l.b.node, b.l.b.fd, "to a!", 5);
    expect(b.l.a.node, "to a!");
    const int way[] = {b.l.a.port, b.l.a_tunnel, b.l.b_tunnel, b.l.b.port};
    for (int again = 0; again < 2; again++) {
        for (int i = 0; i < 4; i++) {
            udpfwd_counters now = counters_of(b.r.core, way[i]);
            int is_first_way_in = i % 2 == 0;
            CHECK(now.rx_frames == 1 && now.tx_frames == 1);
            CHECK(now.rx_bytes == (is_first_way_in ? 4 : 5) && now.tx_bytes == (is_first_way_in ? 5 : 4));
            CHECK(now.offloaded == (again ? 0 : BOTH));
        }
        /* What was counted stays when the flows end. */
        CHECK(udpfwd_port_suspend(b.r.core, b.l.a_tunnel, 1) == 0);
    }
    close_bed(&b);
}

static void test_statistics_are_signalled(void) {
    bed b = open_bed();
    struct pollfd wait = {.fd = udpfwd_stats_fd(b.r.core), .events = POLLIN};
    for (int i = 0; i < 3; i++) {
        uint64_t signals;
        ssize_t got = read(wait.fd, &signals, sizeof signals);
        (void)got; /* there may have been none */
        uint64_t before = counters_of(b.r.core, b.l.a.port).rx_frames;
        check_frame(&b, "x");
        CHECK(poll(&wait, 1, PATIENCE_MS) == 1);
        CHECK(counters_of(b.r.core, b.l.a.port).rx_frames == before + 1);
    }
    close_bed(&b);
}

static void test_filters_see_every_frame(void) {
    bed b = open_bed();
    char error[128];
    const udpfwd_filter all = {UDPFWD_FILTER_LOSS, UDPFWD_TX, {1000000}, NULL};
    CHECK(udpfwd_port_set_filters(b.r.core, b.l.a_tunnel, &all, 1, 1, UDPFWD_AS_BEFORE, error, sizeof error) == 0);
    test_send(b.l.a.node, b.l.a.fd, "lost", 4);
    while (counters_of(b.r.core, b.l.a_tunnel).tx_drops[UDPFWD_DROP_FILTER] == 0)
        usleep(100);
    wait_offloaded(&b, b.l.a.port, UDPFWD_TX); /* no filter is in the other direction */
    test_send(b.l.b.node, b.l.b.fd, "back", 4);
    expect(b.l.a.node, "back");
    CHECK(!test_has_data(b.l.b.node));
    CHECK(udpfwd_port_set_filters(b.r.core, b.l.a_tunnel, NULL, 0, 1, UDPFWD_AS_BEFORE, error, sizeof error) == 0);
    wait_begun(&b);
    check_frame(&b, "passes");
    close_bed(&b);
}

static void test_captures_see_every_frame(void) {
    bed b = open_bed();
    char error[128];
    unsigned char records[4096];
    udpfwd_capture *capture;
    const udpfwd_capture_options options = {UDPFWD_PCAP, BOTH, 64, 65536, NULL};
    CHECK(udpfwd_capture_open(b.r.core, b.l.b_tunnel, &options, &capture, error, sizeof error) == 0);
    check_frame(&b, "seen");
    udpfwd_capture_counters seen;
    udpfwd_capture_count(capture, &seen);
    CHECK(seen.frames == 1 && udpfwd_capture_read(capture, records, sizeof records) == 16 + 4);
    CHECK(udpfwd_capture_stop(b.r.core, capture) == 0);
    udpfwd_capture_close(capture);
    wait_begun(&b);
    check_frame(&b, "unseen");
    close_bed(&b);
}

static void test_a_suspended_link_passes_nothing(void) {
    bed b = open_bed();
    CHECK(udpfwd_port_suspend(b.r.core, b.l.b_tunnel, 1) == 0);
    test_send(b.l.a.node, b.l.a.fd, "no", 2);
    while (counters_of(b.r.core, b.l.b_tunnel).rx_drops[UDPFWD_DROP_SUSPENDED] == 0)
        usleep(100);
    CHECK(udpfwd_port_suspend(b.r.core, b.l.b_tunnel, 0) == 0);
    check_frame(&b, "yes");
    wait_begun(&b);
    check_frame(&b, "yes again");
    close_bed(&b);
}

static void test_links_that_change_and_end(void) {
    bed b = open_bed();
    CHECK(udpfwd_unsplice(b.r.core, b.l.a_tunnel) == 0);
    check_frame(&b, "sockets");
    CHECK(udpfwd_splice(b.r.core, b.l.a_tunnel, b.l.b_tunnel) == 0);
    wait_begun(&b);
    CHECK(udpfwd_unpatch(b.r.core, b.l.b.port) == 0);
    test_send(b.l.a.node, b.l.a.fd, "unlinked", 8);
    while (counters_of(b.r.core, b.l.b_tunnel).rx_drops[UDPFWD_DROP_UNLINKED] == 0)
        usleep(100);
    CHECK(udpfwd_patch(b.r.core, b.l.b.port, b.l.b_tunnel) == 0);
    wait_begun(&b);
    uint64_t before = counters_of(b.r.core, b.l.a.port).rx_frames;
    CHECK(udpfwd_port_close(b.r.core, b.l.b.port) == 0);
    CHECK(counters_of(b.r.core, b.l.a.port).offloaded == 0);
    test_send(b.l.a.node, b.l.a.fd, "to the end", 10);
    while (counters_of(b.r.core, b.l.a.port).rx_frames == before)
        usleep(100);
    CHECK(!test_has_data(b.l.b.node) && !test_has_data(b.l.a.node));
    close_bed(&b);
}

static void test_bridges_and_other_addresses_are_the_workers(void) {
    running r = start();
    CHECK(udpfwd_offload(r.core) == 0);
    end a = open_end(r.core), b = open_end(r.core), c = open_end(r.core), d = {.node = test_socket(), .fd = test_socket()};
    d.port = udpfwd_port_open(r.core, d.fd, INADDR_LOOPBACK + 1, 9);
    int hub = udpfwd_bridge_open(r.core, UDPFWD_HUB);
    CHECK(udpfwd_bridge_join(r.core, hub, a.port, 0, 1, 0) == 0 && udpfwd_bridge_join(r.core, hub, b.port, 0, 1, 0) == 0);
    CHECK(udpfwd_patch(r.core, c.port, d.port) == 0);
    end e = open_end(r.core), f = open_end(r.core);
    CHECK(udpfwd_patch(r.core, e.port, f.port) == 0);
    start_workers(&r);
    bed whole = {.r = r};
    wait_offloaded(&whole, e.port, BOTH); /* in the look in which it found nothing to do with the others */
    const int others[] = {a.port, b.port, c.port, d.port};
    for (int i = 0; i < 4; i++)
        CHECK(counters_of(r.core, others[i]).offloaded == 0);
    test_send(a.node, a.fd, "over the hub", 12);
    expect(b.node, "over the hub");
    stop(&r);
    end *ends[] = {&a, &b, &c, &d, &e, &f};
    for (int i = 0; i < 6; i++)
        close_end(ends[i]);
}

static void test_what_the_core_drops_is_left_to_it(void) {
    static char large[UDPFWD_MAX_FRAME_BYTES + 1], data[UDPFWD_MAX_FRAME_BYTES + 1];
    bed b = open_bed();
    int stranger = test_socket();
    test_send(stranger, b.l.a.fd, "mine?", 5);
    test_send(b.l.a.node, b.l.a.fd, "", 0);
    test_send(b.l.a.node, b.l.a.fd, large, sizeof large);
    test_send(b.l.a.node, b.l.a.fd, large, sizeof large - 1);
    CHECK(test_receive(b.l.b.node, data, sizeof data) == UDPFWD_MAX_FRAME_BYTES);
    udpfwd_counters now;
    do
        now = counters_of(b.r.core, b.l.a.port);
    while (now.rx_drops[UDPFWD_DROP_EMPTY] == 0 || now.rx_drops[UDPFWD_DROP_OVERSIZE] == 0);
    CHECK(now.rx_frames == 1 && now.rx_bytes == UDPFWD_MAX_FRAME_BYTES && !test_has_data(b.l.b.node));
    close(stranger);
    close_bed(&b);
}

static uint32_t add_words(uint32_t sum, const unsigned char *bytes, size_t size) {
    for (size_t i = 0; i < size; i += 2)
        sum += (uint32_t)(bytes[i] << 8 | (i + 1 < size ? bytes[i + 1] : 0));
    return sum;
}

/* Nodes on other machines' devices compute checksums in full (RFC 768); on loopback the kernel leaves them out. */
static void test_a_checksum_that_is_there_fits_the_new_ports(void) {
    bed b = open_bed();
    int raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP);
    CHECK(raw >= 0);
    unsigned char pseudo_header[] = {127, 0, 0, 1, 127, 0, 0, 1, 0, IPPROTO_UDP, 0, 13};
    unsigned char datagram[] = "ssddllccsumme";
    uint16_t header[] = {htons(test_port_of(b.l.a.node)), htons(test_port_of(b.l.a.fd)), htons(13), 0};
    memcpy(datagram, header, sizeof header);
    uint32_t sum = add_words(add_words(0, pseudo_header, sizeof pseudo_header), datagram, 13);
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    header[3] = htons((uint16_t)~sum);
    memcpy(datagram, header, sizeof header);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CHECK(sendto(raw, datagram, 13, 0, (struct sockaddr *)&here, sizeof here) == 13);
    expect(b.l.b.node, "summe");
    CHECK(counters_of(b.r.core, b.l.b.port).tx_frames == 1 && counters_of(b.r.core, b.l.b.port).offloaded == BOTH);
    close(raw);
    close_bed(&b);
}

static void test_trains_and_datagrams_without_checksum(void) {
    static char train[10 * 100 - 50], data[200];
    bed b = open_bed();
    int segment = 100, on = 1;
    CHECK(setsockopt(b.l.a.node, SOL_UDP, UDP_SEGMENT, &segment, sizeof segment) == 0);
    test_send(b.l.a.node, b.l.a.fd, train, sizeof train);
    for (int i = 0; i < 10; i++)
        CHECK(test_receive(b.l.b.node, data, sizeof data) == (i < 9 ? 100 : 50));
    udpfwd_counters now = counters_of(b.r.core, b.l.b.port);
    CHECK(now.tx_frames == 10 && now.tx_bytes == sizeof train && now.offloaded == BOTH);
    segment = 0;
    CHECK(setsockopt(b.l.a.node, SOL_UDP, UDP_SEGMENT, &segment, sizeof segment) == 0);
    CHECK(setsockopt(b.l.a.node, SOL_SOCKET, SO_NO_CHECK, &on, sizeof on) == 0);
    check_frame(&b, "no checksum");
    close_bed(&b);
}

static void test_nobody_at_the_other_end(void) {
    bed b = open_bed();
    uint16_t number = test_port_of(b.l.b.node);
    close(b.l.b.node);
    test_send(b.l.a.node, b.l.a.fd, "lost", 4);
    while (counters_of(b.r.core, b.l.b.port).refused == 0)
        usleep(100);
    CHECK(counters_of(b.r.core, b.l.b.port).offloaded == BOTH);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(number), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    b.l.b.node = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CHECK(bind(b.l.b.node, (struct sockaddr *)&address, sizeof address) == 0);
    check_frame(&b, "and it is back");
    close_bed(&b);
}

static int open_descriptors(void) {
    int found = 0;
    DIR *folder = opendir("/proc/self/fd");
    CHECK(folder != NULL);
    while (readdir(folder) != NULL)
        found++;
    closedir(folder);
    return found;
}

static int has_map(void) {
    char line[512];
    int found = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    CHECK(maps != NULL);
    while (fgets(line, sizeof line, maps) != NULL)
        found |= strstr(line, "bpf-map") != NULL;
    fclose(maps);
    return found;
}

/* The program lives as long as the descriptor of its link. */
static void test_nothing_is_left_when_the_core_is_closed(void) {
    int before = open_descriptors();
    bed b = open_bed();
    CHECK(has_map());
    stop(&b.r);
    test_send(b.l.a.node, b.l.a.fd, "to the socket", 13);
    expect(b.l.a.fd, "to the socket");
    close_link(&b.l);
    CHECK(open_descriptors() == before && !has_map());
}

int main(void) {
    if (!can_offload("offload_test"))
        return 0;
    test_frames_pass_both_ways_and_are_counted_at_every_port();
    test_statistics_are_signalled();
    test_filters_see_every_frame();
    test_captures_see_every_frame();
    test_a_suspended_link_passes_nothing();
    test_links_that_change_and_end();
    test_bridges_and_other_addresses_are_the_workers();
    test_what_the_core_drops_is_left_to_it();
    test_a_checksum_that_is_there_fits_the_new_ports();
    test_trains_and_datagrams_without_checksum();
    test_nobody_at_the_other_end();
    test_nothing_is_left_when_the_core_is_closed();
    printf("offload_test: 12 passed\n");
    return 0;
}
