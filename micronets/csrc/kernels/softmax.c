/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax to int8 with output scale 1/256: gemmlowp's fixed point, exponentials by table.
 *
 * The difference to the row's maximum waits in the output until the sum is known. Rounding twice, to Q0.31 and then by
 * `shift` bits, is rounding down once of the whole product with both halves added:
 * floor((floor((s * e + 2^30) / 2^31) + 2^(shift - 1)) / 2^shift) = floor((s * e + 2^30 + 2^(30 + shift)) / 2^(31 + shift)). */
#include "softmax.h"
#include "bytes.h"
#include "reciprocal.h"

enum
{
    SUM_BITS = 12,
    SHIFT_OF_NO_HEADROOM = SUM_BITS + 31 - 8,
    LONGEST_SHIFT = 31
};

#if MN_DSP

/* a - b of every pair of bytes, modulo 256: how far two signed bytes are apart, a the larger one. */
MN_INLINE uint32_t subtract_bytes(uint32_t a, uint32_t b)
{
    uint32_t differences;
    __asm("usub8 %0, %1, %2" : "=r"(differences) : "r"(a), "r"(b) : "cc");
    return differences;
}

/* The lesser of an int32 above zero and 255. */
MN_INLINE uint32_t at_most_255(uint32_t value)
{
    uint32_t result;
    __asm("usat %0, #8, %1" : "=r"(result) : "r"(value) : "cc");
    return result;
}

/* The exponentials of four differences: loads directly behind one another. */
MN_INLINE void look_up(const uint32_t *exponentials, uint32_t differences, uint32_t found[4])
{
    __asm("uxtb %0, %5\n\t"
          "uxtb %1, %5, ror #8\n\t"
          "uxtb %2, %5, ror #16\n\t"
          "uxtb %3, %5, ror #24\n\t"
          "ldr %0, [%4, %0, lsl #2]\n\t"
          "ldr %1, [%4, %1, lsl #2]\n\t"
          "ldr %2, [%4, %2, lsl #2]\n\t"
          "ldr %3, [%4, %3, lsl #2]\n\t"
          : "=&r"(found[0]), "=&r"(found[1]), "=&r"(found[2]), "=&r"(found[3])
          : "r"(exponentials), "r"(differences));
}

#else

MN_INLINE void look_up(const uint32_t *exponentials, uint32_t differences, uint32_t found[4])
{
    for (int32_t i = 0; i < 4; i++)
    {
        found[i] = exponentials[differences >> 8 * i & 0xFFU];
    }
}

MN_INLINE uint32_t at_most_255(uint32_t value)
{
    return value < 255 ? value : 255;
}

MN_INLINE uint32_t subtract_bytes(uint32_t a, uint32_t b)
{
    return ((a | 0x80808080U) - (b & 0x7F7F7F7FU)) ^ ((a ^ ~b) & 0x80808080U);
}

#endif

/* The smaller one of every pair of unsigned bytes. */
MN_INLINE uint32_t least_bytes(uint32_t a, uint32_t b)
{
    return a - mn_saturating_subtract_bytes(a, b);
}

MN_INLINE int32_t largest_of(const int8_t *input, const int8_t *whole, const int8_t *end)
{
    uint32_t most = mn_four_times(INT8_MIN);
    for (; input != whole; input += 4)
    {
        most = mn_max_bytes(most, mn_load_word(input));
    }
    most = mn_max_bytes(most, most >> 16);
    most = mn_max_bytes(most, most >> 8);
    int32_t largest = (int8_t)(most & 0xFFU);
    for (; input != end; input++)
    {
        largest = *input > largest ? *input : largest;
    }
    return largest;
}

/* Replaces the inputs up to `end`, which are whole words up to `whole`, by their differences to the largest one, as far
 * as the table goes; returns the sum of exponentials. */
MN_INLINE uint32_t sum_of(
    const uint32_t *exponentials, int32_t last, const int8_t *input, const int8_t *whole, const int8_t *end,
    int8_t *output)
{
    const int32_t largest = largest_of(input, whole, end);
    const uint32_t four_largest = mn_four_times(largest), four_last = mn_four_times(last);
    uint32_t sum = 0;
    for (; input != whole; input += 4, output += 4)
    {
        const uint32_t d = least_bytes(subtract_bytes(four_largest, mn_load_word(input)), four_last);
        mn_store_word(output, d);
        uint32_t e[4];
        look_up(exponentials, d, e);
        sum += e[0] >> SUM_BITS;
        sum += e[1] >> SUM_BITS;
        sum += e[2] >> SUM_BITS;
        sum += e[3] >> SUM_BITS;
    }
    for (; input != end; input++)
    {
        const int32_t difference = largest - *input, d = difference < last ? difference : last;
        *output++ = (int8_t)d;
        sum += exponentials[d] >> SUM_BITS;
    }
    return sum;
}

/* 2^31 / sum, the sum shifted up to [1, 2), in Q0.31; in a straight run, as mn_one_over_one_plus() is not. */
MN_INLINE uint32_t one_over(uint32_t shifted)
{
    const int32_t half = (int32_t)(shifted >> 1);
    int32_t x = mn_reciprocal_estimate(half);
    x = mn_reciprocal_step(half, x);
    x = mn_reciprocal_step(half, x);
    x = mn_reciprocal_step(half, x);
    return x < 1 << 30 ? 2 * (uint32_t)x : INT32_MAX;
}

MN_INLINE uint32_t share(uint32_t exponential, uint32_t scale, uint64_t halves, int32_t shift)
{
    return at_most_255((uint32_t)((halves + (uint64_t)scale * exponential) >> 32) >> shift);
}

void mn_softmax(const struct mn_softmax *p, const int8_t *input, int8_t *output)
{
    for (int32_t row = 0; row < p->rows; row++)
    {
        const uint32_t *const exponentials = p->exponentials;
        const int32_t channels = p->channels;
        const uint32_t sum = sum_of(exponentials, p->last, input, input + (channels & ~3), input + channels, output);
        input += channels;
        const int32_t headroom = mn_leading_zeros(sum), shift = SHIFT_OF_NO_HEADROOM - headroom;
        uint32_t scale = one_over(sum << headroom);
        uint64_t halves =
            ((uint64_t)(1U << ((shift - 2) & 31)) << 32) + (1U << 30) - ((uint64_t)scale << (SUM_BITS - 1));
        if (shift > LONGEST_SHIFT)
        {
            scale = 0;
            halves = 0;
        }
        const int32_t high_shift = (shift - 1) & 31;
        const int8_t *const end = output + channels;
        for (; end - output >= 4; output += 4)
        {
            uint32_t e[4];
            look_up(exponentials, mn_load_word(output), e);
            uint32_t shares = share(e[0], scale, halves, high_shift);
            shares |= share(e[1], scale, halves, high_shift) << 8;
            shares |= share(e[2], scale, halves, high_shift) << 16;
            shares |= share(e[3], scale, halves, high_shift) << 24;
            mn_store_word(output, shares ^ 0x80808080U);
        }
        for (; output != end; output++)
        {
            *output = (int8_t)(share(exponentials[(uint8_t)*output], scale, halves, high_shift) ^ 0x80U);
        }
    }
}
