/* DNS messages. An answer is one when it has the number and the question of the query. */
#define _GNU_SOURCE
#include "pc_dns.h"

enum { HEADER_BYTES = 12, AT_FLAGS = 2, AT_QUESTIONS = 4, AT_ANSWERS = 6, CLASS_INTERNET = 1, MOST_LABEL = 63, MOST_NAME = 253 };
enum { IS_ANSWER = 0x8000, RECURSION_DESIRED = 0x0100, CODE_MASK = 0xf, NO_NAME = 3, RECORD_BYTES = 10 };

/* --- out --- */

/* The labels of a text, behind one another; NULL when one is too long or empty. A dot at the end is fine. */
static unsigned char *put_labels(unsigned char *at, const char *text) {
    while (*text != 0) {
        size_t size = strcspn(text, ".");
        if (size == 0 || size > MOST_LABEL)
            return NULL;
        *at++ = (unsigned char)size;
        memcpy(at, text, size);
        at += size;
        text += size;
        text += *text == '.';
    }
    return at;
}

size_t pc_write_dns(unsigned char *message, uint16_t id, const char *name, const char *domain, int type) {
    if (strlen(name) == 0 || strlen(name) + strlen(domain) + 1 > MOST_NAME)
        return 0;
    memset(message, 0, DNS_MAX_QUERY_BYTES);
    put16(message, id);
    put16(message + AT_FLAGS, RECURSION_DESIRED);
    put16(message + AT_QUESTIONS, 1);
    unsigned char *at = put_labels(message + HEADER_BYTES, name);
    if (at == NULL || (at = put_labels(at, domain)) == NULL)
        return 0;
    *at++ = 0;
    put16(at, (uint32_t)type);
    put16(at + 2, CLASS_INTERNET);
    return (size_t)(at + 4 - message);
}

/* --- in --- */

/* Where a name ends; 0 when it does not. */
static size_t skip_name(const unsigned char *message, size_t size, size_t at) {
    while (at < size) {
        if (message[at] == 0)
            return at + 1;
        if (message[at] >> 6 == 3) /* a pointer: the rest is elsewhere */
            return at + 2 <= size ? at + 2 : 0;
        if (message[at] >> 6 != 0)
            return 0;
        at += 1u + message[at];
    }
    return 0;
}

static int to_lower(int letter) {
    return letter >= 'A' && letter <= 'Z' ? letter + ('a' - 'A') : letter;
}

/* Names are the same in small and large letters (RFC 1035, 2.3.3); sizes of labels are no letters. */
static int same_question(const unsigned char *a, const unsigned char *b, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (to_lower(a[i]) != to_lower(b[i]))
            return 0;
    return 1;
}

int pc_read_dns(const unsigned char *message, size_t size, const unsigned char *query, size_t query_size, pc_address *found, int max) {
    if (size < query_size || get16(message) != get16(query) || !(get16(message + AT_FLAGS) & IS_ANSWER) ||
        get16(message + AT_QUESTIONS) != 1 || !same_question(message + HEADER_BYTES, query + HEADER_BYTES, query_size - HEADER_BYTES))
        return DNS_IS_NONE;
    int code = get16(message + AT_FLAGS) & CODE_MASK, type = get16(query + query_size - 4), answers = get16(message + AT_ANSWERS),
        n = 0;
    if (code != 0)
        return code == NO_NAME ? DNS_NO_NAME : DNS_FAILED;
    size_t at = query_size, bytes = type == DNS_A ? IPV4_BYTES : IPV6_BYTES;
    for (int i = 0; i < answers && n < max; i++) {
        at = skip_name(message, size, at);
        if (at == 0 || size - at < RECORD_BYTES)
            break; /* cut, or damaged: what is there is there */
        size_t data = get16(message + at + 8);
        int is_wanted = get16(message + at) == type && get16(message + at + 2) == CLASS_INTERNET && data == bytes;
        at += RECORD_BYTES;
        if (size - at < data)
            break;
        if (is_wanted)
            found[n++] = read_address(message + at, type == DNS_A ? 4 : 6);
        at += data;
    }
    return n;
}
