/* SPDX-License-Identifier: Apache-2.0 */
/* Transposed convolution, gathering: every output adds the input pixels whose kernel reaches it. */
#include "micronets_arithmetic.h"
#include "micronets_dsp.h"
#include "micronets_kernels.h"
#include "reach.h"

void mn_transposed_convolution(const struct mn_convolution *p, const int8_t *input, int8_t *output)
{
    const struct mn_window w = p->window;
    const struct mn_requantisation *q = &p->requantisation;
    const int32_t depth = p->in.channels, zero = p->input_zero_point, row_bytes = p->in.columns * depth;
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        const struct mn_reach ys = mn_reach_of(y, w.pad_top, w.row_stride, w.rows, p->in.rows);
        for (int32_t x = 0; x < p->out.columns; x++)
        {
            const struct mn_reach xs = mn_reach_of(x, w.pad_left, w.column_stride, w.columns, p->in.columns);
            for (int32_t channel = 0; channel < p->out.channels; channel++)
            {
                int32_t acc = p->bias[channel];
                for (int32_t i = 0; i < ys.count; i++)
                {
                    const int32_t row = (channel * w.rows + ys.first + i * w.row_stride) * w.columns;
                    for (int32_t j = 0; j < xs.count; j++)
                    {
                        const int8_t *weights = p->weights + (row + xs.first + j * w.column_stride) * depth;
                        const int8_t *pixel = input + (ys.input - i) * row_bytes + (xs.input - j) * depth;
                        acc = mn_dot(pixel, weights, depth, zero, acc);
                    }
                }
                const int32_t value = mn_multiply_quantised(acc, q->multipliers[channel], q->shifts[channel]);
                *output++ = (int8_t)mn_clamp(mn_wrapping_add(value, q->zero_point), q->low, q->high);
            }
        }
    }
}
