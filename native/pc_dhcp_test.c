/* DHCP: a lease from its beginning to its end, and servers that refuse, are silent, or give what somebody else has. The server
 * is 10.0.0.254, with our hands. */
#define _GNU_SOURCE
#include "pc_dhcp.h"

#include "test_pc.h"

enum { LEASE_SECONDS = 1000 };

/* How the server behaves. */
static struct {
    int is_silent, refuses, is_shameless; /* it tells a domain that is none */
    uint32_t address, gateway, lease_seconds; /* 0: as the others */
    unsigned char number;                     /* of who answers a REQUEST: 0 for the one that was asked */
    int types[32], sent; /* of the messages that came */
    unsigned char messages[32][600];
    uint32_t from[32], to[32];
    uint64_t at_ns[32];
} server;

static const unsigned char *option(const unsigned char *message, int code) {
    for (const unsigned char *at = message + 240; *at != 255; at += *at == 0 ? 1 : 2 + at[1])
        if (*at == code)
            return at;
    return NULL;
}

static void give_reply(const unsigned char *query, int type) {
    unsigned char datagram[400] = {0}, packet[500], *message = datagram + 8;
    const uint32_t lease = server.lease_seconds != 0 ? server.lease_seconds : LEASE_SECONDS;
    const uint32_t gateway = server.gateway != 0 ? server.gateway : 0x0a0000fe;
    const unsigned char options[] = {99, 130, 83, 99, 53, 1, (unsigned char)type, 1, 4, 255, 255, 255, 0, 6, 8, 10, 0, 0, 252, 10, 0, 0,
                                     253, 51, 4, 0, 0, (unsigned char)(lease >> 8), (unsigned char)lease, 54, 4, 10, 0, 0,
                                     server.number != 0 ? server.number : 254, 3, 4, (unsigned char)(gateway >> 24),
                                     (unsigned char)(gateway >> 16), (unsigned char)(gateway >> 8), (unsigned char)gateway, 15, 3,
                                     'l', 'a', server.is_shameless ? '\n' : 'b', 255};
    message[0] = 2;
    message[1] = 1;
    message[2] = 6;
    memcpy(message + 4, query + 4, 4);
    put32(message + 16, type == DHCP_NAK ? 0 : server.address);
    memcpy(message + 28, query + 28, 6);
    memcpy(message + 236, options, sizeof options);
    size_t size = 8 + 236 + sizeof options;
    put16(datagram, 67);
    put16(datagram + 2, 68);
    put16(datagram + 4, (uint32_t)size);
    char to[16];
    snprintf(to, sizeof to, "10.0.0.%d", server.address & 0xff);
    give_frame(0, 254, 1, 0x0800, packet, make_ipv4(packet, "10.0.0.254", to, 17, 64, 0, datagram, size));
}

static void answer_arp(const seen_frame *question) {
    unsigned char arp[28] = {0, 1, 8, 0, 6, 4, 0, 2, 0, 0x50, 0x79, 0x66, 0x68, 254, 10, 0, 0, 254};
    memcpy(arp + 18, question->bytes + 22, 10);
    give_frame(0, 254, 1, 0x0806, arp, sizeof arp);
}

/* Looks at the frame that was seen last, and answers it. */
static void serve(const seen_frame *frame) {
    if (get16(frame->bytes + 12) == 0x0806 && get32(frame->bytes + 38) == 0x0a0000fe)
        answer_arp(frame);
    if (get16(frame->bytes + 12) != 0x0800 || frame->bytes[23] != 17 || get16(frame->bytes + 36) != 67)
        return;
    const unsigned char *message = frame->bytes + 42;
    int type = option(message, 53)[2], i = server.sent++;
    CHECK(server.sent <= 32);
    server.types[i] = type;
    server.from[i] = get32(frame->bytes + 26);
    server.to[i] = get32(frame->bytes + 30);
    server.at_ns[i] = frame->at_ns;
    memcpy(server.messages[i], message, frame->size - 42);
    if (server.is_silent)
        return;
    if (type == DHCP_DISCOVER)
        give_reply(message, DHCP_OFFER);
    else if (type == DHCP_REQUEST)
        give_reply(message, server.refuses ? DHCP_NAK : DHCP_ACK);
}

