/* Verdicts of each kind of filter: no socket, no clock, and the numbers that are drawn are the test's. */
#include "filter_chain.h"

#include "test.h"

#define MS 1000000ull /* in ns */
#define NOW (1000 * MS)
#define MILLION 1000000ll

enum { FRAME_BYTES = 100 };
static const unsigned char frame[FRAME_BYTES] = {[12] = 0x08, [13] = 0x06}; /* ARP */

/* --- what is drawn --- */

static uint64_t drawn; /* the next number, and how many there were */
static int draws;

static uint64_t draw_given(random_source *source) {
    (void)source;
    draws++;
    return drawn;
}

/* Of numbers below a million, that of which so many are smaller. */
static uint64_t millionth(uint64_t number) {
    return (uint64_t)((((unsigned __int128)number << 64) + MILLION - 1) / MILLION);
}

/* --- chains --- */

static filter_chain *chain_of(const udpfwd_filter *filters, int count) {
    char error[128] = "";
    filter_chain *chain;
    CHECK(make_chain(filters, count, UDPFWD_TX, 1, &chain, error, sizeof error) == 0 && chain != NULL);
    return chain;
}

static filter_chain *one(int type, int64_t a, int64_t b, int64_t c) {
    return chain_of(&(udpfwd_filter){type, UDPFWD_TX, {a, b, c}, NULL}, 1);
}

static verdict judge_at(filter_chain *chain, uint64_t now_ns) {
    return judge(chain, frame, sizeof frame, now_ns, draw_given);
}

static int refuses(udpfwd_filter filter) {
    char error[128] = "";
    filter_chain *chain = NULL;
    int result = make_chain(&filter, 1, UDPFWD_RX, 1, &chain, error, sizeof error);
    CHECK(result == 0 || (result == -EINVAL && chain == NULL && error[0] != '\0'));
    free_chain(chain);
    return result != 0;
}

/* Whether something happens when a number is drawn. */
static int drops(filter_chain *chain, uint64_t number) {
    drawn = number;
    return judge_at(chain, NOW).drop == UDPFWD_DROP_FILTER;
}

/* --- the kinds --- */

static void test_without_a_filter_everything_passes(void) {
    verdict v = judge_at(NULL, NOW);
    CHECK(v.drop == -1 && v.copies == 1 && v.damaged_bit == -1 && v.release_ns == NOW && !v.may_be_overtaken);
    CHECK(!must_wait(NULL, &v, NOW, 0) && must_wait(NULL, &v, NOW, 1) && !can_hold(NULL));
    char error[128];
    filter_chain *chain;
    const udpfwd_filter other_direction = {UDPFWD_FILTER_LOSS, UDPFWD_RX, {MILLION}, NULL};
    CHECK(make_chain(&other_direction, 1, UDPFWD_TX, 1, &chain, error, sizeof error) == 0 && chain == NULL);
}

static void test_loss_drops_exactly_its_share(void) {
    filter_chain *none = one(UDPFWD_FILTER_LOSS, 0, 0, 0), *all = one(UDPFWD_FILTER_LOSS, MILLION, 0, 0);
    CHECK(!drops(none, 0) && !drops(none, UINT64_MAX));
    CHECK(drops(all, 0) && drops(all, UINT64_MAX));
    filter_chain *some = one(UDPFWD_FILTER_LOSS, 250000, 0, 0);
    CHECK(drops(some, 0) && drops(some, millionth(250000) - 1) && !drops(some, millionth(250000)) && !drops(some, UINT64_MAX));
    free_chain(none), free_chain(all), free_chain(some);
}

static void test_frequency_counts(void) {
    filter_chain *third = one(UDPFWD_FILTER_FREQUENCY, 3, 0, 0), *all = one(UDPFWD_FILTER_FREQUENCY, -1, 0, 0);
    filter_chain *none = one(UDPFWD_FILTER_FREQUENCY, 0, 0, 0), *each = one(UDPFWD_FILTER_FREQUENCY, 1, 0, 0);
    draws = 0;
    for (int i = 1; i <= 9; i++) {
        CHECK(drops(third, 0) == (i % 3 == 0));
        CHECK(drops(all, 0) && !drops(none, 0) && drops(each, 0));
    }
    CHECK(draws == 0);
    free_chain(third), free_chain(all), free_chain(none), free_chain(each);
}

