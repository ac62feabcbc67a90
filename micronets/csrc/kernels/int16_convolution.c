/* SPDX-License-Identifier: Apache-2.0 */
/* Two pixels and two channels at a time. A product has 22 bits and a sign: up to 256 of them sum up in 32 bits, and these
 * sums in 64. */
#include "int16_convolution.h"

enum
{
    QUADS_OF_A_SUM = 64,
    QUAD_BYTES = 8
};

struct block
{
    int64_t a0, a1, b0, b1; /* channels a and b of pixels 0 and 1 */
};

MN_INLINE struct block dot(const int8_t *weights, const int8_t *x0, const int8_t *x1, int32_t quads)
{
    struct block sums = {0, 0, 0, 0};
    while (quads > 0)
    {
        int32_t a0 = 0, a1 = 0, b0 = 0, b1 = 0;
        const int32_t count = quads < QUADS_OF_A_SUM ? quads : QUADS_OF_A_SUM;
        for (int32_t i = 0; i < count; i++, weights += QUAD_BYTES, x0 += QUAD_BYTES, x1 += QUAD_BYTES)
        {
            const uint32_t a = mn_load_word(weights), b = mn_load_word(weights + 4);
            const uint32_t low0 = mn_load_word(x0), high0 = mn_load_word(x0 + 4);
            const uint32_t low1 = mn_load_word(x1), high1 = mn_load_word(x1 + 4);
            const uint32_t a_low = mn_even_bytes(a), a_high = mn_odd_bytes(a);
            const uint32_t b_low = mn_even_bytes(b), b_high = mn_odd_bytes(b);
            a0 = mn_dual_mac(high0, a_high, mn_dual_mac(low0, a_low, a0));
            a1 = mn_dual_mac(high1, a_high, mn_dual_mac(low1, a_low, a1));
            b0 = mn_dual_mac(high0, b_high, mn_dual_mac(low0, b_low, b0));
            b1 = mn_dual_mac(high1, b_high, mn_dual_mac(low1, b_low, b1));
        }
        sums.a0 += a0;
        sums.a1 += a1;
        sums.b0 += b0;
        sums.b1 += b1;
        quads -= count;
    }
    return sums;
}

MN_INLINE int8_t *copy_items(int8_t *to, const int8_t *from, int32_t count)
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
static const int8_t *patch_of(const struct mn_int16_convolution *p, const int8_t *input, int32_t pixel, int8_t *patch)
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
                end = copy_items(end, input + 2 * (in_y * p->in.columns + in_x) * depth, depth);
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
    for (; end < patch + p->quads * QUAD_BYTES; end += 2)
    {
        mn_set_int16(end, 0, 0);
    }
    return patch;
}

void mn_int16_convolution(const struct mn_int16_convolution *p, const int8_t *input, int8_t *output, int8_t *scratch)
{
    const struct mn_int16_requantisation *q = &p->requantisation;
    const int32_t pixels = p->out.rows * p->out.columns, channels = p->out.channels;
    for (int32_t pixel = 0; pixel < pixels; pixel += 2, output += 4 * channels)
    {
        const int32_t both = pixel + 1 < pixels;
        const int8_t *x0 = patch_of(p, input, pixel, scratch);
        const int8_t *x1 = both ? patch_of(p, input, pixel + 1, scratch + p->quads * QUAD_BYTES) : x0;
        const int8_t *weights = p->weights;
        for (int32_t c = 0; c < channels; c += 2, weights += p->quads * QUAD_BYTES)
        {
            const struct block sums = dot(weights, x0, x1, p->quads);
            mn_set_int16(output, c, mn_int16_requantise(q, c, sums.a0));
            if (both)
            {
                mn_set_int16(output, channels + c, mn_int16_requantise(q, c, sums.a1));
            }
            if (c + 1 < channels)
            {
                mn_set_int16(output, c + 1, mn_int16_requantise(q, c + 1, sums.b0));
                if (both)
                {
                    mn_set_int16(output, channels + c + 1, mn_int16_requantise(q, c + 1, sums.b1));
                }
            }
        }
    }
}
