/* What the gateway answers itself, what it passes on, and what it drops. Also its DHCP server: nat_dhcp.c. */
#include "nat_network.h"
#include "pc_bytes.h"
#include "test.h"

enum { GUEST = 10, OTHER = 11, NOW = 1000 };

static nat_network network;
static nat_result result;
static const unsigned char guest_mac[] = {2, 0, 0, 0, 0, 10}, other_mac[] = {2, 0, 0, 0, 0, 11};
static const unsigned char broadcast[] = {255, 255, 255, 255, 255, 255};

static void receive(const unsigned char *frame, size_t bytes, int64_t now) {
    /* Of its exact size, so that a byte too far is seen. */
    unsigned char *copy = malloc(bytes ? bytes : 1);
    CHECK(copy != NULL);
    memcpy(copy, frame, bytes);
    nat_receive(&network, copy, bytes, now, &result);
    free(copy);
}

/* An IPv4 frame from a guest; returns its length. */
static size_t make_ipv4(unsigned char *frame, const unsigned char *to, uint32_t from, uint32_t target, unsigned fragment) {
    memset(frame, 0, 64);
    memcpy(frame, to, 6);
    memcpy(frame + 6, guest_mac, 6);
    put16(frame + 12, 0x0800);
    frame[14] = 0x45;
    put16(frame + 16, 40);
    put16(frame + 20, fragment);
    frame[22] = 64;
    frame[23] = PROTOCOL_TCP;
    put32(frame + 26, from);
    put32(frame + 30, target);
    return 54;
}

static nat_verdict verdict_of(uint32_t from, uint32_t target) {
    unsigned char frame[64];
    receive(frame, make_ipv4(frame, network.mac, from, target, 0), NOW);
    return result.verdict;
}

static void test_destinations(void) {
    const uint32_t guest = NAT_NETWORK + GUEST;
    nat_network_init(&network, 0);
    CHECK(verdict_of(guest, 0x08080808) == NAT_PASS && result.host == GUEST);
    CHECK(verdict_of(guest, NAT_GATEWAY) == NAT_PASS && result.target == NAT_GATEWAY);
    const uint32_t refused[] = {0, 0x00000001, 0xa9fe0001, 0xa9fea9fe, 0x7f000001, 0x7f000035, 0x7fffffff, 0xe00000fb, 0xefffffff, 0xf0000001, 0xffffffff,
                                NAT_NETWORK, NAT_NETWORK + OTHER, NAT_SECOND, NAT_NETWORK + 255};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        CHECK(verdict_of(guest, refused[i]) == NAT_DROP);
    const uint32_t strangers[] = {0, 0x0a000001, NAT_NETWORK, NAT_GATEWAY, NAT_HIDDEN, NAT_NETWORK + 255, 0x7f000001};
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++)
        CHECK(verdict_of(strangers[i], 0x08080808) == NAT_DROP);
}

static void test_frames_that_are_not_for_the_gateway(void) {
    unsigned char frame[64];
    nat_network_init(&network, 0);
    const unsigned char *const others[] = {broadcast, other_mac};
    for (int i = 0; i < 2; i++) {
        receive(frame, make_ipv4(frame, others[i], NAT_NETWORK + GUEST, 0x08080808, 0), NOW);
        CHECK(result.verdict == NAT_DROP);
    }
    size_t bytes = make_ipv4(frame, network.mac, NAT_NETWORK + GUEST, 0x08080808, 0);
    for (size_t shorter = 0; shorter < bytes; shorter++) {
        receive(frame, shorter, NOW);
        CHECK(result.verdict == NAT_DROP);
    }
    frame[14] = 0x44; /* a header without its end */
    receive(frame, bytes, NOW);
    CHECK(result.verdict == NAT_DROP);
}

/* A fragment of `size` bytes at `offset`, each a byte of `fill`. Returns its verdict. */
static nat_verdict piece(uint32_t from, unsigned id, unsigned offset, unsigned size, int more, unsigned char fill, int64_t now) {
    static unsigned char frame[NAT_FRAME_BYTES];
    make_ipv4(frame, network.mac, from, 0x08080808, (more ? 0x2000 : 0) | offset / 8);
    put16(frame + 16, 20 + size);
    put16(frame + 18, id);
    memset(frame + 34, fill, size);
    receive(frame, 34 + size, now);
    return result.verdict;
}

