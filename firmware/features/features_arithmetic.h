/* What fixed-point features are made of: products of 32 and 16 bits, 64-bit products, square root and logarithm.
 *
 * The same numbers come out of Armv7E-M's instructions and of portable C. micronets/firmware/features/ has it all in
 * numpy, and works out the tables. */
#ifndef FEATURES_ARITHMETIC_H
#define FEATURES_ARITHMETIC_H

#include "micronets_dsp.h"

/* Entries hold a value in the lower half and the step to the next one in the upper half. */
extern const uint32_t mn_sqrt_table[96], mn_log2_table[64];

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

#else

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

#endif

/* Of a number that is not 0. */
MN_INLINE int32_t mn_leading_zeros(uint32_t word)
{
    return __builtin_clz(word);
}

/* floor(sqrt(x^2 + y^2)) but for 3.1e-5 of it; x^2 + y^2 below 2^62. */
MN_INLINE uint32_t mn_magnitude(int32_t x, int32_t y)
{
    const uint64_t power = (uint64_t)((int64_t)x * x) + (uint64_t)((int64_t)y * y);
    uint32_t high = (uint32_t)(power >> 32), low = (uint32_t)power;
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
    half_shift += up >> 1;
    /* Shifted in two steps, as up may be 0. */
    const uint32_t top = high << up | (low >> 1) >> (31 - up);
    const uint32_t entry = mn_sqrt_table[(top >> 25) - 32], place = top >> 10 & 0x7FFFU;
    return (((entry & 0xFFFFU) << 15) + (entry >> 16) * place) >> half_shift;
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
