/* What spawn_child promises. */
#define _GNU_SOURCE
#include "spawn.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "test.h"

static char *no_environment[] = {"GREETING=hello", NULL};
static const int standard[] = {0, 1, 2};

static spawned_child start(const char *script, int out, const char *folder) {
    char *argv[] = {"/bin/sh", "-c", (char *)script, NULL};
    spawned_child child;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    CHECK(null >= 0);
    CHECK(spawn_child(argv, no_environment, folder, (int[]){null, out, null}, 3, 0, SIGKILL, 0, NULL, &child) == 0);
    close(null);
    return child;
}

static int wait_for(spawned_child child) {
    int status;
    CHECK(waitpid(child.pid, &status, 0) == child.pid);
    close(child.pidfd);
    return status;
}

static void output_of(const char *script, const char *folder, char *output, size_t size) {
    int ends[2];
    CHECK(pipe2(ends, O_CLOEXEC) == 0);
    spawned_child child = start(script, ends[1], folder);
    close(ends[1]);
    size_t got = 0;
    for (ssize_t n; (n = read(ends[0], output + got, size - 1 - got)) > 0;)
        got += (size_t)n;
    output[got] = 0;
    close(ends[0]);
    CHECK(WEXITSTATUS(wait_for(child)) == 0);
}

static void test_environment_folder_and_descriptors(void) {
    char output[4096];
    int leak = open("/dev/null", O_RDONLY); /* not close-on-exec */
    output_of("echo $GREETING; pwd; ls /proc/self/fd", "/tmp", output, sizeof output);
    CHECK(strncmp(output, "hello\n/tmp\n0\n1\n2\n", 17) == 0);
    char number[16];
    snprintf(number, sizeof number, "\n%d\n", leak);
    CHECK(leak == 3 || strstr(output, number) == NULL); /* 3 is what ls itself opens */
    close(leak);
}

static void test_more_descriptors_come_in_their_order(void) {
    int first[2], second[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
    CHECK(pipe2(first, O_CLOEXEC) == 0 && pipe2(second, O_CLOEXEC) == 0);
    char output[16] = "", *argv[] = {"/bin/sh", "-c", "echo third >&3; echo fourth >&4; [ ! -e /proc/self/fd/5 ]", NULL};
    spawned_child child;
    /* Numbers that others are to have: none may be overwritten before it is copied. */
    int fds[] = {null, null, 2, second[1], first[1]};
    CHECK(spawn_child(argv, no_environment, "/", fds, 5, 0, SIGKILL, 0, NULL, &child) == 0);
    CHECK(read(second[0], output, sizeof output) == 6 && memcmp(output, "third\n", 6) == 0);
    CHECK(read(first[0], output, sizeof output) == 7 && memcmp(output, "fourth\n", 7) == 0);
    CHECK(WEXITSTATUS(wait_for(child)) == 0);
    CHECK(spawn_child(argv, no_environment, "/", fds, 2, 0, SIGKILL, 0, NULL, &child) == -EINVAL);
    CHECK(spawn_child(argv, no_environment, "/", fds, SPAWN_MOST_FDS + 1, 0, SIGKILL, 0, NULL, &child) == -EINVAL);
    for (int i = 0; i < 2; i++) {
        close(first[i]);
        close(second[i]);
    }
    close(null);
}

static void test_session_and_signals(void) {
    char output[256];
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    signal(SIGINT, SIG_IGN);
    output_of("ps -o sid= -p $$ | tr -d ' '; echo $$; grep -E 'Sig(Blk|Ign)' /proc/self/status", "/", output,
              sizeof output);
    signal(SIGINT, SIG_DFL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    long session, process;
    CHECK(sscanf(output, "%ld\n%ld", &session, &process) == 2 && session == process);
    CHECK(strstr(output, "SigBlk:\t0000000000000000") != NULL);
    CHECK(strstr(output, "SigIgn:\t0000000000000000") != NULL);
}

/* Raises all ambient capabilities that may be; returns whether there are any. */
static int raise_ambient(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    CHECK(syscall(SYS_capget, &header, data) == 0);
    int found = 0;
    for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
        data[i].inheritable |= data[i].permitted;
    CHECK(syscall(SYS_capset, &header, data) == 0);
    for (unsigned long number = 0; number < 64; number++)
        if (data[number / 32].permitted >> number % 32 & 1)
            found |= prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) == 0;
    return found;
}

static void test_capabilities_of_a_users_server_stay_with_it(void) {
    char output[4096];
    if (!raise_ambient()) {
        puts("spawn_test: ambient capabilities SKIPPED, there are none to give away");
        return;
    }
    output_of("grep CapAmb /proc/self/status", "/", output, sizeof output);
    CHECK(strcmp(output, "CapAmb:\t0000000000000000\n") == 0);
    CHECK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0);
}

