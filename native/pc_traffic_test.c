/* Generated traffic of PCs: hosts in memory, and a time that the test sets. */
#define _GNU_SOURCE
#include "pc_traffic.h"
#include "pc_icmp.h"
#include "pc_udp.h"
#include "traffic_message.h"

#include "test_pc.h"

enum { MILLISECOND = 1000000, PACKET_BYTES = 100 };

typedef struct {
    uint64_t id;
    uint16_t sender, sink;
} started;

static udpfwd_traffic_flow test_flow(const char *target, uint64_t per_second, uint64_t packets) {
    return (udpfwd_traffic_flow){.receiver = -1,
                                 .target = test_ipv4(target),
                                 .port = UDPFWD_TRAFFIC_PORT,
                                 .data_bytes = PACKET_BYTES,
                                 .burst = 1,
                                 .interval_ps = 1000000000000 / per_second,
                                 .duration_ns = 3600 * PC_SECOND_NS,
                                 .packets = packets};
}

/* From the first host to the second, which counts it; or to whoever has the address. */
static started start_flow(const udpfwd_traffic_flow *flow, int is_counted) {
    started s = {pc_flow_id(&bed.hosts[0]), 0, TRAFFIC_NO_SLOT};
    if (is_counted)
        s.sink = (uint16_t)pc_add_sink(&bed.hosts[1], s.id, flow);
    int sender = pc_add_sender(&bed.hosts[0], s.id, flow, s.sink);
    CHECK(sender >= 0);
    s.sender = (uint16_t)sender;
    return s;
}

static udpfwd_traffic_result result_of(const started *s) {
    udpfwd_traffic_result result = {0};
    CHECK(pc_read_sender(&bed.hosts[0], s->sender, s->id, &result));
    if (s->sink != TRAFFIC_NO_SLOT)
        CHECK(pc_read_sink(&bed.hosts[1], s->sink, s->id, &result));
    return result;
}

static void stop_flow(const started *s) {
    pc_drop_sender(&bed.hosts[0], s->sender, s->id);
    pc_drop_sink(&bed.hosts[1], s->sink, s->id);
}

/* No memory, no timer, when it is over. */
static void close_quiet(void) {
    for (int i = 0; i < bed.count; i++)
        CHECK(bed.hosts[i].traffic == NULL && bed.hosts[i].traffic_memory == 0 && pc_due(&bed.hosts[i]) == PC_NEVER);
    CHECK(bed.shared.traffic_memory == 0);
    close_hosts();
}

static int is_data(const unsigned char *frame, size_t size) {
    traffic_message message;
    return size > 42 && frame[23] == PROTOCOL_UDP && read_traffic(frame + 42, size - 42, &message) && message.type == TRAFFIC_DATA;
}

static void test_a_flow_that_is_counted(void) {
    open_hosts(2);
    const udpfwd_traffic_flow flow = test_flow("10.0.0.2", 1000, 50);
    started s = start_flow(&flow, 1);
    run_for(20 * MILLISECOND);
    udpfwd_traffic_result result = result_of(&s);
    CHECK(result.state == UDPFWD_TRAFFIC_SENDING && result.sent == 21 && result.arrived.packets == 21);
    run_for(PC_SECOND_NS);
    result = result_of(&s);
    CHECK(result.state == UDPFWD_TRAFFIC_DONE && result.reason == UDPFWD_PC_DONE && result.counting == UDPFWD_TRAFFIC_COUNTED);
    CHECK(result.sent == 50 && result.span_ns == 49 * MILLISECOND && result.arrived.packets == 50);
    CHECK(result.arrived.bytes == 50 * PACKET_BYTES && result.arrived.latency.samples == 50 && result.returned.packets == 0);
    CHECK(pc_due(&bed.hosts[0]) == PC_NEVER && pc_due(&bed.hosts[1]) == PC_NEVER); /* nothing more to wait for */
    stop_flow(&s);
    close_quiet();
}

