/* The filters of one direction of a port, and their verdict about a frame. A chain uses no port, no socket and no clock. */
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
    int64_t damaged_bit; /* the number of the bit in the frame, or -1 */
    uint64_t release_ns; /* when the frame may leave */
    int may_be_overtaken;
} verdict;

/* Creates the chain of the filters for a direction, UDPFWD_RX or UDPFWD_TX; *made is NULL if there are none. -EINVAL with a
 * message in error. */
int make_chain(const udpfwd_filter *filters, int count, int direction, uint64_t seed, filter_chain **made, char *error,
               int error_size);
void free_chain(filter_chain *chain);

/* Applies each filter in turn. The verdict depends only on the frame, the (monotonic) time, earlier frames and the random numbers. A NULL
 * chain passes everything, here and below. */
verdict judge(filter_chain *chain, const unsigned char *bytes, size_t size, uint64_t now_ns, draw_function draw);

/* Whether a frame must wait, for its own time or for earlier frames. Adjusts the verdict's release time to keep the order.
 * are_held: frames that it may not overtake are still held. */
int must_wait(filter_chain *chain, verdict *v, uint64_t now_ns, int are_held);

/* Whether one of the filters can delay frames. */
int can_hold(const filter_chain *chain);

/* Makes sure that frames of this chain do not overtake frames of the chain that it replaces. */
void follow_chain(filter_chain *chain, const filter_chain *before);

#endif
