/* USART of STM32F7 and LPUART of STM32L4+ (RM0385, RM0410 and RM0432, chapters "Universal synchronous/asynchronous
 * receiver transmitter" and "Low-power universal asynchronous receiver transmitter"; registers CR1, BRR, ISR, ICR, RDR,
 * TDR lie at the same places in both). */
#include "board.h"
#include "registers.h"
#include "usart.h"

enum
{
    CR1 = 0x00,
    BRR = 0x0c,
    ISR = 0x1c,
    ICR = 0x20,
    RDR = 0x24,
    TDR = 0x28
};
enum
{
    CR1_UE = 1 << 0,
    CR1_RE = 1 << 2,
    CR1_TE = 1 << 3
};
enum
{
    ISR_ORE = 1 << 3,
    ISR_RXNE = 1 << 5,
    ISR_TC = 1 << 6,
    ISR_TXE = 1 << 7,
    ICR_ORECF = 1 << 3
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
    const uint32_t status = read_register(port + ISR);
    if (status & ISR_ORE)
    {
        write_register(port + ICR, ICR_ORECF); /* nothing more is received before an overrun is cleared */
    }
    return status & ISR_RXNE ? (int32_t)(read_register(port + RDR) & 0xffu) : -1;
}

void board_send(uint8_t byte)
{
    while (!(read_register(port + ISR) & ISR_TXE))
    {
    }
    write_register(port + TDR, byte);
}

void board_flush(void)
{
    while (!(read_register(port + ISR) & ISR_TC))
    {
    }
}