static void test_rate_burst_duration_and_delay(void) {
    open_hosts(2);
    udpfwd_traffic_flow flow = test_flow("10.0.0.2", 100, 0);
    flow.burst = 10;
    flow.delay_ns = 5 * MILLISECOND;
    flow.duration_ns = 250 * MILLISECOND;
    started s = start_flow(&flow, 1);
    uint64_t begun_ns = bed.now_ns;
    run_for(PC_SECOND_NS);
    CHECK(result_of(&s).sent == 30); /* at 0, 100 and 200 ms */
    uint64_t times[30];
    int n = 0;
    for (int i = 0; i < bed.seen; i++)
        if (is_data(bed.frames[i].bytes, bed.frames[i].size))
            times[n++] = bed.frames[i].at_ns - begun_ns;
    CHECK(n == 30);
    for (int i = 0; i < n; i++)
        CHECK(times[i] == (5 + i / 10 * 100ull) * MILLISECOND);
    stop_flow(&s);
    close_quiet();
}

static int number_of_data;

static int lose_each_tenth(const unsigned char *frame, size_t size, int number) {
    (void)number;
    return is_data(frame, size) && number_of_data++ % 10 == 9;
}

static void test_loss_and_round_trips(void) {
    open_hosts(2);
    number_of_data = 0;
    bed.loses = lose_each_tenth;
    udpfwd_traffic_flow flow = test_flow("10.0.0.2", 1000, 100);
    flow.echo = 1;
    started s = start_flow(&flow, 1);
    run_for(PC_SECOND_NS);
    udpfwd_traffic_result result = result_of(&s);
    CHECK(result.sent == 100 && result.arrived.packets == 90 && result.returned.packets == 90);
    CHECK(result.returned.latency.samples == 90 && result.arrived.duplicated == 0 && result.arrived.reordered == 0);
    stop_flow(&s);
    close_quiet();
}

/* Both families, and sizes that are sent in fragments. */
static void test_families_and_sizes(void) {
    open_hosts(2);
    const pc_address six[] = {test_ipv6("2001:db8::1"), test_ipv6("2001:db8::2")}, none = {0};
    for (int i = 0; i < 2; i++)
        pc_use_address(&bed.hosts[i], &six[i], 64, &none, UDPFWD_PC_MANUAL);
    const uint32_t sizes[] = {UDPFWD_TRAFFIC_MIN_BYTES, 1472, 1473, 9000, UDPFWD_PC_MAX_DATA_BYTES - 20};
    for (int family = 0; family < 2; family++)
        for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            udpfwd_traffic_flow flow = test_flow("10.0.0.2", 100, 3);
            if (family)
                flow.target = six[1];
            flow.data_bytes = sizes[i];
            flow.echo = 1;
            started s = start_flow(&flow, 1);
            run_for(PC_SECOND_NS);
            udpfwd_traffic_result result = result_of(&s);
            CHECK(result.arrived.packets == 3 && result.returned.packets == 3 && result.returned.bytes == 3 * sizes[i]);
            stop_flow(&s);
        }
    close_quiet();
}

/* A receiver elsewhere tells what it has counted, if it listens. */
static void test_a_receiver_that_reports(void) {
    open_hosts(2);
    udpfwd_traffic_flow flow = test_flow("10.0.0.2", 1000, 20);
    CHECK(pc_listen(&bed.hosts[1]) == 0 && pc_listen(&bed.hosts[1]) == -EBUSY);
    started s = start_flow(&flow, 0);
    run_for(100 * MILLISECOND);
    CHECK(result_of(&s).state == UDPFWD_TRAFFIC_ASKING && result_of(&s).counting == UDPFWD_TRAFFIC_UNCOUNTED);
    run_for(PC_SECOND_NS);
    udpfwd_traffic_result result = result_of(&s);
    CHECK(result.state == UDPFWD_TRAFFIC_DONE && result.counting == UDPFWD_TRAFFIC_REPORTED);
    CHECK(result.arrived.packets == 20 && result.arrived.latency.samples == 20 && result.arrived.span_ns == 19 * MILLISECOND);
    udpfwd_traffic_heard_flow heard[UDPFWD_TRAFFIC_MAX_HEARD];
    CHECK(pc_list_heard(&bed.hosts[1], heard, UDPFWD_TRAFFIC_MAX_HEARD) == 1);
    CHECK(heard->id == s.id && heard->is_over && heard->sent == 20 && heard->arrived.packets == 20);
    CHECK(same_address(&heard->source, &bed.hosts[0].ipv4));
    stop_flow(&s);
    pc_end_listening(&bed.hosts[1]);
    close_quiet();
}

