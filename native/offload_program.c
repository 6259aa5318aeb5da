/* The program that moves frames of offloaded links in the kernel, and how it gets there (bpf(2)).
 *
 * It sees every packet that leaves at the loopback interface, before it comes in again there. A datagram from a node to its port
 * of ours, when a rule exists for it, becomes one from the port of ours at the link's other end to the node there: only the two
 * UDP ports change. So it goes to that node's socket at once, and the core's thread is not woken.
 *
 * The program is written out as instructions, because a compiler for it would be needed by everybody who builds this.
 */
#define _GNU_SOURCE
#include "offload_program.h"
#include "port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of later kernels than the headers that may be here. */
#define TCX_EGRESS 47 /* BPF_TCX_EGRESS */
#ifndef BPF_ATOMIC
#define BPF_ATOMIC 0xc0
#endif
#define TCX_NEXT -1   /* the next program decides, or the packet goes on */

#define ETHERNET_BYTES 14
#define IP_BYTES 20 /* without options */
#define UDP_BYTES 8
#define HEADER_BYTES (ETHERNET_BYTES + IP_BYTES + UDP_BYTES)
/* Offsets in a packet. */
#define ETHERTYPE 12
#define IP ETHERNET_BYTES
#define FRAGMENT (IP + 6)
#define PROTOCOL (IP + 9)
#define SOURCE_ADDRESS (IP + 12)
#define DESTINATION_ADDRESS (IP + 16)
#define PORTS (IP + IP_BYTES)
#define DESTINATION_PORT (PORTS + 2)
#define CHECKSUM (PORTS + 6)
#define FRAGMENT_BITS 0x3fff /* more fragments, and the offset */
#define ENTRIES_BYTES (OFFLOAD_RULES * sizeof(offload_entry))
/* Offsets on the program's stack. */
#define RULE_AT -8
#define NEW_PORTS_AT (RULE_AT + (int)offsetof(offload_rule, new_source))
#define KEY_AT -12

#define R(number) BPF_REG_##number
#define INSTRUCTION(code_, to, from, offset, value)                                                                                \
    (struct bpf_insn) { .code = (code_), .dst_reg = (to), .src_reg = (from), .off = (int16_t)(offset), .imm = (value) }
#define MOVE(to, from) INSTRUCTION(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0)
#define SET(to, value) INSTRUCTION(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value)
#define ADD(to, value) INSTRUCTION(BPF_ALU64 | BPF_ADD | BPF_K, to, 0, 0, value)
#define AND(to, value) INSTRUCTION(BPF_ALU64 | BPF_AND | BPF_K, to, 0, 0, value)
#define NETWORK_ORDER_16(to) INSTRUCTION(BPF_ALU | BPF_END | BPF_TO_BE, to, 0, 0, 16)
#define LOAD(size, to, from, offset) INSTRUCTION(BPF_LDX | BPF_MEM | (size), to, from, offset, 0)
#define STORE(size, to, offset, from) INSTRUCTION(BPF_STX | BPF_MEM | (size), to, from, offset, 0)
#define ADD_ATOMICALLY(to, offset, from) INSTRUCTION(BPF_STX | BPF_ATOMIC | BPF_DW, to, from, offset, BPF_ADD)
#define CALL(function) INSTRUCTION(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_##function)
#define LOAD_MAP(to, fd)                                                                                                           \
    INSTRUCTION(BPF_LD | BPF_DW | BPF_IMM, to, BPF_PSEUDO_MAP_FD, 0, fd), INSTRUCTION(0, 0, 0, 0, 0) /* takes two places */
#define CONTEXT(field) ((int)offsetof(struct __sk_buff, field))
/* Jumps to the end, where the packet goes on; attach_offload fills in how far that is. */
#define TO_THE_END 0x7fff
#define PASS_UNLESS(condition, register, value) INSTRUCTION(BPF_JMP | (condition) | BPF_K, register, 0, 1, value), PASS
#define PASS INSTRUCTION(BPF_JMP | BPF_JA, 0, 0, TO_THE_END, 0)
/* Register 0 is the entry whose number another register has; without one the packet goes on. */
#define LOOK_UP(fd, number)                                                                                                        \
    STORE(BPF_W, R(10), KEY_AT, number), LOAD_MAP(R(1), fd), MOVE(R(2), R(10)), ADD(R(2), KEY_AT), CALL(map_lookup_elem),          \
        PASS_UNLESS(BPF_JNE, R(0), 0)
