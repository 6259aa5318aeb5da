/* IPv4 and IPv6: sizes, fragments, what is refused, and what is told about it. */
#define _GNU_SOURCE
#include "pc_icmp.h"

#include "test_pc.h"

enum { FRAGMENT_NEXT = 44 };

/* Hosts there are that take padding for data of a fragment. */
static int is_padded_fragment(const seen_frame *frame) {
    int is_fragment = get16(frame->bytes + 12) == 0x0800 && (get16(frame->bytes + 20) & 0x3fff) != 0;
    return is_fragment && frame->size != 14u + get16(frame->bytes + 16);
}

static void ping_sizes(const pc_address *target, const uint32_t *sizes, int count, uint32_t header) {
    for (int i = 0; i < count; i++) {
        udpfwd_pc_event event = {0};
        udpfwd_pc_request ping = test_ping(target, 1);
        ping.data_bytes = sizes[i];
        forget_seen();
        start_job(0, &ping);
        run_for(5 * PC_SECOND_NS);
        CHECK(count_told(UDPFWD_PC_REPLY, &event) == 1 && event.bytes == sizes[i] + header + 8 && event.ttl == 64);
        for (int k = 0; k < bed.seen; k++)
            CHECK(bed.frames[k].size <= 14 + 1500 && bed.frames[k].size >= 60 && !is_padded_fragment(&bed.frames[k]));
        CHECK(bed.hosts[0].reassemblies == NULL && bed.hosts[1].reassemblies == NULL);
    }
}

static void test_sizes_of_pings(void) {
    static const uint32_t sizes[] = {0, 1, 17, 1471, 1472, 1473, 1480, 1497, 1498, 2952, 2953, 10000, 65506, 65507};
    open_hosts(2);
    ping_sizes(&bed.hosts[1].ipv4, sizes, 14, 20);
    ping_sizes(&bed.hosts[1].link_local, sizes, 14, 40);
    close_hosts();
}

/* Each with an MTU of its own: what one sends in one frame the other answers in many. */
static void test_sizes_with_small_mtus(void) {
    static const uint32_t sizes[] = {548, 549, 10000, 65507};
    open_hosts(2);
    bed.hosts[1].identity.mtu = 576;
    ping_sizes(&bed.hosts[1].ipv4, sizes, 4, 20);
    bed.hosts[1].identity.mtu = 1280;
    ping_sizes(&bed.hosts[1].link_local, sizes, 4, 40);
    close_hosts();
}

static void test_what_must_not_be_fragmented(void) {
    udpfwd_pc_event event = {0};
    open_hosts(2);
    for (int family = 4; family <= 6; family += 2) {
        udpfwd_pc_request ping = test_ping(family == 4 ? &bed.hosts[1].ipv4 : &bed.hosts[1].link_local, 1);
        ping.dont_fragment = 1;
        ping.data_bytes = family == 4 ? 1472 : 1452;
        forget_seen();
        start_job(0, &ping);
        run_for(5 * PC_SECOND_NS);
        CHECK(count_told(UDPFWD_PC_REPLY, NULL) == 1 && count_told(UDPFWD_PC_NOT_SENT, NULL) == 0);
        ping.data_bytes++;
        start_job(0, &ping);
        run_for(5 * PC_SECOND_NS);
        CHECK(count_told(UDPFWD_PC_NOT_SENT, &event) == 1 && event.code == UDPFWD_PC_TOO_BIG && event.mtu == 1500);
    }
    close_hosts();
}

/* --- fragments from outside --- */

static unsigned char echo[4000];

static void make_echo(size_t size) {
    memset(echo, 7, sizeof echo);
    echo[0] = 8;
    echo[1] = 0;
    put16(echo + 2, 0);
    put16(echo + 2, finish_sum(add_to_sum(0, echo, size)));
}

static void give_fragment(uint32_t offset, uint32_t size, int more) {
    unsigned char packet[4100];
    size_t bytes = make_ipv4(packet, "10.0.0.2", "10.0.0.1", 1, 64, offset / 8 | (more ? 0x2000 : 0), echo + offset, size);
    give_frame(0, 2, 1, 0x0800, packet, bytes);
}

