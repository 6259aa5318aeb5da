/* What a hostile neighbour sends: it gets no more answers than it asked for, nobody else gets them, and others are served still. */
#define _GNU_SOURCE
#include "pc_icmp.h"
#include "pc_tcp.h"

#include "test_pc.h"

enum { UNKNOWN = 132, EVERYBODY = 255, ETHERTYPE_ARP = 0x0806 };

static const uint8_t NEIGHBOUR_MAC[] = {0, 0x50, 0x79, 0x66, 0x68, 2};

static void open_host(void) {
    open_hosts(1);
    const pc_address neighbour = test_ipv4("10.0.0.2"), neighbour6 = test_ipv6("fe80::2");
    pc_learn(&bed.hosts[0], &neighbour, NEIGHBOUR_MAC, 1);
    pc_learn(&bed.hosts[0], &neighbour6, NEIGHBOUR_MAC, 1);
    bed.hosts[0].link_local_checked = 1;
}

/* How many frames leave, now. */
static int sent(void) {
    forget_seen();
    while (pass_frames() > 0 && bed.seen < MOST_SEEN)
        ;
    return bed.seen;
}

static void give_ipv4(const char *from, const char *to, int frame_to, int protocol, int ttl, const void *data, size_t size) {
    unsigned char packet[2000];
    give_frame(0, 2, frame_to, 0x0800, packet, make_ipv4(packet, from, to, protocol, ttl, 0, data, size));
}

static void give_echo(const char *from, const char *to, int frame_to, size_t size) {
    unsigned char message[1500] = {ICMP_ECHO};
    put16(message + 2, finish_sum(add_to_sum(0, message, size)));
    give_ipv4(from, to, frame_to, PROTOCOL_ICMP, 64, message, size);
}

static void give_udp(const char *from, const char *to, int frame_to, int ttl) {
    unsigned char datagram[40] = {[0] = 0x20, [2] = 0x20, [5] = sizeof datagram};
    give_ipv4(from, to, frame_to, PROTOCOL_UDP, ttl, datagram, sizeof datagram);
}

static void give_tcp(const char *from, const char *to, int frame_to, uint16_t port, int flags, uint32_t sequence, uint32_t acknowledged) {
    unsigned char segment[20] = {0};
    const pc_address source = test_ipv4(from), destination = test_ipv4(to);
    put16(segment, port);
    put16(segment + 2, port);
    put32(segment + 4, sequence);
    put32(segment + 8, acknowledged);
    segment[12] = 5 << 4;
    segment[13] = (unsigned char)flags;
    put16(segment + 14, 4000);
    put16(segment + 16, finish_sum(add_to_sum(pseudo_sum(&source, &destination, PROTOCOL_TCP, sizeof segment), segment, sizeof segment)));
    give_ipv4(from, to, frame_to, PROTOCOL_TCP, 64, segment, sizeof segment);
}

/* One of each kind that is answered. */
static void give_all_kinds(const char *from, const char *to, int frame_to) {
    static const unsigned char data[64];
    give_udp(from, to, frame_to, 64);
    give_udp(from, to, frame_to, 1);
    give_tcp(from, to, frame_to, 80, TCP_SYN, 5, 0);
    give_tcp(from, to, frame_to, 81, TCP_ACK, 5, 5);
    give_ipv4(from, to, frame_to, UNKNOWN, 64, data, sizeof data);
}

/* An answer would go to many, or to nobody (RFC 1122, 3.2.1.3). */
static void test_senders_that_are_no_host(void) {
    static const char *const senders[] = {"10.0.0.255", "255.255.255.255", "224.0.0.1", "127.0.0.1", "240.0.0.1", "0.0.0.0", "0.1.2.3"};
    open_host();
    give_all_kinds("10.0.0.2", "10.0.0.1", 1);
    CHECK(sent() == 5);
    pc_drop_connections(&bed.hosts[0]);
    for (size_t i = 0; i < sizeof senders / sizeof *senders; i++) {
        give_all_kinds(senders[i], "10.0.0.1", 1);
        give_echo(senders[i], "10.0.0.1", 1, 64);
        CHECK(sent() == 0 && bed.hosts[0].connections == NULL && pc_due(&bed.hosts[0]) == PC_NEVER);
    }
    const pc_address loopback = test_ipv6("::1"), to = bed.hosts[0].link_local;
    unsigned char message[16] = {ICMP6_ECHO}, packet[100];
    put16(message + 2, finish_sum(add_to_sum(pseudo_sum(&loopback, &to, PROTOCOL_ICMPV6, sizeof message), message, sizeof message)));
    give_frame(0, 2, 1, 0x86dd, packet, make_ipv6(packet, &loopback, &to, PROTOCOL_ICMPV6, 64, message, sizeof message));
    CHECK(bed.hosts[0].counters.unwanted == 6 * 7 + 1 && bed.hosts[0].counters.dropped == 0);
    close_hosts();
}

