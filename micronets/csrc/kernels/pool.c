/* SPDX-License-Identifier: Apache-2.0 */
/* Average and maximum over windows. */
#include "micronets_arithmetic.h"
#include "micronets_dsp.h"
#include "micronets_kernels.h"
#include "span.h"

MN_INLINE int8_t average(const struct mn_pool *p, int32_t sum, int32_t count)
{
    const int32_t mean = sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
    return (int8_t)mn_clamp(mean, p->low, p->high);
}

/* Sums of four channels at a time stay within int16 lanes up to this many pixels. */
enum
{
    PACKED_PIXELS = 255
};

void mn_average_pool(const struct mn_pool *p, const int8_t *input, int8_t *output)
{
    const struct mn_window w = p->window;
    const int32_t channels = p->out.channels;
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        const struct mn_span ys = mn_window_inside(y, w.row_stride, w.pad_top, w.rows, p->in.rows);
        for (int32_t x = 0; x < p->out.columns; x++)
        {
            const struct mn_span xs = mn_window_inside(x, w.column_stride, w.pad_left, w.columns, p->in.columns);
            const int32_t count = (ys.end - ys.first) * (xs.end - xs.first);
            const int8_t *first = input + (ys.first * p->in.columns + xs.first) * channels;
            int32_t channel = 0;
            for (; count <= PACKED_PIXELS && channel + 4 <= channels; channel += 4, output += 4)
            {
                uint32_t even = 0, odd = 0;
                const int8_t *row = first + channel;
                for (int32_t in_y = ys.first; in_y < ys.end; in_y++, row += p->in.columns * channels)
                {
                    const int8_t *pixel = row;
                    for (int32_t in_x = xs.first; in_x < xs.end; in_x++, pixel += channels)
                    {
                        const uint32_t bytes = mn_load_word(pixel);
                        even = mn_add_even_bytes(even, bytes);
                        odd = mn_add_odd_bytes(odd, bytes);
                    }
                }
                output[0] = average(p, mn_low(even), count);
                output[1] = average(p, mn_low(odd), count);
                output[2] = average(p, mn_high(even), count);
                output[3] = average(p, mn_high(odd), count);
            }
            for (; channel < channels; channel++)
            {
                int32_t sum = 0;
                const int8_t *row = first + channel;
                for (int32_t in_y = ys.first; in_y < ys.end; in_y++, row += p->in.columns * channels)
                {
                    const int8_t *pixel = row;
                    for (int32_t in_x = xs.first; in_x < xs.end; in_x++, pixel += channels)
                    {
                        sum += *pixel;
                    }
                }
                *output++ = average(p, sum, count);
            }
        }
    }
}

void mn_max_pool(const struct mn_pool *p, const int8_t *input, int8_t *output)
{
    const struct mn_window w = p->window;
    const int32_t channels = p->out.channels, row_bytes = p->in.columns * channels;
    /* At least `low`; and at most `high`, as its complement is at least that of `high`. */
    const uint32_t low = (uint32_t)(uint8_t)p->low * 0x01010101U, not_high = (uint32_t)(uint8_t)~p->high * 0x01010101U;
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        const struct mn_span ys = mn_window_inside(y, w.row_stride, w.pad_top, w.rows, p->in.rows);
        for (int32_t x = 0; x < p->out.columns; x++)
        {
            const struct mn_span xs = mn_window_inside(x, w.column_stride, w.pad_left, w.columns, p->in.columns);
            const int8_t *first = input + (ys.first * p->in.columns + xs.first) * channels;
            int32_t channel = 0;
            for (; channel + 4 <= channels; channel += 4, output += 4)
            {
                uint32_t largest = low;
                const int8_t *row = first + channel;
                for (int32_t in_y = ys.first; in_y < ys.end; in_y++, row += row_bytes)
                {
                    const int8_t *pixel = row;
                    for (int32_t in_x = xs.first; in_x < xs.end; in_x++, pixel += channels)
                    {
                        largest = mn_max_bytes(largest, mn_load_word(pixel));
                    }
                }
                *(mn_unaligned_word *)(void *)output = ~mn_max_bytes(~largest, not_high);
            }
            for (; channel < channels; channel++)
            {
                int32_t largest = p->low;
                const int8_t *row = first + channel;
                for (int32_t in_y = ys.first; in_y < ys.end; in_y++, row += row_bytes)
                {
                    const int8_t *pixel = row;
                    for (int32_t in_x = xs.first; in_x < xs.end; in_x++, pixel += channels)
                    {
                        largest = *pixel > largest ? *pixel : largest;
                    }
                }
                *output++ = (int8_t)(largest < p->high ? largest : p->high);
            }
        }
    }
}
