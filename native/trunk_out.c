/* Frames that leave by a trunk: gathered for each lane of a peer, and sent as trains of segments.
 *
 * Frames are copied behind their headers, so that frames of many ports, and of many turns of a round, leave with one call: a thousand links
 * with a frame each cost as much as one link with a thousand frames. What has gathered leaves when a train is full, and at the end of the
 * worker's round, before it waits or is parked.
 */
#define _GNU_SOURCE
#include "counting.h"
#include "statistics.h"
#include "trunk_parts.h"
#include "trunk_round.h"
#include "udp_segments.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>

/* So many lanes gather at once; with another one, the oldest leaves. */
#define OPEN_TRAINS 16

struct train {
    train *next;
    trunk_peer *peer;
    trunk_lane *lane;
    int n;
    size_t bytes;
    size_t sizes[UDPFWD_BATCH_FRAMES]; /* with headers */
    trunk_port *links[UDPFWD_BATCH_FRAMES];
    unsigned char data[MAX_MESSAGE_BYTES];
};

_Static_assert(UDPFWD_MAX_FRAME_BYTES + HEADROOM_BYTES + VXLAN_BYTES <= MAX_MESSAGE_BYTES, "each frame fits, with all its tags");

/* --- messages --- */

/* The messages of a train, in w->out. */
typedef struct {
    int n;
    int frames[UDPFWD_BATCH_FRAMES];        /* of each */
    struct iovec parts[UDPFWD_BATCH_FRAMES]; /* likewise */
} message_list;

/* Makes messages of the frames from 'first': a run of frames of one size, the last of which may be shorter, is one message. */
static void pack_train(worker *w, const train *t, message_list *list, int first, size_t most_segment_bytes) {
    int messages = 0;
    size_t at = 0;
    for (int i = 0; i < first; i++)
        at += t->sizes[i];
    for (int i = first; i < t->n; messages++) {
        size_t size = t->sizes[i], total = size;
        int last = i + 1;
        while (size <= most_segment_bytes && last < t->n && last - i < MAX_SEGMENTS && t->sizes[last] <= size) {
            total += t->sizes[last];
            if (t->sizes[last++] < size)
                break; /* a shorter one ends the run */
        }
        list->frames[messages] = last - i;
        list->parts[messages] = (struct iovec){.iov_base = (void *)(t->data + at), .iov_len = total};
        struct msghdr *header = &w->out[messages].msg_hdr;
        *header = (struct msghdr){.msg_iov = &list->parts[messages], .msg_iovlen = 1};
        if (last - i > 1) {
            split_message(header, w->controls[messages], size);
        }
        at += total;
        i = last;
    }
    list->n = messages;
}

static size_t frame_bytes(const train *t, int i) {
    return t->sizes[i] - VXLAN_BYTES;
}

/* Frames [first..last) have left: they are counted where they came from, a run of one link at once. */
static void count_left(const train *t, int first, int last) {
    uint64_t bytes = 0, fragmented = 0;
    uint32_t mtu = __atomic_load_n(&t->peer->mtu, __ATOMIC_RELAXED);
    for (int i = first; i < last;) {
        trunk_port *link = t->links[i];
        uint64_t of_link = 0, frames = 0;
        for (; i < last && t->links[i] == link; i++, frames++) {
            of_link += frame_bytes(t, i);
            fragmented += mtu != 0 && t->sizes[i] + IP_UDP_BYTES > mtu;
        }
        count(&link->port, &link->port.counters.tx_frames, frames);
        count(&link->port, &link->port.counters.tx_bytes, of_link);
        bytes += of_link;
    }
    udpfwd_peer *counters = &t->peer->counters;
    trunk_count(&counters->tx_frames, (uint64_t)(last - first));
    trunk_count(&counters->tx_bytes, bytes);
    if (fragmented > 0)
        trunk_count(&counters->fragmented, fragmented);
}

static void drop_left(const train *t, int first, int last, int reason) {
    for (int i = first; i < last; i++)
        drop(&t->links[i]->port, TX, reason, 1);
}

