/* SPDX-License-Identifier: Apache-2.0 */
/* Average and maximum over windows of activations of 16 levels, two in a byte. */
#include "micronets_arithmetic.h"
#include "micronets_dsp.h"
#include "nibbles.h"
#include "span.h"

MN_INLINE void add(int32_t sums[4], uint32_t low, uint32_t high)
{
    sums[0] += (int32_t)(low & 0xFU);
    sums[1] += (int32_t)(high & 0xFU);
    sums[2] += (int32_t)(low >> 4);
    sums[3] += (int32_t)(high >> 4);
}

MN_INLINE int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

MN_INLINE void keep_larger(int32_t most[4], uint32_t low, uint32_t high)
{
    most[0] = larger(most[0], (int32_t)(low & 0xFU));
    most[1] = larger(most[1], (int32_t)(high & 0xFU));
    most[2] = larger(most[2], (int32_t)(low >> 4));
    most[3] = larger(most[3], (int32_t)(high >> 4));
}

/* One copy for four channels. */
static __attribute__((noinline)) int8_t average(const struct mn_pool *p, int32_t sum, int32_t count)
{
    const int32_t mean = sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
    return (int8_t)mn_clamp(mean, p->low, p->high);
}

MN_INLINE void pool(int averages, const struct mn_pool *p, int32_t least, const int8_t *input, int8_t *output)
{
    const struct mn_window w = p->window;
    const int32_t pixel_bytes = p->out.channels / 2, row_bytes = p->in.columns * pixel_bytes;
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        const struct mn_span ys = mn_window_inside(y, w.row_stride, w.pad_top, w.rows, p->in.rows);
        for (int32_t x = 0; x < p->out.columns; x++)
        {
            const struct mn_span xs = mn_window_inside(x, w.column_stride, w.pad_left, w.columns, p->in.columns);
            const int32_t count = (ys.end - ys.first) * (xs.end - xs.first);
            for (int32_t byte = 0; byte < pixel_bytes; byte += 2, output += 4)
            {
                int32_t found[4] = {0, 0, 0, 0};
                const int8_t *row = input + ys.first * row_bytes + xs.first * pixel_bytes + byte;
                for (int32_t in_y = ys.first; in_y < ys.end; in_y++, row += row_bytes)
                {
                    const int8_t *pixel = row;
                    for (int32_t in_x = xs.first; in_x < xs.end; in_x++, pixel += pixel_bytes)
                    {
                        const uint32_t low = (uint8_t)pixel[0], high = (uint8_t)pixel[1];
                        if (averages)
                        {
                            add(found, low, high);
                        }
                        else
                        {
                            keep_larger(found, low, high);
                        }
                    }
                }
                for (int32_t i = 0; i < 4; i++)
                {
                    output[i] = averages ? average(p, found[i] + count * least, count)
                                         : (int8_t)mn_clamp(found[i] + least, p->low, p->high);
                }
            }
        }
    }
}

void mn_average_pool_nibbles(const struct mn_pool *p, int32_t least, const int8_t *input, int8_t *output)
{
    pool(1, p, least, input, output);
}

void mn_max_pool_nibbles(const struct mn_pool *p, int32_t least, const int8_t *input, int8_t *output)
{
    pool(0, p, least, input, output);
}
