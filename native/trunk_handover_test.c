/* Frames of a trunk that come in at another worker than that of their port: none is lost or overtaken. */
#define _GNU_SOURCE
#include "placement.h"

#include "test_trunk.h"

#include <stdatomic.h>

enum { NODES = 6, FLOOD = 20000, STREAM = 3000, OUTSTANDING = 50 };

/* A host with a hub, and a link there whose frames come in at another worker. */
typedef struct {
    running r;
    int runs; /* its workers do */
    uint16_t udp_port;
    int other; /* the peer: a plain socket */
    int peer, link, hub;
    int here, there; /* the workers of the lane and of the hub */
    uint32_t vni;
    end nodes[NODES];
} bed;

static trunk_port *link_of(const bed *b) {
    return (trunk_port *)find_port(b->r.core, b->link);
}

static void open_bed(bed *b) {
    *b = (bed){.r = start(), .other = test_socket()};
    b->udp_port = open_trunk(b->r.core);
    b->peer = udpfwd_peer_open(b->r.core, INADDR_LOOPBACK, test_port_of(b->other));
    b->hub = udpfwd_bridge_open(b->r.core, UDPFWD_HUB);
    for (int i = 0; i < NODES; i++) {
        b->nodes[i] = open_end(b->r.core);
        CHECK(udpfwd_bridge_join(b->r.core, b->hub, b->nodes[i].port, UDPFWD_ACCESS, 1, 0) == 0);
    }
    b->there = worker_of_port(b->r.core, b->nodes[0].port);
    b->here = !b->there;
    b->vni = 4 + (uint32_t)b->here;
    b->link = udpfwd_trunk_link(b->r.core, b->peer, b->vni, b->vni);
    CHECK(b->peer >= 0 && b->link >= 0 && worker_of_port(b->r.core, b->link) == b->here);
    CHECK(udpfwd_bridge_join(b->r.core, b->hub, b->link, UDPFWD_ACCESS, 1, 0) == 0);
    CHECK(worker_of_port(b->r.core, b->link) == b->there && link_of(b)->home == &b->r.core->workers[b->there]);
}

static void close_bed(bed *b) {
    if (b->runs)
        stop(&b->r);
    else
        udpfwd_close(b->r.core);
    close(b->other);
    for (int i = 0; i < NODES; i++)
        close_end(&b->nodes[i]);
}

/* A frame to all hosts, with a number. */
static size_t put_numbered(const bed *b, unsigned char *at, uint32_t number) {
    unsigned char frame[64] = {0};
    memset(frame, 0xff, 6);
    memcpy(frame + 20, &number, sizeof number);
    return put_frame(at, b->vni, frame, sizeof frame);
}

static uint32_t number_of(const unsigned char *frame) {
    uint32_t number;
    memcpy(&number, frame + 20, sizeof number);
    return number;
}

/* Comes in at the worker of the lane, which does not run. */
static void take_numbered(bed *b, uint32_t number) {
    unsigned char bytes[128];
    size_t size = put_numbered(b, bytes, number);
    take_datagram(&b->r.core->workers[b->here], b->r.core->trunk, INADDR_LOOPBACK, bytes, size, 0);
}

static void serve_inbox_of(bed *b, int number) {
    worker *w = &b->r.core->workers[number];
    source *s = &b->r.core->trunk->work[number].inbox.source;
    w->round_copies = 0; /* a round begins */
    s->serve(w, s);
}

static void test_frames_reach_the_other_worker(void) {
    bed b;
    open_bed(&b);
    start_workers(&b.r);
    b.runs = 1;
    unsigned char bytes[128];
    for (uint32_t i = 0; i < 100; i++) {
        send_train_to(b.other, b.udp_port, bytes, put_numbered(&b, bytes, i), 0);
        CHECK(test_receive(b.nodes[1].node, bytes, sizeof bytes) == 64 && number_of(bytes) == i);
    }
    CHECK(counters_of(b.r.core, b.link).rx_frames == 100);
    WAIT_FOR(read_trunk(b.r.core).handed_over == 100); /* they are counted after that */
    test_send(b.nodes[1].node, b.nodes[1].fd, bytes, 64); /* and back */
    do
        CHECK(test_receive(b.other, bytes, sizeof bytes) > 0);
    while (get_vxlan(bytes, 8) != (int)b.vni);
    close_bed(&b);
}

