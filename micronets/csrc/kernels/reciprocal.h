/* SPDX-License-Identifier: Apache-2.0 */
/* gemmlowp's fixed-point division and square root, and shifts that saturate. */
#ifndef MICRONETS_RECIPROCAL_H
#define MICRONETS_RECIPROCAL_H

#include "micronets_arithmetic.h"

/* value * 2^bits within int32; bits 0 to 31 */
static inline int32_t mn_saturating_left_shift(int32_t value, int32_t bits)
{
    const int64_t shifted = (int64_t)value * (1LL << bits);
    return shifted > INT32_MAX ? INT32_MAX : shifted < INT32_MIN ? INT32_MIN : (int32_t)shifted;
}

/* Of a value that is not zero. */
static inline int32_t mn_leading_zeros(uint32_t value)
{
    int32_t count = 0;
    while ((value & 0x80000000U) == 0)
    {
        value <<= 1;
        count++;
    }
    return count;
}

/* 1 / (1 + a) for a in [0, 1), Q0.31 to Q0.31: three Newton-Raphson steps in Q2.29 from 48/17 - 32/17 d. */
static inline int32_t mn_one_over_one_plus(int32_t a)
{
    const int32_t half_denominator = (int32_t)(((int64_t)a + INT32_MAX + 1) / 2);
    int32_t x = 1515870810 + mn_high_multiply(half_denominator, -1010580540);
    for (int32_t i = 0; i < 3; i++)
    {
        const int32_t residue = (1 << 29) - mn_high_multiply(half_denominator, x);
        x += mn_saturating_left_shift(mn_high_multiply(x, residue), 2);
    }
    return mn_saturating_left_shift(x, 1);
}

#endif