/* A frame to all with a packet for one (RFC 1122, 3.2.2 and 4.2.3.10; RFC 4443, 2.4 e). */
static void test_frames_to_all_with_a_packet_for_one(void) {
    static const unsigned char data[64];
    unsigned char packet[200];
    open_host();
    give_all_kinds("10.0.0.2", "10.0.0.1", EVERYBODY);
    CHECK(sent() == 0 && bed.hosts[0].connections == NULL);
    const pc_address from = test_ipv6("fe80::2"), to = bed.hosts[0].link_local;
    give_frame(0, 2, EVERYBODY, 0x86dd, packet, make_ipv6(packet, &from, &to, UNKNOWN, 64, data, sizeof data));
    CHECK(sent() == 0);
    give_frame(0, 2, 1, 0x86dd, packet, make_ipv6(packet, &from, &to, UNKNOWN, 64, data, sizeof data));
    CHECK(sent() == 1 && bed.frames[0].bytes[54] == ICMP6_PARAMETER_PROBLEM);
    close_hosts();
}

static int answers_group(const char *group) {
    const pc_address from = test_ipv6("fe80::77"), to = test_ipv6(group);
    unsigned char message[16] = {ICMP6_ECHO}, packet[100];
    put16(message + 2, finish_sum(add_to_sum(pseudo_sum(&from, &to, PROTOCOL_ICMPV6, sizeof message), message, sizeof message)));
    give_frame(0, 2, EVERYBODY, 0x86dd, packet, make_ipv6(packet, &from, &to, PROTOCOL_ICMPV6, 64, message, sizeof message));
    int frames = sent();
    CHECK(frames == 0 || (frames == 1 && bed.frames[0].bytes[54] == ICMP6_ECHO_REPLY));
    return frames;
}

/* A ping of all is answered by each, whose questions for the sender would be a storm: the frame says who that is. */
static void test_a_ping_of_all_makes_no_questions(void) {
    open_host();
    give_echo("10.0.0.77", "10.0.0.255", EVERYBODY, 64);
    CHECK(sent() == 1 && get16(bed.frames[0].bytes + 12) == 0x0800 && memcmp(bed.frames[0].bytes, NEIGHBOUR_MAC, 6) == 0);
    CHECK(answers_group("ff02::1") == 1);
    /* It does not know better than ARP. */
    const pc_address other = test_ipv4("10.0.0.78");
    pc_learn(&bed.hosts[0], &other, (const uint8_t[]){0, 1, 2, 3, 4, 5}, 1);
    give_echo("10.0.0.78", "10.0.0.255", EVERYBODY, 64);
    CHECK(sent() == 1 && bed.frames[0].bytes[5] == 5);
    close_hosts();
}

/* Who is in a group of solicitations is asked; the others are not in it. */
static void test_groups_of_others(void) {
    open_host();
    CHECK(answers_group("ff02::1:ff66:6801") == 1);
    CHECK(answers_group("ff02::1:ff66:6802") == 0 && answers_group("ff02::2") == 0);
    const pc_address own = test_ipv6("2001:db8::1:2"), none = {0};
    pc_use_address(&bed.hosts[0], &own, 64, &none, UDPFWD_PC_MANUAL);
    CHECK(answers_group("ff02::1:ff01:2") == 1);
    close_hosts();
}

