/* SPDX-License-Identifier: Apache-2.0 */
/* Average and maximum over windows of 2x2 that lie inside the input, of a multiple of four channels. */
#include "pool_2x2.h"
#include "bytes.h"

/* Four channels at addresses plus a constant offset. */
MN_INLINE uint32_t pool_word(
    int largest, int clamped, const int8_t *a, const int8_t *b, const int8_t *c, const int8_t *d, int32_t offset,
    uint32_t low, uint32_t high)
{
    uint32_t w[4];
    mn_load_four(a, b, c, d, offset, w);
    const uint32_t made = largest ? mn_max_bytes(mn_max_bytes(w[0], w[1]), mn_max_bytes(w[2], w[3]))
                                  : mn_mean_of_four(w[0], w[1], w[2], w[3]);
    return clamped ? mn_min_bytes(mn_max_bytes(made, low), high) : made;
}

/* Pointers that move by themselves: GCC 12.2 would else work all of them out anew from a counter, four instructions
 * where one would do, and many more for each window. */
MN_INLINE void keep(const int8_t **a, const int8_t **b, const int8_t **c, const int8_t **d, int8_t **output)
{
    __asm("" : "+r"(*a), "+r"(*b), "+r"(*c), "+r"(*d), "+r"(*output));
}

MN_INLINE void pool(int largest, int clamped, const struct mn_pool *in_flash, const int8_t *input, int8_t *output)
{
    /* Stores could alias the description. */
    const struct mn_pool p = *in_flash;
    const int32_t channels = p.out.channels, row_bytes = p.in.columns * channels;
    const int32_t step = p.window.column_stride * channels;
    const uint32_t low = mn_four_times(p.low), high = mn_four_times(p.high);
    for (int32_t y = 0; y < p.out.rows; y++, input += p.window.row_stride * row_bytes)
    {
        const int8_t *window = input;
        for (int32_t x = 0; x < p.out.columns; x++, window += step)
        {
            const int8_t *a = window, *b = a + channels, *c = a + row_bytes, *d = c + channels;
            int32_t left = channels;
#ifndef __OPTIMIZE_SIZE__
            for (; left >= 16; left -= 16, a += 16, b += 16, c += 16, d += 16, output += 16)
            {
                mn_store_word(output, pool_word(largest, clamped, a, b, c, d, 0, low, high));
                mn_store_word(output + 4, pool_word(largest, clamped, a, b, c, d, 4, low, high));
                mn_store_word(output + 8, pool_word(largest, clamped, a, b, c, d, 8, low, high));
                mn_store_word(output + 12, pool_word(largest, clamped, a, b, c, d, 12, low, high));
                keep(&a, &b, &c, &d, &output);
            }
#endif
            for (; left > 0; left -= 4, a += 4, b += 4, c += 4, d += 4, output += 4)
            {
                mn_store_word(output, pool_word(largest, clamped, a, b, c, d, 0, low, high));
                keep(&a, &b, &c, &d, &output);
            }
        }
    }
}

void mn_average_pool_2x2(const struct mn_pool *p, const int8_t *input, int8_t *output)
{
    pool(0, 0, p, input, output);
}

void mn_average_pool_2x2_clamped(const struct mn_pool *p, const int8_t *input, int8_t *output)
{
    pool(0, 1, p, input, output);
}

void mn_max_pool_2x2(const struct mn_pool *p, const int8_t *input, int8_t *output)
{
    pool(1, 0, p, input, output);
}

void mn_max_pool_2x2_clamped(const struct mn_pool *p, const int8_t *input, int8_t *output)
{
    pool(1, 1, p, input, output);
}
