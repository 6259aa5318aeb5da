/* What may happen to a frame: filters.c. A chain is its port's, which frees it. */
#ifndef GNS3TRIO_FILTERS_H
#define GNS3TRIO_FILTERS_H

#include "frames.h"

struct bpf_program;
/* Any thread; the program is freed with pcap_freecode. -EINVAL with a message in error. */
int compile_expression(const char *expression, struct bpf_program *program, char *error, int error_size);
/* Worker only: lets frames pass the filters of a port in a direction: they go on with leave_filters, now or later. */
void pass_filters(worker *w, port *p, int direction, const struct iovec *frames, int n, const path *way);
void free_filters(filter_chain *chain);

#endif
