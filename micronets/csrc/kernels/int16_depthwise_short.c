/* SPDX-License-Identifier: Apache-2.0 */
/* Four channels at a time, with sums that fit 32 bits. */
#include "int16_taps.h"

/* Of channels c to c + 3. */
MN_INLINE void four(const struct mn_int16_depthwise *p, const struct mn_taps *taps, int32_t c, int8_t *output)
{
    const struct mn_window *w = &p->window;
    const int32_t channels = p->in.channels;
    const int32_t step = 2 * w->column_dilation * channels, row_step = 2 * w->row_dilation * p->in.columns * channels;
    const int8_t *row = taps->input + 2 * c, *row_weights = taps->weights + c;
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (int32_t y = taps->ys.first; y < taps->ys.end; y++, row += row_step, row_weights += w->columns * channels)
    {
        const int8_t *pixel = row, *weights = row_weights;
        for (int32_t x = taps->xs.first; x < taps->xs.end; x++, pixel += step, weights += channels)
        {
            const uint32_t bytes = mn_load_word(weights), low = mn_load_word(pixel), high = mn_load_word(pixel + 4);
            const uint32_t even = mn_even_bytes(bytes), odd = mn_odd_bytes(bytes);
            s0 = mn_mac_low_low(low, even, s0);
            s1 = mn_mac_high_low(low, odd, s1);
            s2 = mn_mac_low_high(high, even, s2);
            s3 = mn_mac_high_high(high, odd, s3);
        }
    }
    const struct mn_int16_requantisation *q = &p->requantisation;
    mn_set_int16(output, c, mn_int16_requantise_short(q, c, s0));
    mn_set_int16(output, c + 1, mn_int16_requantise_short(q, c + 1, s1));
    mn_set_int16(output, c + 2, mn_int16_requantise_short(q, c + 2, s2));
    mn_set_int16(output, c + 3, mn_int16_requantise_short(q, c + 3, s3));
}

MN_INLINE void one(const struct mn_int16_depthwise *p, const struct mn_taps *taps, int32_t c, int8_t *output)
{
    const struct mn_window *w = &p->window;
    const int32_t channels = p->in.channels;
    const int32_t step = 2 * w->column_dilation * channels, row_step = 2 * w->row_dilation * p->in.columns * channels;
    const int8_t *row = taps->input + 2 * c, *row_weights = taps->weights + c;
    int32_t sum = 0;
    for (int32_t y = taps->ys.first; y < taps->ys.end; y++, row += row_step, row_weights += w->columns * channels)
    {
        const int8_t *pixel = row, *weights = row_weights;
        for (int32_t x = taps->xs.first; x < taps->xs.end; x++, pixel += step, weights += channels)
        {
            sum += mn_int16_at(pixel, 0) * *weights;
        }
    }
    mn_set_int16(output, c, mn_int16_requantise_short(&p->requantisation, c, sum));
}

void mn_int16_depthwise_short(const struct mn_int16_depthwise *p, const int8_t *input, int8_t *output)
{
    const int32_t channels = p->out.channels;
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        for (int32_t x = 0; x < p->out.columns; x++, output += 2 * channels)
        {
            const struct mn_taps taps = mn_int16_taps(p, input, y, x);
            int32_t c = 0;
            for (; c + 4 <= channels; c += 4)
            {
                four(p, &taps, c, output);
            }
            for (; c < channels; c++)
            {
                one(p, &taps, c, output);
            }
        }
    }
}
