/* SPDX-License-Identifier: Apache-2.0 */
/* Gathering, as the one of int8: every output adds the input pixels whose kernel reaches it. */
#include "int16_convolution.h"
#include "reach.h"

enum
{
    ITEMS_OF_A_SUM = 256
};

/* Of up to ITEMS_OF_A_SUM. */
MN_INLINE int32_t short_dot(const int8_t *pixel, const int8_t *weights, int32_t count)
{
    int32_t sum = 0;
    for (; count >= 4; count -= 4, pixel += 8, weights += 4)
    {
        const uint32_t bytes = mn_load_word(weights), low = mn_load_word(pixel), high = mn_load_word(pixel + 4);
        const uint32_t even = mn_even_bytes(bytes), odd = mn_odd_bytes(bytes);
        sum = mn_mac_high_low(low, odd, mn_mac_low_low(low, even, sum));
        sum = mn_mac_high_high(high, odd, mn_mac_low_high(high, even, sum));
    }
    for (int32_t i = 0; i < count; i++)
    {
        sum += mn_int16_at(pixel, i) * weights[i];
    }
    return sum;
}

MN_INLINE int64_t dot(const int8_t *pixel, const int8_t *weights, int32_t depth)
{
    int64_t sum = 0;
    for (; depth > 0; depth -= ITEMS_OF_A_SUM, pixel += 2 * ITEMS_OF_A_SUM, weights += ITEMS_OF_A_SUM)
    {
        sum += short_dot(pixel, weights, depth < ITEMS_OF_A_SUM ? depth : ITEMS_OF_A_SUM);
    }
    return sum;
}

void mn_int16_transposed(const struct mn_int16_transposed *p, const int8_t *input, int8_t *output)
{
    const struct mn_window *w = &p->window;
    const int32_t depth = p->in.channels;
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        const struct mn_reach ys = mn_reach_of(y, w->pad_top, w->row_stride, w->rows, p->in.rows);
        for (int32_t x = 0; x < p->out.columns; x++, output += 2 * p->out.channels)
        {
            const struct mn_reach xs = mn_reach_of(x, w->pad_left, w->column_stride, w->columns, p->in.columns);
            for (int32_t c = 0; c < p->out.channels; c++)
            {
                int64_t sum = 0;
                for (int32_t i = 0; i < ys.count; i++)
                {
                    const int32_t row = (c * w->rows + ys.first + i * w->row_stride) * w->columns;
                    for (int32_t j = 0; j < xs.count; j++)
                    {
                        const int32_t pixel = (ys.input - i) * p->in.columns + xs.input - j;
                        const int8_t *weights = p->weights + (row + xs.first + j * w->column_stride) * depth;
                        sum += dot(input + 2 * pixel * depth, weights, depth);
                    }
                }
                mn_set_int16(output, c, mn_int16_requantise(&p->requantisation, c, sum));
            }
        }
    }
}
