/* How the benchmark program talks to whoever runs it by semihosting. The serial program shares the fault record. */
#ifndef HOST_H
#define HOST_H

#include <stdint.h>

/* What the processor knew when it faulted; the order is the layout of the record the host reads. */
struct fault_record
{
    uint32_t magic; /* FAULT_MAGIC */
    uint32_t inference;
    uint32_t r[13];
    uint32_t sp, lr, pc, psr;
    uint32_t frame_valid; /* 0: the stack pointer was outside the RAM, so r0-r3, r12, lr, pc, psr are unknown */
    uint32_t exception, exc_return, cfsr, hfsr, mmfar, bfar;
    uint32_t step; /* of network_invoke(), 0xffffffff where nobody follows them */
};

/* What a complete run reports; written last, so its absence means that the run did not end. */
struct run_record
{
    uint32_t magic; /* RUN_MAGIC */
    uint32_t inferences;
    uint32_t stack_bytes; /* deepest stack of one network_invoke() */
};

#define FAULT_MAGIC 0x544c4146u /* "FALT" */
#define RUN_MAGIC 0x454e4f44u   /* "DONE" */

/* Gets ready; called once. Does not return when there is no host. */
void host_open(void);

/* Fills `input` with the next `bytes` bytes of test input. 0 when there is none left. */
int host_read_input(void *input, uint32_t bytes);

/* Hands over one output of `bytes` bytes. */
void host_write_output(const void *output, uint32_t bytes);

/* The last word of a complete run. */
_Noreturn void host_finish(const struct run_record *record);

/* The last word after a fault. */
_Noreturn void host_fault(const struct fault_record *record);

#endif
