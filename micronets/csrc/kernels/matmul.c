/* SPDX-License-Identifier: Apache-2.0 */
#include "matmul.h"
#include "micronets_arithmetic.h"
#include "micronets_dsp.h"

static int32_t product(const struct mn_matmul *p, const int8_t *first, const int8_t *second)
{
    int32_t sum = 0;
    for (int32_t k = 0; k < p->depth; k++)
    {
        const int32_t a = first[k * p->first.column_stride] - p->first.zero_point;
        const int32_t b = second[k * p->second.row_stride] - p->second.zero_point;
        sum = mn_wrap_add(sum, a * b);
    }
    return sum;
}

void mn_matmul(const struct mn_matmul *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    for (int32_t i = 0; i < p->batches; i++)
    {
        for (int32_t y = 0; y < p->rows; y++)
        {
            for (int32_t x = 0; x < p->columns; x++)
            {
                const int32_t sum = product(p, first + y * p->first.row_stride, second + x * p->second.column_stride);
                const int32_t scaled = mn_multiply_quantised(sum, p->multiplier, p->shift);
                *output++ = (int8_t)mn_clamp(mn_wrapping_add(scaled, p->zero_point), INT8_MIN, INT8_MAX);
            }
        }
        first += p->first.batch_stride;
        second += p->second.batch_stride;
    }
}
