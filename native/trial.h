/* Frames of a trial: what the traffic generator sends, and how the core recognises it. */
#ifndef GNS3TRIO_TRIAL_H
#define GNS3TRIO_TRIAL_H

#include <stdint.h>

#define UDPFWD_TRIAL_ETHERTYPE 0x88B5 /* IEEE 802 local experimental ethertype 1 */
#define UDPFWD_TRIAL_MAGIC "g3trial1" /* behind the Ethernet header */
#define UDPFWD_TRIAL_MIN_BYTES 42

#endif
