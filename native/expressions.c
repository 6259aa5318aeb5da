/* Compiles expressions about frames. libpcap is slow, so what came of the last ones is remembered. */
#define _GNU_SOURCE
#include "expressions.h"

#include "refuse.h"
#include "udpfwd.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a frame that an expression may look at: all of it. */
#define VISIBLE_BYTES UDPFWD_MAX_FRAME_BYTES
#define TEXT_OF_(x) #x
#define TEXT_OF(x) TEXT_OF_(x)

/* Expressions that were compiled, with what came of it: one is needed three times, by who checks it and by a chain for each
 * direction. */
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
        *result = c->result < 0 ? refuse(error, error_size, c->message) : copy_program(&c->program, program);
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
    pcap_t *nothing = pcap_open_dead(DLT_EN10MB, VISIBLE_BYTES);
    if (nothing == NULL)
        return -ENOMEM;
    pthread_mutex_lock(&compiling);
    int result = pcap_compile(nothing, program, expression, 1, PCAP_NETMASK_UNKNOWN) < 0
                     ? refuse(error, error_size, pcap_geterr(nothing))
                     : 0;
    pthread_mutex_unlock(&compiling);
    pcap_close(nothing);
    if (result == 0 && program->bf_len > UDPFWD_MAX_INSTRUCTIONS) {
        pcap_freecode(program);
        result = refuse(error, error_size, "the expression is too complex");
    }
    return result;
}

int compile_expression(const char *expression, struct bpf_program *program, char *error, int error_size) {
    if (strlen(expression) > UDPFWD_MAX_EXPRESSION_BYTES)
        return refuse(error, error_size, "the expression is longer than " TEXT_OF(UDPFWD_MAX_EXPRESSION_BYTES) " bytes");
    int result = 0;
    if (recall(expression, program, &result, error, error_size))
        return result;
    char message[MESSAGE_BYTES] = "";
    result = compile(expression, program, message, sizeof message);
    if (result == 0 || result == -EINVAL)
        remember(expression, result, program, message);
    return result < 0 && message[0] != '\0' ? refuse(error, error_size, message) : result;
}

int udpfwd_check_expression(const char *expression, char *error, int error_size) {
    struct bpf_program program;
    int result = compile_expression(expression, &program, error, error_size);
    if (result == 0)
        pcap_freecode(&program);
    return result;
}
