/* A PC as a DHCP client (RFC 2131): pc_dhcp.c; its messages (RFC 2132): pc_dhcp_message.c. */
#ifndef GNS3TRIO_PC_DHCP_H
#define GNS3TRIO_PC_DHCP_H

#include "pc_jobs.h"

enum { DHCP_SERVER_PORT = 67, DHCP_CLIENT_PORT = 68, DHCP_MAX_MESSAGE_BYTES = 548 };
enum { DHCP_DISCOVER = 1, DHCP_OFFER, DHCP_REQUEST, DHCP_DECLINE, DHCP_ACK, DHCP_NAK, DHCP_RELEASE };

/* What a server's message says; 0 where it says nothing. */
typedef struct {
    int type;
    uint32_t transaction, address, server, mask, gateway;
    uint32_t dns[UDPFWD_PC_TOLD_DNS_SERVERS];
    uint32_t lease_seconds, renew_seconds, rebind_seconds;
    char domain[UDPFWD_PC_DOMAIN_BYTES];
} pc_dhcp_reply;

/* What a client's message says; 0 leaves it out. */
typedef struct {
    int type;
    uint32_t transaction, client, wanted, server; /* client: its own address (ciaddr) */
    uint16_t seconds;
} pc_dhcp_query;

/* 0 when it is no answer to this MAC address. */
int pc_read_dhcp(const unsigned char *message, size_t size, const uint8_t *mac, pc_dhcp_reply *reply);
/* Into DHCP_MAX_MESSAGE_BYTES; the size. */
size_t pc_write_dhcp(unsigned char *message, const udpfwd_pc_identity *identity, const pc_dhcp_query *query);

/* --- the client --- */

/* A datagram, if it is for the client: whether it was. */
int pc_dhcp_input(pc_host *host, const pc_datagram *datagram);
/* The lease is not used any more; the address is not touched. */
void pc_forget_lease(pc_host *host);
/* The same, and who waits for one is told that something else came instead. */
void pc_end_dhcp(pc_host *host);
void pc_read_lease(const pc_host *host, udpfwd_pc_state *state, uint64_t now_ns);
uint64_t pc_dhcp_due(const pc_host *host);
void pc_expire_dhcp(pc_host *host);

#endif
