/* Core clock of STM32L4+. */
#ifndef CLOCK_L4_H
#define CLOCK_L4_H

#include "board.h"

/* Core and both APBs at 120 MHz, from the internal oscillator. Where that does not start, all stays at 4 MHz. */
struct board_clock start_clock(void);

#endif
