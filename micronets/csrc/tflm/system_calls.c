/* SPDX-License-Identifier: Apache-2.0 */
/* What the C library asks an operating system for, where there is none: TFLM allocates nothing outside its arena, and
 * its log has a way of its own. */
#include <errno.h>
#include <stddef.h>

#include "failure.h"

struct stat;

void *__dso_handle;

/* Static objects live as long as the program. */
int __aeabi_atexit(void *object, void (*destroy)(void *), void *handle)
{
    (void)object;
    (void)destroy;
    (void)handle;
    return 0;
}

__attribute__((noreturn)) void abort(void)
{
    host_log("abort() was called\n");
    host_fail();
}

__attribute__((noreturn)) void _exit(int status)
{
    (void)status;
    host_fail();
}

void *_sbrk(ptrdiff_t bytes)
{
    (void)bytes;
    errno = ENOMEM;
    return (void *)-1;
}

static int refuse(void)
{
    errno = ENOSYS;
    return -1;
}

int _close(int file)
{
    (void)file;
    return refuse();
}

int _fstat(int file, struct stat *status)
{
    (void)file;
    (void)status;
    return refuse();
}

int _getpid(void)
{
    return 1;
}

int _isatty(int file)
{
    (void)file;
    return 0;
}

int _kill(int process, int signal)
{
    (void)process;
    (void)signal;
    return refuse();
}

int _lseek(int file, int offset, int origin)
{
    (void)file;
    (void)offset;
    (void)origin;
    return refuse();
}

int _read(int file, char *buffer, int bytes)
{
    (void)file;
    (void)buffer;
    (void)bytes;
    return refuse();
}

int _write(int file, const char *buffer, int bytes)
{
    (void)file;
    (void)buffer;
    (void)bytes;
    return refuse();
}
