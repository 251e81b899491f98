/* What Debian's User Mode Linux lacks on today's processors and kernels: preloaded, this adds it.

   It needs no header files: tcc alone makes it. */

typedef unsigned long size_t;
struct iovec { void *iov_base; size_t iov_len; };
struct timespec { long tv_sec, tv_nsec; };
struct itimerspec { struct timespec it_interval, it_value; };

extern void *dlsym(void *, const char *);
extern void *memcpy(void *, const void *, size_t);
extern int timer_settime(void *, int, const struct itimerspec *, struct itimerspec *);

#define RTLD_NEXT ((void *)-1L)
#define NT_X86_XSTATE 0x202
#define PTRACE_GETREGSET 0x4204
#define PTRACE_SETREGSET 0x4205

/* It keeps a process's floating point registers, as XSAVE has them, in 2696 bytes. The host's kernel
   gives as much as fits, but takes back nothing but the whole, which is 11008 bytes with AMX:
   EFAULT, and the first process dies. What does not fit belongs to features that no process there
   can ask for; it is given back as zeros, which is their state at the start. */
long ptrace(long request, long process, void *what, void *data)
{
    static long (*next)(long, long, void *, void *);
    static char whole[1 << 16];
    static size_t size;
    struct iovec *given = data;
    struct iovec all = { whole, sizeof whole };

    if (!next)
        next = dlsym(RTLD_NEXT, "ptrace");
    if (request != PTRACE_SETREGSET || (long)what != NT_X86_XSTATE)
        return next(request, process, what, data);
    if (!size) {
        if (next(PTRACE_GETREGSET, process, what, &all) < 0)
            return -1;
        size = all.iov_len;
        for (size_t at = 0; at < size; at++)
            whole[at] = 0;
    }
    if (given->iov_len >= size)
        return next(request, process, what, given);
    memcpy(whole, given->iov_base, given->iov_len);
    all.iov_len = size;
    return next(request, process, what, &all);
}

/* When it has nothing to do it asks how long its timer has to go, and sleeps until then. It happens
   that the timer has been used up and not set anew, and no signal of it is left: seen on Linux 6.18,
   once in some minutes. It asks again and again then, its processes sleep for ever, and it is taken
   for dead. So it gets an interrupt soon, by which it sees which timers of its own are over. */
int timer_gettime(void *timer, struct itimerspec *left)
{
    static int (*next)(void *, struct itimerspec *);
    int failed;

    if (!next)
        next = dlsym(RTLD_NEXT, "timer_gettime");
    failed = next(timer, left);
    if (!failed && !left->it_value.tv_sec && !left->it_value.tv_nsec) {
        left->it_value.tv_nsec = 1000000;
        timer_settime(timer, 0, left, 0);
    }
    return failed;
}