static void serve_for(uint64_t ns) {
    uint64_t end_ns = bed.now_ns + ns;
    for (;;) {
        for (bed.seen = 0; pass_frames() > 0; bed.seen = 0)
            for (int i = 0; i < bed.seen; i++)
                serve(&bed.frames[i]);
        uint64_t due_ns = pc_due(&bed.hosts[0]);
        if (due_ns > end_ns)
            break;
        if (due_ns > bed.now_ns)
            bed.now_ns = due_ns;
        pc_expire(&bed.hosts[0], bed.now_ns);
        look_at_events();
    }
    bed.now_ns = end_ns;
    pc_set_time(&bed.hosts[0], end_ns);
    look_at_events();
}

static void ask(int kind) {
    const udpfwd_pc_request request = {.kind = kind, .attempts = 3, .timeout_us = 1000000};
    forget_seen();
    start_job(0, &request);
}

static void begin(void) {
    memset(&server, 0, sizeof server);
    server.address = 0x0a0000e0; /* .224: an address like any other */
    open_hosts(1);
    pc_clear_address(&bed.hosts[0], 4);
}

static void lease(void) {
    begin();
    ask(UDPFWD_PC_DHCP_DISCOVER);
    serve_for(2 * PC_SECOND_NS);
    CHECK(reason_of_end() == UDPFWD_PC_DONE && ipv4_of(&bed.hosts[0].ipv4) == server.address);
}

/* --- */

static void test_a_lease(void) {
    static const int kinds[] = {UDPFWD_PC_DHCP_SENT,     UDPFWD_PC_DHCP_RECEIVED, UDPFWD_PC_DHCP_SENT,
                                UDPFWD_PC_DHCP_RECEIVED, UDPFWD_PC_ADDRESS_READY, UDPFWD_PC_FINISHED};
    lease();
    CHECK(bed.told == 6);
    for (int i = 0; i < 6; i++)
        CHECK(bed.events[i].event.kind == kinds[i] && (i > 3 || bed.events[i].event.code == (const uint8_t[]){1, 2, 3, 5}[i]));
    CHECK(bed.events[0].event.data_bytes >= 300 && bed.events[0].data[0] == 1 && bed.events[1].data[0] == 2);
    /* What RFC 2131 (4.3.2, table 5) wants of the two. */
    const unsigned char *discover = server.messages[0], *request = server.messages[1];
    CHECK(server.sent == 2 && server.from[0] == 0 && server.to[0] == UINT32_MAX && server.from[1] == 0 && server.to[1] == UINT32_MAX);
    CHECK(option(discover, 50) == NULL && option(discover, 54) == NULL && get32(discover + 12) == 0 &&
          get32(discover + 4) == get32(request + 4));
    CHECK(get32(option(request, 50) + 2) == server.address && get32(option(request, 54) + 2) == 0x0a0000fe &&
          get32(request + 12) == 0);
    for (int i = 0; i < 2; i++) {
        const unsigned char *name = option(server.messages[i], 12), *id = option(server.messages[i], 61);
        CHECK(name[1] == 3 && memcmp(name + 2, "PC1", 3) == 0 && id[1] == 7 && id[2] == 1 && id[8] == 1);
    }
    udpfwd_pc_state state;
    pc_read_state(&bed.hosts[0], &state, bed.now_ns);
    CHECK(state.ipv4_prefix == 24 && ipv4_of(&state.ipv4_gateway) == 0x0a0000fe && state.ipv4_origin == UDPFWD_PC_DHCP);
    CHECK(ipv4_of(&state.identity.dns[0]) == 0x0a0000fc && ipv4_of(&state.identity.dns[1]) == 0x0a0000fd &&
          strcmp(state.identity.domain, "lab") == 0);
    CHECK(ipv4_of(&state.dhcp_server) == 0x0a0000fe && state.lease_seconds == 1000 && state.renew_seconds == 500 &&
          state.rebind_seconds == 875);
    CHECK(state.lease_left_seconds == 998 && state.timers == 1);
    close_hosts();
}

