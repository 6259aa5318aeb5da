/* How anything is changed while frames flow: udpfwd.c. */
#ifndef GNS3TRIO_CHANGES_H
#define GNS3TRIO_CHANGES_H

#include "worker.h"

typedef int (*change_function)(udpfwd *core, const void *arguments);
/* Makes a change while all workers are parked between two batches. */
int make_change(udpfwd *core, change_function apply, const void *arguments);

#endif
