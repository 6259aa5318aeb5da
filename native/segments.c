/* Converts data of the kernel that was never on a wire in this form: checksums left to the device, and many frames merged into one.
 *
 * The kernel joins TCP segments that come in (GRO), and lets the device split those that leave (GSO, TSO); a packet socket and a TAP
 * device see the large frame, and the header before it (virtio_net_hdr) tells how to make of it what a wire would carry. Without that, TCP between a lab and a host
 * nearly stands still. The rules of splitting are those that devices follow: Linux, Documentation/networking/segmentation-offloads.
 */
#include "segments.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

#define ETHERTYPE_AT 12
#define TAG_BYTES 4
#define MOST_TAGS 3 /* one of a packet socket, which the kernel had taken out, before two that it lets be */
#define IPV4_BYTES 20
#define IPV4_LENGTH_AT 2
#define IPV4_ID_AT 4
#define IPV4_FRAGMENT_AT 6
#define IPV4_FRAGMENT_BITS 0x3fff /* more fragments, and the offset */
#define IPV4_PROTOCOL_AT 9
#define IPV4_CHECKSUM_AT 10
#define IPV6_BYTES 40
#define IPV6_LENGTH_AT 4
#define IPV6_NEXT_AT 6
#define TCP_BYTES 20
#define TCP_SEQUENCE_AT 4
#define TCP_FLAGS_AT 13
#define TCP_CHECKSUM_AT 16
#define TCP_FIN 0x01
#define TCP_PSH 0x08
#define TCP_CWR 0x80
#define UDP_BYTES 8
#define UDP_LENGTH_AT 4
#define UDP_CHECKSUM_AT 6

static uint16_t get16(const unsigned char *at) {
    return (uint16_t)(at[0] << 8 | at[1]);
}

static void put16(unsigned char *at, size_t value) {
    at[0] = (unsigned char)(value >> 8);
    at[1] = (unsigned char)value;
}

/* --- checksums (RFC 1071): sums of words in the byte order of this machine, as they lie in the frame --- */

static uint64_t add_words(const unsigned char *bytes, size_t n, uint64_t sum) {
    uint32_t words[4], word;
    uint64_t sums[4] = {sum, 0, 0, 0}; /* that do not wait for each other */
    for (; n >= sizeof words; n -= sizeof words, bytes += sizeof words) {
        memcpy(words, bytes, sizeof words);
        for (int i = 0; i < 4; i++)
            sums[i] += words[i];
    }
    sum = sums[0] + sums[1] + sums[2] + sums[3];
    for (; n >= sizeof word; n -= sizeof word, bytes += sizeof word) {
        memcpy(&word, bytes, sizeof word);
        sum += word;
    }
    word = 0;
    memcpy(&word, bytes, n);
    return sum + word;
}

