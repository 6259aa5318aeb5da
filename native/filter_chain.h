/* The filters of one direction of a port, and their verdict about a frame. A chain knows no port, no socket and no clock. */
#ifndef GNS3TRIO_FILTER_CHAIN_H
#define GNS3TRIO_FILTER_CHAIN_H

#include "random_source.h"
#include "udpfwd.h"

#include <stddef.h>
#include <stdint.h>

typedef struct filter_chain filter_chain;

typedef struct {
    int drop; /* the reason, UDPFWD_DROP_..., or -1 */
    int copies;
    int64_t damaged_bit; /* its number in the frame, or -1 */
    uint64_t release_ns; /* when the frame may go on */
    int may_be_overtaken;
} verdict;

/* The chain of those filters that act in a direction, UDPFWD_RX or UDPFWD_TX; *made is NULL when there are none. -EINVAL with a
 * message in error. */
int make_chain(const udpfwd_filter *filters, int count, int direction, uint64_t seed, filter_chain **made, char *error,
               int error_size);
void free_chain(filter_chain *chain);

/* Asks each filter in turn. The verdict depends on the frame, on the time, which never goes back, on what came before and on what is
 * drawn, and on nothing else. NULL is a chain that lets everything pass, here and below. */
verdict judge(filter_chain *chain, const unsigned char *bytes, size_t size, uint64_t now_ns, draw_function draw);

/* Whether a frame has to wait: for its time, or for those before it. The verdict's release becomes one that keeps the order.
 * are_held: frames that it may not overtake have not gone on yet. */
int must_wait(filter_chain *chain, verdict *v, uint64_t now_ns, int are_held);

/* Whether one of the filters may make frames wait. */
int can_hold(const filter_chain *chain);

/* Frames of this chain will not overtake those that passed the one that it replaces. */
void follow_chain(filter_chain *chain, const filter_chain *before);

#endif
