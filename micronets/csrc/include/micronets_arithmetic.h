/* SPDX-License-Identifier: Apache-2.0 */
/* TensorFlow Lite Micro's reference integer arithmetic (gemmlowp's double rounding). */
#ifndef MICRONETS_ARITHMETIC_H
#define MICRONETS_ARITHMETIC_H

#include <stdint.h>

/* round(a * b / 2^31), halves upwards; a and b not both INT32_MIN */
static inline int32_t mn_high_multiply(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + (1LL << 30)) >> 31);
}

/* mn_rounding_shift: value / 2^exponent, halves away from zero; exponent 0 to 31.
 * mn_multiply_quantised: value * multiplier * 2^(shift - 31), rounded twice; a left shift wraps as int32. */
#if defined(__ARM_FEATURE_MVE) /* which has shifts of 64 bits */
static inline int32_t mn_rounding_shift(int32_t value, int32_t exponent)
{
    if (exponent == 0)
    {
        return value;
    }
    const int64_t half = (1LL << (exponent - 1)) - (value < 0);
    return (int32_t)((value + half) >> exponent);
}

static inline int32_t mn_multiply_quantised(int32_t value, int32_t multiplier, int32_t shift)
{
    const int32_t left = shift > 0 ? shift : 0;
    const int32_t right = shift > 0 ? 0 : -shift;
    return mn_rounding_shift(mn_high_multiply((int32_t)((uint32_t)value << left), multiplier), right);
}
#else
static inline int32_t mn_rounding_shift(int32_t value, int32_t exponent)
{
    const uint32_t mask = (1U << exponent) - 1U, sign = (uint32_t)value >> 31;
    return (value >> exponent) + (((uint32_t)value & mask) > (mask >> 1) + sign);
}

/* Without a branch: the way that is seldom taken would have code of its own. */
static inline int32_t mn_multiply_quantised(int32_t value, int32_t multiplier, int32_t shift)
{
    const int32_t left = shift & ~(shift >> 31);
    return mn_rounding_shift(mn_high_multiply((int32_t)((uint32_t)value << left), multiplier), left - shift);
}
#endif

static inline int32_t mn_clamp(int32_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* A sum that wraps, for where the reference may overflow. */
static inline int32_t mn_wrapping_add(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

#endif
