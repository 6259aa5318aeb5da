/* Expressions about frames, pcap-filter(7), and the programs that libpcap makes of them. */
#ifndef GNS3TRIO_EXPRESSIONS_H
#define GNS3TRIO_EXPRESSIONS_H

#include <pcap/pcap.h>

/* Any thread; the program is the caller's, who frees it with pcap_freecode. -EINVAL with a message in error. */
int compile_expression(const char *expression, struct bpf_program *program, char *error, int error_size);

#endif
