/* What every board does for the serial program. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

enum clock_source
{
    CLOCK_EXTERNAL = 0,
    CLOCK_INTERNAL = 1
};

struct board_clock
{
    uint32_t hz;     /* of board_cycles(); the named frequency, or that after reset where the clocks did not start */
    uint32_t source; /* enum clock_source: a quartz, or an oscillator on the chip, about 1 % off */
};

extern const char board_name[];

/* Starts clocks, flash accelerator, caches, serial port and cycle counter. */
struct board_clock board_start(void);

/* Counts the core's clock; wraps. */
uint32_t board_cycles(void);

/* The next byte received, or -1. */
int32_t board_receive(void);

void board_send(uint8_t byte);

/* Changes the speed of the serial port, which starts at BOARD_BAUD. */
void board_set_baud(uint32_t baud);

/* Returns when everything sent has left the port. */
void board_flush(void);

#endif
