#include "invoke.h"

/* Unlikely as data: every word that still holds it counts as untouched. */
#define PAINT 0xa5c35a3cu

/* From the build, where another function than an inference is looked at. */
#ifndef INVOKED
#define INVOKED "network_invoke"
#endif

/* Returns the stack pointer that the function starts with; paints from there down to `stack_start`. */
const uint32_t *invoke_painted(const uint32_t *stack_start, uint32_t paint);

__attribute__((naked, noinline)) const uint32_t *invoke_painted(
    __attribute__((unused)) const uint32_t *stack_start, __attribute__((unused)) uint32_t paint)
{
    /* clang-format off */
    __asm volatile("push {r4, lr}\n"
                   "mov r2, sp\n"
                   "1: cmp r2, r0\n"
                   "bls 2f\n"
                   "subs r2, #4\n"
                   "str r1, [r2]\n"
                   "b 1b\n"
                   "2: bl " INVOKED "\n"
                   ".global invoke_returned\n"
                   "invoke_returned:\n"
                   "mov r0, sp\n"
                   "pop {r4, pc}\n");
    /* clang-format on */
}

uint32_t invoke_and_measure_stack(const uint32_t *stack_start)
{
    const uint32_t *top = invoke_painted(stack_start, PAINT);
    const volatile uint32_t *word = stack_start;
    while (word < top && *word == PAINT)
    {
        word++;
    }
    return (uint32_t)(top - word) * sizeof *word;
}
