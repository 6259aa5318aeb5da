/* DNS: messages byte for byte, and look-ups with servers that answer, lie, fail and are silent. */
#define _GNU_SOURCE
#include "pc_dns.h"
#include "pc_udp.h"

#include "test_pc.h"

static const unsigned char QUERY[] = {0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 'w', 'w', 'w', 3, 'l', 'a', 'b', 0, 0, 1, 0, 1};

static void test_queries(void) {
    unsigned char query[DNS_MAX_QUERY_BYTES];
    CHECK(pc_write_dns(query, 7, "www.lab", "", DNS_A) == sizeof QUERY && memcmp(query, QUERY, sizeof QUERY) == 0);
    CHECK(pc_write_dns(query, 7, "www.lab.", "", DNS_A) == sizeof QUERY && memcmp(query, QUERY, sizeof QUERY) == 0);
    CHECK(pc_write_dns(query, 7, "www", "lab", DNS_A) == sizeof QUERY && memcmp(query, QUERY, sizeof QUERY) == 0);
    char label[70] = {0}, name[300] = {0};
    memset(label, 'a', 63);
    CHECK(pc_write_dns(query, 7, label, "", DNS_A) > 0);
    label[63] = 'a';
    CHECK(pc_write_dns(query, 7, label, "", DNS_A) == 0);
    for (int i = 0; i < 126; i++)
        strcat(name, "a.");
    CHECK(pc_write_dns(query, 7, name, "", DNS_A) > 0 && pc_write_dns(query, 7, name, "bc", DNS_A) == 0);
    CHECK(pc_write_dns(query, 7, "", "", DNS_A) == 0 && pc_write_dns(query, 7, "a..b", "", DNS_A) == 0 &&
          pc_write_dns(query, 7, ".", "", DNS_A) == 0);
}

static void test_answers(void) {
    unsigned char answer[200] = {0};
    static const unsigned char records[] = {0xc0, 12, 0, 5,  0, 1, 0, 0, 0, 9, 0, 2, 0xc0, 16,           /* an alias */
                                            0xc0, 16, 0, 1,  0, 1, 0, 0, 0, 9, 0, 4, 10,   0,  0, 5,     /* its address */
                                            0xc0, 16, 0, 28, 0, 1, 0, 0, 0, 9, 0, 4, 10,   0,  0, 6,     /* of another type */
                                            0xc0, 16, 0, 1,  0, 1, 0, 0, 0, 9, 0, 5, 1,    2,  3, 4, 5}; /* of a wrong size */
    pc_address found[4];
    memcpy(answer, QUERY, sizeof QUERY);
    memcpy(answer + sizeof QUERY, records, sizeof records);
    answer[2] = 0x81;
    put16(answer + 6, 4);
    size_t size = sizeof QUERY + sizeof records;
    CHECK(pc_read_dns(answer, size, QUERY, sizeof QUERY, found, 4) == 1 && ipv4_of(&found[0]) == 0x0a000005);
    for (size_t cut = 0; cut < size; cut++) { /* what is there is there */
        int n = pc_read_dns(answer, cut, QUERY, sizeof QUERY, found, 4);
        CHECK(n == (cut < sizeof QUERY ? DNS_IS_NONE : cut < sizeof QUERY + 30 ? 0 : 1));
    }
    answer[14] = 'W'; /* the same name */
    CHECK(pc_read_dns(answer, size, QUERY, sizeof QUERY, found, 4) == 1);
    answer[14] = 'x';
    CHECK(pc_read_dns(answer, size, QUERY, sizeof QUERY, found, 4) == DNS_IS_NONE);
    answer[14] = 'w';
    answer[1] = 8;
    CHECK(pc_read_dns(answer, size, QUERY, sizeof QUERY, found, 4) == DNS_IS_NONE);
    answer[1] = 7;
    answer[3] = 3;
    CHECK(pc_read_dns(answer, size, QUERY, sizeof QUERY, found, 4) == DNS_NO_NAME);
    answer[3] = 2;
    CHECK(pc_read_dns(answer, size, QUERY, sizeof QUERY, found, 4) == DNS_FAILED);
}

/* --- look-ups; the servers are 10.0.0.2 and 10.0.0.3, with our hands --- */

static void begin(uint8_t family, const char *name, const char *domain) {
    static const uint8_t macs[2][6] = {{0, 0x50, 0x79, 0x66, 0x68, 2}, {0, 0x50, 0x79, 0x66, 0x68, 3}};
    open_hosts(1);
    for (int i = 0; i < 2; i++) {
        bed.hosts[0].identity.dns[i] = ipv4_address(0x0a000002u + (uint32_t)i);
        pc_learn(&bed.hosts[0], &bed.hosts[0].identity.dns[i], macs[i], 1);
    }
    snprintf(bed.hosts[0].identity.domain, sizeof bed.hosts[0].identity.domain, "%s", domain);
    udpfwd_pc_request request = {.kind = UDPFWD_PC_RESOLVE, .family = family, .attempts = 2, .timeout_us = 500000};
    snprintf(request.name, sizeof request.name, "%s", name);
    start_job(0, &request);
    pc_expire(&bed.hosts[0], bed.now_ns);
    pass_frames();
}

