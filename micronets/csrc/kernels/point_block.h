/* SPDX-License-Identifier: Apache-2.0 */
/* The inner block of convolutions: up to four pixels times two output channels, over a widened column.
 *
 * A column holds four pixels' inputs as int16 lanes, words interleaved by pixel: word 4 i + p has inputs 4 j and
 * 4 j + 2 of pixel p for even i = 2 j, inputs 4 j + 1 and 4 j + 3 for odd i.
 *
 * A stream holds, per pair of output channels a and b, as words:
 *   start of acc_p, start of acc_b, lanes[words], requantisation
 * Of an odd number of channels, from 3 on, the pairs are (0, 1), (1, 2), (3, 4) and so on; of a single one b is nothing.
 * A lane holds 256 a + b for the weights a and b of one input, so that one multiply of the lane adds to
 * acc_p = 256 acc_a + acc_b, and its low byte alone is b: two instructions per word and pixel and no unpacking but one.
 * |acc_a| stays below 2^23 (checked by the compiler); acc_p wraps.
 *   FAST     factor_a, factor_b, offset_a | offset_b << 16
 *   ROUNDED  multiplier_a, multiplier_b, constant_a, constant_b, shift_a | shift_b << 16
 *   GENERAL  multiplier_a, multiplier_b, shift_a | shift_b << 16
 */
#ifndef MICRONETS_POINT_BLOCK_H
#define MICRONETS_POINT_BLOCK_H

#include "micronets_arithmetic.h"
#include "micronets_dsp.h"

enum
{
    MN_BLOCK_PIXELS = 4,
    /* Of a column, for a word of lanes. */
    MN_WORD_BYTES = 4 * MN_BLOCK_PIXELS
};

struct mn_accumulators
{
    int32_t p0, p1, p2, p3;
    int32_t b0, b1, b2, b3;
};

/* Adds `words` products (more than 0) of column and lanes; returns the stream behind the lanes. */
MN_INLINE const int32_t *mn_block_mac(
    struct mn_accumulators *acc, const uint32_t *column, const int32_t *stream, int32_t words)
{
#if MN_DSP
    /* All fourteen registers are taken, so the ends are compared from memory. */
    const uint32_t *end = column + 4 * words;
    const uint32_t *unrolled_end = column + 4 * (words & ~7);
    uint32_t u, v, s, t;
#define MN_STEP(i)                                                                                                     \
    "ldr %[u], [%[w], #4 * " #i "]\n\t"                                                                                \
    "ldr %[s], [%[x], #16 * " #i "]\n\t"                                                                               \
    "ldr %[t], [%[x], #16 * " #i " + 4]\n\t"                                                                           \
    "sxtb16 %[v], %[u]\n\t"                                                                                            \
    "smlad %[p0], %[u], %[s], %[p0]\n\t"                                                                               \
    "smlad %[b0], %[v], %[s], %[b0]\n\t"                                                                               \
    "smlad %[p1], %[u], %[t], %[p1]\n\t"                                                                               \
    "smlad %[b1], %[v], %[t], %[b1]\n\t"                                                                               \
    "ldr %[s], [%[x], #16 * " #i " + 8]\n\t"                                                                           \
    "ldr %[t], [%[x], #16 * " #i " + 12]\n\t"                                                                          \
    "smlad %[p2], %[u], %[s], %[p2]\n\t"                                                                               \
    "smlad %[b2], %[v], %[s], %[b2]\n\t"                                                                               \
    "smlad %[p3], %[u], %[t], %[p3]\n\t"                                                                               \
    "smlad %[b3], %[v], %[t], %[b3]\n\t"
    /* clang-format off */
    __asm volatile("ldr %[t], %[unrolled]\n\t"
                   "cmp %[x], %[t]\n\t"
                   "beq 2f\n"
                   "1:\n\t" MN_STEP(0) MN_STEP(1) MN_STEP(2) MN_STEP(3) MN_STEP(4) MN_STEP(5) MN_STEP(6) MN_STEP(7)
                   "add %[x], %[x], #128\n\t"
                   "add %[w], %[w], #32\n\t"
                   "ldr %[t], %[unrolled]\n\t"
                   "cmp %[x], %[t]\n\t"
                   "bne 1b\n"
                   "2:\n\t"
                   "ldr %[t], %[end]\n\t"
                   "cmp %[x], %[t]\n\t"
                   "beq 4f\n"
                   "3:\n\t" MN_STEP(0)
                   "add %[x], %[x], #16\n\t"
                   "add %[w], %[w], #4\n\t"
                   "ldr %[t], %[end]\n\t"
                   "cmp %[x], %[t]\n\t"
                   "bne 3b\n"
                   "4:\n\t"
                   : [p0] "+r"(acc->p0), [p1] "+r"(acc->p1), [p2] "+r"(acc->p2), [p3] "+r"(acc->p3),
                     [b0] "+r"(acc->b0), [b1] "+r"(acc->b1), [b2] "+r"(acc->b2), [b3] "+r"(acc->b3),
                     [x] "+r"(column), [w] "+r"(stream), [u] "=&r"(u), [v] "=&r"(v), [s] "=&r"(s), [t] "=&r"(t)
                   : [end] "m"(end), [unrolled] "m"(unrolled_end)
                   : "cc", "memory");
    /* clang-format on */
#undef MN_STEP
    return stream;
#else
    for (int32_t i = 0; i < words; i++, column += 4)
    {
        const uint32_t lanes = (uint32_t)*stream++;
        const uint32_t low = mn_even_bytes(lanes);
        acc->p0 = mn_dual_mac(lanes, column[0], acc->p0);
        acc->b0 = mn_dual_mac(low, column[0], acc->b0);
        acc->p1 = mn_dual_mac(lanes, column[1], acc->p1);
        acc->b1 = mn_dual_mac(low, column[1], acc->b1);
        acc->p2 = mn_dual_mac(lanes, column[2], acc->p2);
        acc->b2 = mn_dual_mac(low, column[2], acc->b2);
        acc->p3 = mn_dual_mac(lanes, column[3], acc->p3);
        acc->b3 = mn_dual_mac(low, column[3], acc->b3);
    }
    return stream;
#endif
}

