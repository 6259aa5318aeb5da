/* libFuzzer target: DHCP and DNS messages, and options of neighbour discovery, of any content. */
#define _GNU_SOURCE
#include "fuzz_pc.h"
#include "pc_dhcp.h"
#include "pc_dns.h"
#include "pc_nd.h"

static void read_dhcp(script *s) {
    size_t size;
    pc_dhcp_reply reply;
    unsigned char *message = next_bytes(s, 1500, &size);
    if (size >= 240) { /* past what the first look refuses */
        memcpy(message, (const unsigned char[]){2, 1, 6}, 3);
        memcpy(message + 28, FUZZ_MAC, 6);
        memcpy(message + 236, (const unsigned char[]){99, 130, 83, 99}, 4);
    }
    if (pc_read_dhcp(message, size, FUZZ_MAC, &reply))
        MUST(memchr(reply.domain, 0, sizeof reply.domain) != NULL && reply.type != 0);
    free(message);
}

static void read_dns(script *s) {
    unsigned char query[DNS_MAX_QUERY_BYTES];
    int type = next_byte(s) & 1 ? DNS_A : DNS_AAAA;
    size_t query_size = pc_write_dns(query, 7, "Host.example", "", type), size;
    MUST(query_size > 0);
    unsigned char *answer = next_bytes(s, 1500, &size);
    if (size >= query_size) {
        unsigned char flags[2] = {(unsigned char)(answer[2] | 0x80), answer[3]}, answers[2] = {answer[6], answer[7]};
        memcpy(answer, query, query_size);
        memcpy(answer + 2, flags, 2);
        memcpy(answer + 6, answers, 2);
    }
    pc_address found[4];
    int n = pc_read_dns(answer, size, query, query_size, found, 4);
    MUST(n >= DNS_FAILED && n <= 4);
    for (int i = 0; i < n; i++)
        MUST(found[i].family == (type == DNS_A ? 4 : 6));
    free(answer);
}

static void write_dns(script *s) {
    char name[256] = {0}, domain[256] = {0};
    unsigned char query[DNS_MAX_QUERY_BYTES];
    size_t bytes = next_byte(s), size;
    unsigned char *text = next_bytes(s, 510, &size);
    memcpy(name, text, size < bytes ? size : bytes);
    if (size > bytes)
        memcpy(domain, text + bytes, size - bytes < 255 ? size - bytes : 255);
    MUST(pc_write_dns(query, 1, name, domain, DNS_A) <= sizeof query);
    free(text);
}

static void read_options(script *s) {
    size_t size, found = 0;
    int kind = next_byte(s);
    unsigned char *options = next_bytes(s, 1500, &size);
    if (pc_nd_options_fit(options, size))
        for (const unsigned char *option = NULL; (option = pc_nd_option(options, size, kind, option)) != NULL;)
            MUST(option[0] == kind && ++found <= size / 8);
    free(options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    script s = {data, size};
    switch (next_byte(&s) % 4) {
    case 0:
        read_dhcp(&s);
        break;
    case 1:
        read_dns(&s);
        break;
    case 2:
        write_dns(&s);
        break;
    default:
        read_options(&s);
    }
    return 0;
}
