/* The traffic tool: sends frames over links and measures what arrives.
 *
 * traffic LINKS [NETWORK]
 *
 * A link is a sending and a receiving UDP socket on 127.0.0.1; the receiving ones are in the network namespace NETWORK, such as
 * /proc/PID/ns/net, if it is given. At most a window of frames is in flight on each: a frame that arrives
 * lets the next one go, so that nothing overflows and what is lost is lost by the forwarder. One thread sends and receives,
 * so one core is enough for the tool. It writes "ports SENDER RECEIVER [...]" and then answers each line of its standard input with one line:
 *
 *   connect NEAR FAR [NEAR FAR ...]   each sender sends to NEAR, each receiver takes frames from FAR
 *   direct                            each sender sends straight to its receiver: the ceiling
 *   watch PID/TID [PID/TID ...]       the threads whose CPU time run reports (ns, from /proc/PID/task/TID/schedstat)
 *   run SIZE WINDOW BURST WARMUP_MS MEASURE_MS   one measurement; the reply is a JSON object
 *
 * BURST is how many frames one sendmmsg takes at most. A measurement starts and ends with no frame in flight and the
 * forwarder asleep, so that its CPU time belongs to exactly the frames that are counted. It ends with its standard input.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <time.h>

#include "tool.h"

#define MAX_BATCH 64
#define MAX_WATCHED 4096
#define EVENTS_PER_WAIT 64
/* A link on which nothing arrives from one look to the next, so many times, has lost what was in flight. Looks are counted, not
 * time: a virtual machine may stand still for half a second, which is one look. Loopback takes microseconds. */
#define STALL_LOOKS 10
#define LOOK_MS 50
/* What a forwarder needs to go to sleep after the last frame, so that its CPU time is accounted for. */
#define SETTLE_NS 5000000

/* Percentiles: buckets of 1/64 of a power of two, so within 1.6 % of the value. */
#define SUB_BUCKETS 64
#define BUCKETS (SUB_BUCKETS * 60)

#define ETHERTYPE 0x88b5 /* IEEE 802 local experimental */

/* Stands at the start of each frame. */
typedef struct {
    unsigned char to[6], from[6];
    uint16_t ethertype, padding;
    uint64_t sent_ns;
    uint64_t sequence;
    uint32_t run;
    uint32_t link;
} stamp;

typedef struct {
    int send_fd, receive_fd;
    int send_port, receive_port;
    uint64_t sent;     /* sequence of the next frame */
    uint64_t expected; /* sequence of the next frame to arrive; those between are in flight */
    int idle_looks;    /* looks for stalls since something arrived */
} link_state;

typedef struct {
    uint64_t frames, lost, late, damaged;
    uint64_t first_ns, last_ns, own_cpu_ns, watched_cpu_ns;
    uint64_t latency[BUCKETS];
    uint64_t latency_max;
    uint64_t each_cpu_ns[MAX_WATCHED];
} outcome;

static link_state links[MAX_LINKS];
static int link_count;
static int epoll_fd;
static int watched[MAX_WATCHED], watched_count;

static size_t frame_bytes;
static uint64_t window;
static unsigned burst;
static uint32_t run_number;

static unsigned char out_frames[MAX_BATCH][MAX_FRAME_BYTES], in_frames[MAX_BATCH][MAX_FRAME_BYTES];
static struct iovec out_iov[MAX_BATCH], in_iov[MAX_BATCH];
static struct mmsghdr out[MAX_BATCH], in[MAX_BATCH];

static uint64_t clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* --- percentiles --- */

static int bucket_of(uint64_t value) {
    if (value < SUB_BUCKETS)
        return (int)value;
    int shift = 63 - __builtin_clzll(value) - 6;
    return SUB_BUCKETS * shift + (int)(value >> shift);
}

static uint64_t bucket_value(int bucket) {
    if (bucket < 2 * SUB_BUCKETS)
        return (uint64_t)bucket;
    int shift = bucket / SUB_BUCKETS - 1;
    return (uint64_t)(bucket % SUB_BUCKETS + SUB_BUCKETS) << shift;
}

