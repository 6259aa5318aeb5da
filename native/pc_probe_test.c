/* Ping and trace: sequences, times, errors, and hosts that echo each other. */
#define _GNU_SOURCE
#include "pc_icmp.h"

#include "test_pc.h"

/* The sequence of ICMP has 16 bits, ours goes on. */
static void test_more_pings_than_a_sequence_has(void) {
    enum { PINGS = 70000 };
    udpfwd_pc_event event = {0};
    open_hosts(2);
    udpfwd_pc_request ping = test_ping(&bed.hosts[1].ipv4, PINGS);
    ping.interval_us = 0;
    start_job(0, &ping);
    int replies = 0;
    for (int round = 0; round < 2 * PINGS && reason_of_end() < 0; round++) {
        forget_seen();
        bed.now_ns += 1000;
        pass_frames();
        pc_expire(&bed.hosts[0], bed.now_ns);
        look_at_events();
        replies += count_told(UDPFWD_PC_REPLY, &event);
    }
    CHECK(replies == PINGS && event.sequence == PINGS && count_told(UDPFWD_PC_FINISHED, &event) == 1 && event.sequence == PINGS);
    CHECK(event.lost == 0);
    close_hosts();
}

static int loses_second_answer(const unsigned char *frame, size_t size, int number) {
    (void)size;
    return number > 2 && frame[23] == 1 && frame[34] == 0 && get16(frame + 40) == 2;
}

/* Interval, timeout and round trip are as they were asked for. */
static void test_times(void) {
    open_hosts(2);
    bed.loses = loses_second_answer;
    udpfwd_pc_request ping = test_ping(&bed.hosts[1].ipv4, 3);
    ping.interval_us = 200000;
    ping.timeout_us = 500000;
    start_job(0, &ping);
    run_for(10 * PC_SECOND_NS);
    uint64_t sent[3];
    int n = 0;
    for (int i = 0; i < bed.seen; i++)
        if (bed.frames[i].bytes[34] == ICMP_ECHO && bed.frames[i].bytes[23] == 1)
            sent[n++] = bed.frames[i].at_ns;
    CHECK(n == 3 && sent[1] - sent[0] == 200000000 && sent[2] - sent[1] == 500000000);
    CHECK(bed.told == 4 && bed.events[0].event.kind == UDPFWD_PC_REPLY && bed.events[1].event.kind == UDPFWD_PC_TIMEOUT);
    CHECK(bed.events[1].event.sequence == 2 && bed.events[2].event.sequence == 3 && reason_of_end() == UDPFWD_PC_DONE);
    close_hosts();
}

/* A job that is stopped sends and tells nothing more; so do those of a host that ends. */
static void test_a_job_is_stopped(void) {
    open_hosts(2);
    udpfwd_pc_request ping = test_ping(&bed.hosts[1].ipv4, 0);
    int jobs[UDPFWD_PC_MAX_JOBS];
    for (int i = 0; i < UDPFWD_PC_MAX_JOBS; i++)
        jobs[i] = start_job(0, &ping);
    CHECK(pc_start(&bed.hosts[0], &ping, bed.now_ns) == -EBUSY);
    run_for(3 * PC_SECOND_NS + 1000);
    CHECK(count_told(UDPFWD_PC_REPLY, NULL) == 4 * UDPFWD_PC_MAX_JOBS);
    for (int i = 0; i < UDPFWD_PC_MAX_JOBS; i++)
        CHECK(pc_stop(&bed.hosts[0], jobs[i]) == 0 && pc_stop(&bed.hosts[0], jobs[i]) == -ENOENT);
    forget_seen();
    run_for(10 * PC_SECOND_NS);
    CHECK(bed.seen == 0 && bed.told == 0 && pc_due(&bed.hosts[0]) == PC_NEVER);
    start_job(0, &ping);
    run_for(PC_SECOND_NS);
    close_hosts();
}

/* Requests that make no sense. */
static void test_requests_that_are_none(void) {
    open_hosts(1);
    const udpfwd_pc_request good = test_ping(&bed.hosts[0].ipv4, 1);
    udpfwd_pc_request wrong[] = {good, good, good, good, good, good, good, good};
    wrong[0].kind = UDPFWD_PC_JOB_KINDS;
    wrong[1].kind = -1;
    wrong[2].target.family = 5;
    wrong[3].protocol = 2;
    wrong[4].data_bytes = UDPFWD_PC_MAX_DATA_BYTES + 1;
    wrong[5].timeout_us = 0;
    wrong[6].ttl = 0;
    wrong[7].kind = UDPFWD_PC_TRACE;
    wrong[7].count = 0; /* probes of each hop */
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK(pc_start(&bed.hosts[0], &wrong[i], bed.now_ns) == -EINVAL);
    CHECK(bed.hosts[0].memory == 0);
    close_hosts();
}

