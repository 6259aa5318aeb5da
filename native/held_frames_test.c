/* What filters decide and hold, by direct calls: the time is what a test says. */
#define _GNU_SOURCE
#include "test_calls.h"

/* --- filters --- */

enum { FRAMES = 1000 };

/* What became of frames that leave at a port, one after the other: '.' passed, or the reason. 'pauses' says when each comes. */
static void play(bed *b, const uint64_t *pauses_ns, char *fates) {
    const port *p = port_of(b, 1);
    worker *w = p->worker;
    uint64_t now_ns = turn_time(w);
    for (int i = 0; i < FRAMES; i++) {
        uint64_t filtered = p->counters.tx_drops[UDPFWD_DROP_FILTER], limited = p->counters.tx_drops[UDPFWD_DROP_RATE];
        w->now_ns = now_ns += pauses_ns[i];
        send_frame(b, 0, 1, 2, 0);
        fates[i] = p->counters.tx_drops[UDPFWD_DROP_RATE] > limited      ? 'R'
                   : p->counters.tx_drops[UDPFWD_DROP_FILTER] > filtered ? 'L'
                                                                         : '.';
        arrived(b, 1);
    }
}

static void test_decisions_do_not_depend_on_the_time(void) {
    const udpfwd_filter filters[] = {{UDPFWD_FILTER_RATE, BOTH, {1000000, 3000, 0}, NULL},
                                     {UDPFWD_FILTER_LOSS, BOTH, {500000}, NULL}};
    char fates[2][FRAMES];
    unsigned seed = 1;
    for (int run = 0; run < 2; run++) {
        uint64_t pauses_ns[FRAMES];
        for (int i = 0; i < FRAMES; i++)
            pauses_ns[i] = (uint64_t)rand_r(&seed) % 600000;
        bed b = open_pair();
        set_filters(&b, 1, filters, 2, 7);
        play(&b, pauses_ns, fates[run]);
        close_bed(&b);
    }
    int limited = 0, compared = 0;
    for (int i = 0; i < FRAMES; i++) {
        limited += (fates[0][i] == 'R') + (fates[1][i] == 'R');
        if (fates[0][i] == 'R' || fates[1][i] == 'R')
            continue;
        CHECK(fates[0][i] == fates[1][i]);
        compared++;
    }
    CHECK(limited > 0 && compared > FRAMES / 4);
}

static void test_seeds_and_directions_have_nothing_in_common(void) {
    char fates[6][FRAMES];
    for (int run = 0; run < 6; run++) {
        const udpfwd_filter loss = {UDPFWD_FILTER_LOSS, run % 2 ? UDPFWD_RX : UDPFWD_TX, {500000}, NULL};
        bed b = open_pair();
        set_filters(&b, 1, &loss, 1, 7 + (uint64_t)run / 2);
        for (int i = 0; i < FRAMES; i++) {
            uint64_t before = drops_at(&b, 1, UDPFWD_DROP_FILTER);
            send_frame(&b, run % 2, 1, 2, 0);
            fates[run][i] = drops_at(&b, 1, UDPFWD_DROP_FILTER) > before;
            arrived(&b, !(run % 2));
        }
        close_bed(&b);
    }
    for (int one = 0; one < 6; one++)
        for (int other = 0; other < one; other++) {
            int alike = 0;
            for (int i = 0; i < FRAMES; i++)
                alike += fates[one][i] == fates[other][i];
            CHECK(alike > 420 && alike < 580); /* five standard deviations around one half */
        }
}

static int bits_turned(const unsigned char *frame, const unsigned char *sent, size_t size) {
    int bits = 0;
    for (size_t i = 0; i < size; i++)
        bits += __builtin_popcount(frame[i] ^ sent[i]);
    return bits;
}

