/* The filters of a port, on a frame's way: filters.c. */
#ifndef GNS3TRIO_FILTERS_H
#define GNS3TRIO_FILTERS_H

#include "frames.h"

/* Worker only: lets frames pass the filters of a port in a direction: they go on with leave_filters, now or later. */
void pass_filters(worker *w, port *p, int direction, const struct iovec *frames, int n, const path *way);

#endif
