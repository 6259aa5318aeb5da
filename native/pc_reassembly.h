/* Fragments that wait for the others, of both families: pc_reassembly.c. */
#ifndef GNS3TRIO_PC_REASSEMBLY_H
#define GNS3TRIO_PC_REASSEMBLY_H

#include "pc_host.h"

typedef struct {
    uint32_t id;
    uint32_t offset; /* in bytes */
    int more;
} pc_fragment;

/* A fragment, whose data are those of the packet: delivers what became whole with it. Those that overlap others have all of their
 * datagram refused (RFC 5722; for IPv4 too). */
void pc_reassemble(pc_host *host, const pc_packet *packet, const pc_fragment *fragment);
void pc_drop_reassemblies(pc_host *host);

uint64_t pc_reassemblies_due(const pc_host *host);
void pc_expire_reassemblies(pc_host *host);

#endif