static int lose_each_third(const unsigned char *frame, size_t size, int number) {
    (void)size;
    return frame[23] == PROTOCOL_UDP && number % 3 == 1;
}

/* The question and its answer may be lost, too; without an answer it ends. */
static void test_questions_are_repeated(void) {
    open_hosts(2);
    bed.loses = lose_each_third;
    CHECK(pc_listen(&bed.hosts[1]) == 0);
    udpfwd_traffic_flow flow = test_flow("10.0.0.2", 1000, 20);
    started s = start_flow(&flow, 0);
    run_for(5 * PC_SECOND_NS);
    CHECK(result_of(&s).counting == UDPFWD_TRAFFIC_REPORTED && result_of(&s).arrived.packets < 20);
    stop_flow(&s);
    bed.loses = NULL;
    s = start_flow(&flow, 0);
    run_for(100 * MILLISECOND);
    bed.hosts[1].identity.mac[5] = 9; /* it is gone */
    run_for(5 * PC_SECOND_NS);
    CHECK(result_of(&s).state == UDPFWD_TRAFFIC_DONE && result_of(&s).counting == UDPFWD_TRAFFIC_UNCOUNTED);
    CHECK(pc_due(&bed.hosts[0]) == PC_NEVER);
    stop_flow(&s);
    pc_end_listening(&bed.hosts[1]);
    close_quiet();
}

/* A PC that does not listen echoes as any other; the sender sees at once that nobody counts. */
static void test_a_receiver_that_only_echoes(void) {
    open_hosts(2);
    udpfwd_traffic_flow flow = test_flow("10.0.0.2", 500, 20);
    started s = start_flow(&flow, 0);
    run_for(300 * MILLISECOND);
    udpfwd_traffic_result result = result_of(&s);
    CHECK(result.state == UDPFWD_TRAFFIC_DONE && result.counting == UDPFWD_TRAFFIC_UNCOUNTED && result.returned.packets == 20);
    CHECK(bed.hosts[1].traffic == NULL); /* what it does not know costs it nothing */
    stop_flow(&s);
    close_quiet();
}

static void test_flows_without_a_way(void) {
    open_hosts(2);
    udpfwd_traffic_flow flow = test_flow("10.0.0.77", 1000, 5);
    started s = start_flow(&flow, 0);
    run_for(5 * PC_SECOND_NS);
    udpfwd_traffic_result result = result_of(&s);
    CHECK(result.state == UDPFWD_TRAFFIC_DONE && result.reason == UDPFWD_PC_NO_NEIGHBOUR && result.sent == 0);
    stop_flow(&s);
    flow.target = test_ipv4("192.0.2.1");
    s = start_flow(&flow, 0);
    run_for(PC_SECOND_NS);
    CHECK(result_of(&s).reason == UDPFWD_PC_NO_GATEWAY);
    stop_flow(&s);
    flow.target = test_ipv6("2001:db8::9");
    s = start_flow(&flow, 0);
    run_for(PC_SECOND_NS);
    CHECK(result_of(&s).reason == UDPFWD_PC_NO_SOURCE);
    stop_flow(&s);
    flow = test_flow("10.0.0.1", 1000, 5); /* itself */
    s = start_flow(&flow, 0);
    run_for(PC_SECOND_NS);
    CHECK(result_of(&s).sent == 5);
    stop_flow(&s);
    close_quiet();
}

