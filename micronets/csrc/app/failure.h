/* Where a network that cannot be set up says so. */
#ifndef FAILURE_H
#define FAILURE_H

#ifdef __cplusplus
extern "C"
{
#endif

    /* A piece of text for the log. */
    void host_log(const char *text);

    /* The end of a program whose network cannot be run. */
    void host_fail(void) __attribute__((noreturn));

#ifdef __cplusplus
}
#endif

#endif
