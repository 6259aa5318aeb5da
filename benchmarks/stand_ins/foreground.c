/* Loaded into VPCS 0.5b2, which has no -F: its first fork, by which it would leave for the background, is none. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/types.h>

pid_t fork(void)
{
    static bool in_foreground;
    pid_t (*real_fork)(void);

    if (!in_foreground) {
        in_foreground = true;
        unsetenv("LD_PRELOAD");
        return 0;
    }
    *(void **)&real_fork = dlsym(RTLD_NEXT, "fork");
    return real_fork();
}
