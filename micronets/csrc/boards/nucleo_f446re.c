/* NUCLEO-F446RE: STM32F446RE at 180 MHz (RM0390); USART2 on PA2, PA3 leads to the ST-LINK (UM1724). */
#include "board.h"
#include "clock_f4_f7.h"
#include "cycle_counter.h"
#include "gpio.h"
#include "usart.h"

enum
{
    RCC_AHB1ENR = 0x40023830,
    RCC_APB1ENR = 0x40023840,
    GPIOA = 0x40020000,
    USART2 = 0x40004400
};
enum
{
    AHB1ENR_GPIOA = 1 << 0,
    APB1ENR_USART2 = 1 << 17,
    USART2_FUNCTION = 7
};

/* ART: prefetch, instruction and data cache. */
static const struct pll_settings pll = {
    .hz = 180000000,
    .multiplier = 180,
    .usb_divider = 8,
    .flash_access = BOARD_FLASH_WAIT_STATES | 1 << 8 | 1 << 9 | 1 << 10,
};

const char board_name[] = "nucleo-f446re";

static uint32_t apb1_hz;

void board_set_baud(uint32_t baud)
{
    start_usart(USART2, usart_divider(apb1_hz, baud));
}

struct board_clock board_start(void)
{
    const struct board_clock clock = start_clock(&pll);
    apb1_hz = clock.hz == pll.hz ? pll.hz / 4 : clock.hz;
    set_bits(RCC_AHB1ENR, AHB1ENR_GPIOA);
    set_bits(RCC_APB1ENR, APB1ENR_USART2);
    (void)read_register(RCC_APB1ENR);
    give_pin(GPIOA, 2, USART2_FUNCTION);
    give_pin(GPIOA, 3, USART2_FUNCTION);
    board_set_baud(BOARD_BAUD);
    start_cycle_counter();
    return clock;
}
