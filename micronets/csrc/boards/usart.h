/* The serial ports of STM32, polled: 8 data bits, no parity, 1 stop bit. */
#ifndef USART_H
#define USART_H

#include <stdint.h>

/* Makes the board's functions of board.h talk to the port at `address`; again, to change its speed.
 * `divider`: value of its baud rate register, see the manuals' USART_BRR and LPUART_BRR. */
void start_usart(uint32_t address, uint32_t divider);

/* USART_BRR for sampling 16 times a bit: the port's clock over the baud rate, rounded. */
static inline uint32_t usart_divider(uint32_t clock_hz, uint32_t baud)
{
    return (clock_hz + baud / 2) / baud;
}

#endif
