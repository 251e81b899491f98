/*
 * Preloaded into xl, so that `xl create -n` reads a VM's file on a computer without Xen: the
 * hypervisor and the xenstore seem to be there, and XL_CONF is read in place of /etc/xen/xl.conf.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static const char *instead_of(const char *path) {
    const char *conf = getenv("XL_CONF");
    if (!strncmp(path, "/dev/xen/", 9) || !strncmp(path, "/proc/xen/", 10))
        return "/dev/null";
    if (conf && !strcmp(path, "/etc/xen/xl.conf"))
        return conf;
    return path;
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = (flags & O_CREAT) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return NEXT(open)(instead_of(path), flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = (flags & O_CREAT) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return NEXT(open64)(instead_of(path), flags, mode);
}

FILE *fopen(const char *path, const char *mode) { return NEXT(fopen)(instead_of(path), mode); }

FILE *fopen64(const char *path, const char *mode) { return NEXT(fopen64)(instead_of(path), mode); }

int access(const char *path, int mode) { return NEXT(access)(instead_of(path), mode); }

int stat(const char *path, struct stat *found) { return NEXT(stat)(instead_of(path), found); }

/* libxenctrl's questions to the hypervisor. What they fill in, the caller has cleared: all zero. */
int xc_physinfo(void *xc, void *info) {
    (void)xc, (void)info;
    return 0;
}

int xc_get_max_cpus(void *xc) {
    (void)xc;
    return 128;
}

int xc_get_max_nodes(void *xc) {
    (void)xc;
    return 1;
}

int xc_version(void *xc, int command, void *answer) {
    (void)xc, (void)command, (void)answer;
    return 0;
}

long xc_sharing_freed_pages(void *xc) {
    (void)xc;
    return 0;
}

long xc_sharing_used_frames(void *xc) {
    (void)xc;
    return 0;
}
