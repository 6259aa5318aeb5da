/* DHCP messages: RFC 2131 (section 2) and RFC 2132. */
#define _GNU_SOURCE
#include "pc_dhcp.h"

enum { AT_TRANSACTION = 4, AT_SECONDS = 8, AT_CLIENT = 12, AT_YOURS = 16, AT_MAC = 28, AT_COOKIE = 236, AT_OPTIONS = 240 };
enum { BOOT_REQUEST = 1, BOOT_REPLY = 2, ETHERNET = 1, LEAST_BYTES = 300 /* RFC 1542, 2.1 */ };
enum {
    PAD = 0,
    MASK = 1,
    ROUTER = 3,
    DNS_SERVER = 6,
    HOST_NAME = 12,
    DOMAIN_NAME = 15,
    REQUESTED_ADDRESS = 50,
    LEASE_TIME = 51,
    MESSAGE_TYPE = 53,
    SERVER_ID = 54,
    PARAMETERS = 55,
    MAX_SIZE = 57,
    RENEWAL_TIME = 58,
    REBINDING_TIME = 59,
    CLIENT_ID = 61,
    END = 255
};
static const unsigned char COOKIE[] = {99, 130, 83, 99};

/* --- in --- */

static uint32_t number(const unsigned char *value, size_t size) {
    return size >= IPV4_BYTES ? get32(value) : 0;
}

/* A domain is shown, and written into scripts: bytes that are not of a word are none of a name. */
static void read_domain(const unsigned char *value, size_t size, char *domain) {
    size = strnlen((const char *)value, size);
    for (size_t i = 0; i < size; i++)
        if (value[i] <= ' ' || value[i] > '~')
            return;
    memcpy(domain, value, size);
    domain[size] = 0;
}

static void read_option(int code, const unsigned char *value, size_t size, pc_dhcp_reply *reply) {
    switch (code) {
    case MASK:
        reply->mask = number(value, size);
        break;
    case ROUTER:
        reply->gateway = number(value, size);
        break;
    case DNS_SERVER:
        for (size_t i = 0; i < UDPFWD_PC_TOLD_DNS_SERVERS && size >= IPV4_BYTES * (i + 1); i++)
            reply->dns[i] = get32(value + IPV4_BYTES * i);
        break;
    case DOMAIN_NAME:
        read_domain(value, size, reply->domain);
        break;
    case LEASE_TIME:
        reply->lease_seconds = number(value, size);
        break;
    case MESSAGE_TYPE:
        reply->type = size == 1 ? value[0] : 0;
        break;
    case SERVER_ID:
        reply->server = number(value, size);
        break;
    case RENEWAL_TIME:
        reply->renew_seconds = number(value, size);
        break;
    case REBINDING_TIME:
        reply->rebind_seconds = number(value, size);
        break;
    }
}

int pc_read_dhcp(const unsigned char *message, size_t size, const uint8_t *mac, pc_dhcp_reply *reply) {
    *reply = (pc_dhcp_reply){0};
    if (size < AT_OPTIONS || message[0] != BOOT_REPLY || message[1] != ETHERNET || message[2] != ETHERNET_ADDRESS_BYTES ||
        memcmp(message + AT_MAC, mac, ETHERNET_ADDRESS_BYTES) != 0 || memcmp(message + AT_COOKIE, COOKIE, sizeof COOKIE) != 0)
        return 0;
    reply->transaction = get32(message + AT_TRANSACTION);
    reply->address = get32(message + AT_YOURS);
    for (size_t at = AT_OPTIONS; at < size && message[at] != END;) {
        if (message[at] == PAD) {
            at++;
            continue;
        }
        if (size - at < 2 || size - at - 2 < message[at + 1])
            return 0;
        read_option(message[at], message + at + 2, message[at + 1], reply);
        at += 2u + message[at + 1];
    }
    return reply->type == DHCP_OFFER || reply->type == DHCP_ACK || reply->type == DHCP_NAK;
}

/* --- out --- */

static unsigned char *put_option(unsigned char *at, int code, const void *value, size_t size) {
    at[0] = (unsigned char)code;
    at[1] = (unsigned char)size;
    memcpy(at + 2, value, size);
    return at + 2 + size;
}

static unsigned char *put_number(unsigned char *at, int code, uint32_t value) {
    unsigned char bytes[IPV4_BYTES];
    put32(bytes, value);
    return value == 0 ? at : put_option(at, code, bytes, sizeof bytes);
}

size_t pc_write_dhcp(unsigned char *message, const udpfwd_pc_identity *identity, const pc_dhcp_query *query) {
    static const unsigned char wanted[] = {MASK, ROUTER, DNS_SERVER, DOMAIN_NAME, LEASE_TIME, SERVER_ID, RENEWAL_TIME, REBINDING_TIME};
    static const unsigned char max_size[] = {DHCP_MAX_MESSAGE_BYTES >> 8, DHCP_MAX_MESSAGE_BYTES & 0xff};
    unsigned char type = (unsigned char)query->type, id[1 + ETHERNET_ADDRESS_BYTES] = {ETHERNET};
    memset(message, 0, DHCP_MAX_MESSAGE_BYTES);
    message[0] = BOOT_REQUEST;
    message[1] = ETHERNET;
    message[2] = ETHERNET_ADDRESS_BYTES;
    put32(message + AT_TRANSACTION, query->transaction);
    put16(message + AT_SECONDS, query->seconds);
    put32(message + AT_CLIENT, query->client);
    memcpy(message + AT_MAC, identity->mac, ETHERNET_ADDRESS_BYTES);
    memcpy(message + AT_COOKIE, COOKIE, sizeof COOKIE);
    memcpy(id + 1, identity->mac, ETHERNET_ADDRESS_BYTES);
    unsigned char *at = put_option(message + AT_OPTIONS, MESSAGE_TYPE, &type, 1);
    at = put_option(at, CLIENT_ID, id, sizeof id);
    at = put_number(at, REQUESTED_ADDRESS, query->wanted);
    at = put_number(at, SERVER_ID, query->server);
    if (query->type == DHCP_DISCOVER || query->type == DHCP_REQUEST) { /* the others must not (RFC 2131, table 5) */
        size_t name = strlen(identity->name);
        if (name > 0)
            at = put_option(at, HOST_NAME, identity->name, name);
        at = put_option(at, MAX_SIZE, max_size, sizeof max_size);
        at = put_option(at, PARAMETERS, wanted, sizeof wanted);
    }
    *at++ = END;
    size_t size = (size_t)(at - message);
    return size < LEAST_BYTES ? LEAST_BYTES : size;
}