static void test_flows_that_are_none(void) {
    open_hosts(2);
    const udpfwd_traffic_flow good = test_flow("10.0.0.2", 1000, 5);
    udpfwd_traffic_flow bad[12];
    for (int i = 0; i < 12; i++)
        bad[i] = good;
    bad[0].target.family = 5;
    bad[1].target = test_ipv4("224.0.0.1");
    bad[2].port = 0;
    bad[3].data_bytes = UDPFWD_TRAFFIC_MIN_BYTES - 1;
    bad[4].data_bytes = UDPFWD_PC_MAX_DATA_BYTES + 1;
    bad[5].burst = 0;
    bad[6].burst = UDPFWD_TRAFFIC_MAX_BURST + 1;
    bad[7].interval_ps = 999999;
    bad[8].interval_ps = UDPFWD_TRAFFIC_MAX_INTERVAL_PS + 1ull;
    bad[9].duration_ns = 0;
    bad[10].duration_ns = UINT64_MAX;
    bad[11].delay_ns = UINT64_MAX;
    CHECK(pc_check_flow(&good) == 0);
    for (int i = 0; i < 12; i++)
        CHECK(pc_check_flow(&bad[i]) == -EINVAL);
    const udpfwd_traffic_flow broadcast = test_flow("10.0.0.255", 1000, 5);
    CHECK(pc_add_sender(&bed.hosts[0], 1, &broadcast, TRAFFIC_NO_SLOT) == -EINVAL);
    close_quiet();
}

/* As many as a PC may have; in any order of their times, and of their ends. */
static void test_many_flows(void) {
    open_hosts(2);
    static started all[UDPFWD_TRAFFIC_MAX_PC_FLOWS];
    for (int i = 0; i < UDPFWD_TRAFFIC_MAX_PC_FLOWS; i++) {
        udpfwd_traffic_flow flow = test_flow("10.0.0.2", 10, 1 + (uint64_t)i % 5);
        flow.delay_ns = (uint64_t)(i * 7919 % 1000) * MILLISECOND;
        all[i] = start_flow(&flow, 1);
    }
    const udpfwd_traffic_flow more = test_flow("10.0.0.2", 10, 1);
    CHECK(pc_add_sender(&bed.hosts[0], 1, &more, 0) == -ENOBUFS && pc_add_sink(&bed.hosts[1], 1, &more) == -ENOBUFS);
    CHECK(bed.hosts[0].traffic_memory < 2u << 20 && bed.hosts[1].traffic_memory < 8u << 20);
    for (int i = 0; i < UDPFWD_TRAFFIC_MAX_PC_FLOWS; i += 3)
        stop_flow(&all[i]);
    run_for(2 * PC_SECOND_NS);
    for (int i = 0; i < UDPFWD_TRAFFIC_MAX_PC_FLOWS; i++) {
        udpfwd_traffic_result result;
        if (i % 3 == 0)
            CHECK(!pc_read_sender(&bed.hosts[0], all[i].sender, all[i].id, &result));
        else
            CHECK(result_of(&all[i]).sent == 1 + (uint64_t)i % 5 && result_of(&all[i]).arrived.packets == 1 + (uint64_t)i % 5);
    }
    pc_drop_traffic(&bed.hosts[0]);
    pc_drop_traffic(&bed.hosts[1]);
    close_quiet();
}