/* Whether a message is refused because it is a train that the kernel or the interface cannot split. */
static int is_refused_train(int error, int frames) {
    return frames > 1 && (error == EINVAL || error == EIO || error == EMSGSIZE);
}

/* Sends all frames of a train, which is empty then. A frame that cannot be sent is dropped and counted; the others go on. */
static void send_train(worker *w, train *t) {
    message_list list;
    trunk_lane *lane = t->lane;
    int done = 0, next = 0, refusals = 0;
    pack_train(w, t, &list, 0, __atomic_load_n(&lane->most_segment_bytes, __ATOMIC_RELAXED));
    while (next < list.n) {
        int sent = sendmmsg(lane->fd, w->out + next, (unsigned)(list.n - next), MSG_DONTWAIT), frames = list.frames[next];
        if (sent > 0) {
            trunk_count(&t->peer->trunk->counters.messages, (uint64_t)sent);
            int first = done;
            for (int last = next + sent; next < last; next++)
                done += list.frames[next];
            count_left(t, first, done);
            refusals = 0;
        } else if (errno == ECONNREFUSED && refusals++ == 0) {
            /* The notice belongs to a frame sent earlier, of whichever link; this one was not tried yet. */
        } else if (is_refused_train(errno, frames)) {
            /* What is larger than the way's MTU is split by IP, one by one. */
            size_t most = t->sizes[done] - 1;
            __atomic_store_n(&lane->most_segment_bytes, most, __ATOMIC_RELAXED);
            pack_train(w, t, &list, done, most);
            next = 0;
        } else {
            drop_left(t, done, done + frames, drop_reason(errno));
            done += frames;
            next++;
        }
    }
    t->n = 0;
    t->bytes = 0;
}

/* --- gathering --- */

static void send_first(worker *w, trunk_work *work) {
    train *t = work->open;
    work->open = t->next;
    work->open_trains--;
    send_train(w, t);
    t->next = work->spare;
    work->spare = t;
}

static train *find_train(worker *w, trunk_work *work, trunk_peer *peer, trunk_lane *lane) {
    train **last = &work->open;
    for (; *last != NULL; last = &(*last)->next)
        if ((*last)->lane == lane)
            return *last;
    if (work->open_trains == OPEN_TRAINS) {
        send_first(w, work);
        for (last = &work->open; *last != NULL;)
            last = &(*last)->next;
    }
    train *t = work->spare;
    if (t != NULL)
        work->spare = t->next;
    else if ((t = malloc(sizeof *t)) == NULL)
        return NULL;
    t->next = NULL;
    t->peer = peer;
    t->lane = lane;
    t->n = 0;
    t->bytes = 0;
    *last = t;
    work->open_trains++;
    return t;
}

void trunk_send(worker *w, port *p, const struct iovec *frames, int n) {
    trunk_port *link = (trunk_port *)p;
    trunk_peer *peer = link->peer;
    train *t = find_train(w, work_of(peer->trunk, w), peer, &peer->lanes[LANE_OF(link->vni_out)]);
    if (t == NULL) {
        drop(p, TX, UDPFWD_DROP_QUEUE, (uint64_t)n);
        return;
    }
    for (int i = 0; i < n; i++) {
        size_t size = VXLAN_BYTES + frames[i].iov_len;
        if (t->n == UDPFWD_BATCH_FRAMES || t->bytes + size > MAX_MESSAGE_BYTES)
            send_train(w, t);
        put_vxlan(t->data + t->bytes, link->vni_out);
        memcpy(t->data + t->bytes + VXLAN_BYTES, frames[i].iov_base, frames[i].iov_len);
        t->links[t->n] = link;
        t->sizes[t->n++] = size;
        t->bytes += size;
    }
}

void end_trunk_round(worker *w) {
    trunk *t = w->core->trunk;
    trunk_work *work = work_of(t, w);
    if (work->open == NULL)
        return;
    while (work->open != NULL)
        send_first(w, work);
    note_change(w);
}

void free_trains(trunk_work *work) {
    for (train *t; (t = work->spare) != NULL;) {
        work->spare = t->next;
        free(t);
    }
}
