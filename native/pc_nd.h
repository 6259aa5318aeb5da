/* IPv6's neighbour discovery (RFC 4861), duplicate address detection and SLAAC (RFC 4862): pc_nd.c, pc_slaac.c. */
#ifndef GNS3TRIO_PC_ND_H
#define GNS3TRIO_PC_ND_H

#include "pc_host.h"

enum { ND_ROUTER_SOLICITATION = 133, ND_ROUTER_ADVERTISEMENT = 134, ND_SOLICITATION = 135, ND_ADVERTISEMENT = 136 };
enum { ND_HOP_LIMIT = 255 };
enum { OPTION_SOURCE_MAC = 1, OPTION_TARGET_MAC = 2, OPTION_PREFIX = 3, OPTION_DNS = 25 };

/* Messages whose checksum is right. */
void pc_nd_input(pc_host *host, const pc_packet *packet);
/* Who has it? */
void pc_nd_ask(pc_host *host, const pc_address *address);
/* The same, for an address that the host would like to have. */
void pc_nd_probe(pc_host *host, const pc_address *address);
/* Which router is there? */
void pc_nd_ask_router(pc_host *host);

/* Goes over the options of a message, whose sizes are checked first: the next one of a kind behind 'after' (NULL: the first), or NULL.
 */
const unsigned char *pc_nd_option(const unsigned char *options, size_t size, int kind, const unsigned char *after);
/* Whether the options are whole. */
int pc_nd_options_fit(const unsigned char *options, size_t size);

/* --- pc_slaac.c --- */

/* A router advertisement that is one (RFC 4861, 6.1.2). */
void pc_slaac_advertisement(pc_host *host, const pc_packet *packet);

#endif
