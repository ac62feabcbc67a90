/* SPDX-License-Identifier: Apache-2.0 */
/* The inputs of one output pixel of a convolution of int16, one behind the other. */
#ifndef MICRONETS_INT16_PATCH_H
#define MICRONETS_INT16_PATCH_H

#include "int16_convolution.h"

enum
{
    MN_QUAD_BYTES = 8
};

MN_INLINE int8_t *mn_copy_items(int8_t *to, const int8_t *from, int32_t count)
{
    for (; count >= 2; count -= 2, to += 4, from += 4)
    {
        *(mn_unaligned_word *)(void *)to = mn_load_word(from);
    }
    if (count > 0)
    {
        *(mn_unaligned_half *)(void *)to = (uint16_t)mn_load_half(from);
        to += 2;
    }
    return to;
}

/* The inputs of an output pixel, zeros outside of the image and behind its end. */
static __attribute__((noinline)) const int8_t *mn_int16_patch(
    const struct mn_int16_convolution *p, const int8_t *input, int32_t pixel, int8_t *patch)
{
    const int32_t depth = p->in.channels;
    if (p->direct)
    {
        return input + 2 * pixel * depth;
    }
    const struct mn_window *w = &p->window;
    const int32_t top = pixel / p->out.columns * w->row_stride - w->pad_top;
    const int32_t left = pixel % p->out.columns * w->column_stride - w->pad_left;
    int8_t *end = patch;
    for (int32_t y = 0; y < w->rows; y++)
    {
        const int32_t in_y = top + y * w->row_dilation;
        for (int32_t x = 0; x < w->columns; x++)
        {
            const int32_t in_x = left + x * w->column_dilation;
            if (in_y >= 0 && in_y < p->in.rows && in_x >= 0 && in_x < p->in.columns)
            {
                end = mn_copy_items(end, input + 2 * (in_y * p->in.columns + in_x) * depth, depth);
            }
            else
            {
                for (int32_t c = 0; c < depth; c++, end += 2)
                {
                    mn_set_int16(end, 0, 0);
                }
            }
        }
    }
    for (; end < patch + p->quads * MN_QUAD_BYTES; end += 2)
    {
        mn_set_int16(end, 0, 0);
    }
    return patch;
}

#endif
