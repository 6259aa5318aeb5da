/* Signals and snapshots of counters: statistics.c. */
#ifndef GNS3TRIO_STATISTICS_H
#define GNS3TRIO_STATISTICS_H

#include "counting.h"

/* Worker only: counters have changed; signals this now, or at the end of the pause between two signals. */
void note_change(worker *w);
/* Expiry function of the timer for the pause. */
void end_pause(worker *w, timer *pause);

/* With the core's lock: a port was opened, or is being closed. */
void tell_port(udpfwd *core, int id);
/* With the core's lock, and by the worker or while it is parked: so also before the worker loses a port. */
void tell_noted(worker *w);
/* With the core's lock, before there are so many slots for ports. */
int grow_changed(udpfwd *core, int slots);

#endif