static uint64_t percentile(const outcome *result, double part) {
    uint64_t wanted = (uint64_t)((double)result->frames * part), seen = 0;
    for (int i = 0; i < BUCKETS; i++)
        if ((seen += result->latency[i]) > wanted)
            return bucket_value(i);
    return result->latency_max;
}

/* --- one link --- */

/* A link's two hosts have addresses, which a switch learns. */
static void set_addresses(stamp *header, int index, int from_receiver) {
    memset(header, 0, sizeof *header);
    header->to[0] = header->from[0] = 0x02; /* locally administered */
    header->to[3] = header->from[3] = (unsigned char)(index >> 8);
    header->to[4] = header->from[4] = (unsigned char)index;
    header->to[5] = !from_receiver;
    header->from[5] = (unsigned char)from_receiver;
    header->ethertype = htons(ETHERTYPE);
}

static void discard(int fd) {
    char byte;
    while (recv(fd, &byte, 1, MSG_DONTWAIT) >= 0)
        ;
}

/* Sends until the window is full. */
static void fill_window(int index) {
    link_state *link = &links[index];
    while (link->sent - link->expected < window) {
        uint64_t room = window - (link->sent - link->expected), now = clock_ns(CLOCK_MONOTONIC);
        unsigned frames = room < burst ? (unsigned)room : burst;
        for (unsigned i = 0; i < frames; i++) {
            stamp *header = (stamp *)out_frames[i];
            set_addresses(header, index, 0);
            header->sent_ns = now;
            header->sequence = link->sent + i;
            header->run = run_number;
            header->link = (uint32_t)index;
        }
        int sent = sendmmsg(link->send_fd, out, frames, MSG_DONTWAIT);
        if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS))
            return; /* goes on when a frame has arrived, or with the next look for stalls */
        if (sent < 0)
            die("send");
        link->sent += (uint64_t)sent;
    }
}

static void take_frame(int index, const struct mmsghdr *message, const stamp *got, uint64_t now, outcome *result) {
    link_state *link = &links[index];
    if (message->msg_len != frame_bytes || message->msg_hdr.msg_flags & MSG_TRUNC || got->link != (uint32_t)index ||
        got->run != run_number || got->sequence >= link->sent) {
        result->damaged++;
        return;
    }
    if (got->sequence < link->expected) {
        result->late++; /* behind a later one, or after we gave it up: counted as lost until now. Or it came twice. */
        if (result->lost > 0)
            result->lost--;
        return;
    }
    result->lost += got->sequence - link->expected;
    link->expected = got->sequence + 1;
    link->idle_looks = 0;
    uint64_t latency = now - got->sent_ns;
    result->frames++;
    result->latency[bucket_of(latency)]++;
    if (latency > result->latency_max)
        result->latency_max = latency;
}

static void receive(int index, outcome *result) {
    int received = recvmmsg(links[index].receive_fd, in, MAX_BATCH, MSG_DONTWAIT, NULL);
    if (received < 0) {
        if (errno == EAGAIN || errno == EINTR)
            return;
        die("receive");
    }
    uint64_t now = clock_ns(CLOCK_MONOTONIC);
    for (int i = 0; i < received; i++)
        take_frame(index, &in[i], (const stamp *)in_frames[i], now, result);
    result->last_ns = now;
}

/* --- one measurement --- */

static int in_flight(void) {
    for (int i = 0; i < link_count; i++)
        if (links[i].sent != links[i].expected)
            return 1;
    return 0;
}

static void give_up_stalled(outcome *result, int refill) {
    for (int i = 0; i < link_count; i++) {
        if (++links[i].idle_looks < STALL_LOOKS)
            continue;
        result->lost += links[i].sent - links[i].expected;
        links[i].expected = links[i].sent;
        links[i].idle_looks = 0;
        if (refill)
            fill_window(i);
    }
}