static void test_a_ping_of_itself(void) {
    udpfwd_pc_event event = {0};
    open_hosts(1);
    for (int protocol = 0; protocol < 3; protocol++) {
        udpfwd_pc_request ping = test_ping(&bed.hosts[0].ipv4, 2);
        ping.protocol = (const uint8_t[]){PROTOCOL_ICMP, PROTOCOL_UDP, PROTOCOL_TCP}[protocol];
        forget_seen();
        start_job(0, &ping);
        run_for(10 * PC_SECOND_NS);
        CHECK(bed.seen == 0 && count_told(UDPFWD_PC_REPLY, &event) == (protocol == 2 ? 6 : 2) && reason_of_end() == UDPFWD_PC_DONE);
    }
    udpfwd_pc_request ping = test_ping(&bed.hosts[0].link_local, 1);
    forget_seen();
    start_job(0, &ping);
    run_for(10 * PC_SECOND_NS);
    CHECK(count_told(UDPFWD_PC_REPLY, NULL) == 1);
    close_hosts();
}

static void test_pings_without_a_way(void) {
    udpfwd_pc_event event = {0};
    open_hosts(1);
    const pc_address far = test_ipv4("192.0.2.1"), far6 = test_ipv6("2001:db8::1");
    udpfwd_pc_request ping = test_ping(&far, 1);
    start_job(0, &ping);
    run_for(PC_SECOND_NS);
    CHECK(count_told(UDPFWD_PC_NOT_SENT, &event) == 1 && event.code == UDPFWD_PC_NO_GATEWAY);
    ping = test_ping(&far6, 1);
    start_job(0, &ping);
    run_for(PC_SECOND_NS);
    CHECK(count_told(UDPFWD_PC_NOT_SENT, &event) == 2 && event.code == UDPFWD_PC_NO_SOURCE);
    pc_clear_address(&bed.hosts[0], 4);
    ping = test_ping(&far, 2);
    ping.interval_us = 0;
    start_job(0, &ping);
    run_for(PC_SECOND_NS);
    CHECK(count_told(UDPFWD_PC_NOT_SENT, &event) == 4 && event.code == UDPFWD_PC_NO_SOURCE);
    close_hosts();
}

/* --- a router between: the third host, with our hands --- */

/* Answers what goes by the router: with an error of a type and code for a TTL of 1, and else as the target would. */
static int is_probe_of_ours(const seen_frame *frame) {
    return frame->from == 0 && get16(frame->bytes + 12) == 0x0800 && get32(frame->bytes + 30) == 0xc0000201;
}

static void answer_as_router(const seen_frame *probe, const char *from, int type, int code, uint32_t word) {
    unsigned char message[8 + 28] = {(unsigned char)type, (unsigned char)code}, packet[100];
    put32(message + 4, word);
    memcpy(message + 8, probe->bytes + 14, 28);
    put16(message + 2, finish_sum(add_to_sum(0, message, sizeof message)));
    give_frame(0, 9, 1, 0x0800, packet, make_ipv4(packet, from, "10.0.0.1", 1, 60, 0, message, sizeof message));
}

static void begin_routed(void) {
    static const uint8_t router_mac[] = {0, 0x50, 0x79, 0x66, 0x68, 9};
    const pc_address router = test_ipv4("10.0.0.254");
    open_hosts(1);
    use_ipv4(&bed.hosts[0], "10.0.0.1", "10.0.0.254");
    pc_learn(&bed.hosts[0], &router, router_mac, 1);
}

/* Each probe asks for a connection with a number and a port of its own; who says yes is told to forget it. */
static void test_a_trace_by_tcp(void) {
    const pc_address target = test_ipv4("10.0.0.2");
    open_hosts(2);
    use_ipv4(&bed.hosts[0], "10.0.0.1", NULL);
    use_ipv4(&bed.hosts[1], "10.0.0.2", NULL);
    udpfwd_pc_request trace = test_ping(&target, 3);
    trace.kind = UDPFWD_PC_TRACE;
    trace.protocol = PROTOCOL_TCP;
    trace.ttl = 8;
    start_job(0, &trace);
    run_for(PC_SECOND_NS);
    CHECK(bed.told == 4 && reason_of_end() == UDPFWD_PC_DONE);
    for (int i = 0; i < 3; i++)
        CHECK(bed.events[i].event.kind == UDPFWD_PC_REPLY && bed.events[i].event.hop == 1 &&
              bed.events[i].event.destination_port == bed.events[0].event.destination_port + i);
    udpfwd_pc_state state;
    pc_read_state(&bed.hosts[1], &state, bed.now_ns);
    CHECK(state.timers == 0); /* no connection waits */
    close_hosts();
}

