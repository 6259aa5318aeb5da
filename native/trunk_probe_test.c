/* Keepalives and the search of the MTU, with a clock and a path that the test sets; and the bytes of headers and messages. */
#include "trunk_probe.h"

#include "test.h"

#define SECOND PROBE_INTERVAL_NS
#define TOKEN 0x1122334455667788ull

/* A peer behind a path: what is larger than 'mtu', or comes while it is away, is lost. */
typedef struct {
    probe p;
    uint64_t now;
    uint32_t mtu;
    int away;
    unsigned lose_every; /* n-th request; 0: none */
    unsigned sent;
    uint64_t delay;
} path;

static path open_path(uint32_t most, uint32_t mtu) {
    path way = {.now = SECOND, .mtu = mtu, .delay = 1000000};
    probe_begin(&way.p, way.now, TOKEN, most);
    return way;
}

/* Lets time pass; each request is answered after the delay. */
static void pass(path *way, uint64_t ns) {
    uint64_t end = way->now + ns;
    while (probe_due(&way->p) <= end) {
        if (way->now < probe_due(&way->p))
            way->now = probe_due(&way->p);
        probe_request request;
        while (probe_next(&way->p, way->now, &request)) {
            way->sent++;
            int lost = way->away || request.bytes + IP_UDP_BYTES > way->mtu || (way->lose_every && way->sent % way->lose_every == 0);
            if (lost)
                continue;
            way->now += way->delay;
            CHECK(probe_answered(&way->p, way->now, TOKEN, request.sequence) == 0);
            CHECK(probe_answered(&way->p, way->now, TOKEN, request.sequence) == -EINVAL); /* once only */
        }
    }
    way->now = end > way->now ? end : way->now;
}

static void test_up_and_down(void) {
    path way = open_path(1500, 1500);
    CHECK(way.p.state == UDPFWD_PEER_WAITING && probe_due(&way.p) == way.now);
    pass(&way, SECOND);
    CHECK(way.p.state == UDPFWD_PEER_UP && way.p.mtu == 1500 && way.p.round_trip_ns == way.delay);
    uint32_t changes = way.p.changes;
    way.away = 1;
    pass(&way, PROBE_DOWN_AFTER_NS - SECOND);
    CHECK(way.p.state == UDPFWD_PEER_UP && way.p.changes == changes);
    pass(&way, 2 * SECOND);
    CHECK(way.p.state == UDPFWD_PEER_DOWN && way.p.changes == changes + 1 && way.p.round_trip_ns == 0);
    CHECK(way.p.size_ns == 0); /* no size is tried while nobody answers */
    unsigned sent = way.sent;
    pass(&way, 10 * SECOND);
    CHECK(way.sent - sent == 10);
    way.away = 0;
    pass(&way, 2 * SECOND);
    CHECK(way.p.state == UDPFWD_PEER_UP && way.p.mtu == 1500 && probe_loss(&way.p, way.now) == 0);
}

/* The peer may learn of this trunk a moment later: the first keepalives come fast, the others once in a second. */
static void test_one_that_never_answers(void) {
    path way = open_path(1500, 1500);
    way.away = 1;
    pass(&way, SECOND);
    CHECK(way.sent >= 4 && way.p.state == UDPFWD_PEER_WAITING);
    pass(&way, 6 * SECOND);
    CHECK(way.p.state == UDPFWD_PEER_DOWN && way.sent < 12 && way.p.changes == 1);
}

static void test_forged_answers(void) {
    path way = open_path(1500, 1500);
    pass(&way, 3 * SECOND);
    const probe before = way.p;
    for (uint32_t sequence = 0; sequence < 100; sequence++) {
        CHECK(probe_answered(&way.p, way.now, TOKEN + 1, sequence) == -EINVAL);
        CHECK(probe_answered(&way.p, way.now, 0, sequence) == -EINVAL);
        CHECK(probe_answered(&way.p, way.now, TOKEN, before.next_sequence + sequence) == -EINVAL);
    }
    CHECK(memcmp(&before, &way.p, sizeof before) == 0);
}

/* A process that was stopped for a while does not take the peer for dead. */
static void test_standing_still(void) {
    path way = open_path(1500, 1500);
    pass(&way, 3 * SECOND);
    uint32_t changes = way.p.changes;
    way.now += 3600 * SECOND;
    pass(&way, 3 * SECOND);
    CHECK(way.p.state == UDPFWD_PEER_UP && way.p.changes == changes && probe_loss(&way.p, way.now) == 0);
    way.now += 3600 * SECOND;
    way.away = 1;
    pass(&way, PROBE_DOWN_AFTER_NS + 2 * SECOND);
    CHECK(way.p.state == UDPFWD_PEER_DOWN);
}

static void test_loss(void) {
    path way = open_path(1500, 1500);
    pass(&way, 2 * SECOND);
    way.lose_every = 4;
    pass(&way, 200 * SECOND);
    uint32_t loss = probe_loss(&way.p, way.now);
    CHECK(way.p.state == UDPFWD_PEER_UP && loss > 150000 && loss < 350000);
    way.lose_every = 0;
    pass(&way, (PROBE_HISTORY + 3) * SECOND);
    CHECK(probe_loss(&way.p, way.now) == 0 && way.p.mtu == 1500);
}

