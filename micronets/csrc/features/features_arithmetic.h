/* SPDX-License-Identifier: Apache-2.0 */
/* What fixed-point features are made of: products of 32 and 16 bits, 64-bit products, square root and logarithm.
 *
 * The same numbers come out of Armv7E-M's instructions and of portable C. micronets/device_features/sound/ has it all in
 * numpy, and works out the tables. */
#ifndef FEATURES_ARITHMETIC_H
#define FEATURES_ARITHMETIC_H

#include "micronets_dsp.h"
#include "mn_features_tables.h"

MN_INLINE void mn_store_pair(int16_t *at, uint32_t lanes)
{
    *(mn_unaligned_word *)(void *)at = lanes;
}

#if MN_DSP

/* a times b's low lane, upper 32 of 48 bits; and times b's high lane. */
MN_INLINE int32_t mn_upper_low(int32_t a, uint32_t b)
{
    int32_t result;
    __asm("smulwb %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

MN_INLINE int32_t mn_upper_high(int32_t a, uint32_t b)
{
    int32_t result;
    __asm("smulwt %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

/* The same added to acc. */
MN_INLINE int32_t mn_upper_low_mac(int32_t a, uint32_t b, int32_t acc)
{
    int32_t sum;
    __asm("smlawb %0, %1, %2, %3" : "=r"(sum) : "r"(a), "r"(b), "r"(acc));
    return sum;
}

MN_INLINE int32_t mn_upper_high_mac(int32_t a, uint32_t b, int32_t acc)
{
    int32_t sum;
    __asm("smlawt %0, %1, %2, %3" : "=r"(sum) : "r"(a), "r"(b), "r"(acc));
    return sum;
}

/* a times b, 64 bits, added to acc. */
MN_INLINE uint64_t mn_wide_mac(uint32_t a, uint32_t b, uint64_t acc)
{
    __asm("umlal %Q0, %R0, %1, %2" : "+r"(acc) : "r"(a), "r"(b));
    return acc;
}

/* The larger one of each pair of lanes; and the smaller one. */
MN_INLINE uint32_t mn_max_halves(uint32_t a, uint32_t b)
{
    uint32_t larger;
    __asm("ssub16 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(larger) : "r"(a), "r"(b) : "cc");
    return larger;
}

MN_INLINE uint32_t mn_min_halves(uint32_t a, uint32_t b)
{
    uint32_t smaller;
    __asm("ssub16 %0, %1, %2\n\tsel %0, %2, %1" : "=&r"(smaller) : "r"(a), "r"(b) : "cc");
    return smaller;
}

/* To 16 bits, saturated. */
MN_INLINE int16_t mn_saturate_half(int32_t value)
{
    int32_t result;
    __asm("ssat %0, #16, %1" : "=r"(result) : "r"(value) : "cc");
    return (int16_t)result;
}

#else

MN_INLINE int16_t mn_saturate_half(int32_t value)
{
    return (int16_t)(value < INT16_MIN ? INT16_MIN : value > INT16_MAX ? INT16_MAX : value);
}

MN_INLINE int32_t mn_upper_low(int32_t a, uint32_t b)
{
    return (int32_t)(((int64_t)a * mn_low(b)) >> 16);
}

MN_INLINE int32_t mn_upper_high(int32_t a, uint32_t b)
{
    return (int32_t)(((int64_t)a * mn_high(b)) >> 16);
}

MN_INLINE int32_t mn_upper_low_mac(int32_t a, uint32_t b, int32_t acc)
{
    return acc + mn_upper_low(a, b);
}

MN_INLINE int32_t mn_upper_high_mac(int32_t a, uint32_t b, int32_t acc)
{
    return acc + mn_upper_high(a, b);
}

MN_INLINE uint64_t mn_wide_mac(uint32_t a, uint32_t b, uint64_t acc)
{
    return acc + (uint64_t)a * b;
}

MN_INLINE uint32_t mn_max_halves(uint32_t a, uint32_t b)
{
    return mn_pair(mn_low(a) > mn_low(b) ? mn_low(a) : mn_low(b), mn_high(a) > mn_high(b) ? mn_high(a) : mn_high(b));
}

MN_INLINE uint32_t mn_min_halves(uint32_t a, uint32_t b)
{
    return mn_pair(mn_low(a) < mn_low(b) ? mn_low(a) : mn_low(b), mn_high(a) < mn_high(b) ? mn_high(a) : mn_high(b));
}

#endif

/* Of a number that is not 0. */
MN_INLINE int32_t mn_leading_zeros(uint32_t word)
{
    return __builtin_clz(word);
}

MN_INLINE uint64_t mn_power(int32_t x, int32_t y)
{
    return (uint64_t)((int64_t)x * x + (int64_t)y * y);
}

/* The square root of a number below 2^62, rounded down; wrong by 3.1e-5 of it at most, and by 1. */
MN_INLINE uint32_t mn_square_root(uint64_t value)
{
    uint32_t high = (uint32_t)(value >> 32), low = (uint32_t)value;
    int32_t half_shift = -1;
    if (high == 0)
    {
        if (low == 0)
        {
            return 0;
        }
        high = low;
        low = 0;
        half_shift = 15;
    }
    const int32_t up = mn_leading_zeros(high) & ~1;
    /* Shifted in two steps, as up may be 0. */
    const uint32_t top = high << up | (low >> 1) >> (31 - up);
    const uint32_t entry = mn_sqrt_table[(top >> 25) - 32], place = top >> 10 & 0x7FFFU;
    return (entry + (entry & 0x7FFU) * place) >> (half_shift + (up >> 1));
}

/* Binary logarithm of a number that is not 0, Q16; wrong by 4.5e-5 at most. */
MN_INLINE int32_t mn_log2(uint64_t value)
{
    uint32_t high = (uint32_t)(value >> 32), low = (uint32_t)value;
    int32_t exponent = 63;
    if (high == 0)
    {
        high = low;
        low = 0;
        exponent = 31;
    }
    const int32_t up = mn_leading_zeros(high);
    const uint32_t top = high << up | (low >> 1) >> (31 - up);
    const uint32_t entry = mn_log2_table[top >> 25 & 63], place = top >> 9 & 0xFFFFU;
    return ((exponent - up) << 16) + (int32_t)((entry & 0xFFFFU) + ((entry >> 16) * place >> 16));
}

#endif
