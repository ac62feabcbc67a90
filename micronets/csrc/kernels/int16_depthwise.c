/* SPDX-License-Identifier: Apache-2.0 */
/* Four channels at a time where every channel has one output, and taps are few enough for sums in 32 bits. */
#include "int16_convolution.h"
#include "span.h"

enum
{
    TAPS_OF_A_SUM = 256
};

struct taps
{
    struct mn_span ys, xs; /* those inside the image */
    const int8_t *input;   /* under the first of them */
    const int8_t *weights;
};

static struct taps taps_of(const struct mn_int16_depthwise *p, const int8_t *input, int32_t y, int32_t x)
{
    const struct mn_window *w = &p->window;
    struct taps taps;
    const int32_t top = y * w->row_stride - w->pad_top, left = x * w->column_stride - w->pad_left;
    taps.ys.first = top < 0 ? (-top + w->row_dilation - 1) / w->row_dilation : 0;
    taps.xs.first = left < 0 ? (-left + w->column_dilation - 1) / w->column_dilation : 0;
    const int32_t below = p->in.rows - top, right = p->in.columns - left;
    taps.ys.end = below <= 0 ? 0 : (below + w->row_dilation - 1) / w->row_dilation;
    taps.xs.end = right <= 0 ? 0 : (right + w->column_dilation - 1) / w->column_dilation;
    taps.ys.end = taps.ys.end < w->rows ? taps.ys.end : w->rows;
    taps.xs.end = taps.xs.end < w->columns ? taps.xs.end : w->columns;
    const int32_t in_y = top + taps.ys.first * w->row_dilation, in_x = left + taps.xs.first * w->column_dilation;
    taps.input = input + 2 * (in_y * p->in.columns + in_x) * p->in.channels;
    taps.weights = p->weights + (taps.ys.first * w->columns + taps.xs.first) * p->out.channels;
    return taps;
}

/* Of channels c to c + 3. */
MN_INLINE void four(const struct mn_int16_depthwise *p, const struct taps *taps, int32_t c, int8_t *output)
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
    mn_set_int16(output, c, mn_int16_requantise(q, c, s0));
    mn_set_int16(output, c + 1, mn_int16_requantise(q, c + 1, s1));
    mn_set_int16(output, c + 2, mn_int16_requantise(q, c + 2, s2));
    mn_set_int16(output, c + 3, mn_int16_requantise(q, c + 3, s3));
}

MN_INLINE void one(const struct mn_int16_depthwise *p, const struct taps *taps, int32_t c, int8_t *output)
{
    const struct mn_window *w = &p->window;
    const int32_t channels = p->in.channels, in_channel = c / p->multiplier;
    int64_t sum = 0;
    for (int32_t y = taps->ys.first; y < taps->ys.end; y++)
    {
        for (int32_t x = taps->xs.first; x < taps->xs.end; x++)
        {
            const int32_t down = (y - taps->ys.first) * w->row_dilation,
                          across = (x - taps->xs.first) * w->column_dilation;
            const int32_t tap = (y - taps->ys.first) * w->columns + x - taps->xs.first;
            const int32_t value = mn_int16_at(taps->input, (down * p->in.columns + across) * channels + in_channel);
            sum += value * taps->weights[tap * p->out.channels + c];
        }
    }
    mn_set_int16(output, c, mn_int16_requantise(&p->requantisation, c, sum));
}

void mn_int16_depthwise(const struct mn_int16_depthwise *p, const int8_t *input, int8_t *output)
{
    const int32_t channels = p->out.channels;
    const int32_t fours = p->multiplier == 1 && p->window.rows * p->window.columns <= TAPS_OF_A_SUM ? channels / 4 : 0;
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        for (int32_t x = 0; x < p->out.columns; x++, output += 2 * channels)
        {
            const struct taps taps = taps_of(p, input, y, x);
            for (int32_t i = 0; i < fours; i++)
            {
                four(p, &taps, 4 * i, output);
            }
            for (int32_t c = 4 * fours; c < channels; c++)
            {
                one(p, &taps, c, output);
            }
        }
    }
}
