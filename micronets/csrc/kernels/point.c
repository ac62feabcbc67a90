/* SPDX-License-Identifier: Apache-2.0 */
/* 1x1 convolution and fully connected layers of several rows.
 *
 * Four pixels at a time are widened into `scratch` before their outputs are written, so the output may lie over the
 * input as far as the pixels already read reach.
 */
#include "point.h"
#include "point_int4.h"

MN_INLINE void point(
    int weight_bits, enum mn_form form, int clamped, const struct mn_point *p, int32_t pixels, const int8_t *input,
    int8_t *output, int8_t *scratch)
{
    uint32_t *column = (uint32_t *)(void *)scratch;
    for (int32_t left = pixels; left > 0; left -= MN_BLOCK_PIXELS)
    {
        const int32_t count = left < MN_BLOCK_PIXELS ? left : MN_BLOCK_PIXELS;
        if (count == MN_BLOCK_PIXELS)
        {
            mn_widen_block(input, p->depth, p->depth, column);
            input += MN_BLOCK_PIXELS * p->depth;
        }
        else
        {
            for (int32_t i = 0; i < count; i++, input += p->depth)
            {
                mn_widen(input, p->depth, column + i);
            }
        }
        if (weight_bits == 4)
        {
            mn_column_quads(form, clamped, p, column, count, output);
        }
        else
        {
            mn_column_channels(form, clamped, p, column, count, output);
        }
        output += count * p->channels;
    }
}

void mn_point_fast(const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    point(8, MN_FAST, 0, p, pixels, input, output, scratch);
}

void mn_point_rounded(const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    point(8, MN_ROUNDED, 0, p, pixels, input, output, scratch);
}

void mn_point_clamped(const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    point(8, MN_ROUNDED, 1, p, pixels, input, output, scratch);
}

void mn_point_general(const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    point(8, MN_GENERAL, 1, p, pixels, input, output, scratch);
}

void mn_point_int4_fast(const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    point(4, MN_FAST, 0, p, pixels, input, output, scratch);
}

void mn_point_int4_rounded(
    const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    point(4, MN_ROUNDED, 0, p, pixels, input, output, scratch);
}

void mn_point_int4_clamped(
    const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    point(4, MN_ROUNDED, 1, p, pixels, input, output, scratch);
}

void mn_point_int4_general(
    const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    point(4, MN_GENERAL, 1, p, pixels, input, output, scratch);
}