/* Without memory a flow is not begun, and nothing is left of it. */
static void test_memory_is_bounded(void) {
    open_hosts(2);
    udpfwd_traffic_flow flow = test_flow("10.0.0.2", 10, 1);
    flow.echo = 1;
    size_t most = PC_MAX_TRAFFIC_BYTES;
    for (size_t room = 0; room < 16384; room += 64) { /* fails at each of the places where it can */
        bed.shared.traffic_memory = most - room;
        int slot = pc_add_sender(&bed.hosts[0], 1, &flow, 0), sink = pc_add_sink(&bed.hosts[1], 1, &flow);
        CHECK((slot == 0 || slot == -ENOMEM) && (sink == 0 || sink == -ENOMEM));
        CHECK(bed.shared.traffic_memory <= most);
        pc_drop_sender(&bed.hosts[0], 0, 1);
        pc_drop_sink(&bed.hosts[1], 0, 1);
        CHECK(bed.hosts[0].traffic == NULL && bed.hosts[1].traffic == NULL && bed.shared.traffic_memory == most - room);
    }
    bed.shared.traffic_memory = 0;
    close_quiet();
}

/* Fast, and late: a turn has a limit, and what was missed long ago is not made up for. */
static void test_a_turn_has_a_limit(void) {
    open_hosts(2);
    udpfwd_traffic_flow flow = test_flow("10.0.0.2", UDPFWD_TRAFFIC_MAX_RATE, 0);
    started s = start_flow(&flow, 1);
    run_for(MILLISECOND);
    uint64_t before = result_of(&s).sent;
    CHECK(before == 1001);
    bed.now_ns += 10 * PC_SECOND_NS;
    pc_expire(&bed.hosts[0], bed.now_ns);
    CHECK(result_of(&s).sent <= before + 64 && pc_due(&bed.hosts[0]) <= bed.now_ns);
    run_for(0);
    CHECK(result_of(&s).sent > before + 64 && result_of(&s).sent <= before + 100002);
    stop_flow(&s);
    close_quiet();
}

/* Datagrams of another's making: each costs a counter. */
static void test_what_is_made_up(void) {
    open_hosts(2);
    udpfwd_traffic_flow flow = test_flow("10.0.0.2", 100, 0);
    flow.duration_ns = 10 * PC_SECOND_NS;
    started s = start_flow(&flow, 1);
    run_for(100 * MILLISECOND);
    udpfwd_traffic_result before = result_of(&s);
    size_t memory = bed.hosts[1].traffic_memory;
    traffic_message message = {.type = TRAFFIC_DATA, .slot = s.sink, .flow = s.id, .sequence = 1ull << 30, .clock = 1};
    unsigned char data[UDP_HEADER_BYTES + TRAFFIC_REPORT_BYTES] = {0}, packet[400];
    for (int type = TRAFFIC_DATA; type <= TRAFFIC_REPORT; type++)
        for (int is_known = 0; is_known < 2; is_known++) {
            message.type = (uint8_t)type;
            message.flow = s.id + (is_known ? 0 : 1);
            put16(data, TRAFFIC_FIRST_PORT);
            put16(data + 2, TRAFFIC_FIRST_PORT);
            put16(data + 4, sizeof data);
            write_traffic(data + UDP_HEADER_BYTES, &message);
            uint64_t counted = bed.hosts[1].counters.malformed + bed.hosts[1].counters.unwanted;
            forget_seen();
            give_frame(1, 1, 2, 0x0800, packet, make_ipv4(packet, "10.0.0.1", "10.0.0.2", PROTOCOL_UDP, 64, 0, data, sizeof data));
            CHECK(bed.hosts[1].counters.malformed + bed.hosts[1].counters.unwanted == counted + 1);
            CHECK(bed.hosts[1].out.first == NULL);
        }
    CHECK(bed.hosts[1].traffic_memory == memory && result_of(&s).arrived.packets == before.arrived.packets);
    /* To the sender: what it did not send, and a report that it did not ask for. */
    for (int type = TRAFFIC_DATA; type <= TRAFFIC_REPORT; type++) {
        message = (traffic_message){
            .type = (uint8_t)type, .flow = s.id, .sequence = 1ull << 30, .clock = bed.shared.clock_id, .sent_ns = bed.now_ns};
        put16(data, UDPFWD_TRAFFIC_PORT);
        put16(data + 2, TRAFFIC_FIRST_PORT + s.sender);
        write_traffic(data + UDP_HEADER_BYTES, &message);
        give_frame(0, 2, 1, 0x0800, packet, make_ipv4(packet, "10.0.0.2", "10.0.0.1", PROTOCOL_UDP, 64, 0, data, sizeof data));
    }
    CHECK(result_of(&s).returned.packets == 0 && result_of(&s).state == UDPFWD_TRAFFIC_SENDING);
    stop_flow(&s);
    close_quiet();
}

