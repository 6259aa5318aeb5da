/* Stands in for VPCS towards gns3-server, which accepts no VPCS as old as that of Debian.
 *
 *     vpcs -v           a version that is accepted
 *     vpcs OPTIONS      becomes VPCS, in the foreground (-F), without the options that it does not know
 *
 * VPCS gets the late timers that gns3trio gives it, or a hundred of them would keep the machine from gns3-server.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define TIMER_SLACK_NS (10UL * 1000 * 1000)

int main(int argc, char **argv)
{
    int kept = 1;

    if (argc == 2 && strcmp(argv[1], "-v") == 0) {
        puts("Welcome to Virtual PC Simulator, version 0.8.3");
        return EXIT_SUCCESS;
    }
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-F") != 0 && strcmp(argv[i], "-R") != 0)
            argv[kept++] = argv[i];
    }
    argv[kept] = NULL;
    prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS, 0, 0, 0);
    setenv("LD_PRELOAD", FOREGROUND, 1);
    execv(VPCS, argv);
    perror(VPCS);
    return EXIT_FAILURE;
}
