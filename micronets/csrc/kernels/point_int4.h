/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions with 4-bit weights, which stay packed: four output channels at a time, over a widened column.
 *
 * A stream holds, per four output channels a, b, c, d, as words:
 *   heads[4]: start of the accumulator << 12 | (offset in the form FAST, else shift) as 12 bits
 *   lanes[words]
 *   factors[4] (FAST) or multipliers[4]
 * A lane holds 4096 d + 256 c + 16 b + a for the weights of one input: its low nibble, its low byte and its low twelve
 * bits are lanes of fewer channels, so four multiplies per word and pixel give sums of which neighbours differ by one
 * channel. The compiler checks that lanes fit int16 and that the sums do not wrap where they are divided.
 */
#ifndef MICRONETS_POINT_INT4_H
#define MICRONETS_POINT_INT4_H

#include "micronets_kernels.h"
#include "point_block.h"
#include "point_int4_dsp.h"

enum
{
    MN_HEAD_BITS = 12,
    MN_QUAD = 4
};

#if !MN_DSP

/* Accumulators [pixel][channel] of one quad for `pixels` pixels. */
MN_INLINE void mn_quad_block(
    const int32_t *stream, const uint32_t *column, int32_t words, int32_t *accumulators, int32_t pixels)
{
    const int32_t a = stream[0] >> MN_HEAD_BITS, ba = (stream[1] >> MN_HEAD_BITS) * 16 + a;
    const int32_t cba = mn_wrap_add((stream[2] >> MN_HEAD_BITS) * 256, ba);
    const int32_t dcba = mn_wrap_add((int32_t)((uint32_t)stream[3] & ~0xFFFU), cba);
    const uint32_t *lanes = (const uint32_t *)stream + MN_QUAD;
    for (int32_t pixel = 0; pixel < pixels; pixel++, accumulators += MN_QUAD)
    {
        /* The first and the third sum are scaled by 16. */
        int32_t s1 = a * 16, s2 = ba, s3 = (int32_t)((uint32_t)cba << 4), s4 = dcba;
        for (int32_t i = 0; i < words; i++)
        {
            const uint32_t x = column[i * MN_BLOCK_PIXELS + pixel], lower = (lanes[i] << 4) & 0xFFF0FFF0U;
            s4 = mn_dual_mac(lanes[i], x, s4);
            s3 = mn_dual_mac(lower, x, s3);
            s2 = mn_dual_mac(mn_even_bytes(lanes[i]), x, s2);
            s1 = mn_dual_mac(mn_even_bytes(lower), x, s1);
        }
        accumulators[0] = s1 >> 4;
        accumulators[1] = mn_wrap_subtract(s2, s1 >> 4) >> 4;
        accumulators[2] = mn_wrap_subtract(s3, (int32_t)((uint32_t)s2 << 4)) >> 12;
        accumulators[3] = mn_wrap_subtract(s4, s3 >> 4) >> 12;
    }
}

#endif

MN_INLINE struct mn_scale mn_quad_scale(enum mn_form form, int32_t zero_point, int32_t head, int32_t factor)
{
    const int32_t small = (int32_t)((uint32_t)head << (32 - MN_HEAD_BITS)) >> (32 - MN_HEAD_BITS);
    return mn_small_scale(form, zero_point, factor, small);
}

/* All output channels of `count` (1 to 4) pixels whose column is filled. */
MN_INLINE void mn_column_quads(
    enum mn_form form, int clamped, const struct mn_point *p, const uint32_t *column, int32_t count, int8_t *output)
{
    const struct mn_bounds bounds = {p->zero_point, p->low, p->high};
    const int32_t words = p->words, channels = p->channels;
    const int32_t *heads = p->stream;
    for (int32_t left = channels; left > 0; left -= MN_QUAD)
    {
        int32_t accumulators[MN_BLOCK_PIXELS * MN_QUAD];
        const int32_t *factors = heads + MN_QUAD + words;
        mn_quad_block(heads, column, words, accumulators, count);
        const int32_t *acc = accumulators;
        for (const int32_t *end = heads + (left < MN_QUAD ? left : MN_QUAD); heads != end; acc++, output++)
        {
            const struct mn_scale scale = mn_quad_scale(form, p->zero_point, *heads++, *factors++);
            if (count == MN_BLOCK_PIXELS)
            {
                int8_t *out = output;
                *out = mn_requantise(form, clamped, &bounds, &scale, acc[0]);
                out += channels;
                *out = mn_requantise(form, clamped, &bounds, &scale, acc[MN_QUAD]);
                out += channels;
                *out = mn_requantise(form, clamped, &bounds, &scale, acc[2 * MN_QUAD]);
                out += channels;
                *out = mn_requantise(form, clamped, &bounds, &scale, acc[3 * MN_QUAD]);
                continue;
            }
            for (int32_t pixel = 0; pixel < count; pixel++)
            {
                output[pixel * channels] = mn_requantise(form, clamped, &bounds, &scale, acc[pixel * MN_QUAD]);
            }
        }
        heads = factors;
    }
}

#endif