#define SKIP_IF(condition, register, value, instructions)                                                                          \
    INSTRUCTION(BPF_JMP | (condition) | BPF_K, register, 0, instructions, value)

/* Registers: 6 is the packet, 7 the entry of its destination port, 8 its two ports, 9 how large its frames are. */
static int load_program(int map_fd) {
    struct bpf_insn program[] = {
        /* Is it a UDP datagram from this host to itself, whole and without IP options? */
        MOVE(R(6), R(1)),
        LOAD(BPF_W, R(2), R(6), CONTEXT(data)),
        LOAD(BPF_W, R(3), R(6), CONTEXT(data_end)),
        MOVE(R(4), R(2)),
        ADD(R(4), HEADER_BYTES),
        INSTRUCTION(BPF_JMP | BPF_JLE | BPF_X, R(4), R(3), 1, 0),
        PASS,
        LOAD(BPF_H, R(4), R(2), ETHERTYPE),
        PASS_UNLESS(BPF_JEQ, R(4), htons(0x0800)),
        LOAD(BPF_B, R(4), R(2), IP),
        PASS_UNLESS(BPF_JEQ, R(4), 0x45),
        LOAD(BPF_H, R(4), R(2), FRAGMENT),
        AND(R(4), htons(FRAGMENT_BITS)),
        PASS_UNLESS(BPF_JEQ, R(4), 0),
        LOAD(BPF_B, R(4), R(2), PROTOCOL),
        PASS_UNLESS(BPF_JEQ, R(4), IPPROTO_UDP),
        LOAD(BPF_W, R(4), R(2), SOURCE_ADDRESS),
        PASS_UNLESS(BPF_JEQ, R(4), (int)htonl(INADDR_LOOPBACK)),
        LOAD(BPF_W, R(4), R(2), DESTINATION_ADDRESS),
        PASS_UNLESS(BPF_JEQ, R(4), (int)htonl(INADDR_LOOPBACK)),
        LOAD(BPF_W, R(8), R(2), PORTS),
        LOAD(BPF_H, R(9), R(2), PORTS),
        LOAD(BPF_H, R(4), R(2), DESTINATION_PORT),
        /* Is there a rule for it? */
        NETWORK_ORDER_16(R(4)),
        LOOK_UP(map_fd, R(4)),
        MOVE(R(7), R(0)),
        LOAD(BPF_DW, R(1), R(7), offsetof(offload_entry, rule)),
        STORE(BPF_DW, R(10), RULE_AT, R(1)),
        LOAD(BPF_H, R(1), R(10), RULE_AT + (int)offsetof(offload_rule, active)),
        PASS_UNLESS(BPF_JNE, R(1), 0),
        LOAD(BPF_H, R(1), R(10), RULE_AT + (int)offsetof(offload_rule, source)),
        INSTRUCTION(BPF_JMP | BPF_JEQ | BPF_X, R(1), R(9), 1, 0),
        PASS,
        /* Empty and oversize frames are left to the core, which drops them. A train (UDP_SEGMENT) has frames of gso_size. */
        LOAD(BPF_W, R(9), R(6), CONTEXT(gso_size)),
        SKIP_IF(BPF_JNE, R(9), 0, 2),
        LOAD(BPF_W, R(9), R(6), CONTEXT(len)),
        ADD(R(9), -HEADER_BYTES),
        PASS_UNLESS(BPF_JNE, R(9), 0),
        PASS_UNLESS(BPF_JLE, R(9), UDPFWD_MAX_FRAME_BYTES),
        /* Other ports, and a checksum that fits them, where there is one and it is not left to the device. */
        MOVE(R(1), R(6)),
        SET(R(2), CHECKSUM),
        MOVE(R(3), R(8)),
        LOAD(BPF_W, R(4), R(10), NEW_PORTS_AT),
        SET(R(5), BPF_F_MARK_MANGLED_0 | sizeof(uint32_t)),
        CALL(l4_csum_replace),
        PASS_UNLESS(BPF_JEQ, R(0), 0),
        MOVE(R(1), R(6)),
        SET(R(2), PORTS),
        MOVE(R(3), R(10)),
        ADD(R(3), NEW_PORTS_AT),
        SET(R(4), sizeof(uint32_t)),
        SET(R(5), 0),
        CALL(skb_store_bytes),
        PASS_UNLESS(BPF_JEQ, R(0), 0),
        /* Counters. */
        LOAD(BPF_W, R(1), R(6), CONTEXT(len)),
        ADD(R(1), -HEADER_BYTES),
        ADD_ATOMICALLY(R(7), offsetof(offload_entry, bytes), R(1)),
        LOAD(BPF_W, R(1), R(6), CONTEXT(gso_segs)),
        SKIP_IF(BPF_JNE, R(1), 0, 1),
        SET(R(1), 1),
        ADD_ATOMICALLY(R(7), offsetof(offload_entry, frames), R(1)),
        SET(R(1), OFFLOAD_MOVED),
        LOOK_UP(map_fd, R(1)),
        LOAD(BPF_DW, R(1), R(0), offsetof(offload_entry, frames)),
        PASS_UNLESS(BPF_JEQ, R(1), 0), /* written when it changes only, or all CPUs would wait for its line of the cache */
        SET(R(1), 1),
        STORE(BPF_DW, R(0), offsetof(offload_entry, frames), R(1)),
        SET(R(0), TCX_NEXT),
        INSTRUCTION(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
    };
    int count = sizeof program / sizeof *program, end = count - 2;
    for (int i = 0; i < end; i++)
        if (program[i].code == (BPF_JMP | BPF_JA) && program[i].off == TO_THE_END)
            program[i].off = (int16_t)(end - i - 1);
    union bpf_attr attributes = {
        .prog_type = BPF_PROG_TYPE_SCHED_CLS,
        .expected_attach_type = TCX_EGRESS,
        .insns = (uintptr_t)program,
        .insn_cnt = (uint32_t)count,
        .license = (uintptr_t) "Apache-2.0",
        .prog_name = "gns3trio",
    };
    return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes);
}

