/* USART of STM32F4 (RM0390 and RM0090, chapter "Universal synchronous asynchronous receiver transmitter", registers
 * USART_SR, USART_DR, USART_BRR, USART_CR1). */
#include "board.h"
#include "registers.h"
#include "usart.h"

enum
{
    SR = 0x00,
    DR = 0x04,
    BRR = 0x08,
    CR1 = 0x0c
};
enum
{
    SR_RXNE = 1 << 5,
    SR_TC = 1 << 6,
    SR_TXE = 1 << 7
};
enum
{
    CR1_RE = 1 << 2,
    CR1_TE = 1 << 3,
    CR1_UE = 1 << 13
};

static uint32_t port;

void start_usart(uint32_t address, uint32_t divider)
{
    port = address;
    write_register(port + CR1, 0); /* the divider is only set while the port is off */
    write_register(port + BRR, divider);
    write_register(port + CR1, CR1_UE | CR1_TE | CR1_RE);
}

int32_t board_receive(void)
{
    /* Reading the status and then the data also clears an overrun. */
    return read_register(port + SR) & SR_RXNE ? (int32_t)(read_register(port + DR) & 0xffu) : -1;
}

void board_send(uint8_t byte)
{
    while (!(read_register(port + SR) & SR_TXE))
    {
    }
    write_register(port + DR, byte);
}

void board_flush(void)
{
    while (!(read_register(port + SR) & SR_TC))
    {
    }
}
