/* Filters, on a spliced link between two nodes: they sit at the tunnel port of a, so TX is a to b and RX is b to a. */
#include "test_link.h"

#include <time.h>

enum { FRAME_BYTES = 60, A_TO_B = UDPFWD_TX, B_TO_A = UDPFWD_RX, BOTH = UDPFWD_RX | UDPFWD_TX };

static void set_filters(bed *b, const udpfwd_filter *filters, int n, uint64_t seed) {
    char error[128] = "";
    CHECK(udpfwd_port_set_filters(b->r.core, b->l.a_tunnel, filters, n, seed, UDPFWD_AS_BEFORE, error, sizeof error) == 0);
}

static void set_filter(bed *b, udpfwd_filter filter) {
    set_filters(b, &filter, 1, 1);
}

static udpfwd_counters tunnel(bed *b) {
    return counters_of(b->r.core, b->l.a_tunnel);
}

static uint64_t drops_of(bed *b) {
    uint64_t sum = 0;
    udpfwd_counters c = tunnel(b);
    for (int reason = 0; reason < UDPFWD_DROP_REASONS; reason++)
        sum += DROPS(c, reason);
    return sum;
}

static void send_numbered(bed *b, int number) {
    unsigned char frame[FRAME_BYTES] = {(unsigned char)number};
    test_send(b->l.a.node, b->l.a.fd, frame, sizeof frame);
}

/* Sends frames from a and waits until each was sent on, dropped or held; marks which arrived. */
static int pass_frames(bed *b, int n, unsigned char *arrived) {
    udpfwd_counters before = tunnel(b);
    uint64_t dropped = drops_of(b);
    for (int i = 0; i < n; i++) {
        send_numbered(b, i);
        udpfwd_counters now;
        do
            now = tunnel(b);
        while (now.tx_frames - before.tx_frames - (now.tx_duplicated - before.tx_duplicated) + drops_of(b) - dropped < (uint64_t)i + 1);
    }
    uint64_t expected = tunnel(b).tx_frames - before.tx_frames;
    for (uint64_t i = 0; i < expected; i++) {
        unsigned char frame[FRAME_BYTES];
        CHECK(test_receive(b->l.b.node, frame, sizeof frame) == FRAME_BYTES);
        if (arrived != NULL)
            arrived[frame[0]]++;
    }
    CHECK(!test_has_data(b->l.b.node));
    return (int)expected;
}

static uint64_t clock_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000;
}

static void test_loss_and_frequency(void) {
    bed b = open_bed();
    set_filter(&b, (udpfwd_filter){UDPFWD_FILTER_LOSS, BOTH, {0}, NULL});
    CHECK(pass_frames(&b, 50, NULL) == 50);
    set_filter(&b, (udpfwd_filter){UDPFWD_FILTER_LOSS, BOTH, {1000000}, NULL});
    CHECK(pass_frames(&b, 50, NULL) == 0);
    set_filter(&b, (udpfwd_filter){UDPFWD_FILTER_LOSS, B_TO_A, {1000000}, NULL});
    CHECK(pass_frames(&b, 50, NULL) == 50);
    set_filter(&b, (udpfwd_filter){UDPFWD_FILTER_FREQUENCY, A_TO_B, {-1}, NULL});
    CHECK(pass_frames(&b, 10, NULL) == 0);
    set_filter(&b, (udpfwd_filter){UDPFWD_FILTER_FREQUENCY, A_TO_B, {0}, NULL});
    CHECK(pass_frames(&b, 10, NULL) == 10);
    unsigned char arrived[9] = {0};
    set_filter(&b, (udpfwd_filter){UDPFWD_FILTER_FREQUENCY, A_TO_B, {3}, NULL});
    CHECK(pass_frames(&b, 9, arrived) == 6);
    CHECK(!arrived[2] && !arrived[5] && !arrived[8]);
    close_bed(&b);
}