/* While frames wait, the port comes to the worker of the lane: later frames wait behind them. */
static void test_order_across_a_move(void) {
    bed b;
    open_bed(&b);
    unsigned char bytes[128];
    for (uint32_t i = 0; i < 3; i++)
        take_numbered(&b, i);
    CHECK(link_of(&b)->is_listed && counters_of(b.r.core, b.link).rx_frames == 0);
    CHECK(udpfwd_bridge_leave(b.r.core, b.link) == 0); /* alone, it goes where fewer ports are */
    CHECK(worker_of_port(b.r.core, b.link) == b.here && link_of(&b)->home == &b.r.core->workers[b.here] && link_of(&b)->is_listed);
    end node = open_end(b.r.core);
    CHECK(udpfwd_patch(b.r.core, b.link, node.port) == 0 && worker_of_port(b.r.core, b.link) == b.here);
    take_numbered(&b, 3);
    CHECK(!test_has_data(node.node));
    serve_inbox_of(&b, b.there); /* the worker that it was listed at has nothing to do with it any more */
    CHECK(!test_has_data(node.node));
    for (int i = 0; i < 4; i++)
        serve_inbox_of(&b, b.here);
    take_numbered(&b, 4);
    for (uint32_t i = 0; i < 5; i++)
        CHECK(test_receive(node.node, bytes, sizeof bytes) == 64 && number_of(bytes) == i);
    CHECK(link_of(&b)->waiting_bytes == 0 && !link_of(&b)->is_listed);
    close_bed(&b);
    close_end(&node);
}

/* Of several ports in an inbox, any may move or close. */
static void test_listed_ports_close(void) {
    bed b;
    open_bed(&b);
    unsigned char bytes[128];
    int links[3];
    for (int i = 0; i < 3; i++) {
        uint32_t vni = b.vni + 4 + 4u * (unsigned)i;
        CHECK((links[i] = udpfwd_trunk_link(b.r.core, b.peer, vni, vni)) >= 0);
        CHECK(udpfwd_bridge_join(b.r.core, b.hub, links[i], UDPFWD_ACCESS, 1, 0) == 0);
        size_t size = put_frame(bytes, vni, "waits", 5);
        take_datagram(&b.r.core->workers[b.here], b.r.core->trunk, INADDR_LOOPBACK, bytes, size, 0);
    }
    static const int order[] = {1, 2, 0}; /* one between others, the last, the only one */
    const inbox *box = &b.r.core->trunk->work[b.there].inbox;
    for (int i = 0; i < 3; i++) {
        CHECK(box->first != NULL);
        CHECK(udpfwd_port_close(b.r.core, links[order[i]]) == 0);
    }
    CHECK(box->first == NULL && box->last == NULL);
    take_numbered(&b, 7);
    serve_inbox_of(&b, b.there);
    CHECK(test_receive(b.nodes[1].node, bytes, sizeof bytes) == 64);
    close_bed(&b);
}

/* What waits has a limit; what is beyond it is counted at the port. */
static void test_a_worker_that_is_slow(void) {
    bed b;
    open_bed(&b);
    for (uint32_t i = 0; i < FLOOD; i++)
        take_numbered(&b, i);
    uint64_t lost = link_of(&b)->lost;
    CHECK(lost > 0 && lost < FLOOD && link_of(&b)->waiting_bytes < 2 * 1024 * 1024);
    while (link_of(&b)->is_listed)
        serve_inbox_of(&b, b.there);
    udpfwd_counters counters = counters_of(b.r.core, b.link);
    CHECK(counters.rx_drops[UDPFWD_DROP_QUEUE] == lost && counters.rx_frames == FLOOD - lost);
    close_bed(&b);
}

