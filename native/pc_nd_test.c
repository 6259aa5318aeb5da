/* Neighbour discovery, duplicate addresses, SLAAC. */
#define _GNU_SOURCE
#include "pc_claims.h"
#include "pc_icmp.h"
#include "pc_nd.h"

#include "test_pc.h"

static int type_of(int i) {
    const unsigned char *frame = bed.frames[i].bytes;
    return get16(frame + 12) == 0x86dd && frame[20] == 58 ? frame[54] : -1;
}

/* A first ping on the link: solicitation, advertisement, echo, reply; then, a while later, the addresses that came into use are
 * checked. */
static void test_a_first_ping(void) {
    static const unsigned char group[] = {0x33, 0x33, 0xff, 0x66, 0x68, 2, 0, 0x50, 0x79, 0x66, 0x68, 1, 0x86, 0xdd};
    open_hosts(2);
    udpfwd_pc_request ping = test_ping(&bed.hosts[1].link_local, 1);
    start_job(0, &ping);
    run_for(1000);
    CHECK(bed.seen == 4 && type_of(0) == 135 && type_of(1) == 136 && type_of(2) == 128 && type_of(3) == 129);
    CHECK(memcmp(bed.frames[0].bytes, group, sizeof group) == 0 && bed.frames[0].bytes[21] == 255 &&
          bed.frames[0].size == 14 + 40 + 32);
    const pc_address own = read_address(bed.frames[0].bytes + 22, 6), expected = test_ipv6("fe80::250:79ff:fe66:6801");
    CHECK(same_address(&own, &expected) && bed.frames[1].bytes[58] == 0x60);
    forget_seen();
    run_for(5 * PC_SECOND_NS);
    CHECK(bed.seen == 2 && type_of(0) == 135 && type_of(1) == 135);
    for (int i = 0; i < 2; i++) { /* from nobody, without an option */
        const pc_address from = read_address(bed.frames[i].bytes + 22, 6);
        CHECK(is_unspecified(&from) && bed.frames[i].size == 14 + 40 + 24);
    }
    CHECK(bed.hosts[0].link_local_ready && bed.hosts[1].link_local_ready && pc_due(&bed.hosts[0]) == PC_NEVER);
    close_hosts();
}

static void take(int host, const char *text) {
    const udpfwd_pc_request request = {
        .kind = UDPFWD_PC_TAKE_ADDRESS, .target = test_ipv6(text), .prefix = 64, .attempts = 1, .timeout_us = 1000000};
    start_job(host, &request);
}

static void test_addresses_by_hand(void) {
    udpfwd_pc_event event = {0};
    open_hosts(2);
    take(0, "2001:db8::1");
    run_for(2 * PC_SECOND_NS);
    CHECK(reason_of_end() == UDPFWD_PC_DONE && count_told(UDPFWD_PC_ADDRESS_READY, NULL) == 1);
    forget_seen();
    take(1, "2001:db8::1");
    run_for(2 * PC_SECOND_NS);
    CHECK(reason_of_end() == UDPFWD_PC_IN_USE && count_told(UDPFWD_PC_ADDRESS_TAKEN, &event) == 1 && event.mac[5] == 1);
    forget_seen();
    take(1, "2001:db8::2");
    run_for(2 * PC_SECOND_NS);
    udpfwd_pc_request ping = test_ping(&bed.hosts[0].ipv6, 2);
    forget_seen();
    start_job(1, &ping);
    run_for(3 * PC_SECOND_NS);
    CHECK(count_told(UDPFWD_PC_REPLY, NULL) == 2 && reason_of_end() == UDPFWD_PC_DONE);
    for (int kind = 1; kind < 3; kind++) {
        ping.protocol = kind == 1 ? PROTOCOL_UDP : PROTOCOL_TCP;
        forget_seen();
        start_job(1, &ping);
        run_for(3 * PC_SECOND_NS);
        CHECK(count_told(UDPFWD_PC_REPLY, NULL) == (kind == 1 ? 2 : 6) && reason_of_end() == UDPFWD_PC_DONE);
    }
    udpfwd_pc_request trace = ping;
    trace.kind = UDPFWD_PC_TRACE;
    trace.protocol = PROTOCOL_UDP;
    forget_seen();
    start_job(1, &trace);
    run_for(3 * PC_SECOND_NS);
    CHECK(count_told(UDPFWD_PC_ICMP_ERROR, &event) == 2 && event.type == ICMP6_UNREACHABLE && event.code == ICMP6_UNREACHABLE_PORT);
    close_hosts();
}

