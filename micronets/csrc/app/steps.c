#include "steps.h"

#include "board.h"
#include "fault.h"
#include "network.h"

uint32_t step_cycles[STEP_COUNT + 1];

static uint32_t step_begin;

/* The counter is read again at the end, so that a step is charged little of what reporting the one before it took. */
__attribute__((noinline)) void step_done(uint32_t step)
{
    const uint32_t now = board_cycles();
    if (step < STEP_COUNT)
    {
        step_cycles[step] = now - step_begin;
    }
    current_step = step + 1;
    step_begin = board_cycles();
}

uint32_t step_overhead_cycles(void)
{
    const uint32_t begin = board_cycles();
    step_done(STEP_COUNT);
    const uint32_t once = board_cycles();
    step_done(STEP_COUNT);
    step_done(STEP_COUNT);
    const uint32_t twice = board_cycles();
    current_step = NO_STEP;
    return (twice - once) - (once - begin);
}

uint32_t invoke_timed(void)
{
    current_step = 0;
    const uint32_t begin = board_cycles();
    step_begin = begin;
    network_invoke();
    const uint32_t cycles = board_cycles() - begin;
    current_step = NO_STEP;
    return cycles;
}