/* The same for one pixel, whose column words lie `stride` words apart; `words` is even. */
MN_INLINE const int32_t *mn_single_mac(
    int32_t *acc_p, int32_t *acc_b, const uint32_t *column, const int32_t stride, const int32_t *stream, int32_t words)
{
    int32_t p = *acc_p, b = *acc_b;
    for (const int32_t *end = stream + words; stream != end; column += 2 * stride, stream += 2)
    {
#if MN_DSP
        uint32_t u, v, s, t;
        /* Together, so that one load begins while the one before it ends. */
        __asm volatile("ldr %[u], [%[w]]\n\t"
                       "ldr %[v], [%[w], #4]\n\t"
                       "ldr %[s], [%[x]]\n\t"
                       "ldr %[t], [%[x], %[next]]\n\t"
                       : [u] "=&r"(u), [v] "=&r"(v), [s] "=&r"(s), [t] "=&r"(t)
                       : [w] "r"(stream), [x] "r"(column), [next] "i"(4 * stride)
                       : "memory");
#else
        const uint32_t u = (uint32_t)stream[0], v = (uint32_t)stream[1], s = column[0], t = column[stride];
#endif
        p = mn_dual_mac(v, t, mn_dual_mac(u, s, p));
        b = mn_dual_mac(mn_even_bytes(v), t, mn_dual_mac(mn_even_bytes(u), s, b));
    }
    *acc_p = p;
    *acc_b = b;
    return stream;
}

MN_INLINE int32_t mn_acc_a(int32_t acc_p, int32_t acc_b)
{
    return mn_wrap_subtract(acc_p, acc_b) >> 8;
}

struct mn_scale
{
    int32_t factor, constant, shift;
};

/* Reads the requantisation of both channels; returns the stream behind it. */
MN_INLINE const int32_t *mn_read_scales(
    enum mn_form form, const int32_t *stream, struct mn_scale *a, struct mn_scale *b)
{
    a->factor = stream[0];
    b->factor = stream[1];
    if (form == MN_FAST || form == MN_SHIFTED)
    {
        a->constant = mn_low((uint32_t)stream[2]);
        b->constant = mn_high((uint32_t)stream[2]);
        return stream + 3;
    }
    if (form == MN_ROUNDED)
    {
        a->constant = stream[2];
        b->constant = stream[3];
        stream += 2;
    }
    a->shift = mn_low((uint32_t)stream[2]);
    b->shift = mn_high((uint32_t)stream[2]);
    return stream + 3;
}

/* A scale from its factor and an offset (FAST) or shift. */
MN_INLINE struct mn_scale mn_small_scale(enum mn_form form, int32_t zero_point, int32_t factor, int32_t small)
{
    struct mn_scale scale = {factor, small, small};
    if (form == MN_ROUNDED)
    {
        /* 2^(shift - 1) + zero_point * 2^shift */
        scale.constant = (2 * zero_point + 1) * (1 << (small - 1));
    }
    return scale;
}

struct mn_bounds
{
    int32_t zero_point, low, high;
};

MN_INLINE int8_t
mn_requantise(enum mn_form form, int clamped, const struct mn_bounds *bounds, const struct mn_scale *scale, int32_t acc)
{
    int32_t value;
    if (form == MN_FAST)
    {
        value = mn_high_mac(acc, scale->factor, scale->constant);
    }
    else if (form == MN_SHIFTED)
    {
        value = mn_high_mac(acc * (1 << bounds->zero_point), scale->factor, scale->constant);
    }
    else if (form == MN_ROUNDED)
    {
        value = mn_high_mac(acc * 2, scale->factor, scale->constant + (acc >> 31)) >> scale->shift;
    }
    else
    {
        value = mn_wrapping_add(mn_multiply_quantised(acc, scale->factor, scale->shift), bounds->zero_point);
    }
    if (clamped)
    {
        return (int8_t)mn_clamp(value, bounds->low, bounds->high);
    }
    return (int8_t)mn_saturate8(value);
}

#endif
