/* UDP (RFC 768) of a PC: pc_udp.c. */
#ifndef GNS3TRIO_PC_UDP_H
#define GNS3TRIO_PC_UDP_H

#include "pc_host.h"

enum { UDP_HEADER_BYTES = 8, ECHO_PORT = 7 };

void pc_udp_input(pc_host *host, const pc_packet *packet);
/* Sends what a frame has, which is taken; as pc_send. The route's protocol is set here. */
int pc_udp_send(pc_host *host, const pc_route *route, uint16_t source_port, uint16_t destination_port, pc_frame *frame);
/* A job sends from this port: what comes there later, when it has ended, is not echoed. */
void pc_udp_remember_port(pc_host *host, uint16_t port);

#endif