static void test_copies_are_damaged_one_by_one(void) {
    const udpfwd_filter twice = {UDPFWD_FILTER_DUPLICATE, BOTH, {1000000}, NULL};
    const udpfwd_filter damage = {UDPFWD_FILTER_CORRUPT, BOTH, {500000}, NULL};
    bed b = open_bed(4);
    CHECK(udpfwd_patch(b.core, b.ends[0].port, b.ends[1].port) == 0);
    CHECK(udpfwd_splice(b.core, b.ends[1].port, b.ends[2].port) == 0);
    CHECK(udpfwd_patch(b.core, b.ends[2].port, b.ends[3].port) == 0);
    set_filters(&b, 1, &twice, 1, 1);
    set_filters(&b, 3, &damage, 1, 1);
    int found[3] = {0}; /* how many copies of a pair were damaged */
    for (int i = 0; i < FRAMES; i++) {
        unsigned char sent[ROOM], got[ROOM];
        size_t size = make_frame(sent, 1, 2, 0);
        int damaged = 0;
        feed(&b, 0, sent, size, 1);
        for (int copy = 0; copy < 2; copy++) {
            CHECK(test_receive(b.ends[3].node, got, sizeof got) == (ssize_t)size);
            int bits = bits_turned(got, sent, size);
            CHECK(bits <= 1);
            damaged += bits;
        }
        found[damaged]++;
    }
    CHECK(found[0] > 180 && found[0] < 320 && found[1] > 420 && found[1] < 580 && found[2] > 180);
    close_bed(&b);
}

/* A frame that tells its number leaves at the second end. */
static void send_numbered(bed *b, int number) {
    send_frame(b, 0, number, 2, 0);
}

static void release_at(bed *b, uint64_t now_ns) {
    worker *w = port_of(b, 1)->worker;
    w->now_ns = now_ns;
    do
        release_due(w);
    while (w->more_due);
}

static void expect_numbers(bed *b, int count) {
    for (int i = 0; i < count; i++) {
        unsigned char frame[ROOM];
        CHECK(test_receive(b->ends[1].node, frame, sizeof frame) > 0 && frame[11] == i);
    }
    CHECK(arrived(b, 1) == 0);
}

static void test_no_frame_overtakes_those_that_are_held_when_filters_change(void) {
    const uint64_t ms = 1000000;
    const udpfwd_filter slow = {UDPFWD_FILTER_DELAY, BOTH, {300000}, NULL}, quick = {UDPFWD_FILTER_DELAY, BOTH, {1000}, NULL};
    const udpfwd_filter loss = {UDPFWD_FILTER_LOSS, BOTH, {0}, NULL};
    const udpfwd_filter rate = {UDPFWD_FILTER_RATE, BOTH, {1000000000, 9999, 9999}, NULL};
    const struct {
        const udpfwd_filter *filters;
        int count;
        uint64_t wait_ns; /* of those that are held */
    } changes[] = {{&quick, 1, 300 * ms}, {&rate, 1, 300 * ms}, {&loss, 1, 0}, {NULL, 0, 0}};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        bed b = open_pair();
        worker *w = port_of(&b, 1)->worker;
        set_filters(&b, 1, &slow, 1, 1);
        uint64_t start_ns = turn_time(w);
        for (int number = 0; number < 3; number++)
            send_numbered(&b, number);
        set_filters(&b, 1, changes[i].filters, changes[i].count, 1);
        for (int number = 3; number < 6; number++) {
            w->now_ns = start_ns + 10 * ms;
            send_numbered(&b, number);
        }
        CHECK(arrived(&b, 1) == 0 && port_of(&b, 1)->counters.tx_held == 6);
        release_at(&b, start_ns + 20 * ms + changes[i].wait_ns);
        expect_numbers(&b, 6);
        send_numbered(&b, 0); /* nobody is waited for any more */
        release_at(&b, start_ns + 25 * ms + changes[i].wait_ns);
        expect_numbers(&b, 1);
        close_bed(&b);
    }
}

static void test_a_frame_without_delay_waits_for_those_that_are_due(void) {
    const udpfwd_filter delay = {UDPFWD_FILTER_DELAY, BOTH, {1000, 1000}, NULL};
    bed b = open_pair();
    worker *w = port_of(&b, 1)->worker;
    set_filters(&b, 1, &delay, 1, 1);
    uint64_t start_ns = turn_time(w);
    for (int number = 0; number < 200; number++) {
        w->now_ns = start_ns + (uint64_t)number * 100000; /* late for many that are due, whatever the timer does */
        send_numbered(&b, number);
    }
    release_at(&b, start_ns + 1000000000u);
    expect_numbers(&b, 200);
    close_bed(&b);
}

