/* Error messages of functions that take texts. */
#ifndef GNS3TRIO_REFUSE_H
#define GNS3TRIO_REFUSE_H

#include <errno.h>
#include <stdio.h>

/* Writes the reason, cut to the size of the buffer; returns -EINVAL. */
static inline int refuse(char *error, int error_size, const char *reason) {
    if (error_size > 0)
        snprintf(error, (size_t)error_size, "%s", reason);
    return -EINVAL;
}

#endif
