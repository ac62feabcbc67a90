/* The cycle counter of Armv7-M's debug unit (DDI 0403, C1.8: DWT_CTRL, DWT_CYCCNT; C1.6.5: DEMCR). */
#include "cycle_counter.h"

#include "board.h"
#include "registers.h"

enum
{
    DEMCR = 0xe000edfc,
    DWT_CTRL = 0xe0001000,
    DWT_CYCCNT = 0xe0001004,
    DWT_LAR = 0xe0001fb0
};
enum
{
    DEMCR_TRCENA = 1 << 24,
    DWT_CTRL_CYCCNTENA = 1
};

/* CoreSight's lock (IHI 0029, B2.3.10): in place on Cortex-M7, ignored by Cortex-M4. */
#define UNLOCK 0xc5acce55u

void start_cycle_counter(void)
{
    set_bits(DEMCR, DEMCR_TRCENA);
    write_register(DWT_LAR, UNLOCK);
    write_register(DWT_CYCCNT, 0);
    set_bits(DWT_CTRL, DWT_CTRL_CYCCNTENA);
}

uint32_t board_cycles(void)
{
    return read_register(DWT_CYCCNT);
}