/* Errors are so many at one go, and so many a second (RFC 4443, 2.4 f). */
static void test_errors_are_limited(void) {
    static const unsigned char data[64];
    open_host();
    int errors = 0;
    for (int i = 0; i < 5000; i++) {
        give_ipv4("10.0.0.2", "10.0.0.1", 1, UNKNOWN, 64, data, sizeof data);
        errors += sent();
    }
    CHECK(errors == PC_MOST_ANSWERS);
    run_for(PC_SECOND_NS / 100);
    for (int i = 0; i < 100; i++) {
        give_ipv4("10.0.0.2", "10.0.0.1", 1, UNKNOWN, 64, data, sizeof data);
        errors += sent();
    }
    CHECK(errors == PC_MOST_ANSWERS + PC_ANSWERS_PER_SECOND / 100);
    close_hosts();
}

/* A connection of a host with somebody who says that it is another one; the sequence number of that host. */
static void connect_falsely(int host, const char *from, const char *to) {
    const pc_address peer = test_ipv4(from);
    pc_learn(&bed.hosts[host], &peer, (const uint8_t[]){0, 0x50, 0x79, 0x66, 0x68, peer.bytes[3]}, 1);
    unsigned char segment[20] = {0}, packet[100];
    for (int step = 0; step < 2; step++) {
        const pc_address destination = test_ipv4(to);
        put16(segment, 80);
        put16(segment + 2, 80);
        put32(segment + 4, 1000 + (uint32_t)step);
        segment[12] = 5 << 4;
        segment[13] = step == 0 ? TCP_SYN : TCP_ACK;
        put16(segment + 16, 0);
        put16(segment + 16,
              finish_sum(add_to_sum(pseudo_sum(&peer, &destination, PROTOCOL_TCP, sizeof segment), segment, sizeof segment)));
        give_frame(host, peer.bytes[3], host + 1, 0x0800, packet,
                   make_ipv4(packet, from, to, PROTOCOL_TCP, 64, 0, segment, sizeof segment));
        if (step == 0) {
            pc_frame *answer = pc_pop(&bed.hosts[host].out); /* which never arrives */
            CHECK(answer != NULL && answer->start[47] == (TCP_SYN | TCP_ACK));
            put32(segment + 8, get32(answer->start + 38) + 1);
            pc_free_frame(&bed.hosts[host], answer);
        }
    }
    CHECK(bed.hosts[host].out.first == NULL && bed.hosts[host].connections != NULL);
}

/* Two hosts that think that they have a connection with each other, and disagree: they tell each other, but not for ever. */
static void test_connections_that_disagree(void) {
    open_hosts(2);
    connect_falsely(0, "10.0.0.2", "10.0.0.1");
    connect_falsely(1, "10.0.0.1", "10.0.0.2");
    give_tcp("10.0.0.2", "10.0.0.1", 1, 80, TCP_ACK, 5000, 0);
    int passed = 0;
    for (int now; (now = pass_frames()) > 0;)
        CHECK((passed += now) <= 4 * (int)PC_MOST_ANSWERS);
    CHECK(passed > 0);
    close_hosts();
}

static int asks_for(const char *address) {
    const pc_address wanted = test_ipv4(address);
    for (int i = 0; i < bed.seen; i++)
        if (get16(bed.frames[i].bytes + 12) == ETHERTYPE_ARP && memcmp(bed.frames[i].bytes + 38, wanted.bytes, 4) == 0)
            return 1;
    return 0;
}

/* Senders that are not there take neither the table of neighbours nor the memory. */
static void test_senders_that_are_not_there(void) {
    open_host();
    for (int k = 0; k < 64; k++) {
        for (int i = 0; i < 100; i++) {
            char from[24];
            snprintf(from, sizeof from, "10.0.0.%d", 100 + i);
            give_echo(from, "10.0.0.1", 1, 1400);
        }
        sent();
        CHECK(bed.hosts[0].memory < PC_MAX_HOST_BYTES / 4);
    }
    give_echo("10.0.0.2", "10.0.0.1", 1, 64);
    CHECK(sent() == 1);
    const pc_address target = test_ipv4("10.0.0.9");
    const udpfwd_pc_request ping = test_ping(&target, 1);
    start_job(0, &ping);
    pc_expire(&bed.hosts[0], bed.now_ns);
    sent();
    CHECK(asks_for("10.0.0.9"));
    run_for(10 * PC_SECOND_NS);
    CHECK(bed.hosts[0].waiting_bytes == 0 && pc_due(&bed.hosts[0]) == PC_NEVER);
    close_hosts();
}