/* At T1 the server is asked, by itself; it says yes. */
static void test_a_lease_is_renewed(void) {
    lease();
    serve_for(600 * PC_SECOND_NS);
    CHECK(server.sent == 3 && server.types[2] == DHCP_REQUEST && server.at_ns[2] == TEST_START_NS + 500 * PC_SECOND_NS);
    CHECK(server.from[2] == server.address && server.to[2] == 0x0a0000fe && get32(server.messages[2] + 12) == server.address);
    CHECK(option(server.messages[2], 50) == NULL && option(server.messages[2], 54) == NULL);
    udpfwd_pc_state state;
    pc_read_state(&bed.hosts[0], &state, bed.now_ns);
    CHECK(state.lease_left_seconds == 1000 - 102);
    forget_seen();
    ask(UDPFWD_PC_DHCP_RENEW);
    serve_for(PC_SECOND_NS);
    CHECK(reason_of_end() == UDPFWD_PC_DONE && server.sent == 4 && count_told(UDPFWD_PC_ADDRESS_READY, NULL) == 1);
    close_hosts();
}

/* A job that begins while the lease is being renewed by itself: it does not take that answer for its own. */
static void test_a_job_during_a_renewal(void) {
    static const int kinds[] = {UDPFWD_PC_DHCP_RENEW, UDPFWD_PC_DHCP_DISCOVER, UDPFWD_PC_DHCP_RELEASE};
    static const int sent[] = {1, 2, 1}, received[] = {1, 2, 0};
    for (int i = 0; i < 3; i++) {
        lease();
        bed.now_ns = TEST_START_NS + 500 * PC_SECOND_NS;
        pc_expire(&bed.hosts[0], bed.now_ns); /* it has asked */
        ask(kinds[i]);
        serve_for(5 * PC_SECOND_NS); /* the answer comes before the job is due */
        CHECK(server.types[2] == DHCP_REQUEST && reason_of_end() == UDPFWD_PC_DONE && server.sent == 3 + sent[i]);
        CHECK(count_told(UDPFWD_PC_DHCP_SENT, NULL) == sent[i] && count_told(UDPFWD_PC_DHCP_RECEIVED, NULL) == received[i]);
        CHECK((bed.hosts[0].ipv4.family == 0) == (kinds[i] == UDPFWD_PC_DHCP_RELEASE));
        close_hosts();
    }
}

/* Nobody answers: the server is asked until T2, everybody until the end, then the address is gone and it begins anew. */
static void test_a_lease_ends(void) {
    lease();
    server.is_silent = 1;
    serve_for(997 * PC_SECOND_NS);
    CHECK(ipv4_of(&bed.hosts[0].ipv4) == server.address && server.sent > 4);
    int renewing = 0, rebinding = 0;
    for (int i = 2; i < server.sent; i++) {
        CHECK(server.types[i] == DHCP_REQUEST && get32(server.messages[i] + 12) == server.address &&
              option(server.messages[i], 54) == NULL);
        CHECK(i == 2 || server.at_ns[i] - server.at_ns[i - 1] >= 60 * PC_SECOND_NS ||
              server.at_ns[i] == TEST_START_NS + 875 * PC_SECOND_NS);
        renewing += server.to[i] == 0x0a0000fe;
        rebinding += server.to[i] == UINT32_MAX;
    }
    CHECK(renewing >= 2 && rebinding >= 1);
    int before = server.sent;
    serve_for(3 * PC_SECOND_NS);
    CHECK(bed.hosts[0].ipv4.family == 0 && server.sent > before && server.types[before] == DHCP_DISCOVER);
    server.is_silent = 0;
    serve_for(200 * PC_SECOND_NS);
    CHECK(ipv4_of(&bed.hosts[0].ipv4) == server.address);
    close_hosts();
}

