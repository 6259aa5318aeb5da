/* What tests of filters and captures start from. */
#ifndef GNS3TRIO_TEST_LINK_H
#define GNS3TRIO_TEST_LINK_H

#include "test_core.h"

/* A spliced link between two nodes, with running workers. */
typedef struct {
    running r;
    link_ends l;
} bed;

static inline bed open_bed(void) {
    bed b = {.r = start()};
    b.l = open_link(b.r.core);
    CHECK(udpfwd_splice(b.r.core, b.l.a_tunnel, b.l.b_tunnel) == 0);
    start_workers(&b.r);
    return b;
}

static inline void close_bed(bed *b) {
    stop(&b->r);
    close_link(&b->l);
}

#endif
