/* SPDX-License-Identifier: Apache-2.0 */
/* What bilinear kernels share that go from one input to the next in 1024ths, and how they round.
 *
 * Inputs are mixed in 2^14ths and below zero; outputs lie on a line between two mixes. With MN_BILINEAR_ROUNDING, a half and
 * less than a 2^20th, a sum g in 2^24ths stands for the output -g + (g < 0) rounded down: what is just a half more than an
 * integer goes down where that makes it less than zero. */
#ifndef MICRONETS_BILINEAR_WALK_H
#define MICRONETS_BILINEAR_WALK_H

#include <stdint.h>

#include "micronets_dsp.h"

enum
{
    MN_BILINEAR_BITS = 10,
    MN_BILINEAR_WHOLE = 1 << MN_BILINEAR_BITS,
    MN_BILINEAR_MIX_BITS = 4,
    MN_BILINEAR_ROUNDING = 1 - (1 << 23)
};

/* Of the outputs along a side, `head` ones are the first input, the others lie every `step` 1024ths from `first` on, and
 * the last `tail` ones are the last input. */
struct mn_bilinear_walk
{
    int32_t head, first, step, tail;
};

/* Of the line that ends at `end` and adds `slope` with every 1024th, at `place` 1024ths less a whole. */
MN_INLINE int8_t mn_bilinear_at(int32_t end, int32_t slope, int32_t place)
{
    const int32_t sum = mn_wrap_add(end, (int32_t)((uint32_t)slope * (uint32_t)place));
    return (int8_t)((-sum + (sum < 0)) >> (2 * MN_BILINEAR_BITS + MN_BILINEAR_MIX_BITS));
}

#if MN_DSP

/* Assembly. */
/* clang-format off */
#define MN_BILINEAR_ROUNDING_TO(to)                                                                                    \
    "movw " #to ", #1\n"                                                                                               \
    "movt " #to ", #0xFF80\n"

/* Two sums to their outputs, in the upper bytes of lanes. */
#define MN_BILINEAR_ROUND(low, low_sum, high, high_sum)                                                                \
    "rsb " #low ", " #low_sum ", " #low_sum ", lsr #31\n"                                                              \
    "rsb " #high ", " #high_sum ", " #high_sum ", lsr #31\n"                                                           \
    "pkhtb " #low ", " #high ", " #low ", asr #16\n"

/* Lines that end in r0 to r3, of slopes r4 to r7, at r8 to the bytes of r11; r10 and r12 are lost. */
#define MN_BILINEAR_FOUR                                                                                               \
    "mla r10, r4, r8, r0\n"                                                                                            \
    "mla r11, r6, r8, r2\n"                                                                                            \
    MN_BILINEAR_ROUND(r10, r10, r11, r11)                                                                              \
    "mla r11, r5, r8, r1\n"                                                                                            \
    "mla r12, r7, r8, r3\n"                                                                                            \
    MN_BILINEAR_ROUND(r11, r11, r12, r12)                                                                              \
    MN_BILINEAR_MERGE

#define MN_BILINEAR_MERGE                                                                                              \
    "and r11, r11, #0xFF00FF00\n"                                                                                      \
    "uxtab16 r11, r11, r10, ror #8\n"
/* clang-format on */

#endif

#endif
