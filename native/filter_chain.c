/* Verdicts: what each kind of filter does to a frame.
 *
 * judge() asks each filter of a chain in turn and gives one verdict: drop the frame, or let it pass, perhaps damaged, twice, or later.
 * Each filter has random numbers of its own and draws for every frame that comes to the chain, also for one that another filter
 * drops: so the same seed and the same frames give the same decisions, however fast the frames come.
 *
 * A new kind is a constant in udpfwd.h, and a function and a row of the table here.
 */
#include "filter_chain.h"

#include "expressions.h"
#include "refuse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MILLION 1000000u
#define NS_PER_US 1000u
#define NS_PER_SECOND 1e9
#define BITS_PER_BYTE 8.0
#define LONGEST_HOLD_US (3600ll * MILLION)

typedef struct {
    int type;
    int64_t parameters[UDPFWD_FILTER_PARAMETERS];
    random_source random;
    int64_t passed;           /* frequency: frames since the last one that was dropped */
    uint64_t last_release_ns; /* delay: of the frame before, which none overtakes */
    double bucket_ns;         /* rate: when everything sent so far is paid for, after the chain's start */
    struct bpf_program program;
} filter;

struct filter_chain {
    uint64_t start_ns;        /* of the first frame */
    uint64_t last_release_ns; /* of frames that keep their order: none is released before it */
    int count;
    filter filters[];
};

/* A frame that comes to a chain. */
typedef struct {
    const unsigned char *bytes;
    size_t size;
    uint64_t start_ns; /* the chain's */
    draw_function draw;
} arrival;

static uint64_t draw_below(filter *f, const arrival *frame, uint64_t limit) {
    return scaled_below(frame->draw(&f->random), limit);
}

/* Whether what has a chance of parameter 0 comes about. */
static int happens(filter *f, const arrival *frame) {
    return draw_below(f, frame, MILLION) < (uint64_t)f->parameters[0];
}

static int passes(const verdict *v) {
    return v->drop < 0;
}

/* --- the kinds --- */

static void apply_frequency(filter *f, const arrival *frame, verdict *v) {
    (void)frame;
    int64_t every = f->parameters[0];
    if (!passes(v) || every == 0)
        return;
    if (every > 0 && ++f->passed < every)
        return;
    f->passed = 0;
    v->drop = UDPFWD_DROP_FILTER;
}

static void apply_loss(filter *f, const arrival *frame, verdict *v) {
    if (happens(f, frame) && passes(v))
        v->drop = UDPFWD_DROP_FILTER;
}

static void apply_delay(filter *f, const arrival *frame, verdict *v) {
    int64_t jitter = f->parameters[1], wait = f->parameters[0];
    if (jitter > 0)
        wait += (int64_t)draw_below(f, frame, 2 * (uint64_t)jitter + 1) - jitter;
    if (!passes(v))
        return;
    v->release_ns += wait > 0 ? (uint64_t)wait * NS_PER_US : 0;
    if (v->may_be_overtaken)
        return;
    if (v->release_ns < f->last_release_ns)
        v->release_ns = f->last_release_ns;
    f->last_release_ns = v->release_ns;
}

static void apply_corrupt(filter *f, const arrival *frame, verdict *v) {
    if (happens(f, frame))
        v->damaged_bit = (int64_t)draw_below(f, frame, frame->size * 8);
}

static void apply_expression(filter *f, const arrival *frame, verdict *v) {
    unsigned size = (unsigned)frame->size;
    if (passes(v) && bpf_filter(f->program.bf_insns, frame->bytes, size, size) != 0)
        v->drop = UDPFWD_DROP_FILTER;
}

/* Sums of fractions of a nanosecond are not exact, and a frame that fits exactly must not be dropped for that. */
#define ROUNDING_NS 1

/* A token bucket, full at first (RFC 2697, 3), that holds the frames it has no tokens for. */
static void apply_rate(filter *f, const arrival *frame, verdict *v) {
    if (!passes(v))
        return;
    double ns_per_byte = NS_PER_SECOND * BITS_PER_BYTE / (double)f->parameters[0];
    double came = (double)(v->release_ns - frame->start_ns), full = came - (double)f->parameters[1] * ns_per_byte;
    double paid = (f->bucket_ns > full ? f->bucket_ns : full) + (double)frame->size * ns_per_byte;
    double wait = paid - came;
    if (wait > (double)f->parameters[2] * ns_per_byte + ROUNDING_NS) {
        v->drop = UDPFWD_DROP_RATE;
        return;
    }
    f->bucket_ns = paid;
    v->release_ns += wait > 0 ? (uint64_t)wait : 0;
}

static void apply_duplicate(filter *f, const arrival *frame, verdict *v) {
    if (happens(f, frame))
        v->copies = 2;
}

static void apply_reorder(filter *f, const arrival *frame, verdict *v) {
    if (!happens(f, frame))
        return;
    v->release_ns += (uint64_t)f->parameters[1] * NS_PER_US;
    v->may_be_overtaken = 1;
}

