/* SPDX-License-Identifier: Apache-2.0 */
/* Transposed convolution, gathering: every output adds the input pixels whose kernel reaches it. */
#include "micronets_arithmetic.h"
#include "micronets_dsp.h"
#include "micronets_kernels.h"

/* The taps that reach an output from within the input: tap `first` reads input `input`, and every `stride`-th tap after
 * it the input before that one, `count` of them. */
struct reach
{
    int32_t first, input, count;
};

static struct reach taps(int32_t out, int32_t pad, int32_t stride, int32_t kernel, int32_t size)
{
    const int32_t shifted = out + pad;
    struct reach r = {shifted % stride, shifted / stride, 0};
    if (r.input >= size)
    {
        r.first += (r.input - size + 1) * stride;
        r.input = size - 1;
    }
    if (r.first < kernel)
    {
        const int32_t fitting = (kernel - r.first + stride - 1) / stride;
        r.count = fitting < r.input + 1 ? fitting : r.input + 1;
    }
    return r;
}

void mn_transposed_convolution(const struct mn_convolution *p, const int8_t *input, int8_t *output)
{
    const struct mn_window w = p->window;
    const struct mn_requantisation *q = &p->requantisation;
    const int32_t depth = p->in.channels, zero = p->input_zero_point, row_bytes = p->in.columns * depth;
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        const struct reach ys = taps(y, w.pad_top, w.row_stride, w.rows, p->in.rows);
        for (int32_t x = 0; x < p->out.columns; x++)
        {
            const struct reach xs = taps(x, w.pad_left, w.column_stride, w.columns, p->in.columns);
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