/* The CPU time of each watched thread, times 'sign', is added to the outcome. */
static uint64_t watched_cpu_ns(outcome *result, int sign) {
    uint64_t sum = 0;
    for (int i = 0; i < watched_count; i++) {
        char text[128] = "";
        if (pread(watched[i], text, sizeof text - 1, 0) <= 0)
            die("a watched thread has ended");
        uint64_t used = strtoull(text, NULL, 10);
        result->each_cpu_ns[i] += sign < 0 ? -used : used;
        sum += used;
    }
    return sum;
}

static void settle(void) {
    nanosleep(&(struct timespec){.tv_nsec = SETTLE_NS}, NULL);
}

/* Every receiver is heard once, so that a switch knows where it is; what that brings to the sockets is thrown away. */
static void announce(void) {
    for (int i = 0; i < link_count; i++) {
        stamp header;
        set_addresses(&header, i, 1);
        if (send(links[i].receive_fd, &header, sizeof header, MSG_DONTWAIT) < 0 && errno != ECONNREFUSED)
            die("announce");
    }
    settle();
    for (int i = 0; i < link_count; i++) {
        discard(links[i].send_fd);
        discard(links[i].receive_fd);
    }
}

static void exchange(uint64_t duration_ns, outcome *result) {
    run_number++;
    settle();
    uint64_t watched_before = watched_cpu_ns(result, -1), cpu_before = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    uint64_t now = clock_ns(CLOCK_MONOTONIC), end = now + duration_ns, next_look = now + LOOK_MS * 1000000u;
    result->first_ns = result->last_ns = now;
    for (int i = 0; i < link_count; i++) {
        links[i].sent = links[i].expected = 0;
        links[i].idle_looks = 0;
        fill_window(i);
    }
    while (now < end || in_flight()) {
        struct epoll_event events[EVENTS_PER_WAIT];
        int ready = epoll_wait(epoll_fd, events, EVENTS_PER_WAIT, LOOK_MS);
        if (ready < 0 && errno != EINTR)
            die("epoll_wait");
        for (int i = 0; i < ready; i++) {
            receive((int)events[i].data.u32, result);
            if (now < end)
                fill_window((int)events[i].data.u32);
        }
        now = clock_ns(CLOCK_MONOTONIC);
        if (now >= next_look) {
            give_up_stalled(result, now < end);
            next_look = now + LOOK_MS * 1000000u;
        }
    }
    result->own_cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_before;
    settle();
    result->watched_cpu_ns = watched_cpu_ns(result, 1) - watched_before;
}

static void run(const char *arguments) {
    unsigned long size, frames_in_flight, frames_per_call, warm_up_ms, measure_ms;
    if (sscanf(arguments, "%lu %lu %lu %lu %lu", &size, &frames_in_flight, &frames_per_call, &warm_up_ms, &measure_ms) != 5 ||
        size < sizeof(stamp) || size > MAX_FRAME_BYTES || frames_in_flight < 1 || frames_per_call < 1 || frames_per_call > MAX_BATCH)
        die("run");
    frame_bytes = size;
    window = frames_in_flight;
    burst = (unsigned)frames_per_call;
    for (int i = 0; i < MAX_BATCH; i++) {
        out_iov[i] = (struct iovec){out_frames[i], frame_bytes};
        out[i].msg_hdr = (struct msghdr){.msg_iov = &out_iov[i], .msg_iovlen = 1};
        in_iov[i] = (struct iovec){in_frames[i], MAX_FRAME_BYTES};
        in[i].msg_hdr = (struct msghdr){.msg_iov = &in_iov[i], .msg_iovlen = 1};
    }
    static outcome warm_up, result;
    memset(&warm_up, 0, sizeof warm_up);
    memset(&result, 0, sizeof result);
    announce();
    if (warm_up_ms > 0)
        exchange(warm_up_ms * 1000000u, &warm_up);
    exchange(measure_ms * 1000000u, &result);
    printf("{\"frames\": %lu, \"seconds\": %.9f, \"lost\": %lu, \"late\": %lu, \"damaged\": %lu, "
           "\"own_cpu_ns\": %lu, \"watched_cpu_ns\": %lu, "
           "\"latency_p50_ns\": %lu, \"latency_p90_ns\": %lu, \"latency_p99_ns\": %lu, \"latency_max_ns\": %lu, \"each_cpu_ns\": [",
           result.frames, (double)(result.last_ns - result.first_ns) / 1e9, result.lost + warm_up.lost,
           result.late + warm_up.late, result.damaged + warm_up.damaged, result.own_cpu_ns,
           result.watched_cpu_ns, percentile(&result, 0.5), percentile(&result, 0.9), percentile(&result, 0.99),
           result.latency_max);
    for (int i = 0; i < watched_count; i++)
        printf("%s%lu", i > 0 ? ", " : "", result.each_cpu_ns[i]);
    puts("]}");
}

