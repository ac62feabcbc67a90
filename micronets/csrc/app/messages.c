#include "messages.h"

#include "board.h"

void send_char(char character)
{
    board_send((uint8_t)character);
}

void send_text(const char *text)
{
    while (*text)
    {
        send_char(*text++);
    }
}

void send_decimal(uint64_t value)
{
    char digits[20];
    uint32_t count = 0;
    do
    {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (count > 0)
    {
        send_char(digits[--count]);
    }
}

void send_hex(uint32_t value, uint32_t digits)
{
    for (uint32_t shift = digits * 4; shift > 0;)
    {
        shift -= 4;
        send_char("0123456789abcdef"[value >> shift & 0xf]);
    }
}
