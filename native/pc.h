/* Built-in PCs: hosts inside the core, a port each. The contract between C and Python; pc_port.c, pc_calls.c.
 *
 * A PC is what is behind a port of the core: frames that leave at the port come to it, and what it sends comes in there. It answers
 * ARP, ICMP, IPv6's neighbour discovery, and echoes UDP and TCP; whatever it begins by itself is a job, which tells events. The port
 * is joined, filtered, captured and closed as any other. A PC without a job and without a lease has no timer and costs no time.
 *
 * Addresses are 16 bytes in the order of the wire; of IPv4 the first four count, and the others are 0. Times say their unit.
 * Every function returns 0 or more, or a negative errno; -ENOENT where no PC has the port. Any thread may call them but a worker.
 */
#ifndef GNS3TRIO_PC_H
#define GNS3TRIO_PC_H

#include "udpfwd.h"

/* >>> read by cffi: declarations only */

#define UDPFWD_PC_NAME_BYTES 64      /* of a host name, with the zero at its end */
#define UDPFWD_PC_DOMAIN_BYTES 256   /* of a domain or a name to look up, with the zero at its end */
#define UDPFWD_PC_DNS_SERVERS 4      /* of both families together */
#define UDPFWD_PC_TOLD_DNS_SERVERS 2 /* of a family, that DHCP or a router can tell */
#define UDPFWD_PC_MIN_MTU 576        /* RFC 791; IPv6 needs 1280, and is off below */
#define UDPFWD_PC_MAX_MTU 9216
#define UDPFWD_PC_MAX_DATA_BYTES 65507   /* of a ping: an IPv4 datagram of 65,535 bytes */
#define UDPFWD_PC_MAX_JOBS 4             /* of one PC at once */
#define UDPFWD_PC_MAX_NEIGHBOURS 256     /* in both caches of a PC together; the oldest gives way */
#define UDPFWD_PC_NEIGHBOUR_SECONDS 120  /* after which one that was not confirmed is forgotten */
#define UDPFWD_PC_MAX_MESSAGE_BYTES 1024 /* of a DHCP message in an event; longer ones are cut */
#define UDPFWD_PC_ADDRESS_BYTES 16

typedef struct {
    uint8_t bytes[16];
    uint8_t family; /* 0: none, 4, 6 */
} udpfwd_pc_address;

/* Who a PC is; all of it can be changed later. */
typedef struct {
    uint8_t mac[6];
    uint16_t mtu;
    char name[64];    /* what DHCP tells */
    char domain[256]; /* what is appended to names without a dot */
    udpfwd_pc_address dns[4];
} udpfwd_pc_identity;

typedef enum {
    UDPFWD_PC_NO_ADDRESS,
    UDPFWD_PC_MANUAL,
    UDPFWD_PC_DHCP,
    UDPFWD_PC_AUTOMATIC, /* SLAAC (RFC 4862) */
} udpfwd_pc_origin;

/* What a PC counts beside its port. */
typedef struct {
    uint64_t malformed; /* frames with wrong lengths, checksums or contents */
    uint64_t unwanted;  /* for another address, of another protocol, or nobody waits for it */
    uint64_t refused;   /* overlapping fragments (RFC 5722), or more of them than may wait */
    uint64_t dropped;   /* what could not be sent: memory, or no neighbour */
} udpfwd_pc_counters;

typedef struct {
    udpfwd_pc_identity identity; /* its DNS servers are those in use, whoever told them */
    udpfwd_pc_address ipv4, ipv4_gateway;
    udpfwd_pc_address link_local, ipv6, ipv6_gateway;
    uint8_t gateway_mac[6]; /* of the IPv6 router, zero until it is known */
    uint8_t ipv4_prefix, ipv6_prefix;
    uint8_t ipv4_origin, ipv6_origin; /* udpfwd_pc_origin */
    uint8_t link_local_ready;         /* nobody else had it (duplicate address detection) */
    udpfwd_pc_address dhcp_server;
    uint32_t lease_seconds, renew_seconds, rebind_seconds; /* as the server told them; 4294967295 is for ever */
    uint32_t lease_left_seconds;
    uint32_t valid_left_seconds, preferred_left_seconds; /* of an automatic IPv6 address */
    uint32_t jobs;                                       /* that are running */
    uint32_t timers;                                     /* that are set: 0 when it waits for nothing */
    uint64_t memory_bytes;                               /* that it takes in the core now, with its port */
    udpfwd_pc_counters counters;
} udpfwd_pc_state;