/* The query that was sent last: the labels with their sizes as dots. */
static const char *last_question(void) {
    static char text[300];
    const unsigned char *question = bed.frames[bed.seen - 1].bytes + 14 + 28 + 12;
    size_t size = strlen((const char *)question);
    for (size_t i = 0, next = 0; i < size; i++) {
        text[i] = i == next ? '.' : (char)question[i];
        if (i == next)
            next += 1u + question[i];
    }
    text[size] = 0;
    return text + 1;
}

static void answer(int code, int count, const void *records, size_t size) {
    const unsigned char *query = bed.frames[bed.seen - 1].bytes + 14 + 20;
    unsigned char datagram[400] = {0}, packet[500];
    char server[16];
    size_t question = get16(query + 4) - 8u;
    memcpy(datagram + 8, query + 8, question);
    put16(datagram, 53);
    put16(datagram + 2, get16(query));
    put16(datagram + 4, (uint32_t)(8 + question + size));
    datagram[8 + 2] = 0x81;
    datagram[8 + 3] = (unsigned char)code;
    put16(datagram + 8 + 6, (uint32_t)count);
    memcpy(datagram + 8 + question, records, size);
    snprintf(server, sizeof server, "10.0.0.%d", bed.frames[bed.seen - 1].bytes[33]);
    give_frame(0, 2, 1, 0x0800, packet, make_ipv4(packet, server, "10.0.0.1", 17, 64, 0, datagram, 8 + question + size));
    pass_frames();
    look_at_events();
}

static const unsigned char A_RECORD[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 1};
static const unsigned char AAAA_RECORD[] = {0xc0, 12, 0, 28, 0, 1, 0, 0, 0, 9, 0, 16, 0x20, 1, 0xd, 0xb8, [27] = 1};

static void test_a_name(void) {
    udpfwd_pc_event event = {0};
    begin(4, "www.lab", "ignored");
    CHECK(bed.seen == 1 && strcmp(last_question(), "www.lab") == 0 && get16(bed.frames[0].bytes + 36) == 53);
    answer(0, 1, A_RECORD, sizeof A_RECORD);
    CHECK(count_told(UDPFWD_PC_RESOLVED, &event) == 1 && ipv4_of(&event.address) == 0xc0000201 && reason_of_end() == UDPFWD_PC_DONE);
    answer(0, 1, A_RECORD, sizeof A_RECORD); /* again: nobody waits for it, and it is not echoed */
    CHECK(bed.seen == 1 && pc_due(&bed.hosts[0]) == PC_NEVER);
    close_hosts();
}

static void test_both_families_and_a_domain(void) {
    begin(0, "www", "lab");
    CHECK(strcmp(last_question(), "www.lab") == 0);
    answer(3, 0, "", 0);
    CHECK(bed.seen == 2 && strcmp(last_question(), "www") == 0);
    answer(0, 1, A_RECORD, sizeof A_RECORD);
    CHECK(bed.seen == 3 && strcmp(last_question(), "www.lab") == 0);
    answer(0, 1, AAAA_RECORD, sizeof AAAA_RECORD);
    CHECK(count_told(UDPFWD_PC_RESOLVED, NULL) == 2 && reason_of_end() == UDPFWD_PC_DONE);
    close_hosts();
}

static void test_no_such_name(void) {
    begin(6, "nothing.lab", "");
    answer(3, 0, "", 0);
    CHECK(reason_of_end() == UDPFWD_PC_NO_SUCH_NAME);
    close_hosts();
    begin(6, "nothing.lab", ""); /* there is a name, without an address */
    answer(0, 0, "", 0);
    CHECK(reason_of_end() == UDPFWD_PC_NO_SUCH_NAME);
    close_hosts();
}

/* Each server is asked so often, in turn; then the look-up ends. */
static void test_silent_and_failing_servers(void) {
    begin(4, "www.lab", "");
    run_for(10 * PC_SECOND_NS);
    CHECK(bed.seen == 4 && reason_of_end() == UDPFWD_PC_NO_ANSWER && pc_due(&bed.hosts[0]) == PC_NEVER);
    for (int i = 0; i < 4; i++)
        CHECK(bed.frames[i].bytes[33] == 2 + i % 2 && bed.frames[i].at_ns == TEST_START_NS + 500000000ull * (unsigned)i);
    close_hosts();
    begin(4, "www.lab", "");
    for (int i = 0; i < 4; i++)
        answer(2, 0, "", 0);
    CHECK(bed.seen == 4 && reason_of_end() == UDPFWD_PC_SERVER_FAILED);
    close_hosts();
    open_hosts(1);
    const udpfwd_pc_request request = {.kind = UDPFWD_PC_RESOLVE, .name = "a", .attempts = 1, .timeout_us = 1000};
    start_job(0, &request);
    run_for(PC_SECOND_NS);
    CHECK(reason_of_end() == UDPFWD_PC_NO_SERVER);
    close_hosts();
}

int main(void) {
    test_queries();
    test_answers();
    test_a_name();
    test_both_families_and_a_domain();
    test_no_such_name();
    test_silent_and_failing_servers();
    puts("pc_dns_test: 6 passed");
    return 0;
}
