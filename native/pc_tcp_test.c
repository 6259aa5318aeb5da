/* TCP: the echo server of a PC, and pings by TCP; on good wires and on those that lose. */
#define _GNU_SOURCE
#include "pc_tcp.h"

#include "test_pc.h"

static udpfwd_pc_request tcp_ping(uint32_t count, uint32_t data_bytes) {
    udpfwd_pc_request ping = test_ping(&bed.hosts[1].ipv4, count);
    ping.protocol = PROTOCOL_TCP;
    ping.data_bytes = data_bytes;
    return ping;
}

static int connections(const pc_host *host) {
    return host->connections != NULL;
}

/* Each step has its event, and nothing is left of the connection. */
static void test_a_ping(int port, uint32_t bytes) {
    static const int steps[] = {UDPFWD_PC_CONNECT, UDPFWD_PC_SEND, UDPFWD_PC_CLOSE};
    open_hosts(2);
    udpfwd_pc_request ping = tcp_ping(2, bytes);
    ping.destination_port = (uint16_t)port;
    start_job(0, &ping);
    run_for(5 * PC_SECOND_NS);
    int each = bytes > 0 ? 3 : 2;
    CHECK(bed.told == 2 * each + 1 && reason_of_end() == UDPFWD_PC_DONE);
    for (int i = 0; i < 2 * each; i++) {
        const udpfwd_pc_event *event = &bed.events[i].event;
        int step = i % each + (bytes == 0 && i % each == 1);
        CHECK(event->kind == UDPFWD_PC_REPLY && event->sequence == (uint32_t)(i / each + 1) && event->step == steps[step]);
        CHECK(event->destination_port == port && event->ttl == 64);
    }
    CHECK(!connections(&bed.hosts[1]) && pc_due(&bed.hosts[0]) == PC_NEVER && pc_due(&bed.hosts[1]) == PC_NEVER);
    close_hosts();
}

static unsigned chance, lost_of_100;

static int loses_some(const unsigned char *frame, size_t size, int number) {
    (void)size, (void)number;
    chance = chance * 1103515245u + 12345u;
    return get16(frame + 12) == 0x0800 && (chance >> 16 & 0x7fff) % 100 < lost_of_100;
}

/* Whatever is lost, the connection ends, and both forget it. */
static void test_pings_on_bad_wires(void) {
    for (int round = 0; round < 60; round++) {
        open_hosts(2);
        bed.loses = loses_some;
        chance = (unsigned)round;
        lost_of_100 = 10 + (unsigned)round;
        udpfwd_pc_request ping = tcp_ping(5, 500);
        start_job(0, &ping);
        run_for(300 * PC_SECOND_NS);
        CHECK(reason_of_end() == UDPFWD_PC_DONE && pc_due(&bed.hosts[0]) == PC_NEVER && pc_due(&bed.hosts[1]) == PC_NEVER);
        int steps = count_told(UDPFWD_PC_REPLY, NULL) + count_told(UDPFWD_PC_TIMEOUT, NULL) + count_told(UDPFWD_PC_RESET, NULL);
        CHECK(steps >= 5 && steps <= 15 && (round > 0 || count_told(UDPFWD_PC_REPLY, NULL) > 8));
        close_hosts();
    }
}

/* --- a client by hand --- */

typedef struct {
    uint32_t sequence, expected;
    uint16_t port, to;
} client;

static unsigned char damage; /* of the checksum */

static void give_segment(const client *c, int flags, const void *data, size_t size, uint16_t window) {
    unsigned char segment[1600] = {0}, packet[1700];
    const pc_address from = test_ipv4("10.0.0.2"), to = test_ipv4("10.0.0.1");
    put16(segment, c->port);
    put16(segment + 2, c->to);
    put32(segment + 4, c->sequence);
    put32(segment + 8, c->expected);
    segment[12] = 5 << 4;
    segment[13] = (unsigned char)flags;
    put16(segment + 14, window);
    memcpy(segment + 20, data, size);
    put16(segment + 16, finish_sum(add_to_sum(pseudo_sum(&from, &to, PROTOCOL_TCP, 20 + size), segment, 20 + size)));
    segment[17] ^= damage;
    forget_seen();
    give_frame(0, 2, 1, 0x0800, packet, make_ipv4(packet, "10.0.0.2", "10.0.0.1", PROTOCOL_TCP, 64, 0, segment, 20 + size));
    pass_frames();
}

static const unsigned char *tcp_of(int i) {
    return bed.frames[i].bytes + 14 + 20;
}