typedef struct {
    udpfwd_pc_address address;
    uint8_t mac[6];
    uint32_t left_seconds; /* until it is forgotten */
} udpfwd_pc_neighbour;

typedef enum {
    UDPFWD_PC_PING,
    UDPFWD_PC_TRACE,
    UDPFWD_PC_TAKE_ADDRESS,  /* manually, after nobody else answered for it: RFC 5227, RFC 4862 */
    UDPFWD_PC_DHCP_DISCOVER, /* a lease, from the beginning */
    UDPFWD_PC_DHCP_RENEW,    /* of the lease that there is */
    UDPFWD_PC_DHCP_RELEASE,
    UDPFWD_PC_AUTOCONFIGURE, /* SLAAC: ask for a router */
    UDPFWD_PC_RESOLVE,       /* a name, by DNS */
    UDPFWD_PC_JOB_KINDS
} udpfwd_pc_job_kind;

typedef struct {
    int32_t kind;
    udpfwd_pc_address target;  /* PING, TRACE, TAKE_ADDRESS */
    udpfwd_pc_address gateway; /* TAKE_ADDRESS: family 0 for none */
    uint8_t prefix;            /* TAKE_ADDRESS */
    uint8_t protocol;          /* PING, TRACE: 1 (ICMP of the target's family), 6 TCP (PING only), 17 UDP */
    uint8_t ttl;               /* PING: of what is sent; TRACE: the most hops */
    uint8_t dont_fragment;
    uint8_t tcp_flags;    /* PING by TCP: of its data segment, 0 for PSH and ACK */
    uint8_t family;       /* RESOLVE: 4, 6, or 0 for both */
    uint16_t source_port; /* 0: one that is free */
    uint16_t destination_port;
    uint32_t count;       /* PING: 0 until it is stopped; TRACE: probes of each hop */
    uint32_t data_bytes;  /* behind the header of ICMP, UDP or TCP */
    uint32_t interval_us; /* PING: least time between two that are sent */
    uint32_t timeout_us;  /* for each answer, DHCP and DNS too */
    uint32_t attempts;    /* DHCP, DNS, AUTOCONFIGURE, TAKE_ADDRESS: how often it asks */
    char name[256];       /* RESOLVE */
} udpfwd_pc_request;

typedef enum {
    UDPFWD_PC_REPLY,         /* from 'address': sequence, ttl, bytes, round trip; step of TCP */
    UDPFWD_PC_TIMEOUT,       /* sequence; step of TCP */
    UDPFWD_PC_ICMP_ERROR,    /* from 'address': sequence, type, code; mtu where it is told (RFC 1191); ttl, round trip */
    UDPFWD_PC_RESET,         /* TCP refused: sequence, step, ttl, round trip */
    UDPFWD_PC_NOT_SENT,      /* sequence; the reason in 'code' (udpfwd_pc_reason); mtu */
    UDPFWD_PC_ADDRESS_READY, /* 'address' is in use now */
    UDPFWD_PC_ADDRESS_TAKEN, /* somebody else has 'address': mac */
    UDPFWD_PC_DHCP_SENT,     /* 'code' is its message type (RFC 2132, 9.6); the message is the data */
    UDPFWD_PC_DHCP_RECEIVED, /* likewise */
    UDPFWD_PC_RESOLVED,      /* the name has 'address' */
    UDPFWD_PC_ROUTER,        /* 'address' advertised itself: mac; the advertisement is the data */
    UDPFWD_PC_FINISHED,      /* the last event of a job: 'code' tells how (udpfwd_pc_reason), 'sequence' how many were sent */
    UDPFWD_PC_EVENT_KINDS
} udpfwd_pc_event_kind;

