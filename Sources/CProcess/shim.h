#pragma once

// Starting a program that cannot outlive this one: what posix_spawn has no means for.

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

int pipe2(int descriptors[2], int flags);

// What a file is and whose, or -1 with errno. Swift sees struct stat by one module or another, as the build may be.
static inline int godwit_file_status(const char *path, int follows_links, uint32_t *mode, uint32_t *owner) {
    struct stat status;
    if ((follows_links ? stat(path, &status) : lstat(path, &status)) != 0) return -1;
    *mode = status.st_mode;
    *owner = status.st_uid;
    return 0;
}

// In the child: reports why the program could not be started, and ends.
static inline void godwit_child_failed(int report) {
    int code = errno;
    (void)!write(report, &code, sizeof code);
    _exit(127);
}

// Starts a program in a process group of its own, with nothing open but its standard streams: input from /dev/null,
// output and error as given. It is killed when the thread that called this ends, and so when this process does.
//
// `report` is the writing end of a pipe that closes on exec: errno arrives in it when the program cannot be started.
// Returns the process's id, or -1 with errno. Between fork and exec only what is safe in a signal handler is called.
static inline pid_t godwit_spawn(
    const char *path, char *const arguments[], char *const environment[], int output, int error, int report) {
    pid_t parent = getpid();
    pid_t child = fork();
    if (child != 0) {
        // Both sides do it, so that whoever is first can rely on it.
        if (child > 0) (void)setpgid(child, child);
        return child;
    }
    (void)setpgid(0, 0);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) godwit_child_failed(report);
    // The parent may have ended before the line above.
    if (getppid() != parent) _exit(127);
    for (int number = 1; number < 65; number++) (void)signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, 0);
    int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, 0) < 0) godwit_child_failed(report);
    // Above the standard streams first: what is given may stand in the place of another.
    int out = fcntl(output, F_DUPFD, 10), err = fcntl(error, F_DUPFD, 10), told = fcntl(report, F_DUPFD_CLOEXEC, 10);
    if (out < 0 || err < 0 || told < 0) godwit_child_failed(report);
    if (dup2(out, 1) < 0 || dup2(err, 2) < 0) godwit_child_failed(told);
    if (dup2(told, 3) < 0 || fcntl(3, F_SETFD, FD_CLOEXEC) < 0) godwit_child_failed(told);
    // close_range; a kernel without it has what is open marked to be closed by whoever opened it.
    (void)syscall(436, 4u, ~0u, 0u);
    execve(path, arguments, environment);
    godwit_child_failed(3);
    return -1;
}

// A descriptor that becomes readable when the process ends; -1 with errno.
static inline int godwit_pidfd(pid_t process) { return (int)syscall(434, process, 0u); }

// Waits until a process has ended, without taking leave of it: its number stays its own.
static inline void godwit_await_end(pid_t process) {
    siginfo_t info;
    while (waitid(P_PID, (id_t)process, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) {}
}

// Takes leave of a process that has ended: its exit code, or minus the signal that ended it; 256 when there is none.
static inline int godwit_reap(pid_t process) {
    int status = 0;
    while (waitpid(process, &status, 0) < 0) {
        if (errno != EINTR) return 256;
    }
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}