static void test_a_lease_is_released(void) {
    lease();
    ask(UDPFWD_PC_DHCP_RELEASE);
    serve_for(5 * PC_SECOND_NS);
    CHECK(reason_of_end() == UDPFWD_PC_DONE && server.sent == 3 && server.types[2] == DHCP_RELEASE && server.to[2] == 0x0a0000fe);
    CHECK(get32(server.messages[2] + 12) == server.address && get32(option(server.messages[2], 54) + 2) == 0x0a0000fe);
    CHECK(option(server.messages[2], 50) == NULL && option(server.messages[2], 55) == NULL);
    CHECK(bed.hosts[0].ipv4.family == 0 && pc_due(&bed.hosts[0]) == PC_NEVER);
    ask(UDPFWD_PC_DHCP_RELEASE);
    serve_for(5 * PC_SECOND_NS);
    CHECK(reason_of_end() == UDPFWD_PC_NO_SERVER);
    ask(UDPFWD_PC_DHCP_RENEW);
    serve_for(5 * PC_SECOND_NS);
    CHECK(reason_of_end() == UDPFWD_PC_NO_SERVER && server.sent == 3);
    close_hosts();
}

/* Asked as often as the job says, each time twice as long; then nothing is left. */
static void test_nobody_answers(void) {
    begin();
    server.is_silent = 1;
    ask(UDPFWD_PC_DHCP_DISCOVER);
    serve_for(60 * PC_SECOND_NS);
    CHECK(server.sent == 3 && reason_of_end() == UDPFWD_PC_NO_ANSWER && pc_due(&bed.hosts[0]) == PC_NEVER &&
          bed.hosts[0].dhcp == NULL);
    CHECK(server.at_ns[1] - server.at_ns[0] == PC_SECOND_NS && server.at_ns[2] - server.at_ns[1] == 2 * PC_SECOND_NS);
    close_hosts();
    /* A renewal that nobody answers leaves the lease. */
    lease();
    server.is_silent = 1;
    ask(UDPFWD_PC_DHCP_RENEW);
    serve_for(60 * PC_SECOND_NS);
    CHECK(reason_of_end() == UDPFWD_PC_NO_ANSWER && ipv4_of(&bed.hosts[0].ipv4) == server.address);
    server.is_silent = 0;
    serve_for(600 * PC_SECOND_NS);
    udpfwd_pc_state state;
    pc_read_state(&bed.hosts[0], &state, bed.now_ns);
    CHECK(state.lease_left_seconds > 800);
    close_hosts();
}

static void test_a_server_refuses(void) {
    begin();
    server.refuses = 1;
    ask(UDPFWD_PC_DHCP_DISCOVER);
    serve_for(60 * PC_SECOND_NS);
    CHECK(reason_of_end() == UDPFWD_PC_SERVER_FAILED && bed.hosts[0].ipv4.family == 0 && pc_due(&bed.hosts[0]) == PC_NEVER);
    close_hosts();
    lease();
    server.refuses = 1;
    ask(UDPFWD_PC_DHCP_RENEW);
    serve_for(60 * PC_SECOND_NS);
    CHECK(reason_of_end() == UDPFWD_PC_SERVER_FAILED && bed.hosts[0].ipv4.family == 0);
    close_hosts();
    /* With nobody who waits for it, it asks for another one. */
    lease();
    server.refuses = 1;
    serve_for(499 * PC_SECOND_NS);
    CHECK(bed.hosts[0].ipv4.family == 0 && server.types[2] == DHCP_REQUEST && server.types[3] == DHCP_DISCOVER);
    server.refuses = 0;
    serve_for(30 * PC_SECOND_NS);
    CHECK(ipv4_of(&bed.hosts[0].ipv4) == server.address);
    close_hosts();
}

/* At T1 the server says no: the address is gone at once, and another one is asked for. */
static void test_a_lease_is_taken_away(void) {
    lease();
    server.refuses = 1;
    serve_for(498 * PC_SECOND_NS + 1000);
    CHECK(server.types[2] == DHCP_REQUEST && bed.hosts[0].ipv4.family == 0);
    CHECK(server.sent >= 4 && server.types[3] == DHCP_DISCOVER && server.from[3] == 0);
    server.refuses = 0;
    server.address++;
    serve_for(20 * PC_SECOND_NS);
    CHECK(ipv4_of(&bed.hosts[0].ipv4) == server.address);
    close_hosts();
}