static void test_the_same_seed_gives_the_same_run(void) {
    enum { FRAMES = 100 };
    unsigned char runs[3][FRAMES] = {0};
    for (int i = 0; i < 3; i++) {
        bed b = open_bed();
        set_filters(&b, &(udpfwd_filter){UDPFWD_FILTER_LOSS, BOTH, {500000}, NULL}, 1, i < 2 ? 7 : 8);
        int passed = pass_frames(&b, FRAMES, runs[i]);
        CHECK(passed > 20 && passed < 80);
        close_bed(&b);
    }
    CHECK(memcmp(runs[0], runs[1], FRAMES) == 0);
    CHECK(memcmp(runs[0], runs[2], FRAMES) != 0);
}

static void test_delay_keeps_the_order_and_no_frame_comes_early(void) {
    bed b = open_bed();
    set_filter(&b, (udpfwd_filter){UDPFWD_FILTER_DELAY, A_TO_B, {30000, 20000}, NULL});
    uint64_t sent[40];
    for (int i = 0; i < 40; i++) {
        sent[i] = clock_us();
        send_numbered(&b, i);
    }
    for (int i = 0; i < 40; i++) {
        unsigned char frame[FRAME_BYTES];
        CHECK(test_receive(b.l.b.node, frame, sizeof frame) == FRAME_BYTES);
        CHECK(frame[0] == i && clock_us() - sent[i] >= 10000);
    }
    /* The other way is not delayed. */
    test_send(b.l.b.node, b.l.b.fd, "back", 4);
    expect(b.l.a.node, "back");
    close_bed(&b);
}

static void test_held_frames_stay_when_the_filter_changes_and_leave_when_it_goes(void) {
    bed b = open_bed();
    set_filter(&b, (udpfwd_filter){UDPFWD_FILTER_DELAY, A_TO_B, {1000ll * 1000 * 1000, 0}, NULL});
    for (int i = 0; i < 5; i++)
        send_numbered(&b, i);
    while (tunnel(&b).tx_held < 5)
        usleep(100);
    set_filter(&b, (udpfwd_filter){UDPFWD_FILTER_DELAY, A_TO_B, {1000ll * 1000 * 1000, 5}, NULL});
    CHECK(tunnel(&b).tx_held == 5);
    set_filters(&b, NULL, 0, 0);
    for (int i = 0; i < 5; i++) {
        unsigned char frame[FRAME_BYTES];
        CHECK(test_receive(b.l.b.node, frame, sizeof frame) == FRAME_BYTES && frame[0] == i);
    }
    CHECK(tunnel(&b).tx_held == 0);
    /* A port that is closed, or moved to another worker, with frames in its queue. */
    set_filter(&b, (udpfwd_filter){UDPFWD_FILTER_DELAY, A_TO_B, {1000ll * 1000 * 1000, 0}, NULL});
    send_numbered(&b, 0);
    while (tunnel(&b).tx_held < 1)
        usleep(100);
    CHECK(udpfwd_port_close(b.r.core, b.l.a_tunnel) == 0);
    close_bed(&b);
}

static void test_a_full_queue_drops_and_counts(void) {
    bed b = open_bed();
    /* 8000 bits per second: a frame of 60 bytes takes 60 ms. One byte of burst holds every frame, two wait at most. */
    set_filter(&b, (udpfwd_filter){UDPFWD_FILTER_RATE, A_TO_B, {8000, 0, 2 * FRAME_BYTES}, NULL});
    uint64_t began = clock_us();
    for (int i = 0; i < 10; i++)
        send_numbered(&b, i);
    while (DROPS(tunnel(&b), UDPFWD_DROP_RATE) < 8)
        usleep(100);
    unsigned char frame[FRAME_BYTES];
    CHECK(test_receive(b.l.b.node, frame, sizeof frame) == FRAME_BYTES && frame[0] == 0);
    CHECK(test_receive(b.l.b.node, frame, sizeof frame) == FRAME_BYTES && frame[0] == 1);
    CHECK(clock_us() - began >= 120000);
    close_bed(&b);
}

