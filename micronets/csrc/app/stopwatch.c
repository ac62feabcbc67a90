#include "stopwatch.h"

#include "board.h"

static uint32_t cycles_per_us, counted, remainder;
static uint64_t microseconds;

void stopwatch_start(uint32_t hz)
{
    cycles_per_us = hz / 1000000;
    counted = board_cycles();
}

void stopwatch_advance(void)
{
    const uint32_t now = board_cycles(), passed = now - counted;
    counted = now;
    microseconds += passed / cycles_per_us;
    remainder += passed % cycles_per_us;
    if (remainder >= cycles_per_us)
    {
        remainder -= cycles_per_us;
        microseconds++;
    }
}

uint64_t elapsed_us(void)
{
    stopwatch_advance();
    return microseconds;
}

uint32_t cycles_of_ms(uint32_t milliseconds)
{
    return cycles_per_us * 1000 * milliseconds;
}
