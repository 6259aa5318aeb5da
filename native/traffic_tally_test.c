/* Counting what arrives of a flow, and the messages in which it is told: functions of their input alone. */
#define _GNU_SOURCE
#include "traffic_tally.h"
#include "traffic_message.h"

#include "test.h"

static void arrive(traffic_tally *tally, uint64_t sequence, uint64_t latency_ns, uint64_t now_ns) {
    tally_arrival(tally, sequence, 100, now_ns - latency_ns, now_ns);
}

static void test_what_came_and_how(void) {
    traffic_tally tally = {0};
    const uint64_t order[] = {0, 1, 4, 2, 4, 4, 3, 6};
    for (unsigned i = 0; i < sizeof order / sizeof *order; i++)
        arrive(&tally, order[i], 500, 1000000 + i * 1000);
    udpfwd_traffic_arrivals read = read_tally(&tally);
    CHECK(read.packets == 6 && read.bytes == 600 && read.duplicated == 2 && read.reordered == 2);
    CHECK(read.span_ns == 7000 && read.latency.samples == 6);
    udpfwd_traffic_arrivals none = read_tally(NULL);
    CHECK(none.packets == 0 && none.latency.p99_ns == 0);
}

/* Each number is new once, over many times the window, in an order that is shuffled within it. */
static void test_a_window_of_sequences(void) {
    enum { WINDOW = 256, PART = 64, ALL = 40 * WINDOW };
    uint64_t seen[WINDOW / 64] = {0}, next = 0;
    int new = 0, late = 0;
    for (int i = 0; i < ALL; i++) {
        uint64_t sequence = (uint64_t)(i / PART * PART + i % PART * 7 % PART);
        switch (note_sequence(seen, WINDOW, &next, sequence)) {
        case SEQUENCE_NEW:
            new ++;
            break;
        case SEQUENCE_REORDERED:
            late++;
            break;
        default:
            CHECK(!"it came before");
        }
        CHECK(note_sequence(seen, WINDOW, &next, sequence) == SEQUENCE_REPEATED);
    }
    CHECK(new + late == ALL && late > 0 && next == ALL);
    /* Behind the window nobody knows; what is forgotten by a leap is new again. */
    CHECK(note_sequence(seen, WINDOW, &next, ALL - WINDOW - 1) == SEQUENCE_REPEATED);
    CHECK(note_sequence(seen, WINDOW, &next, ALL + 10 * WINDOW) == SEQUENCE_NEW);
    CHECK(note_sequence(seen, WINDOW, &next, ALL + 10 * WINDOW - 1) == SEQUENCE_REORDERED);
    CHECK(note_sequence(seen, WINDOW, &next, ALL + 9 * WINDOW + 1) == SEQUENCE_REORDERED);
    CHECK(note_sequence(seen, WINDOW, &next, ALL + 9 * WINDOW) == SEQUENCE_REPEATED);
    CHECK(note_sequence(seen, WINDOW, &next, UINT64_MAX - 1) == SEQUENCE_NEW && next == UINT64_MAX);
}

static int is_near(uint64_t value, uint64_t wanted) {
    return value >= wanted - wanted / 25 && value <= wanted + wanted / 25;
}

/* Latencies of 1 to 10,000 units: each percentile is within 4 %, whatever the unit. */
static void test_percentiles(void) {
    for (uint64_t unit = 1; unit < 10000000; unit *= 13) {
        traffic_tally tally = {0};
        for (uint64_t i = 1; i <= 10000; i++)
            arrive(&tally, i, i * unit, 1ull << 40);
        udpfwd_traffic_latency latency = read_tally(&tally).latency;
        CHECK(latency.samples == 10000 && latency.min_ns == unit && latency.max_ns == 10000 * unit);
        CHECK(latency.mean_ns == 10001 * unit / 2);
        CHECK(is_near(latency.p50_ns, 5000 * unit) && is_near(latency.p90_ns, 9000 * unit));
        CHECK(is_near(latency.p99_ns, 9900 * unit) && is_near(latency.p99_9_ns, 9990 * unit));
    }
}

static void test_extreme_latencies(void) {
    traffic_tally tally = {0};
    arrive(&tally, 1, 0, 1000);
    udpfwd_traffic_latency latency = read_tally(&tally).latency;
    CHECK(latency.samples == 1 && latency.max_ns == 0 && latency.p99_9_ns == 0);
    arrive(&tally, 2, 1ull << 60, 1ull << 61); /* longer than the last bucket */
    latency = read_tally(&tally).latency;
    CHECK(latency.max_ns == 1ull << 60 && latency.p99_ns <= latency.max_ns && latency.p50_ns == 0);
    tally_arrival(&tally, 3, 100, NOT_TIMED, 1ull << 61);
    CHECK(read_tally(&tally).latency.samples == 2 && read_tally(&tally).packets == 3);
}

static void test_messages(void) {
    unsigned char data[TRAFFIC_REPORT_BYTES] = {0};
    const traffic_message sent = {
        .type = TRAFFIC_REPORT, .echo = 1, .slot = 7, .flow = 0x123456789abcdef0, .clock = 42, .sequence = 99, .sent_ns = 1234567890};
    traffic_message read;
    write_traffic(data, &sent);
    CHECK(read_traffic(data, sizeof data, &read) && memcmp(&read, &sent, sizeof read) == 0);
    CHECK(!read_traffic(data, UDPFWD_TRAFFIC_MIN_BYTES - 1, &read));
    const udpfwd_traffic_arrivals arrived = {10, 1000, 1, 2, 3, {9, 4, 5, 6, 7, 8, 9, 10}};
    udpfwd_traffic_arrivals told;
    write_report(data, &arrived);
    CHECK(read_report(data, sizeof data, &told) && memcmp(&told, &arrived, sizeof told) == 0);
    CHECK(!read_report(data, sizeof data - 1, &told));
    data[UDPFWD_TRAFFIC_MIN_BYTES] = 0xff; /* more than there can be */
    CHECK(!read_report(data, sizeof data, &told));
    const unsigned char wrong[][2] = {{0, 'x'}, {8, 0}, {8, 5}, {9, 2}, {12, 1}, {32, 1}, {40, 0xff}}; /* where, and what */
    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        write_traffic(data, &sent);
        data[wrong[i][0]] = wrong[i][1];
        CHECK(!read_traffic(data, sizeof data, &read));
    }
}

int main(void) {
    test_what_came_and_how();
    test_a_window_of_sequences();
    test_percentiles();
    test_extreme_latencies();
    test_messages();
    puts("traffic_tally_test: 5 passed");
    return 0;
}