/* --- a router, by hand --- */

static size_t make_advertisement(unsigned char *message, const char *prefix, uint32_t valid, uint32_t router) {
    const pc_address network = test_ipv6(prefix), dns = test_ipv6("2001:db8::53");
    memset(message, 0, 80);
    message[0] = 134;
    message[4] = 64;
    put16(message + 6, router);
    memcpy(message + 16, (const unsigned char[]){1, 1, 0, 0x50, 0x79, 0x66, 0x68, 9}, 8);
    memcpy(message + 24, (const unsigned char[]){3, 4, 64, 0xc0}, 4);
    put32(message + 28, valid);
    put32(message + 32, valid / 2);
    memcpy(message + 40, network.bytes, 16);
    memcpy(message + 56, (const unsigned char[]){25, 3, 0, 0, 0, 0, 1, 0}, 8);
    memcpy(message + 64, dns.bytes, 16);
    return 80;
}

static void give_message(unsigned char *message, size_t size, int hops, const pc_address *from) {
    unsigned char packet[200];
    const pc_address all = test_ipv6("ff02::1");
    put16(message + 2, 0);
    put16(message + 2, finish_sum(add_to_sum(pseudo_sum(from, &all, 58, size), message, size)));
    give_frame(0, 9, 255, 0x86dd, packet, make_ipv6(packet, from, &all, 58, hops, message, size));
}

static void advertise(const char *prefix, uint32_t valid, uint32_t router) {
    unsigned char message[80];
    const pc_address from = test_ipv6("fe80::9");
    give_message(message, make_advertisement(message, prefix, valid, router), 255, &from);
}

static void ask_router(void) {
    const udpfwd_pc_request request = {.kind = UDPFWD_PC_AUTOCONFIGURE, .attempts = 3, .timeout_us = 1000000};
    forget_seen();
    start_job(0, &request);
    run_for(1000);
}

static void test_slaac(void) {
    udpfwd_pc_event event = {0};
    open_hosts(1);
    bed.hosts[0].identity.dns[0] = test_ipv4("10.0.0.53");
    ask_router();
    CHECK(bed.seen == 1 && type_of(0) == 133);
    advertise("2001:db8:1::", 1000, 100);
    run_for(2 * PC_SECOND_NS);
    CHECK(reason_of_end() == UDPFWD_PC_DONE && count_told(UDPFWD_PC_ROUTER, &event) == 1 && event.mac[5] == 9 &&
          event.data_bytes == 80);
    udpfwd_pc_state state;
    pc_read_state(&bed.hosts[0], &state, bed.now_ns);
    const pc_address expected = test_ipv6("2001:db8:1::250:79ff:fe66:6801"), router = test_ipv6("fe80::9"),
                     dns = test_ipv6("2001:db8::53");
    CHECK(same_address(&state.ipv6, &expected) && same_address(&state.ipv6_gateway, &router) &&
          same_address(&state.identity.dns[0], &dns));
    CHECK(ipv4_of(&state.identity.dns[1]) == 0x0a000035); /* of the other family */
    CHECK(state.ipv6_origin == UDPFWD_PC_AUTOMATIC && state.valid_left_seconds == 998 && state.preferred_left_seconds == 498 &&
          state.gateway_mac[5] == 9);
    run_for(PC_SECOND_NS);
    CHECK(pc_due(&bed.hosts[0]) == PC_NEVER); /* no timer waits for the end of its life */
    /* Later ones keep it, and cannot end it with a word; the router can go. */
    advertise("2001:db8:1::", 5000, 0);
    pc_read_state(&bed.hosts[0], &state, bed.now_ns);
    CHECK(state.valid_left_seconds == 5000 && state.ipv6_gateway.family == 0);
    advertise("2001:db8:1::", 1, 50);
    pc_read_state(&bed.hosts[0], &state, bed.now_ns);
    CHECK(state.valid_left_seconds == 5000 && state.ipv6_gateway.family == 6);
    /* Another one that is none says nothing of the first one. */
    unsigned char message[80];
    const pc_address another = test_ipv6("fe80::a");
    give_message(message, make_advertisement(message, "2001:db8:1::", 5000, 0), 255, &another);
    CHECK(same_address(&bed.hosts[0].ipv6_gateway, &router));
    run_for(40 * PC_SECOND_NS);
    pc_expire(&bed.hosts[0], bed.now_ns);
    CHECK(same_address(&bed.hosts[0].ipv6_gateway, &router));
    run_for(20 * PC_SECOND_NS);
    pc_expire(&bed.hosts[0], bed.now_ns);
    CHECK(bed.hosts[0].ipv6_gateway.family == 0 && bed.hosts[0].ipv6.family == 6);
    run_for(5000 * PC_SECOND_NS);
    pc_expire(&bed.hosts[0], bed.now_ns);
    CHECK(bed.hosts[0].ipv6.family == 0);
    close_hosts();
}

