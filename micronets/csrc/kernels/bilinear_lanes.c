/* SPDX-License-Identifier: Apache-2.0 */
/* Bilinear interpolation in few parts, of four channels at a time in unsigned 16-bit lanes, rounded half away from zero.
 *
 * Bytes from 128 below zero on are those from zero on. Of products with factors that add up to at most 256, a sum of
 * whole words less 256 times that of their odd bytes is that of their even ones: two multiplications for each word. */
#include "bilinear_lanes.h"
#include "bytes.h"

struct lanes
{
    uint32_t words, odd;
};

/* `half` and its bits, and the sum that stands for zero. */
struct rounding
{
    uint32_t zero, half, half_below;
    int32_t shift;
};

MN_INLINE void add(struct lanes *sum, uint32_t bytes, uint32_t factor)
{
    const uint32_t word = bytes ^ 0x80808080U;
    sum->words += word * factor;
    sum->odd += (word >> 8 & 0x00FF00FFU) * factor;
}

/* Adds half, or a little less than that to what stands for less than zero. */
MN_INLINE uint32_t add_half(uint32_t lanes, const struct rounding *r)
{
#if MN_DSP
    uint32_t sums;
    __asm("usub16 %0, %1, %2\n\tsel %0, %3, %4\n\tadd %0, %0, %1"
          : "=&r"(sums)
          : "r"(lanes), "r"(r->zero), "r"(r->half), "r"(r->half_below)
          : "cc");
    return sums;
#else
    const uint32_t low = (lanes & 0xFFFFU) >= (r->zero & 0xFFFFU) ? r->half : r->half_below;
    const uint32_t high = lanes >> 16 >= r->zero >> 16 ? r->half : r->half_below;
    return lanes + ((low & 0xFFFFU) | (high & 0xFFFF0000U));
#endif
}

MN_INLINE uint32_t rounded(const struct lanes *sum, const struct rounding *r)
{
    const uint32_t even = add_half(sum->words - (sum->odd << 8), r) >> r->shift & 0x00FF00FFU;
    const uint32_t odd = add_half(sum->odd, r) >> r->shift & 0x00FF00FFU;
    return (even | odd << 8) ^ 0x80808080U;
}

MN_INLINE int8_t *mix_two(
    const struct rounding *r, const int8_t *a, const int8_t *b, uint32_t factor_a, uint32_t factor_b, int32_t channels,
    int8_t *output)
{
    for (; channels > 0; channels -= 4, a += 4, b += 4, output += 4)
    {
        struct lanes sum = {0, 0};
        add(&sum, mn_load_word(a), factor_a);
        add(&sum, mn_load_word(b), factor_b);
        mn_store_word(output, rounded(&sum, r));
    }
    return output;
}

void mn_resize_bilinear_lanes(const struct mn_bilinear_lanes *p, const int8_t *input, int8_t *output)
{
    const int32_t channels = p->out.channels, row_bytes = p->in_columns * channels;
    const uint32_t parts = 1U << p->bits, half = parts * parts / 2;
    const struct rounding r = {256U * half * 0x10001U, half * 0x10001U, (half - 1) * 0x10001U, 2 * p->bits};
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        const int16_t *row = p->rows + 3 * y;
        const int8_t *upper = input + row[0] * row_bytes, *lower = input + row[1] * row_bytes;
        const uint32_t down = (uint32_t)row[2], up = parts - down;
        for (int32_t x = 0; x < p->out.columns; x++)
        {
            const int16_t *column = p->columns + 3 * x;
            const int8_t *a = upper + column[0] * channels, *b = upper + column[1] * channels;
            const int8_t *c = lower + column[0] * channels, *d = lower + column[1] * channels;
            const uint32_t right = (uint32_t)column[2], left = parts - right;
            if (right == 0)
            {
                output = mix_two(&r, a, c, parts * up, parts * down, channels, output);
                continue;
            }
            if (down == 0)
            {
                output = mix_two(&r, a, b, parts * left, parts * right, channels, output);
                continue;
            }
            for (int32_t i = 0; i < channels; i += 4, output += 4)
            {
                uint32_t w[4];
                mn_load_four(a + i, b + i, c + i, d + i, 0, w);
                struct lanes sum = {0, 0};
                add(&sum, w[0], left * up);
                add(&sum, w[1], right * up);
                add(&sum, w[2], left * down);
                add(&sum, w[3], right * down);
                mn_store_word(output, rounded(&sum, &r));
            }
        }
    }
}
