/* SPDX-License-Identifier: Apache-2.0 */
/* Two pixels and two channels at a time, with sums that fit 32 bits. */
#include "int16_dot.h"

MN_INLINE struct mn_int16_sums dot(const int8_t *weights, const int8_t *x0, const int8_t *x1, int32_t quads)
{
    struct mn_int16_sums sums = {0, 0, 0, 0};
    const int8_t *end = weights + MN_QUAD_BYTES * quads;
    for (; weights < end; weights += MN_QUAD_BYTES, x0 += MN_QUAD_BYTES, x1 += MN_QUAD_BYTES)
    {
        sums = mn_int16_add_quad(sums, weights, x0, x1);
    }
    return sums;
}

/* The last pixel of an odd number, or the only one. */
static void run_one(const struct mn_int16_convolution *p, const int8_t *x, int8_t *output)
{
    const struct mn_int16_requantisation *q = &p->requantisation;
    const int32_t channels = p->out.channels;
    const int8_t *weights = p->weights;
    for (int32_t c = 0; c < channels; c += 2, weights += p->quads * MN_QUAD_BYTES)
    {
        const struct mn_int16_pair sums = mn_int16_pair_of(weights, x, p->quads);
        mn_set_int16(output, c, mn_int16_requantise_short(q, c, sums.a));
        if (c + 1 < channels)
        {
            mn_set_int16(output, c + 1, mn_int16_requantise_short(q, c + 1, sums.b));
        }
    }
}

void mn_int16_convolution_short(
    const struct mn_int16_convolution *p, const int8_t *input, int8_t *output, int8_t *scratch)
{
    const struct mn_int16_requantisation *q = &p->requantisation;
    const int32_t pixels = p->out.rows * p->out.columns, channels = p->out.channels;
    int32_t pixel = 0;
    for (; pixel + 1 < pixels; pixel += 2, output += 4 * channels)
    {
        const int8_t *x0 = mn_int16_patch(p, input, pixel, scratch);
        const int8_t *x1 = mn_int16_patch(p, input, pixel + 1, scratch + p->quads * MN_QUAD_BYTES);
        int8_t *first = output, *second = output + 2 * channels;
        const int8_t *weights = p->weights;
        int32_t c = 0;
        for (; c + 1 < channels; c += 2, weights += p->quads * MN_QUAD_BYTES)
        {
            const struct mn_int16_sums sums = dot(weights, x0, x1, p->quads);
            mn_set_int16(first, c, mn_int16_requantise_short(q, c, sums.a0));
            mn_set_int16(first, c + 1, mn_int16_requantise_short(q, c + 1, sums.b0));
            mn_set_int16(second, c, mn_int16_requantise_short(q, c, sums.a1));
            mn_set_int16(second, c + 1, mn_int16_requantise_short(q, c + 1, sums.b1));
        }
        if (c < channels)
        {
            const struct mn_int16_sums sums = dot(weights, x0, x1, p->quads);
            mn_set_int16(first, c, mn_int16_requantise_short(q, c, sums.a0));
            mn_set_int16(second, c, mn_int16_requantise_short(q, c, sums.a1));
        }
    }
    if (pixel < pixels)
    {
        run_one(p, mn_int16_patch(p, input, pixel, scratch), output);
    }
}