static void test_reordered_frames_stay_so_behind_a_delay(void) {
    enum { SENT = 20 };
    const udpfwd_filter filters[] = {{UDPFWD_FILTER_REORDER, BOTH, {500000, 50000}, NULL},
                                     {UDPFWD_FILTER_DELAY, BOTH, {1000}, NULL}};
    bed b = open_pair();
    set_filters(&b, 1, filters, 2, 1);
    uint64_t start_ns = turn_time(port_of(&b, 1)->worker);
    for (int number = 0; number < SENT; number++)
        send_numbered(&b, number);
    release_at(&b, start_ns + 1000000);
    int early = arrived(&b, 1);
    CHECK(early >= SENT / 4 && early < SENT); /* not only those before the first that is held longer */
    release_at(&b, start_ns + 51000000);
    CHECK(arrived(&b, 1) == SENT - early);
    close_bed(&b);
}

/* A burst passes at once, what the queue holds one after the other, and the rest not at all; so again after a pause. */
static void test_a_rate_limit_lets_a_burst_pass(void) {
    enum { BYTES = 60, BURST = 3, QUEUE = 2 };
    const uint64_t ms = 1000000;
    const udpfwd_filter queueing = {UDPFWD_FILTER_RATE, BOTH, {BYTES * 8000, BURST * BYTES, QUEUE * BYTES}, NULL}; /* 1 frame in 1 ms */
    const udpfwd_filter policing = {UDPFWD_FILTER_RATE, BOTH, {BYTES * 8000, BURST * BYTES, 0}, NULL};
    bed b = open_pair();
    worker *w = port_of(&b, 1)->worker;
    uint64_t start_ns = turn_time(w), drops = 0;
    for (int round = 0; round < 4; round++) {
        int queue = round < 2 ? QUEUE : 0;
        if (round % 2 == 0)
            set_filters(&b, 1, round < 2 ? &queueing : &policing, 1, 1);
        uint64_t now_ns = start_ns + (uint64_t)round * 1000 * ms;
        for (int i = 0; i < 10; i++) {
            w->now_ns = now_ns;
            send_numbered(&b, i);
        }
        drops += (uint64_t)(10 - BURST - queue);
        CHECK(arrived(&b, 1) == BURST && drops_at(&b, 1, UDPFWD_DROP_RATE) == drops);
        for (int i = 1; i <= queue; i++) {
            release_at(&b, now_ns + (uint64_t)i * ms - 1000);
            CHECK(arrived(&b, 1) == 0);
            release_at(&b, now_ns + (uint64_t)i * ms + 1000);
            CHECK(arrived(&b, 1) == 1);
        }
    }
    close_bed(&b);
}

static void test_each_of_several_delays_is_kept(void) {
    enum { SENT = 100 };
    const uint64_t ms = 1000000;
    const int delays_ms[] = {50, 10, 30};
    bed b = open_bed(6);
    for (int link = 0; link < 3; link++) {
        const udpfwd_filter delay = {UDPFWD_FILTER_DELAY, BOTH, {delays_ms[link] * 1000}, NULL};
        CHECK(udpfwd_patch(b.core, b.ends[2 * link].port, b.ends[2 * link + 1].port) == 0);
        set_filters(&b, 2 * link + 1, &delay, 1, 1);
    }
    worker *w = port_of(&b, 0)->worker;
    uint64_t start_ns = turn_time(w);
    for (int at = 0; at < SENT + 50; at++) {
        if (at == 80) /* what it holds is lost, and nothing else */
            CHECK(udpfwd_port_close(b.core, b.ends[5].port) == 0);
        for (int link = 0; link < 3 && at < SENT; link++) {
            w->now_ns = start_ns + (uint64_t)at * ms;
            send_frame(&b, 2 * link, at, 2, 0);
        }
        CHECK(next_release(w) > 0);
        release_at(&b, start_ns + (uint64_t)at * ms + ms / 2);
        for (int link = 0; link < 3; link++)
            CHECK(arrived(&b, 2 * link + 1) == (at >= delays_ms[link] && at - delays_ms[link] < SENT && (link < 2 || at < 80)));
    }
    CHECK(next_release(w) == 0);
    close_bed(&b);
}

/* --- memory of held frames --- */

