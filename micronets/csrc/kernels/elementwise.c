/* SPDX-License-Identifier: Apache-2.0 */
/* Addition and multiplication with broadcasting, and functions of one int8 by table. */
#include "micronets_arithmetic.h"
#include "micronets_kernels.h"

enum
{
    ADD_LEFT_SHIFT = 20
};

static inline int32_t common_scale(const struct mn_binary_input *in, int32_t quantised)
{
    return mn_multiply_quantised((quantised - in->zero_point) * (1 << ADD_LEFT_SHIFT), in->multiplier, in->shift);
}

void mn_add(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    const struct mn_binary_input a = p->first, b = p->second;
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        for (int32_t x = 0; x < p->out.columns; x++)
        {
            const int8_t *pa = first + y * a.row_stride + x * a.column_stride;
            const int8_t *pb = second + y * b.row_stride + x * b.column_stride;
            for (int32_t c = 0; c < p->out.channels; c++, pa += a.channel_stride, pb += b.channel_stride)
            {
                const int32_t sum = common_scale(&a, *pa) + common_scale(&b, *pb);
                const int32_t value = mn_multiply_quantised(sum, p->multiplier, p->shift) + p->zero_point;
                *output++ = (int8_t)mn_clamp(value, p->low, p->high);
            }
        }
    }
}

void mn_multiply(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    const struct mn_binary_input a = p->first, b = p->second;
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        for (int32_t x = 0; x < p->out.columns; x++)
        {
            const int8_t *pa = first + y * a.row_stride + x * a.column_stride;
            const int8_t *pb = second + y * b.row_stride + x * b.column_stride;
            for (int32_t c = 0; c < p->out.channels; c++, pa += a.channel_stride, pb += b.channel_stride)
            {
                const int32_t product = (*pa - a.zero_point) * (*pb - b.zero_point);
                const int32_t value = mn_multiply_quantised(product, p->multiplier, p->shift);
                *output++ = (int8_t)mn_clamp(mn_wrapping_add(value, p->zero_point), p->low, p->high);
            }
        }
    }
}

void mn_lookup(const int8_t *table, int32_t count, const int8_t *input, int8_t *output)
{
    const int8_t *const of_zero = table + 128;
    for (; count >= 4; count -= 4, input += 4, output += 4)
    {
        /* All are read before the output, which may be the input, is written. */
        const int8_t a = of_zero[input[0]], b = of_zero[input[1]], c = of_zero[input[2]], d = of_zero[input[3]];
        output[0] = a;
        output[1] = b;
        output[2] = c;
        output[3] = d;
    }
    for (; count > 0; count--)
    {
        *output++ = of_zero[*input++];
    }
}
