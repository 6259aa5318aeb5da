/* Filter expressions (pcap-filter(7)), compiled by libpcap. */
#ifndef GNS3TRIO_EXPRESSIONS_H
#define GNS3TRIO_EXPRESSIONS_H

#include <pcap/pcap.h>

/* Any thread. The program belongs to the caller, who frees it with pcap_freecode. -EINVAL with a message in error. */
int compile_expression(const char *expression, struct bpf_program *program, char *error, int error_size);

#endif
