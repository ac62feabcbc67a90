/* Convolution of any shape: the reference the fast kernels are checked against, and what rare layers use. */
#include "micronets_arithmetic.h"
#include "micronets_kernels.h"

static inline int8_t requantise(const struct mn_requantisation *q, int32_t channel, int32_t acc)
{
    const int32_t value = mn_multiply_quantised(acc, q->multipliers[channel], q->shifts[channel]);
    return (int8_t)mn_clamp(mn_wrapping_add(value, q->zero_point), q->low, q->high);
}

void mn_convolution(const struct mn_convolution *p, const int8_t *input, int8_t *output)
{
    const struct mn_window w = p->window;
    const int32_t depth = p->in.channels;
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        for (int32_t x = 0; x < p->out.columns; x++)
        {
            const int8_t *weights = p->weights;
            for (int32_t channel = 0; channel < p->out.channels; channel++)
            {
                int32_t acc = p->bias[channel];
                for (int32_t ky = 0; ky < w.rows; ky++)
                {
                    const int32_t in_y = y * w.row_stride - w.pad_top + ky * w.row_dilation;
                    for (int32_t kx = 0; kx < w.columns; kx++, weights += depth)
                    {
                        const int32_t in_x = x * w.column_stride - w.pad_left + kx * w.column_dilation;
                        if (in_y < 0 || in_y >= p->in.rows || in_x < 0 || in_x >= p->in.columns)
                        {
                            continue;
                        }
                        const int8_t *pixel = input + (in_y * p->in.columns + in_x) * depth;
                        for (int32_t k = 0; k < depth; k++)
                        {
                            acc = mn_wrapping_add(acc, (pixel[k] - p->input_zero_point) * weights[k]);
                        }
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
    const int32_t channels = p->out.channels;
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        for (int32_t x = 0; x < p->out.columns; x++)
        {
            for (int32_t channel = 0; channel < channels; channel++)
            {
                int32_t acc = p->bias[channel];
                for (int32_t ky = 0; ky < w.rows; ky++)
                {
                    const int32_t in_y = y * w.row_stride - w.pad_top + ky * w.row_dilation;
                    for (int32_t kx = 0; kx < w.columns; kx++)
                    {
                        const int32_t in_x = x * w.column_stride - w.pad_left + kx * w.column_dilation;
                        if (in_y < 0 || in_y >= p->in.rows || in_x < 0 || in_x >= p->in.columns)
                        {
                            continue;
                        }
                        const int32_t pixel =
                            input[(in_y * p->in.columns + in_x) * p->in.channels + channel / p->multiplier];
                        const int32_t weight = p->weights[(ky * w.columns + kx) * channels + channel];
                        acc = mn_wrapping_add(acc, (pixel - p->input_zero_point) * weight);
                    }
                }
                *output++ = requantise(&p->requantisation, channel, acc);
            }
        }
    }
}
