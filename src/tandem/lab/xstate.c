/* User Mode Linux on processors with AMX: preloaded, it makes up for a buffer that is too small.

   Debian's kernel of User Mode Linux keeps a process's floating point registers, as XSAVE has them,
   in 2696 bytes. The host's kernel gives as much as fits, but takes back nothing but the whole,
   which is 11008 bytes with AMX: EFAULT, and the first process dies. What does not fit belongs to
   features that no process there can ask for; it is given back as zeros, their state at the start.

   It needs no header files: tcc alone makes it. */

typedef unsigned long size_t;
struct iovec { void *iov_base; size_t iov_len; };

extern void *dlsym(void *, const char *);
extern void *memcpy(void *, const void *, size_t);

#define RTLD_NEXT ((void *)-1L)
#define NT_X86_XSTATE 0x202
#define PTRACE_GETREGSET 0x4204
#define PTRACE_SETREGSET 0x4205

static long (*next)(long, long, void *, void *);
static char whole[1 << 16];
static size_t size;

long ptrace(long request, long process, void *what, void *data)
{
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
