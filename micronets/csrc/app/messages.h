/* Pieces of text to the serial port. */
#ifndef MESSAGES_H
#define MESSAGES_H

#include <stdint.h>

void send_char(char character);
void send_text(const char *text);
void send_decimal(uint64_t value);
void send_hex(uint32_t value, uint32_t digits);

#endif
