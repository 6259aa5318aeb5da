/* libFuzzer target: what a packet socket or a TAP device may give, with any account of it by the kernel, as bytes. */
#include "fuzz_trains.h"
#include "segments.h"

#include <stdlib.h>

enum { MAX_SEGMENT = 2000 };

static void split(const unsigned char *frame, size_t size, frame_train *train, unsigned char *segment) {
    size_t payload = 0, next, segments = count_segments(train);
    if (segments == 0 || segments > MOST_TRAIN_SEGMENTS)
        abort();
    for (; (next = next_segment(train, segment)) > 0; segments--) {
        if (next > MAX_SEGMENT || next <= train->headers ||
            memcmp(segment + train->headers, frame + train->headers + payload, next - train->headers) != 0)
            abort();
        payload += next - train->headers;
    }
    if (payload != size - train->headers || segments != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static unsigned char message[MOST_MESSAGE_BYTES];
    struct virtio_net_hdr told;
    script s = {data, size};
    size = make_message(message, &s);
    if (size < sizeof told)
        return 0;
    memcpy(&told, message, sizeof told);
    size -= sizeof told;
    /* Of their exact sizes, so that a byte too far is seen. */
    unsigned char *frame = malloc(size ? size : 1), *segment = malloc(MAX_SEGMENT);
    if (frame == NULL || segment == NULL)
        abort();
    memcpy(frame, message + sizeof told, size);
    frame_train train;
    if (open_train(&train, frame, size, &told, MAX_SEGMENT) == 0) {
        frame_train alone = train;
        split(frame, size, &train, segment);
        if (count_segments(&alone) == 1)
            finish_only_segment(&alone, frame);
    }
    finish_checksum(frame, size, &told);
    free(frame);
    free(segment);
    return 0;
}