static size_t data_of(int i) {
    return get16(bed.frames[i].bytes + 16) - 20u - (size_t)(tcp_of(i)[12] >> 4) * 4;
}

static client connect_to(uint16_t to) {
    static uint16_t port = 2000;
    const pc_address peer = test_ipv4("10.0.0.2");
    static const uint8_t mac[] = {0, 0x50, 0x79, 0x66, 0x68, 2};
    client c = {.sequence = 0xfffffff0, .port = port++, .to = to}; /* numbers that go over their end */
    pc_learn(&bed.hosts[0], &peer, mac, 1);
    give_segment(&c, TCP_SYN, "", 0, 4000);
    CHECK(bed.seen == 1 && tcp_of(0)[13] == (TCP_SYN | TCP_ACK) && get32(tcp_of(0) + 8) == 0xfffffff1);
    c.sequence++;
    c.expected = get32(tcp_of(0) + 4) + 1;
    give_segment(&c, TCP_ACK, "", 0, 4000);
    CHECK(bed.seen == 0);
    return c;
}

static void test_the_echo_port(void) {
    open_hosts(1);
    client c = connect_to(7);
    give_segment(&c, TCP_ACK | TCP_PSH, "hello, echo", 11, 4000);
    CHECK(bed.seen == 1 && data_of(0) == 11 && memcmp(tcp_of(0) + 20, "hello, echo", 11) == 0 &&
          get32(tcp_of(0) + 8) == c.sequence + 11);
    /* It is sent again until it is acknowledged. */
    forget_seen();
    run_for(4 * PC_SECOND_NS);
    CHECK(bed.seen == 2 && data_of(0) == 11 && data_of(1) == 11);
    c.sequence += 11;
    c.expected += 11;
    give_segment(&c, TCP_ACK, "", 0, 4000);
    CHECK(bed.seen == 0 && pc_due(&bed.hosts[0]) == PC_NEVER);
    /* What comes a second time is not echoed again, nor what comes too early. */
    c.sequence -= 11;
    give_segment(&c, TCP_ACK | TCP_PSH, "hello, echo", 11, 4000);
    CHECK(bed.seen == 1 && data_of(0) == 0 && get32(tcp_of(0) + 8) == c.sequence + 11);
    c.sequence += 31;
    give_segment(&c, TCP_ACK | TCP_PSH, "early", 5, 4000);
    CHECK(bed.seen == 1 && data_of(0) == 0 && get32(tcp_of(0) + 8) == c.sequence - 20);
    c.sequence -= 20;
    give_segment(&c, TCP_ACK | TCP_FIN, "", 0, 4000);
    CHECK(bed.seen == 1 && tcp_of(0)[13] == (TCP_FIN | TCP_ACK) && get32(tcp_of(0) + 8) == c.sequence + 1);
    c.sequence++;
    c.expected++;
    give_segment(&c, TCP_ACK, "", 0, 4000);
    CHECK(!connections(&bed.hosts[0]) && pc_due(&bed.hosts[0]) == PC_NEVER);
    close_hosts();
}

/* A peer that takes nothing: the window fills, memory stays bounded, and the connection ends. */
static void test_a_peer_that_reads_nothing(void) {
    static const unsigned char data[1400];
    open_hosts(1);
    client c = connect_to(7);
    for (int i = 0; i < 100; i++) {
        give_segment(&c, TCP_ACK, data, sizeof data, 0);
        CHECK(bed.hosts[0].memory < 20000);
        c.sequence = get32(tcp_of(0) + 8); /* what is acknowledged */
    }
    CHECK(get16(tcp_of(0) + 14) == 0); /* there is no room */
    run_for(200 * PC_SECOND_NS);
    CHECK(!connections(&bed.hosts[0]) && bed.hosts[0].connections == NULL);
    close_hosts();
}

/* Other ports take what comes. */
static void test_other_ports(void) {
    static const unsigned char data[1400];
    open_hosts(1);
    client c = connect_to(80);
    for (int i = 0; i < 100; i++) {
        give_segment(&c, TCP_ACK, data, sizeof data, 4000);
        c.sequence += sizeof data;
        CHECK(bed.seen == 1 && data_of(0) == 0 && get32(tcp_of(0) + 8) == c.sequence);
    }
    CHECK(bed.hosts[0].memory < 2000 && pc_due(&bed.hosts[0]) == PC_NEVER);
    give_segment(&c, TCP_RST, "", 0, 0);
    CHECK(bed.seen == 0 && !connections(&bed.hosts[0]));
    close_hosts();
}

