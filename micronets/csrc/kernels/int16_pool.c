/* SPDX-License-Identifier: Apache-2.0 */
#include "int16_pool.h"
#include "items.h"
#include "micronets_arithmetic.h"
#include "span.h"

enum how
{
    AVERAGE,
    LARGEST
};

MN_INLINE int32_t pooled(enum how how, const int8_t *input, int32_t rows, int32_t columns, int32_t row, int32_t pixel)
{
    int32_t sum = 0, largest = INT16_MIN;
    for (int32_t y = 0; y < rows; y++)
    {
        for (int32_t x = 0; x < columns; x++)
        {
            const int32_t value = mn_int16_at(input, y * row + x * pixel);
            sum += value;
            largest = value > largest ? value : largest;
        }
    }
    const int32_t count = rows * columns;
    return how == LARGEST ? largest : sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
}

MN_INLINE void pool(const struct mn_pool *p, const int8_t *input, int8_t *output, enum how how)
{
    const struct mn_window w = p->window;
    const int32_t channels = p->out.channels, row = p->in.columns * channels;
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        const struct mn_span ys = mn_window_inside(y, w.row_stride, w.pad_top, w.rows, p->in.rows);
        for (int32_t x = 0; x < p->out.columns; x++, output += 2 * channels)
        {
            const struct mn_span xs = mn_window_inside(x, w.column_stride, w.pad_left, w.columns, p->in.columns);
            const int8_t *first = input + 2 * (ys.first * row + xs.first * channels);
            for (int32_t c = 0; c < channels; c++)
            {
                const int32_t value = pooled(how, first + 2 * c, ys.end - ys.first, xs.end - xs.first, row, channels);
                mn_set_int16(output, c, mn_clamp(value, p->low, p->high));
            }
        }
    }
}

void mn_int16_average_pool(const struct mn_pool *p, const int8_t *input, int8_t *output)
{
    pool(p, input, output, AVERAGE);
}

void mn_int16_max_pool(const struct mn_pool *p, const int8_t *input, int8_t *output)
{
    pool(p, input, output, LARGEST);
}

void mn_int16_reduce_sum(const struct mn_reduce *p, const int8_t *input, int8_t *output)
{
    for (int32_t i = 0; i < p->outer; i++, input += 2 * p->count * p->inner)
    {
        for (int32_t j = 0; j < p->inner; j++, output += 2)
        {
            uint32_t sum = 0U - (uint32_t)(p->input_zero_point * p->count);
            for (int32_t k = 0; k < p->count; k++)
            {
                sum += (uint32_t)mn_int16_at(input, k * p->inner + j);
            }
            const int32_t scaled = mn_multiply_quantised((int32_t)sum, p->multiplier, p->shift);
            mn_set_int16(output, 0, mn_clamp(mn_wrapping_add(scaled, p->zero_point), INT16_MIN, INT16_MAX));
        }
    }
}
