/* SPDX-License-Identifier: Apache-2.0 */
/* Sums over pixels, of sixteen or four channels at a time, in int16 lanes. */
#ifndef MICRONETS_PIXEL_SUMS_H
#define MICRONETS_PIXEL_SUMS_H

#include "micronets_dsp.h"

enum
{
    /* As many int8 as a lane holds the sum of, even from 128 each on and with half their number. */
    MN_LANE_PIXELS = 255
};

/* Of four channels: 0 and 2 in `even`, 1 and 3 in `odd`. */
struct mn_four_sums
{
    uint32_t even, odd;
};

struct mn_sixteen_sums
{
    struct mn_four_sums a, b, c, d;
};

MN_INLINE void mn_add_word(struct mn_four_sums *s, uint32_t bytes)
{
    s->even = mn_add_even_bytes(s->even, bytes);
    s->odd = mn_add_odd_bytes(s->odd, bytes);
}

/* Adds `count` pixels, at least one, that lie `stride` bytes apart. */
MN_INLINE void mn_add_four_channels(struct mn_four_sums *s, const int8_t *pixel, int32_t stride, int32_t count)
{
    for (; count >= 2; count -= 2, pixel += 2 * stride)
    {
#if MN_DSP
        uint32_t first, second;
        /* Together, so that one load begins while the one before it ends. */
        __asm volatile("ldr %0, [%2]\n\tldr %1, [%2, %3]"
                       : "=&r"(first), "=&r"(second)
                       : "r"(pixel), "r"(stride)
                       : "memory");
#else
        const uint32_t first = mn_load_word(pixel), second = mn_load_word(pixel + stride);
#endif
        mn_add_word(s, first);
        mn_add_word(s, second);
    }
    if (count > 0)
    {
        mn_add_word(s, mn_load_word(pixel));
    }
}

MN_INLINE void mn_add_sixteen_channels(struct mn_sixteen_sums *s, const int8_t *pixel, int32_t stride, int32_t count)
{
#if MN_DSP
    uint32_t u, v;
#define MN_TWO_WORDS(at, a, b)                                                                                         \
    "ldr %[u], [%[x], #" #at "]\n\t"                                                                                   \
    "ldr %[v], [%[x], #" #at " + 4]\n\t"                                                                               \
    "sxtab16 %[e" #a "], %[e" #a "], %[u]\n\t"                                                                         \
    "sxtab16 %[o" #a "], %[o" #a "], %[u], ror #8\n\t"                                                                 \
    "sxtab16 %[e" #b "], %[e" #b "], %[v]\n\t"                                                                         \
    "sxtab16 %[o" #b "], %[o" #b "], %[v], ror #8\n\t"
#define MN_PIXEL MN_TWO_WORDS(0, 0, 1) MN_TWO_WORDS(8, 2, 3) "add %[x], %[x], %[stride]\n\t"
/* By twos; one by one in code for Helium, which is held to its size and spends little time here. */
#ifdef __ARM_FEATURE_MVE
#define MN_BEGIN "1:\n\t" MN_PIXEL
#else
#define MN_BEGIN "lsrs %[n], %[n], #1\n\tbcc 1f\n\t" MN_PIXEL "beq 2f\n1:\n\t" MN_PIXEL MN_PIXEL
#endif
    /* clang-format off */
    __asm volatile(MN_BEGIN
                   "subs %[n], %[n], #1\n\t"
                   "bne 1b\n"
                   "2:\n\t"
                   : [e0] "+r"(s->a.even), [o0] "+r"(s->a.odd), [e1] "+r"(s->b.even), [o1] "+r"(s->b.odd),
                     [e2] "+r"(s->c.even), [o2] "+r"(s->c.odd), [e3] "+r"(s->d.even), [o3] "+r"(s->d.odd),
                     [x] "+r"(pixel), [n] "+r"(count), [u] "=&r"(u), [v] "=&r"(v)
                   : [stride] "r"(stride)
                   : "cc", "memory");
    /* clang-format on */
#undef MN_BEGIN
#undef MN_PIXEL
#undef MN_TWO_WORDS
#else
    for (; count > 0; count--, pixel += stride)
    {
        mn_add_word(&s->a, mn_load_word(pixel));
        mn_add_word(&s->b, mn_load_word(pixel + 4));
        mn_add_word(&s->c, mn_load_word(pixel + 8));
        mn_add_word(&s->d, mn_load_word(pixel + 12));
    }
#endif
}

#endif