static void test_corrupt_turns_one_bit(void) {
    bed b = open_bed();
    unsigned char frame[FRAME_BYTES], sent[FRAME_BYTES] = {0};
    set_filter(&b, (udpfwd_filter){UDPFWD_FILTER_CORRUPT, A_TO_B, {1000000}, NULL});
    for (int i = 0; i < 20; i++) {
        test_send(b.l.a.node, b.l.a.fd, sent, sizeof sent);
        CHECK(test_receive(b.l.b.node, frame, sizeof frame) == FRAME_BYTES);
        int bits = 0;
        for (int k = 0; k < FRAME_BYTES; k++)
            bits += __builtin_popcount(frame[k]);
        CHECK(bits == 1);
    }
    close_bed(&b);
}

static void test_duplicates_of_a_damaged_frame_are_alike(void) {
    bed b = open_bed();
    unsigned char first[FRAME_BYTES], second[FRAME_BYTES], sent[FRAME_BYTES] = {0};
    set_filters(&b,
                (udpfwd_filter[]){{UDPFWD_FILTER_CORRUPT, A_TO_B, {1000000}, NULL},
                                  {UDPFWD_FILTER_DUPLICATE, A_TO_B, {1000000}, NULL}},
                2, 3);
    test_send(b.l.a.node, b.l.a.fd, sent, sizeof sent);
    CHECK(test_receive(b.l.b.node, first, sizeof first) == FRAME_BYTES);
    CHECK(test_receive(b.l.b.node, second, sizeof second) == FRAME_BYTES);
    CHECK(memcmp(first, second, FRAME_BYTES) == 0 && memcmp(first, sent, FRAME_BYTES) != 0);
    CHECK(tunnel(&b).tx_duplicated == 1 && tunnel(&b).tx_frames == 2);
    close_bed(&b);
}

static void test_reordered_frames_are_overtaken(void) {
    bed b = open_bed();
    unsigned char frame[FRAME_BYTES];
    set_filter(&b, (udpfwd_filter){UDPFWD_FILTER_REORDER, A_TO_B, {1000000, 50000}, NULL});
    send_numbered(&b, 1);
    while (tunnel(&b).tx_held < 1)
        usleep(100);
    set_filter(&b, (udpfwd_filter){UDPFWD_FILTER_REORDER, A_TO_B, {0, 50000}, NULL}); /* keeps what is held */
    send_numbered(&b, 2);
    CHECK(test_receive(b.l.b.node, frame, sizeof frame) == FRAME_BYTES && frame[0] == 2);
    CHECK(test_receive(b.l.b.node, frame, sizeof frame) == FRAME_BYTES && frame[0] == 1);
    close_bed(&b);
}

static void test_expressions(void) {
    bed b = open_bed();
    unsigned char arp[FRAME_BYTES] = {0}, got[FRAME_BYTES];
    arp[12] = 0x08, arp[13] = 0x06;
    set_filter(&b, (udpfwd_filter){UDPFWD_FILTER_BPF, BOTH, {0}, "arp"});
    test_send(b.l.a.node, b.l.a.fd, arp, sizeof arp);
    send_numbered(&b, 9);
    CHECK(test_receive(b.l.b.node, got, sizeof got) == FRAME_BYTES && got[0] == 9);
    CHECK(DROPS(tunnel(&b), UDPFWD_DROP_FILTER) == 1);
    char error[128] = "";
    const udpfwd_filter wrong[] = {{UDPFWD_FILTER_LOSS, BOTH, {1000000}, NULL}, {UDPFWD_FILTER_BPF, BOTH, {0}, "no such"}};
    int result = udpfwd_port_set_filters(b.r.core, b.l.a_tunnel, wrong, 2, 1, UDPFWD_AS_BEFORE, error, sizeof error);
    CHECK(result == -EINVAL && error[0] != '\0');
    const udpfwd_filter out_of_range = {UDPFWD_FILTER_LOSS, BOTH, {1000001}, NULL};
    result = udpfwd_port_set_filters(b.r.core, b.l.a_tunnel, &out_of_range, 1, 1, UDPFWD_AS_BEFORE, error, sizeof error);
    CHECK(result == -EINVAL);
    test_send(b.l.a.node, b.l.a.fd, arp, sizeof arp); /* nothing was changed */
    send_numbered(&b, 10);
    CHECK(test_receive(b.l.b.node, got, sizeof got) == FRAME_BYTES && got[0] == 10);
    CHECK(udpfwd_check_expression("ip host 10.0.0.1 and not port 22", error, sizeof error) == 0);
    for (int i = 0; i < 2; i++) { /* the second time both are known */
        CHECK(udpfwd_check_expression("ip ip ip", error, sizeof error) == -EINVAL && strstr(error, "syntax") != NULL);
        CHECK(udpfwd_check_expression("len = 1 or arp", error, sizeof error) == 0);
    }
    char many[UDPFWD_MAX_EXPRESSION_BYTES + 2];
    memset(many, ' ', sizeof many);
    memcpy(many, "arp", 3);
    many[sizeof many - 2] = '\0';
    CHECK(udpfwd_check_expression(many, error, sizeof error) == 0);
    many[sizeof many - 2] = ' ', many[sizeof many - 1] = '\0';
    CHECK(udpfwd_check_expression(many, error, sizeof error) == -EINVAL && strstr(error, "longer than 1024") != NULL);
    for (int i = 0; i < 600; i++) { /* more than are remembered */
        snprintf(many, sizeof many, "len = %d", i);
        CHECK(udpfwd_check_expression(many, error, sizeof error) == 0);
    }
    CHECK(udpfwd_check_expression("ip ip ip", error, sizeof error) == -EINVAL);
    close_bed(&b);
}

