/* ARP and the neighbours, and addresses that are taken after nobody else answers for them. */
#define _GNU_SOURCE
#include "pc_claims.h"

#include "test_pc.h"

/* What is on the wire for the first ping between two hosts: byte for byte, and no frame shorter than 60 or longer than it need be. */
static void test_frames_of_a_first_ping(void) {
    static const unsigned char question[60] = {255, 255, 255, 255, 255, 255, 0, 0x50, 0x79, 0x66, 0x68, 1,    8,    6,
                                               0,   1,   8,   0,   6,   4,   0, 1,    0,    0x50, 0x79, 0x66, 0x68, 1,
                                               10,  0,   0,   1,   0,   0,   0, 0,    0,    0,    10,   0,    0,    2};
    static const unsigned char answer[60] = {0,  0x50, 0x79, 0x66, 0x68, 1,    0,    0x50, 0x79, 0x66, 0x68, 2,    8,    6,
                                             0,  1,    8,    0,    6,    4,    0,    2,    0,    0x50, 0x79, 0x66, 0x68, 2,
                                             10, 0,    0,    2,    0,    0x50, 0x79, 0x66, 0x68, 1,    10,   0,    0,    1};
    open_hosts(2);
    udpfwd_pc_request ping = test_ping(&bed.hosts[1].ipv4, 1);
    ping.data_bytes = 1;
    start_job(0, &ping);
    run_for(PC_SECOND_NS);
    CHECK(bed.seen == 4 && reason_of_end() == UDPFWD_PC_DONE && count_told(UDPFWD_PC_REPLY, NULL) == 1);
    CHECK(bed.frames[0].size == 60 && memcmp(bed.frames[0].bytes, question, 60) == 0);
    CHECK(bed.frames[1].size == 60 && memcmp(bed.frames[1].bytes, answer, 60) == 0);
    CHECK(bed.frames[2].size == 60 && bed.frames[3].size == 60);
    static const unsigned char zeros[60 - 14 - 29];
    CHECK(memcmp(bed.frames[2].bytes + 14 + 29, zeros, sizeof zeros) == 0); /* nothing of ours leaves as padding */
    CHECK(pc_due(&bed.hosts[0]) == PC_NEVER && pc_due(&bed.hosts[1]) == PC_NEVER);
    close_hosts();
}

/* What was learned is used for its time, asked again before it ends while it is used, and forgotten otherwise. */
static void test_neighbours_age(void) {
    udpfwd_pc_neighbour entry;
    open_hosts(2);
    udpfwd_pc_request ping = test_ping(&bed.hosts[1].ipv4, 1);
    start_job(0, &ping);
    run_for(PC_SECOND_NS);
    CHECK(pc_list_neighbours(&bed.hosts[0], 4, bed.now_ns, &entry, 1) == 1 && entry.mac[5] == 2 && entry.left_seconds == 119);
    CHECK(pc_list_neighbours(&bed.hosts[1], 4, bed.now_ns, &entry, 1) == 1 && entry.mac[5] == 1); /* who asks tells */
    run_for(95 * PC_SECOND_NS);
    forget_seen();
    start_job(0, &ping);
    run_for(PC_SECOND_NS);
    CHECK(bed.seen == 4 && count_told(UDPFWD_PC_REPLY, NULL) == 1); /* a question beside the ping */
    CHECK(pc_list_neighbours(&bed.hosts[0], 4, bed.now_ns, &entry, 1) == 1 && entry.left_seconds == 119);
    run_for(UDPFWD_PC_NEIGHBOUR_SECONDS * PC_SECOND_NS);
    CHECK(pc_list_neighbours(&bed.hosts[0], 4, bed.now_ns, &entry, 1) == 0);
    CHECK(pc_due(&bed.hosts[0]) == PC_NEVER);
    close_hosts();
}

static void test_nobody_answers(void) {
    udpfwd_pc_event event = {0};
    open_hosts(1);
    const pc_address nobody = test_ipv4("10.0.0.99");
    udpfwd_pc_request ping = test_ping(&nobody, 2);
    start_job(0, &ping);
    run_for(20 * PC_SECOND_NS);
    CHECK(bed.seen == 6 && bed.frames[1].at_ns - bed.frames[0].at_ns == PC_SECOND_NS); /* three questions for each */
    CHECK(count_told(UDPFWD_PC_NOT_SENT, &event) == 2 && event.code == UDPFWD_PC_NO_NEIGHBOUR && event.sequence == 2);
    CHECK(reason_of_end() == UDPFWD_PC_DONE && pc_due(&bed.hosts[0]) == PC_NEVER);
    close_hosts();
}

/* More neighbours than the table holds: the oldest give way, and memory is bounded. */
static void test_the_table_is_bounded(void) {
    enum { GIVEN = 3 * UDPFWD_PC_MAX_NEIGHBOURS };
    const pc_address none = {0}, address = test_ipv4("10.0.0.1");
    open_hosts(1);
    pc_use_address(&bed.hosts[0], &address, 16, &none, UDPFWD_PC_MANUAL);
    for (int i = 0; i < GIVEN; i++) {
        unsigned char arp[28] = {0, 1, 8, 0, 6, 4, 0, 1, 0, 0x50, 0x79, 0x66, (unsigned char)(i >> 8), (unsigned char)i, 10};
        put16(arp + 16, (uint32_t)(256 + i));
        memcpy(arp + 24, bed.hosts[0].ipv4.bytes, 4);
        bed.now_ns += 1000;
        give_frame(0, 9, 1, 0x0806, arp, sizeof arp);
        pass_frames();
    }
    udpfwd_pc_neighbour entries[UDPFWD_PC_MAX_NEIGHBOURS];
    CHECK(pc_list_neighbours(&bed.hosts[0], 4, bed.now_ns, entries, UDPFWD_PC_MAX_NEIGHBOURS) == UDPFWD_PC_MAX_NEIGHBOURS);
    int has_last = 0;
    for (int i = 0; i < UDPFWD_PC_MAX_NEIGHBOURS; i++) {
        int number = get16(entries[i].address.bytes + 2) - 256;
        CHECK(number >= GIVEN - UDPFWD_PC_MAX_NEIGHBOURS);
        has_last |= number == GIVEN - 1;
    }
    CHECK(has_last && bed.hosts[0].memory < 32768);
    pc_forget_neighbours(&bed.hosts[0], 4);
    CHECK(bed.hosts[0].memory == 0);
    close_hosts();
}