/* No router, one that has no prefix for us, and an address that is somebody else's. */
static void test_slaac_without_success(void) {
    open_hosts(1);
    ask_router();
    advertise("fe80::", 1000, 100);
    advertise("::", 1000, 100);
    run_for(10 * PC_SECOND_NS);
    CHECK(bed.seen >= 3 && reason_of_end() == UDPFWD_PC_NO_ANSWER && count_told(UDPFWD_PC_ROUTER, NULL) == 2);
    ask_router();
    advertise("2001:db8:1::", 1000, 100);
    run_for(100);
    unsigned char message[24] = {136};
    const pc_address taken = test_ipv6("2001:db8:1::250:79ff:fe66:6801");
    message[4] = 0x20;
    memcpy(message + 8, taken.bytes, 16);
    give_message(message, sizeof message, 255, &taken);
    run_for(3 * PC_SECOND_NS);
    CHECK(reason_of_end() == UDPFWD_PC_IN_USE && bed.hosts[0].ipv6.family == 0);
    close_hosts();
}

/* What does not come from the link, is cut, or has options that do not fit: counted, and nothing is learned. */
static void test_messages_that_are_none(void) {
    unsigned char message[80];
    const pc_address from = test_ipv6("fe80::9"), global = test_ipv6("2001:db8::9");
    open_hosts(1);
    ask_router();
    size_t size = make_advertisement(message, "2001:db8:1::", 1000, 100);
    give_message(message, size, 254, &from);
    give_message(message, size, 255, &global);
    message[1] = 1;
    give_message(message, size, 255, &from);
    message[1] = 0;
    message[25] = 0; /* an option without a size */
    give_message(message, size, 255, &from);
    message[25] = 40;
    give_message(message, size, 255, &from);
    message[25] = 4;
    give_message(message, 15, 255, &from);
    give_message(message, 60, 255, &from);
    const pc_address made = test_ipv6("2001:db8:1::250:79ff:fe66:6801");
    CHECK(bed.hosts[0].counters.malformed == 7 && !pc_is_claimed(&bed.hosts[0], &made) && bed.hosts[0].neighbour_count == 0);
    unsigned char solicitation[32] = {135};
    memcpy(solicitation + 8, bed.hosts[0].link_local.bytes, 16);
    memcpy(solicitation + 24, (const unsigned char[]){1, 1, 0, 0x50, 0x79, 0x66, 0x68, 9}, 8);
    give_message(solicitation, 32, 64, &from);
    give_message(solicitation, 20, 255, &from);
    CHECK(bed.hosts[0].counters.malformed == 9 && bed.hosts[0].neighbour_count == 0);
    give_message(solicitation, 32, 255, &from);
    CHECK(bed.hosts[0].neighbour_count == 1);
    close_hosts();
}

/* Without the room that IPv6 wants it is off. */
static void test_small_mtus_are_without_ipv6(void) {
    open_hosts(2);
    udpfwd_pc_identity identity = bed.hosts[1].identity;
    identity.mtu = 1000;
    pc_set_identity(&bed.hosts[1], &identity);
    udpfwd_pc_request ping = test_ping(&bed.hosts[1].link_local, 1);
    start_job(0, &ping);
    run_for(5 * PC_SECOND_NS);
    CHECK(count_told(UDPFWD_PC_NOT_SENT, NULL) == 1 && bed.hosts[1].counters.unwanted >= 3);
    forget_seen();
    ping = test_ping(&bed.hosts[0].link_local, 1);
    start_job(1, &ping);
    run_for(5 * PC_SECOND_NS);
    CHECK(count_told(UDPFWD_PC_NOT_SENT, NULL) == 1 && bed.seen == 0);
    close_hosts();
}

int main(void) {
    test_a_first_ping();
    test_addresses_by_hand();
    test_slaac();
    test_slaac_without_success();
    test_messages_that_are_none();
    test_small_mtus_are_without_ipv6();
    puts("pc_nd_test: 6 passed");
    return 0;
}