static int answers(void) {
    forget_seen();
    run_for(PC_SECOND_NS);
    int found = 0;
    for (int i = 0; i < bed.seen; i++)
        found += bed.frames[i].bytes[23] == 1 && bed.frames[i].bytes[34] == 0 && (get16(bed.frames[i].bytes + 20) & 0x1fff) == 0;
    return found;
}

static void know_neighbour(void) {
    const pc_address other = test_ipv4("10.0.0.2");
    static const uint8_t mac[] = {0, 0x50, 0x79, 0x66, 0x68, 2};
    pc_learn(&bed.hosts[0], &other, mac, 1);
}

/* In any order, and twice. */
static void test_fragments_in_any_order(void) {
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    open_hosts(1);
    make_echo(3000);
    for (int i = 0; i < 6; i++) {
        know_neighbour();
        for (int k = 0; k < 3; k++) {
            give_fragment(1000u * (unsigned)orders[i][k], 1000, orders[i][k] < 2);
            if (k < 2)
                give_fragment(1000u * (unsigned)orders[i][k], 1000, orders[i][k] < 2);
        }
        CHECK(answers() == 1);
        run_for(UDPFWD_PC_NEIGHBOUR_SECONDS * PC_SECOND_NS);
    }
    CHECK(bed.hosts[0].counters.refused == 0 && bed.hosts[0].counters.malformed == 0 && bed.hosts[0].reassemblies == NULL);
    close_hosts();
}

/* What overlaps, contradicts, or goes on where it ended: nothing of it is answered, and it is over after its time. */
static void test_fragments_that_lie(void) {
    static const struct {
        uint32_t offset, size;
        int more;
    } lies[][4] = {
        {{0, 1000, 1}, {992, 1008, 1}, {2000, 1000, 0}},               /* overlaps before */
        {{0, 1000, 1}, {2000, 1000, 0}, {1000, 1008, 1}},              /* behind */
        {{0, 1000, 1}, {8, 16, 1}, {1000, 2000, 0}},                   /* inside */
        {{8, 16, 1}, {0, 1000, 1}, {1000, 1000, 0}},                   /* around */
        {{0, 1000, 1}, {2000, 1000, 0}, {1000, 1000, 0}},              /* two ends */
        {{2000, 1000, 1}, {0, 1000, 1}, {1000, 8, 0}, {1008, 992, 1}}, /* an end before what is there */
        {{0, 1000, 1}, {1000, 500, 0}, {1504, 496, 1}},                /* behind the end */
    };
    open_hosts(1);
    make_echo(3000);
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        uint64_t before = bed.hosts[0].counters.refused;
        know_neighbour();
        for (int k = 0; k < 4 && lies[i][k].size > 0; k++)
            give_fragment(lies[i][k].offset, lies[i][k].size, lies[i][k].more);
        give_fragment(0, 1000, 1); /* nor when good ones come still */
        give_fragment(1000, 1000, 1);
        give_fragment(2000, 1000, 0);
        CHECK(answers() == 0 && bed.hosts[0].counters.refused == before + 1);
        run_for(60 * PC_SECOND_NS);
        CHECK(bed.hosts[0].reassemblies == NULL && pc_due(&bed.hosts[0]) == PC_NEVER);
    }
    close_hosts();
}

/* Beyond the largest datagram, and pieces that are no multiple of 8. */
static void test_fragments_that_cannot_be(void) {
    open_hosts(1);
    make_echo(3000);
    unsigned char packet[4100];
    give_frame(0, 2, 1, 0x0800, packet, make_ipv4(packet, "10.0.0.2", "10.0.0.1", 1, 64, 0x1fff, echo, 1400)); /* ping of death */
    give_frame(0, 2, 1, 0x0800, packet, make_ipv4(packet, "10.0.0.2", "10.0.0.1", 1, 64, 0x2000, echo, 1001));
    give_frame(0, 2, 1, 0x0800, packet, make_ipv4(packet, "10.0.0.2", "10.0.0.1", 1, 64, 0x2000, echo, 0));
    CHECK(bed.hosts[0].counters.malformed == 3 && bed.hosts[0].memory == 0);
    close_hosts();
}