/* Somebody else has the address: it is declined, and asked for another after a while. */
static void test_the_address_is_taken(void) {
    udpfwd_pc_event event = {0};
    begin();
    bed.count = 1;
    ask(UDPFWD_PC_DHCP_DISCOVER);
    serve_for(100000000);
    CHECK(bed.hosts[0].claims != NULL && server.sent == 2);
    unsigned char arp[28] = {0, 1, 8, 0, 6, 4, 0, 2, 0, 0x50, 0x79, 0x66, 0x68, 77, 10, 0, 0, 224};
    give_frame(0, 77, 1, 0x0806, arp, sizeof arp);
    server.address++;
    serve_for(9 * PC_SECOND_NS);
    CHECK(count_told(UDPFWD_PC_ADDRESS_TAKEN, &event) == 1 && event.mac[5] == 77 && bed.hosts[0].ipv4.family == 0);
    CHECK(server.sent == 3 && server.types[2] == DHCP_DECLINE && server.to[2] == UINT32_MAX && server.from[2] == 0);
    CHECK(get32(option(server.messages[2], 50) + 2) == 0x0a0000e0 && get32(option(server.messages[2], 54) + 2) == 0x0a0000fe);
    serve_for(5 * PC_SECOND_NS);
    CHECK(reason_of_end() == UDPFWD_PC_DONE && ipv4_of(&bed.hosts[0].ipv4) == 0x0a0000e1);
    close_hosts();
}

/* Who is stopped asks no more; an address that is set by hand ends a lease, and a job that asks for one. */
static void test_a_job_ends_otherwise(void) {
    begin();
    server.is_silent = 1;
    ask(UDPFWD_PC_DHCP_DISCOVER);
    serve_for(1000);
    CHECK(pc_stop(&bed.hosts[0], bed.hosts[0].jobs->teller->number) == 0 && bed.hosts[0].dhcp == NULL &&
          pc_due(&bed.hosts[0]) == PC_NEVER);
    ask(UDPFWD_PC_DHCP_DISCOVER);
    serve_for(1000);
    use_ipv4(&bed.hosts[0], "10.0.0.9", NULL);
    serve_for(1000);
    CHECK(reason_of_end() == UDPFWD_PC_REPLACED && bed.hosts[0].dhcp == NULL);
    ask(UDPFWD_PC_DHCP_DISCOVER);
    serve_for(1000);
    CHECK(ipv4_of(&bed.hosts[0].ipv4) == 0x0a000009); /* while it asks it has the other one */
    ask(UDPFWD_PC_DHCP_DISCOVER);
    serve_for(1000);
    CHECK(reason_of_end() == UDPFWD_PC_REPLACED);
    close_hosts();
}

/* Messages of other transactions, for other clients, cut, or from another port are not taken. */
static void test_messages_of_others(void) {
    pc_dhcp_reply reply;
    unsigned char message[300] = {2, 1, 6};
    static const uint8_t mac[6] = {1, 2, 3, 4, 5, 6};
    static const unsigned char options[] = {99, 130, 83, 99, 53, 1, 2, 0, 0, 15, 3, 'l', 'a', 'b', 51, 4, 0, 0, 1, 0, 255, 1, 99};
    memcpy(message + 28, mac, 6);
    memcpy(message + 236, options, sizeof options);
    for (size_t size = 0; size < 236 + sizeof options; size++)
        pc_read_dhcp(message, size, mac, &reply);
    CHECK(pc_read_dhcp(message, sizeof message, mac, &reply) && reply.type == 2 && reply.lease_seconds == 256 &&
          strcmp(reply.domain, "lab") == 0);
    CHECK(!pc_read_dhcp(message, 239, mac, &reply));
    message[28]++;
    CHECK(!pc_read_dhcp(message, sizeof message, mac, &reply));
    message[28]--;
    message[236]++;
    CHECK(!pc_read_dhcp(message, sizeof message, mac, &reply));
    message[236]--;
    message[246] = 200; /* an option longer than the message */
    CHECK(!pc_read_dhcp(message, sizeof message, mac, &reply));
    /* The longest name that there is. */
    udpfwd_pc_identity identity = test_identity(1);
    memset(identity.name, 'n', 63);
    const pc_dhcp_query query = {.type = DHCP_REQUEST, .wanted = 1, .server = 1};
    unsigned char written[DHCP_MAX_MESSAGE_BYTES];
    size_t size = pc_write_dhcp(written, &identity, &query);
    CHECK(size <= sizeof written && written[size - 1] == 255 && option(written, 12)[1] == 63);
}

