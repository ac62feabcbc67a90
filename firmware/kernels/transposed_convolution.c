/* Transposed convolution, gathering: every output adds the input pixels whose kernel reaches it. */
#include "micronets_arithmetic.h"
#include "micronets_kernels.h"

/* The input index whose tap `k` lands on output `out`, or -1. */
static inline int32_t source(int32_t out, int32_t pad, int32_t k, int32_t stride, int32_t size)
{
    const int32_t shifted = out + pad - k;
    if (shifted < 0 || shifted % stride != 0 || shifted / stride >= size)
    {
        return -1;
    }
    return shifted / stride;
}

void mn_transposed_convolution(const struct mn_convolution *p, const int8_t *input, int8_t *output)
{
    const struct mn_window w = p->window;
    const struct mn_requantisation *q = &p->requantisation;
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
                    const int32_t in_y = source(y, w.pad_top, ky, w.row_stride, p->in.rows);
                    for (int32_t kx = 0; kx < w.columns; kx++, weights += depth)
                    {
                        const int32_t in_x = source(x, w.pad_left, kx, w.column_stride, p->in.columns);
                        if (in_y < 0 || in_x < 0)
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
                const int32_t value = mn_multiply_quantised(acc, q->multipliers[channel], q->shifts[channel]);
                *output++ = (int8_t)mn_clamp(mn_wrapping_add(value, q->zero_point), q->low, q->high);
            }
        }
    }
}
