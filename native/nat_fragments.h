/* Fragments from the lab that wait for the others. libslirp gets whole packets only: it has no bound for fragments, and version 4.7
 * can be made to crash by them. */
#ifndef GNS3TRIO_NAT_FRAGMENTS_H
#define GNS3TRIO_NAT_FRAGMENTS_H

#include <stddef.h>
#include <stdint.h>

#define NAT_DATAGRAMS 16      /* that wait at once; beyond that, the oldest is given up */
#define NAT_GUEST_DATAGRAMS 2 /* of one guest */
#define NAT_FRAGMENT_SECONDS 30
#define NAT_WHOLE_BYTES (14 + 65535) /* an Ethernet header and the largest packet */

typedef struct {
    uint32_t from, to;
    uint16_t id;
    uint8_t protocol;
    int64_t until;  /* 0: free */
    uint32_t total; /* bytes of data; 0 until the last fragment came */
    uint32_t end;   /* of the data that are there */
    uint32_t blocks; /* of 8 bytes that are there */
    uint8_t present[8192 / 8];
    unsigned char frame[NAT_WHOLE_BYTES];
} nat_datagram;

/* Adds a fragment: a frame with a right IPv4 header, with fragment bits. Returns the whole frame, which lasts until the next call, and
 * sets *bytes; NULL if it is not whole yet. */
const unsigned char *nat_reassemble(nat_datagram datagrams[NAT_DATAGRAMS], const unsigned char *frame, int64_t now, size_t *bytes);

#endif