typedef struct {
    int64_t least, most;
} bounds;

#define CHANCE                                                                                                       \
    { 0, MILLION }
#define HOLD                                                                                                         \
    { 0, LONGEST_HOLD_US }

static const struct {
    void (*apply)(filter *f, const arrival *frame, verdict *v);
    int parameters; /* how many it has */
    bounds bounds[UDPFWD_FILTER_PARAMETERS];
    int can_hold;       /* frames may have to wait for it */
    int has_expression; /* beside them */
} kinds[UDPFWD_FILTER_TYPES] = {
    [UDPFWD_FILTER_FREQUENCY] = {apply_frequency, 1, {{-1, INT32_MAX}}, 0, 0},
    [UDPFWD_FILTER_LOSS] = {apply_loss, 1, {CHANCE}, 0, 0},
    [UDPFWD_FILTER_DELAY] = {apply_delay, 2, {HOLD, HOLD}, 1, 0},
    [UDPFWD_FILTER_CORRUPT] = {apply_corrupt, 1, {CHANCE}, 0, 0},
    [UDPFWD_FILTER_BPF] = {apply_expression, 0, {{0, 0}}, 0, 1},
    [UDPFWD_FILTER_RATE] = {apply_rate, 3, {{1, INT64_MAX}, {0, INT32_MAX}, {0, INT32_MAX}}, 1, 0},
    [UDPFWD_FILTER_DUPLICATE] = {apply_duplicate, 1, {CHANCE}, 0, 0},
    [UDPFWD_FILTER_REORDER] = {apply_reorder, 2, {CHANCE, HOLD}, 1, 0},
};

/* --- the verdict --- */

verdict judge(filter_chain *chain, const unsigned char *bytes, size_t size, uint64_t now_ns, draw_function draw) {
    verdict v = {.drop = -1, .copies = 1, .damaged_bit = -1, .release_ns = now_ns};
    if (chain == NULL)
        return v;
    if (chain->start_ns == 0)
        chain->start_ns = now_ns;
    arrival frame = {bytes, size, chain->start_ns, draw};
    for (int i = 0; i < chain->count; i++)
        kinds[chain->filters[i].type].apply(&chain->filters[i], &frame, &v);
    return v;
}

int must_wait(filter_chain *chain, verdict *v, uint64_t now_ns, int are_held) {
    if (v->may_be_overtaken)
        return v->release_ns > now_ns;
    if (chain == NULL)
        return are_held;
    if (v->release_ns < chain->last_release_ns)
        v->release_ns = chain->last_release_ns;
    chain->last_release_ns = v->release_ns;
    return v->release_ns > now_ns || are_held;
}

int can_hold(const filter_chain *chain) {
    for (int i = 0; chain != NULL && i < chain->count; i++)
        if (kinds[chain->filters[i].type].can_hold)
            return 1;
    return 0;
}

void follow_chain(filter_chain *chain, const filter_chain *before) {
    chain->last_release_ns = before->last_release_ns;
}

/* --- making a chain --- */

static int is_valid(const udpfwd_filter *f) {
    if (f->type < 0 || f->type >= UDPFWD_FILTER_TYPES)
        return 0;
    for (int i = 0; i < kinds[f->type].parameters; i++)
        if (f->parameters[i] < kinds[f->type].bounds[i].least || f->parameters[i] > kinds[f->type].bounds[i].most)
            return 0;
    return !kinds[f->type].has_expression || f->expression != NULL;
}

void free_chain(filter_chain *chain) {
    for (int i = 0; chain != NULL && i < chain->count; i++)
        pcap_freecode(&chain->filters[i].program);
    free(chain);
}

int make_chain(const udpfwd_filter *filters, int count, int direction, uint64_t seed, filter_chain **made, char *error,
               int error_size) {
    *made = NULL;
    filter_chain *chain = calloc(1, sizeof *chain + sizeof *chain->filters * (size_t)count);
    if (chain == NULL)
        return -ENOMEM;
    int result = 0;
    for (int i = 0; i < count && result == 0; i++) {
        if (!is_valid(&filters[i]))
            result = refuse(error, error_size, "a parameter is out of range");
        if (result < 0 || !(filters[i].directions & direction))
            continue;
        filter *f = &chain->filters[chain->count];
        f->type = filters[i].type;
        f->bucket_ns = -INFINITY; /* full */
        f->random = seeded_source(seed, (uint64_t)(2 * i + (direction == UDPFWD_TX)));
        memcpy(f->parameters, filters[i].parameters, sizeof f->parameters);
        if (kinds[f->type].has_expression)
            result = compile_expression(filters[i].expression, &f->program, error, error_size);
        chain->count += result == 0;
    }
    if (result < 0 || chain->count == 0) {
        free_chain(chain);
        return result;
    }
    *made = chain;
    return 0;
}
