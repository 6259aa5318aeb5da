/* libFuzzer target: an expression of any text, and a frame of any content that it is asked about. */
#define _GNU_SOURCE
#include "expressions.h"

#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TEXT = 200 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint8_t *end = memchr(data, 0, size);
    if (end == NULL || end - data > MAX_TEXT)
        return 0;
    struct bpf_program program;
    char error[64];
    if (compile_expression((const char *)data, &program, error, sizeof error) < 0)
        return 0;
    size_t left = size - (size_t)(end + 1 - data);
    unsigned char *frame = malloc(left + 1); /* of exactly its size, so that reading behind it is seen */
    memcpy(frame, end + 1, left);
    bpf_filter(program.bf_insns, frame, (unsigned)left, (unsigned)left);
    pcap_freecode(&program);
    free(frame);
    return 0;
}
