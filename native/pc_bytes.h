/* Numbers, checksums and addresses in packets, wherever they lie: no access is wider than a byte. */
#ifndef GNS3TRIO_PC_BYTES_H
#define GNS3TRIO_PC_BYTES_H

#include "pc.h"

#include <stddef.h>
#include <string.h>

typedef udpfwd_pc_address pc_address;

enum { IPV4_BYTES = 4, IPV6_BYTES = 16, ETHERNET_ADDRESS_BYTES = 6 };
enum { PROTOCOL_ICMP = 1, PROTOCOL_TCP = 6, PROTOCOL_UDP = 17, PROTOCOL_ICMPV6 = 58 };

static inline uint16_t get16(const unsigned char *bytes) {
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static inline uint32_t get32(const unsigned char *bytes) {
    return (uint32_t)get16(bytes) << 16 | get16(bytes + 2);
}

static inline void put16(unsigned char *bytes, uint32_t value) {
    bytes[0] = (unsigned char)(value >> 8);
    bytes[1] = (unsigned char)value;
}

static inline void put32(unsigned char *bytes, uint32_t value) {
    put16(bytes, value >> 16);
    put16(bytes + 2, value & 0xffff);
}

/* --- the Internet checksum (RFC 1071) --- */

static inline uint64_t add_to_sum(uint64_t sum, const unsigned char *bytes, size_t size) {
    /* Eight bytes at once, in the order of this machine: the sum is the same, with its bytes in that order (RFC 1071, 2 B). */
    uint64_t words = 0, word;
    for (; size >= sizeof word; bytes += sizeof word, size -= sizeof word) {
        memcpy(&word, bytes, sizeof word);
        words += (word & UINT32_MAX) + (word >> 32);
    }
    while (words >> 16)
        words = (words & 0xffff) + (words >> 16);
    const uint16_t folded = (uint16_t)words;
    sum += get16((const unsigned char *)&folded);
    for (; size >= 2; bytes += 2, size -= 2)
        sum += get16(bytes);
    return size ? sum + ((uint32_t)bytes[0] << 8) : sum;
}

/* What is written for a sum; of bytes with a right checksum among them it is 0. */
static inline uint16_t finish_sum(uint64_t sum) {
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

/* The pseudo header of TCP, UDP and ICMPv6 (RFC 9293, RFC 768, RFC 8200 8.1); both addresses are of one family. */
static inline uint64_t pseudo_sum(const pc_address *source, const pc_address *destination, int protocol, size_t size) {
    size_t bytes = source->family == 4 ? IPV4_BYTES : IPV6_BYTES;
    uint64_t sum = add_to_sum((uint64_t)protocol + size, source->bytes, bytes);
    return add_to_sum(sum, destination->bytes, bytes);
}

/* --- addresses --- */

static inline pc_address ipv4_address(uint32_t address) {
    pc_address made = {.family = 4};
    put32(made.bytes, address);
    return made;
}

static inline pc_address read_address(const unsigned char *bytes, int family) {
    pc_address made = {.family = (uint8_t)family};
    memcpy(made.bytes, bytes, family == 4 ? IPV4_BYTES : IPV6_BYTES);
    return made;
}

static inline uint32_t ipv4_of(const pc_address *address) {
    return get32(address->bytes);
}

static inline int same_address(const pc_address *a, const pc_address *b) {
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static inline int is_unspecified(const pc_address *address) {
    static const uint8_t none[IPV6_BYTES];
    return memcmp(address->bytes, none, sizeof none) == 0;
}

static inline int is_multicast(const pc_address *address) {
    return address->family == 4 ? address->bytes[0] >> 4 == 0xe : address->bytes[0] == 0xff;
}

static inline int is_link_local(const pc_address *address) {
    return address->family == 6 && address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

/* Whether the first bits are the same. */
static inline int same_prefix(const pc_address *a, const pc_address *b, int bits) {
    int whole = bits / 8, rest = bits % 8;
    if (a->family != b->family || memcmp(a->bytes, b->bytes, (size_t)whole) != 0)
        return 0;
    return rest == 0 || ((a->bytes[whole] ^ b->bytes[whole]) & (0xff00 >> rest) & 0xff) == 0;
}

/* Whether a host may have the address as its own. */
static inline int can_be_host(const pc_address *address) {
    if (address->family == 6) /* and not ::1 */
        return !is_unspecified(address) && !is_multicast(address) && !(get32(address->bytes) == 0 && get32(address->bytes + 4) == 0);
    return address->family == 4 && address->bytes[0] != 0 && address->bytes[0] != 127 && address->bytes[0] < 224;
}

static const uint8_t BROADCAST_MAC[ETHERNET_ADDRESS_BYTES] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

#endif