static void take(int host, const char *text) {
    const udpfwd_pc_request request = {
        .kind = UDPFWD_PC_TAKE_ADDRESS, .target = test_ipv4(text), .prefix = 24, .attempts = 3, .timeout_us = 300000};
    start_job(host, &request);
}

/* Probes from nobody (RFC 5227), then the address, then two announcements. */
static void test_an_address_is_probed(void) {
    udpfwd_pc_event event = {0};
    open_hosts(2);
    take(0, "10.0.0.7");
    run_for(850 * 1000000ull);
    CHECK(bed.seen == 3 && ipv4_of(&bed.hosts[0].ipv4) == 0x0a000001);
    for (int i = 0; i < 3; i++)
        CHECK(bed.frames[i].size == 60 && get32(bed.frames[i].bytes + 28) == 0 && get32(bed.frames[i].bytes + 38) == 0x0a000007);
    run_for(5 * PC_SECOND_NS);
    CHECK(count_told(UDPFWD_PC_ADDRESS_READY, &event) == 1 && ipv4_of(&event.address) == 0x0a000007 &&
          reason_of_end() == UDPFWD_PC_DONE);
    CHECK(ipv4_of(&bed.hosts[0].ipv4) == 0x0a000007 && bed.seen == 5 && get32(bed.frames[4].bytes + 28) == 0x0a000007);
    CHECK(pc_due(&bed.hosts[0]) == PC_NEVER);
    close_hosts();
}

static void test_an_address_that_is_taken(void) {
    udpfwd_pc_event event = {0};
    open_hosts(2);
    take(0, "10.0.0.2");
    run_for(5 * PC_SECOND_NS);
    CHECK(count_told(UDPFWD_PC_ADDRESS_TAKEN, &event) == 1 && event.mac[5] == 2 && reason_of_end() == UDPFWD_PC_IN_USE);
    CHECK(ipv4_of(&bed.hosts[0].ipv4) == 0x0a000001 && bed.seen == 2 && bed.hosts[0].claims == NULL);
    /* Two that want the same at once: one has it at most. */
    forget_seen();
    take(0, "10.0.0.9");
    take(1, "10.0.0.9");
    run_for(5 * PC_SECOND_NS);
    CHECK(count_told(UDPFWD_PC_ADDRESS_READY, NULL) <= 1 && count_told(UDPFWD_PC_ADDRESS_TAKEN, NULL) >= 1);
    close_hosts();
}

/* Somebody who comes later is told, but there is no quarrel without an end. */
static void test_an_address_is_defended(void) {
    open_hosts(1);
    unsigned char arp[28] = {0, 1, 8, 0, 6, 4, 0, 2, 0, 0x50, 0x79, 0x66, 0x68, 9, 10, 0, 0, 1};
    for (int i = 0; i < 5; i++)
        give_frame(0, 9, 1, 0x0806, arp, sizeof arp);
    run_for(PC_SECOND_NS);
    CHECK(bed.seen == 1 && get32(bed.frames[0].bytes + 28) == 0x0a000001 && get32(bed.frames[0].bytes + 38) == 0x0a000001);
    run_for(10 * PC_SECOND_NS);
    give_frame(0, 9, 1, 0x0806, arp, sizeof arp);
    run_for(PC_SECOND_NS);
    CHECK(bed.seen == 2);
    close_hosts();
}

/* What is none is counted, and teaches nothing. */
static void test_what_is_no_arp(void) {
    static const unsigned char good[28] = {0,  1, 8, 0, 6, 4, 0, 1, 0, 0x50, 0x79, 0x66, 0x68, 9,
                                           10, 0, 0, 9, 0, 0, 0, 0, 0, 0,    10,   0,    0,    1};
    open_hosts(1);
    for (size_t size = 0; size < sizeof good; size++)
        give_frame(0, 9, 1, 0x0806, good, size);
    CHECK(bed.hosts[0].counters.malformed == sizeof good);
    for (size_t i = 0; i < 6; i++) {
        unsigned char wrong[28];
        memcpy(wrong, good, sizeof wrong);
        wrong[i] ^= 0x40;
        give_frame(0, 9, 1, 0x0806, wrong, sizeof wrong);
    }
    CHECK(bed.hosts[0].counters.malformed == sizeof good + 6 && bed.hosts[0].memory == 0);
    run_for(PC_SECOND_NS);
    CHECK(bed.seen == 0);
    close_hosts();
}

int main(void) {
    test_frames_of_a_first_ping();
    test_neighbours_age();
    test_nobody_answers();
    test_the_table_is_bounded();
    test_an_address_is_probed();
    test_an_address_that_is_taken();
    test_an_address_is_defended();
    test_what_is_no_arp();
    puts("pc_arp_test: 8 passed");
    return 0;
}
