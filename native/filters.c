/* Filters: what may happen to a frame that passes a port.
 *
 * The filters of one direction are a chain. judge() asks each in turn and gives one verdict: drop the frame, or let it pass, perhaps
 * damaged, twice, or later. It is a function of the frame, the time and the chain's own state and random numbers. Each filter has
 * random numbers of its own and draws for every frame that comes to the chain, also for one that another filter drops: so the same
 * seed and the same frames give the same decisions, however fast the frames come.
 *
 * Frames leave in the order in which they came, whatever holds them and whenever filters change; only REORDER lets one be overtaken.
 */
#define _GNU_SOURCE
#include "filters.h"
#include "changes.h"
#include "flows.h"
#include "held_frames.h"

#include <errno.h>
#include <math.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MILLION 1000000u
#define NS_PER_US 1000u
#define NS_PER_SECOND 1e9
#define BITS_PER_BYTE 8.0
/* Bytes of a frame that an expression may look at: all of it. */
#define MAX_EXPRESSION_BYTES UDPFWD_MAX_FRAME_BYTES
#define LONGEST_HOLD_US (3600ll * MILLION)
#define TEXT_OF_(x) #x
#define TEXT_OF(x) TEXT_OF_(x)

typedef struct {
    int type;
    int64_t parameters[3];
    uint64_t random[4];
    int64_t passed;          /* frequency: frames since the last one that was dropped */
    uint64_t last_release_ns; /* delay: of the frame before, which none overtakes */
    double bucket_ns;        /* rate: when everything sent so far is paid for, after the chain's start */
    struct bpf_program program;
} filter;

struct filter_chain {
    uint64_t start_ns;        /* of the first frame */
    uint64_t last_release_ns; /* of frames that keep their order: none is released before it */
    int count;
    filter filters[];
};

typedef struct {
    int drop; /* the reason, or -1 */
    int copies;
    int64_t damaged_bit; /* or -1 */
    uint64_t release_ns;
    int may_be_overtaken;
} verdict;

/* --- random numbers: xoshiro256**, seeded by splitmix64 (Blackman and Vigna, prng.di.unimi.it, public domain) --- */

