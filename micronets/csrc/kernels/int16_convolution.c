/* SPDX-License-Identifier: Apache-2.0 */
/* Two pixels and two channels at a time. A product has 22 bits and a sign: up to 256 of them sum up in 32 bits, and these
 * sums in 64. */
#include "int16_dot.h"

enum
{
    QUADS_OF_A_SUM = 64
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
        struct mn_int16_sums some = {0, 0, 0, 0};
        const int32_t count = quads < QUADS_OF_A_SUM ? quads : QUADS_OF_A_SUM;
        for (int32_t i = 0; i < count; i++, weights += MN_QUAD_BYTES, x0 += MN_QUAD_BYTES, x1 += MN_QUAD_BYTES)
        {
            some = mn_int16_add_quad(some, weights, x0, x1);
        }
        sums.a0 += some.a0;
        sums.a1 += some.a1;
        sums.b0 += some.b0;
        sums.b1 += some.b1;
        quads -= count;
    }
    return sums;
}

void mn_int16_convolution(const struct mn_int16_convolution *p, const int8_t *input, int8_t *output, int8_t *scratch)
{
    const struct mn_int16_requantisation *q = &p->requantisation;
    const int32_t pixels = p->out.rows * p->out.columns, channels = p->out.channels;
    for (int32_t pixel = 0; pixel < pixels; pixel += 2, output += 4 * channels)
    {
        const int32_t both = pixel + 1 < pixels;
        const int8_t *x0 = mn_int16_patch(p, input, pixel, scratch);
        const int8_t *x1 = both ? mn_int16_patch(p, input, pixel + 1, scratch + p->quads * MN_QUAD_BYTES) : x0;
        const int8_t *weights = p->weights;
        for (int32_t c = 0; c < channels; c += 2, weights += p->quads * MN_QUAD_BYTES)
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