static uint16_t fold(uint64_t sum) {
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

static uint16_t length_word(size_t length) {
    return htons(fold(length));
}

static void put_checksum(unsigned char *at, uint64_t sum) {
    uint16_t checksum = (uint16_t)~fold(sum);
    memcpy(at, &checksum, sizeof checksum);
}

/* 0 would mean that there is none (RFC 768); 0xffff is the same number. */
static void put_transport_checksum(unsigned char *at, uint64_t sum) {
    put_checksum(at, fold(sum) == 0xffff ? 0 : sum);
}

int finish_checksum(unsigned char *frame, size_t size, const struct virtio_net_hdr *told) {
    if (!(told->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
        return 0;
    size_t start = told->csum_start, at = start + told->csum_offset;
    if (at + 2 > size)
        return -EINVAL;
    put_transport_checksum(frame + at, add_words(frame + start, size - start, 0)); /* the field holds the sum of the pseudo header */
    return 0;
}

/* --- trains --- */

/* Where the network header begins, and the type of it. */
static size_t find_network(const unsigned char *frame, size_t size, uint16_t *ethertype) {
    size_t at = ETHERTYPE_AT;
    for (int tags = 0; at + 2 <= size; tags++, at += TAG_BYTES) {
        *ethertype = get16(frame + at);
        if ((*ethertype != ETH_P_8021Q && *ethertype != ETH_P_8021AD) || tags == MOST_TAGS)
            return at + 2;
    }
    return size;
}

/* Whether the header that is told of as that of TCP or UDP is the first one after those of IPv4. */
static int follows_ipv4(const frame_train *train, int protocol) {
    const unsigned char *network = train->frame + train->network;
    size_t bytes = train->transport - train->network;
    return bytes >= IPV4_BYTES && network[0] == (0x40 | bytes / 4) && bytes % 4 == 0 && network[IPV4_PROTOCOL_AT] == protocol &&
           (get16(network + IPV4_FRAGMENT_AT) & IPV4_FRAGMENT_BITS) == 0;
}

static int is_extension(int header) {
    return header == IPPROTO_HOPOPTS || header == IPPROTO_ROUTING || header == IPPROTO_DSTOPTS;
}

/* Likewise for IPv6 with its extension headers (RFC 8200, 4), but for those of fragments. */
static int follows_ipv6(const frame_train *train, int protocol) {
    const unsigned char *frame = train->frame;
    size_t at = train->network + IPV6_BYTES;
    if (at > train->transport || frame[train->network] >> 4 != 6)
        return 0;
    int next = frame[train->network + IPV6_NEXT_AT];
    while (at + 2 <= train->transport && is_extension(next)) {
        next = frame[at];
        at += ((size_t)frame[at + 1] + 1) * 8;
    }
    return at == train->transport && next == protocol;
}

int open_train(frame_train *train, const unsigned char *frame, size_t size, const struct virtio_net_hdr *told, size_t max) {
    int type = told->gso_type & ~VIRTIO_NET_HDR_GSO_ECN;
    uint16_t ethertype = 0;
    *train = (frame_train){.frame = frame, .size = size, .transport = told->csum_start, .payload = told->gso_size};
    train->network = find_network(frame, size, &ethertype);
    train->is_tcp = type == VIRTIO_NET_HDR_GSO_TCPV4 || type == VIRTIO_NET_HDR_GSO_TCPV6;
    train->is_ipv4 = ethertype == ETH_P_IP;
    if (!(told->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) || train->payload == 0)
        return -EINVAL;
    if (!train->is_tcp && type != VIRTIO_NET_HDR_GSO_UDP_L4)
        return -EINVAL;
    if (ethertype != (type == VIRTIO_NET_HDR_GSO_TCPV4 ? ETH_P_IP : ETH_P_IPV6) && (train->is_tcp || !train->is_ipv4))
        return -EINVAL;
    size_t least = train->is_tcp ? TCP_BYTES : UDP_BYTES;
    if (train->transport < train->network || train->transport + least > size)
        return -EINVAL;
    int protocol = train->is_tcp ? IPPROTO_TCP : IPPROTO_UDP;
    if (!(train->is_ipv4 ? follows_ipv4(train, protocol) : follows_ipv6(train, protocol)))
        return -EINVAL;
    if (told->csum_offset != (train->is_tcp ? TCP_CHECKSUM_AT : UDP_CHECKSUM_AT))
        return -EINVAL;
    size_t transport_bytes = train->is_tcp ? (size_t)(frame[train->transport + 12] >> 4) * 4 : UDP_BYTES;
    train->headers = train->next = train->transport + transport_bytes;
    if (transport_bytes < least || train->headers >= size)
        return -EINVAL;
    return train->headers + train->payload > max || count_segments(train) > MOST_TRAIN_SEGMENTS ? -EMSGSIZE : 0;
}

size_t count_segments(const frame_train *train) {
    return (train->size - train->headers + train->payload - 1) / train->payload;
}

static void finish_network(const frame_train *train, unsigned char *network, size_t size) {
    if (!train->is_ipv4) {
        put16(network + IPV6_LENGTH_AT, size - IPV6_BYTES);
        return;
    }
    put16(network + IPV4_LENGTH_AT, size);
    put16(network + IPV4_ID_AT, get16(network + IPV4_ID_AT) + train->number);
    memset(network + IPV4_CHECKSUM_AT, 0, 2);
    put_checksum(network + IPV4_CHECKSUM_AT, add_words(network, train->transport - train->network, 0));
}

static void finish_transport(const frame_train *train, unsigned char *transport, size_t size, int is_last) {
    unsigned char *checksum = transport + (train->is_tcp ? TCP_CHECKSUM_AT : UDP_CHECKSUM_AT);
    if (train->is_tcp) {
        uint32_t sequence;
        memcpy(&sequence, transport + TCP_SEQUENCE_AT, sizeof sequence);
        sequence = htonl(ntohl(sequence) + train->number * (uint32_t)train->payload);
        memcpy(transport + TCP_SEQUENCE_AT, &sequence, sizeof sequence);
        if (!is_last)
            transport[TCP_FLAGS_AT] &= (unsigned char)~(TCP_FIN | TCP_PSH);
        if (train->number > 0)
            transport[TCP_FLAGS_AT] &= (unsigned char)~TCP_CWR;
    } else {
        put16(transport + UDP_LENGTH_AT, size);
    }
    /* The field holds the sum of the pseudo header, in which the length is that of the whole train. */
    uint16_t whole = (uint16_t)~length_word(train->size - train->transport);
    put_transport_checksum(checksum, add_words(transport, size, (uint64_t)whole + length_word(size)));
}

static void finish_headers(const frame_train *train, unsigned char *segment, size_t size, int is_last) {
    finish_network(train, segment + train->network, size - train->network);
    finish_transport(train, segment + train->transport, size - train->transport, is_last);
}

size_t next_segment(frame_train *train, unsigned char *segment) {
    size_t left = train->size - train->next;
    if (left == 0)
        return 0;
    size_t payload = left < train->payload ? left : train->payload, size = train->headers + payload;
    memcpy(segment, train->frame, train->headers);
    memcpy(segment + train->headers, train->frame + train->next, payload);
    finish_headers(train, segment, size, payload == left);
    train->next += payload;
    train->number++;
    return size;
}

void finish_only_segment(const frame_train *train, unsigned char *frame) {
    finish_headers(train, frame, train->size, 1);
}
