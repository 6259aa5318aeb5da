/* ICMP (RFC 792) and ICMPv6 (RFC 4443): pc_icmp.c, pc_icmp6.c. */
#ifndef GNS3TRIO_PC_ICMP_H
#define GNS3TRIO_PC_ICMP_H

#include "pc_host.h"

enum { ICMP_HEADER_BYTES = 8 };
enum { ICMP_ECHO_REPLY = 0, ICMP_UNREACHABLE = 3, ICMP_ECHO = 8, ICMP_TIME_EXCEEDED = 11, ICMP_PARAMETER_PROBLEM = 12 };
enum { UNREACHABLE_PROTOCOL = 2, UNREACHABLE_PORT = 3, UNREACHABLE_TOO_BIG = 4 };
enum { ICMP6_UNREACHABLE = 1, ICMP6_TOO_BIG = 2, ICMP6_TIME_EXCEEDED = 3, ICMP6_PARAMETER_PROBLEM = 4 };
enum { ICMP6_ECHO = 128, ICMP6_ECHO_REPLY = 129 };
enum { ICMP6_UNREACHABLE_PORT = 4, ICMP6_UNKNOWN_HEADER = 1, REASSEMBLY_TIME = 1 };

void pc_icmp_input(pc_host *host, const pc_packet *packet);
void pc_icmp6_input(pc_host *host, const pc_packet *packet);
/* Tell the sender of a packet of either family what became of it, unless nobody may be told (RFC 1122 3.2.2, RFC 4443 2.4). */
void pc_unreachable_port(pc_host *host, const pc_packet *packet);
void pc_unknown_protocol(pc_host *host, const pc_packet *packet);
void pc_time_exceeded(pc_host *host, const pc_packet *packet);

/* Writes the checksum of an ICMPv6 message that has source and destination, and sends it. The frame is taken. */
int pc_icmp6_send(pc_host *host, const pc_route *route, pc_frame *message);
int pc_icmp4_send(pc_host *host, const pc_route *route, pc_frame *message);
/* An error that came, with what it quotes from the IP header on: jobs are told. mtu: 0 where it is not told. */
void pc_icmp_error(pc_host *host, const pc_packet *packet, const unsigned char *quoted, size_t size, uint32_t mtu);

#endif
