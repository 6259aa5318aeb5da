/* Passing frames through the filters of a port: filters.c. */
#ifndef GNS3TRIO_FILTERS_H
#define GNS3TRIO_FILTERS_H

#include "frames.h"

/* Worker only: passes frames through the filters of a port in a direction. They continue with leave_filters, now or later. */
void pass_filters(worker *w, port *p, int direction, const struct iovec *frames, int n, const path *way);

#endif
