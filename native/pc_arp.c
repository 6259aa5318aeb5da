/* ARP: questions, answers, probes and announcements. */
#define _GNU_SOURCE
#include "pc_arp.h"
#include "pc_claims.h"
#include "pc_neighbours.h"

enum { ARP_BYTES = 28, ARP_REQUEST = 1, ARP_REPLY = 2, ETHERTYPE_ARP = 0x0806 };
enum { AT_OPERATION = 6, AT_SENDER_MAC = 8, AT_SENDER = 14, AT_TARGET_MAC = 18, AT_TARGET = 24 };

/* An address is defended once in this time: more often would be a quarrel without an end (RFC 5227, 2.4). */
#define DEFEND_INTERVAL_NS (10 * PC_SECOND_NS)

static const unsigned char FIRST_BYTES[] = {0, 1, 8, 0, ETHERNET_ADDRESS_BYTES, IPV4_BYTES}; /* Ethernet, IPv4 */

static void send_arp(pc_host *host, int operation, uint32_t sender, uint32_t target, const uint8_t *target_mac) {
    pc_frame *frame = pc_new_frame(host, 0, ARP_BYTES);
    if (frame == NULL)
        return;
    unsigned char *arp = frame->start;
    memcpy(arp, FIRST_BYTES, sizeof FIRST_BYTES);
    put16(arp + AT_OPERATION, (uint32_t)operation);
    memcpy(arp + AT_SENDER_MAC, host->identity.mac, ETHERNET_ADDRESS_BYTES);
    put32(arp + AT_SENDER, sender);
    if (target_mac != NULL)
        memcpy(arp + AT_TARGET_MAC, target_mac, ETHERNET_ADDRESS_BYTES);
    put32(arp + AT_TARGET, target);
    pc_emit(host, frame, target_mac != NULL ? target_mac : BROADCAST_MAC, ETHERTYPE_ARP);
}

void pc_arp_ask(pc_host *host, const pc_address *address) {
    send_arp(host, ARP_REQUEST, ipv4_of(&host->ipv4), ipv4_of(address), NULL);
}

void pc_arp_probe(pc_host *host, const pc_address *address) {
    send_arp(host, ARP_REQUEST, 0, ipv4_of(address), NULL);
}

void pc_arp_announce(pc_host *host, const pc_address *address) {
    send_arp(host, ARP_REQUEST, ipv4_of(address), ipv4_of(address), NULL);
}

/* Somebody else says that it has an address of ours. */
static void defend(pc_host *host) {
    if (host->defended_ns != 0 && host->now_ns - host->defended_ns < DEFEND_INTERVAL_NS)
        return;
    host->defended_ns = host->now_ns;
    pc_arp_announce(host, &host->ipv4);
}

void pc_arp_input(pc_host *host, const unsigned char *bytes, size_t size) {
    if (size < ARP_BYTES || memcmp(bytes, FIRST_BYTES, sizeof FIRST_BYTES) != 0) {
        pc_malformed(host);
        return;
    }
    int operation = get16(bytes + AT_OPERATION);
    const unsigned char *mac = bytes + AT_SENDER_MAC;
    pc_address sender = read_address(bytes + AT_SENDER, 4), target = read_address(bytes + AT_TARGET, 4);
    if (mac[0] & 1) {
        pc_malformed(host);
        return;
    }
    if (memcmp(mac, host->identity.mac, ETHERNET_ADDRESS_BYTES) == 0) { /* our own, from a circle */
        pc_unwanted(host);
        return;
    }
    int is_probe = is_unspecified(&sender);
    /* Who wants to have, or has, an address that we would like to have, was first. */
    pc_contest(host, is_probe ? &target : &sender, mac);
    if (host->ipv4.family == 0) {
        pc_unwanted(host);
        return;
    }
    if (same_address(&sender, &host->ipv4)) {
        defend(host);
        return;
    }
    int for_us = same_address(&target, &host->ipv4);
    if (!is_probe && can_be_host(&sender))
        pc_learn(host, &sender, mac, for_us); /* others are corrected only (RFC 826) */
    if (for_us && operation == ARP_REQUEST)
        send_arp(host, ARP_REPLY, ipv4_of(&host->ipv4), ipv4_of(&sender), mac);
    else if (!for_us)
        pc_unwanted(host);
}
