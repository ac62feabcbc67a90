/* SPDX-License-Identifier: Apache-2.0 */
/* Logistic and tanh of int16 in Q3.12, from the reference's table of 256 values (sigmoid_int16.py) and between them. */
#ifndef MICRONETS_SIGMOID_INT16_H
#define MICRONETS_SIGMOID_INT16_H

#include "micronets_dsp.h"

enum
{
    MN_SIGMOID_LAST = 255
};

/* value * multiplier / 2^shift, which is 3 / 4 of the value where both say nothing else */
MN_INLINE int32_t mn_sigmoid_input(int32_t value, int32_t multiplier, int32_t shift)
{
    const int32_t half = shift > 0 ? 1 << (shift - 1) : 0;
    return mn_wrap_add((int32_t)((uint32_t)value * (uint32_t)multiplier), half) >> shift;
}

MN_INLINE uint32_t mn_magnitude(int32_t value)
{
    return value < 0 ? 0U - (uint32_t)value : (uint32_t)value;
}

/* Q0.15 of the logistic function. */
MN_INLINE int32_t mn_logistic_int16(const uint16_t *table, int32_t value, int32_t multiplier, int32_t shift)
{
    const int32_t x = mn_sigmoid_input(value, multiplier, shift);
    const uint32_t magnitude = mn_magnitude(x), place = magnitude >> 9;
    uint32_t result = 0x7FFFU << 10;
    if (place < MN_SIGMOID_LAST)
    {
        const uint32_t a = table[place], b = table[place + 1];
        result = (a << 9) + (magnitude & 0x1FFU) * (b - a);
    }
    result = x >= 0 ? result + (1U << 9) : (1U << 25) - result + (1U << 9) - 1U;
    return (int16_t)(result >> 10);
}

/* Q0.15 of tanh. */
MN_INLINE int32_t mn_tanh_int16(const uint16_t *table, int32_t value, int32_t multiplier, int32_t shift)
{
    const int32_t x = mn_sigmoid_input(value, multiplier, shift);
    const uint32_t magnitude = mn_magnitude(x), place = magnitude >> 8;
    int32_t result = 0xFFFF << 8;
    if (place < MN_SIGMOID_LAST)
    {
        const int32_t a = table[place], b = table[place + 1];
        result = (a << 8) + (int32_t)(magnitude & 0xFFU) * (b - a);
    }
    result = x >= 0 ? result - (1 << 23) + (1 << 7) : -result + (1 << 23) + (1 << 7) - 1;
    return (int16_t)(result >> 8);
}

#endif
