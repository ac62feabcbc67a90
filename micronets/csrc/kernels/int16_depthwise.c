/* SPDX-License-Identifier: Apache-2.0 */
/* One channel after the other, with sums of 64 bits. */
#include "int16_taps.h"

MN_INLINE void one(const struct mn_int16_depthwise *p, const struct mn_taps *taps, int32_t c, int8_t *output)
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
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        for (int32_t x = 0; x < p->out.columns; x++, output += 2 * channels)
        {
            const struct mn_taps taps = mn_int16_taps(p, input, y, x);
            for (int32_t c = 0; c < channels; c++)
            {
                one(p, &taps, c, output);
            }
        }
    }
}
