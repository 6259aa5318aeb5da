/* ARP (RFC 826), and conflicts of IPv4 addresses (RFC 5227): pc_arp.c. */
#ifndef GNS3TRIO_PC_ARP_H
#define GNS3TRIO_PC_ARP_H

#include "pc_host.h"

void pc_arp_input(pc_host *host, const unsigned char *bytes, size_t size);
/* Who has it? */
void pc_arp_ask(pc_host *host, const pc_address *address);
/* The same, for an address that the host would like to have: nobody learns from it. */
void pc_arp_probe(pc_host *host, const pc_address *address);
/* The host has it: others correct what they know. */
void pc_arp_announce(pc_host *host, const pc_address *address);

#endif