static void test_delay_waits_as_long_as_it_draws_and_keeps_the_order(void) {
    filter_chain *plain = one(UDPFWD_FILTER_DELAY, 30000, 0, 0);
    draws = 0;
    CHECK(judge_at(plain, NOW).release_ns == NOW + 30 * MS && draws == 0);
    filter_chain *jittery = one(UDPFWD_FILTER_DELAY, 30000, 20000, 0);
    drawn = 0;
    CHECK(judge_at(jittery, NOW).release_ns == NOW + 10 * MS);
    drawn = UINT64_MAX;
    CHECK(judge_at(jittery, NOW + 1).release_ns == NOW + 1 + 50 * MS);
    drawn = 0; /* would be earlier than the frame before */
    CHECK(judge_at(jittery, NOW + 2).release_ns == NOW + 1 + 50 * MS);
    filter_chain *wide = one(UDPFWD_FILTER_DELAY, 10000, 20000, 0);
    CHECK(judge_at(wide, NOW).release_ns == NOW); /* never in the past */
    CHECK(can_hold(plain) && can_hold(jittery));
    free_chain(plain), free_chain(jittery), free_chain(wide);
}

static void test_corrupt_chooses_a_bit_of_the_frame(void) {
    filter_chain *all = one(UDPFWD_FILTER_CORRUPT, MILLION, 0, 0), *none = one(UDPFWD_FILTER_CORRUPT, 0, 0, 0);
    drawn = 0;
    CHECK(judge_at(all, NOW).damaged_bit == 0);
    drawn = UINT64_MAX;
    CHECK(judge_at(all, NOW).damaged_bit == FRAME_BYTES * 8 - 1);
    CHECK(judge_at(none, NOW).damaged_bit == -1);
    free_chain(all), free_chain(none);
}

static void test_expression_drops_what_it_matches(void) {
    filter_chain *arp = chain_of(&(udpfwd_filter){UDPFWD_FILTER_BPF, UDPFWD_TX, {0}, "arp"}, 1);
    filter_chain *ip = chain_of(&(udpfwd_filter){UDPFWD_FILTER_BPF, UDPFWD_TX, {0}, "ip"}, 1);
    CHECK(drops(arp, 0) && !drops(ip, 0));
    CHECK(judge(arp, frame, 13, NOW, draw_given).drop == -1); /* its type is cut off */
    free_chain(arp), free_chain(ip);
}

static void test_rate_passes_a_burst_and_then_its_bits(void) {
    /* 800 kbit/s: a frame of 100 bytes takes 1 ms. Two of them are the burst, and three may wait. */
    filter_chain *chain = one(UDPFWD_FILTER_RATE, 800000, 2 * FRAME_BYTES, 3 * FRAME_BYTES);
    CHECK(judge_at(chain, NOW).release_ns == NOW && judge_at(chain, NOW).release_ns == NOW);
    for (uint64_t i = 1; i <= 3; i++)
        CHECK(judge_at(chain, NOW).release_ns == NOW + i * MS);
    CHECK(judge_at(chain, NOW).drop == UDPFWD_DROP_RATE);
    verdict later = judge_at(chain, NOW + MS);
    CHECK(later.drop == -1 && later.release_ns == NOW + 4 * MS);
    CHECK(judge_at(chain, NOW + 4 * MS).release_ns == NOW + 5 * MS);  /* what was paid for has left, the bucket is empty */
    CHECK(judge_at(chain, NOW + 50 * MS).release_ns == NOW + 50 * MS); /* full again, not fuller */
    CHECK(judge_at(chain, NOW + 50 * MS).release_ns == NOW + 50 * MS);
    CHECK(judge_at(chain, NOW + 50 * MS).release_ns == NOW + 51 * MS);
    CHECK(can_hold(chain));
    free_chain(chain);
}