static void test_a_suspended_port_passes_nothing(void) {
    bed b = open_bed();
    CHECK(udpfwd_port_suspend(b.r.core, b.l.a_tunnel, 1) == 0);
    CHECK(pass_frames(&b, 5, NULL) == 0);
    CHECK(DROPS(tunnel(&b), UDPFWD_DROP_SUSPENDED) == 5);
    CHECK(udpfwd_port_suspend(b.r.core, b.l.a_tunnel, 0) == 0);
    CHECK(pass_frames(&b, 5, NULL) == 5);
    close_bed(&b);
}

static void test_no_frame_passes_while_filters_are_replaced(void) {
    bed b = open_bed();
    const udpfwd_filter all = {UDPFWD_FILTER_LOSS, BOTH, {1000000}, NULL};
    set_filter(&b, all);
    for (int i = 0; i < 300; i++) {
        for (int k = 0; k < 8; k++)
            send_numbered(&b, k);
        set_filter(&b, all);
    }
    while (DROPS(tunnel(&b), UDPFWD_DROP_FILTER) < 300 * 8)
        usleep(100);
    CHECK(!test_has_data(b.l.b.node));
    close_bed(&b);
}

static void test_no_frame_passes_while_filters_and_suspension_change_together(void) {
    bed b = open_bed();
    const udpfwd_filter all = {UDPFWD_FILTER_LOSS, BOTH, {1000000}, NULL};
    char error[128];
    set_filter(&b, all);
    for (int i = 0; i < 300; i++) {
        for (int k = 0; k < 8; k++)
            send_numbered(&b, k);
        /* What drops everything is the suspension and the filter in turns. */
        int suspended = i % 2 == 0;
        CHECK(udpfwd_port_set_filters(b.r.core, b.l.a_tunnel, &all, !suspended, 1, suspended, error, sizeof error) == 0);
    }
    while (DROPS(tunnel(&b), UDPFWD_DROP_FILTER) + DROPS(tunnel(&b), UDPFWD_DROP_SUSPENDED) < 300 * 8)
        usleep(100);
    CHECK(!test_has_data(b.l.b.node));
    close_bed(&b);
}

int main(void) {
    test_loss_and_frequency();
    test_the_same_seed_gives_the_same_run();
    test_delay_keeps_the_order_and_no_frame_comes_early();
    test_held_frames_stay_when_the_filter_changes_and_leave_when_it_goes();
    test_a_full_queue_drops_and_counts();
    test_corrupt_turns_one_bit();
    test_duplicates_of_a_damaged_frame_are_alike();
    test_reordered_frames_are_overtaken();
    test_expressions();
    test_a_suspended_port_passes_nothing();
    test_no_frame_passes_while_filters_are_replaced();
    test_no_frame_passes_while_filters_and_suspension_change_together();
    puts("filters_test: 12 passed");
    return 0;
}