/* Many datagrams that are never whole: memory stays bounded, and the sender is told of those whose begin is there. */
static void test_fragments_without_an_end(void) {
    open_hosts(1);
    make_echo(3000);
    know_neighbour();
    for (int i = 0; i < 1000; i++) {
        unsigned char packet[4100];
        size_t size = make_ipv4(packet, "10.0.0.2", "10.0.0.1", 1, 64, 0x2000, echo, 1480);
        put16(packet + 4, (uint32_t)i);
        put16(packet + 10, 0);
        put16(packet + 10, finish_sum(add_to_sum(0, packet, 20)));
        give_frame(0, 2, 1, 0x0800, packet, size);
        CHECK(bed.hosts[0].memory < 16384);
    }
    CHECK(bed.hosts[0].counters.refused == 996);
    forget_seen();
    run_for(40 * PC_SECOND_NS);
    CHECK(bed.seen == 4 && bed.frames[0].bytes[34] == ICMP_TIME_EXCEEDED && bed.frames[0].bytes[35] == REASSEMBLY_TIME);
    CHECK(bed.hosts[0].reassemblies == NULL);
    /* One byte at a time, as it were: pieces of 8 bytes. */
    for (uint32_t at = 0; at < 4000 - 8; at += 8)
        give_fragment(at, 8, 1);
    CHECK(bed.hosts[0].memory < 16384 && bed.hosts[0].counters.refused == 997);
    close_hosts();
}

/* --- headers --- */

static void test_headers_that_are_none(void) {
    open_hosts(1);
    know_neighbour();
    make_echo(64);
    unsigned char good[200], wrong[200];
    size_t size = make_ipv4(good, "10.0.0.2", "10.0.0.1", 1, 64, 0, echo, 64);
    for (size_t cut = 0; cut < size; cut++)
        give_frame(0, 2, 1, 0x0800, good, cut);
    CHECK(bed.hosts[0].counters.malformed == size);
    for (size_t i = 0; i < 20; i++) { /* the checksum sees each of them */
        memcpy(wrong, good, size);
        wrong[i] ^= 0x10;
        give_frame(0, 2, 1, 0x0800, wrong, size);
    }
    CHECK(bed.hosts[0].counters.malformed == size + 20 && answers() == 0);
    give_frame(0, 2, 1, 0x0800, good, size);
    CHECK(answers() == 1);
    give_frame(0, 2, 1, 0x0800, good, size + 6); /* padding behind is nobody's */
    CHECK(answers() == 1);
    /* Options are passed over. */
    memmove(good + 24, good + 20, 64);
    memset(good + 20, 1, 4);
    good[0] = 0x46;
    put16(good + 2, (uint32_t)size + 4);
    put16(good + 10, 0);
    put16(good + 10, finish_sum(add_to_sum(0, good, 24)));
    give_frame(0, 2, 1, 0x0800, good, size + 4);
    CHECK(answers() == 1);
    close_hosts();
}