static void test_fragments_become_whole(void) {
    const uint32_t guest = NAT_NETWORK + GUEST;
    nat_network_init(&network, 0);
    CHECK(piece(guest, 1, 8, 16, 1, 'b', NOW) == NAT_DROP);
    CHECK(piece(guest, 1, 24, 5, 0, 'c', NOW) == NAT_DROP);
    CHECK(piece(guest, 1, 0, 8, 1, 'a', NOW + 1) == NAT_PASS && result.bytes == 34 + 29 && result.target == 0x08080808);
    CHECK(memcmp(result.frame + 34, "aaaaaaaabbbbbbbbbbbbbbbbccccc", 29) == 0);
    CHECK(get16(result.frame + 16) == 49 && get16(result.frame + 20) == 0);
    CHECK(finish_sum(add_to_sum(0, result.frame + 14, 20)) == 0);
    unsigned offset = 0;
    for (; offset + 1480 < 65515; offset += 1480) /* the largest that there is */
        CHECK(piece(guest, 2, offset, 1480, 1, 'x', NOW) == NAT_DROP);
    CHECK(piece(guest, 2, offset, 65515 - offset, 0, 'x', NOW) == NAT_PASS && result.bytes == NAT_WHOLE_BYTES);
    CHECK(piece(guest, 3, 65512, 8, 0, 'x', NOW) == NAT_DROP); /* larger */
}

static void test_fragments_that_do_not_fit(void) {
    const uint32_t guest = NAT_NETWORK + GUEST;
    const struct {
        unsigned offset, size;
        int more;
    } cases[][3] = {
        {{0, 16, 1}, {8, 16, 1}, {16, 8, 0}},  /* they overlap */
        {{0, 16, 1}, {16, 8, 0}, {24, 8, 0}},  /* two ends: the first two are whole, and the third is another's */
        {{32, 8, 1}, {0, 8, 1}, {8, 8, 0}},    /* data behind the end */
        {{0, 12, 1}, {16, 8, 0}, {8, 8, 1}},   /* no multiple of 8 */
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        nat_network_init(&network, 0);
        int passed = 0;
        for (int k = 0; k < 3; k++)
            passed += piece(guest, 7, cases[i][k].offset, cases[i][k].size, cases[i][k].more, 'x', NOW) == NAT_PASS;
        CHECK(passed == (i == 1));
    }
    nat_network_init(&network, 0);
    CHECK(piece(guest, 7, 0, 8, 1, 'x', NOW) == NAT_DROP); /* too late for each other */
    CHECK(piece(guest, 7, 8, 8, 0, 'x', NOW + NAT_FRAGMENT_SECONDS) == NAT_DROP);
}

static void test_fragments_of_one_guest_do_not_displace_others(void) {
    const uint32_t guest = NAT_NETWORK + GUEST, other = NAT_NETWORK + OTHER;
    nat_network_init(&network, 0);
    CHECK(piece(other, 1, 0, 8, 1, 'x', NOW) == NAT_DROP);
    for (unsigned id = 0; id < 1000; id++)
        CHECK(piece(guest, id, 0, 8, 1, 'x', NOW + 1) == NAT_DROP);
    CHECK(piece(other, 1, 8, 8, 0, 'x', NOW + 2) == NAT_PASS);
    CHECK(piece(guest, 999, 8, 8, 0, 'x', NOW + 2) == NAT_PASS); /* its own last one is there too */
}

static void test_servers_of_libslirp_get_nothing(void) {
    unsigned char frame[64];
    nat_network_init(&network, 0);
    for (unsigned port = 66; port < 71; port++) {
        size_t bytes = make_ipv4(frame, network.mac, NAT_NETWORK + GUEST, NAT_HIDDEN, 0);
        frame[23] = PROTOCOL_UDP;
        put16(frame + 36, port);
        receive(frame, bytes, NOW);
        CHECK(result.verdict == (port == 67 || port == 69 ? NAT_DROP : NAT_PASS));
        put32(frame + 30, 0x08080808);
        receive(frame, bytes, NOW);
        CHECK(result.verdict == NAT_PASS);
    }
}

static size_t make_arp(unsigned char *frame, unsigned operation, uint32_t from, uint32_t target) {
    static const unsigned char kinds[] = {0, 1, 8, 0, 6, 4};
    memset(frame, 0, 64);
    memcpy(frame, broadcast, 6);
    memcpy(frame + 6, guest_mac, 6);
    put16(frame + 12, 0x0806);
    memcpy(frame + 14, kinds, sizeof kinds);
    put16(frame + 20, operation);
    memcpy(frame + 22, guest_mac, 6);
    put32(frame + 28, from);
    put32(frame + 38, target);
    return 42;
}

