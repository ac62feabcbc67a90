/* Core clock of STM32F446 and STM32F7 above 168 MHz. */
#ifndef CLOCK_F4_F7_H
#define CLOCK_F4_F7_H

#include "board.h"

struct pll_settings
{
    uint32_t hz;           /* of the core: 2 MHz x multiplier / 2 */
    uint32_t multiplier;   /* N, 50 to 432 */
    uint32_t usb_divider;  /* Q; its output is not used, but 2 to 15 is all that it allows */
    uint32_t flash_access; /* FLASH_ACR: wait states, prefetch, caches */
};

/* Core at settings->hz, APB2 at half, APB1 at a quarter of it. Where the PLL or the overdrive does not start, everything
 * stays at the 16 MHz of the internal oscillator. */
struct board_clock start_clock(const struct pll_settings *settings);

#endif
