/* The neighbours of a PC: which MAC address an IP address has on the link, of both families: pc_neighbours.c. */
#ifndef GNS3TRIO_PC_NEIGHBOURS_H
#define GNS3TRIO_PC_NEIGHBOURS_H

#include "pc_host.h"

/* The MAC address, when it was confirmed not too long ago; NULL otherwise. Asks again, in time, for one that is in use. */
const uint8_t *pc_find_mac(pc_host *host, const pc_address *address);
/* The same, and asks nobody. */
const uint8_t *pc_known_mac(const pc_host *host, const pc_address *address);
/* Asks for the MAC address of one on the link, unless it is asked already: jobs are told (pc_jobs_neighbour) and what waits leaves
 * when there is an answer, or is dropped when there is none. Returns 0 without memory. */
int pc_ask(pc_host *host, const pc_address *address);
/* A packet that waits for it; the frame is taken. */
void pc_wait_for_neighbour(pc_host *host, const pc_address *address, pc_frame *frame);
/* Somebody said who it is. Without 'create' only what is known, or asked for, already. */
void pc_learn(pc_host *host, const pc_address *address, const uint8_t *mac, int create);
/* Who sent this packet to a group is on the link, and would be asked by all of it at once: the frame says who it is, if nobody
 * knows it better. */
void pc_learn_sender(pc_host *host, const pc_packet *packet);
void pc_forget_neighbours(pc_host *host, int family);
int pc_list_neighbours(const pc_host *host, int family, uint64_t now_ns, udpfwd_pc_neighbour *entries, int max);

uint64_t pc_neighbours_due(const pc_host *host);
void pc_expire_neighbours(pc_host *host);

#endif
