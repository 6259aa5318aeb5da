/* libFuzzer target: what a packet socket or a TAP device may give, with any account of it by the kernel. The input is that account and a
 * frame. */
#include "segments.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_SEGMENT = 400 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct virtio_net_hdr told;
    if (size < sizeof told)
        return 0;
    memcpy(&told, data, sizeof told);
    size -= sizeof told;
    /* Of their exact sizes, so that a byte too far is seen. */
    unsigned char *frame = malloc(size ? size : 1), *segment = malloc(MAX_SEGMENT);
    if (frame == NULL || segment == NULL)
        abort();
    memcpy(frame, data + sizeof told, size);
    finish_checksum(frame, size, &told);
    frame_train train;
    if (open_train(&train, frame, size, &told, MAX_SEGMENT) == 0) {
        size_t payload = 0, next, segments = count_segments(&train);
        if (segments == 0 || segments > MOST_TRAIN_SEGMENTS)
            abort();
        if (segments == 1)
            finish_only_segment(&train, frame);
        for (; (next = next_segment(&train, segment)) > 0; segments--) {
            if (next > MAX_SEGMENT || next <= train.headers)
                abort();
            payload += next - train.headers;
        }
        if (payload != size - train.headers || segments != 0)
            abort();
    }
    free(frame);
    free(segment);
    return 0;
}