/* Whatever the path lets through, the search finds exactly that. */
static void test_every_mtu_is_found(void) {
    for (uint32_t mtu = PROBE_LEAST_BYTES; mtu <= 1500; mtu += mtu < 1490 ? 37 : 1) {
        path way = open_path(1500, mtu);
        pass(&way, 20 * SECOND);
        CHECK(way.p.mtu == mtu && way.p.state == UDPFWD_PEER_UP);
    }
    path jumbo = open_path(MAX_DATAGRAM_BYTES + IP_UDP_BYTES, MAX_DATAGRAM_BYTES + IP_UDP_BYTES);
    pass(&jumbo, SECOND);
    CHECK(jumbo.p.mtu == MAX_DATAGRAM_BYTES + IP_UDP_BYTES);
}

static void test_a_path_that_changes(void) {
    path way = open_path(1500, 1500);
    pass(&way, 5 * SECOND);
    way.mtu = 1400;
    pass(&way, 2 * PROBE_CHECK_NS);
    CHECK(way.p.mtu == 1400);
    way.mtu = 1450;
    pass(&way, (PROBE_GROWTH_CHECKS + 2) * PROBE_CHECK_NS);
    CHECK(way.p.mtu == 1450);
    way.mtu = 1500;
    pass(&way, (PROBE_GROWTH_CHECKS + 2) * PROBE_CHECK_NS);
    CHECK(way.p.mtu == 1500);
    uint32_t changes = way.p.changes;
    pass(&way, 300 * SECOND);
    CHECK(way.p.changes == changes);
}

/* Keepalives pass, but nothing that is one byte larger than them: there is no MTU to tell of, and it is looked for again. */
static void test_no_size_comes_through(void) {
    path way = open_path(PROBE_LEAST_BYTES + 100, PROBE_LEAST_BYTES);
    pass(&way, SECOND);
    way.p.mtu = 0;
    way.p.good = 0;
    way.mtu = PROBE_LEAST_BYTES - 1;
    way.p.size_ns = way.now;
    way.p.size = 0;
    way.p.state = UDPFWD_PEER_UP;
    pass(&way, 4 * SECOND);
    CHECK(way.p.mtu == 0);
    way.mtu = 1500;
    pass(&way, 3 * PROBE_CHECK_NS);
    CHECK(way.p.mtu == PROBE_LEAST_BYTES + 100);
}

static void test_what_the_interface_refuses(void) {
    path way = open_path(1500, 1500);
    pass(&way, SECOND);
    probe_request request;
    for (way.now = way.p.size_ns; probe_next(&way.p, way.now, &request);) { /* a check, at an interface with a smaller MTU */
        if (request.is_size && request.bytes + IP_UDP_BYTES > 1280)
            probe_unsent(&way.p, way.now, &request, EMSGSIZE);
        else
            CHECK(probe_answered(&way.p, way.now, TOKEN, request.sequence) == 0);
    }
    CHECK(way.p.mtu == 1280);
    probe_unsent(&way.p, way.now, &(probe_request){.sequence = 7, .is_size = 1}, EMSGSIZE); /* of an earlier size */
    CHECK(way.p.mtu == 1280 && way.p.error == 0);
    probe_unsent(&way.p, way.now, &(probe_request){.sequence = 8}, ENETUNREACH);
    CHECK(way.p.error == ENETUNREACH);
    pass(&way, 2 * SECOND);
    CHECK(way.p.error == 0);
}

static void test_answers_are_limited(void) {
    path way = open_path(1500, 1500);
    int answers = 0;
    for (int i = 0; i < 1000; i++)
        answers += probe_may_answer(&way.p, way.now);
    CHECK(answers == PROBE_MOST_ANSWERS && probe_may_answer(&way.p, way.now + SECOND));
}

static void test_bytes(void) {
    unsigned char bytes[200];
    const unsigned char header[] = {0x08, 0, 0, 0, 0x12, 0x34, 0x56, 0};
    put_vxlan(bytes, 0x123456);
    CHECK(memcmp(bytes, header, sizeof header) == 0 && get_vxlan(bytes, 8) == 0x123456);
    bytes[0] = 0xff; /* other flags and reserved bytes mean nothing (RFC 7348, 5) */
    bytes[7] = 0xff;
    CHECK(get_vxlan(bytes, 8) == 0x123456 && get_vxlan(bytes, 7) == -EINVAL && get_vxlan(bytes, 0) == -EINVAL);
    bytes[0] = 0xf7;
    CHECK(get_vxlan(bytes, 8) == -EINVAL);

    trunk_message said = {MESSAGE_REQUEST, 3080, TOKEN, 0xfedcba98}, heard;
    put_message(bytes, sizeof bytes, &said);
    CHECK(get_vxlan(bytes, sizeof bytes) == 0 && get_message(bytes, sizeof bytes, &heard) == 0);
    CHECK(heard.kind == said.kind && heard.udp_port == 3080 && heard.token == TOKEN && heard.sequence == 0xfedcba98);
    for (size_t size = 0; size < MESSAGE_BYTES; size++)
        CHECK(get_message(bytes, size, &heard) == -EINVAL);
    CHECK(get_message(bytes, MESSAGE_BYTES, &heard) == 0);
    static const size_t told[] = {20, 21, 22, 25, 26, 27}; /* the type, the magic number, version and kind */
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        bytes[told[i]] ^= 0x40;
        CHECK(get_message(bytes, sizeof bytes, &heard) == -EINVAL);
        bytes[told[i]] ^= 0x40;
    }
}

int main(void) {
    test_up_and_down();
    test_one_that_never_answers();
    test_forged_answers();
    test_standing_still();
    test_loss();
    test_every_mtu_is_found();
    test_a_path_that_changes();
    test_no_size_comes_through();
    test_what_the_interface_refuses();
    test_answers_are_limited();
    test_bytes();
    puts("trunk_probe_test: 11 passed");
    return 0;
}
