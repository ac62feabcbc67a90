/* SPDX-License-Identifier: Apache-2.0 */
/* gemmlowp's fixed-point division and square root, and shifts that saturate. */
#ifndef MICRONETS_RECIPROCAL_H
#define MICRONETS_RECIPROCAL_H

#include "micronets_arithmetic.h"
#include "micronets_dsp.h"

/* value * 2^bits within int32; bits 0 to 31 */
static inline int32_t mn_saturating_left_shift(int32_t value, int32_t bits)
{
    const int64_t shifted = (int64_t)value * (1LL << bits);
    return shifted > INT32_MAX ? INT32_MAX : shifted < INT32_MIN ? INT32_MIN : (int32_t)shifted;
}

/* Of a value that is not zero. */
static inline int32_t mn_leading_zeros(uint32_t value)
{
#ifdef __ARM_FEATURE_CLZ
    return __builtin_clz(value);
#else
    int32_t count = 0;
    while ((value & 0x80000000U) == 0)
    {
        value <<= 1;
        count++;
    }
    return count;
#endif
}

/* A Newton-Raphson step towards 1 / d, Q2.29. */
static inline __attribute__((always_inline)) int32_t mn_reciprocal_step(int32_t half_denominator, int32_t x)
{
    const int32_t residue = (1 << 29) - mn_high_mac(half_denominator, 2 * x, 0);
    return x + mn_high_mac(x, 2 * residue, 0) * 4;
}

/* Where the steps begin. */
static inline __attribute__((always_inline)) int32_t mn_reciprocal_estimate(int32_t half_denominator)
{
    return mn_high_mac(half_denominator, 2 * -1010580540, 1515870810);
}

/* 1 / (1 + a) for a in [0, 1), Q0.31 to Q0.31: three Newton-Raphson steps in Q2.29 from 48/17 - 32/17 d. Residues are at
 * most 1/17, and no estimate that a step begins from reaches 2: nothing saturates as in gemmlowp it may, and products
 * rounded at bit 31 are those of the double, rounded at bit 32. */
static inline int32_t mn_one_over_one_plus(int32_t a)
{
    const int32_t half_denominator = (int32_t)(((uint32_t)a + 0x80000000U) >> 1);
    int32_t x = mn_reciprocal_estimate(half_denominator);
    for (int32_t i = 0; i < 3; i++)
    {
        x = mn_reciprocal_step(half_denominator, x);
    }
    return x < 1 << 30 ? 2 * x : INT32_MAX;
}

#endif
