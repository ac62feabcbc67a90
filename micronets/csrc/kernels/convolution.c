/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution of any shape: the reference the fast kernels are checked against, and what rare layers use. */
#include "micronets_arithmetic.h"
#include "micronets_dsp.h"
#include "micronets_kernels.h"
#include "span.h"

static inline int8_t requantise(const struct mn_requantisation *q, int32_t channel, int32_t acc)
{
    const int32_t value = mn_multiply_quantised(acc, q->multipliers[channel], q->shifts[channel]);
    return (int8_t)mn_clamp(mn_wrapping_add(value, q->zero_point), q->low, q->high);
}

void mn_convolution(const struct mn_convolution *p, const int8_t *input, int8_t *output)
{
    const struct mn_window w = p->window;
    const int32_t depth = p->in.channels, zero = p->input_zero_point, channel_bytes = w.rows * w.columns * depth;
    const int32_t row_step = w.row_dilation * p->in.columns * depth, column_step = w.column_dilation * depth;
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        const int32_t top = y * w.row_stride - w.pad_top;
        const struct mn_span ys = mn_taps_inside(top, w.row_dilation, w.rows, p->in.rows);
        for (int32_t x = 0; x < p->out.columns; x++)
        {
            const int32_t left = x * w.column_stride - w.pad_left;
            const struct mn_span xs = mn_taps_inside(left, w.column_dilation, w.columns, p->in.columns);
            const int32_t in_y = top + ys.first * w.row_dilation, in_x = left + xs.first * w.column_dilation;
            const int8_t *first = input + (in_y * p->in.columns + in_x) * depth;
            const int8_t *taps = p->weights + (ys.first * w.columns + xs.first) * depth;
            for (int32_t channel = 0; channel < p->out.channels; channel++, taps += channel_bytes)
            {
                int32_t acc = p->bias[channel];
                const int8_t *row = first, *row_taps = taps;
                for (int32_t ky = ys.first; ky < ys.end; ky++, row += row_step, row_taps += w.columns * depth)
                {
                    const int8_t *pixel = row, *weights = row_taps;
                    for (int32_t kx = xs.first; kx < xs.end; kx++, pixel += column_step, weights += depth)
                    {
                        acc = mn_dot(pixel, weights, depth, zero, acc);
                    }
                }
                *output++ = requantise(&p->requantisation, channel, acc);
            }
        }
    }
}

void mn_depthwise_convolution(const struct mn_depthwise_convolution *p, const int8_t *input, int8_t *output)
{
    const struct mn_window w = p->window;
    const int32_t channels = p->out.channels, depth = p->in.channels, zero = p->input_zero_point;
    const int32_t row_step = w.row_dilation * p->in.columns * depth, column_step = w.column_dilation * depth;
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        const int32_t top = y * w.row_stride - w.pad_top;
        const struct mn_span ys = mn_taps_inside(top, w.row_dilation, w.rows, p->in.rows);
        for (int32_t x = 0; x < p->out.columns; x++)
        {
            const int32_t left = x * w.column_stride - w.pad_left;
            const struct mn_span xs = mn_taps_inside(left, w.column_dilation, w.columns, p->in.columns);
            const int32_t in_y = top + ys.first * w.row_dilation, in_x = left + xs.first * w.column_dilation;
            const int8_t *first = input + (in_y * p->in.columns + in_x) * depth;
            const int8_t *taps = p->weights + (ys.first * w.columns + xs.first) * channels;
            int32_t of_input = 0;
            for (int32_t channel = 0; channel < channels; channel++, taps++)
            {
                int32_t acc = p->bias[channel];
                const int8_t *row = first, *row_taps = taps;
                for (int32_t ky = ys.first; ky < ys.end; ky++, row += row_step, row_taps += w.columns * channels)
                {
                    const int8_t *pixel = row, *weight = row_taps;
                    for (int32_t kx = xs.first; kx < xs.end; kx++, pixel += column_step, weight += channels)
                    {
                        acc = mn_wrapping_add(acc, (*pixel - zero) * *weight);
                    }
                }
                *output++ = requantise(&p->requantisation, channel, acc);
                if (++of_input == p->multiplier)
                {
                    of_input = 0;
                    first++;
                }
            }
        }
    }
}
