/* Addresses that a PC would like to have, and takes when nobody else answers for them: pc_claims.c.
 *
 * RFC 5227 for IPv4, with shorter times (its 1.1 allows them where a network is quick), RFC 4862 5.4 for IPv6.
 */
#ifndef GNS3TRIO_PC_CLAIMS_H
#define GNS3TRIO_PC_CLAIMS_H

#include "pc_host.h"

/* The claim has ended: the address is in use, or 'taken_by' is the MAC address of who has it. */
typedef void (*pc_claim_done)(pc_host *host, const pc_address *address, const uint8_t *taken_by);

typedef struct {
    pc_address address, gateway;
    int prefix, origin; /* UDPFWD_PC_NO_ADDRESS: it is the link-local address */
    int probes;
    uint64_t interval_ns; /* after each */
    pc_claim_done done;   /* NULL: nobody asks */
} pc_claim_options;

/* There is one claim of an origin and a family: a later one replaces it. Returns 0 without memory. */
int pc_claim_address(pc_host *host, const pc_claim_options *options);
/* The link-local address is in use while it is checked (RFC 4429): it is made from a MAC address that is the PC's own, most likely. */
void pc_claim_link_local(pc_host *host, uint64_t first_ns);
/* Somebody else may have it. */
void pc_contest(pc_host *host, const pc_address *address, const uint8_t *mac);
/* Whether it is claimed, and not in use yet. */
int pc_is_claimed(const pc_host *host, const pc_address *address);
/* Whether solicitations for one that is claimed go to this group. */
int pc_is_group_of_claim(const pc_host *host, const pc_address *group);
/* Of an origin; -1: all. */
void pc_drop_claims(pc_host *host, int origin);
void pc_drop_claim_of(pc_host *host, int origin, int family);

uint64_t pc_claims_due(const pc_host *host);
void pc_expire_claims(pc_host *host);

#endif
