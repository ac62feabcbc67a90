/* Pins of STM32F4, F7 and L4+ (RM0390 chapter 7, RM0385 and RM0410 chapter 6, RM0432 chapter "General-purpose I/Os";
 * registers GPIOx_MODER, GPIOx_AFRL, GPIOx_AFRH). */
#ifndef GPIO_H
#define GPIO_H

#include "registers.h"

enum
{
    GPIO_MODER = 0x00,
    GPIO_AFRL = 0x20
};

/* Gives a pin of the port at `port` to the peripheral of alternate function `function`. */
static inline void give_pin(uint32_t port, uint32_t pin, uint32_t function)
{
    set_field(port + GPIO_AFRL + pin / 8 * 4, 0xfu << pin % 8 * 4, function << pin % 8 * 4);
    set_field(port + GPIO_MODER, 3u << pin * 2, 2u << pin * 2);
}

#endif