static void hold_large_frames(bed *b, int batches) {
    static unsigned char large[ROOM];
    for (int i = 0; i < batches; i++)
        feed(b, 0, large, sizeof large, UDPFWD_BATCH_FRAMES);
}

static void test_held_frames_have_bounded_memory_and_give_it_back(void) {
    const udpfwd_filter delay = {UDPFWD_FILTER_DELAY, BOTH, {30000000}, NULL};
    bed b = open_pair();
    set_filters(&b, 1, &delay, 1, 1);
    int enough = UDPFWD_MAX_PORT_HELD_BYTES / ROOM / UDPFWD_BATCH_FRAMES + 1;
    hold_large_frames(&b, enough);
    const port *p = port_of(&b, 1);
    CHECK(drops_at(&b, 1, UDPFWD_DROP_QUEUE) > 0);
    CHECK(p->counters.tx_held + drops_at(&b, 1, UDPFWD_DROP_QUEUE) == (uint64_t)enough * UDPFWD_BATCH_FRAMES);
    CHECK(p->held_bytes <= UDPFWD_MAX_PORT_HELD_BYTES && p->held_bytes > UDPFWD_MAX_PORT_HELD_BYTES / 8 * 7);
    CHECK(b.core->held_bytes > p->held_bytes && b.core->held_bytes < p->held_bytes / 8 * 9);
    /* Some leave, and their memory is spare. */
    worker *w = p->worker;
    size_t before = b.core->held_bytes, held_before = p->held_bytes;
    w->now_ns = UINT64_MAX / 2;
    release_due(w);
    CHECK(w->queue.spare_bytes > 0 && p->held_bytes < held_before);
    CHECK(b.core->held_bytes <= before && b.core->held_bytes > p->held_bytes + w->queue.spare_bytes);
    CHECK(udpfwd_port_close(b.core, b.ends[1].port) == 0);
    CHECK(b.core->held_bytes == 0 && w->queue.spare_bytes == 0 && w->queue.room == 0 && w->queue.run_room == 0);
    close_bed(&b);
}

static void test_the_core_holds_so_much_in_all(void) {
    enum { LEFT = 1 << 20 };
    const udpfwd_filter delay = {UDPFWD_FILTER_DELAY, BOTH, {30000000}, NULL};
    bed b = open_pair();
    set_filters(&b, 1, &delay, 1, 1);
    b.core->held_bytes = UDPFWD_MAX_HELD_BYTES - LEFT; /* others hold it */
    hold_large_frames(&b, 2);
    uint32_t held = port_of(&b, 1)->counters.tx_held;
    CHECK(held * ROOM <= LEFT && held * ROOM > LEFT / 8 * 7);
    CHECK(drops_at(&b, 1, UDPFWD_DROP_QUEUE) == 2 * UDPFWD_BATCH_FRAMES - held);
    CHECK(b.core->held_bytes <= UDPFWD_MAX_HELD_BYTES);
    close_bed(&b);
}

/* However small frames are: what the queue itself takes counts, too. */
static void test_the_memory_of_small_frames_is_bounded(void) {
    enum { LEFT = 1 << 20, SENT = 30000 };
    const udpfwd_filter delay = {UDPFWD_FILTER_DELAY, BOTH, {30000000}, NULL};
    bed b = open_pair();
    set_filters(&b, 1, &delay, 1, 1);
    b.core->held_bytes = UDPFWD_MAX_HELD_BYTES - LEFT;
    for (int i = 0; i < SENT / UDPFWD_BATCH_FRAMES; i++)
        feed(&b, 0, (const unsigned char *)"x", 1, UDPFWD_BATCH_FRAMES);
    CHECK(drops_at(&b, 1, UDPFWD_DROP_QUEUE) > 0);
    size_t of_queue = port_of(&b, 1)->worker->queue.run_room * sizeof(queue_entry);
    CHECK(port_of(&b, 1)->held_bytes + of_queue / 2 <= LEFT); /* it grew by half when there was room */
    close_bed(&b);
}