static void test_failures_are_told_and_leave_no_child(void) {
    spawned_child child;
    char *missing[] = {"/nowhere/program", NULL}, *shell[] = {"/bin/true", NULL};
    CHECK(spawn_child(missing, no_environment, "/", standard, 3, 0, SIGKILL, 0, NULL, &child) == -ENOENT);
    CHECK(spawn_child(shell, no_environment, "/nowhere", standard, 3, 0, SIGKILL, 0, NULL, &child) == -ENOENT);
    CHECK(spawn_child(shell, no_environment, "/", (int[]){999, 1, 2}, 3, 0, SIGKILL, 0, NULL, &child) == -EBADF);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    CHECK(spawn_child(shell, no_environment, "/", (int[]){null, 1, 2}, 3, 1, SIGKILL, 0, NULL, &child) == -ENOTTY);
    close(null);
    CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}

static void test_a_sandbox_is_entered_before_the_program_runs(void) {
    const sandbox_path system[] = {{"/", SANDBOX_READ}, {"/bin", SANDBOX_EXECUTE}, {"/lib", SANDBOX_EXECUTE}, {"/lib64", SANDBOX_EXECUTE}};
    sandbox_needs needs = {.paths = system, .paths_len = sizeof system / sizeof *system};
    char output[4096], *argv[] = {"/bin/sh", "-c",
                                  "while read name value; do case $name in NoNewPrivs:|Seccomp:) echo $name $value ;; esac; "
                                  "done </proc/self/status; echo >/dev/null || echo reader",
                                  NULL};
    int ends[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
    CHECK(pipe2(ends, O_CLOEXEC) == 0);
    spawned_child child;
    CHECK(spawn_child(argv, no_environment, "/", (int[]){null, ends[1], null}, 3, 0, SIGKILL, 0, &needs, &child) == 0);
    close(ends[1]);
    size_t got = 0;
    for (ssize_t n; (n = read(ends[0], output + got, sizeof output - 1 - got)) > 0;)
        got += (size_t)n;
    output[got] = 0;
    close(ends[0]);
    close(null);
    wait_for(child);
    sandbox_means means = sandbox_look();
    CHECK(strstr(output, "NoNewPrivs: 1\n") != NULL);
    CHECK((strstr(output, "Seccomp: 2\n") != NULL) == means.seccomp);
    CHECK((strstr(output, "reader\n") != NULL) == (means.landlock > 0));
    /* What it may not execute is told like every other failure. */
    if (means.landlock > 0) {
        needs.paths_len = 1;
        CHECK(spawn_child(argv, no_environment, "/", standard, 3, 0, SIGKILL, 0, &needs, &child) == -EACCES);
        CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
    }
}

static void test_the_child_dies_with_its_parent(void) {
    int ends[2];
    CHECK(pipe2(ends, O_CLOEXEC) == 0);
    pid_t parent = fork();
    CHECK(parent >= 0);
    if (parent == 0) {
        start("exec sleep 1000", ends[1], "/");
        _exit(0);
    }
    close(ends[1]);
    CHECK(waitpid(parent, NULL, 0) == parent);
    char byte;
    CHECK(read(ends[0], &byte, 1) == 0); /* the end of the pipe: nobody holds it any more */
    close(ends[0]);
}

int main(void) {
    test_environment_folder_and_descriptors();
    test_more_descriptors_come_in_their_order();
    test_session_and_signals();
    test_capabilities_of_a_users_server_stay_with_it();
    test_failures_are_told_and_leave_no_child();
    test_a_sandbox_is_entered_before_the_program_runs();
    test_the_child_dies_with_its_parent();
    puts("spawn_test: 6 passed");
    return 0;
}