/* Frames that bridges copy to many ports go on in turns, as those of other ports. */
static void test_a_flood_of_copies(void) {
    bed b;
    open_bed(&b);
    worker *w = &b.r.core->workers[b.there];
    link_of(&b)->port.is_copied = 1;
    w->round_copies = TURN_COPIES;
    take_numbered(&b, 0);
    b.r.core->trunk->work[b.there].inbox.source.serve(w, &b.r.core->trunk->work[b.there].inbox.source);
    CHECK(counters_of(b.r.core, b.link).rx_frames == 0 && link_of(&b)->is_listed); /* there were enough in this round */
    serve_inbox_of(&b, b.there);
    CHECK(counters_of(b.r.core, b.link).rx_frames == 1 && !link_of(&b)->is_listed);
    CHECK(udpfwd_bridge_leave(b.r.core, b.link) == 0 && worker_of_port(b.r.core, b.link) == b.here);
    link_of(&b)->port.is_copied = 1;
    b.r.core->workers[b.here].round_copies = TURN_COPIES;
    take_numbered(&b, 1); /* likewise at the worker of the lane itself */
    CHECK(link_of(&b)->is_listed);
    close_bed(&b);
}

/* --- with running workers: a stream, while its port moves to and fro --- */

typedef struct {
    bed *b;
    _Atomic int ends;
} stream;

static void *move_to_and_fro(void *argument) {
    stream *s = argument;
    bed *b = s->b;
    int moves = 0;
    while (!s->ends || moves < 20) {
        CHECK(udpfwd_bridge_leave(b->r.core, b->link) == 0);
        CHECK(udpfwd_bridge_join(b->r.core, b->hub, b->link, UDPFWD_ACCESS, 1, 0) == 0);
        moves++;
        rest();
    }
    return NULL;
}

static uint64_t came_in(const bed *b) {
    udpfwd_counters counters = counters_of(b->r.core, b->link);
    return counters.rx_frames + counters.rx_drops[UDPFWD_DROP_UNLINKED];
}

/* Takes what has come to a node, and checks that no frame was overtaken. Some find the port without a connection. */
static void take_stream(const bed *b, uint32_t *next) {
    unsigned char bytes[128];
    while (test_has_data(b->nodes[1].node)) {
        CHECK(test_receive(b->nodes[1].node, bytes, sizeof bytes) == 64 && number_of(bytes) >= *next);
        *next = number_of(bytes) + 1;
    }
}

static void test_a_stream_while_its_port_moves(void) {
    bed b;
    open_bed(&b);
    start_workers(&b.r);
    b.runs = 1;
    stream s = {.b = &b};
    pthread_t mover;
    CHECK(pthread_create(&mover, NULL, move_to_and_fro, &s) == 0);
    unsigned char bytes[128];
    uint32_t next = 0;
    for (uint32_t i = 0; i < STREAM; i++) {
        if (i % OUTSTANDING == 0) /* a busy machine may not let the workers run, and what waits at a port has a bound */
            WAIT_FOR(came_in(&b) + OUTSTANDING >= i);
        send_train_to(b.other, b.udp_port, bytes, put_numbered(&b, bytes, i), 0);
        take_stream(&b, &next);
    }
    s.ends = 1;
    pthread_join(mover, NULL);
    WAIT_FOR(came_in(&b) == STREAM);
    send_train_to(b.other, b.udp_port, bytes, put_numbered(&b, bytes, STREAM), 0); /* the port stays now */
    WAIT_FOR((take_stream(&b, &next), next == STREAM + 1));
    close_bed(&b);
}

int main(void) {
    test_frames_reach_the_other_worker();
    test_order_across_a_move();
    test_listed_ports_close();
    test_a_worker_that_is_slow();
    test_a_flood_of_copies();
    test_a_stream_while_its_port_moves();
    puts("trunk_handover_test: 6 passed");
    return 0;
}