/* Not for us, from groups, or of no family: counted, never answered. */
static void test_what_is_for_others(void) {
    open_hosts(1);
    know_neighbour();
    make_echo(64);
    unsigned char packet[200];
    static const char *const ways[][2] = {{"10.0.0.2", "10.0.0.3"},  {"224.0.0.5", "10.0.0.1"}, {"255.255.255.255", "10.0.0.1"},
                                          {"10.0.0.2", "224.0.0.9"}, {"127.0.0.1", "10.0.0.1"}, {"0.0.0.0", "10.0.0.1"}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        give_frame(0, 2, 1, 0x0800, packet, make_ipv4(packet, ways[i][0], ways[i][1], 1, 64, 0, echo, 64));
    give_frame(0, 2, 1, 0x8100, packet, 60);
    give_frame(0, 2, 1, 0x0060, packet, 60);
    give_frame(0, 2, 3, 0x0800, packet, make_ipv4(packet, "10.0.0.2", "10.0.0.1", 1, 64, 0, echo, 64)); /* another MAC address */
    CHECK(bed.hosts[0].counters.unwanted == 9 && answers() == 0);
    give_frame(0, 2, 255, 0x0800, packet, make_ipv4(packet, "10.0.0.2", "10.0.0.255", 1, 64, 0, echo, 64)); /* to all */
    CHECK(answers() == 1);
    close_hosts();
}

/* IPv6's extension headers are passed over, unless they say that the packet is to be dropped. */
static void test_extension_headers(void) {
    open_hosts(2);
    const pc_address from = bed.hosts[1].link_local, to = bed.hosts[0].link_local;
    static const uint8_t mac[] = {0, 0x50, 0x79, 0x66, 0x68, 2};
    pc_learn(&bed.hosts[0], &from, mac, 1);
    bed.count = 1;
    unsigned char message[16] = {ICMP6_ECHO, 0, 0, 0, 1, 2, 3, 4};
    put16(message + 2, finish_sum(add_to_sum(pseudo_sum(&from, &to, 58, 16), message, 16)));
    static const struct {
        unsigned char headers[16];
        size_t size;
        int next, is_answered;
    } cases[] = {
        {{58, 0, 1, 4, 0, 0, 0, 0}, 8, 0, 1},                                       /* PadN */
        {{60, 0, 1, 4, 0, 0, 0, 0, 58, 0, 0, 0, 0, 0, 0, 0}, 16, 0, 1},             /* and Pad1s in another */
        {{58, 0, 0x1e, 4, 0, 0, 0, 0}, 8, 60, 1},                                   /* unknown, to be skipped */
        {{58, 0, 0xc2, 4, 0, 0, 0, 0}, 8, 0, 0},                                    /* a jumbogram */
        {{58, 0, 1, 9, 0, 0, 0, 0}, 8, 0, 0},                                       /* an option longer than its header */
        {{58, 9, 1, 4, 0, 0, 0, 0}, 8, 0, 0},                                       /* a header longer than the packet */
        {{58, 0, 0, 0, 0, 0, 0, 1}, 8, FRAGMENT_NEXT, 1},                           /* an atomic fragment (RFC 6946) */
        {{44, 0, 0, 0, 0, 0, 0, 1, 58, 0, 0, 8, 0, 0, 0, 1}, 16, FRAGMENT_NEXT, 0}, /* a fragment of a fragment: it waits */
        {{58, 0, 0, 1, 0, 0, 0, 0}, 8, 43, 0},                                      /* segments are left */
        {{59, 0, 1, 4, 0, 0, 0, 0}, 8, 0, 0},                                       /* no next header */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char packet[100], data[32];
        memcpy(data, cases[i].headers, cases[i].size);
        memcpy(data + cases[i].size, message, sizeof message);
        give_frame(0, 2, 1, 0x86dd, packet, make_ipv6(packet, &from, &to, cases[i].next, 64, data, cases[i].size + sizeof message));
        forget_seen();
        pass_frames();
        int answered = 0;
        for (int k = 0; k < bed.seen; k++)
            answered += bed.frames[k].bytes[54] == ICMP6_ECHO_REPLY;
        CHECK(answered == cases[i].is_answered);
    }
    close_hosts();
}

/* As RFC 1071 defines it, two bytes at a time; wherever the bytes lie, and all of them 0 or 255. */
static void test_checksums(void) {
    unsigned char bytes[80];
    for (int filling = -1; filling <= 255; filling += filling < 0 ? 1 : 255) {
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (unsigned char)(filling < 0 ? 37 * i * i : (size_t)filling);
        for (size_t at = 0; at < 9; at++) {
            for (size_t size = 0; at + size <= sizeof bytes; size++) {
                uint32_t sum = 0;
                for (size_t i = 0; i < size; i++)
                    sum += (uint32_t)bytes[at + i] << (i % 2 == 0 ? 8 : 0);
                CHECK(finish_sum(add_to_sum(7, bytes + at, size)) == finish_sum(7 + sum));
                CHECK(finish_sum(add_to_sum(0, bytes + at, size)) == finish_sum(sum));
            }
        }
    }
}

int main(void) {
    test_checksums();
    test_sizes_of_pings();
    test_sizes_with_small_mtus();
    test_what_must_not_be_fragmented();
    test_fragments_in_any_order();
    test_fragments_that_lie();
    test_fragments_that_cannot_be();
    test_fragments_without_an_end();
    test_headers_that_are_none();
    test_what_is_for_others();
    test_extension_headers();
    puts("pc_ip_test: 11 passed");
    return 0;
}
