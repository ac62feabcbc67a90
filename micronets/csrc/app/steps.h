/* Cycles of every step of network_invoke(), a layer or a fused pair of layers.
 *
 * The serial program compiles network.c with this file included first: the generated code then reports every step. */
#ifndef STEPS_H
#define STEPS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C"
{
#endif

#define NETWORK_AFTER_STEP(step) step_done(step)

    /* One more than there are steps, so that the array is never empty; from the build. */
    extern uint32_t step_cycles[STEP_COUNT + 1];

    /* What reporting a step itself adds to network_invoke(), in cycles. */
    uint32_t step_overhead_cycles(void);

    /* Runs network_invoke() once; returns its cycles, those of reporting the steps included. */
    uint32_t invoke_timed(void);

    void step_done(uint32_t step);

#ifdef __cplusplus
}
#endif

#endif