/* More flows than a listener remembers: one that is silent gives way, one that goes on does not. */
static void test_a_listener_is_bounded(void) {
    enum { MORE = UDPFWD_TRAFFIC_MAX_HEARD + 1 };
    open_hosts(2);
    CHECK(pc_listen(&bed.hosts[1]) == 0);
    static started all[MORE];
    udpfwd_traffic_flow flow = test_flow("10.0.0.2", 10, 20);
    for (int i = 0; i < MORE; i++)
        all[i] = start_flow(&flow, 0);
    run_for(500 * MILLISECOND);
    udpfwd_traffic_heard_flow heard[MORE];
    CHECK(pc_list_heard(&bed.hosts[1], heard, MORE) == UDPFWD_TRAFFIC_MAX_HEARD);
    for (int i = 0; i < UDPFWD_TRAFFIC_MAX_HEARD; i++)
        CHECK(heard[i].arrived.packets >= 5); /* none was displaced */
    pc_drop_traffic(&bed.hosts[0]);
    run_for(2 * PC_SECOND_NS);
    all[0] = start_flow(&flow, 0);
    run_for(500 * MILLISECOND);
    CHECK(pc_list_heard(&bed.hosts[1], heard, MORE) == UDPFWD_TRAFFIC_MAX_HEARD);
    CHECK(heard[0].id == all[0].id && heard[0].arrived.packets >= 5);
    pc_drop_traffic(&bed.hosts[0]);
    pc_end_listening(&bed.hosts[1]);
    CHECK(bed.hosts[1].traffic == NULL);
    close_quiet();
}

static void test_an_unreachable_port(void) {
    open_hosts(2);
    udpfwd_traffic_flow flow = test_flow("10.0.0.2", 1000, 20);
    flow.port = 5001;
    started s = start_flow(&flow, 0);
    run_for(100 * MILLISECOND);
    unsigned char error[ICMP_HEADER_BYTES + 28] = {ICMP_UNREACHABLE, UNREACHABLE_PORT}, ports[8] = {0}, packet[200];
    put16(ports, TRAFFIC_FIRST_PORT + s.sender);
    put16(ports + 2, 5001);
    make_ipv4(error + ICMP_HEADER_BYTES, "10.0.0.1", "10.0.0.2", PROTOCOL_UDP, 64, 0, ports, sizeof ports);
    put16(error + 2, finish_sum(add_to_sum(0, error, sizeof error)));
    CHECK(result_of(&s).state == UDPFWD_TRAFFIC_ASKING);
    give_frame(0, 2, 1, 0x0800, packet, make_ipv4(packet, "10.0.0.2", "10.0.0.1", PROTOCOL_ICMP, 64, 0, error, sizeof error));
    CHECK(result_of(&s).state == UDPFWD_TRAFFIC_DONE && result_of(&s).unreachable == 1);
    stop_flow(&s);
    close_quiet();
}

int main(void) {
    test_a_flow_that_is_counted();
    test_rate_burst_duration_and_delay();
    test_loss_and_round_trips();
    test_families_and_sizes();
    test_a_receiver_that_reports();
    test_questions_are_repeated();
    test_a_receiver_that_only_echoes();
    test_flows_without_a_way();
    test_flows_that_are_none();
    test_many_flows();
    test_memory_is_bounded();
    test_a_turn_has_a_limit();
    test_what_is_made_up();
    test_a_listener_is_bounded();
    test_an_unreachable_port();
    puts("pc_traffic_test: 15 passed");
    return 0;
}
