/* SPDX-License-Identifier: Apache-2.0 */
/* Average and maximum over windows. */
#include "lane_means.h"
#include "micronets_arithmetic.h"
#include "micronets_kernels.h"
#include "span.h"

MN_INLINE int8_t average(const struct mn_pool *p, int32_t sum, int32_t count)
{
    return (int8_t)mn_clamp(mn_rounded_mean(sum, count), p->low, p->high);
}

enum
{
    /* Sums of four channels at a time stay within int16 lanes up to this many pixels. */
    PACKED_PIXELS = 255,
    /* From here on, an odd factor a little above 2^32 / count leads halves away from zero. */
    LEAST_MULTIPLIED = 3
};

/* Means of four channels. */
MN_INLINE uint32_t means_of(uint32_t even, uint32_t odd, int32_t factor)
{
    const uint32_t first =
        mn_pack_low((uint32_t)mn_high_mac(mn_low(even), factor, 0), (uint32_t)mn_high_mac(mn_high(even), factor, 0));
    const uint32_t second =
        mn_pack_low((uint32_t)mn_high_mac(mn_low(odd), factor, 0), (uint32_t)mn_high_mac(mn_high(odd), factor, 0));
    return (first & 0x00FF00FFU) | (second & 0x00FF00FFU) << 8;
}

void mn_average_pool(const struct mn_pool *p, const int8_t *input, int8_t *output)
{
    const struct mn_window w = p->window;
    const int32_t channels = p->out.channels, row_bytes = p->in.columns * channels;
    const int32_t is_clamped = p->low > -128 || p->high < 127;
    const uint32_t low = mn_four_times(p->low), high = mn_four_times(p->high);
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        const struct mn_span ys = mn_window_inside(y, w.row_stride, w.pad_top, w.rows, p->in.rows);
        for (int32_t x = 0; x < p->out.columns; x++, output += channels)
        {
            const struct mn_span xs = mn_window_inside(x, w.column_stride, w.pad_left, w.columns, p->in.columns);
            const int32_t columns = xs.end - xs.first, count = (ys.end - ys.first) * columns;
            const int8_t *first = input + (ys.first * p->in.columns + xs.first) * channels;
            if (channels >= 4 && count >= LEAST_MULTIPLIED && count <= PACKED_PIXELS)
            {
                const int32_t factor = (int32_t)((UINT32_MAX / (uint32_t)count + 1) | 1U);
                for (int32_t channel = 0; channel < channels; channel += 4)
                {
                    /* The last four may overlap the ones before. */
                    channel = channel > channels - 4 ? channels - 4 : channel;
                    uint32_t even = 0, odd = 0;
                    const int8_t *row = first + channel;
                    for (int32_t in_y = ys.first; in_y < ys.end; in_y++, row += row_bytes)
                    {
                        const int8_t *pixel = row;
                        int32_t left = columns;
                        for (; left >= 2; left -= 2, pixel += 2 * channels)
                        {
                            const uint32_t a = mn_load_word(pixel), b = mn_load_word(pixel + channels);
                            even = mn_add_even_bytes(mn_add_even_bytes(even, a), b);
                            odd = mn_add_odd_bytes(mn_add_odd_bytes(odd, a), b);
                        }
                        if (left > 0)
                        {
                            const uint32_t bytes = mn_load_word(pixel);
                            even = mn_add_even_bytes(even, bytes);
                            odd = mn_add_odd_bytes(odd, bytes);
                        }
                    }
                    const uint32_t means = means_of(even, odd, factor);
                    mn_store_word(output + channel, is_clamped ? mn_min_bytes(mn_max_bytes(means, low), high) : means);
                }
                continue;
            }
            for (int32_t channel = 0; channel < channels; channel++)
            {
                int32_t sum = 0;
                const int8_t *row = first + channel;
                for (int32_t in_y = ys.first; in_y < ys.end; in_y++, row += row_bytes)
                {
                    const int8_t *pixel = row;
                    for (int32_t left = columns; left > 0; left--, pixel += channels)
                    {
                        sum += *pixel;
                    }
                }
                output[channel] = average(p, sum, count);
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