static void test_a_trace(void) {
    const pc_address target = test_ipv4("192.0.2.1");
    begin_routed();
    udpfwd_pc_request trace = test_ping(&target, 2);
    trace.kind = UDPFWD_PC_TRACE;
    trace.protocol = PROTOCOL_UDP;
    trace.ttl = 8;
    start_job(0, &trace);
    for (int step = 0; step < 20 && reason_of_end() < 0; step++) {
        pc_expire(&bed.hosts[0], bed.now_ns += 10000000);
        bed.seen = 0;
        pass_frames();
        CHECK(bed.seen == 0 || is_probe_of_ours(&bed.frames[0]));
        if (bed.seen > 0) {
            int ttl = bed.frames[0].bytes[22];
            bed.now_ns += 1000000; /* what the way takes */
            if (ttl == 1)
                answer_as_router(&bed.frames[0], "10.0.0.254", ICMP_TIME_EXCEEDED, 0, 0);
            else if (ttl == 3)
                answer_as_router(&bed.frames[0], "192.0.2.1", ICMP_UNREACHABLE, UNREACHABLE_PORT, 0);
            else
                bed.now_ns += PC_SECOND_NS; /* this one says nothing */
        }
        look_at_events();
    }
    static const int kinds[] = {UDPFWD_PC_ICMP_ERROR, UDPFWD_PC_ICMP_ERROR, UDPFWD_PC_TIMEOUT, UDPFWD_PC_TIMEOUT,
                                UDPFWD_PC_ICMP_ERROR, UDPFWD_PC_ICMP_ERROR, UDPFWD_PC_FINISHED};
    CHECK(bed.told == 7 && reason_of_end() == UDPFWD_PC_DONE);
    for (int i = 0; i < 7; i++)
        CHECK(bed.events[i].event.kind == kinds[i] && (i == 6 || bed.events[i].event.hop == i / 2 + 1));
    CHECK(bed.events[0].event.type == 11 && bed.events[4].event.type == 3 && bed.events[4].event.code == 3);
    CHECK(bed.events[0].event.ttl == 60 && bed.events[0].event.round_trip_ns == 1000000);
    close_hosts();
}

/* A way that takes less: the ping is told the size, and knows it then. A lie of somebody whom nothing was sent to changes nothing. */
static void test_the_size_of_a_way(void) {
    const pc_address target = test_ipv4("192.0.2.1");
    udpfwd_pc_event event = {0};
    begin_routed();
    udpfwd_pc_request ping = test_ping(&target, 2);
    ping.dont_fragment = 1;
    ping.data_bytes = 1400;
    start_job(0, &ping);
    pc_expire(&bed.hosts[0], bed.now_ns);
    pass_frames();
    CHECK(bed.seen == 1);
    answer_as_router(&bed.frames[0], "10.0.0.254", ICMP_UNREACHABLE, UNREACHABLE_TOO_BIG, 1000);
    run_for(2 * PC_SECOND_NS);
    CHECK(count_told(UDPFWD_PC_ICMP_ERROR, &event) == 1 && event.mtu == 1000 && event.code == 4);
    CHECK(count_told(UDPFWD_PC_NOT_SENT, &event) == 1 && event.code == UDPFWD_PC_TOO_BIG && event.mtu == 1000);
    CHECK(pc_path_mtu_of(&bed.hosts[0], &target) == 1000);
    answer_as_router(&bed.frames[0], "10.0.0.254", ICMP_UNREACHABLE, UNREACHABLE_TOO_BIG, 600); /* it has ended */
    CHECK(pc_path_mtu_of(&bed.hosts[0], &target) == 1000 && bed.hosts[0].counters.unwanted == 1);
    run_for(700 * PC_SECOND_NS);
    CHECK(pc_path_mtu_of(&bed.hosts[0], &target) == 1500);
    close_hosts();
}

/* --- hosts that echo --- */