/* A few frames that are held long, between many that are not, keep the memory of a few. */
static void test_memory_of_frames_that_left_is_used_again(void) {
    enum { MILLISECONDS = 2000, QUICK_FRAMES = 10, BYTES = 1000 };
    const uint64_t ms = 1000000;
    const udpfwd_filter quick = {UDPFWD_FILTER_DELAY, BOTH, {1000}, NULL}, slow = {UDPFWD_FILTER_DELAY, BOTH, {10000000}, NULL};
    const udpfwd_filter some_slow = {UDPFWD_FILTER_REORDER, BOTH, {1000000 / QUICK_FRAMES, 10000000}, NULL};
    static const unsigned char frame[BYTES];
    bed b = open_bed(6);
    for (int link = 0; link < 3; link++)
        CHECK(udpfwd_patch(b.core, b.ends[2 * link].port, b.ends[2 * link + 1].port) == 0);
    set_filters(&b, 1, &quick, 1, 1);
    set_filters(&b, 3, &slow, 1, 1);
    set_filters(&b, 5, (const udpfwd_filter[]){quick, some_slow}, 2, 1);
    worker *w = port_of(&b, 0)->worker;
    uint64_t start_ns = turn_time(w);
    for (uint64_t at = 0; at < MILLISECONDS; at++) {
        w->now_ns = start_ns + at * ms;
        feed(&b, 0, frame, BYTES, QUICK_FRAMES);
        feed(&b, 2, frame, BYTES, 1);
        feed(&b, 4, frame, BYTES, QUICK_FRAMES);
        release_at(&b, start_ns + at * ms);
        CHECK(at == 0 || arrived(&b, 1) == QUICK_FRAMES);
        arrived(&b, 5);
    }
    uint32_t held = port_of(&b, 3)->counters.tx_held, reordered = port_of(&b, 5)->counters.tx_held;
    CHECK(held == MILLISECONDS && reordered > MILLISECONDS / 2 && reordered < MILLISECONDS * 2);
    CHECK(b.core->held_bytes < (held + reordered) * BYTES / 4 * 5);
    CHECK(udpfwd_port_close(b.core, b.ends[3].port) == 0); /* its frames lie between those of others, and its memory does not */
    CHECK(b.core->held_bytes < reordered * BYTES / 4 * 5 + w->queue.spare_bytes);
    close_bed(&b);
}

/* A frame that is as large as frames may be, and larger by the tags of switches. */
static void test_the_largest_frames_with_tags(void) {
    const udpfwd_filter delay = {UDPFWD_FILTER_DELAY, BOTH, {1000}, NULL};
    static unsigned char frame[ROOM], got[ROOM + TAG_BYTES];
    bed b = open_bed(2);
    int bridge = udpfwd_bridge_open(b.core, UDPFWD_SWITCH);
    CHECK(udpfwd_bridge_join(b.core, bridge, b.ends[0].port, UDPFWD_ACCESS, 7, 0) == 0);
    CHECK(udpfwd_bridge_join(b.core, bridge, b.ends[1].port, UDPFWD_DOT1Q, 1, 0) == 0);
    set_filters(&b, 1, &delay, 1, 1);
    make_frame(frame, 1, ALL, 0);
    frame[ROOM - 1] = 99;
    for (int batches = 0; batches < 2; batches++)
        feed(&b, 0, frame, ROOM, UDPFWD_BATCH_FRAMES);
    CHECK(port_of(&b, 1)->counters.tx_held == 2 * UDPFWD_BATCH_FRAMES);
    release_at(&b, UINT64_MAX / 2);
    CHECK(port_of(&b, 1)->counters.tx_frames > 0);
    CHECK(test_receive(b.ends[1].node, got, sizeof got) == sizeof got);
    CHECK(got[12] == 0x81 && got[15] == 7 && got[ROOM + TAG_BYTES - 1] == 99 && memcmp(got, frame, 12) == 0);
    close_bed(&b);
}