static void test_arp(void) {
    unsigned char frame[64], told[NAT_ARP_BYTES];
    nat_network_init(&network, 0);
    const uint32_t own[] = {NAT_GATEWAY, NAT_HIDDEN}, others[] = {NAT_SECOND, NAT_NETWORK + GUEST, 0x08080808};
    for (int i = 0; i < 2; i++) {
        receive(frame, make_arp(frame, 1, NAT_NETWORK + GUEST, own[i]), NOW);
        CHECK(result.verdict == NAT_REPLY && result.reply_bytes == 42 && get16(result.reply + 20) == 2);
        CHECK(memcmp(result.reply, guest_mac, 6) == 0 && memcmp(result.reply + 22, network.mac, 6) == 0);
        CHECK(get32(result.reply + 28) == own[i]);
    }
    for (int i = 0; i < 3; i++) {
        receive(frame, make_arp(frame, 1, NAT_NETWORK + GUEST, others[i]), NOW);
        CHECK(result.verdict == NAT_ARP && result.host == GUEST);
    }
    receive(frame, make_arp(frame, 1, 0, NAT_GATEWAY), NOW); /* a probe */
    CHECK(result.verdict == NAT_REPLY);
    nat_tell_mac(&network, GUEST, told);
    CHECK(get16(told + 20) == 2 && memcmp(told + 22, guest_mac, 6) == 0 && get32(told + 28) == NAT_NETWORK + GUEST);
}

static void test_errors_come_from_the_gateway(void) {
    unsigned char frame[64];
    nat_network_init(&network, 0);
    size_t bytes = make_ipv4(frame, guest_mac, NAT_HIDDEN, NAT_NETWORK + GUEST, 0);
    nat_name_gateway(&network, frame, bytes);
    CHECK(get32(frame + 26) == NAT_HIDDEN); /* a checksum of TCP covers its address */
    frame[23] = PROTOCOL_ICMP;
    nat_name_gateway(&network, frame, bytes);
    CHECK(get32(frame + 26) == NAT_GATEWAY && finish_sum(add_to_sum(0, frame + 14, 20)) == 0);
}

/* --- DHCP --- */

enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM };

static unsigned char reply[NAT_DHCP_BYTES];
static uint32_t reply_to;

/* A message of a client; 0 leaves an address out. Returns the type of the answer, 0 for none. */
static int ask(unsigned type, unsigned char client, uint32_t current, uint32_t wanted, uint32_t server, int64_t now) {
    unsigned char message[300] = {1, 1, 6, 0, 1, 2, 3, 4}, *at = message + 240;
    put32(message + 12, current);
    message[28] = 2;
    message[33] = client;
    put32(message + 236, 0x63825363);
    at[0] = 53, at[1] = 1, at[2] = (unsigned char)type, at += 3;
    if (wanted != 0)
        at[0] = 50, at[1] = 4, put32(at + 2, wanted), at += 6;
    if (server != 0)
        at[0] = 54, at[1] = 4, put32(at + 2, server), at += 6;
    *at++ = 255;
    size_t bytes = (size_t)(at - message);
    unsigned char *copy = malloc(bytes);
    CHECK(copy != NULL);
    memcpy(copy, message, bytes);
    size_t got = nat_dhcp(&network, copy, bytes, now, reply, &reply_to);
    free(copy);
    return got == 0 ? 0 : reply[242];
}

static uint32_t offered(void) {
    return get32(reply + 16);
}

static void test_a_lease(void) {
    nat_network_init(&network, 0);
    CHECK(ask(DISCOVER, 1, 0, 0, 0, NOW) == OFFER);
    uint32_t address = offered();
    CHECK((address & NAT_MASK) == NAT_NETWORK && reply_to == address);
    CHECK(ask(REQUEST, 1, 0, address, NAT_GATEWAY, NOW) == ACK && offered() == address);
    CHECK(ask(REQUEST, 1, address, 0, 0, NOW + 1000) == ACK && offered() == address); /* it renews */
    CHECK(ask(DISCOVER, 1, 0, 0, 0, NOW + 2000) == OFFER && offered() == address);
    CHECK(ask(REQUEST, 2, 0, address, 0, NOW + 2000) == NAK && reply_to == 0xffffffff);
    CHECK(ask(REQUEST, 3, 0, 0x0a000001, 0, NOW) == NAK);
    CHECK(ask(REQUEST, 3, 0, NAT_GATEWAY, 0, NOW) == NAK);
    CHECK(ask(REQUEST, 3, 0, NAT_HIDDEN, 0, NOW) == NAK);
    CHECK(ask(REQUEST, 3, 0, NAT_NETWORK + 77, 0x0a000001, NOW) == 0); /* of another server */
    CHECK(ask(RELEASE, 1, address, 0, NAT_GATEWAY, NOW + 2000) == 0);
    CHECK(ask(REQUEST, 2, 0, address, 0, NOW + 2000) == ACK);
    CHECK(ask(INFORM, 4, NAT_NETWORK + 99, 0, 0, NOW) == ACK && offered() == 0 && reply_to == NAT_NETWORK + 99);
    nat_network_init(&network, 0); /* started again: a lease that it does not remember */
    CHECK(ask(REQUEST, 1, 0, address, 0, NOW) == ACK && offered() == address);
}