/* What makes no sense, or could do harm, is left out: names that would be commands in a script, gateways that are no host. */
static void test_a_server_that_tells_nonsense(void) {
    static const uint32_t gateways[] = {UINT32_MAX, 0xe0000001, 0x7f000001};
    for (int i = 0; i < 3; i++) {
        begin();
        server.is_shameless = 1;
        server.gateway = gateways[i];
        ask(UDPFWD_PC_DHCP_DISCOVER);
        serve_for(2 * PC_SECOND_NS);
        CHECK(reason_of_end() == UDPFWD_PC_DONE && ipv4_of(&bed.hosts[0].ipv4) == server.address);
        CHECK(bed.hosts[0].ipv4_gateway.family == 0 && bed.hosts[0].identity.domain[0] == 0);
        close_hosts();
    }
}

/* Every answer is not followed by the next request at once, however short the lease is, and how often the server refuses. */
static void test_a_server_that_is_in_a_hurry(void) {
    begin();
    server.lease_seconds = 1;
    ask(UDPFWD_PC_DHCP_DISCOVER);
    serve_for(5 * PC_SECOND_NS);
    CHECK(server.sent >= 6 && ipv4_of(&bed.hosts[0].ipv4) == server.address);
    close_hosts();
    lease();
    server.is_silent = 1;
    serve_for(998 * PC_SECOND_NS + 1000); /* it ends, and is asked for in the background */
    CHECK(bed.hosts[0].ipv4.family == 0);
    server.is_silent = 0;
    server.refuses = 1;
    server.sent = 0;
    serve_for(60 * PC_SECOND_NS);
    CHECK(server.sent >= 6 && server.sent <= 14);
    close_hosts();
}

/* Of two servers the one that was chosen says yes or no. */
static void test_another_server_answers(void) {
    begin();
    server.number = 200;
    server.is_silent = 1;
    ask(UDPFWD_PC_DHCP_DISCOVER);
    serve_for(1000);
    server.number = 0;
    give_reply(server.messages[0], DHCP_OFFER);
    serve_for(1000);
    CHECK(server.sent == 2 && server.types[1] == DHCP_REQUEST);
    server.number = 200;
    give_reply(server.messages[1], DHCP_NAK);
    give_reply(server.messages[1], DHCP_ACK);
    CHECK(bed.hosts[0].claims == NULL && bed.hosts[0].dhcp != NULL && bed.hosts[0].counters.unwanted == 2);
    server.number = 0;
    give_reply(server.messages[1], DHCP_ACK);
    CHECK(bed.hosts[0].claims != NULL);
    close_hosts();
}

int main(void) {
    test_a_server_that_tells_nonsense();
    test_a_server_that_is_in_a_hurry();
    test_another_server_answers();
    test_a_lease();
    test_a_lease_is_renewed();
    test_a_job_during_a_renewal();
    test_a_lease_ends();
    test_a_lease_is_released();
    test_nobody_answers();
    test_a_server_refuses();
    test_a_lease_is_taken_away();
    test_the_address_is_taken();
    test_a_job_ends_otherwise();
    test_messages_of_others();
    puts("pc_dhcp_test: 13 passed");
    return 0;
}