/* --- commands --- */

static void connect_links(char *arguments) {
    for (int i = 0; i < link_count; i++) {
        int near_port = (int)strtol(arguments, &arguments, 10), far_port = (int)strtol(arguments, &arguments, 10);
        if (near_port == 0 || far_port == 0)
            die("connect: ports are missing");
        connect_socket(links[i].send_fd, near_port);
        connect_socket(links[i].receive_fd, far_port);
    }
    puts("ok");
}

static void connect_directly(void) {
    for (int i = 0; i < link_count; i++) {
        connect_socket(links[i].send_fd, links[i].receive_port);
        connect_socket(links[i].receive_fd, links[i].send_port);
    }
    puts("ok");
}

static void watch(char *arguments) {
    while (watched_count > 0)
        close(watched[--watched_count]);
    for (char *thread = strtok(arguments, " \n"); thread != NULL; thread = strtok(NULL, " \n")) {
        char path[128];
        int pid, tid;
        if (sscanf(thread, "%d/%d", &pid, &tid) != 2 || watched_count == MAX_WATCHED)
            die("watch");
        snprintf(path, sizeof path, "/proc/%d/task/%d/schedstat", pid, tid);
        if ((watched[watched_count++] = open(path, O_RDONLY | O_CLOEXEC)) < 0)
            die(path);
    }
    puts("ok");
}

/* Goes to another network namespace; returns a descriptor of the one before. */
static int enter_network(const char *path) {
    int before = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), there = open(path, O_RDONLY | O_CLOEXEC);
    if (before < 0 || there < 0 || setns(there, CLONE_NEWNET) < 0)
        die(path);
    close(there);
    return before;
}

int main(int count, char **arguments) {
    link_count = count == 2 || count == 3 ? atoi(arguments[1]) : 0;
    if (link_count < 1 || link_count > MAX_LINKS) {
        fprintf(stderr, "usage: traffic LINKS [NETWORK]\n");
        return 2;
    }
    if ((epoll_fd = epoll_create1(EPOLL_CLOEXEC)) < 0)
        die("epoll");
    printf("ports");
    for (int i = 0; i < link_count; i++)
        links[i].send_fd = open_socket(&links[i].send_port);
    int before = count == 3 ? enter_network(arguments[2]) : -1;
    for (int i = 0; i < link_count; i++) {
        links[i].receive_fd = open_socket(&links[i].receive_port);
        struct epoll_event interest = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, links[i].receive_fd, &interest) < 0)
            die("epoll_ctl");
        printf(" %d %d", links[i].send_port, links[i].receive_port);
    }
    printf("\n");
    fflush(stdout);
    if (before >= 0 && (setns(before, CLONE_NEWNET) < 0 || close(before) < 0))
        die("setns");
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, stdin) > 0) {
        errno = 0;
        if (strncmp(line, "connect ", 8) == 0)
            connect_links(line + 8);
        else if (strncmp(line, "direct", 6) == 0)
            connect_directly();
        else if (strncmp(line, "watch ", 6) == 0)
            watch(line + 6);
        else if (strncmp(line, "run ", 4) == 0)
            run(line + 4);
        else
            die(line);
        fflush(stdout);
    }
    free(line);
    return 0;
}