static void test_addresses_in_use_are_not_given(void) {
    unsigned char frame[64];
    nat_network_init(&network, 0);
    receive(frame, make_arp(frame, 1, NAT_NETWORK + GUEST, NAT_GATEWAY), NOW);
    CHECK(ask(DISCOVER, 1, 0, NAT_NETWORK + GUEST, 0, NOW) == OFFER && offered() != NAT_NETWORK + GUEST);
    uint32_t address = offered();
    CHECK(ask(DECLINE, 1, 0, address, NAT_GATEWAY, NOW) == 0);
    CHECK(ask(DISCOVER, 1, 0, address, 0, NOW) == OFFER && offered() != address);
}

static void test_all_addresses_are_given_once(void) {
    unsigned char given[NAT_HOSTS] = {0};
    nat_network_init(&network, 0);
    int hosts = 0;
    for (int client = 1; client < 256 && ask(DISCOVER, (unsigned char)client, 0, 0, 0, NOW) == OFFER; client++) {
        uint32_t address = offered();
        CHECK(ask(REQUEST, (unsigned char)client, 0, address, NAT_GATEWAY, NOW) == ACK);
        CHECK(!given[address & 255]++);
        hosts++;
    }
    CHECK(hosts == 252); /* .2 to .253 */
    CHECK(ask(DISCOVER, 255, 0, 0, 0, NOW + 10000) == OFFER); /* leases end */
}

static void test_dhcp_in_frames(void) {
    unsigned char frame[342] = {0}, *message = frame + 42;
    nat_network_init(&network, 0);
    memcpy(frame, broadcast, 6);
    memcpy(frame + 6, guest_mac, 6);
    put16(frame + 12, 0x0800);
    frame[14] = 0x45;
    put16(frame + 16, 328);
    frame[23] = PROTOCOL_UDP;
    put32(frame + 30, 0xffffffff);
    put16(frame + 34, 68);
    put16(frame + 36, 67);
    put16(frame + 38, 308);
    message[0] = message[1] = 1;
    message[2] = 6;
    message[10] = 0x80; /* answer to all */
    memcpy(message + 28, guest_mac, 6);
    put32(message + 236, 0x63825363);
    message[240] = 53, message[241] = 1, message[242] = DISCOVER, message[243] = 255;
    receive(frame, sizeof frame, NOW);
    CHECK(result.verdict == NAT_REPLY && memcmp(result.reply, broadcast, 6) == 0);
    CHECK(finish_sum(add_to_sum(0, result.reply + 14, 20)) == 0);
    size_t udp = result.reply_bytes - 34;
    CHECK(get16(result.reply + 38) == udp);
    CHECK(finish_sum(add_to_sum(add_to_sum(PROTOCOL_UDP + udp, result.reply + 26, 8), result.reply + 34, udp)) == 0);
    for (size_t length = 0; length < 308; length++) { /* lengths that lie */
        put16(frame + 38, (unsigned)length);
        receive(frame, sizeof frame, NOW);
    }
    put16(frame + 38, 309);
    receive(frame, sizeof frame, NOW);
    CHECK(result.verdict == NAT_DROP);
}

int main(void) {
    test_destinations();
    test_frames_that_are_not_for_the_gateway();
    test_fragments_become_whole();
    test_fragments_that_do_not_fit();
    test_fragments_of_one_guest_do_not_displace_others();
    test_servers_of_libslirp_get_nothing();
    test_arp();
    test_errors_come_from_the_gateway();
    test_a_lease();
    test_addresses_in_use_are_not_given();
    test_all_addresses_are_given_once();
    test_dhcp_in_frames();
    return 0;
}
