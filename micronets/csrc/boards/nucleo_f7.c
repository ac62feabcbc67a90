/* NUCLEO-F746ZG and NUCLEO-F767ZI: STM32F746ZG (RM0385) and STM32F767ZI (RM0410) at 216 MHz; USART3 on PD8, PD9 leads
 * to the ST-LINK (UM1974). BOARD_NAME comes from the build.
 *
 * Code and constants are read over the AXI bus, through the core's caches; the flash's own accelerator (ART) serves the
 * other way to it, over the instruction TCM, from which the vectors are fetched. */
#include "board.h"
#include "cache_m7.h"
#include "clock_f4_f7.h"
#include "cycle_counter.h"
#include "gpio.h"
#include "usart.h"

enum
{
    RCC_AHB1ENR = 0x40023830,
    RCC_APB1ENR = 0x40023840,
    GPIOD = 0x40020c00,
    USART3 = 0x40004800
};
enum
{
    AHB1ENR_GPIOD = 1 << 3,
    APB1ENR_USART3 = 1 << 18,
    USART3_FUNCTION = 7
};

/* Prefetch, ART. */
static const struct pll_settings pll = {
    .hz = 216000000,
    .multiplier = 216,
    .usb_divider = 9,
    .flash_access = BOARD_FLASH_WAIT_STATES | 1 << 8 | 1 << 9,
};

const char board_name[] = BOARD_NAME;

static uint32_t apb1_hz;

void board_set_baud(uint32_t baud)
{
    start_usart(USART3, usart_divider(apb1_hz, baud));
}

struct board_clock board_start(void)
{
    start_caches();
    const struct board_clock clock = start_clock(&pll);
    apb1_hz = clock.hz == pll.hz ? pll.hz / 4 : clock.hz;
    set_bits(RCC_AHB1ENR, AHB1ENR_GPIOD);
    set_bits(RCC_APB1ENR, APB1ENR_USART3);
    (void)read_register(RCC_APB1ENR);
    give_pin(GPIOD, 8, USART3_FUNCTION);
    give_pin(GPIOD, 9, USART3_FUNCTION);
    board_set_baud(BOARD_BAUD);
    start_cycle_counter();
    return clock;
}