/* What hosts are made to keep leaves memory for answers: others may have filled theirs. */
static void test_memory_for_answers_is_left(void) {
    static const unsigned char data[64];
    unsigned char packet[200];
    open_host();
    size_t taken = PC_MAX_KEPT_BYTES;
    bed.shared.memory += taken;
    give_frame(0, 2, 1, 0x0800, packet, make_ipv4(packet, "10.0.0.2", "10.0.0.1", PROTOCOL_UDP, 64, 0x2000, data, sizeof data));
    give_tcp("10.0.0.2", "10.0.0.1", 1, 80, TCP_SYN, 5, 0);
    give_echo("10.0.0.88", "10.0.0.1", 1, 64);
    CHECK(bed.hosts[0].reassemblies == NULL && bed.hosts[0].connections == NULL && sent() == 0 && bed.hosts[0].counters.dropped == 3);
    give_echo("10.0.0.2", "10.0.0.1", 1, 64);
    CHECK(sent() == 1);
    bed.shared.memory -= taken;
    close_hosts();
}

/* A host that is told that somebody else has its own MAC address sends nothing to itself. */
static void test_own_mac_address_of_others(void) {
    open_host();
    const pc_address from = test_ipv6("fe80::99"), to = bed.hosts[0].link_local;
    unsigned char message[32] = {135, [24] = 1, [25] = 1}, packet[100];
    memcpy(message + 8, to.bytes, 16);
    memcpy(message + 26, bed.hosts[0].identity.mac, 6);
    put16(message + 2, finish_sum(add_to_sum(pseudo_sum(&from, &to, PROTOCOL_ICMPV6, sizeof message), message, sizeof message)));
    give_frame(0, 2, 1, 0x86dd, packet, make_ipv6(packet, &from, &to, PROTOCOL_ICMPV6, 255, message, sizeof message));
    CHECK(bed.hosts[0].to_self.first == NULL && pc_known_mac(&bed.hosts[0], &from) == NULL);
    run_for(10 * PC_SECOND_NS);
    close_hosts();
}

/* Events that nobody takes are bounded for all jobs together; each has some, and its last one. */
static void test_events_that_nobody_takes(void) {
    enum { JOBS = 100, EVENTS = 1000 };
    static const unsigned char data[UDPFWD_PC_MAX_MESSAGE_BYTES];
    pc_teller *tellers[JOBS];
    open_hosts(0);
    for (int i = 0; i < JOBS; i++) {
        tellers[i] = pc_new_teller(&bed.shared);
        CHECK(tellers[i] != NULL);
        for (int k = 0; k < EVENTS; k++)
            pc_tell(&bed.shared, tellers[i], &(udpfwd_pc_event){.kind = UDPFWD_PC_ROUTER}, data, sizeof data);
        pc_tell(&bed.shared, tellers[i], &(udpfwd_pc_event){.kind = UDPFWD_PC_FINISHED}, NULL, 0);
        CHECK(tellers[i]->waiting >= PC_LEAST_WAITING_EVENTS + 1 && tellers[i]->waiting + tellers[i]->lost == EVENTS + 1);
    }
    CHECK(tellers[0]->lost == 0 && tellers[JOBS - 1]->lost > 0 && bed.shared.event_bytes < PC_MAX_EVENT_BYTES + (4u << 20));
    for (int i = 0; i < JOBS; i++)
        pc_end_teller(&bed.shared, tellers[i]);
    udpfwd_pc_event event;
    while (pc_take_event(&bed.shared, &event, NULL, 0) > 0)
        ;
    CHECK(bed.shared.event_bytes == 0);
    close_hosts();
}

int main(void) {
    test_senders_that_are_no_host();
    test_frames_to_all_with_a_packet_for_one();
    test_a_ping_of_all_makes_no_questions();
    test_groups_of_others();
    test_errors_are_limited();
    test_connections_that_disagree();
    test_senders_that_are_not_there();
    test_memory_for_answers_is_left();
    test_own_mac_address_of_others();
    test_events_that_nobody_takes();
    puts("pc_hostile_test: 10 passed");
    return 0;
}