typedef enum {
    UDPFWD_PC_DONE,
    UDPFWD_PC_NO_NEIGHBOUR, /* nobody answers ARP or neighbour solicitations for the next hop */
    UDPFWD_PC_NO_GATEWAY,   /* the target is not on the link, and there is no gateway */
    UDPFWD_PC_NO_SOURCE,    /* the PC has no address of the target's family */
    UDPFWD_PC_TOO_BIG,      /* for the MTU, and it must not be fragmented */
    UDPFWD_PC_NO_MEMORY,
    UDPFWD_PC_NO_ANSWER,     /* of a DHCP server, DNS server or router */
    UDPFWD_PC_NO_SUCH_NAME,  /* DNS says that there is none, or no address of the family */
    UDPFWD_PC_SERVER_FAILED, /* DNS refused or failed; DHCP refused (NAK) */
    UDPFWD_PC_NO_SERVER,     /* no DNS server is set; no lease to renew or release */
    UDPFWD_PC_IN_USE,        /* the address is somebody else's */
    UDPFWD_PC_REPLACED,      /* a later job does the same instead */
    UDPFWD_PC_CLOSED,        /* told by Python alone: the PC is gone */
    UDPFWD_PC_REASONS
} udpfwd_pc_reason;

/* What a PING by TCP has answered: it connects, sends, and closes. Others have UDPFWD_PC_ECHO. */
typedef enum { UDPFWD_PC_ECHO, UDPFWD_PC_CONNECT, UDPFWD_PC_SEND, UDPFWD_PC_CLOSE, UDPFWD_PC_STEPS } udpfwd_pc_step;

typedef struct {
    int32_t port_id;
    int32_t job; /* what udpfwd_pc_start returned */
    int32_t kind;
    uint32_t sequence; /* from 1 */
    uint64_t round_trip_ns;
    uint32_t bytes; /* of the IP datagram */
    uint32_t mtu;
    udpfwd_pc_address address;
    uint8_t mac[6];
    uint8_t ttl; /* of what came; of what was sent in a trace: the hop is 'hop' */
    uint8_t hop;
    uint8_t type, code;
    uint8_t step;
    uint16_t source_port, destination_port; /* of what was sent, where the protocol has ports */
    uint16_t data_bytes;                    /* of the data that belongs to it */
    uint32_t lost;                          /* events of the job that nobody took in time, before this one */
} udpfwd_pc_event;

/* A PC; the id of its port. -EINVAL for a group's MAC address, an MTU out of bounds or a text without its zero. */
int udpfwd_pc_open(udpfwd *core, const udpfwd_pc_identity *identity);
/* Replaces all of it. With another MAC address the caches are forgotten and the link-local address changes. */
int udpfwd_pc_identify(udpfwd *core, int port_id, const udpfwd_pc_identity *identity);
/* Takes addresses away, of a family; a lease is forgotten (and not released). Link-local addresses stay. */
int udpfwd_pc_clear(udpfwd *core, int port_id, int family);
/* Sets an address at once, asking nobody, and without a job: as UDPFWD_PC_TAKE_ADDRESS. -EINVAL for what no host can have. */
int udpfwd_pc_set_address(udpfwd *core, int port_id, const udpfwd_pc_address *address, int prefix, const udpfwd_pc_address *gateway);
int udpfwd_pc_read(udpfwd *core, int port_id, udpfwd_pc_state *state);
/* Writes at most max entries of a family's cache; returns how many there are. */
int udpfwd_pc_neighbours(udpfwd *core, int port_id, int family, udpfwd_pc_neighbour *entries, int max);
int udpfwd_pc_forget_neighbours(udpfwd *core, int port_id, int family);

/* Begins a job; its number, which is larger than 0 and no other's for a long time. Its events may come before this returns. -EBUSY
 * when the PC has UDPFWD_PC_MAX_JOBS; -EINVAL for a request that makes no sense. */
int udpfwd_pc_start(udpfwd *core, int port_id, const udpfwd_pc_request *request);
/* Ends a job: it sends nothing and tells nothing more, but events of it may wait still. -ENOENT when it has ended. */
int udpfwd_pc_stop(udpfwd *core, int port_id, int job);

/* An eventfd, the core's own: readable when events of PCs wait since it was read last. */
int udpfwd_pc_events_fd(const udpfwd *core);
/* Takes the event that waits longest and writes its data, as much as there is room for; 0 when none waits, else 1. */
int udpfwd_pc_take_event(udpfwd *core, udpfwd_pc_event *event, void *data, int room);

/* <<< */

#endif