static uint64_t splitmix(uint64_t *state) {
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t rotate(uint64_t x, int by) {
    return x << by | x >> (64 - by);
}

static uint64_t next_random(filter *f) {
    uint64_t *s = f->random, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

/* A number below a limit. */
static uint64_t random_below(filter *f, uint64_t limit) {
    return (uint64_t)((unsigned __int128)next_random(f) * limit >> 64);
}

static int happens(filter *f) {
    return random_below(f, MILLION) < (uint64_t)f->parameters[0];
}

/* Numbers that have nothing to do with those of another seed, or of another filter with this one. */
static void seed_random(filter *f, uint64_t seed, uint64_t number) {
    uint64_t state = seed;
    state = splitmix(&state) + number;
    state = splitmix(&state);
    for (int i = 0; i < 4; i++)
        f->random[i] = splitmix(&state);
}

/* --- verdicts --- */

static int drops_by_frequency(filter *f) {
    int64_t every = f->parameters[0];
    if (every <= 0)
        return every < 0;
    if (++f->passed < every)
        return 0;
    f->passed = 0;
    return 1;
}

static void delay(filter *f, verdict *v) {
    int64_t jitter = f->parameters[1], wait = f->parameters[0];
    if (jitter > 0)
        wait += (int64_t)random_below(f, 2 * (uint64_t)jitter + 1) - jitter;
    if (v->drop >= 0)
        return;
    v->release_ns += wait > 0 ? (uint64_t)wait * NS_PER_US : 0;
    if (v->may_be_overtaken)
        return;
    if (v->release_ns < f->last_release_ns)
        v->release_ns = f->last_release_ns;
    f->last_release_ns = v->release_ns;
}

/* Sums of fractions of a nanosecond are not exact, and a frame that fits exactly must not be dropped for that. */
#define ROUNDING_NS 1

/* A token bucket, full at first (RFC 2697, 3), that holds the frames it has no tokens for. Gives the time of departure, or 0 when the
 * queue is full. */
static uint64_t shaped(const filter_chain *chain, filter *f, uint64_t arrival_ns, size_t bytes) {
    double ns_per_byte = NS_PER_SECOND * BITS_PER_BYTE / (double)f->parameters[0];
    double arrival = (double)(arrival_ns - chain->start_ns), full = arrival - (double)f->parameters[1] * ns_per_byte;
    double paid = (f->bucket_ns > full ? f->bucket_ns : full) + (double)bytes * ns_per_byte;
    double wait = paid - arrival;
    if (wait > (double)f->parameters[2] * ns_per_byte + ROUNDING_NS)
        return 0;
    f->bucket_ns = paid;
    return arrival_ns + (wait > 0 ? (uint64_t)wait : 0);
}

static verdict judge(filter_chain *chain, const unsigned char *bytes, size_t size, uint64_t now_ns) {
    verdict v = {.drop = -1, .copies = 1, .damaged_bit = -1, .release_ns = now_ns};
    for (int i = 0; i < chain->count; i++) {
        filter *f = &chain->filters[i];
        int passes = v.drop < 0;
        switch (f->type) {
        case UDPFWD_FILTER_FREQUENCY:
            if (passes && drops_by_frequency(f))
                v.drop = UDPFWD_DROP_FILTER;
            break;
        case UDPFWD_FILTER_LOSS:
            if (happens(f) && passes)
                v.drop = UDPFWD_DROP_FILTER;
            break;
        case UDPFWD_FILTER_DELAY:
            delay(f, &v);
            break;
        case UDPFWD_FILTER_CORRUPT:
            if (happens(f))
                v.damaged_bit = (int64_t)random_below(f, size * 8);
            break;
        case UDPFWD_FILTER_BPF:
            if (passes && bpf_filter(f->program.bf_insns, bytes, (unsigned)size, (unsigned)size) != 0)
                v.drop = UDPFWD_DROP_FILTER;
            break;
        case UDPFWD_FILTER_RATE: {
            uint64_t release = passes ? shaped(chain, f, v.release_ns, size) : v.release_ns;
            if (release == 0)
                v.drop = UDPFWD_DROP_RATE;
            else
                v.release_ns = release;
            break;
        }
        case UDPFWD_FILTER_DUPLICATE:
            if (happens(f))
                v.copies = 2;
            break;
        case UDPFWD_FILTER_REORDER:
            if (happens(f)) {
                v.release_ns += (uint64_t)f->parameters[1] * NS_PER_US;
                v.may_be_overtaken = 1;
            }
            break;
        }
    }
    return v;
}

/* Whether a frame has to wait: for its time, or for those before it that did not leave yet. */
static int must_wait(filter_chain *chain, const port *p, int direction, verdict *v, uint64_t now_ns) {
    if (v->may_be_overtaken)
        return v->release_ns > now_ns;
    if (v->release_ns < chain->last_release_ns)
        v->release_ns = chain->last_release_ns;
    chain->last_release_ns = v->release_ns;
    return v->release_ns > now_ns || p->held_in_order[direction] > 0;
}

/* --- passing --- */

static void turn_bit(const struct iovec *frame, int64_t bit) {
    if (bit >= 0)
        ((unsigned char *)frame->iov_base)[bit / 8] ^= (unsigned char)(1u << bit % 8);
}

/* What passes at once, waiting to go on together. */
typedef struct {
    struct iovec frames[UDPFWD_BATCH_FRAMES];
    int64_t damaged_bits[UDPFWD_BATCH_FRAMES];
    int count;
} passing;

static void go_on(worker *w, port *p, int direction, passing *out, const path *way) {
    if (out->count == 0)
        return;
    for (int i = 0; i < out->count; i++)
        turn_bit(&out->frames[i], out->damaged_bits[i]);
    leave_filters(w, p, direction, out->frames, out->count, way);
    for (int i = 0; i < out->count; i++) /* the frame may be somebody else's too */
        turn_bit(&out->frames[i], out->damaged_bits[i]);
    out->count = 0;
}

static void hold(worker *w, port *p, int direction, const struct iovec *frame, const verdict *v, const path *way) {
    turn_bit(frame, v->damaged_bit);
    if (hold_frame(w, p, direction, frame, v->release_ns, !v->may_be_overtaken, way) < 0)
        drop(p, direction, UDPFWD_DROP_QUEUE, 1);
    turn_bit(frame, v->damaged_bit);
}

void pass_filters(worker *w, port *p, int direction, const struct iovec *frames, int n, const path *way) {
    filter_chain none = {0}, *chain = p->filters[direction] != NULL ? p->filters[direction] : &none;
    uint64_t now_ns = turn_time(w);
    passing out;
    out.count = 0;
    if (chain->start_ns == 0)
        chain->start_ns = now_ns;
    for (int i = 0; i < n; i++) {
        verdict v = judge(chain, frames[i].iov_base, frames[i].iov_len, now_ns);
        if (v.drop >= 0) {
            drop(p, direction, v.drop, 1);
            continue;
        }
        count(direction == RX ? &p->counters.rx_duplicated : &p->counters.tx_duplicated, (uint64_t)v.copies - 1);
        int waits = must_wait(chain, p, direction, &v, now_ns);
        for (int copy = 0; copy < v.copies; copy++) {
            if (copy > 0 && w->budget-- <= 0) { /* ports that are joined in a ring would double a frame with each hop */
                drop(p, direction, UDPFWD_DROP_LOOP, 1);
                continue;
            }
            if (waits) {
                hold(w, p, direction, &frames[i], &v, way);
                continue;
            }
            /* Copies share their bytes, which this or another filter on the way may change: one at a time. */
            if (out.count == UDPFWD_BATCH_FRAMES || copy > 0)
                go_on(w, p, direction, &out, way);
            out.frames[out.count] = frames[i];
            out.damaged_bits[out.count++] = v.damaged_bit;
        }
    }
    go_on(w, p, direction, &out, way);
}

/* --- making and replacing chains --- */

static int refuse(char *error, int error_size, const char *format, const char *what) {
    if (error_size > 0)
        snprintf(error, (size_t)error_size, format, what); /* NOLINT: both formats are ours */
    return -EINVAL;
}

/* Expressions that were compiled, with what came of it: one is needed three times, by who checks it and by a chain for each
 * direction, and libpcap is slow. */
#define REMEMBERED_EXPRESSIONS 256
#define MESSAGE_BYTES 256

typedef struct {
    char *expression; /* NULL: the entry is empty */
    int result;
    struct bpf_program program;
    char message[MESSAGE_BYTES]; /* when result is a failure */
} compiled;

static compiled remembered[REMEMBERED_EXPRESSIONS];
static unsigned next_remembered; /* the oldest */
static pthread_mutex_t remembering = PTHREAD_MUTEX_INITIALIZER;
/* libpcap 1.10 compiles in any thread; older ones do not, so one at a time. */
static pthread_mutex_t compiling = PTHREAD_MUTEX_INITIALIZER;

static int copy_program(const struct bpf_program *from, struct bpf_program *to) {
    size_t bytes = from->bf_len * sizeof *from->bf_insns;
    *to = (struct bpf_program){.bf_len = from->bf_len, .bf_insns = malloc(bytes)};
    if (to->bf_insns == NULL)
        return -ENOMEM;
    memcpy(to->bf_insns, from->bf_insns, bytes);
    return 0;
}

/* Whether an expression is known; *result is what came of it then, with a program of the caller's. */
static int recall(const char *expression, struct bpf_program *program, int *result, char *error, int error_size) {
    int found = 0;
    pthread_mutex_lock(&remembering);
    for (int i = 0; i < REMEMBERED_EXPRESSIONS && !found; i++) {
        const compiled *c = &remembered[i];
        if (c->expression == NULL || strcmp(c->expression, expression) != 0)
            continue;
        found = 1;
        *result = c->result < 0 ? refuse(error, error_size, "%s", c->message) : copy_program(&c->program, program);
    }
    pthread_mutex_unlock(&remembering);
    return found;
}

/* Without memory it is not remembered, which costs time only. */
static void remember(const char *expression, int result, const struct bpf_program *program, const char *message) {
    compiled new = {.expression = strdup(expression), .result = result};
    snprintf(new.message, sizeof new.message, "%s", message);
    if (new.expression == NULL || (result == 0 && copy_program(program, &new.program) < 0)) {
        free(new.expression);
        return;
    }
    pthread_mutex_lock(&remembering);
    compiled old = remembered[next_remembered];
    remembered[next_remembered] = new;
    next_remembered = (next_remembered + 1) % REMEMBERED_EXPRESSIONS;
    pthread_mutex_unlock(&remembering);
    pcap_freecode(&old.program);
    free(old.expression);
}

static int compile(const char *expression, struct bpf_program *program, char *error, int error_size) {
    pcap_t *nothing = pcap_open_dead(DLT_EN10MB, MAX_EXPRESSION_BYTES);
    if (nothing == NULL)
        return -ENOMEM;
    pthread_mutex_lock(&compiling);
    int result = pcap_compile(nothing, program, expression, 1, PCAP_NETMASK_UNKNOWN) < 0
                     ? refuse(error, error_size, "%s", pcap_geterr(nothing))
                     : 0;
    pthread_mutex_unlock(&compiling);
    pcap_close(nothing);
    if (result == 0 && program->bf_len > UDPFWD_MAX_INSTRUCTIONS) {
        pcap_freecode(program);
        result = refuse(error, error_size, "%s", "the expression is too complex");
    }
    return result;
}

int compile_expression(const char *expression, struct bpf_program *program, char *error, int error_size) {
    if (strlen(expression) > UDPFWD_MAX_EXPRESSION_BYTES)
        return refuse(error, error_size, "the expression is longer than %s bytes", TEXT_OF(UDPFWD_MAX_EXPRESSION_BYTES));
    int result = 0;
    if (recall(expression, program, &result, error, error_size))
        return result;
    char message[MESSAGE_BYTES] = "";
    result = compile(expression, program, message, sizeof message);
    if (result == 0 || result == -EINVAL)
        remember(expression, result, program, message);
    return result < 0 && message[0] != '\0' ? refuse(error, error_size, "%s", message) : result;
}

int udpfwd_check_expression(const char *expression, char *error, int error_size) {
    struct bpf_program program;
    int result = compile_expression(expression, &program, error, error_size);
    if (result == 0)
        pcap_freecode(&program);
    return result;
}

static int within(int64_t value, int64_t low, int64_t high) {
    return value >= low && value <= high;
}

static int is_valid(const udpfwd_filter *f) {
    const int64_t *p = f->parameters;
    switch (f->type) {
    case UDPFWD_FILTER_FREQUENCY:
        return within(p[0], -1, INT32_MAX);
    case UDPFWD_FILTER_LOSS:
    case UDPFWD_FILTER_CORRUPT:
    case UDPFWD_FILTER_DUPLICATE:
        return within(p[0], 0, MILLION);
    case UDPFWD_FILTER_DELAY:
        return within(p[0], 0, LONGEST_HOLD_US) && within(p[1], 0, LONGEST_HOLD_US);
    case UDPFWD_FILTER_BPF:
        return f->expression != NULL;
    case UDPFWD_FILTER_RATE:
        return within(p[0], 1, INT64_MAX) && within(p[1], 0, INT32_MAX) && within(p[2], 0, INT32_MAX);
    case UDPFWD_FILTER_REORDER:
        return within(p[0], 0, MILLION) && within(p[1], 0, LONGEST_HOLD_US);
    default:
        return 0;
    }
}

void free_filters(filter_chain *chain) {
    if (chain == NULL)
        return;
    for (int i = 0; i < chain->count; i++)
        if (chain->filters[i].type == UDPFWD_FILTER_BPF)
            pcap_freecode(&chain->filters[i].program);
    free(chain);
}

/* The chain of one direction; *made is NULL when no filter is meant for it. */
static int make_chain(const udpfwd_filter *filters, int count, int direction, uint64_t seed, filter_chain **made, char *error,
                      int error_size) {
    *made = NULL;
    filter_chain *chain = calloc(1, sizeof *chain + sizeof *chain->filters * (size_t)count);
    if (chain == NULL)
        return -ENOMEM;
    int result = 0;
    for (int i = 0; i < count && result == 0; i++) {
        if (!is_valid(&filters[i]))
            result = refuse(error, error_size, "%s", "a parameter is out of range");
        if (result < 0 || !(filters[i].directions & 1 << direction))
            continue;
        filter *f = &chain->filters[chain->count];
        f->type = filters[i].type;
        f->bucket_ns = -INFINITY; /* full */
        seed_random(f, seed, (uint64_t)(i * DIRECTIONS + direction));
        memcpy(f->parameters, filters[i].parameters, sizeof f->parameters);
        if (f->type == UDPFWD_FILTER_BPF)
            result = compile_expression(filters[i].expression, &f->program, error, error_size);
        chain->count += result == 0;
    }
    if (result < 0 || chain->count == 0) {
        free_filters(chain);
        return result;
    }
    *made = chain;
    return 0;
}

static int holds_back(const filter_chain *chain) {
    for (int i = 0; chain != NULL && i < chain->count; i++)
        if (chain->filters[i].type == UDPFWD_FILTER_DELAY || chain->filters[i].type == UDPFWD_FILTER_RATE ||
            chain->filters[i].type == UDPFWD_FILTER_REORDER)
            return 1;
    return 0;
}

/* The port's worker is parked; the chains are the port's from now on. */
static void replace_filters(port *p, filter_chain *const *chains) {
    for (int direction = 0; direction < DIRECTIONS; direction++) {
        filter_chain *before = p->filters[direction], *after = chains[direction];
        if (!holds_back(after))
            release_early(p, direction);
        else if (before != NULL && p->held_in_order[direction] > 0)
            after->last_release_ns = before->last_release_ns;
        free_filters(before);
        p->filters[direction] = after;
    }
}

int udpfwd_port_set_filters(udpfwd *core, int port_id, const udpfwd_filter *filters, int count, uint64_t seed, int suspended,
                            char *error, int error_size) {
    if (count < 0 || count > UDPFWD_MAX_FILTERS)
        return refuse(error, error_size, "%s", "too many filters");
    filter_chain *chains[DIRECTIONS] = {NULL, NULL};
    int result = 0;
    for (int direction = 0; direction < DIRECTIONS && result == 0; direction++)
        result = make_chain(filters, count, direction, seed, &chains[direction], error, error_size);
    if (result == 0) {
        begin_change(core);
        port *p = change_port(core, port_id);
        if (p != NULL) {
            replace_filters(p, chains);
            if (suspended != UDPFWD_AS_BEFORE)
                p->suspended = suspended;
        }
        result = end_change(core, p == NULL ? -ENOENT : 0);
    }
    if (result < 0)
        for (int direction = 0; direction < DIRECTIONS; direction++)
            free_filters(chains[direction]);
    return result;
}

int udpfwd_port_suspend(udpfwd *core, int port_id, int suspended) {
    begin_change(core);
    port *p = change_port(core, port_id);
    if (p != NULL)
        p->suspended = suspended != 0;
    return end_change(core, p == NULL ? -ENOENT : 0);
}
