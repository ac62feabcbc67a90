/* NUCLEO-L4R5ZI: STM32L4R5ZI at 120 MHz (RM0432); LPUART1 on PG7, PG8 leads to the ST-LINK (UM2179). */
#include "board.h"
#include "clock_l4.h"
#include "cycle_counter.h"
#include "gpio.h"
#include "usart.h"

enum
{
    RCC_AHB2ENR = 0x4002104c,
    RCC_APB1ENR2 = 0x4002105c,
    PWR_CR2 = 0x40007004,
    GPIOG = 0x48001800,
    LPUART1 = 0x40008000,
};
enum
{
    AHB2ENR_GPIOG = 1 << 6,
    APB1ENR2_LPUART1 = 1 << 0,
    CR2_IOSV = 1 << 9,
    LPUART1_FUNCTION = 8
};

const char board_name[] = "nucleo-l4r5zi";

static uint32_t core_hz;

/* LPUART_BRR: 256 times the clock over the baud rate. */
void board_set_baud(uint32_t baud)
{
    start_usart(LPUART1, (uint32_t)((256ull * core_hz + baud / 2) / baud));
}

struct board_clock board_start(void)
{
    const struct board_clock clock = start_clock();
    /* Port G from pin 2 up has a supply of its own, which has to be declared present. */
    set_bits(PWR_CR2, CR2_IOSV);
    set_bits(RCC_AHB2ENR, AHB2ENR_GPIOG);
    set_bits(RCC_APB1ENR2, APB1ENR2_LPUART1);
    (void)read_register(RCC_APB1ENR2);
    give_pin(GPIOG, 7, LPUART1_FUNCTION);
    give_pin(GPIOG, 8, LPUART1_FUNCTION);
    core_hz = clock.hz;
    board_set_baud(BOARD_BAUD);
    start_cycle_counter();
    return clock;
}