static void give_udp(const char *from, int ttl, uint16_t source_port, uint16_t destination_port) {
    unsigned char datagram[20] = {0}, packet[100];
    put16(datagram, source_port);
    put16(datagram + 2, destination_port);
    put16(datagram + 4, sizeof datagram);
    give_frame(0, 2, 1, 0x0800, packet, make_ipv4(packet, from, "10.0.0.1", 17, ttl, 0, datagram, sizeof datagram));
}

static void test_udp_is_echoed(void) {
    udpfwd_pc_event event = {0};
    open_hosts(2);
    udpfwd_pc_request ping = test_ping(&bed.hosts[1].ipv4, 2);
    ping.protocol = PROTOCOL_UDP;
    ping.data_bytes = 3000;
    ping.destination_port = 4000;
    start_job(0, &ping);
    run_for(3 * PC_SECOND_NS);
    CHECK(count_told(UDPFWD_PC_REPLY, &event) == 2 && event.bytes == 3028 && event.destination_port == 4000);
    /* What has used up its hops comes from a trace. */
    ping.ttl = 1;
    ping.data_bytes = 56;
    start_job(0, &ping);
    run_for(3 * PC_SECOND_NS);
    CHECK(count_told(UDPFWD_PC_ICMP_ERROR, &event) == 2 && event.type == 3 && event.code == 3);
    close_hosts();
}

static int loses_nothing_slowly(const unsigned char *frame, size_t size, int number) {
    (void)frame, (void)size, (void)number;
    bed.now_ns += 1000;
    return 0;
}

/* Late answers are not echoed, nor what an echo server sends; and what two hosts throw to and fro ends when it is quick. */
static void test_echoes_are_no_circle(void) {
    open_hosts(2);
    udpfwd_pc_request ping = test_ping(&bed.hosts[1].ipv4, 1);
    ping.protocol = PROTOCOL_UDP;
    ping.source_port = 5000;
    start_job(0, &ping);
    run_for(3 * PC_SECOND_NS);
    CHECK(count_told(UDPFWD_PC_REPLY, NULL) == 1);
    forget_seen();
    give_udp("10.0.0.2", 64, 7, 5000);
    give_udp("10.0.0.2", 64, 7, 6000);
    run_for(PC_SECOND_NS);
    CHECK(bed.seen == 0);
    bed.loses = loses_nothing_slowly;
    give_udp("10.0.0.2", 64, 6000, 6000);
    int passed = 0, now;
    while ((now = pass_frames()) > 0)
        CHECK((passed += now) < 2000);
    CHECK(passed > 100);
    give_udp("10.0.0.2", 64, 0, 6000);
    give_udp("0.0.0.0", 64, 6000, 6000);
    CHECK(pass_frames() == 0);
    close_hosts();
}

/* Errors are told of protocols that nobody has, and never about errors or to groups. */
static void test_errors_that_are_told(void) {
    open_hosts(2);
    unsigned char data[64] = {ICMP_UNREACHABLE, UNREACHABLE_PORT}, packet[200];
    put16(data + 2, finish_sum(add_to_sum(0, data, sizeof data)));
    give_frame(0, 2, 1, 0x0800, packet, make_ipv4(packet, "10.0.0.2", "10.0.0.1", 132, 64, 0, data, sizeof data));
    run_for(PC_SECOND_NS);
    CHECK(bed.seen == 3 && bed.frames[2].bytes[34] == ICMP_UNREACHABLE && bed.frames[2].bytes[35] == UNREACHABLE_PROTOCOL);
    forget_seen();
    give_frame(0, 2, 1, 0x0800, packet, make_ipv4(packet, "10.0.0.2", "10.0.0.1", 1, 64, 0, data, sizeof data));
    give_frame(0, 2, 255, 0x0800, packet, make_ipv4(packet, "10.0.0.2", "10.0.0.255", 132, 64, 0, data, sizeof data));
    give_frame(0, 2, 255, 0x0800, packet, make_ipv4(packet, "10.0.0.2", "10.0.0.255", 17, 1, 0, data, sizeof data));
    run_for(PC_SECOND_NS);
    CHECK(bed.seen == 0);
    close_hosts();
}

int main(void) {
    test_more_pings_than_a_sequence_has();
    test_times();
    test_a_job_is_stopped();
    test_requests_that_are_none();
    test_a_ping_of_itself();
    test_pings_without_a_way();
    test_a_trace();
    test_a_trace_by_tcp();
    test_the_size_of_a_way();
    test_udp_is_echoed();
    test_echoes_are_no_circle();
    test_errors_that_are_told();
    puts("pc_probe_test: 12 passed");
    return 0;
}