static int create_map(void) {
    union bpf_attr attributes = {
        .map_type = BPF_MAP_TYPE_ARRAY,
        .key_size = sizeof(uint32_t),
        .value_size = sizeof(offload_entry),
        .max_entries = OFFLOAD_RULES,
        .map_flags = BPF_F_MMAPABLE,
        .map_name = "gns3trio",
    };
    return (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes);
}

static int create_link(int program_fd) {
    union bpf_attr attributes = {0};
    attributes.link_create.prog_fd = (uint32_t)program_fd;
    attributes.link_create.target_ifindex = if_nametoindex("lo");
    attributes.link_create.attach_type = TCX_EGRESS;
    return (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attributes, sizeof attributes);
}

int attach_offload(offload *o) {
    *o = (offload){.link_fd = -1};
    int map_fd = create_map(), program_fd = -1;
    if (map_fd >= 0) {
        void *shared = mmap(NULL, ENTRIES_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
        if (shared != MAP_FAILED)
            o->entries = shared;
    }
    if (o->entries != NULL)
        program_fd = load_program(map_fd);
    if (program_fd >= 0)
        o->link_fd = create_link(program_fd);
    int error = errno;
    close_if_open(map_fd); /* the program keeps the map, and the link the program */
    close_if_open(program_fd);
    if (o->link_fd >= 0)
        return 0;
    detach_offload(o);
    return error == EPERM || error == EACCES ? -EPERM : error == ENOMEM ? -ENOMEM : -EOPNOTSUPP;
}

void detach_offload(offload *o) {
    if (o->entries == NULL)
        return;
    close_if_open(o->link_fd);
    munmap(o->entries, ENTRIES_BYTES);
    o->entries = NULL;
}