/* Whatever order frames leave in, each leaves with its own bytes. */
static void test_frames_keep_their_bytes(void) {
    enum { SENT = 4000, MOST = 2000 };
    const udpfwd_filter jitter[] = {{UDPFWD_FILTER_DELAY, BOTH, {20000, 20000}, NULL}, {UDPFWD_FILTER_REORDER, BOTH, {300000, 90000}, NULL}};
    bed b = open_pair();
    set_filters(&b, 1, jitter, 2, 1);
    worker *w = port_of(&b, 1)->worker;
    uint64_t start_ns = turn_time(w);
    unsigned char frame[MOST], got[MOST];
    int left = 0;
    for (int i = 0; i < SENT + 1400; i++) { /* 100 us apart; 130 ms after the last everything has left */
        w->now_ns = start_ns + (uint64_t)i * 100000;
        if (i < SENT) {
            size_t size = 14 + (size_t)i * 37 % (MOST - 14);
            memset(frame, i % 251, size);
            frame[0] = 2;
            frame[6] = (unsigned char)(i >> 8);
            frame[7] = (unsigned char)i;
            feed(&b, 0, frame, size, 1);
        }
        release_at(&b, start_ns + (uint64_t)i * 100000);
        for (ssize_t size; (size = recv(b.ends[1].node, got, sizeof got, MSG_DONTWAIT)) >= 0; left++) {
            int number = got[6] << 8 | got[7];
            CHECK(size == 14 + number * 37 % (MOST - 14));
            for (ssize_t at = 8; at < size; at++)
                CHECK(got[at] == number % 251);
        }
    }
    CHECK(left == SENT);
    close_bed(&b);
}

static void test_held_frames_follow_their_port_to_another_worker(void) {
    enum { SENT = 200 };
    const udpfwd_filter delay = {UDPFWD_FILTER_DELAY, BOTH, {1000}, NULL};
    udpfwd *core;
    CHECK(udpfwd_open(2, STATS_INTERVAL_US, &core) == 0);
    bed b = {.core = core, .count = 4};
    for (int link = 0; link < 2; link++) { /* one for each worker */
        for (int side = 0; side < 2; side++)
            b.ends[2 * link + side] = open_end(core);
        CHECK(udpfwd_patch(core, b.ends[2 * link].port, b.ends[2 * link + 1].port) == 0);
    }
    worker *before = port_of(&b, 1)->worker, *other = port_of(&b, 3)->worker;
    CHECK(before != other);
    set_filters(&b, 1, &delay, 1, 1);
    set_filters(&b, 3, &delay, 1, 1);
    for (int i = 0; i < SENT; i++) {
        send_frame(&b, 0, i, 2, 0);
        send_frame(&b, 2, i, 2, 0);
    }
    CHECK(udpfwd_splice(core, b.ends[1].port, b.ends[3].port) == 0);
    worker *now = port_of(&b, 1)->worker, *left = now == before ? other : before;
    CHECK(now == port_of(&b, 3)->worker);
    CHECK(next_release(left) == 0 && left->queue.run_room == 0);
    CHECK(udpfwd_unsplice(core, b.ends[1].port) == 0); /* one link's frames go back */
    CHECK(port_of(&b, 1)->worker != port_of(&b, 3)->worker);
    for (int number = 0; number < 2; number++) {
        worker *w = &core->workers[number];
        CHECK(next_release(w) > 0);
        w->now_ns = UINT64_MAX / 2;
        do
            release_due(w);
        while (w->more_due);
    }
    unsigned char frame[ROOM];
    for (int i = 0; i < SENT; i++)
        for (int link = 0; link < 2; link++)
            CHECK(test_receive(b.ends[2 * link + 1].node, frame, sizeof frame) > 0 && frame[11] == i);
    CHECK(core->held_bytes == 0);
    close_bed(&b);
}

int main(void) {
    test_decisions_do_not_depend_on_the_time();
    test_seeds_and_directions_have_nothing_in_common();
    test_copies_are_damaged_one_by_one();
    test_no_frame_overtakes_those_that_are_held_when_filters_change();
    test_a_frame_without_delay_waits_for_those_that_are_due();
    test_reordered_frames_stay_so_behind_a_delay();
    test_a_rate_limit_lets_a_burst_pass();
    test_each_of_several_delays_is_kept();
    test_held_frames_have_bounded_memory_and_give_it_back();
    test_the_core_holds_so_much_in_all();
    test_the_memory_of_small_frames_is_bounded();
    test_memory_of_frames_that_left_is_used_again();
    test_the_largest_frames_with_tags();
    test_frames_keep_their_bytes();
    test_held_frames_follow_their_port_to_another_worker();
    puts("held_frames_test: 15 passed");
    return 0;
}