/* Floods of half connections take the memory of a few; those that are unknown are reset, but resets are not. */
static void test_what_belongs_to_nothing(void) {
    open_hosts(1);
    client c = connect_to(7);
    c.port = 9999;
    give_segment(&c, TCP_ACK, "x", 1, 100);
    CHECK(bed.seen == 1 && tcp_of(0)[13] == TCP_RST && get32(tcp_of(0) + 4) == c.expected);
    give_segment(&c, TCP_FIN, "x", 1, 100);
    CHECK(bed.seen == 1 && tcp_of(0)[13] == (TCP_RST | TCP_ACK) && get32(tcp_of(0) + 8) == c.sequence + 2);
    give_segment(&c, TCP_RST, "", 0, 100);
    CHECK(bed.seen == 0);
    for (int i = 0; i < 5000; i++) {
        c.port = (uint16_t)(10000 + i);
        give_segment(&c, TCP_SYN, "", 0, 100);
        CHECK(bed.seen == 1 && bed.hosts[0].memory < 16384);
    }
    run_for(200 * PC_SECOND_NS);
    CHECK(bed.hosts[0].connections == NULL && pc_due(&bed.hosts[0]) == PC_NEVER);
    close_hosts();
}

/* A target that refuses, and one whose reset was not asked for. */
static void test_a_refused_connection(void) {
    udpfwd_pc_event event = {0};
    open_hosts(1);
    const pc_address target = test_ipv4("10.0.0.2");
    static const uint8_t mac[] = {0, 0x50, 0x79, 0x66, 0x68, 2};
    pc_learn(&bed.hosts[0], &target, mac, 1);
    udpfwd_pc_request ping = test_ping(&target, 1);
    ping.protocol = PROTOCOL_TCP;
    start_job(0, &ping);
    pc_expire(&bed.hosts[0], bed.now_ns);
    pass_frames();
    client c = {.port = 7, .to = get16(tcp_of(0)), .expected = get32(tcp_of(0) + 4) + 77};
    give_segment(&c, TCP_RST | TCP_ACK, "", 0, 0);
    look_at_events();
    CHECK(bed.told == 0);
    c.expected -= 76;
    give_segment(&c, TCP_RST | TCP_ACK, "", 0, 0);
    look_at_events();
    CHECK(count_told(UDPFWD_PC_RESET, &event) == 1 && event.step == UDPFWD_PC_CONNECT && reason_of_end() == UDPFWD_PC_DONE);
    close_hosts();
}

/* VPCS answers with wrong checksums: a ping takes what acknowledges just what it has sent; the server takes none. */
static void test_damaged_segments(void) {
    udpfwd_pc_event event = {0};
    open_hosts(1);
    const pc_address target = test_ipv4("10.0.0.2");
    static const uint8_t mac[] = {0, 0x50, 0x79, 0x66, 0x68, 2};
    pc_learn(&bed.hosts[0], &target, mac, 1);
    udpfwd_pc_request ping = test_ping(&target, 1);
    ping.protocol = PROTOCOL_TCP;
    start_job(0, &ping);
    pc_expire(&bed.hosts[0], bed.now_ns);
    pass_frames();
    damage = 1;
    client c = {.port = 7, .to = get16(tcp_of(0)), .sequence = 5, .expected = get32(tcp_of(0) + 4) + 2};
    give_segment(&c, TCP_SYN | TCP_ACK, "", 0, 100);
    look_at_events();
    CHECK(bed.told == 0 && bed.hosts[0].counters.malformed == 1);
    c.expected--;
    give_segment(&c, TCP_SYN | TCP_ACK, "", 0, 100);
    look_at_events();
    CHECK(count_told(UDPFWD_PC_REPLY, &event) == 1 && event.step == UDPFWD_PC_CONNECT);
    c = (client){.port = 4000, .to = 7};
    give_segment(&c, TCP_SYN, "", 0, 100);
    CHECK(bed.seen == 0 && bed.hosts[0].connections == NULL && bed.hosts[0].counters.malformed == 2);
    damage = 0;
    close_hosts();
}

int main(void) {
    test_damaged_segments();
    test_a_ping(7, 56);
    test_a_ping(7, 1400);
    test_a_ping(80, 3000);
    test_a_ping(7, 0);
    test_pings_on_bad_wires();
    test_the_echo_port();
    test_a_peer_that_reads_nothing();
    test_other_ports();
    test_what_belongs_to_nothing();
    test_a_refused_connection();
    puts("pc_tcp_test: 11 passed");
    return 0;
}