static void test_duplicate_sends_twice(void) {
    filter_chain *chain = one(UDPFWD_FILTER_DUPLICATE, 500000, 0, 0);
    drawn = millionth(500000) - 1;
    CHECK(judge_at(chain, NOW).copies == 2);
    drawn++;
    CHECK(judge_at(chain, NOW).copies == 1 && !can_hold(chain));
    free_chain(chain);
}

static void test_reorder_lets_a_frame_be_overtaken(void) {
    filter_chain *chain = one(UDPFWD_FILTER_REORDER, 500000, 5000, 0);
    drawn = 0;
    verdict held = judge_at(chain, NOW);
    CHECK(held.may_be_overtaken && held.release_ns == NOW + 5 * MS && must_wait(chain, &held, NOW, 0));
    drawn = UINT64_MAX;
    verdict next = judge_at(chain, NOW + 1);
    CHECK(!next.may_be_overtaken && !must_wait(chain, &next, NOW + 1, 0) && can_hold(chain));
    free_chain(chain);
}

/* --- chains of several --- */

static void test_waits_add_up_and_drops_end_the_way(void) {
    const udpfwd_filter filters[] = {{UDPFWD_FILTER_DELAY, UDPFWD_TX, {1000, 0}, NULL},
                                     {UDPFWD_FILTER_DELAY, UDPFWD_RX, {9000, 0}, NULL},
                                     {UDPFWD_FILTER_DELAY, UDPFWD_TX, {2000, 0}, NULL},
                                     {UDPFWD_FILTER_FREQUENCY, UDPFWD_TX, {2}, NULL},
                                     {UDPFWD_FILTER_RATE, UDPFWD_TX, {800000, 0, 10 * FRAME_BYTES}, NULL}};
    filter_chain *chain = chain_of(filters, 5);
    CHECK(judge_at(chain, NOW).release_ns == NOW + 4 * MS);
    CHECK(judge_at(chain, NOW).drop == UDPFWD_DROP_FILTER);
    CHECK(judge_at(chain, NOW).release_ns == NOW + 5 * MS); /* the dropped one cost no tokens */
    free_chain(chain);
}

static void test_every_filter_draws_for_every_frame(void) {
    const udpfwd_filter filters[] = {{UDPFWD_FILTER_LOSS, UDPFWD_TX, {MILLION}, NULL},
                                     {UDPFWD_FILTER_LOSS, UDPFWD_TX, {0}, NULL},
                                     {UDPFWD_FILTER_DELAY, UDPFWD_TX, {5, 5}, NULL},
                                     {UDPFWD_FILTER_DUPLICATE, UDPFWD_TX, {0}, NULL},
                                     {UDPFWD_FILTER_REORDER, UDPFWD_TX, {0, 5}, NULL}};
    filter_chain *chain = chain_of(filters, 5);
    draws = 0;
    CHECK(judge_at(chain, NOW).drop == UDPFWD_DROP_FILTER && draws == 5);
    free_chain(chain);
}

static void test_a_seed_gives_the_same_verdicts_again_and_each_filter_its_own(void) {
    const udpfwd_filter half = {UDPFWD_FILTER_LOSS, UDPFWD_RX | UDPFWD_TX, {500000}, NULL};
    struct {
        int direction;
        uint64_t seed;
    } runs[] = {{UDPFWD_TX, 7}, {UDPFWD_TX, 7}, {UDPFWD_TX, 8}, {UDPFWD_RX, 7}};
    uint64_t lost[4] = {0};
    for (int run = 0; run < 4; run++) {
        char error[128];
        filter_chain *chain;
        CHECK(make_chain(&half, 1, runs[run].direction, runs[run].seed, &chain, error, sizeof error) == 0);
        for (int i = 0; i < 64; i++)
            lost[run] |= (uint64_t)(judge(chain, frame, sizeof frame, NOW, draw_random).drop >= 0) << i;
        free_chain(chain);
    }
    CHECK(lost[0] == lost[1] && lost[0] != lost[2] && lost[0] != lost[3]);
    int dropped = __builtin_popcountll(lost[0]);
    CHECK(dropped > 16 && dropped < 48);
}

