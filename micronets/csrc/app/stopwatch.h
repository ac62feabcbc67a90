/* Time since the start, from the wrapping cycle counter. */
#ifndef STOPWATCH_H
#define STOPWATCH_H

#include <stdint.h>

/* `hz`: a whole number of MHz, the frequency of board_cycles(). */
void stopwatch_start(uint32_t hz);

/* Has to be called more often than the counter wraps (20 s at 216 MHz). */
void stopwatch_advance(void);

uint64_t elapsed_us(void);

/* Cycles of `milliseconds`, at most 4 s at 1 GHz. */
uint32_t cycles_of_ms(uint32_t milliseconds);

#endif
