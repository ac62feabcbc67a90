/* QEMU's netduinoplus2: an STM32F405 (RM0090) of which there are memories, USART and timers, but neither clock control
 * nor flash interface, nor a cycle counter. TIM2 takes its place: undivided, it counts nanoseconds of virtual time, and
 * with the emulator's `-icount shift=0` an instruction takes one. */
#include "board.h"
#include "registers.h"
#include "usart.h"

enum
{
    TIM2_CNT = 0x40000024,
    USART1 = 0x40011000,
    VIRTUAL_HZ = 1000000000
};

const char board_name[] = "netduinoplus2";

void board_set_baud(uint32_t baud)
{
    (void)baud;
    start_usart(USART1, 16); /* bits have no duration there */
}

struct board_clock board_start(void)
{
    board_set_baud(BOARD_BAUD);
    return (struct board_clock){VIRTUAL_HZ, CLOCK_EXTERNAL};
}

uint32_t board_cycles(void)
{
    return read_register(TIM2_CNT);
}
