/* SPDX-License-Identifier: Apache-2.0 */
/* One channel after the other, with sums of 64 bits. */
#include "int16_taps.h"

/* Of the taps inside the image: from one to the next, and from the last of a row to the first of the next. */
struct steps
{
    int32_t rows, columns;
    int32_t input_step, input_skip, weight_step, weight_skip;
};

MN_INLINE int64_t sum_taps(const struct steps *t, const int8_t *pixel, const int8_t *weights)
{
    const int32_t columns = t->columns, input_step = t->input_step, weight_step = t->weight_step;
    int64_t sum = 0;
    for (int32_t y = t->rows; y > 0; y--, pixel += t->input_skip, weights += t->weight_skip)
    {
        for (int32_t x = columns; x > 0; x--, pixel += input_step, weights += weight_step)
        {
            sum += mn_int16_at(pixel, 0) * *weights;
        }
    }
    return sum;
}

void mn_int16_depthwise(const struct mn_int16_depthwise *p, const int8_t *input, int8_t *output)
{
    const struct mn_window *w = &p->window;
    const int32_t depth = p->in.channels, channels = p->out.channels, multiplier = p->multiplier;
    const int32_t step = 2 * w->column_dilation * depth;
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        for (int32_t x = 0; x < p->out.columns; x++)
        {
            const struct mn_taps taps = mn_int16_taps(p, input, y, x);
            const int32_t columns = taps.xs.end - taps.xs.first;
            const struct steps steps = {taps.ys.end - taps.ys.first,
                                        columns,
                                        step,
                                        2 * w->row_dilation * p->in.columns * depth - columns * step,
                                        channels,
                                        (w->columns - columns) * channels};
            const int8_t *pixel = taps.input, *weights = taps.weights;
            for (int32_t c = 0, end = multiplier; c < channels; pixel += 2, end += multiplier)
            {
                for (; c < end; c++, weights++, output += 2)
                {
                    const int64_t sum = sum_taps(&steps, pixel, weights);
                    mn_set_int16(output, 0, mn_int16_requantise(&p->requantisation, c, sum));
                }
            }
        }
    }
}