static void test_frames_keep_their_order_when_chains_change(void) {
    filter_chain *slow = one(UDPFWD_FILTER_DELAY, 50000, 0, 0), *quick = one(UDPFWD_FILTER_DELAY, 10000, 0, 0);
    verdict first = judge_at(slow, NOW);
    CHECK(must_wait(slow, &first, NOW, 0) && first.release_ns == NOW + 50 * MS);
    follow_chain(quick, slow);
    verdict second = judge_at(quick, NOW + MS);
    CHECK(must_wait(quick, &second, NOW + MS, 1) && second.release_ns == first.release_ns);
    verdict third = judge_at(quick, NOW + 60 * MS);
    CHECK(must_wait(quick, &third, NOW + 60 * MS, 0) && third.release_ns == NOW + 70 * MS);
    free_chain(slow), free_chain(quick);
}

static void test_parameters_out_of_range_are_refused(void) {
    const int64_t hour_us = 3600 * MILLION;
    CHECK(refuses((udpfwd_filter){-1, UDPFWD_TX, {0}, NULL}));
    CHECK(refuses((udpfwd_filter){UDPFWD_FILTER_TYPES, UDPFWD_TX, {0}, NULL})); /* also when it does not act here */
    const int chances[] = {UDPFWD_FILTER_LOSS, UDPFWD_FILTER_CORRUPT, UDPFWD_FILTER_DUPLICATE, UDPFWD_FILTER_REORDER};
    for (int i = 0; i < 4; i++) {
        CHECK(refuses((udpfwd_filter){chances[i], UDPFWD_TX, {-1}, NULL}));
        CHECK(refuses((udpfwd_filter){chances[i], UDPFWD_TX, {MILLION + 1}, NULL}));
        CHECK(!refuses((udpfwd_filter){chances[i], UDPFWD_TX, {MILLION}, NULL}));
    }
    CHECK(refuses((udpfwd_filter){UDPFWD_FILTER_FREQUENCY, UDPFWD_TX, {-2}, NULL}));
    CHECK(refuses((udpfwd_filter){UDPFWD_FILTER_DELAY, UDPFWD_TX, {hour_us + 1, 0}, NULL}));
    CHECK(refuses((udpfwd_filter){UDPFWD_FILTER_DELAY, UDPFWD_TX, {0, -1}, NULL}));
    CHECK(!refuses((udpfwd_filter){UDPFWD_FILTER_DELAY, UDPFWD_TX, {hour_us, hour_us}, NULL}));
    CHECK(refuses((udpfwd_filter){UDPFWD_FILTER_REORDER, UDPFWD_TX, {0, hour_us + 1}, NULL}));
    CHECK(refuses((udpfwd_filter){UDPFWD_FILTER_RATE, UDPFWD_TX, {0, 1, 1}, NULL}));
    CHECK(refuses((udpfwd_filter){UDPFWD_FILTER_RATE, UDPFWD_TX, {1, -1, 1}, NULL}));
    CHECK(refuses((udpfwd_filter){UDPFWD_FILTER_RATE, UDPFWD_TX, {1, 1, 1ll << 31}, NULL}));
    CHECK(refuses((udpfwd_filter){UDPFWD_FILTER_BPF, UDPFWD_TX, {0}, NULL}));
    CHECK(refuses((udpfwd_filter){UDPFWD_FILTER_BPF, UDPFWD_RX, {0}, "no such"}));
}

int main(void) {
    test_without_a_filter_everything_passes();
    test_loss_drops_exactly_its_share();
    test_frequency_counts();
    test_delay_waits_as_long_as_it_draws_and_keeps_the_order();
    test_corrupt_chooses_a_bit_of_the_frame();
    test_expression_drops_what_it_matches();
    test_rate_passes_a_burst_and_then_its_bits();
    test_duplicate_sends_twice();
    test_reorder_lets_a_frame_be_overtaken();
    test_waits_add_up_and_drops_end_the_way();
    test_every_filter_draws_for_every_frame();
    test_a_seed_gives_the_same_verdicts_again_and_each_filter_its_own();
    test_frames_keep_their_order_when_chains_change();
    test_parameters_out_of_range_are_refused();
    puts("filter_chain_test: 14 passed");
    return 0;
}
